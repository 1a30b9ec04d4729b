"""Figures of many scored questions: by split, by category, and counted; one question is scored in `marking.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from .answers import Outcome, Part
from .marking import Marked
from .measures import METRICS
from .record import SPLITS, Figure, Totals
from .schema import CATEGORIES
from .stats import RESAMPLES, bootstrap

__all__ = ["BY_CATEGORY", "aggregates", "by_category", "figure", "figures", "of_split", "plain", "totals"]

BY_CATEGORY = (
    "headline", "recall_at_1", "recall_at_10", "citation_f1", "nugget_recall_vital", "over_refusal",
    "abstention_recall",
)  # fmt: skip
"""The metrics that are told by category; a category is too small for the others to say anything."""


def figure(
    parts: Sequence[Part], clusters: Sequence[str], *, seed: int = 0, resamples: int = RESAMPLES
) -> Figure | None:
    """Return a rate with its interval, rounded to six digits; None when no question counts."""
    found = bootstrap(parts, clusters, seed=seed, resamples=resamples)
    if found is None:
        return None
    return Figure(round(found.value, 6), round(found.low, 6), round(found.high, 6), found.n)


def figures(
    marked: Sequence[Marked], names: Iterable[str], *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, Figure]:
    """Return the metrics of these names over questions; one that applies to none of them is left out."""
    clusters = [one.question.cluster_id for one in marked]
    found = {
        name: figure([one.scored.parts[name] for one in marked], clusters, seed=seed, resamples=resamples)
        for name in names
    }
    return {name: one for name, one in found.items() if one is not None}


def plain(marked: Sequence[Marked]) -> list[Marked]:
    """Return the base questions, which all figures rest on; variants are compared with them in the slices.

    When there are only variants, as after --ids, these are returned.
    """
    return [one for one in marked if one.question.variant is None] or list(marked)


def of_split(marked: Iterable[Marked], split: str) -> list[Marked]:
    """Return the questions of a split; every one is of "all"."""
    return [one for one in marked if split in ("all", one.question.split)]


def aggregates(marked: Sequence[Marked], *, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, dict[str, Figure]]:
    """Return every metric by split; a split without questions is left out."""
    names = [metric.name for metric in METRICS]
    parts = {split: of_split(marked, split) for split in SPLITS}
    return {split: figures(some, names, seed=seed, resamples=resamples) for split, some in parts.items() if some}


def by_category(
    marked: Sequence[Marked], *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, dict[str, dict[str, Figure]]]:
    """Return the metrics of BY_CATEGORY by split and category, in the order of CATEGORIES."""
    found: dict[str, dict[str, dict[str, Figure]]] = {}
    for split in SPLITS:
        for category in CATEGORIES:
            some = [one for one in of_split(marked, split) if one.question.category == category]
            if some:
                told = figures(some, BY_CATEGORY, seed=seed, resamples=resamples)
                found.setdefault(split, {})[category] = told
    return found


def totals(outcomes: Iterable[Outcome], seconds: float) -> Totals:
    """Count outcomes."""
    counts = Counter(outcomes)
    return Totals(
        counts[Outcome.CORRECT], counts[Outcome.PARTIAL], counts[Outcome.MISSING], counts[Outcome.WRONG],
        round(seconds, 3),
    )  # fmt: skip
