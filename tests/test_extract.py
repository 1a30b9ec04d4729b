"""Quotes stand where they say, within the limits of the question's kind; how good they are is measured by `eval`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import PAPERS

from rag.embed import StaticEmbedder
from rag.extract import LEANING, LIMITS, draft_answer
from rag.model import Draft, Evidence, Paper, Passage
from rag.question import Kind, kind_of
from rag.relevance import prepared
from rag.verify import verify


@lru_cache(maxsize=1)
def embedder() -> StaticEmbedder:
    """Return the static embedder, loaded once."""
    return StaticEmbedder()


def idf_of(papers: Sequence[Paper]) -> dict[str, float]:
    """Return the inverse document frequencies of these papers, as BM25 weighs them."""
    held = Counter(stem for paper in papers for stem in prepared(paper).stems)
    return {stem: math.log(1 + (len(papers) - n + 0.5) / (n + 0.5)) for stem, n in held.items()}


def search(question: str, papers: Sequence[Paper]) -> list[Evidence]:
    """Return the papers by cosine, the way a search gives them."""
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    vectors = embedder().embed([question, *texts])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    order = sorted(range(len(papers)), key=lambda index: -cosines[index])
    top = max(0.01, *cosines)
    return [
        Evidence(
            papers[index],
            Passage(papers[index].id, 0, 0, len(papers[index].abstract)),
            rank,
            max(0.0, cosines[index] / top),
            {"lexical": 0.0, "dense": cosines[index]},
        )
        for rank, index in enumerate(order, 1)
    ]


def drafted(question: str, papers: Sequence[Paper] = PAPERS) -> Draft:
    """Return the draft that quotes from these papers."""
    idf = idf_of(papers)
    return draft_answer(question, search(question, papers), embedder(), lambda term: idf.get(term, 3.3))


def check_quotes(question: str, draft: Draft) -> None:
    """Hold what is true of any draft: exact spans, one source each, limits kept, in order, nothing twice."""
    limits = LIMITS[kind_of(question)]
    places = []
    for quote in draft.sentences:
        (piece,) = quote.cites
        assert quote.span is not None
        start, end = quote.span
        assert quote.text == piece.paper.abstract[start:end] != ""
        assert quote.span in prepared(piece.paper).spans
        places.append((piece.rank, quote.span))
    assert places == sorted(set(places))
    leaning = [LEANING.match(quote.text) is not None for quote in draft.sentences]
    # a sentence that the next one leans on comes beside the limit
    counted = [place for place, leans in zip(places, [*leaning[1:], False], strict=True) if not leans]
    by_paper = Counter(rank for rank, _ in counted)
    assert len(counted) <= limits.sentences
    assert len(by_paper) <= limits.papers
    assert max(by_paper.values(), default=0) <= limits.per_paper
    assert (draft.reason is None or draft.reason.endswith(" does not say.")) == bool(places)


QUESTIONS = (
    "By how much does the quantised speech model reduce memory?",
    "Which papers compress something?",
    "Which paper stores object sightings for robots?",
    "Does label noise help tiny translators?",
    "How does Orchard prune the heads of a transformer?",
    "What is the difference between small judges and large judges?",
    "What is Cartographer?",
    "energy of training runs",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_quote_within_the_limits(question: str) -> None:
    """Each kind of question is answered by true quotes, as few as its kind allows."""
    draft = drafted(question)
    assert draft.sentences
    assert draft.reason is None
    assert draft.mode == "extractive"
    check_quotes(question, draft)
    assert draft == drafted(question)


def test_every_kind_has_limits() -> None:
    """No kind of question is without limits, and all of them allow at least one quote."""
    assert set(LIMITS) == set(Kind)
    assert all(min(one.papers, one.sentences, one.per_paper) >= 1 for one in LIMITS.values())


def test_the_sentence_with_the_figure_is_quoted() -> None:
    """A question for a figure is answered from the right paper by a sentence that holds it."""
    draft = drafted("How many MWh does a training run consume on average?")
    assert any("310 MWh" in quote.text for quote in draft.sentences)
    assert {quote.cites[0].paper.id for quote in draft.sentences} == {PAPERS[5].id}


def test_a_definition_begins_where_the_name_does() -> None:
    """Asked what something is, the sentence that brings it up is quoted, not what follows from it."""
    draft = drafted("What is Sextant?")
    assert draft.sentences[0].text == "Sextant learns a threshold from 900 unanswerable questions."


def test_a_sentence_that_leans_on_another_is_not_alone() -> None:
    """What "It ..." stands for is quoted before it, unless it is this very paper that it speaks of."""
    texts = [
        quote.text for quote in drafted("By how many points does Lantern improve recall over Babel-DPR?").sentences
    ]
    leaning = "It improves recall at 10 by 11 points over Babel-DPR on the Minaret test set."
    assert texts[texts.index(leaning) - 1].startswith("Lantern trains a dual encoder")
    assert LEANING.match("This paper reduces memory.") is None


def test_several_papers_make_a_list() -> None:
    """Quotes of several papers to a question for papers stand one to a line, one each."""
    draft = drafted("Which papers compress gradients or quantise the weights of models for phones?")
    assert len({quote.cites[0].paper.id for quote in draft.sentences}) == len(draft.sentences) > 1
    assert draft.layout == "list"
    assert drafted("What is Cartographer?").layout == "prose"


@pytest.mark.parametrize(
    "question",
    [
        "What is a good recipe for sourdough bread?",
        "Who won the football world cup in 1974?",
        "When does the next train to Lisbon leave?",
        "Which vitamins are in an orange?",
    ],
)
def test_other_topics_are_refused(question: str) -> None:
    """A question about something else gets no quote and a reason."""
    draft = drafted(question)
    assert draft.sentences == ()
    lacking = 'No paper in this library mentions "Lisbon".'
    assert draft.reason in {"The papers in this library do not answer this question.", lacking}
    assert (draft.reason == lacking) == ("Lisbon" in question)


def test_nothing_found_is_refused() -> None:
    """Without evidence, or without a word that tells, there is nothing to quote."""
    assert draft_answer("heads?", [], embedder(), lambda _: 1.0).reason
    assert drafted("what about this?").reason


def test_papers_without_abstracts_do_no_harm() -> None:
    """A paper that has only a title is never quoted, and does not keep others from being quoted."""
    bare = replace(PAPERS[1], id="bare", abstract="")
    check_quotes(QUESTIONS[0], drafted(QUESTIONS[0], (*PAPERS, bare)))
    assert drafted(QUESTIONS[0], (bare,)).sentences == ()


SENTENCES = st.sampled_from(
    [PAPERS[n].abstract[a:b] for n in range(6) for a, b in prepared(PAPERS[n]).spans]
    + ["Odd... case e.g. this one.", "No end", "灯が光る。", "(2). How?", "See https://example.org/a.b."]
)
ABSTRACTS = st.lists(SENTENCES, max_size=6).map(" ".join)


@settings(max_examples=60)
@given(st.lists(ABSTRACTS, min_size=1, max_size=6), st.sampled_from(QUESTIONS))
def test_quotes_are_true_for_any_papers(abstracts: list[str], question: str) -> None:
    """Whatever the abstracts are, quotes stand where they say, repeats and empty abstracts included."""
    papers = [Paper(f"p{number}", f"Title {number}", text) for number, text in enumerate(abstracts)]
    draft = drafted(question, papers)
    if draft.sentences:
        check_quotes(question, draft)
    assert draft == drafted(question, papers)


@pytest.mark.parametrize(
    "active",
    ["See ![chart](http://x.test/a.png) for how bees sleep in winter.",
     "Bees sleep <img src=x> in winter at 35 degrees.",
     "How bees sleep in winter is told [here](https://x.test)."],
)  # fmt: skip
def test_a_sentence_with_markup_is_not_quoted(active: str) -> None:
    """Links, images and tags could be loaded by whoever shows the answer; the sentence beside is quoted instead."""
    paper = Paper("m1", "How Bees Sleep in Winter", f"{active} Bees sleep in winter in a ball around the queen.")
    evidence = search("How do bees sleep in winter?", [paper])
    draft = draft_answer("How do bees sleep in winter?", evidence, embedder(), lambda _stem: 1.0)
    assert [one.text for one in draft.sentences] == ["Bees sleep in winter in a ball around the queen."]
    alone = [replace(evidence[0], paper=replace(paper, abstract=active))]
    assert draft_answer("How do bees sleep in winter?", alone, embedder(), lambda _stem: 1.0).sentences == ()


def test_both_sides_of_a_comparison_are_quoted() -> None:
    """Each thing compared has its sentence, from the first papers of the evidence and from no other."""
    question = "What is the difference between Pebble and Orchard?"
    sides = (PAPERS[1], PAPERS[3])
    evidence = search(question, sides) + search(question, PAPERS[4:])
    idf = idf_of(PAPERS)
    draft = draft_answer(question, evidence, embedder(), lambda term: idf.get(term, 3.3))
    assert {quote.cites[0].paper for quote in draft.sentences} == set(sides)
    assert len(draft.sentences) <= LIMITS[Kind.COMPARISON].sentences


def test_a_scrap_is_not_quoted() -> None:
    """A sentence of fewer than four telling words answers nothing, however near it is."""
    scrap = replace(PAPERS[0], abstract=f"{PAPERS[0].abstract} The code is available.")
    draft = drafted("Is the code available, and to how many bits does Pebble quantise weights?", (scrap, *PAPERS[1:]))
    assert draft.sentences
    assert all("code is available" not in quote.text for quote in draft.sentences)


def test_a_figure_that_the_abstract_does_not_give() -> None:
    """Asked how many, of a paper without a figure, the answer says that its abstract does not say."""
    paper = Paper("n1", "How Bees Sleep in Winter", "Bees sleep in winter in a ball around the queen.")
    draft = draft_answer(
        "How many bees sleep in winter?", search("bees sleep in winter", [paper]), embedder(), lambda _stem: 1.0
    )
    assert draft.reason == 'The abstract of "How Bees Sleep in Winter" does not say.'
    refused = verify(draft, (), question="How many bees sleep in winter?")
    assert (refused.abstained, refused.sentences, refused.citations) == (True, (), ())
    assert refused.text == draft.reason
