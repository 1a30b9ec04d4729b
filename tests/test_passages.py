"""Tests of cutting abstracts into passages."""

from __future__ import annotations

import pytest
from conftest import STACK
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.model import Paper
from rag.passages import LONGEST_PASSAGE, split
from rag.text import sentences

PIECES = st.sampled_from(
    [
        "one",
        "two",
        "lake.",
        "See e.g. this.",
        "Why?",
        "A 3.5% rise!",
        "end.Next",
        " ",
        "\u00a0",
        "naïve",
        "🦆",
        "x" * 60,
    ]
)
TEXTS = st.lists(PIECES, max_size=150).map(" ".join) | st.text(max_size=300)


def check(paper: Paper, longest: int) -> None:
    """Hold the passages of a paper against what they promise."""
    parts = split(paper, longest)
    assert "".join(paper.abstract[part.start : part.end] for part in parts) == paper.abstract
    assert [part.ordinal for part in parts] == list(range(len(parts)))
    assert {part.paper_id for part in parts} == {paper.id}
    starts = {start for start, _ in sentences(paper.abstract)}
    assert all(part.start in starts and part.end > part.start for part in parts[1:])


@settings(max_examples=60)
@given(TEXTS, st.integers(5, 40))
def test_passages_join_back_exactly(abstract: str, longest: int) -> None:
    """Whatever the text, passages cover it without gap or overlap, and each but the first starts with a sentence."""
    check(Paper("p", "Title", abstract), longest)


@pytest.mark.parametrize("paper", STACK)
def test_an_abstract_of_usual_length_is_one_passage(paper: Paper) -> None:
    """The whole abstract is the unit of search."""
    (part,) = split(paper)
    assert (part.start, part.end, part.key) == (0, len(paper.abstract), f"{paper.id}#0")


def test_a_long_abstract_is_cut_at_sentences() -> None:
    """A text of 1,200 words becomes passages of at most LONGEST_PASSAGE words that join back to it."""
    text = " ".join(f"The {number}th sentence of this text has exactly ten words." for number in range(120))
    paper = Paper("p", "Title", text)
    check(paper, LONGEST_PASSAGE)
    lengths = [len(text[part.start : part.end].split()) for part in split(paper)]
    assert 4 <= len(lengths) <= 6
    assert max(lengths) <= LONGEST_PASSAGE


def test_one_endless_sentence_stays_whole() -> None:
    """Where there is no sentence to cut at, nothing is cut."""
    assert len(split(Paper("p", "Title", "word " * 2000))) == 1


def test_an_empty_abstract_is_one_empty_passage() -> None:
    """A paper with nothing but a title can still be found by it."""
    (part,) = split(Paper("p", "Title", ""))
    assert (part.start, part.end) == (0, 0)
