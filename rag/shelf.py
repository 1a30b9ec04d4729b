"""An opened library: its stores, wired, kept in step with other processes and let go; using them is left to others."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from .embed import choose, fingerprint
from .errors import LibraryMismatch, StoreError, shorten
from .indexes import Indexes, Tell
from .lexical import LexicalIndex
from .llm import Endpoint, Model
from .lock import is_writable
from .model import Embedder
from .opening import create as create_in
from .opening import embedder_of, is_there, opened
from .retrieve import Stores
from .scan import Scan
from .settings import Settings, load_settings
from .snapshot import Snapshot
from .vectors import VectorStore, collection_name
from .writer import Writer

__all__ = ["Shelf", "quiet"]

NEVER = (-1, -1)
"""No state of a catalogue: the next question looks again."""


def quiet(*_what: object) -> None:
    """Hear nothing."""


class Shelf:
    """What `Library` is made of, opened in a folder."""

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        settings: Settings | None = None,
        tell: Tell | None = None,
        anew: Embedder | None = None,
    ) -> None:
        """Open the library in a folder; `anew` is the embedder that is about to embed every paper again."""
        self.settings = settings or load_settings()
        self.path = Path(path) if path is not None else self.settings.library
        self.is_writable = is_writable(self.path)
        self._pages = self.path / "pages"
        self._catalogue = opened(self.path, self.settings, writable=self.is_writable)
        try:
            self.embedder_name = anew.name if anew else embedder_of(self._catalogue, self.path, self.settings)
        except LibraryMismatch:
            self._catalogue.close()
            raise
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._scan: Scan | None = None
        self._count: tuple[int, int] | None = None
        self._beside = ThreadPoolExecutor(1, "search")
        self._embedder = anew
        endpoint = Endpoint.of(self.settings)
        self.model = Model(endpoint) if endpoint else None
        self._wire(tell or quiet)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        create: bool = False,
        settings: Settings | None = None,
        tell: Tell | None = None,
    ) -> Self:
        """Open the library in a folder (default: `settings.library`); `create` makes an empty one where there is none.

        Raises LibraryMissing, LibraryMismatch (another embedder, a newer version) or StoreError. `tell` hears, in
        words, when something that an interrupted write left is repaired.
        """
        settings = settings or load_settings()
        folder = Path(path) if path is not None else settings.library
        if create and not is_there(folder, settings):
            create_in(folder, settings)
        return cls(folder, settings=settings, tell=tell)

    def _wire(self, tell: Tell) -> None:
        settings = self.settings
        shared = self._catalogue.get("library") or "" if settings.chroma_url else ""
        name = collection_name(fingerprint(self.embedder_name, self.settings), shared)
        folder = None if settings.chroma_url else self.path / "chroma"
        self._vectors = VectorStore(
            folder=folder,
            url=settings.chroma_url,
            name=name,
            store_documents=settings.store_documents,
            timeout=settings.server_timeout,
        )
        self._lexical = LexicalIndex(self.path / "lexical", writable=self.is_writable)
        self._seen = self._catalogue.revision()
        self._idf = lru_cache(maxsize=50_000)(self._lexical.idf)
        self._snapshot = Snapshot(self.path / "vectors", self._catalogue)
        embedded = None if folder is None else (folder, name)
        self._writer = Writer(
            self.path,
            self._catalogue,
            Indexes(self._catalogue, self._vectors, self._lexical, embedded),
            self._snapshot,
            lambda: self.embedder,
            timeout=settings.lock_timeout,
            tell=tell,
            changed=self._changed,
        )
        if self.is_writable:
            self._writer.repair_leftovers()

    @property
    def embedder(self) -> Embedder:
        """The embedder that the library was made with; loaded at the first use."""
        with self._lock:
            if self._embedder is None:
                self._embedder = choose(self.embedder_name, self.settings)
            return self._embedder

    def close(self) -> None:
        """Let go of every store, and of the model."""
        if self.model is not None:
            self.model.close()
        self._beside.shutdown()
        self._vectors.close()
        self._lexical.close()
        self._catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self._size(self._catalogue.revision()[0])

    def _size(self, revision: int) -> int:
        """Return how many papers there are; they are counted once a revision."""
        counted = self._count
        if counted is None or counted[0] != revision:
            counted = self._count = revision, self._catalogue.counts()[0]
        return counted[1]

    def _stores(self) -> Stores:
        small = self._lexical.count() <= self.settings.exact_below
        # Chroma cannot even be read in a folder that cannot be written
        exact = self.settings.chroma_url is None and (small or not self.is_writable)
        return Stores(self._catalogue, self._vectors, self._lexical, self.embedder, self._scanned, exact, self._beside)

    def _scanned(self) -> Scan:
        """Return every vector as of the last refresh: mapped, or read, once a revision."""
        with self._loading:
            if self._scan is None or self._scan.revision != self._seen[0]:
                self._scan = self._snapshot.load(self._scan)
            return self._scan

    def _refresh(self) -> None:
        """See what other processes wrote since the last question: neither Chroma nor tantivy does so by itself."""
        with self._lock:
            # a write shows twice: as it begins, and when both indexes hold it
            state = self._catalogue.revision()
            if state != self._seen:
                self._vectors.close()
                self._writer.catch_up()
                is_whole = self._lexical.reload()
                self._changed(state[0])
                self._seen = state if is_whole else NEVER

    def _changed(self, revision: int) -> None:
        self._seen = (revision, revision)
        self._idf.cache_clear()

    def _check_writable(self) -> None:
        if not self.is_writable:
            raise StoreError(
                f"the library {shorten(self.path)} cannot be written",
                remedy="make the folder writable, or take another",
            )
