"""Tests of the words that may stand for a word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.synonyms import MOST, NEAREST, NEARLY, WEIGHT, likeness, meanings
from rag.text import STOP_WORDS, stem, words


@settings(max_examples=40)
@given(
    st.text(max_size=80) | st.lists(st.sampled_from(["small", "fast", "robot", "3bit", "the", "graph"])).map(" ".join)
)
def test_each_stem_stands_for_itself_first(question: str) -> None:
    """Every word but the stop words is there under its stem with weight 1; others weigh less, and are few."""
    found = meanings(question)
    assert list(found) == list(dict.fromkeys(stem(word) for word in words(question) if word not in STOP_WORDS))
    for own, others in found.items():
        assert others[own] == 1.0
        assert all(WEIGHT * NEAREST < weight <= WEIGHT for other, weight in others.items() if other != own)


def test_other_words_are_few() -> None:
    """One word brings at most MOST + 1 others."""
    (others,) = meanings("fast").values()
    assert 1 < len(others) <= MOST + 2


@pytest.mark.parametrize(("word", "other"), [("tiny", "small"), ("mix", "mixture"), ("quick", "fast")])
def test_a_word_may_be_said_by_another(word: str, other: str) -> None:
    """Words of like meaning are found in the embedder's vocabulary."""
    assert stem(other) in meanings(word)[stem(word)]


@pytest.mark.parametrize("question", ["", "the of and", "?!", "12 34"])
def test_without_words_there_are_no_others(question: str) -> None:
    """Stop words bring nothing, numbers only themselves."""
    assert all(others == {own: 1.0} for own, others in meanings(question).items())


def test_words_of_the_question_do_not_stand_for_each_other() -> None:
    """A word that is asked for itself keeps its own line."""
    found = meanings("small tiny")
    assert stem("tiny") not in found[stem("small")]
    assert stem("small") not in found[stem("tiny")]


def test_words_are_like_their_own_stem_most() -> None:
    """The same stem is 1; another word is less, a near one more than a far one; unknown words are like nothing else."""
    near = likeness(["small", "qzxv"], ["tiny", "banana", "smaller", "qzxv"])
    assert near.shape == (2, 4)
    assert near[0, 0] > near[0, 1]
    assert near[1].tolist() == [0.0, 0.0, 0.0, 1.0]
    assert likeness(["models"], ["model"])[0, 0] == 1.0
    assert float(likeness(["tiny"], ["small"])[0, 0]) <= NEARLY
    assert likeness([], ["a"]).shape == (0, 1)
    assert likeness(["a"], []).shape == (1, 0)
