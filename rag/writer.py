"""Every change of a library, under the writer's lock: add, remove, rebuild, compact; reading is left to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from .catalogue import Catalogue
from .errors import LibraryLocked, StoreError, shorten
from .indexes import Indexes, Tell
from .ingest import Arrival, Plan, batches, plan
from .lock import finishing, is_locked, writing
from .model import AddReport, Embedder, Paper, Skipped
from .passages import split
from .records import Entry, Origin
from .snapshot import Snapshot

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
        snapshot: Snapshot,
        embedder: Callable[[], Embedder],
        *,
        timeout: float,
        tell: Tell,
        changed: Callable[[int], None],
    ) -> None:
        self._path, self._catalogue, self._indexes, self._embedder = path, catalogue, indexes, embedder
        self._snapshot = snapshot
        self._timeout, self._tell, self._changed = timeout, tell, changed
        self._threads = threading.RLock()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the lock, with both indexes at the catalogue's revision."""
        if not self._path.is_dir():
            raise StoreError(f"the library {shorten(self._path)} is gone", remedy="make it anew with: rag add")
        with self._threads, writing(self._path, self._timeout), self._catalogue.exclusive(self._timeout):
            self._indexes.see()
            if self._indexes.is_behind():
                self._indexes.repair(self._tell)
            self._changed(self._catalogue.revision()[0])
            yield

    def repair_leftovers(self) -> None:
        """Repair what an interrupted writer left, unless somebody is writing now."""
        self.catch_up()
        if self._indexes.is_behind() and not is_locked(self._path) and not self._catalogue.is_held():
            with self._writing():
                pass

    def catch_up(self) -> None:
        """Bring this machine's BM25 index to what other machines wrote, unless a writer here is about to."""
        if self._catalogue.is_shared:
            with suppress(LibraryLocked), writing(self._path, 0):
                self._indexes.catch_up()

    def add(self, arrivals: Iterable[Arrival | Skipped]) -> AddReport:
        """Write what is new or changed; every finished batch stays, however this ends."""
        fates: dict[str, str] = {}
        failed: list[Skipped] = []
        with self._writing():
            for chosen, skipped in self._applied(batches(arrivals)):
                fates |= {paper.id: "added" for paper in chosen.added}
                fates |= {paper.id: "updated" for paper in chosen.updated}
                fates |= dict.fromkeys(chosen.unchanged, "unchanged")
                for old, new in chosen.replaced.items():
                    if fates.pop(old, "") == "added":
                        fates[new] = "added"
                failed += skipped
            self._snapshot.keep_up()
        by_fate = {name: tuple(i for i, fate in fates.items() if fate == name) for name in set(fates.values())}
        return AddReport(failed=tuple(failed), **by_fate)

    def _applied(self, read: Iterator[tuple[list[Arrival], list[Skipped]]]) -> Iterator[tuple[Plan, list[Skipped]]]:
        """Write batch after batch, and yield what was done with each; the next is embedded while Chroma takes one.

        The plan of a batch is made when the catalogue holds the one before, so that it sees its papers.
        """
        seen: set[str] = set()
        with ThreadPoolExecutor(1, "embedding") as beside:
            here, cause = _next(read)
            chosen = self._planned(here, seen)
            entries: list[Entry] | Future[list[Entry]] = self._embedded(chosen)
            while here is not None:
                after, cause = (None, cause) if cause else _next(read)
                done, ready = chosen, entries if isinstance(entries, list) else entries.result()
                with finishing():
                    written = self._written(done, ready)
                    if after is not None:
                        chosen = self._planned(after, seen)
                        entries = beside.submit(self._embedded, chosen)
                    if written is not None:
                        self._indexes.push(written[0], ready, written[1])
                        self._changed(written[0])
                yield done, here[1]
                if written is not None and after is not None:
                    self._snapshot.keep_up(growing=True)
                here = after
        if cause is not None:
            raise cause

    def _planned(self, batch: tuple[list[Arrival], list[Skipped]] | None, seen: set[str]) -> Plan:
        papers = batch[0] if batch else []
        return plan(papers, self._catalogue.known([arrival.paper for arrival in papers]), seen)

    def _written(self, chosen: Plan, entries: Sequence[Entry]) -> tuple[int, list[str]] | None:
        """Write a batch to the catalogue; return the new revision and the keys that are gone, None for no change."""
        if entries or chosen.replaced or chosen.origins:
            return self._catalogue.write(entries, list(chosen.replaced), chosen.origins)
        return None

    def _embedded(self, chosen: Plan) -> list[Entry]:
        return self._entries([*chosen.added, *chosen.updated])

    def _entries(self, papers: Sequence[Paper]) -> list[Entry]:
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
            self._snapshot.keep_up()

    def compact(self) -> None:
        """Overwrite on disk what removed papers left."""
        with self._writing(), finishing():
            self._indexes.compact()
            self._snapshot.make()
            self._changed(self._catalogue.revision()[0])

    def rebuild(self) -> None:
        """Make both indexes anew from the catalogue."""
        with self._writing(), finishing():
            self._indexes.rebuild(self._tell)
            self._snapshot.make()
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
                    self._catalogue.write(self._entries(papers))
                progress(min(1.0, (first + 500) / len(ids)))
            with finishing():
                self._indexes.rebuild(self._tell)
                self._snapshot.make()
                self._catalogue.put(embedder=embedder.name, fingerprint=embedder.fingerprint)
                self._changed(self._catalogue.revision()[0])


def _next(
    read: Iterator[tuple[list[Arrival], list[Skipped]]],
) -> tuple[tuple[list[Arrival], list[Skipped]] | None, BaseException | None]:
    """Return the next batch, None at the end, and what stopped the reading: what was read before is still written."""
    try:
        return next(read, None), None
    except BaseException as error:
        return None, error
