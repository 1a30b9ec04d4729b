"""Faults of the disk and of other processes: full, cut short, two writers, asking while papers come and go."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import PEBBLE, process
from conftest import MORE, STACK, Child, assert_in_step, assert_repaired, refusal, results, write_jsonl

from rag.errors import StoreError
from rag.library import Library
from rag.model import Paper

FULL = """
import resource, sys
from rag.cli import main
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""
ADD = """
import sys
from rag.library import Library
with Library.open(sys.argv[1]) as library:
    print("open", flush=True)
    sys.stdin.readline()
    print(len(library.add(sys.argv[2]).added), flush=True)
"""
ASK = """
import json, sys, threading
from rag.library import Library
from rag.settings import Settings
library = Library.open(sys.argv[1], settings=Settings(exact_below=int(sys.argv[2])))
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), stop.set()), daemon=True).start()
print("open", flush=True)
asked = 0
while not stop.is_set() or asked < 3:
    found = [piece.paper for piece in library.search("speech models quantised to few bits", 20)]
    assert found and found[0].id in {"i1", "m1"}, found
    reply = library.ask("How many bits does Pebble quantise the weights to?")
    assert not reply.abstained
    for quote in reply.citations:
        assert quote.paper.abstract[quote.start : quote.end] == quote.quote
    asked += 1
print(json.dumps([asked, sorted({paper.id for paper in found})]), flush=True)
"""


def test_files_that_may_not_grow(folder: Path, tmp_path: Path, child: Callable[..., Child]) -> None:
    """When the disk takes no more, adding fails in one line; then the library answers, and adding again completes."""
    many = [Paper("", f"Filler {number}", f"Filler number {number} says nothing. " * 20) for number in range(300)]
    file = write_jsonl(tmp_path / "many.jsonl", *many)
    limit = max(path.stat().st_size for path in folder.rglob("*") if path.is_file()) + 20_000
    status, out, errors = child(FULL, limit, "add", file, "--library", folder).end()
    assert (status, out) == (1, "")
    assert errors.splitlines()[-1].startswith("rag: ")
    assert "Traceback" not in errors
    with Library.open(folder) as library:
        assert results(library)[0] == "i1"
        report = library.add(file)
        assert len(report.added) + len(report.unchanged) == len(many)
        assert len(library) == len(STACK) + len(many)
        assert_in_step(library)


@pytest.mark.parametrize("part", ["chroma/chroma.sqlite3", "chroma/*/data_level0.bin", "lexical/*.store", "lexical/*"])
def test_a_store_file_that_was_cut_short(folder: Path, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On opening, an index with a file cut to half is made again without embedding, and that is told."""
    with Library.open(folder) as library:
        library.remove("i11")
        library.compact()  # Chroma writes the files of its index with that
        before = results(library)
    for file in folder.glob(part):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert_repaired(folder, before, monkeypatch)


def test_a_catalogue_that_was_cut_short(folder: Path) -> None:
    """The source of truth cannot be made from anything: that is one line, and no index is touched."""
    with Library.open(folder):
        pass
    catalogue = folder / "catalogue.sqlite"
    catalogue.write_bytes(catalogue.read_bytes()[: catalogue.stat().st_size // 2])
    for rest in folder.glob("catalogue.sqlite-*"):
        rest.unlink()
    before = {file: file.read_bytes() for file in (folder / "lexical").iterdir()}
    error = refusal(lambda: Library.open(folder).papers())
    assert isinstance(error, StoreError)
    assert "catalogue" in str(error)
    assert {file: file.read_bytes() for file in (folder / "lexical").iterdir()} == before
    failed = process("ask", PEBBLE, "--library", folder)
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1), failed.stderr


def test_two_adds_at_once(folder: Path, tmp_path: Path, child: Callable[..., Child]) -> None:
    """Two processes that add at the same time both get their turn; what both had is there once."""
    one = child(ADD, folder, write_jsonl(tmp_path / "one.jsonl", *MORE[:4]))
    two = child(ADD, folder, write_jsonl(tmp_path / "two.jsonl", *MORE[2:]))
    assert (one.line(), two.line()) == ("open", "open")
    added: list[int] = []
    threads = [threading.Thread(target=lambda each=each: added.append(int(each.line("go")))) for each in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.end()[0] for each in (one, two)] == [0, 0]
    assert sum(added) == len(MORE)
    with Library.open(folder) as library:
        assert len(library) == len(STACK) + len(MORE)
        assert_in_step(library)


@pytest.mark.parametrize("exact_below", [0, 10_000])
def test_asking_while_papers_come_and_go(folder: Path, child: Callable[..., Child], exact_below: int) -> None:
    """A process that asks all the while gets a right answer every time, and never meets a removed paper in the end."""
    asker = child(ASK, folder, exact_below)
    assert asker.line() == "open"
    with Library.open(folder) as library:
        for _ in range(2):
            library.add(*MORE)
            library.remove(*(paper.id for paper in MORE))
        library.remove("i3")
        library.compact()
        library.rebuild()
        assert_in_step(library)
    said = asker.line("stop")
    status, _, errors = asker.end()
    assert status == 0, errors
    asked, ids = json.loads(said)
    assert asked >= 3
    assert set(ids) <= {paper.id for paper in STACK} - {"i3"}


def test_a_folder_that_goes_while_it_is_asked(library: Library) -> None:
    """When somebody deletes the library under a process that asks, that is an error of ours, not a crash."""
    results(library)
    shutil.rmtree(library.path)
    with pytest.raises(StoreError):
        library.add(*MORE)
