"""How well a ranking finds the gold papers; searching is left to `rag`, and intervals to `stats.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Judged", "judge_grades", "judge_groups", "ndcg", "recall", "reciprocal_rank"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A ranking seen as gains.

    `gains` holds the gain at each rank from 1 on, `ideal` every gain that could be had, largest first. Every measure of
    this file is a function of these two.
    """

    gains: tuple[float, ...]
    ideal: tuple[float, ...]


def judge_groups(ranked: Iterable[str], groups: Sequence[frozenset[str]]) -> Judged:
    """Judge a ranking of paper ids by gold that is an AND of OR-groups.

    Each group is one relevant thing, worth 1: the first of its papers in the ranking gains it, and its further papers
    gain nothing and take up a place, as a duplicate would. With one paper a group this is plain binary relevance. A
    paper that comes again is left out (best passage per paper). A group that is empty can never be gained.
    """
    met: set[int] = set()
    gains = []
    for paper in dict.fromkeys(ranked):
        new = next((place for place, group in enumerate(groups) if place not in met and paper in group), None)
        gains.append(0.0 if new is None else 1.0)
        met.update(() if new is None else (new,))
    return Judged(tuple(gains), (1.0,) * len(groups))


def judge_grades(ranked: Iterable[str], grades: Mapping[str, int]) -> Judged:
    """Judge a ranking of document ids by graded relevance; a grade of 0 or less is not relevant (trec_eval)."""
    gains = tuple(float(max(0, grades.get(document, 0))) for document in dict.fromkeys(ranked))
    return Judged(gains, tuple(sorted((float(grade) for grade in grades.values() if grade > 0), reverse=True)))


def recall(judged: Judged, k: int) -> float | None:
    """Recall@k: the share of all that is relevant which the first k hold; an empty ranking has 0.

    None when nothing is relevant: such a question is left out. trec_eval `recall`, ir-measures `R@k`.
    """
    if not judged.ideal:
        return None
    return sum(gain > 0 for gain in judged.gains[:k]) / len(judged.ideal)


def reciprocal_rank(judged: Judged, k: int) -> float | None:
    """MRR@k of one question: 1 / rank of the first relevant result, 0 when there is none among the first k.

    None when nothing is relevant. Kantor and Voorhees, TREC-5 (1996); ir-measures `RR@k`.
    """
    if not judged.ideal:
        return None
    return next((1.0 / rank for rank, gain in enumerate(judged.gains[:k], start=1) if gain > 0), 0.0)


def ndcg(judged: Judged, k: int) -> float | None:
    """nDCG@k: the discounted gain of the first k over that of the best possible ranking, 0..1.

    The gain is linear (the grade itself, as in trec_eval `ndcg_cut`), the discount log2(rank + 1), and the ideal is
    taken over all that is relevant, found or not. None when nothing is relevant. Järvelin and Kekäläinen, TOIS 2002.
    """
    if not judged.ideal:
        return None
    return _discounted(judged.gains[:k]) / _discounted(judged.ideal[:k])


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
