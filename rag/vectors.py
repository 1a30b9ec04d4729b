"""Everything that touches Chroma: upsert, nearest, delete, compaction; whether it is whole is left to `health.py`."""

from __future__ import annotations

import shutil
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from .cut import is_cut_short
from .errors import StoreError, UsageError, shorten
from .records import SCHEMA, Entry
from .wipe import wipe

__all__ = ["BATCH", "VectorStore", "collection_name"]

PAUSES = (0.1, 0.3, 1.0, 3.0)
"""Seconds before compaction is tried again."""
BATCH = 1000
"""Passages in one upsert: below Chroma's own limit of 5461, and as fast as any larger."""
FLUSH_AT = 1000
"""Chroma's own default for how many log entries wait before they are written to the index."""
LONGEST_NAME = 60
"""Characters of a collection's name: below the limit of every version of Chroma (63 before 1.0)."""


def collection_name(fingerprint: str, library: str = "") -> str:
    """Return the name of the collection that holds vectors of this embedder under this schema.

    On a server, where libraries share one name space, `library` tells them apart.
    """
    safe = "".join(character if character.isascii() and character.isalnum() else "-" for character in fingerprint)
    end = f"-{library}-v{SCHEMA}" if library else f"-v{SCHEMA}"
    return f"paperchat-{safe}"[: LONGEST_NAME - len(end)].rstrip("-") + end


