"""The map of a library's papers as they are now, made once for all visitors; how it is made is left to `topics.py`."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rag import Library, Paper, Where
from rag.opening import catalogue_of

from .topics import TopicMap, topic_map

__all__ = ["MOST_DRAWN", "Atlas", "Sheet", "vectors_of"]

MOST_DRAWN = 2_000
"""Papers that a map holds: more dots than that are a cloud, in which nobody finds one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map, the titles of its papers by id, how many papers the library has, and a number that says which state."""

    drawn: TopicMap = field(default_factory=TopicMap)
    titles: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    state: int = 0


class Atlas:
    """Gives the map of an open library; it is drawn again only when the papers are others."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._sheet = Sheet()

    def sheet(self) -> Sheet:
        """Return the map of the papers that the library holds now; raises StoreError when they cannot be read."""
        papers = self._library.papers()
        state = hash(tuple(papers))
        with self._lock:
            if state != self._sheet.state:
                some = _spread(papers)
                drawn = topic_map(*vectors_of(self._library, some))
                titles = {paper.id: paper.title for paper in some}
                self._sheet = Sheet(drawn, titles, len(papers), state)
            return self._sheet


def _spread(papers: Sequence[Paper]) -> list[Paper]:
    """Return all papers, or MOST_DRAWN of them, in equal steps through their titles."""
    if len(papers) <= MOST_DRAWN:
        return list(papers)
    return [papers[place * len(papers) // MOST_DRAWN] for place in range(MOST_DRAWN)]


def vectors_of(library: Library, papers: Sequence[Paper]) -> tuple[list[Paper], NDArray[np.float32]]:
    """Return those papers that have vectors, and for each the mean of its passages', of length 1; shape (n, d)."""
    catalogue = catalogue_of(library.path, library.settings, writable=False)
    try:
        keys, rows = catalogue.matrix(Where())
    finally:
        catalogue.close()
    place = {paper.id: number for number, paper in enumerate(papers)}
    owners = np.array([place.get(key.rpartition("#")[0], -1) for key in keys], dtype=np.int64)
    sums = np.zeros((len(papers), rows.shape[1]), dtype=np.float32)
    np.add.at(sums, owners[owners >= 0], rows[owners >= 0])
    there = np.isin(np.arange(len(papers)), owners)
    lengths = np.maximum(np.linalg.norm(sums[there], axis=1, keepdims=True), 1e-9)
    kept = [paper for paper, is_there in zip(papers, there, strict=True) if is_there]
    return kept, np.asarray(sums[there] / lengths, dtype=np.float32)
