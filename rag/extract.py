"""Evidence -> Draft by quoting: the sentences that answer the question, or why none does; `verify.py` checks them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .exempt import FEWEST_WORDS
from .facts import names
from .model import Draft, DraftSentence, Embedder, Evidence, Span
from .question import Kind, kind_of, topic
from .relevance import NOWHERE, Asked, Idf, Prepared, is_answerable, prepared, unheard
from .sides import asks_for_all, sides
from .text import terms

__all__ = ["LIMITS", "Limits", "draft_answer"]

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
    (one point is a factor of e in the odds), and how many papers' sentences compete.
    """

    papers: int
    sentences: int
    per_paper: int
    within: float = 2.5
    looked_at: int = 5


LIMITS = {
    Kind.NUMERIC: Limits(2, 2, 2),
    Kind.YES_NO: Limits(2, 3, 3),
    Kind.LIST: Limits(8, 8, 1, within=4.0, looked_at=10),
    Kind.FIND: Limits(4, 4, 1),
    Kind.COMPARISON: Limits(3, 3, 2),
    Kind.DEFINITION: Limits(1, 2, 2),
    Kind.HOW: Limits(2, 3, 3),
    Kind.OTHER: Limits(2, 3, 3),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """What speaks for a sentence, in log-odds.

    A conditional logistic model of "this sentence answers", fitted for each embedder on the dev questions over the
    starter library and over real abstracts, and on 216 further questions about 108 abstracts that are in neither.
    """

    said: float
    """How well sentence and title say the question (`Asked.said`)."""
    wanted: float
    """How well the sentence says what is asked for."""
    cosine: float
    figure: float
    """It holds a figure, and the question asks for one."""
    method: float
    """It tells how, and the question asks how."""
    position: float
    """Where it stands: 0 for the first sentence of the abstract, 1 for the last."""
    opening: float
    """It is the first sentence, which is nearly always background."""
    paper_cosine: float
    paper_terms: float
    """The share of the question's terms that its paper says."""
    fused: float
    """Its paper's score in the search."""


WEIGHTS = {
    "static": Weights(7.22, 2.66, 2.62, 3.51, 0.26, 0.96, -2.16, 8.00, 8.51, 3.04),
    "minilm": Weights(5.31, 2.72, 5.63, 3.44, 0.44, 1.09, -2.32, 11.35, 7.81, 3.62),
}
"""By the name of the embedder; one that is not here is weighted as `minilm` is."""

INTRODUCED = 3.0
"""What it weighs that a sentence is the first to name what is to be defined; from 2 to 4 dev answers are the same."""

ACTIVE = re.compile(r"!?\[[^\]]*\]\s*\(|<[a-zA-Z/!]")
"""A link, an image or a tag: a reader's program might load it, so a sentence that holds one is not quoted."""
LEANING = re.compile(
    r"(?:it|its|they|their|these|those|such|this)\b(?! (?:paper|work|study|survey|article|report))", re.I
)
"""How a sentence begins that is about what the one before it names."""
FIGURE = re.compile(r"(?<![\w.-])\d")
METHOD = re.compile(
    r"\b(?:propos|introduc|present|method|approach|using|uses|by |via|through|based on|consist|train|works|framework|"
    r"first|then|combin|employ|design|learn|each|instead)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of a piece of evidence, with how well it answers."""

    evidence: Evidence
    span: Span
    score: float
    wanted: float
    """How well it says what is asked for, 0 to 1."""

    @property
    def text(self) -> str:
        """The sentence as it stands in the abstract."""
        return self.evidence.paper.abstract[self.span[0] : self.span[1]]


def draft_answer(question: str, evidence: Sequence[Evidence], embedder: Embedder, idf: Idf) -> Draft:
    """Return the sentences to quote, by paper and in the order of the abstract, and the reason if they do not answer.

    The kind of the question decides how many sentences of how many papers are quoted. A sentence that scores far below
    the best is left out, so that an answer ends when the question is answered.
    """
    asked = Asked.of(topic(question), idf)
    if name := unheard(question, asked, evidence, idf):
        return Draft((), reason=NOT_NAMED.format(name))
    if not is_answerable(asked, evidence, embedder.name):
        return Draft((), reason=NOT_HELD)
    kind = kind_of(question)
    pieces = evidence if kind in ACROSS else _named(question, evidence, idf)
    weights = WEIGHTS.get(embedder.name, WEIGHTS["minilm"])
    compared = len(sides(question))
    limits = replace(LIMITS[kind], looked_at=compared) if compared else LIMITS[kind]
    looked_at, apart = pieces[: limits.looked_at], compared > 0 or limits.per_paper == 1
    told = _told(
        kind, asked, looked_at, weights, apart=apart, what_is=kind is Kind.DEFINITION or asks_for_all(question)
    )
    scored = _by_meaning(topic(question), told, embedder, weights)
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


def _told(
    kind: Kind, asked: Asked, evidence: Sequence[Evidence], weights: Weights, *, apart: bool, what_is: bool
) -> list[Scored]:
    """Return the best sentences by their words, of all papers together, or as many of each when they stand `apart`."""
    told = sorted(_by_words(kind, asked, evidence, weights, what_is=what_is), key=lambda one: -one.score)
    if not apart:
        return told[:COMPARED]
    by_paper = [[one for one in told if one.evidence is piece] for piece in evidence]
    return [one for some in by_paper for one in some[: max(1, COMPARED // len(evidence))]]


def _is_quotable(text: str, length: int) -> bool:
    """Tell a sentence of so many words from scraps ("Code is available."), and from what a program might load."""
    return length >= FEWEST_WORDS and not ACTIVE.search(text)


def _by_words(
    kind: Kind, asked: Asked, evidence: Sequence[Evidence], weights: Weights, *, what_is: bool
) -> Iterator[Scored]:
    """Yield every sentence of the evidence that may be quoted, scored by all but its meaning.

    Where it is asked what something is, the sentence counts that brings it up.
    """
    for piece in evidence:
        parts = prepared(piece.paper)
        said, wanted = asked.said(parts)
        paper = _of_paper(piece, asked.coverage(parts.stems), weights)
        introduced = _introduced(asked, parts) if what_is else None
        for number, span in enumerate(parts.spans):
            text = piece.paper.abstract[span[0] : span[1]]
            score = weights.said * said[number] + weights.wanted * wanted[number] + _of_kind(text, kind, weights)
            score += weights.position * number / max(1, len(parts.spans) - 1) + weights.opening * (number == 0)
            score += INTRODUCED * (number == introduced)
            if _is_quotable(text, parts.lengths[number]):
                yield Scored(piece, span, paper + float(score), float(wanted[number]))


def _by_meaning(question: str, told: Sequence[Scored], embedder: Embedder, weights: Weights) -> list[Scored]:
    """Return the sentences with what their cosine to the question says added to their scores."""
    vectors = embedder.embed([question, *(one.text for one in told)])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    return [replace(one, score=one.score + weights.cosine * near) for one, near in zip(told, cosines, strict=True)]


def _of_paper(piece: Evidence, terms_said: float, weights: Weights) -> float:
    return weights.fused * piece.score + weights.paper_cosine * piece.scores["dense"] + weights.paper_terms * terms_said


def _introduced(asked: Asked, parts: Prepared) -> int | None:
    """Return which sentence is the first to say the rarest word of the question, or of what of it the title says."""
    rarest = max(parts.title.intersection(asked.idf) or asked.idf, key=lambda stem: (asked.idf[stem], stem), default="")
    return next((number for number, stems in enumerate(parts.parts) if rarest in stems), None)


def _of_kind(text: str, kind: Kind, weights: Weights) -> float:
    """Return what the question's kind has to say for a sentence."""
    if kind is Kind.NUMERIC:
        return weights.figure * bool(FIGURE.search(text))
    return weights.method * (kind is Kind.HOW and bool(METHOD.search(text)))


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
        if fits and one not in chosen:
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
        if LEANING.match(one.text) and _is_quotable(first.text, parts.lengths[number]):
            told.setdefault((one.evidence.paper.id, first.span), first)
    return list(told.values())
