"""Tests of writing under the lock, and of writers that are killed in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import MORE, STACK, Child, assert_in_step, refusal, results

from rag.errors import LibraryLocked, StoreError
from rag.library import Library
from rag.lock import writing
from rag.model import AddReport
from rag.settings import Settings

KILLED = """
import os, signal, sys
from conftest import MORE
from rag.library import Library
from rag.catalogue import Catalogue
from rag.lexical import LexicalIndex
from rag.vectors import VectorStore

def die(*_what, **_named):
    os.kill(os.getpid(), signal.SIGKILL)

def half(store, entries):
    upsert(store, entries[: len(entries) // 2])
    die()

upsert = VectorStore.upsert
library = Library.open(sys.argv[1])
if sys.argv[2] == "before Chroma":
    VectorStore.upsert = die
elif sys.argv[2] == "in Chroma":
    VectorStore.upsert = half
else:
    LexicalIndex.fill = die
library.add(*MORE)
"""


@pytest.mark.parametrize("point", ["before Chroma", "in Chroma", "before the BM25 index"])
def test_a_killed_writer_loses_nothing(folder: Path, child: Callable[..., Child], point: str) -> None:
    """Opened again, the library holds what was reported and what was begun, both indexes agree, and that is told."""
    status, _, errors = child(KILLED, folder, point).end()
    assert status == -signal.SIGKILL, errors
    told: list[str] = []
    with Library.open(folder, tell=told.append) as library:
        assert {paper.id for paper in library.papers()} == {paper.id for paper in (*STACK, *MORE)}
        assert_in_step(library)
        assert told
        assert library.add(*STACK, *MORE).unchanged == tuple(paper.id for paper in (*STACK, *MORE))
        assert results(library)[0] in {"i1", "m1"}


def test_an_interrupted_add_keeps_whole_batches(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of the second batch leaves the first one, whole and in step."""
    monkeypatch.setattr("rag.ingest.BATCH", 3)
    monkeypatch.setattr("rag.ingest.batches.__defaults__", (3,))
    real = Library.embedder.fget(library)  # type: ignore[attr-defined]
    calls: list[int] = []

    class Interrupting:
        """The real embedder; Ctrl-C is pressed at its second batch."""

        name, dimension, fingerprint = real.name, real.dimension, real.fingerprint

        def embed(self, texts):
            """Embed, and press Ctrl-C the second time."""
            calls.append(len(texts))
            if len(calls) == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return real.embed(texts)

    library._embedder = Interrupting()
    with pytest.raises(KeyboardInterrupt):
        library.add(*MORE)
    assert {paper.id for paper in library.papers()} == {paper.id for paper in (*STACK, *MORE[:3])}
    assert_in_step(library)
    assert len(library.add(*MORE).added) == 3


def test_ctrl_c_in_a_write_ends_the_batch_first(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed while Chroma is written, it waits until all three stores hold the batch."""
    push = type(library._vectors).upsert

    def pressed(store, entries):
        os.kill(os.getpid(), signal.SIGINT)
        push(store, entries)

    monkeypatch.setattr(type(library._vectors), "upsert", pressed)
    with pytest.raises(KeyboardInterrupt):
        library.add(*MORE)
    assert_in_step(library)
    assert len(library) == len(STACK) + len(MORE)


def test_a_second_writer_waits_and_is_then_told(folder: Path) -> None:
    """While the lock is held, adding waits `lock_timeout` seconds and names the holder; asking goes on."""
    with Library.open(folder, settings=Settings(lock_timeout=0.2)) as library:
        with writing(folder, 1):
            error = refusal(lambda: library.add(*MORE))
            assert isinstance(error, LibraryLocked)
            assert f"process {os.getpid()}" in str(error)
            assert results(library)[0] == "i1"
        assert len(library.add(*MORE).added) == 6


def test_a_library_that_was_deleted_is_not_made_again(library: Library) -> None:
    """Writing to a folder that is gone is an error, and leaves no folder behind."""
    library.close()
    library.path.rename(library.path.with_name("moved"))
    assert isinstance(refusal(lambda: library._writer.add([])), StoreError)
    assert not library.path.exists()


def test_adding_nothing_writes_nothing(library: Library) -> None:
    """No sources: an empty report, the same revision."""
    before = library._catalogue.revision()
    assert library.add() == AddReport()
    assert library._catalogue.revision() == before
