"""Coverage worked out by hand and the gate before an answer; choosing quotes is left to test_extract.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPERS

from rag.model import Evidence, Paper, Passage
from rag.relevance import NOWHERE, Asked, is_answerable, prepared, unheard
from rag.text import sentences, terms

IDF = {"lamp": 3.0, "glow": 1.0, "moth": 0.0}
ASKED = Asked(
    {"lamp": {"lamp": 1.0, "lantern": 0.5}, "glow": {"glow": 1.0}, "moth": {"moth": 1.0}},
    IDF,
    ("lamp", "glow", "moth"),
    frozenset({"glow"}),
)
NOTHING = Asked({}, {}, (), frozenset())
HELD = Asked({"rout": {"rout": 1.0}}, {"rout": 1.0}, ("route",), frozenset())


def evidence(paper: Paper, cosine: float, rank: int = 1) -> Evidence:
    """Return a paper as found with this cosine."""
    return Evidence(paper, Passage(paper.id, 0, 0, len(paper.abstract)), rank, 1.0, {"lexical": 1.0, "dense": cosine})


@pytest.mark.parametrize(
    ("stems", "share"),
    [
        (set(), 0.0),
        ({"lamp"}, 0.75),
        ({"glow"}, 0.25),
        ({"lamp", "glow"}, 1.0),
        ({"lantern"}, 0.375),
        ({"lantern", "lamp"}, 0.75),
        ({"moth"}, 0.0),
    ],
)
def test_coverage_is_the_weighted_share_of_terms(stems: set[str], share: float) -> None:
    """A term counts its IDF of 3 or 1 out of 4; a word that may stand for it counts half."""
    assert ASKED.coverage(stems) == pytest.approx(share)


def test_nothing_asked_is_not_covered() -> None:
    """Without a term nothing is covered, and without a word nothing said."""
    assert NOTHING.coverage({"glow"}) == 0.0
    assert [part.tolist() for part in NOTHING.said(prepared(Paper("x", "Lamps", "They glow.")))] == [[0.0], [0.0]]


def test_what_sentences_say_by_hand() -> None:
    """Lamp weighs 3 of 4 and stands in the title; glow weighs 1 and stands in the second sentence alone."""
    whole, wanted = ASKED.said(prepared(Paper("x", "The lamp", "Xqz zzq. A glow.")))
    assert whole.tolist() == pytest.approx([(3 + 0) / 4, 1.0], abs=0.15)
    assert whole[1] == pytest.approx(1.0)
    assert wanted[1] == pytest.approx(1.0)
    assert wanted[0] < 0.6


def test_how_well_a_paper_is_heard_by_hand() -> None:
    """Lamp weighs 3 of 4 and glow 1; moth weighs nothing, so the mean is full without it, but it is the least said."""
    assert ASKED.heard(prepared(Paper("x", "The lamp", "A moth, a glow."))) == pytest.approx((1.0, 1.0))
    mean, least = ASKED.heard(prepared(Paper("x", "The lamp", "A glow.")))
    assert mean == pytest.approx(1.0)
    assert 0 <= least < 0.5
    assert NOTHING.heard(prepared(Paper("x", "The lamp", ""))) == (0.0, 1.0)


def test_what_a_paper_leaves_out_is_not_told() -> None:
    """A paper that says all of a question but the licence asked for does not tell it; one that says that too does."""
    asked = Asked.of("Under which licence is the Lantern retriever of rare words given out?", lambda _stem: 1.0)
    silent = Paper("x", "Lantern, a retriever", "The Lantern retriever of rare words is given out to all.")
    assert not asked.is_told(prepared(silent), 0.0)
    assert asked.is_told(prepared(replace(silent, abstract=f"{silent.abstract} Its licence is free.")), 1.0)


@given(st.sets(st.sampled_from(["lamp", "lantern", "glow", "moth"])), st.sampled_from(["lamp", "lantern", "glow"]))
def test_saying_more_never_covers_less(stems: set[str], further: str) -> None:
    """Coverage lies between 0 and 1 and grows with what is said."""
    assert 0 <= ASKED.coverage(stems) <= ASKED.coverage(stems | {further}) <= 1


def test_asked_takes_terms_and_idf_of_a_question() -> None:
    """Every term of the question stands for itself with weight 1 and carries its IDF."""
    asked = Asked.of("Which papers prune transformer heads?", lambda term: float(len(term)))
    assert list(asked.idf) == terms("prune transformer heads")
    assert all(asked.meanings[term][term] == 1.0 for term in asked.idf)
    assert asked.idf == {term: float(len(term)) for term in asked.idf}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.id)
def test_prepared_cuts_as_text_does(paper: Paper) -> None:
    """The parts are the sentences of the abstract, their stems those of the text."""
    cut = prepared(paper)
    assert list(cut.spans) == sentences(paper.abstract)
    assert [set(part) for part in cut.parts] == [set(terms(paper.abstract[a:b])) for a, b in cut.spans]
    assert cut.stems == set(terms(f"{paper.title} {paper.abstract}"))


def test_a_paper_without_abstract_is_prepared() -> None:
    """No abstract means no parts; the title still counts."""
    cut = prepared(Paper("e", "Lamps", ""))
    assert (cut.parts, cut.spans, cut.stems) == ((), (), frozenset({"lamp"}))


def test_the_gate_opens_for_what_is_held_and_shuts_for_the_rest() -> None:
    """Full coverage with a fair cosine passes; no coverage with a low one does not; nor does nothing at all."""
    assert is_answerable(HELD, [evidence(PAPERS[0], 0.3)], "static")
    assert not is_answerable(HELD, [evidence(PAPERS[1], 0.1)], "static")
    assert not is_answerable(HELD, [], "static")
    assert not is_answerable(NOTHING, [evidence(PAPERS[0], 0.9)], "static")


def test_the_gate_looks_at_the_best_three() -> None:
    """A fitting paper opens the gate at rank three and no longer at rank four."""
    others = [evidence(paper, 0.05, rank) for rank, paper in enumerate(PAPERS[1:4], 1)]
    fitting = evidence(PAPERS[0], 0.3)
    assert is_answerable(HELD, [*others[:2], fitting], "static")
    assert not is_answerable(HELD, [*others, fitting], "static")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What does Marrowbone dig?", "Marrowbone"),
        ("What does Pebble quantise?", ""),
        ("To how many bits does Pebble quantise the weights of speech models on Marrowbone?", ""),
        ("what is dug?", ""),
    ],
)
def test_a_name_that_no_paper_holds(question: str, name: str) -> None:
    """It is told unless the papers say most of the rest of the question."""
    held = {stem for paper in PAPERS for stem in prepared(paper).stems}

    def idf(stem: str) -> float:
        return 1.0 if stem in held else 3.0

    assert idf(NOWHERE) == 3.0
    found = [evidence(PAPERS[1], 0.3)]
    assert unheard(question, Asked.of(question, idf), found, idf) == name
