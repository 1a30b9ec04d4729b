"""Evidence -> Draft by quoting: the sentences that answer the question, or why none does; `verify.py` checks them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .facts import names
from .model import Draft, DraftSentence, Embedder, Evidence
from .question import Kind
from .relevance import NOWHERE, Asked, Idf, is_answerable, prepared, unheard
from .score import FIGURE, Scored, Sought, by_meaning, by_words, is_quotable
from .text import terms

__all__ = ["LIMITS", "NOT_SAID", "Limits", "draft_answer"]

NOT_HELD = "The papers in this library do not answer this question."
NOT_NAMED = 'No paper in this library mentions "{}".'
NOT_SAID = 'The abstract of "{}" does not say.'
ACROSS = {Kind.LIST, Kind.FIND, Kind.COMPARISON}
"""Kinds that are answered from several papers, one to a line."""
COMPARED = 8
"""Sentences whose meaning is compared with the question's, of some 40, the best by all else.

To compare more takes a neural embedder longer than all the rest of an answer; on the dev questions and 216 others
94 % of the answers were the same as when all were compared, and the dev questions scored the same.
"""
RARE = 0.7
"""The IDF of a name, as a share of the highest there can be, from which it tells one paper from the others."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is quoted for a kind of question.

    Papers at most, sentences at most in all and of one paper, how far below the best sentence a further one may score
    (one point is a factor of e in the odds), how many papers' sentences compete, and beyond how many words no further
    sentence is quoted.
    """

    papers: int
    sentences: int
    per_paper: int
    within: float = 2.5
    looked_at: int = 5
    words: int = 110


LIMITS = {
    Kind.NUMERIC: Limits(2, 2, 2),
    Kind.YES_NO: Limits(1, 4, 4),
    Kind.LIST: Limits(8, 8, 1, within=4.0, looked_at=10, words=400),
    Kind.FIND: Limits(4, 4, 1, words=200),
    Kind.COMPARISON: Limits(3, 3, 2),
    Kind.DEFINITION: Limits(1, 3, 3),
    Kind.HOW: Limits(1, 4, 4),
    Kind.OTHER: Limits(1, 4, 4),
}


LEANING = re.compile(
    r"(?:it|its|they|their|these|those|such|this)\b(?! (?:paper|work|study|survey|article|report))", re.I
)
"""How a sentence begins that is about what the one before it names."""


def draft_answer(question: str, evidence: Sequence[Evidence], embedder: Embedder, idf: Idf) -> Draft:
    """Return the sentences to quote, by paper and in the order of the abstract, and the reason if they do not answer.

    The kind of the question decides how many sentences of how many papers are quoted. A sentence that scores far below
    the best is left out, so that an answer ends when the question is answered.
    """
    sought = Sought.of(question, idf, embedder.name)
    asked, kind = sought.asked, sought.kind
    if name := unheard(question, asked, evidence, idf):
        return Draft((), reason=NOT_NAMED.format(name))
    if not is_answerable(asked, evidence, embedder.name):
        return Draft((), reason=NOT_HELD)
    pieces = evidence if kind in ACROSS else _named(question, evidence, idf)
    compared = len(sought.sides)
    limits = replace(LIMITS[kind], looked_at=compared) if compared else LIMITS[kind]
    pieces = pieces[: limits.looked_at]
    told = sorted(by_words(sought, pieces), key=lambda one: -one.score)
    told = _of_each(told, pieces) if compared or limits.per_paper == 1 else told[:COMPARED]
    scored = by_meaning(sought, told, embedder)
    if not scored:
        return Draft((), reason=NOT_HELD)
    best = _choose(scored, limits, every=compared > 0)
    # the items of a list have their titles beside them
    chosen = sorted(best if kind in ACROSS else _completed(best), key=lambda one: (one.evidence.rank, one.span))
    quotes = tuple(DraftSentence(one.text, (one.evidence,), one.span) for one in chosen)
    listed = kind in ACROSS and len({one.evidence.paper.id for one in chosen}) > 1
    reason = None if kind in ACROSS or _is_told(kind, asked, best) else NOT_SAID.format(best[0].evidence.paper.title)
    return Draft(quotes, reason=reason, layout="list" if listed else "prose")


def _is_told(kind: Kind, asked: Asked, best: Sequence[Scored]) -> bool:
    """Tell whether the paper of the best sentence seems to say what is asked of it; a number asked for is a figure."""
    if kind is Kind.NUMERIC and not any(FIGURE.search(one.text) for one in best):
        return False
    return asked.is_told(prepared(best[0].evidence.paper), max(one.wanted for one in best))


def _named(question: str, evidence: Sequence[Evidence], idf: Idf) -> Sequence[Evidence]:
    """Return the papers whose title holds a rare name of the question, if any does, else all.

    What is asked of RegMix is not told by other papers; "LLM" stands in many titles and names none.
    """
    rare = RARE * idf(NOWHERE)
    wanted = [frozenset(terms(name)) for name in names(question)]
    wanted = [name for name in wanted if name and max(idf(stem) for stem in name) >= rare]
    if not wanted:
        return evidence
    titles = [frozenset(terms(piece.paper.title)) for piece in evidence]
    named = [piece for piece, title in zip(evidence, titles, strict=True) if any(name <= title for name in wanted)]
    return named or evidence


def _of_each(told: Sequence[Scored], pieces: Sequence[Evidence]) -> list[Scored]:
    """Return as many of the best sentences of each paper as may be compared."""
    by_paper = [[one for one in told if one.evidence is piece] for piece in pieces]
    return [one for some in by_paper for one in some[: max(1, COMPARED // len(pieces))]]


def _choose(scored: Sequence[Scored], limits: Limits, *, every: bool) -> list[Scored]:
    """Return the best sentences within the limits, none of them far below the best; or first one of `every` paper."""
    ranked = sorted(scored, key=lambda candidate: -candidate.score)
    firsts = {one.evidence.paper.id: one for one in reversed(ranked)} if every else {}
    chosen = list(firsts.values())
    taken = Counter(list(firsts))
    for one in ranked:
        paper = one.evidence.paper.id
        if len(chosen) >= limits.sentences or one.score < ranked[0].score - limits.within:
            break
        fits = taken[paper] < limits.per_paper and (paper in taken or len(taken) < limits.papers)
        length = sum(len(other.text.split()) for other in [*chosen, one])
        if fits and one not in chosen and (length <= limits.words or not chosen):
            taken[paper] += 1
            chosen.append(one)
    return chosen


def _completed(chosen: Sequence[Scored]) -> list[Scored]:
    """Return the sentences, each that leans on the one before it ("It ...") together with that."""
    told = {(one.evidence.paper.id, one.span): one for one in chosen}
    for one in chosen:
        parts = prepared(one.evidence.paper)
        number = max(0, parts.spans.index(one.span) - 1)
        first = replace(one, span=parts.spans[number])
        if LEANING.match(one.text) and is_quotable(first.text, parts.lengths[number]):
            told.setdefault((one.evidence.paper.id, first.span), first)
    return list(told.values())
