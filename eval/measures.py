"""Every measure of one answer at once, by name; what each one is, is left to the files that it imports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.support import Idf

from . import answers, citations, retrieval
from .answers import Outcome, Part
from .citations import Support
from .matching import body, forbidden, head, holds
from .questions import Gold, Question
from .reply import Reply

__all__ = ["METRICS", "Metric", "Scored", "measure", "rate"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure: its name in reports and gates, which way is better, and what it is in a few words."""

    name: str
    better: Literal["higher", "lower", "neither"]
    what: str


METRICS: tuple[Metric, ...] = (
    Metric("headline", "higher", "points per question, -1..1 (CRAG)"),
    Metric("headline_uncredited", "higher", "the same, with 0 for abstaining on the unanswerable"),
    Metric("recall_at_1", "higher", "gold groups among the first 1"),
    Metric("recall_at_5", "higher", "gold groups among the first 5"),
    Metric("recall_at_10", "higher", "gold groups among the first 10"),
    Metric("recall_at_100", "higher", "gold groups among the first 100"),
    Metric("mrr_at_10", "higher", "1 / rank of the first gold paper"),
    Metric("ndcg_at_10", "higher", "discounted gain over the ideal one"),
    Metric("citation_precision", "higher", "cited papers that are gold"),
    Metric("citation_recall", "higher", "gold groups that are cited; 0 for an abstention"),
    Metric("citation_f1", "higher", "harmonic mean of both; 0 for an abstention"),
    Metric("support_recall", "higher", "claim sentences that their citations support (ALCE recall)"),
    Metric("support_precision", "higher", "citations that their sentence needs (ALCE precision)"),
    Metric("fabricated_citation_rate", "lower", "answers that cite what is not there"),
    Metric("failed_number_rate", "lower", "answers with a number that the cited text does not hold"),
    Metric("forbidden_value_rate", "lower", "answers with a known wrong value"),
    Metric("nugget_recall_vital", "higher", "vital facts stated; 0 for an abstention"),
    Metric("nugget_recall_okay", "higher", "further facts stated; 0 for an abstention"),
    Metric("abstention_precision", "higher", "abstentions that were due"),
    Metric("abstention_recall", "higher", "unanswerable questions abstained on"),
    Metric("abstention_f1", "higher", "harmonic mean of both"),
    Metric("over_refusal", "lower", "answerable questions abstained on"),
    Metric("refusal_near_miss", "higher", "near misses abstained on"),
    Metric("refusal_out_of_domain", "higher", "questions out of domain abstained on"),
    Metric("words", "neither", "words of an answer's body"),
    Metric("sentence_density", "higher", "sentences of an answer that state a fact asked for"),
)
"""Every metric that `measure` gives, in the order of reports."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One question scored: what became of it, its part in every metric, and what to show of it.

    `body` is the text that nuggets were looked for in.
    """

    outcome: Outcome
    parts: Mapping[str, Part]
    body: str
    missed: tuple[str, ...]
    forbidden: tuple[str, ...]
    fabricated: tuple[str, ...]
    failed: tuple[str, ...]
    checked: tuple[Support, ...]


def measure(
    question: Question, reply: Reply, gold: Gold, known: Collection[str], *, idf: Idf | None = None, depth: int = 10
) -> Scored:
    """Score one answer by every metric.

    `gold` is `gold_of(question, ids)`, `known` the `title_key` of every paper of the library, `idf` its weights of
    words, `depth` how many results were asked for: recall is left out past it. A metric that does not apply to the
    question adds (0, 0).
    """
    said = "" if reply.abstained else body(reply.text, question=question.question, titles=reply.titles)
    read = head(said)
    checked = citations.supports(reply.claims, question=reply.asked, idf=idf)
    faults = (forbidden(question.forbid, said), _made_up(reply, known), citations.failed_values(checked))
    became = answers.outcome(
        category=question.category,
        answerable=question.answerable,
        abstained=reply.abstained,
        vital=answers.nugget_recall(question.vital, read),
        grounded=not any(faults),
        gold_cited=not gold.ids.isdisjoint(reply.cited_ids),
    )
    parts = {
        **_verdict(question, reply, became),
        **_ranking(reply, gold, depth),
        **_citing(reply, gold, checked),
        **_saying(question, reply, said),
        **{
            f"{name}_rate": (float(bool(found)), float(not reply.abstained))
            for name, found in zip(RATES, faults, strict=True)
        },
    }
    missed = tuple(nugget.id for nugget in question.nuggets if not holds(nugget, read))
    return Scored(became, {metric.name: parts[metric.name] for metric in METRICS}, read, missed, *faults, checked)


