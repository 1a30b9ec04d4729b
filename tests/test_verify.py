"""Draft to Answer by examples and laws, and the share of planted faults caught; single rules are in test_support."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPERS
from mutations import entities, nearest_paper, negate, reword, swap_antonym, swap_entity, swap_number

from rag.model import Draft, DraftSentence, Evidence, Paper, Passage, Verdict
from rag.text import sentences, squash, terms
from rag.verify import check, verify

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
GOOD = {Verdict.VERBATIM, Verdict.SUPPORTED}


def evidence(paper: Paper, rank: int = 1) -> Evidence:
    """Make the whole abstract a piece of evidence."""
    return Evidence(paper, Passage(paper.id, 0, 0, len(paper.abstract)), rank, 1.0, {})


FIRST, SECOND, THIRD = (evidence(paper, rank) for rank, paper in enumerate(PAPERS[:3], 1))


def quote(piece: Evidence, place: int) -> DraftSentence:
    """Quote the sentence at a place of a piece's abstract."""
    start, end = sentences(piece.paper.abstract)[place]
    return DraftSentence(piece.paper.abstract[start:end], (piece,), (start, end))


def test_prose_answer() -> None:
    """Papers are numbered by first citation, equal quotes shared, invented markers gone, quotes true substrings."""
    claim = DraftSentence("Pebble, says [9], needs 512 calibration clips [2].", (FIRST, SECOND))
    answer = verify(Draft((quote(SECOND, 4), claim, quote(SECOND, 4))), [FIRST, SECOND], question="q")
    text = "Pebble requires only 512 calibration clips and no labels. [1]"
    assert answer.text == f"{text} Pebble, says, needs 512 calibration clips. [2][1] {text}"
    assert [sentence.citations for sentence in answer.sentences] == [(1,), (2, 1), (1,)]
    assert [sentence.verdict for sentence in answer.sentences] == ["VERBATIM", "SUPPORTED", "VERBATIM"]
    assert [(citation.number, citation.paper.id) for citation in answer.citations] == [(1, "i1"), (2, "i0")]
    assert all(c.paper.abstract[c.start : c.end] == c.quote for c in answer.citations)
    assert not answer.abstained


def test_list_layout() -> None:
    """A list puts every sentence on a line of its own."""
    draft = Draft((quote(FIRST, 0), quote(SECOND, 0)), layout="list")
    answer = verify(draft, [FIRST, SECOND], question="q")
    assert answer.text == "- Long documents strain attention. [1]\n- Speech models are too large for phones. [2]"


def test_unresolved_citation_is_lost() -> None:
    """A paper that is not in the evidence is not cited, and the sentence is uncited."""
    answer = verify(Draft((quote(THIRD, 1),)), [FIRST], question="q")
    assert (answer.sentences[0].verdict, answer.citations) == (Verdict.UNCITED, ())
    assert "[" not in answer.text


@pytest.mark.parametrize("span", [(0, 5), (3, 1), (-5, 32), (0, 99_999)])
def test_wrong_span_is_a_bug(span: tuple[int, int]) -> None:
    """A quote that is not the text at its span raises, and says where."""
    with pytest.raises(ValueError, match="not the text at its span"):
        verify(Draft((DraftSentence("Long documents strain attention.", (FIRST,), span),)), [FIRST], question="q")


def test_quoted_marker_does_not_pose_as_citation() -> None:
    """A "[7]" inside a quoted abstract stays in the quote and becomes "(7)" in the text."""
    piece = evidence(Paper("m", "Markers", "We follow the recipe of [7] for training."))
    answer = verify(Draft((quote(piece, 0),)), [piece], question="q")
    assert answer.text == "We follow the recipe of (7) for training. [1]"
    assert answer.citations[0].quote == piece.paper.abstract


@pytest.mark.parametrize("drafted", [(), (DraftSentence("  "),), (DraftSentence("[1]", (FIRST,)),)])
def test_refusal(drafted: tuple[DraftSentence, ...]) -> None:
    """A draft of nothing is a refusal that names the nearest papers, three at most."""
    pieces = [FIRST, FIRST, SECOND, THIRD, evidence(PAPERS[3])]
    answer = verify(Draft(drafted, reason="Nothing clears the bar."), pieces, question="q", timings={"search_ms": 1.0})
    titles = "; ".join(paper.title for paper in PAPERS[:3])
    assert answer.text == f"Nothing clears the bar. Nearest papers: {titles}."
    assert (answer.abstained, answer.reason, answer.sentences, answer.citations) == (
        True,
        "Nothing clears the bar.",
        (),
        (),
    )
    assert (len(answer.evidence), answer.standalone_question, answer.timings) == (5, "q", {"search_ms": 1.0})


