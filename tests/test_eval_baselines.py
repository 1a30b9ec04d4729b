"""Tests of eval/baselines.py: easy ways of answering, hand-worked; test_eval_set.py has them on the shipped set."""

from __future__ import annotations

import math

import pytest
from asked import HEARTH, PEBBLE, SET
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st

from eval.answers import Outcome
from eval.baselines import BASELINES, Bm25, measured, oracle, shuffled, top_sentence, whole_abstract
from eval.marking import Desk

DESK = Desk.of(STACK)


def test_bm25_by_hand() -> None:
    """Both texts hold "reef" once; the shorter one comes first, as its norm is smaller: 1.2 (.25 + .75 * 2 / 3)."""
    index = Bm25(["reef coral sand lagoon", "reef coral"])
    assert index.best("reef") == 1
    norm = 1.2 * (0.25 + 0.75 * 2 / 3)
    assert dict(index._postings["reef"])[1] == pytest.approx(2.2 / (1 + norm))
    assert math.log1p(0.5 / 2.5) > 0  # the weight of a word that every text holds


def test_rare_words_count_more() -> None:
    """One rare word beats one that most texts hold."""
    assert Bm25(["coral reef", "coral sand", "coral lagoon"]).best("coral lagoon") == 2


@given(st.lists(st.sampled_from(["coral", "reef", "sand", ""]), max_size=6), st.sampled_from(["coral", "reef", "zinc"]))
def test_the_best_text_shares_a_word(texts: list[str], asked: str) -> None:
    """The first of equals is found when any text holds the word, and nothing otherwise."""
    assert Bm25(texts).best(asked) == (texts.index(asked) if asked in texts else None)


def test_each_baseline_answers_every_question() -> None:
    """In the order of the questions, one reply each."""
    for answer in BASELINES.values():
        assert [reply.asked for reply in answer(SET, DESK)] == [one.question for one in SET]


def test_the_top_sentence_cites_its_paper() -> None:
    """One sentence, one citation."""
    reply = top_sentence(SET, DESK)[1]
    assert reply.text.startswith("Pebble quantises the weights")
    assert reply.titles == (PEBBLE,)
    assert [claim.text for claim in reply.claims] == [reply.text]


def test_the_dump_is_a_whole_abstract() -> None:
    """Every sentence of it is a claim."""
    reply = whole_abstract(SET, DESK)[6]
    assert reply.titles == (HEARTH,)
    assert reply.text == STACK[9].abstract
    assert len(reply.claims) == 5


def test_a_question_that_shares_no_word_is_not_answered() -> None:
    """Neither baseline makes a citation up."""
    bread = [one for one in SET if one.id == "bread"]
    assert top_sentence(bread, DESK)[0].abstained
    assert whole_abstract(bread, DESK)[0].abstained


def test_the_oracle_is_right_and_the_shuffled_are_wrong() -> None:
    """The same replies, in place and out of place; every one changes its place."""
    right = [DESK.mark(one, reply) for one, reply in zip(SET, oracle(SET, DESK), strict=True)]
    assert {one.scored.outcome for one in right} == {Outcome.CORRECT}
    moved = shuffled(SET, DESK, seed=1)
    assert sorted(reply.text for reply in moved) == sorted(one.reply.text for one in right)
    assert sum(DESK.mark(one, reply).scored.parts["headline"][0] for one, reply in zip(SET, moved, strict=True)) <= 0


def test_figures_of_baselines() -> None:
    """Two of eleven questions have no answer: that is what silence scores."""
    found = measured(SET, DESK, resamples=100)
    assert found["always_abstain"]["headline"].value == pytest.approx(2 / 11, abs=1e-6)
    assert found["oracle"]["headline"].value == 1.0