class VectorStore:
    """One collection of passages, in a folder or on a server; Chroma is imported at the first use.

    Threads take turns: one may let go of Chroma (`close`) while another is in the middle of a call. StoreError is
    raised when Chroma fails or its server does not answer.
    """

    def __init__(
        self,
        *,
        folder: Path | None = None,
        url: str | None = None,
        name: str,
        store_documents: bool = True,
        timeout: float = 10.0,
    ) -> None:
        self._folder, self._url, self._name = folder, url, name
        self._store_documents, self._timeout = store_documents, timeout
        self._client: Any = None
        self._collection: Any = None
        self._turn = threading.RLock()
        self.where = url or str(folder)

    @property
    def place(self) -> str:
        """What tells one store of a library from another: the server's address, or that it is in the folder."""
        return self._url or "folder"

    def is_there(self) -> bool:
        """Tell whether an embedded store has its files, whole by their headers; a server is believed until asked."""
        return self._folder is None or not is_cut_short(self._folder)

    def _open(self) -> Any:  # noqa: ANN401
        """Return the collection, opening it when it is not."""
        if self._collection is None:
            self._client = _connect(self._folder, self._url, self._timeout)
            # embedding_function=None: the default one would download a model
            self._collection = self._client.get_or_create_collection(
                self._name,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "sync_threshold": FLUSH_AT}},
            )
        return self._collection

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        """Take the turn, and turn whatever Chroma raises into StoreError."""
        try:
            with self._turn:
                yield
        except (StoreError, UsageError):
            raise
        except Exception as error:  # Chroma raises its own, httpx's, and plain ValueError for a server that is away
            self.close()
            cause = str(error).splitlines()[0] if str(error) else type(error).__name__
            remedy = (
                "start it (chroma run) or unset RAG_CHROMA_URL"
                if self._url
                else "run: rag rebuild (the catalogue holds everything that Chroma needs)"
            )
            raise StoreError(
                f"Chroma at {shorten(self.where, 120)} failed while {doing} ({shorten(cause, 160)})", remedy=remedy
            ) from error

    def close(self) -> None:
        """Let go of Chroma; the next call opens it anew, and then sees what other processes wrote."""
        with self._turn:
            client, self._client, self._collection = self._client, None, None
            if client is not None:
                try:
                    client.close()
                except Exception:  # a store that is broken may also fail to close; there is nothing left to lose
                    client.clear_system_cache()
                if self._url:
                    for part in (client, client._admin_client):  # Chroma leaves their connections open
                        part._server._session.close()

    def upsert(self, entries: Sequence[Entry]) -> None:
        """Store the passages of these papers with vector, text and metadata."""
        rows = [
            (entry, passage, vector)
            for entry in entries
            for passage, vector in zip(entry.passages, entry.vectors, strict=True)
        ]
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            with self._failures("writing"):
                self._open().upsert(
                    ids=[passage.key for _, passage, _ in batch],
                    embeddings=np.stack([vector for _, _, vector in batch]),
                    metadatas=[_metadata(entry, index) for entry, passage, _ in batch for index in [passage.ordinal]],
                    documents=[entry.paper.abstract[passage.start : passage.end] for entry, passage, _ in batch]
                    if self._store_documents
                    else None,
                )

    def delete(self, keys: Sequence[str]) -> None:
        """Remove passages; keys that are not there do no harm."""
        with self._failures("removing"):
            collection = self._open()
            for first in range(0, len(keys), BATCH):
                collection.delete(ids=list(keys[first : first + BATCH]))

    @property
    def is_embedded(self) -> bool:
        """Whether its files lie in a folder of this machine, and not behind a server."""
        return self._folder is not None

    def nearest(self, vector: NDArray[np.float32], k: int) -> list[tuple[str, float]]:
        """Return up to `k` (key, cosine) of the passages nearest to a unit vector, best first; approximate."""
        with self._failures("searching"):
            found = self._open().query(query_embeddings=[vector], n_results=k, include=["distances"])
        return [(key, 1.0 - distance) for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)]

    def count(self) -> int:
        """Return how many passages there are."""
        with self._failures("counting"):
            return int(self._open().count())

    def keys(self) -> set[str]:
        """Return the keys of all passages."""
        with self._failures("listing"):
            return set(self._open().get(include=[])["ids"])

    def drop(self) -> None:
        """Remove the collection; an embedded store goes with its folder, which is soon done, whole or not."""
        if self._folder is not None:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._folder is None or self._folder.exists():  # a system may not let go of files that another has open
            with self._failures("dropping the collection"):
                self._open()
                self._client.delete_collection(self._name)
            self.close()

    def compact(self) -> None:
        """Make the embedded store forget what was removed: flush its log, then overwrite what it freed (`wipe.py`).

        Chroma keeps up to `FLUSH_AT` log entries, texts included, until the next flush; a flush is forced by lowering
        that bound for a moment. A store without passages is removed with its folder. A server does its own
        housekeeping.
        """
        if self._folder is None:
            return
        for pause in PAUSES:
            with suppress(StoreError):
                self._compact(self._folder)
                return
            time.sleep(pause)  # another process that asks holds the database for a moment
        self._compact(self._folder)

    def _compact(self, folder: Path) -> None:
        with self._failures("compacting"):
            sample = self._open().get(limit=1, include=["embeddings"])
            if len(sample["ids"]):
                self._flush(len(sample["embeddings"][0]))
            self.close()
        if not len(sample["ids"]):
            shutil.rmtree(folder, ignore_errors=True)
        with self._failures("compacting"):
            wipe(folder)

    def _flush(self, dimension: int) -> None:
        """Make Chroma write its log to the index; it purges what it has written."""
        dummies = [f"flush-{number}" for number in range(3)]
        self._flush_at(2)
        collection = self._open()
        collection.upsert(ids=dummies, embeddings=np.eye(3, dimension, dtype=np.float32))
        collection.delete(ids=dummies)
        self._flush_at(FLUSH_AT)

    def _flush_at(self, threshold: int) -> None:
        """Set the bound of the log, and close: an index that is open keeps its old bound."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Chroma warns of a collection without an embedder
            self._open().modify(configuration={"hnsw": {"sync_threshold": threshold}})
        self.close()


def _connect(folder: Path | None, url: str | None, timeout: float) -> Any:  # noqa: ANN401
    """Return a Chroma client, with its telemetry off."""
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings as ChromaSettings

    quiet = ChromaSettings(anonymized_telemetry=False)
    if url is None:
        try:
            return chromadb.PersistentClient(str(folder), settings=quiet)
        except BaseException:
            # Chroma keeps what failed to start, and would hand it out again once the folder is repaired
            SharedSystemClient._identifier_to_system.pop(str(folder), None)
            raise
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{shorten(url)!r} is not the address of a Chroma server", remedy="as in http://127.0.0.1:8000"
        )
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    _reach(parts.hostname, port, secure, timeout)
    client = chromadb.HttpClient(host=parts.hostname, port=port, ssl=secure, settings=quiet)
    client._server._session.timeout = timeout  # Chroma has no setting for it, and by itself waits for ever
    return client


def _reach(host: str, port: int, secure: bool, timeout: float) -> None:
    """Fail within `timeout` seconds when nothing listens or answers: Chroma's own client would wait for ever."""
    from http.client import HTTPConnection, HTTPSConnection

    with closing((HTTPSConnection if secure else HTTPConnection)(host, port, timeout=timeout)) as connection:
        connection.request("GET", "/api/v2/heartbeat")
        connection.getresponse().read()


def _metadata(entry: Entry, ordinal: int) -> dict[str, str | int]:
    """Return what stands beside a passage in Chroma; Chroma takes neither None nor dates."""
    paper, passage = entry.paper, entry.passages[ordinal]
    row: dict[str, str | int] = {
        "paper_id": paper.id,
        "title": paper.title,
        "ordinal": ordinal,
        "start": passage.start,
        "end": passage.end,
    }
    if paper.published is not None:
        row["published"] = paper.published.year * 10_000 + paper.published.month * 100 + paper.published.day
    if paper.url is not None:
        row["url"] = paper.url
    return row