PIECES = st.lists(st.sampled_from([FIRST, SECOND, THIRD]), max_size=3)
CITED = st.lists(st.tuples(st.text(max_size=60), PIECES), max_size=4)


@given(CITED)
def test_citations_are_true_and_resolve(parts: list[tuple[str, list[Evidence]]]) -> None:
    """Whatever is drafted, quotes are true substrings, and numbers run from 1 without gaps and all resolve."""
    draft = Draft(tuple(DraftSentence(text, tuple(cites)) for text, cites in parts))
    answer = verify(draft, [FIRST, SECOND], question="q")
    assert all(c.quote and c.paper.abstract[c.start : c.end] == c.quote for c in answer.citations)
    used = {number for sentence in answer.sentences for number in sentence.citations}
    assert used == {c.number for c in answer.citations} == set(range(1, len(used) + 1))


def rates(papers: Sequence[Paper], count: int, seed: int) -> dict[str, tuple[float, int]]:
    """Return for each kind of planted fault the share caught, and of how many; "kept" and "unflagged" are true ones."""
    random = Random(seed)
    bags = [set(terms(f"{paper.title} {paper.abstract}")) for paper in papers]
    df = Counter(term for bag in bags for term in bag)

    def idf(key: str) -> float:
        return log(1 + len(papers) / (0.5 + df[key]))

    weighted = [{term: idf(term) for term in sorted(bag)} for bag in bags]
    pool = sorted({name for paper in papers for name in entities(paper.abstract)})
    spots = [(i, paper.abstract[a:b]) for i, paper in enumerate(papers) for a, b in sentences(paper.abstract)]
    seen: dict[str, list[bool]] = {}

    def note(kind: str, text: str | None, paper: Paper, caught: Callable[[Verdict, tuple[str, ...]], bool]) -> None:
        found = check(reword(text, random), [paper], idf=idf) if text else None
        if found is not None and found.verdict is not Verdict.EXEMPT:
            seen.setdefault(kind, []).append(caught(found.verdict, found.flags))

    for place, text in random.sample(spots, min(count, len(spots))):
        paper = papers[place]
        context = f"{paper.title} {paper.abstract}"
        wrong = papers[(place + random.randrange(1, len(papers))) % len(papers)]
        note("kept", text, paper, lambda verdict, _: verdict in GOOD)
        note("unflagged", text, paper, lambda _, flags: not flags)
        note("number", swap_number(text, random), paper, lambda verdict, _: verdict not in GOOD)
        note("entity", swap_entity(text, random, pool, context), paper, lambda verdict, _: verdict not in GOOD)
        note("negation", negate(text, random), paper, lambda _, flags: "polarity" in flags)
        note("antonym", swap_antonym(text, random), paper, lambda _, flags: "polarity" in flags)
        note("wrong", text, wrong, lambda verdict, _: verdict not in GOOD)
        note("nearest", text, papers[nearest_paper(place, weighted)], lambda verdict, _: verdict not in GOOD)
    return {kind: (sum(hits) / len(hits), len(hits)) for kind, hits in seen.items()}


def assert_floors(found: dict[str, tuple[float, int]], floors: dict[str, float]) -> None:
    """Print the rates and hold them against their floors, all at once."""
    print({kind: f"{share:.3f} of {count}" for kind, (share, count) in found.items()})
    assert {kind for kind, floor in floors.items() if found[kind][0] < floor} == set()


def test_faults_planted_in_invented_abstracts() -> None:
    """Faults planted in invented abstracts are caught, and lightly reworded true sentences are kept."""
    floors = {
        "kept": 0.93,
        "unflagged": 0.93,
        "number": 0.9,
        "entity": 0.9,
        "negation": 0.9,
        "antonym": 0.6,
        "wrong": 0.98,
        "nearest": 0.98,
    }
    assert_floors(rates(PAPERS, 100, seed=1), floors)


@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is not beside the checkout")
def test_faults_planted_in_real_abstracts() -> None:
    """The same on a seeded sample of real abstracts, read where they are."""
    papers: dict[str, Paper] = {}
    for page in sorted(CORPUS.glob("*.txt")):
        lines = [squash(line) for line in page.read_text(encoding="utf-8").splitlines() if line.strip()]
        for title, abstract in pairwise(lines):
            if len(abstract) >= 584 and len(title) < 250:
                papers.setdefault(title, Paper(title, title, abstract))
    floors = {
        "kept": 0.98,
        "unflagged": 0.98,
        "number": 0.9,
        "entity": 0.95,
        "negation": 0.97,
        "antonym": 0.68,
        "wrong": 0.98,
        "nearest": 0.92,
    }
    assert_floors(rates(list(papers.values()), 300, seed=0), floors)
