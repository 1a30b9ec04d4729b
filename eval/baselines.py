"""What easy ways of answering would score, as answers; how well ours does beside them is left to the report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from rag.model import Paper
from rag.text import sentences, terms

from .aggregate import figures
from .citations import Claim
from .marking import Desk, Marked
from .questions import gold_of
from .record import Figure
from .reply import Reply
from .schema import Question
from .stats import RESAMPLES

__all__ = ["BASELINES", "Bm25", "abstaining", "always_abstain", "measured", "oracle", "shuffled"]

K1, B = 1.2, 0.75
SHOWN = ("headline", "headline_uncredited", "nugget_recall_vital", "recall_at_1")
Baseline = Callable[[Sequence[Question], Desk], list[Reply]]


class Bm25:
    """BM25 over some texts, and nothing else: no synonyms, no vectors, no feedback.

    Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75, with the IDF that is never negative.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        found = [terms(text) for text in texts]
        mean = sum(map(len, found)) / max(1, len(found))
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for place, stems in enumerate(found):
            norm = K1 * (1 - B + B * len(stems) / max(1.0, mean))
            for stem, count in Counter(stems).items():
                self._postings.setdefault(stem, []).append((place, count * (K1 + 1) / (count + norm)))
        self._number = len(found)

    def best(self, question: str) -> int | None:
        """Return the place of the best text, the first of equals; None when no text shares a word with the question."""
        scores: Counter[int] = Counter()
        for stem in dict.fromkeys(terms(question)):
            posting = self._postings.get(stem, [])
            idf = math.log1p((self._number - len(posting) + 0.5) / (len(posting) + 0.5))
            for place, weight in posting:
                scores[place] += idf * weight  # type: ignore[assignment]
        return min(scores, key=lambda place: (-scores[place], place), default=None)


def _reply(question: Question, text: str, claims: Sequence[str], cited: Sequence[Paper]) -> Reply:
    """Return an answer whose every claim cites the same papers."""
    return Reply(
        text=text,
        abstained=False,
        asked=question.question,
        retrieved=tuple(paper.id for paper in cited),
        claims=tuple(Claim(claim, tuple(cited)) for claim in claims),
        cited=tuple(cited),
        numbers=frozenset(range(1, len(cited) + 1)),
    )


def abstaining(question: Question) -> Reply:
    """Return a refusal to answer."""
    return Reply("", True, question.question, (), (), (), frozenset())


def always_abstain(questions: Sequence[Question], _desk: Desk) -> list[Reply]:
    """Refuse everything: the headline is then the share of unanswerable questions."""
    return [abstaining(question) for question in questions]


def top_sentence(questions: Sequence[Question], desk: Desk) -> list[Reply]:
    """Answer with the sentence that BM25 ranks first among all, and cite its paper."""
    found = [(text, paper) for paper in desk.papers.values() for text in _sentences(paper)]
    index = Bm25([text for text, _ in found])
    replies = []
    for question in questions:
        place = index.best(question.question)
        text, paper = found[place] if place is not None else ("", None)
        replies.append(_reply(question, text, [text], [paper]) if paper else abstaining(question))
    return replies


def whole_abstract(questions: Sequence[Question], desk: Desk) -> list[Reply]:
    """Answer with all of the abstract whose paper BM25 ranks first."""
    papers = list(desk.papers.values())
    index = Bm25([f"{paper.title} {paper.abstract}" for paper in papers])
    replies = []
    for question in questions:
        place = index.best(question.question)
        paper = papers[place] if place is not None else None
        dump = _reply(question, paper.abstract, list(_sentences(paper)), [paper]) if paper else abstaining(question)
        replies.append(dump)
    return replies


def oracle(questions: Sequence[Question], desk: Desk) -> list[Reply]:
    """Answer with the reference, cite all gold papers, and abstain where that is due: what can be had."""
    return [_known(question, question, desk) for question in questions]


def shuffled(questions: Sequence[Question], desk: Desk, seed: int = 0) -> list[Reply]:
    """Answer each question as the oracle answers another one: right style, wrong place."""
    order = Random(seed).sample(range(len(questions)), len(questions))
    other = {place: order[at - 1] for at, place in enumerate(order)}
    return [_known(question, questions[other[place]], desk) for place, question in enumerate(questions)]


def _known(question: Question, source: Question, desk: Desk) -> Reply:
    if not source.answerable:
        return abstaining(question)
    ids = gold_of(source, desk.ids).groups
    papers = [desk.papers[paper] for group in ids for paper in sorted(group)]
    claims = [source.reference[start:end] for start, end in sentences(source.reference)]
    return _reply(question, source.reference, claims, papers)


def _sentences(paper: Paper) -> Iterator[str]:
    for start, end in sentences(paper.abstract):
        yield paper.abstract[start:end]


BASELINES: Mapping[str, Baseline] = {
    "always_abstain": always_abstain,
    "top_sentence": top_sentence,
    "whole_abstract": whole_abstract,
    "oracle": oracle,
}


def measured(
    questions: Sequence[Question], desk: Desk, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, dict[str, Figure]]:
    """Return the figures of every baseline over these questions, by metric."""
    found = {}
    for name, answer in BASELINES.items():
        marked: list[Marked] = [
            desk.mark(question, reply) for question, reply in zip(questions, answer(questions, desk), strict=True)
        ]
        found[name] = figures(marked, SHOWN, seed=seed, resamples=resamples)
    return found
