"""What speaks for a sentence and against it; which sentences are quoted is held by test_extract.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPERS

from rag.embed import StaticEmbedder
from rag.model import Evidence, Paper, Passage
from rag.question import Kind
from rag.score import WEIGHTS, Scored, Sought, by_meaning, by_words, is_quotable

PAPER = Paper(
    "x",
    "Lantern: Retrieval of Rare Words",
    "Rare words are hard to find by their meaning alone. We propose Lantern, which trains a dual encoder on rare words."
    " It improves recall at 10 by 11 points over a plain encoder. Code and data of Lantern are publicly available.",
)
PIECE = Evidence(PAPER, Passage("x", 0, 0, len(PAPER.abstract)), 1, 1.0, {"lexical": 1.0, "dense": 0.5})


def sought(question: str, embedder: str = "static") -> Sought:
    """Return what a question seeks, every word as rare as any other."""
    return Sought.of(question, lambda _stem: 1.0, embedder)


def told(question: str) -> list[Scored]:
    """Return the sentences of the paper, the best first."""
    return sorted(by_words(sought(question), [PIECE]), key=lambda one: -one.score)


@pytest.mark.parametrize(
    ("question", "kind", "what_is", "release"),
    [
        ("What is Lantern?", Kind.DEFINITION, True, False),
        ("How does Lantern differ from Pebble?", Kind.COMPARISON, True, False),
        ("Where is the code of Lantern?", Kind.OTHER, False, True),
        ("Which papers study rare words?", Kind.LIST, False, False),
    ],
)
def test_what_is_sought(question: str, kind: Kind, what_is: bool, release: bool) -> None:
    """The kind of a question, whether it asks what something is, and whether it asks for code."""
    found = sought(question)
    assert (found.kind, found.what_is, found.release) == (kind, what_is, release)


def test_weights_are_those_of_the_embedder() -> None:
    """An embedder without weights of its own is weighted as minilm is."""
    assert sought("What is Lantern?").weights == WEIGHTS["static"]
    assert sought("What is Lantern?", "endpoint").weights == WEIGHTS["minilm"]


def test_a_list_tells_what_its_papers_do() -> None:
    """Where the title says all that is asked, what the paper proposes goes before where its code is."""
    ranked = [one.text for one in told("Which papers are about retrieval of rare words?")]
    assert ranked[0].startswith("We propose Lantern")
    assert ranked[-1].startswith(("Code and data", "Rare words"))


def test_code_is_told_of_who_asks_for_it() -> None:
    """The sentence on code and data is worth less, unless the question is for it."""
    goods = next(one for one in told("What is Lantern?") if one.text.startswith("Code"))
    assert told("Is the code of Lantern publicly available?")[0].text == goods.text
    assert sought("What is Lantern?").of_kind(goods.text) < 0 == sought("Is its code open?").of_kind(goods.text)


def test_a_figure_counts_for_a_number_and_a_method_for_a_how() -> None:
    """What the kind asks for counts its weight, and nothing for other kinds."""
    weights = WEIGHTS["static"]
    assert sought("How many points does it gain?").of_kind("It gains 11 points.") == weights.figure
    assert sought("How does it train?").of_kind("It learns step by step.") == weights.method
    assert sought("Does it gain?").of_kind("It gains 11 points.") == 0


def test_scraps_and_markup_are_not_quotable() -> None:
    """A sentence of two words is no answer, and one with a link in it might be loaded."""
    assert is_quotable("Lantern trains a dual encoder.", 4)
    assert not is_quotable("Code is available.", 2)
    assert not is_quotable("See ![the figure](https://there/x.png) of all rare words.", 6)


def test_meaning_adds_the_weighted_cosine() -> None:
    """The score grows by the cosine of sentence and question times its weight."""
    first = told("What is Lantern?")[:2]
    embedder = StaticEmbedder()
    asked, *vectors = embedder.embed(["What is Lantern?", *(one.text for one in first)])
    after = by_meaning(sought("What is Lantern?"), first, embedder)
    grown = [new.score - old.score for new, old in zip(after, first, strict=True)]
    assert grown == pytest.approx([WEIGHTS["static"].cosine * float(vector @ asked) for vector in vectors], abs=1e-5)
    assert by_meaning(sought("What is Lantern?"), [], embedder) == []


@given(st.sampled_from(PAPERS), st.text(max_size=60))
def test_every_score_is_of_a_sentence(paper: Paper, question: str) -> None:
    """Whatever is asked, what is scored stands in the abstract, and says what is wanted from 0 to 1."""
    piece = replace(PIECE, paper=paper)
    for one in by_words(sought(question), [piece]):
        assert one.text == paper.abstract[slice(*one.span)] != ""
        assert 0 <= one.wanted <= 1
