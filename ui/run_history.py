"""Lists the runs that were finished, reads one and compares it with another; showing it is left to `run_view.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag.errors import PaperchatError, UsageError, shorten

__all__ = ["BASELINE", "History", "label_of"]

BASELINE = "baseline"
"""The name of the run that is shipped, to compare with."""
MOST_LISTED = 30
RESAMPLES = 2_000
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,80}")


class History:
    """The finished runs in a folder, by the names of their own folders; those of `rag-eval` among them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Return the names of the runs that were finished, newest first; 30 at most."""
        try:
            found = [path.parent.name for path in self.folder.glob("*/run.json")]
        except OSError:
            return []
        return sorted((name for name in found if NAME.fullmatch(name)), reverse=True)[:MOST_LISTED]

    def label(self, name: str) -> str:
        """Return a run in a few words: when, the headline, how many questions, of which library."""
        path = self.folder / name / "run.json"
        try:
            return _label(path, path.stat().st_mtime_ns)
        except (OSError, PaperchatError, AttributeError, TypeError):  # whatever stands in that file
            return name

    def load(self, name: str, base: str = "") -> dict[str, Any]:
        """Return a finished run as `run.json` holds it, compared with another run (or BASELINE) when one is named.

        Raises UsageError for a name that is not listed, a file that holds no run, or a base with other questions.
        """
        from eval.comparison import Base, compared, load_base
        from eval.record import load_run
        from eval.run import BASELINE as SHIPPED

        run = load_run(self._file(name))
        if base:
            against = load_base(SHIPPED) if base == BASELINE else Base.of(load_run(self._file(base)), self.label(base))
            run = replace(run, comparison=compared(run, against, resamples=RESAMPLES))
        return run.to_dict()

    def _file(self, name: str) -> Path:
        if name not in self.names():
            raise UsageError(f"there is no run {shorten(name)!r} any more", remedy="choose another one")
        return self.folder / name / "run.json"


@lru_cache(maxsize=4 * MOST_LISTED)
def _label(path: Path, _changed: int) -> str:
    from eval.record import read_json

    return label_of(read_json(path))


def label_of(run: Mapping[str, Any]) -> str:
    """Return what a run is called in a list; a run of a part of the questions says so."""
    from eval.glossary import figure
    from eval.sections import main_split

    held = run.get("aggregates", {}).get(main_split(run), {}).get("headline") or {}
    asked = run.get("questions") or {}
    try:
        when = datetime.fromisoformat(str(run.get("created"))).astimezone().strftime("%d %b %Y, %H:%M")
    except ValueError:
        when = "some day"
    part = " (a sample)" if asked.get("partial") else ""
    count = asked.get("n", len(run.get("rows", ())))
    library = shorten((run.get("library") or {}).get("name") or "a library", 30)
    return f"{when} · {figure('headline', held.get('value'))} · {count} questions{part} · {library}"
