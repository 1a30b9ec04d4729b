"""Tests of the question whether a store is whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import STACK, entry

from rag.health import is_healthy
from rag.records import Entry
from rag.vectors import VectorStore

EYE = np.eye(16, dtype=np.float32)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[VectorStore]:
    """Make a store of twelve passages in a folder."""
    opened = VectorStore(folder=tmp_path / "chroma", name="paperchat-test")
    opened.upsert([Entry(paper, entry(paper).passages, EYE[[number]]) for number, paper in enumerate(STACK)])
    yield opened
    opened.close()


def test_a_whole_store_is_healthy(embedded: VectorStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that finds its own vectors is whole, by a relative path as well."""
    embedded.close()
    monkeypatch.chdir(tmp_path)
    assert is_healthy(Path("chroma"), "paperchat-test", {"i3#0": EYE[3].tolist()})


def test_a_store_that_misses_a_passage_is_not_healthy(embedded: VectorStore, tmp_path: Path) -> None:
    """A passage that should be there and is not found is told."""
    embedded.close()
    assert not is_healthy(tmp_path / "chroma", "paperchat-test", {"i99#0": EYE[3].tolist()})
