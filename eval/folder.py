"""Where the files of a run are: a new folder, or one to go on with; what they say is made elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rag.errors import UsageError, shorten

from .answering import JOURNAL
from .junit import junit
from .markdown import markdown
from .record import Run, dumped, save
from .report import html

__all__ = ["RUNS", "place", "write"]

RUNS = Path(".eval") / "runs"


def place(out: Path | None, *, resume: bool) -> Path:
    """Return the folder of a run: the one given; to go on, the newest with unfinished answers; else a new one.

    Raises UsageError when there is nothing to go on with.
    """
    if not resume:
        return out or RUNS / datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3]
    if out is not None:
        found = [out / JOURNAL] if (out / JOURNAL).is_file() else []
    else:
        found = sorted(RUNS.glob(f"*/{JOURNAL}"))
    if not found:
        raise UsageError(
            f"no unfinished run is in {shorten(out or RUNS, 200)}", remedy="run without --resume, or name it with --out"
        )
    return found[-1].parent


def write(run: Run, folder: Path) -> None:
    """Write run.json, report.md, report.html and junit.xml; then the answers kept for going on are let go."""
    told = run.to_dict()
    save(folder / "run.json", dumped(told))
    save(folder / "report.md", markdown(told))
    save(folder / "report.html", html(told))
    save(folder / "junit.xml", junit(told))
    (folder / JOURNAL).unlink(missing_ok=True)
