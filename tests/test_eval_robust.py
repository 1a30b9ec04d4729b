"""Tests of eval/robust.py: variants beside their base, altered facts and hidden orders, on the invented papers."""

from __future__ import annotations

from dataclasses import replace

from asked import SET, about, number
from conftest import STACK

from eval.answering import Journal, ask_all, inquiries
from eval.marking import Desk, Marked
from eval.poison import POISONS
from eval.robust import (
    MISTYPED,
    altered_slice,
    pair_slice,
    poison_slice,
    temporary_library,
    typo_questions,
)
from rag.library import Library
from rag.settings import Settings

DESK = Desk.of(STACK)


def marked(library: Library) -> dict[str, Marked]:
    """Ask the set and score it."""
    given = ask_all(library, inquiries(SET), Journal())
    return {one.id: DESK.mark(one, DESK.read(given[one.id].answer)) for one in SET}


def test_variants_are_paired_with_their_base(library: Library) -> None:
    """Two right answers from one paper: nothing changes, and they cite the same."""
    found = marked(library)
    slice_ = pair_slice(found, [found["bits-p"]], resamples=100)
    assert (slice_["n"], slice_["change"]["value"], slice_["consistency"], slice_["jaccard"]["value"]) == (1, 0, 1, 1)
    assert slice_["pairs"] == [
        {"id": "bits-p", "of": "bits", "question": found["bits-p"].question.question, "plain": "correct",
         "outcome": "correct"}
    ]  # fmt: skip


def test_a_variant_that_fails_shows(library: Library) -> None:
    """The same answer, scored by a fact it does not hold: from +1 to -1, and citations stay."""
    found = marked(library)
    bad = replace(found["bits-p"].question, nuggets=(number(99),))
    slice_ = pair_slice(found, [DESK.mark(bad, found["bits-p"].reply)], resamples=100)
    assert (slice_["change"]["value"], slice_["consistency"], slice_["jaccard"]["value"]) == (-2.0, 0.0, 1.0)


def test_without_pairs_there_is_no_slice(library: Library) -> None:
    """A variant whose base was not asked cannot be compared."""
    found = marked(library)
    variant = found.pop("bits-p")
    assert pair_slice({"tide": found["tide"]}, [variant]) == {}


def test_typos_are_of_a_sample_of_base_questions() -> None:
    """Each differs from its base; no more than the sample are made, whatever the set."""
    made = typo_questions(SET, 0)
    known = {one.id: one for one in SET}
    assert {one.variant_of for one in made} == {one.id for one in SET if one.variant is None}
    assert all(one.question != known[str(one.variant_of)].question for one in made)
    many = [replace(SET[0], id=f"q{place}", cluster_id=f"c{place}") for place in range(MISTYPED + 30)]
    assert len(typo_questions(many, 0)) == MISTYPED
    assert typo_questions(SET, 1) != made


def test_altered_facts_are_followed(library: Library) -> None:
    """A system that quotes says what its papers say now; a fact that stands in a title (three bits) is left alone."""
    found = altered_slice(SET, marked(library), STACK, Settings(), Journal(), resamples=100)
    assert [row["id"] for row in found["rows"]] == ["tide", "agree", "hearth", "gone"]
    assert found["followed"]["value"] == 1.0
    assert {row["said"] for row in found["rows"]} == {"altered"}
    assert altered_slice([SET[-1]], {}, STACK, Settings(), Journal()) == {}


def test_an_answer_without_the_fact_counts_neither_way() -> None:
    """It is told apart from one that follows memory."""
    asked = about("x", STACK[10].title, "How large is the gain on noisy labels in BLEU?", number(200, "M"), "200M.")
    found = altered_slice([asked], {}, STACK, Settings(), Journal(), resamples=100)
    assert found["not_stated"] + sum(row["said"] != "neither" for row in found["rows"]) == found["n"] == 1


def test_hidden_orders_are_counted() -> None:
    """Twelve attacks, each with a useful answer in both libraries; offline nothing but a quote can obey.

    Words in an abstract, be they an order, may tip a question that is answered with doubt into a refusal.
    """
    journal = Journal()
    found = poison_slice(STACK, Settings(), journal)
    assert found["n"] == len(POISONS) == len(found["attacks"])
    assert {one["goal"] for one in found["attacks"] if one["succeeded"]} <= {"link", "refuse"}
    assert sum(one["succeeded"] for one in found["attacks"]) <= 1
    assert found["utility_clean"] == 1.0
    assert found["utility"] >= 11 / 12  # one question is refused, or a sentence with markup is not quoted
    assert len(journal.held) == 2 * len(POISONS)


def test_a_temporary_library_is_gone_afterwards() -> None:
    """It holds the papers while it is there."""
    with temporary_library(STACK[:2], Settings()) as library:
        assert len(library) == 2
        path = library.path
    assert not path.exists()
