"""Adds uploaded files to a library, one after the other, and says how each fares; showing that is left to the tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from rag import AddReport, Library, PaperchatError

__all__ = ["Upload", "take_in"]

PAUSE = 0.15
"""Seconds between two looks at how far a file is."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file on its way in: its name, how much of it is read (0..1), papers by fate, and what failed and why."""

    name: str
    done: float = 0.0
    is_done: bool = False
    counts: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[str, ...] = ()


def take_in(library: Library, paths: Sequence[str | Path], folder: str | Path) -> Iterator[tuple[Upload, ...]]:
    """Add each file through `Library.add`, and yield how all of them stand whenever that changes.

    Only regular files in `folder`, where uploads are kept, are read: whatever a client names, nothing else is. One
    that cannot be read is told of in its `failures`; this raises nothing that a file can cause.
    """
    files = [Path(path) for path in paths]
    states = [Upload(file.name) for file in files]
    yield tuple(states)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="upload") as worker:
        for place, file in enumerate(files):
            for states[place] in _read(library, file, worker) if _is_inside(file, Path(folder)) else [_refused(file)]:
                yield tuple(states)


def _is_inside(file: Path, folder: Path) -> bool:
    try:
        return file.resolve().is_relative_to(folder.resolve()) and file.is_file()
    except (OSError, ValueError):
        return False


def _refused(file: Path) -> Upload:
    return Upload(file.name, 1.0, is_done=True, failures=("this is no uploaded file",))


def _read(library: Library, file: Path, worker: ThreadPoolExecutor) -> Iterator[Upload]:
    """Yield how one file stands, last what became of it; it is read by the worker, so that this thread can tell."""
    heard = [0.0]

    def hear(done: float, _what: str) -> None:
        heard.append(done)

    adding = worker.submit(library.add, file, progress=hear)
    told = 0.0
    while not adding.done():
        wait([adding], timeout=PAUSE)
        if not adding.done() and heard[-1] > told:
            told = heard[-1]
            yield Upload(file.name, min(1.0, told))
    yield _ended(adding, file)


def _ended(adding: Future[AddReport], file: Path) -> Upload:
    try:
        report = adding.result()
    except PaperchatError as error:
        return Upload(file.name, 1.0, is_done=True, failures=(_named(str(error), file),))
    except OSError as error:
        return Upload(file.name, 1.0, is_done=True, failures=(f"it cannot be read ({error.strerror or error})",))
    counts = {fate: len(getattr(report, fate)) for fate in ("added", "updated", "unchanged")}
    failures = (_named(f"{bad.entry}: {bad.reason}" if bad.entry else bad.reason, file) for bad in report.failed)
    return Upload(file.name, 1.0, is_done=True, counts=counts, failures=tuple(failures))


def _named(reason: str, file: Path) -> str:
    """Return a reason that names the file, not the place where the server keeps it."""
    return reason.replace(f"{file.parent}/", "")
