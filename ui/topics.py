"""Places papers on a plane by what they are about, in named topics; pure, drawing is left to `topic_plot.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.model import Paper

from .topic_names import topic_names

__all__ = ["MOST_TOPICS", "Topic", "TopicMap", "topic_map"]

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]

MOST_TOPICS = 10
"""As many as there are colours that an eye tells apart."""
DIMENSIONS = 50
"""Principal components that are kept: what lies in further ones is more noise than topic."""
NEIGHBOURS = 12
STRANGERS = 12
"""Papers drawn at random that each paper is pushed away from in one step."""
PUSH = 5.0
"""How much strangers count beside neighbours: UMAP's share of negative samples."""
ACROSS = 0.3
"""What a tie between two topics counts beside one within: papers of one colour lie together."""
STEPS = 300
LONGEST_STEP = 4.0
HALF_NAME, NAME_HEIGHT = 0.1, 0.14
"""The room that a name takes on the map."""
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Topic:
    """A group of papers: its most distinctive words (best first), how many papers, and where its name would stand."""

    words: tuple[str, ...]
    size: int
    label: tuple[float, float]

    @property
    def name(self) -> str:
        """The words, as one line."""
        return " · ".join(self.words)


@dataclass(frozen=True, slots=True)
class TopicMap:
    """Papers by id, each with its place (both numbers in -1..1) and the index of its topic; topics, largest first."""

    ids: tuple[str, ...] = ()
    places: tuple[tuple[float, float], ...] = ()
    topic_of: tuple[int, ...] = ()
    topics: tuple[Topic, ...] = ()


def topic_map(papers: Sequence[Paper], vectors: NDArray[np.floating], *, seed: int = 0) -> TopicMap:
    """Return the map of papers whose vectors are the rows of an array of shape (len(papers), d).

    The same papers and seed always give the same map. Raises ValueError when there is not one row for each paper.
    """
    if vectors.ndim != 2 or len(vectors) != len(papers):
        raise ValueError(f"{len(papers)} papers need as many rows of vectors, not an array of shape {vectors.shape}")
    if not papers:
        return TopicMap()
    rows = _components(np.asarray(vectors, dtype=np.float32))
    labels = _by_size(_clusters(rows, _how_many(len(papers))))
    places = _fitted(_layout(rows, labels, np.random.default_rng(seed)))
    named = enumerate(topic_names(papers, labels.tolist()))
    return TopicMap(
        tuple(paper.id for paper in papers),
        tuple((float(x), float(y)) for x, y in places),
        tuple(labels.tolist()),
        tuple(Topic(words, int((labels == own).sum()), _heading(places[labels == own])) for own, words in named),
    )


# Vectors


def _components(vectors: Matrix) -> Matrix:
    """Return the vectors in their first principal components, shape (n, 50 or less), each row of length 1 or 0."""
    centred = vectors - vectors.mean(axis=0)
    strengths, axes = np.linalg.eigh(centred.T @ centred)
    kept = axes[:, strengths > 1e-5 * max(float(strengths[-1]), 1e-5)][:, ::-1][:, :DIMENSIONS]
    # an axis may point either way: the way of its largest part is as good as any, and always the same
    largest = np.take_along_axis(kept, np.abs(kept).argmax(axis=0)[None, :], axis=0)
    return _unit(centred @ (kept * np.where(largest < 0, -1.0, 1.0).astype(np.float32)))


def _unit(rows: Matrix) -> Matrix:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


# Topics


def _how_many(papers: int) -> int:
    """Return a number of topics: 1 up to 8 papers, 6 for 150, 10 from 361 on."""
    return max(1, min(MOST_TOPICS, round(math.sqrt(papers / 4))))


def _clusters(rows: Matrix, count: int) -> Labels:
    """Return a label for each row: spherical k-means from the groups of `_split`.

    Nothing is drawn at random: a library of 796 papers keeps nine tenths of its pairs of one topic when a paper comes
    or goes; from random seeds (k-means++, the best of 60) half of them, for topics that are no tighter.
    """
    groups = _split(rows, count)
    near = rows @ _centres(rows, groups).T
    labels = groups
    for _ in range(ROUNDS):
        before, labels = labels, near.argmax(axis=1).astype(np.int64)
        if (before == labels).all():
            break
        near = rows @ _centres(rows, labels, near.shape[1]).T
    return labels


def _split(rows: Matrix, count: int) -> Labels:
    """Return up to `count` groups: the widest is cut in two along its first principal direction (PDDP, Boley 1998)."""
    groups = np.zeros(len(rows), dtype=np.int64)
    widths = [_width(rows)]
    while len(widths) < count and max(widths) > 1e-6:
        widest = widths.index(max(widths))
        own = np.flatnonzero(groups == widest)
        centred = rows[own] - rows[own].mean(axis=0)
        along = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
        groups[own[along > 0]] = len(widths)
        widths[widest] = _width(rows[own[along <= 0]])
        widths.append(_width(rows[own[along > 0]]))
    return groups


def _width(rows: Matrix) -> float:
    return float(((rows - rows.mean(axis=0)) ** 2).sum()) if len(rows) else 0.0


