"""How sure a figure is: intervals and comparisons of runs by cluster; what the figures mean is left to the measures.

Every figure is a ratio of sums: each question gives a numerator and a denominator (`answers.Part`), and a plain mean is
the case where each denominator is 1. Questions of one cluster (a paper, its paraphrases and follow-ups) are not
independent, so clusters are drawn, never questions.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESAMPLES", "Difference", "Estimate", "bootstrap", "compare", "holm"]

RESAMPLES = 10_000
EXACT_CLUSTERS = 13
"""Clusters up to which every one of the 2^n sign patterns is tried: no more than `RESAMPLES` of them."""
CHUNK = 1_000
Parts = Sequence[tuple[float, float]]
Sums = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its percentile interval; `n` counts the questions it rests on, `clusters` their clusters."""

    value: float
    low: float
    high: float
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Difference:
    """New minus base with its percentile interval, and the two-sided p of the sign-flip test."""

    value: float
    low: float
    high: float
    p: float
    n: int
    clusters: int


def bootstrap(
    parts: Parts,
    clusters: Sequence[Hashable],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Estimate | None:
    """Return a rate with its cluster percentile bootstrap interval; None when no question counts.

    Clusters are drawn with replacement, as many as there are, each with all its questions; the interval is between the
    (1 - level) / 2 and (1 + level) / 2 quantiles of the rates drawn (Efron and Tibshirani 1993, chapter 13; Field and
    Welsh 2007 for clusters). Draws in which no question counts are left out.
    """
    counted = _counted(parts)
    if not counted.any():
        return None
    sums = _sums(parts, clusters, counted)
    drawn = np.concatenate([_ratio(counts @ sums) for counts in _draws(len(sums), resamples, seed)])
    low, high = _interval(drawn, level)
    return Estimate(float(_ratio(sums.sum(axis=0))), low, high, int(counted.sum()), len(sums))


def compare(
    base: Parts,
    new: Parts,
    clusters: Sequence[Hashable],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Difference | None:
    """Compare two runs over the same questions; None when no question counts in one of them.

    p is that of the paired cluster sign-flip test: under the null hypothesis the two runs could change places in any
    cluster, which for means flips the sign of its difference (Fisher 1935; Noreen 1989 for ratios; Canay, Romano and
    Shaikh 2017 for clusters). Up to 13 clusters every pattern is tried; above, p is (1 + as far off) / (1 + resamples)
    (Phipson and Smyth 2010). The interval is the paired cluster bootstrap of the difference.
    """
    counted = _counted(base) | _counted(new)
    if not _counted(base).any() or not _counted(new).any():
        return None
    old, now = _sums(base, clusters, counted), _sums(new, clusters, counted)
    value = float(_ratio(now.sum(axis=0)) - _ratio(old.sum(axis=0)))
    draws = _draws(len(old), resamples, seed)
    drawn = np.concatenate([_ratio(counts @ now) - _ratio(counts @ old) for counts in draws])
    low, high = _interval(drawn, level)
    return Difference(value, low, high, _sign_flip(old, now, resamples, seed), int(counted.sum()), len(old))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted for being several, in the same order (Holm 1979).

    The i-th smallest of m is multiplied by m - i + 1, may not fall below the one before it, and is at most 1.
    """
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[name]))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}


def _counted(parts: Parts) -> NDArray[np.bool_]:
    """Return which questions count: those with a denominator."""
    return np.array([denominator > 0 for _, denominator in parts], dtype=bool)


def _sums(parts: Parts, clusters: Sequence[Hashable], counted: NDArray[np.bool_]) -> Sums:
    """Return the sums by cluster, of shape (clusters, 2), of the questions that count; in order of appearance."""
    if len(parts) != len(clusters) or len(parts) != len(counted):
        raise ValueError(f"{len(parts)} questions but {len(clusters)} clusters and {len(counted)} flags: give one each")
    kept = [(part, cluster) for part, cluster, flag in zip(parts, clusters, counted, strict=True) if flag]
    places = {cluster: place for place, cluster in enumerate(dict.fromkeys(cluster for _, cluster in kept))}
    sums = np.zeros((len(places), 2))
    np.add.at(sums, [places[cluster] for _, cluster in kept], [part for part, _ in kept])
    return sums


def _ratio(sums: Sums) -> Sums:
    """Return numerators over denominators along the last axis; NaN for 0 / 0."""
    above, below = sums[..., 0], sums[..., 1]
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0))


def _draws(clusters: int, resamples: int, seed: int) -> Iterator[Sums]:
    """Yield how often each cluster was drawn, in chunks of shape (draws, clusters)."""
    random = np.random.default_rng(seed)
    for first in range(0, resamples, CHUNK):
        size = min(CHUNK, resamples - first)
        yield random.multinomial(clusters, np.full(clusters, 1.0 / clusters), size=size).astype(np.float64)


def _interval(drawn: Sums, level: float) -> tuple[float, float]:
    kept = drawn[~np.isnan(drawn)]
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _sign_flip(old: Sums, now: Sums, resamples: int, seed: int) -> float:
    """Return the two-sided p of the difference of two ratios when runs change places cluster by cluster."""
    centre, half = (now + old).sum(axis=0) / 2, (now - old) / 2
    observed = abs(_ratio(now.sum(axis=0)) - _ratio(old.sum(axis=0)))
    exact = len(old) <= EXACT_CLUSTERS
    tried = far = 0
    for signs in _patterns(len(old)) if exact else _random_signs(len(old), resamples, seed):
        moved = signs @ half
        difference = _ratio(centre + moved) - _ratio(centre - moved)
        # a pattern that leaves one run without a denominator says nothing against the null: it counts as far
        far += int((~(np.abs(difference) < observed - 1e-12)).sum())
        tried += len(signs)
    return far / tried if exact else (1 + far) / (1 + tried)


def _patterns(clusters: int) -> Iterator[Sums]:
    """Yield every pattern of signs, of shape (2^clusters, clusters)."""
    codes = np.arange(2**clusters)[:, None] >> np.arange(clusters)
    yield np.where(codes & 1, -1.0, 1.0)


def _random_signs(clusters: int, resamples: int, seed: int) -> Iterator[Sums]:
    random = np.random.default_rng(seed)
    for first in range(0, resamples, CHUNK):
        yield np.where(random.integers(0, 2, size=(min(CHUNK, resamples - first), clusters)), -1.0, 1.0)
