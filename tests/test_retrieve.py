"""Tests of the search: what is promised of its results, whichever way the neighbours are found."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import STACK
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.library import Library
from rag.records import Where
from rag.retrieve import scaled
from rag.settings import Settings

WORDS = sorted({word.strip(".,?%") for paper in STACK for word in f"{paper.title} {paper.abstract}".split()} - {""})
QUESTIONS = st.lists(st.sampled_from([*WORDS, "zebra", "the"]), min_size=1, max_size=6).map(
    lambda chosen: " ".join([*chosen, "models"])
)
YEARS = st.none() | st.integers(2014, 2028)


@pytest.fixture(scope="module", params=[0, 10_000], ids=["Chroma", "exact"])
def shared(request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Open a library that is only searched, by Chroma's index or by every vector."""
    folder = shutil.copytree(built, tmp_path_factory.mktemp("shared") / "library")
    with Library.open(folder, settings=Settings(exact_below=request.param)) as library:
        yield library


@settings(max_examples=25)
@given(question=QUESTIONS, k=st.integers(1, 15))
def test_what_every_search_keeps_to(shared: Library, question: str, k: int) -> None:
    """At most k papers, each once, ranked from 1 by falling scores in 0..1, with true offsets and cosines."""
    found = shared.search(question, k)
    assert len(found) == min(k, len(STACK))
    assert len({piece.paper.id for piece in found}) == len(found)
    assert [piece.rank for piece in found] == list(range(1, len(found) + 1))
    scores = [piece.score for piece in found]
    assert scores == sorted(scores, reverse=True)
    for piece in found:
        assert 0.0 <= piece.score <= 1.0 + 1e-9
        assert -1.001 <= piece.scores["dense"] <= 1.001
        assert piece.scores["lexical"] >= 0.0
        assert piece.text == piece.paper.abstract[piece.passage.start : piece.passage.end]
    assert found == shared.search(question, k)


@settings(max_examples=25)
@given(question=QUESTIONS, first=YEARS, last=YEARS, named=st.sampled_from([None, ("",), ("none.txt",)]))
def test_a_filter_gives_a_subset(
    shared: Library, question: str, first: int | None, last: int | None, named: tuple[str, ...] | None
) -> None:
    """Every result passes the filter, and is one that the search without it can give."""
    where = Where(sources=named, first_year=first, last_year=last)
    found = shared.search(question, len(STACK), where=where)
    everything = {piece.paper.id for piece in shared.search(question, len(STACK))}
    assert {piece.paper.id for piece in found} <= everything
    for piece in found:
        year = piece.paper.published.year if piece.paper.published else None
        assert first is None or (year is not None and year >= first)
        assert last is None or (year is not None and year <= last)
        assert named != ("none.txt",)


@pytest.mark.parametrize("paper", STACK, ids=lambda paper: paper.id)
def test_a_title_finds_its_paper(shared: Library, paper) -> None:
    """Asked for by its title, a paper comes first."""
    assert shared.search(paper.title, 3)[0].paper.id == paper.id


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_scaled_scores_lie_between_0_and_1(values: list[float]) -> None:
    """The least becomes 0 and the greatest 1, in the same order; equal ones all become 0."""
    result = scaled(np.array(values))
    assert (result >= 0).all()
    assert (result <= 1).all()
    if max(values) - min(values) > 1e-3:
        assert (result.min(), result.max()) == (0.0, 1.0)
        assert list(np.argsort(values, kind="stable")) == list(np.argsort(result, kind="stable")) or len(
            set(result)
        ) < len(set(values))
    elif max(values) == min(values):
        assert not result.any()


def test_scaling_by_hand() -> None:
    """(2, 4, 3) spans 2: 0, 1 and a half."""
    assert scaled(np.array([2.0, 4.0, 3.0])).tolist() == [0.0, 1.0, 0.5]
    assert math.isclose(scaled(np.array([0.0, 0.3]))[1], 1.0)
