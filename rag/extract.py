"""Evidence -> Draft by quoting: the sentences that answer the question, or why none does; `verify.py` checks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .model import Draft, DraftSentence, Embedder, Evidence, Span
from .question import Kind, kind_of
from .text import normalise, sentences, stem, terms, words

__all__ = ["Limits", "draft_answer", "relevance"]

Idf = Callable[[str], float]

NOT_HELD = "The papers in this library do not answer this question."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is quoted for a kind of question: papers at most, sentences at most in all and of one paper."""

    papers: int
    sentences: int
    per_paper: int


LIMITS = {
    Kind.NUMERIC: Limits(2, 2, 2),
    Kind.YES_NO: Limits(2, 3, 2),
    Kind.LIST: Limits(5, 5, 1),
    Kind.COMPARISON: Limits(3, 3, 1),
    Kind.DEFINITION: Limits(1, 2, 2),
    Kind.HOW: Limits(2, 3, 3),
    Kind.OTHER: Limits(2, 3, 2),
}
"""A question is answered in at most three sentences from two papers, but for lists and comparisons."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of a piece of evidence, with how well it answers."""

    evidence: Evidence
    span: Span
    score: float
    coverage: float


def draft_answer(question: str, evidence: Sequence[Evidence], embedder: Embedder, idf: Idf) -> Draft:
    """Return the sentences to quote for a question, in reading order, or a draft without any and the reason."""
    if not evidence or relevance(question, evidence, idf) < BAR:
        return Draft((), reason=NOT_HELD)
    kind = kind_of(question)
    chosen = _choose(_score(question, kind, evidence, embedder, idf), LIMITS[kind])
    ordered = sorted(chosen, key=lambda scored: (scored.evidence.rank, scored.span))
    quotes = tuple(
        DraftSentence(scored.evidence.paper.abstract[scored.span[0] : scored.span[1]], (scored.evidence,), scored.span)
        for scored in ordered
    )
    return Draft(quotes, layout="list" if kind in {Kind.LIST, Kind.COMPARISON} and len(quotes) > 1 else "prose")


BAR = 0.3
NUMBER = re.compile(r"\d")


def relevance(question: str, evidence: Sequence[Evidence], idf: Idf) -> float:
    """Return how well the best paper matches a question, absolutely.

    The mean of the IDF-weighted share of the question's stems that stand in its title or abstract, and of its cosine.
    """
    asked = set(terms(question))
    if not asked:
        return 0.0
    total = sum(idf(term) for term in asked)
    best = 0.0
    for piece in evidence[:3]:
        there = set(terms(f"{piece.paper.title} {piece.paper.abstract}"))
        share = sum(idf(term) for term in asked & there) / total
        best = max(best, 0.5 * share + 0.5 * piece.scores["dense"])
    return best


def _score(question: str, kind: Kind, evidence: Sequence[Evidence], embedder: Embedder, idf: Idf) -> list[Scored]:
    asked = set(terms(question))
    total = sum(idf(term) for term in asked) or 1.0
    rows = [(piece, span) for piece in evidence[:5] for span in sentences(piece.paper.abstract)]
    texts = [piece.paper.abstract[start:end] for piece, (start, end) in rows]
    vectors = embedder.embed([question, *texts])
    cosines = vectors[1:] @ vectors[0]
    found = []
    for (piece, span), text, cosine in zip(rows, texts, cosines, strict=True):
        here = set(terms(text))
        coverage = sum(idf(term) for term in asked & here) / total
        score = 0.5 * coverage + 0.5 * float(cosine) + 0.5 * piece.score
        if kind is Kind.NUMERIC and NUMBER.search(text):
            score += 0.2
        found.append(Scored(piece, span, score, coverage))
    return found


def _choose(scored: list[Scored], limits: Limits) -> list[Scored]:
    chosen: list[Scored] = []
    per: dict[str, int] = {}
    for one in sorted(scored, key=lambda s: -s.score):
        paper = one.evidence.paper.id
        if per.get(paper, 0) >= limits.per_paper or (paper not in per and len(per) >= limits.papers):
            continue
        if chosen and one.score < 0.75 * chosen[0].score:
            break
        per[paper] = per.get(paper, 0) + 1
        chosen.append(one)
        if len(chosen) == limits.sentences:
            break
    return chosen
