"""The raw parts of a library, used by hand: embedder, Chroma, tantivy, SQLite; comparing is left to `speed.py`."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.embed import StaticEmbedder
from rag.model import Paper
from rag.text import terms

__all__ = ["CANDIDATES", "COLD", "RawParts", "timed"]

CANDIDATES = 50
BATCH = 1000
COLD = """
import sys, chromadb, tantivy, wordllama
from chromadb.config import Settings
from pathlib import Path
model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
client = chromadb.PersistentClient(sys.argv[1] + "/chroma", settings=Settings(anonymized_telemetry=False))
found = client.get_collection("raw", embedding_function=None).query(
    query_embeddings=model.embed([sys.argv[2]], norm=True), n_results=50)
index = tantivy.Index.open(sys.argv[1] + "/lexical")
print(len(index.searcher().search(index.parse_query(sys.argv[3], ["body"]), 50).hits), len(found["ids"][0]))
"""
"""A cold question to the raw parts, as a program: folder, question, the question's words."""


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


class RawParts:
    """The same papers in each part as its own documentation would put them there; each method tells its seconds.

    Chroma holds text, title and the other fields, as a library's does; tantivy cuts and stems words by itself; SQLite
    holds the texts and the vectors.
    """

    def __init__(self, folder: Path, embedder: StaticEmbedder) -> None:
        import tantivy

        self.folder, self._embedder, self._rows = folder, embedder, 0
        self._vectors: list[NDArray[np.float32]] = []
        self._collection = self._chroma("raw")
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("key", stored=True, tokenizer_name="raw")
        builder.add_text_field("body", tokenizer_name="en_stem")
        (folder / "lexical").mkdir(parents=True)
        self._index = tantivy.Index(builder.build(), path=str(folder / "lexical"))
        self._texts = sqlite3.connect(folder / "texts.sqlite")
        self._texts.execute("PRAGMA journal_mode=WAL")
        self._texts.execute("CREATE TABLE texts(key TEXT PRIMARY KEY, title TEXT, abstract TEXT, vector BLOB)")

    def _chroma(self, name: str) -> Any:  # noqa: ANN401
        import chromadb
        from chromadb.config import Settings

        quiet = Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(self.folder / "chroma"), settings=quiet)
        cosine = {"hnsw": {"space": "cosine"}}
        return self._client.create_collection(name, embedding_function=None, configuration=cosine)

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Every vector in order, shape (n, 256)."""
        return np.vstack(self._vectors)

    def add(self, papers: Sequence[Paper]) -> dict[str, float]:
        """Add papers to each part; return the seconds of each."""
        found: list[NDArray[np.float32]] = []
        texts = [f"{paper.title} {paper.abstract}" for paper in papers]
        embed = timed(lambda: found.append(self._embedder.embed(texts)))
        self._vectors.append(found[0])
        return {
            "embedder": embed,
            "Chroma": timed(lambda: self._upsert(self._collection, papers, found[0])),
            "tantivy": timed(lambda: self._write(papers, texts)),
            "SQLite": timed(lambda: self._keep(papers, found[0])),
        }

    def upsert_anew(self, papers: Sequence[Paper]) -> float:
        """Return the seconds that a bare upsert of all papers into a new collection takes."""
        vectors = self.vectors
        other = self._client.create_collection(
            "anew", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
        )
        seconds = timed(lambda: self._upsert(other, papers, vectors))
        self._client.delete_collection("anew")
        return seconds

    def _upsert(self, collection: Any, papers: Sequence[Paper], vectors: NDArray[np.float32]) -> None:  # noqa: ANN401
        for first in range(0, len(papers), BATCH):
            some = papers[first : first + BATCH]
            collection.upsert(
                ids=[paper.id for paper in some],
                embeddings=vectors[first : first + BATCH],
                documents=[paper.abstract for paper in some],
                metadatas=[
                    {"paper_id": one.id, "title": one.title, "ordinal": 0, "start": 0, "end": len(one.abstract)}
                    | {"published": 20_200_101, "url": one.url or ""}
                    for one in some
                ],
            )

    def _write(self, papers: Sequence[Paper], texts: Sequence[str]) -> None:
        import tantivy

        writer = self._index.writer(heap_size=64_000_000, num_threads=1)
        for paper, text in zip(papers, texts, strict=True):
            writer.add_document(tantivy.Document(key=[paper.id], body=[text]))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def _keep(self, papers: Sequence[Paper], vectors: NDArray[np.float32]) -> None:
        halves = vectors.astype(np.float16)
        rows = [(one.id, one.title, one.abstract, half.tobytes()) for one, half in zip(papers, halves, strict=True)]
        self._texts.executemany("INSERT INTO texts VALUES (?, ?, ?, ?)", rows)
        self._texts.commit()

    def search(self, question: str, weights: Mapping[str, float]) -> dict[str, float]:
        """Search each part for a question (tantivy for the same weighted words as a library); return the seconds."""
        import tantivy

        found: dict[str, Any] = {}

        def embed() -> None:
            found["vector"] = self._embedder.embed([question])

        def dense() -> None:
            found["dense"] = self._collection.query(query_embeddings=found["vector"], n_results=CANDIDATES, include=[])

        def lexical() -> None:
            schema, searcher = self._index.schema, self._index.searcher()
            parts = [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.boost_query(tantivy.Query.term_query(schema, "body", term), weight),
                )
                for term, weight in weights.items()
            ]
            hits = searcher.search(tantivy.Query.boolean_query(parts), limit=CANDIDATES).hits
            found["lexical"] = [searcher.doc(address)["key"][0] for _, address in hits]

        def fetch() -> None:
            keys = list(dict.fromkeys([*found["dense"]["ids"][0], *found["lexical"]]))
            marks = ",".join("?" * len(keys))
            rows = self._texts.execute(f"SELECT key, vector FROM texts WHERE key IN ({marks})", keys).fetchall()
            vectors = np.stack([np.frombuffer(row[1], dtype=np.float16).astype(np.float32) for row in rows])
            order = np.argsort(-(vectors @ found["vector"][0]))[:10]
            best = [rows[place][0] for place in order]
            marks = ",".join("?" * len(best))
            self._texts.execute(f"SELECT key, title, abstract FROM texts WHERE key IN ({marks})", best).fetchall()

        parts = (("embedder", embed), ("Chroma", dense), ("tantivy", lexical), ("fetch", fetch))
        return {name: timed(action) for name, action in parts}

    def neighbours(self, vector: NDArray[np.float32], k: int) -> list[str]:
        """Return the keys that Chroma finds nearest."""
        found: list[str] = self._collection.query(query_embeddings=[vector], n_results=k, include=[])["ids"][0]
        return found

    def remove(self, paper_ids: Sequence[str]) -> float:
        """Remove papers from Chroma and tantivy; return the seconds."""

        def action() -> None:
            self._collection.delete(ids=list(paper_ids))
            writer = self._index.writer(heap_size=64_000_000, num_threads=1)
            for paper_id in paper_ids:
                writer.delete_documents_by_term("key", paper_id)
            writer.commit()
            writer.wait_merging_threads()

        return timed(action)

    def words(self, question: str) -> str:
        """Return a question as tantivy's own query language takes it."""
        return " ".join(terms(question)) or "nothing"

    def close(self) -> None:
        """Let go of every part, and remove their files."""
        self._texts.close()
        self._client.close()
        shutil.rmtree(self.folder, ignore_errors=True)
