"""Every change of a library, under the writer's lock: add, remove, rebuild, compact; reading is left to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from .catalogue import Catalogue
from .errors import StoreError, shorten
from .indexes import Indexes, Tell
from .ingest import Arrival, Plan, batches, plan
from .lock import finishing, is_locked, writing
from .model import AddReport, Embedder, Paper, Skipped
from .passages import split
from .records import Entry, Origin

__all__ = ["Writer"]


class Writer:
    """Writes to the stores of one library; each public method holds the lock for as long as it runs.

    `changed` is called with the new revision after each write.
    """

    def __init__(
        self,
        path: Path,
        catalogue: Catalogue,
        indexes: Indexes,
        embedder: Callable[[], Embedder],
        *,
        timeout: float,
        tell: Tell,
        changed: Callable[[int], None],
    ) -> None:
        self._path, self._catalogue, self._indexes, self._embedder = path, catalogue, indexes, embedder
        self._timeout, self._tell, self._changed = timeout, tell, changed
        self._threads = threading.RLock()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock, with both indexes at the catalogue's revision."""
        if not self._path.is_dir():
            raise StoreError(f"the library {shorten(self._path)} is gone", remedy="make it anew with: rag add")
        with self._threads, writing(self._path, self._timeout):
            if self._indexes.is_behind():
                self._indexes.repair(self._tell)
            self._changed(self._catalogue.revision()[0])
            yield

    def repair_leftovers(self) -> None:
        """Repair what an interrupted writer left, unless somebody is writing now."""
        if self._indexes.is_behind() and not is_locked(self._path):
            with self._writing():
                pass

    def add(self, arrivals: Iterable[Arrival | Skipped]) -> AddReport:
        """Write what is new or changed; every finished batch stays, however this ends."""
        seen: set[str] = set()
        fates: dict[str, str] = {}
        failed: list[Skipped] = []
        with self._writing():
            for batch, skipped in batches(arrivals):
                chosen = plan(batch, self._catalogue.known([arrival.paper for arrival in batch]), seen)
                self._apply(chosen)
                fates |= {paper.id: "added" for paper in chosen.added}
                fates |= {paper.id: "updated" for paper in chosen.updated}
                fates |= dict.fromkeys(chosen.unchanged, "unchanged")
                for old, new in chosen.replaced.items():
                    if fates.pop(old, "") == "added":
                        fates[new] = "added"
                failed += skipped
        by_fate = {name: tuple(i for i, fate in fates.items() if fate == name) for name in set(fates.values())}
        return AddReport(failed=tuple(failed), **by_fate)

    def _apply(self, chosen: Plan) -> None:
        entries = self._embedded([*chosen.added, *chosen.updated])
        if entries or chosen.replaced or chosen.origins:
            with finishing():
                revision, obsolete = self._catalogue.write(entries, list(chosen.replaced), chosen.origins)
                self._indexes.push(revision, entries, obsolete)
                self._changed(revision)

    def _embedded(self, papers: Sequence[Paper]) -> list[Entry]:
        """Return papers with their passages and vectors; what is embedded is the title and the passage."""
        cut = [(paper, split(paper)) for paper in papers]
        texts = [f"{paper.title} {paper.abstract[part.start : part.end]}" for paper, parts in cut for part in parts]
        if not texts:
            return []
        vectors = np.split(self._embedder().embed(texts), np.cumsum([len(parts) for _, parts in cut])[:-1])
        return [Entry(paper, parts, rows) for (paper, parts), rows in zip(cut, vectors, strict=True)]

    def remove(self, paper_ids: Sequence[str], left: Sequence[Origin] = ()) -> None:
        """Remove papers from all three stores, and forget the origins that others `left`."""
        with self._writing(), finishing():
            revision, obsolete = self._catalogue.write(removed=paper_ids, left=left)
            self._indexes.push(revision, [], obsolete)
            self._changed(revision)

    def compact(self) -> None:
        """Overwrite on disk what removed papers left."""
        with self._writing(), finishing():
            self._indexes.compact()
            self._changed(self._catalogue.revision()[0])

    def rebuild(self) -> None:
        """Make both indexes anew from the catalogue."""
        with self._writing(), finishing():
            self._indexes.rebuild(self._tell)
            self._changed(self._catalogue.revision()[0])

    def embed_again(self, embedder: Embedder, progress: Callable[[float], None]) -> None:
        """Give every paper new vectors by `embedder`, and note it as the library's own.

        Should this be cut off, the library says so by not opening: its vectors are then of two embedders.
        """
        with self._writing():
            self._catalogue.put(fingerprint="unfinished")
            ids = self._catalogue.ids()
            for first in range(0, len(ids), 500):
                papers = self._catalogue.papers(ids[first : first + 500])
                with finishing():
                    self._catalogue.write(self._embedded(papers))
                progress(min(1.0, (first + 500) / len(ids)))
            with finishing():
                self._indexes.rebuild(self._tell)
                self._catalogue.put(embedder=embedder.name, fingerprint=embedder.fingerprint)
                self._changed(self._catalogue.revision()[0])
