"""Tests of the library's map: it follows the papers, is drawn once for all, and rests on their own vectors."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import MORE, STACK

from rag import Library
from ui import atlas
from ui.atlas import Atlas, vectors_of


def test_each_paper_has_the_mean_of_its_passages(library: Library) -> None:
    """Vectors are those of the catalogue, averaged over a paper's passages and of length 1."""
    papers = library.papers()
    kept, vectors = vectors_of(library, papers)
    assert kept == papers
    for paper, vector in zip(papers, vectors, strict=True):
        (entry,) = library._catalogue.entries([paper.id])
        mean = entry.vectors.mean(axis=0)
        assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_papers_without_vectors_are_left_out(library: Library) -> None:
    """A paper that is removed between two looks is not on the map."""
    kept, vectors = vectors_of(library, [*STACK[:2], *MORE[:1]])
    assert [paper.id for paper in kept] == ["i0", "i1"]
    assert len(vectors) == 2


def test_the_map_follows_the_papers(library: Library) -> None:
    """The same papers give the very same sheet; after an addition or a removal it is another."""
    maps = Atlas(library)
    first = maps.sheet()
    assert maps.sheet() is first
    assert set(first.drawn.ids) == {paper.id for paper in STACK}
    assert first.titles["i3"] == STACK[3].title
    library.add(*MORE[:2])
    second = maps.sheet()
    assert second.total == len(STACK) + 2
    library.remove("m0", "m1")
    third = maps.sheet()
    assert third.state == first.state != second.state
    assert third.drawn == first.drawn


def test_an_empty_library_has_an_empty_map(library: Library) -> None:
    """Without papers there is nothing to draw, and nothing fails."""
    library.remove(*(paper.id for paper in STACK))
    assert Atlas(library).sheet().drawn.ids == ()


def test_of_very_many_papers_some_are_drawn(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit, papers in equal steps are on the map, and the sheet says of how many."""
    monkeypatch.setattr(atlas, "MOST_DRAWN", 5)
    sheet = Atlas(library).sheet()
    titles = [paper.id for paper in library.papers()]
    assert sheet.drawn.ids == tuple(titles[place * 12 // 5] for place in range(5))
    assert sheet.total == 12
