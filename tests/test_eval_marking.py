"""Tests of eval/marking.py: one answer scored, told and put into its row."""

from __future__ import annotations

import math

import pytest
from asked import PEBBLE, SET
from conftest import STACK

from eval.answering import Given
from eval.answers import Outcome
from eval.marking import Desk, idf_of, value_of
from eval.schema import QuestionsError
from rag.model import Paper

DESK = Desk.of(STACK)
BITS = next(one for one in SET if one.id == "bits")
RATE = next(one for one in SET if one.id == "rate")


def answer(text: str, *places: int, abstained: bool = False) -> dict[str, object]:
    """Return the JSON form of an answer of one sentence that cites the papers at these places of STACK."""
    numbers = list(range(1, len(places) + 1))
    papers = [STACK[place] for place in places]
    return {
        "question": BITS.question,
        "standalone_question": BITS.question,
        "text": text,
        "abstained": abstained,
        "reason": "nothing was found" if abstained else None,
        "mode": "extractive",
        "sentences": [] if abstained else [{"text": text, "verdict": "SUPPORTED", "citations": numbers, "why": ""}],
        "citations": [
            {"number": number, "paper_id": paper.id, "title": paper.title, "quote": "", "start": 0, "end": 0}
            for number, paper in zip(numbers, papers, strict=True)
        ],
        "evidence": [
            {"paper_id": STACK[place].id, "title": STACK[place].title, "score": 0.5, "text": ""} for place in (2, 1)
        ],
        "timings": {},
    }


@pytest.mark.parametrize(
    ("said", "became", "why"),
    [
        (answer("Pebble quantises the weights to 3 bits.", 1), "correct", "1 of 1 vital facts; a gold paper is cited"),
        (answer("Pebble quantises the weights.", 1), "wrong",
         "0 of 1 vital facts, without 3 bits; a gold paper is cited"),
        (answer("Small judges agree in 61% of cases.", 2), "wrong",
         "0 of 1 vital facts, without 3 bits; no gold paper is cited (found at rank 2)"),
        (answer("Pebble quantises the weights to 3 bits in 99 days.", 1), "wrong",
         "its source lacks a number of 'Pebble quantises the weights to 3 bits in 99 days.'; 1 of 1 vital facts; "
         "a gold paper is cited"),
        (answer("", abstained=True), "missing", "abstained: nothing was found"),
    ],
)  # fmt: skip
def test_why_it_came_out_so(said: dict[str, object], became: str, why: str) -> None:
    """One line, which names the fault before the facts."""
    row = DESK.row(DESK.mark(BITS, DESK.read(said)), Given(said, 2.0))
    assert (row.outcome, row.why) == (became, why)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer("Orchard removes heads.", 3), "answered, although the papers do not say it"),
        (answer("", abstained=True), "abstained, as it should"),
    ],
)
def test_why_of_the_unanswerable(said: dict[str, object], why: str) -> None:
    """Answered or not is all that counts."""
    assert DESK.row(DESK.mark(RATE, DESK.read(said)), Given(said, 2.0)).why == why


def test_a_row_tells_the_question_and_the_ranking() -> None:
    """Gold by title, retrieved papers with scores, and None where a metric does not apply."""
    said = answer("Pebble quantises the weights to 3 bits.", 1)
    row = DESK.row(DESK.mark(BITS, DESK.read(said)), Given(said, 2.0))
    assert row.gold == [[PEBBLE]]
    assert row.retrieved[1] == {"paper_id": STACK[1].id, "title": PEBBLE, "score": 0.5}
    assert (row.scores["headline"], row.scores["mrr_at_10"], row.scores["abstention_recall"]) == (1.0, 0.5, None)


def test_an_answer_from_another_library_is_refused() -> None:
    """Its citations cannot be checked here."""
    with pytest.raises(QuestionsError, match="which this library does not hold"):
        Desk.of(STACK[:1]).read(answer("Pebble.", 1))


def test_gold_papers_that_are_lacking() -> None:
    """One line a title, none when all are there."""
    assert DESK.lacking(SET) == []
    assert Desk.of(STACK[:1]).lacking([BITS]) == [f"bits: no paper has the title {PEBBLE!r}"]


def test_weights_of_words_by_hand() -> None:
    """Of 3 papers 2 hold "coral" and none "zinc": ln(1 + 1.5 / 2.5) and ln(1 + 3.5 / .5)."""
    idf = idf_of([Paper("1", "Coral", "Coral coral."), Paper("2", "Sand", "A coral."), Paper("3", "Sand", "Dune.")])
    assert (idf("coral"), idf("zinc")) == pytest.approx((math.log(1.6), math.log(8)))


def test_the_value_of_one_question() -> None:
    """Numerator over denominator, and None for 0 / 0."""
    assert (value_of((1.0, 2.0)), value_of((0.0, 0.0))) == (0.5, None)
    assert Outcome.CORRECT.value == "correct"