RATES = ("forbidden_value", "fabricated_citation", "failed_number")
"""The rates of answers with a fault, in the order of the faults of `Scored`."""


def _made_up(reply: Reply, known: Collection[str]) -> tuple[str, ...]:
    """Return what an answer cites and is not there."""
    if reply.abstained:
        return ()
    context = " ".join([reply.asked, *(f"{paper.title} {paper.abstract}" for paper in reply.cited)])
    return citations.fabricated(reply.text, cited=reply.titles, numbers=reply.numbers, known=known, context=context)


def _mean(value: float | None) -> Part:
    """Return the part of a question in a plain mean: nothing when the measure does not apply."""
    return (0.0, 0.0) if value is None else (value, 1.0)


def _verdict(question: Question, reply: Reply, became: Outcome) -> dict[str, Part]:
    flags = {"answerable": question.answerable, "abstained": reply.abstained}
    return {
        "headline": (answers.points(became, answerable=question.answerable), 1.0),
        "headline_uncredited": (
            answers.points(became, answerable=question.answerable, credit_abstention=False), 1.0,
        ),
        "abstention_precision": answers.abstention_precision(**flags),
        "abstention_recall": answers.abstention_recall(**flags),
        "abstention_f1": answers.abstention_f1(**flags),
        "over_refusal": answers.over_refusal(**flags),
        "refusal_near_miss": answers.refusal_rate("near_miss", category=question.category, **flags),
        "refusal_out_of_domain": answers.refusal_rate("out_of_domain", category=question.category, **flags),
    }  # fmt: skip


def _ranking(reply: Reply, gold: Gold, depth: int) -> dict[str, Part]:
    judged = retrieval.judge_groups(reply.retrieved, gold.groups)
    found = {f"recall_at_{k}": _mean(retrieval.recall(judged, k) if k <= depth else None) for k in (1, 5, 10, 100)}
    return found | {
        "mrr_at_10": _mean(retrieval.reciprocal_rank(judged, 10) if depth >= 10 else None),
        "ndcg_at_10": _mean(retrieval.ndcg(judged, 10) if depth >= 10 else None),
    }


def _citing(reply: Reply, gold: Gold, checked: Sequence[Support]) -> dict[str, Part]:
    cited = reply.cited_ids
    precision = citations.citation_precision(cited, gold.groups, gold.neutral) if gold.groups else None
    return {
        "citation_precision": _mean(precision),
        "citation_recall": _mean(citations.citation_recall(cited, gold.groups)),
        "citation_f1": _mean(citations.citation_f1(cited, gold.groups, gold.neutral)),
        "support_recall": _mean(citations.support_recall(checked)),
        "support_precision": _mean(citations.support_precision(checked)),
    }


def _saying(question: Question, reply: Reply, said: str) -> dict[str, Part]:
    density = answers.sentence_density(question.nuggets, said)
    return {
        "nugget_recall_vital": _mean(answers.nugget_recall(question.vital, head(said))),
        "nugget_recall_okay": _mean(answers.nugget_recall(question.okay, head(said))),
        "words": _mean(None if reply.abstained else float(len(said.split()))),
        "sentence_density": _mean(None if reply.abstained else density),
    }


def rate(parts: Iterable[Part]) -> float | None:
    """Return the metric of a set of questions: the sum of numerators over that of denominators; None for 0 / 0."""
    rows = list(parts)
    below = sum(denominator for _, denominator in rows)
    return sum(numerator for numerator, _ in rows) / below if below else None
