"""Evidence -> Draft by quoting: the sentences that answer the question, or why none does; `verify.py` checks them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .facts import names
from .model import Draft, DraftSentence, Embedder, Evidence, Span
from .question import Kind, kind_of
from .relevance import Asked, Idf, Prepared, is_answerable, prepared
from .text import terms

__all__ = ["LIMITS", "Limits", "draft_answer"]

NOT_HELD = "The papers in this library do not answer this question."
ACROSS = {Kind.LIST, Kind.FIND, Kind.COMPARISON}
"""Kinds that are answered from several papers, one to a line."""
LOOKED_AT = 5
"""Papers whose sentences compete."""
RARE = 0.7
"""The IDF of a name, as a share of the highest there can be, from which it tells one paper from the others."""
NOWHERE = "\0"
"""A term that no paper holds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is quoted for a kind of question.

    Papers at most, sentences at most in all and of one paper, and how far below the best sentence a further one may
    score: one point is a factor of e in the odds.
    """

    papers: int
    sentences: int
    per_paper: int
    within: float = 1.5


LIMITS = {
    Kind.NUMERIC: Limits(2, 2, 2),
    Kind.YES_NO: Limits(2, 3, 3),
    Kind.LIST: Limits(5, 5, 1, within=3.0),
    Kind.FIND: Limits(3, 3, 1),
    Kind.COMPARISON: Limits(3, 3, 2),
    Kind.DEFINITION: Limits(1, 2, 2),
    Kind.HOW: Limits(2, 3, 3),
    Kind.OTHER: Limits(2, 3, 3),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """What speaks for a sentence, in log-odds.

    A conditional logistic model of "this sentence holds a vital fact of the answer", fitted on the dev questions over
    the starter library and over real abstracts.
    """

    terms: float = 1.51
    """The share of the question's terms that it says, those counting most that few of the paper's sentences say."""
    cosine: float = 2.72
    fused: float = 4.72
    """Its paper's score in the search."""
    first_paper: float = 0.49
    paper_terms: float = 9.52
    """The share of the question's terms that its paper says."""
    figure: float = 2.93
    """It holds a figure, and the question asks for one."""
    method: float = 1.38
    """It tells how, and the question asks how."""
    result: float = 0.68
    """It tells a result, and the question asks to compare or to confirm."""
    background: float = -0.66
    position: float = 0.77
    """Where it stands: 0 for the first sentence of the abstract, 1 for the last."""
    opening: float = -2.26
    """It is the first sentence, which is nearly always background."""
    length: float = 1.24
    """Its words, in units of 30, 60 at most."""


