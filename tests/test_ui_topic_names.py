"""Tests of the names of topics: words that set a group apart, harmless and no two alike."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.model import Paper
from ui.topic_names import _scores, topic_names


def about(*texts: str) -> list[Paper]:
    return [Paper(f"p{place}", text, text) for place, text in enumerate(texts)]


BITS = ("Fernweh: low-bit weights", "Low-bit weights of speech models", "Low-bit weights and clips")
BEES = ("Winter honey bees", "On clover and honey bees", "Counting honey bees on 12 roofs")


def test_a_topic_is_named_by_what_the_others_lack() -> None:
    """Words that one group shares and the other lacks are its name; inner hyphens and pairs of words stay whole."""
    names = topic_names(about(*BITS, *BEES), [0, 0, 0, 1, 1, 1])
    assert names == [("low-bit weights",), ("honey bees",)]


def test_a_word_is_shown_as_it_is_mostly_written() -> None:
    """Capitals stay where they are the rule, and go where they only begin a title."""
    names = topic_names(
        about("Pruning ALBERTA", "Fast pruning of ALBERTA", "Tides", "The tides", "Tides"), [0, 0, 1, 1, 1]
    )
    assert names == [("ALBERTA", "pruning"), ("tides",)]


def test_the_score_is_the_z_score_of_the_paper() -> None:
    """A word in 8 of a topic's 10 papers and in none of 10 others, by hand."""
    # prior 10 * 8 / 20 = 4: inside 8 + 4 against 10 + 10 - 12 + 0.5, outside 0 + 4 against 10 + 10 - 4 + 0.5
    odds = math.log(12 / 8.5) - math.log(4 / 16.5)
    found = _scores(Counter({"bee": 8}), Counter(), Counter({"bee": 8}), 10, 20)
    assert found == {"bee": pytest.approx(odds / math.sqrt(1 / 12 + 1 / 4))}
    assert found["bee"] == pytest.approx(3.052, abs=0.001)


def test_a_word_of_the_titles_counts_up_to_double() -> None:
    """Half of a word's papers with it in the title give half as much again."""
    plain = _scores(Counter({"bee": 8}), Counter(), Counter({"bee": 8}), 10, 20)["bee"]
    assert _scores(Counter({"bee": 8}), Counter({"bee": 4}), Counter({"bee": 8}), 10, 20)["bee"] == 1.5 * plain


def test_no_two_names_share_a_word() -> None:
    """A word, or one that holds it, is in one name only."""
    names = topic_names(about("context", "long context", "long-context", "contexts", "bees"), [0, 0, 1, 1, 1])
    words = [word for name in names for word in name]
    assert len(words) == len(set(words))


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_name_is_letters_digits_and_hyphens(texts: list[str]) -> None:
    """Whatever the papers hold, no mark-up can come from a name."""
    for name in topic_names(about(*texts), [0] * len(texts)):
        assert name
        assert all(character.isalnum() or character in "- " for word in name for character in word)


def test_an_endless_word_is_no_name() -> None:
    """A megabyte without a space names nothing."""
    assert topic_names(about("x" * 1_000_000), [0]) == [("topic 1",)]


def test_no_papers_have_no_names() -> None:
    """Without papers there is nothing to name."""
    assert topic_names([], []) == []