def _centres(rows: Matrix, labels: Labels, count: int | None = None) -> Matrix:
    """Return the directions of groups, one a row; that of a group without rows is 0."""
    groups = int(labels.max()) + 1 if count is None else count
    return _unit(np.stack([rows[labels == own].sum(axis=0) for own in range(groups)]))


def _by_size(labels: Labels) -> Labels:
    """Return labels numbered anew: the largest group is 0, and no number is without a group."""
    values, counts = np.unique(labels, return_counts=True)
    numbers = np.empty(len(values), dtype=np.int64)
    numbers[np.lexsort((values, -counts))] = np.arange(len(values))
    return numbers[np.searchsorted(values, labels)]


# Places


def _layout(rows: Matrix, labels: Labels, random: np.random.Generator) -> Matrix:
    """Return places, shape (n, 2): from the first two components on, neighbours attract and strangers repel.

    The forces are those of UMAP (McInnes, Healy and Melville 2018, section 3.2, with a = b = 1), of all neighbours at
    once and of random strangers. On 796 abstracts, papers keep 27 % of their ten nearest; by components alone, 7 %.
    """
    x, y = np.zeros((2, len(rows)), dtype=np.float32)
    for axis, place in enumerate((x, y)[: rows.shape[1]]):
        place += rows[:, axis] * (5.0 / max(float(rows[:, :2].std()), 1e-6))
    count = min(NEIGHBOURS, len(rows) - 1)
    if count < 2:
        return np.stack([x, y], axis=1)
    heads, tails, ties = _ties(rows, labels, count)
    starts = np.searchsorted(heads, np.arange(len(rows)))
    held = np.add.reduceat(ties, starts)
    for step in range(STEPS):
        across, down = x[tails] - x[heads], y[tails] - y[heads]
        pull = 2.0 * ties / (1.0 + across**2 + down**2)
        others = random.integers(len(rows), size=(STRANGERS, len(rows)))
        away_x, away_y = x - x[others], y - y[others]
        square = away_x**2 + away_y**2
        push = 2.0 / ((0.001 + square) * (1.0 + square))
        pace = np.float32(1.0 - step / STEPS)
        x += pace * (np.add.reduceat(pull * across, starts) / held + _push(push * away_x))
        y += pace * (np.add.reduceat(pull * down, starts) / held + _push(push * away_y))
    return np.stack([x, y], axis=1)


def _push(steps: Matrix) -> Matrix:
    mean: Matrix = PUSH * np.clip(steps, -LONGEST_STEP, LONGEST_STEP).mean(axis=0)
    return mean


def _ties(rows: Matrix, labels: Labels, count: int) -> tuple[Labels, Labels, Matrix]:
    """Return who is tied to whom, both ways and sorted by the first: two arrays of indices, and one of weights 0..1.

    A weight falls with the distance beyond that of the nearest neighbour (UMAP, section 3.1, without its search for
    the scale); it is less where the two are of different topics.
    """
    near = np.empty((len(rows), count), dtype=np.int64)
    distance = np.empty((len(rows), count), dtype=np.float32)
    for first in range(0, len(rows), 1000):
        alike = rows[first : first + 1000] @ rows.T
        alike[np.arange(len(alike)), np.arange(first, first + len(alike))] = -2.0
        block = slice(first, first + len(alike))
        near[block] = np.argsort(-alike, axis=1, kind="stable")[:, :count]
        distance[block] = 1.0 - np.take_along_axis(alike, near[block], axis=1)
    beyond = distance - distance[:, :1]
    weights = np.exp(-beyond / (beyond.mean(axis=1, keepdims=True) + 1e-6)).ravel()
    one, other = np.repeat(np.arange(len(rows)), count), near.ravel()
    weights = weights * np.where(labels[one] == labels[other], 1.0, ACROSS).astype(np.float32)
    pairs, where = np.unique(np.concatenate([one * len(rows) + other, other * len(rows) + one]), return_inverse=True)
    missed = np.ones(len(pairs), dtype=np.float32)
    np.multiply.at(missed, where, 1.0 - np.concatenate([weights, weights]))  # there is no tie where both ways lack it
    return pairs // len(rows), pairs % len(rows), 1.0 - missed


def _fitted(places: Matrix) -> Matrix:
    """Return places moved and scaled into -1..1, each direction by itself: a picture is wider than it is high."""
    low, high = places.min(axis=0), places.max(axis=0)
    scaled: Matrix = np.clip((places - (low + high) / 2) / np.maximum((high - low) / 2, 1e-6), -1.0, 1.0)
    return scaled


def _heading(places: Matrix) -> tuple[float, float]:
    """Return where a group's name stands: in the middle, over most of its papers, and over those that it would hide."""
    across, height = float(np.median(places[:, 0])), float(np.quantile(places[:, 1], 0.8))
    for hidden in np.sort(places[np.abs(places[:, 0] - across) < HALF_NAME, 1]):
        if height < hidden < height + NAME_HEIGHT:
            height = float(hidden)
    return across, height
