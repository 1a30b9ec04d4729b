"""Scores answers in their JSON form and says of each, in a line, why it came out so; asking is left to others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rag.errors import shorten
from rag.model import Paper
from rag.support import Idf
from rag.text import terms, title_key

from .answering import Given
from .answers import Outcome, Part
from .measures import Scored, measure
from .questions import gold_of, title_ids
from .record import Row
from .reply import Reply
from .schema import Nugget, Question

__all__ = ["Desk", "Marked", "idf_of", "value_of"]


@dataclass(frozen=True, slots=True)
class Marked:
    """A question with its answer as it was read, and its scores."""

    question: Question
    reply: Reply
    scored: Scored


@dataclass(frozen=True, slots=True)
class Desk:
    """What scoring needs to know of a library: its papers by id, ids by title, and its weights of words."""

    papers: Mapping[str, Paper]
    ids: Mapping[str, str]
    idf: Idf

    @classmethod
    def of(cls, papers: Sequence[Paper]) -> Desk:
        """Make ready to score answers from these papers."""
        return cls({paper.id: paper for paper in papers}, title_ids(papers), idf_of(papers))

    def lacking(self, questions: Iterable[Question]) -> list[str]:
        """Return what is missing, one line each: gold titles that no paper has."""
        return [
            f"{question.id}: no paper has the title {shorten(title)!r}"
            for question in questions
            for title in question.gold_titles
            if title_key(title) not in self.ids
        ]

    def mark(self, question: Question, reply: Reply) -> Marked:
        """Score one answer."""
        gold = gold_of(question, self.ids)
        return Marked(question, reply, measure(question, reply, gold, self.ids.keys(), idf=self.idf))

    def read(self, answer: Mapping[str, Any]) -> Reply:
        """Read the JSON form of an answer; raises QuestionsError when it cites a paper that is not here."""
        return Reply.from_dict(answer, self.papers)

    def row(self, marked: Marked, given: Given) -> Row:
        """Return the row of a question in `run.json`."""
        question, scored = marked.question, marked.scored
        keys = {"paper_id", "title", "score"}
        evidence = given.answer["evidence"]
        return Row(
            id=question.id,
            split=question.split,
            category=question.category,
            answerable=question.answerable,
            cluster_id=question.cluster_id,
            variant=question.variant,
            variant_of=question.variant_of,
            question=question.question,
            history=question.messages,
            reference=question.reference,
            gold=[list(group) for group in question.gold],
            answer=given.answer,
            retrieved=[{key: piece[key] for key in piece if key in keys} for piece in evidence],
            scores={name: value_of(part) for name, part in scored.parts.items()},
            outcome=scored.outcome.value,
            why=self._why(marked, str(given.answer.get("reason") or "no reason given")),
            latency_ms=given.latency_ms,
        )

    def _why(self, marked: Marked, reason: str) -> str:
        """Say in one line what decided the outcome."""
        question, reply, became = marked.question, marked.reply, marked.scored.outcome
        if not question.answerable:
            return "abstained, as it should" if reply.abstained else "answered, although the papers do not say it"
        if reply.abstained:
            return f"abstained: {shorten(reason, 120)}"
        told = f"{_share(marked)}; {self._cited(marked)}"
        if became is Outcome.WRONG and (fault := _fault(marked.scored)):
            return f"{fault}; {told}"
        return told

    def _cited(self, marked: Marked) -> str:
        gold = gold_of(marked.question, self.ids).ids
        if not gold.isdisjoint(marked.reply.cited_ids):
            return "a gold paper is cited"
        rank = next((rank for rank, paper in enumerate(marked.reply.retrieved, start=1) if paper in gold), None)
        return f"no gold paper is cited ({f'found at rank {rank}' if rank else 'none was found'})"


def _share(marked: Marked) -> str:
    vital = marked.question.vital
    missed = [nugget for nugget in vital if nugget.id in marked.scored.missed]
    held = f"{len(vital) - len(missed)} of {len(vital)} vital facts"
    return held + (f", without {'; '.join(map(_named, missed))}" if missed else "")


def _named(nugget: Nugget) -> str:
    """Say what a nugget asks for: its first wording, its value and unit, or, for a pattern, its id."""
    if nugget.type == "number":
        return " ".join([f"{nugget.value:g}", *nugget.unit[:1]])
    return shorten(repr((nugget.any_of or nugget.all_of or (nugget.id,))[0]), 40)


def _fault(scored: Scored) -> str:
    """Name the first fault that makes any answer wrong."""
    if scored.forbidden:
        return f"holds the wrong value {shorten(scored.forbidden[0])!r}"
    if scored.fabricated:
        return f"cites {shorten(scored.fabricated[0])!r}, which is not there"
    return f"its source lacks a number of {shorten(scored.failed[0])!r}" if scored.failed else ""


def value_of(part: Part) -> float | None:
    """Return the metric of one question alone, rounded; None where it does not apply."""
    return round(part[0] / part[1], 6) if part[1] else None


def idf_of(papers: Iterable[Paper]) -> Callable[[str], float]:
    """Return how telling a stem is among papers: ln(1 + (n - df + .5) / (df + .5)), as the search weighs it.

    Robertson and Zaragoza 2009. It is counted here, from what is stored, so that a stored run can be scored again.
    """
    found = [frozenset(terms(f"{paper.title} {paper.abstract}")) for paper in papers]
    frequency = Counter(stem for stems in found for stem in stems)
    return lambda stem: math.log1p((len(found) - frequency[stem] + 0.5) / (frequency[stem] + 0.5))
