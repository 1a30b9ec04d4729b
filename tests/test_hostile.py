"""Generated bad files over all readers: reasons, never a crash; `make hostile` takes 1,000 of them."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import STACK, Child, assert_in_step, results
from hostile import write_all

from rag.errors import SourceError
from rag.library import Library
from rag.model import Paper, Skipped
from rag.sources import read

FILES = int(os.environ.get("HOSTILE_FILES", "150"))
LONGEST = 1.0
"""Seconds of computing that one file may take; a busy machine may take longer by the clock."""
ADD = """
import json, os, sys
touched = []
def watch(event, arguments):
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        touched.append(arguments[0])
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.symlink", "os.link", "os.chmod", "shutil.move"):
        touched.extend(arguments[:2])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect"):
        touched.append(repr(arguments))
from rag.library import Library
library = Library.open(sys.argv[1])
library.embedder
sys.addaudithook(watch)
report = library.add(sys.argv[2])
place = os.path.realpath(sys.argv[1])
def outside(path):
    if isinstance(path, int):
        return False
    whole = os.path.realpath(os.path.join(os.getcwd(), os.fsdecode(path)))
    return whole not in (place, os.devnull) and not whole.startswith(place + os.sep)
print(json.dumps([len(report.added), len(report.failed), sorted({str(path) for path in touched if outside(path)})]))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Write the bad files once."""
    return write_all(tmp_path_factory.mktemp("bad") / "", FILES)


def _time_of(path: Path) -> float:
    """Return the seconds of computing that reading a file takes; on a busy machine the same work counts for more."""
    started = time.thread_time()
    with contextlib.suppress(SourceError):
        list(read(path))
    return time.thread_time() - started


def test_every_bad_file_gives_papers_or_reasons(files: list[Path]) -> None:
    """Each gives papers that can be kept, records left out with a reason, or one error; none takes over a second."""
    for name in ("hf_list.html", "papers.bib", "feed.xml"):  # imports are not a file's fault
        list(read(Path(__file__).parent / "fixtures" / name))
    fates: Counter[str] = Counter()
    slow: dict[str, float] = {}
    for path in files:
        started = time.thread_time()
        try:
            items = list(read(path))
            reasons = [item.reason for item in items if isinstance(item, Skipped)]
            fates["papers" if len(reasons) < len(items) else "reasons"] += 1
        except SourceError as error:
            items, reasons = [], [error.what]
            fates["refused"] += 1
        took = time.thread_time() - started
        if took > LONGEST and (took := min(_time_of(path), _time_of(path))) > LONGEST:
            slow[path.name] = took
        assert all(reasons)
        assert all(isinstance(item, Paper | Skipped) for item in items)
        for text in (*reasons, *(repr(item) for item in items)):
            text.encode()
        for paper in items:
            assert not isinstance(paper, Paper) or (paper.title and paper.abstract and "\0" not in repr(paper))
    assert slow == {}
    assert sum(fates.values()) == FILES
    assert min(fates.values()) > FILES // 50, fates  # the files are bad in all ways, not all unreadable


def test_a_folder_of_bad_files_touches_nothing_outside(
    folder: Path, files: list[Path], child: Callable[..., Child]
) -> None:
    """Added whole, no file outside the library is written, no program started, no socket opened; it works after it."""
    status, out, errors = child(ADD, folder, files[0].parent).end()
    assert status == 0, errors[-2000:]
    added, failed, outside = json.loads(out)
    assert outside == []
    assert added > 0
    assert failed > FILES // 4
    with Library.open(folder) as library:
        assert len(library) == len(STACK) + added
        assert_in_step(library)
        assert "i1" in results(library)
