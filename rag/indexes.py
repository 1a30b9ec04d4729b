"""Keep Chroma and the BM25 index in step with the catalogue: push, repair, rebuild; searching is left to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .catalogue import Catalogue
from .errors import StoreError
from .health import is_healthy
from .lexical import LexicalIndex
from .records import Entry, paper_of
from .vectors import BATCH, VectorStore

__all__ = ["Indexes", "Tell"]

Tell = Callable[[str], None]
"""Hears, in words, what is being repaired."""
SMALL = 5_000
"""Passages up to which the BM25 index is written anew when papers go or change: about a quarter of a second."""
SAMPLES = 20
"""Stored vectors that a store must find again before it counts as whole."""


class Indexes:
    """Both indexes of one library. Every method that writes is called under the writer's lock."""

    def __init__(
        self, catalogue: Catalogue, vectors: VectorStore, lexical: LexicalIndex, embedded: tuple[Path, str] | None
    ) -> None:
        self._catalogue, self._vectors, self._lexical = catalogue, vectors, lexical
        self._embedded = embedded

    def push(self, revision: int, entries: Sequence[Entry], obsolete: Sequence[str]) -> None:
        """Bring both indexes to a revision that the catalogue has just written: `entries` in, keys `obsolete` out."""
        if obsolete:
            self._vectors.delete(obsolete)
        if entries:
            self._vectors.upsert(entries)
        self._catch_up_lexical(revision, entries)
        self._catalogue.settle(revision, self._vectors.place)

    def see(self) -> None:
        """See what another process has written to the BM25 index before the lock was had."""
        if self._lexical.revision() >= 0:
            self._lexical.reload()

    def catch_up(self) -> None:
        """Bring the BM25 index to the catalogue's revision, however far Chroma is."""
        revision, _ = self._catalogue.revision()
        if self._lexical.revision() != revision:
            self.see()
            self._catch_up_lexical(revision)

    def is_behind(self) -> bool:
        """Tell whether an index lacks the last revision: a writer is at work or was cut off, or files are gone."""
        revision, indexed = self._catalogue.revision()
        return indexed != revision or self._lexical.revision() != revision or self._is_lost()

    def repair(self, tell: Tell) -> None:
        """Bring both indexes to the catalogue's revision after a writer was cut off, or a store was lost."""
        revision, indexed = self._catalogue.revision()
        if self._lexical.revision() != revision:
            if revision:
                tell("bringing the BM25 index up to date")
            self._catch_up_lexical(revision)
        if self._is_lost():
            tell("Chroma's store is gone or cut short: rebuilding it from the catalogue")
            self.rebuild_vectors()
        elif indexed == revision and self._count_matches():
            return
        elif not self._is_whole():
            tell("Chroma's store is damaged: rebuilding it from the catalogue")
            self.rebuild_vectors()
        else:
            tell("bringing Chroma up to date after an interrupted write")
            self._reconcile(indexed)
            self._catalogue.settle(revision, self._vectors.place)

    def rebuild(self, tell: Tell) -> None:
        """Make both indexes anew from the catalogue, which is read once for both; nothing is embedded."""
        tell("rebuilding the BM25 index")
        tell("rebuilding Chroma from the stored vectors")
        revision, _ = self._catalogue.write()
        self._vectors.drop()
        self._lexical.clear()
        self._lexical.fill(self._upserted(), revision)
        self._catalogue.settle(revision, self._vectors.place)

    def _upserted(self) -> Iterator[tuple[list[Entry], dict[str, list[str]]]]:
        """Yield all entries a batch at a time, with the sources of their papers, once Chroma holds them."""
        for entries in self._batches(self._catalogue.ids()):
            self._vectors.upsert(entries)
            yield entries, self._catalogue.sources_of([entry.paper.id for entry in entries])

    def rebuild_vectors(self) -> None:
        """Make Chroma's collection anew from the stored vectors.

        It is a revision of its own: should it be cut off, the next opening sees that, and so do readers.
        """
        revision, _ = self._catalogue.write()
        self._vectors.drop()
        for entries in self._batches(self._catalogue.ids()):
            self._vectors.upsert(entries)
        self._catch_up_lexical(revision)
        self._catalogue.settle(revision, self._vectors.place)

    def compact(self) -> None:
        """Overwrite what removed papers left on disk, in all three stores; a revision of its own, as a rebuild is."""
        revision, _ = self._catalogue.write()
        self._vectors.compact()
        # tantivy keeps the terms of deleted documents until segments merge; making it anew is certain, and fast
        self._lexical.clear()
        self._catch_up_lexical(revision)
        self._catalogue.settle(revision, self._vectors.place)
        self._catalogue.vacuum()

    def _catch_up_lexical(self, revision: int, fresh: Sequence[Entry] = ()) -> None:
        """Bring the BM25 index to a revision; `fresh` are entries at hand, which are not read again."""
        since = self._lexical.revision()
        if since < 0:
            self._lexical.clear()
        written, removed = self._catalogue.changes(max(since, -1))
        known = since >= 0 and bool(removed or self._lexical.holds_any(written))
        if since < 0:
            self._lexical.fill(self._sourced(written, ()), revision)
        elif known and self._catalogue.counts()[1] <= SMALL:
            # what tantivy has deleted still counts in its statistics, so scores would depend on the past
            ids = self._catalogue.ids()
            self._lexical.write(self._catalogue.entries(ids), [], revision, self._catalogue.sources_of(ids), anew=True)
        else:
            self._lexical.fill(self._sourced(written, fresh), revision, [*removed, *written])

    def _sourced(
        self, written: Sequence[str], fresh: Sequence[Entry]
    ) -> Iterator[tuple[Sequence[Entry], dict[str, list[str]]]]:
        """Yield what was written, a batch at a time, with the sources of its papers."""
        at_hand = {entry.paper.id for entry in fresh} == set(written)
        for entries in [fresh] if at_hand else self._batches(written):
            yield entries, self._catalogue.sources_of([entry.paper.id for entry in entries])

    def _batches(self, ids: Sequence[str]) -> Iterator[list[Entry]]:
        for first in range(0, len(ids), BATCH):
            yield self._catalogue.entries(ids[first : first + BATCH])

    def _is_lost(self) -> bool:
        """Tell whether there are passages, but no store at this place that has ever held them."""
        there = self._vectors.is_there() and self._catalogue.get("store") in {None, self._vectors.place}
        return not there and not self._catalogue.is_empty()

    def _count_matches(self) -> bool:
        try:
            return self._vectors.count() == self._catalogue.counts()[1]
        except StoreError:
            return False

    def _is_whole(self) -> bool:
        """Tell whether the store can be gone on with; an embedded one is asked in a process of its own."""
        if self._embedded is None:
            self._vectors.count()  # a server that is away raises here
            return True
        folder, name = self._embedded
        self._vectors.close()
        _, indexed = self._catalogue.revision()
        written, _ = self._catalogue.changes(indexed)
        settled = sorted(set(self._catalogue.ids()) - set(written))
        if not settled:
            return False  # nothing to ask it for, and nothing to save by going on with it
        step = max(1, len(settled) // SAMPLES)
        samples = {
            entry.passages[0].key: entry.vectors[0].tolist()
            for entry in self._catalogue.entries(settled[::step][:SAMPLES])
        }
        return is_healthy(folder, name, samples)

    def _reconcile(self, indexed: int) -> None:
        """Make Chroma hold exactly the catalogue's passages, those written since `indexed` anew."""
        written, _ = self._catalogue.changes(indexed)
        there, wanted = self._vectors.keys(), self._catalogue.keys()
        self._vectors.delete(sorted(there - wanted))
        missing = {paper_of(key) for key in wanted - there}
        for entries in self._batches(sorted(missing | set(written))):
            self._vectors.upsert(entries)
