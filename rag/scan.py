"""Compare a question with every stored vector, first in a short form; where the vectors come from is left to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from .records import Where

__all__ = ["DIRECT", "Part", "Row", "Scan", "number_of", "principal_axes", "shortened"]

DIRECT = 8_000
"""Passages up to which every vector is compared whole: below that the short form saves nothing."""
KEPT = 0.85
"""The share of the vectors' squared length that the short form is to keep, so far as WIDEST lets it."""
STEP, WIDEST = 32, 256
"""Numbers of a short form: a multiple of the first, the second at most."""
RESCORED = 600
"""Passages that are compared in full: of 100,000 made-up ones, 99.9 % of the true ten nearest are among 400."""
SAMPLED = 50
"""One short score in so many is looked at to find the bar that about RESCORED of all of them clear."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one passage: its vector as stored half floats; `published` is 0 for a paper without a date."""

    key: str
    paper_id: str
    published: int
    vector: bytes
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are searched together: n passages, by columns.

    `keys` is all keys in UTF-8, one after the other, and `ends` where each ends, shape (n + 1,) with a leading 0.
    `papers` are `number_of` their papers, `published` their days, `codes` places in `sets`, each of shape (n,).
    `vectors` has the shape (n, d), `short` (n, m), the vectors along `axes`, shape (d, m); both have m = 0 where the
    vectors are compared whole. `alive` is None, or false where a later part knows better.
    """

    keys: NDArray[np.uint8]
    ends: NDArray[np.int64]
    papers: NDArray[np.uint64]
    published: NDArray[np.int32]
    codes: NDArray[np.int32]
    sets: tuple[frozenset[str], ...]
    vectors: NDArray[np.float16] | NDArray[np.float32]
    axes: NDArray[np.float32]
    short: NDArray[np.float32]
    alive: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Part:
        """Return rows, at least one, as a part whose vectors are compared whole."""
        codes: dict[frozenset[str], int] = {}
        coded = [codes.setdefault(row.sources, len(codes)) for row in rows]
        keys = [row.key.encode() for row in rows]
        flat = np.frombuffer(b"".join(row.vector for row in rows), dtype=np.float16)
        vectors = flat.reshape(len(rows), -1).astype(np.float32)
        return cls(
            keys=np.frombuffer(b"".join(keys), dtype=np.uint8),
            ends=np.cumsum([0, *map(len, keys)], dtype=np.int64),
            papers=np.array([number_of(row.paper_id) for row in rows], dtype=np.uint64),
            published=np.array([row.published for row in rows], dtype=np.int32),
            codes=np.array(coded, dtype=np.int32),
            sets=tuple(codes),
            vectors=vectors,
            axes=np.zeros((vectors.shape[1], 0), np.float32),
            short=np.zeros((len(rows), 0), np.float32),
        )

    def without(self, paper_ids: Sequence[str]) -> Part:
        """Return the part with these papers dead."""
        if not paper_ids:
            return self
        gone = np.isin(self.papers, np.array([number_of(one) for one in paper_ids], dtype=np.uint64))
        return replace(self, alive=~gone if self.alive is None else self.alive & ~gone)

    def nearest(self, asked: NDArray[np.float32], k: int, where: Where | None) -> list[tuple[str, float]]:
        """Return up to `k` (key, cosine) of the living passages that pass a filter, best first."""
        rows = self._allowed(where)
        if rows is not None and not len(rows):
            return []
        if self.axes.shape[1] and (rows is None or len(rows) > RESCORED):
            # rows picked out are copied: beyond an eighth, scoring all and looking at some is faster
            if rows is not None and len(rows) * 8 < len(self.papers):
                rows = rows[_best(self.short[rows] @ (asked @ self.axes), max(k, RESCORED))]
            else:
                scores = self.short @ (asked @ self.axes)
                best = _best(scores if rows is None else scores[rows], max(k, RESCORED))
                rows = best if rows is None else rows[best]
        vectors = self.vectors if rows is None else self.vectors[rows]
        scores = vectors.astype(np.float32, copy=False) @ asked
        first = np.argsort(-scores, kind="stable")[:k]
        return [(self._key(int(row if rows is None else rows[row])), float(scores[row])) for row in first]

    def _allowed(self, where: Where | None) -> NDArray[np.int64] | None:
        """Return the rows that may be found, in order; None for all."""
        mask = self.alive
        if where and where.sources is not None:
            named = set(where.sources)
            passing = np.array([not named.isdisjoint(one) for one in self.sets], dtype=np.bool_)[self.codes]
            mask = passing if mask is None else mask & passing
        if where and (where.first_year is not None or where.last_year is not None):
            first, last = (where.first_year or 0) * 10_000, (where.last_year or 9_999) * 10_000 + 9_999
            passing = (self.published >= max(first, 1)) & (self.published <= last)
            mask = passing if mask is None else mask & passing
        return None if mask is None else np.flatnonzero(mask)

    def _key(self, row: int) -> str:
        return self.keys[self.ends[row] : self.ends[row + 1]].tobytes().decode()


@dataclass(frozen=True, slots=True)
class Scan:
    """Every passage of a library as of a revision of its catalogue."""

    revision: int
    parts: tuple[Part, ...]

    def nearest(self, asked: NDArray[np.float32], k: int, where: Where | None = None) -> list[tuple[str, float]]:
        """Return up to `k` (key, cosine) of the passages nearest to a unit vector that pass a filter, best first."""
        found = [pair for part in self.parts for pair in part.nearest(asked, k, where)]
        return sorted(found, key=lambda pair: -pair[1])[:k]


def number_of(paper_id: str) -> int:
    """Return 64 bits that stand for the id of a paper."""
    return int.from_bytes(blake2b(paper_id.encode(), digest_size=8).digest(), "little")


def principal_axes(sample: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the axes, shape (d, m), along which vectors like those of a sample, shape (n, d), are longest.

    They are the first eigenvectors of the sample's second moments (Pearson 1901, without centring: it is scalar
    products that are to be kept); m is the least multiple of STEP at which KEPT is reached, WIDEST at most.
    """
    strengths, axes = np.linalg.eigh(sample.T @ sample)
    kept = np.cumsum(strengths[::-1]) / max(float(strengths.sum()), 1e-9)
    wanted = STEP * (int(np.searchsorted(kept, KEPT)) // STEP + 1)
    return np.ascontiguousarray(axes[:, ::-1][:, : min(wanted, WIDEST, sample.shape[1])], dtype=np.float32)


def shortened(vectors: NDArray[np.float16], axes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors, shape (n, d), along axes, shape (d, m): shape (n, m)."""
    return np.asarray(vectors.astype(np.float32) @ axes)


def _best(scores: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
    """Return the places of at least `wanted` of the highest scores, or of all, in order of place."""
    if len(scores) <= 2 * wanted:
        return np.arange(len(scores))
    sample = scores[::SAMPLED]
    # half as many again: the bar comes from a sample, and is to let through enough
    rank = min(len(sample) - 1, wanted * 3 // 2 // SAMPLED + 1)
    found = np.flatnonzero(scores >= -np.partition(-sample, rank)[rank])
    return found if wanted <= len(found) <= 4 * wanted else np.sort(np.argpartition(-scores, wanted)[:wanted])