ACTIVE = re.compile(r"!?\[[^\]]*\]\s*\(|<[a-zA-Z/!]")
"""A link, an image or a tag: a reader's program might load it, so a sentence that holds one is not quoted."""
FIGURE = re.compile(r"(?<![\w.-])\d")
METHOD = re.compile(
    r"\b(?:propos|introduc|present|method|approach|using|uses|by |via|through|based on|consist|train|works|framework|"
    r"first|then|combin|employ|design|learn|each|instead)",
    re.I,
)
RESULT = re.compile(
    r"\b(?:outperform|achiev|improv|accura|result|show|experiment|reduc|faster|speed|score|gain|surpass|exceed|reach|"
    r"increas|drop|match)",
    re.I,
)
BACKGROUND = re.compile(
    r"\b(?:however|although|despite|recent|challenge|remain|existing|traditional|while|prior|previous|typically|often|"
    r"popular|widely|limit|difficult|costly)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of a piece of evidence, with how well it answers."""

    evidence: Evidence
    span: Span
    score: float


def draft_answer(question: str, evidence: Sequence[Evidence], embedder: Embedder, idf: Idf) -> Draft:
    """Return the sentences to quote, by paper and in the order of the abstract, or none and the reason.

    The kind of the question decides how many sentences of how many papers are quoted. A sentence that scores far below
    the best is left out, so that an answer ends when the question is answered.
    """
    asked = Asked.of(question, idf)
    if not is_answerable(asked, evidence):
        return Draft((), reason=NOT_HELD)
    kind = kind_of(question)
    pieces = evidence if kind in ACROSS else _named(question, evidence, idf)
    scored = list(_score(question, kind, asked, pieces[:LOOKED_AT], embedder))
    if not scored:
        return Draft((), reason=NOT_HELD)
    chosen = sorted(_choose(scored, LIMITS[kind]), key=lambda one: (one.evidence.rank, one.span))
    quotes = tuple(
        DraftSentence(one.evidence.paper.abstract[one.span[0] : one.span[1]], (one.evidence,), one.span)
        for one in chosen
    )
    listed = kind in ACROSS and len({one.evidence.paper.id for one in chosen}) > 1
    return Draft(quotes, layout="list" if listed else "prose")


def _named(question: str, evidence: Sequence[Evidence], idf: Idf) -> Sequence[Evidence]:
    """Return the papers whose title holds a rare name of the question, if any does, else all.

    What is asked of RegMix is not told by other papers; "LLM" stands in many titles and names none.
    """
    rare = RARE * idf(NOWHERE)
    wanted = [frozenset(terms(name)) for name in names(question)]
    wanted = [name for name in wanted if name and max(idf(stem) for stem in name) >= rare]
    named = [piece for piece in evidence if any(name <= prepared(piece.paper).title for name in wanted)]
    return named or evidence


def _score(
    question: str, kind: Kind, asked: Asked, evidence: Sequence[Evidence], embedder: Embedder
) -> Iterator[Scored]:
    """Yield every sentence of the evidence with its score."""
    cut = [(piece, prepared(piece.paper)) for piece in evidence]
    texts = [piece.paper.abstract[start:end] for piece, parts in cut for start, end in parts.spans]
    vectors = embedder.embed([question, *texts])
    cosines = iter((vectors[1:] @ vectors[0]).tolist())
    for piece, parts in cut:
        local = asked.local(parts.parts, parts.title)
        paper = _of_paper(piece, parts, asked)
        for number, span in enumerate(parts.spans):
            text = piece.paper.abstract[span[0] : span[1]]
            said = asked.coverage(parts.parts[number], local)
            place = number / max(1, len(parts.spans) - 1)
            score = paper + _of_sentence(text, kind, said, next(cosines), place)
            if not ACTIVE.search(text):
                yield Scored(piece, span, score)


def _of_paper(piece: Evidence, parts: Prepared, asked: Asked, weights: Weights = Weights()) -> float:
    return (
        weights.fused * piece.score
        + weights.first_paper * (piece.rank == 1)
        + weights.paper_terms * asked.coverage(parts.stems)
    )


def _of_sentence(
    text: str,
    kind: Kind,
    said: float,
    cosine: float,
    place: float,
    weights: Weights = Weights(),
) -> float:
    return (
        weights.terms * said
        + weights.cosine * cosine
        + weights.figure * (kind is Kind.NUMERIC and bool(FIGURE.search(text)))
        + weights.method * (kind is Kind.HOW and bool(METHOD.search(text)))
        + weights.result * (kind in {Kind.COMPARISON, Kind.YES_NO} and bool(RESULT.search(text)))
        + weights.background * bool(BACKGROUND.search(text))
        + weights.position * place
        + weights.opening * (place == 0)
        + weights.length * min(len(text.split()), 60) / 30
    )


def _choose(scored: Sequence[Scored], limits: Limits) -> list[Scored]:
    """Return the best sentences within the limits, none of them far below the best."""
    chosen: list[Scored] = []
    taken: Counter[str] = Counter()
    for one in sorted(scored, key=lambda candidate: -candidate.score):
        paper = one.evidence.paper.id
        if chosen and one.score < chosen[0].score - limits.within:
            break
        if taken[paper] < limits.per_paper and (paper in taken or len(taken) < limits.papers):
            taken[paper] += 1
            chosen.append(one)
        if len(chosen) == limits.sentences:
            break
    return chosen
