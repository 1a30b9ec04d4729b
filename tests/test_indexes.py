"""Tests of keeping Chroma and the BM25 index in step with the catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from conftest import STACK, entry

from rag.catalogue import Catalogue
from rag.indexes import Indexes
from rag.lexical import LexicalIndex
from rag.records import Entry
from rag.vectors import VectorStore

ENTRIES = [
    Entry(paper, entry(paper).passages, np.eye(16, dtype=np.float32)[[number]]) for number, paper in enumerate(STACK)
]


class Stack:
    """The three stores over one folder, with what the indexes told."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.folder = folder
        self.catalogue = Catalogue.in_folder(folder)
        name = f"paperchat-{uuid4().hex[:12]}" if url else "paperchat-test"
        self.vectors = VectorStore(folder=None if url else folder / "chroma", url=url, name=name)
        self.lexical = LexicalIndex(folder / "lexical")
        embedded = None if url else (folder / "chroma", name)
        self.indexes = Indexes(self.catalogue, self.vectors, self.lexical, embedded)
        self.told: list[str] = []

    def write(self, entries: list[Entry], removed: list[str] | None = None) -> None:
        """Write through the catalogue to both indexes."""
        revision, obsolete = self.catalogue.write(entries, removed or [])
        self.indexes.push(revision, entries, obsolete)

    def repair(self) -> list[str]:
        """Repair, check that all agree, and return what was told."""
        self.told.clear()
        self.indexes.repair(self.told.append)
        self.check()
        return self.told

    def check(self) -> None:
        """Hold both indexes against the catalogue."""
        assert not self.indexes.is_behind()
        wanted = self.catalogue.keys()
        assert self.vectors.keys() == wanted
        assert self.lexical.count() == len(wanted)
        for paper_id in self.catalogue.ids():
            vector = np.eye(16, dtype=np.float32)[int(paper_id[1:])]
            assert self.vectors.nearest(vector, 1)[0][0] == f"{paper_id}#0"

    def close(self) -> None:
        """Let go of all three."""
        self.vectors.close()
        self.catalogue.close()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """Make stores of eight papers, in step."""
    made = Stack(tmp_path)
    made.write(ENTRIES[:8])
    yield made
    made.close()


def test_a_push_brings_both_indexes_up(stack: Stack) -> None:
    """Written, updated and removed papers are in both indexes what they are in the catalogue."""
    stack.check()
    stack.write(ENTRIES[7:10], ["i0", "i1"])
    stack.check()
    assert stack.catalogue.counts() == (8, 8)


def test_a_write_that_never_reached_the_indexes(stack: Stack) -> None:
    """Papers that only the catalogue has are brought to both, and removed ones taken out."""
    stack.catalogue.write(ENTRIES[8:], ["i2"])
    assert stack.indexes.is_behind()
    assert len(stack.repair()) == 2
    assert stack.repair() == []


def test_a_first_write_that_was_cut_off(tmp_path: Path) -> None:
    """With nothing settled yet, Chroma is simply made from the catalogue."""
    stack = Stack(tmp_path)
    stack.catalogue.write(ENTRIES)
    stack.vectors.upsert(ENTRIES[:3])
    assert any("rebuilding" in told for told in stack.repair())
    stack.close()


@pytest.mark.parametrize("damage", ["folder gone", "garbage", "empty file"])
def test_a_lost_store_is_rebuilt_from_the_catalogue(stack: Stack, damage: str) -> None:
    """Whatever became of Chroma's files, the catalogue's vectors fill it again, and that is told."""
    stack.vectors.close()
    store = stack.folder / "chroma"
    if damage == "folder gone":
        shutil.rmtree(store)
    elif damage == "garbage":
        (store / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    else:
        (store / "chroma.sqlite3").write_bytes(b"")
    assert stack.indexes.is_behind()
    assert any("rebuilding" in told for told in stack.repair())


def test_a_lost_bm25_index_is_made_anew(stack: Stack) -> None:
    """Without its folder it is behind; Chroma is left alone."""
    stack.lexical.clear()
    assert stack.repair() == ["bringing the BM25 index up to date"]


def test_a_rebuilding_is_seen_by_readers_and_after_a_cut(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a revision of its own, pending until it is done: cut off, the next opening ends it."""
    before = stack.catalogue.revision()[0]
    stack.indexes.rebuild(stack.told.append)
    stack.check()
    assert (stack.catalogue.revision()[0], len(stack.told)) == (before + 1, 2)
    with monkeypatch.context() as patched:
        patched.setattr(VectorStore, "upsert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            stack.indexes.rebuild(stack.told.append)
    assert stack.indexes.is_behind()
    stack.repair()


def test_compacting_leaves_no_word_of_a_removed_paper(stack: Stack) -> None:
    """Neither a rare word nor its stem is in any file, and everything else still is found."""
    stack.write([], ["i4"])
    stack.indexes.compact()
    for word in (b"faroese", b"faroes"):
        assert not [f for f in stack.folder.rglob("*") if f.is_file() and word in f.read_bytes().lower()]
    stack.check()


def test_a_library_that_moves_to_a_server(stack: Stack, chroma_url: str) -> None:
    """A server that has never held it is filled from the catalogue; back in its folder, it is filled again."""
    stack.close()
    server = Stack(stack.folder, chroma_url)
    assert server.indexes.is_behind()
    assert any("rebuilding" in told for told in server.repair())
    server.write(ENTRIES[8:], ["i0"])
    server.check()
    server.vectors.drop()
    server.close()
    back = Stack(stack.folder)
    back.repair()
    back.close()


def test_a_server_that_missed_a_write(chroma_url: str, tmp_path: Path) -> None:
    """What is missing there is brought, what is too much is taken out."""
    stack = Stack(tmp_path, chroma_url)
    stack.write(ENTRIES[:6])
    stack.catalogue.write(ENTRIES[6:], ["i1"])
    assert stack.repair()[-1].startswith("bringing Chroma up to date")
    stack.vectors.drop()
    stack.close()


def test_more_papers_than_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The BM25 index says which revision it holds only after its last batch."""
    monkeypatch.setattr("rag.indexes.BATCH", 5)
    stack = Stack(tmp_path)
    stack.write(ENTRIES)
    stack.check()
    stack.close()
