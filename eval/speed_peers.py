"""Other systems on the same papers with the same embedder: LlamaIndex as it comes, bm25s with numpy; and ourselves."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import numpy as np

from rag.embed import StaticEmbedder
from rag.library import Library
from rag.model import Paper
from rag.retrieve import scaled
from rag.settings import Settings

from .beir import Collection, read_collection
from .retrieval import judge_grades, ndcg
from .speed_parts import timed

__all__ = ["PEERS", "compare_peers"]

BATCH = 1000
DEPTH = 10
OURS = "Paperchat"


class Peer(Protocol):
    """A system that papers are added to and asked of."""

    def add(self, papers: Sequence[Paper]) -> None:
        """Take the papers in."""

    def search(self, question: str) -> list[str]:
        """Return the ids of up to ten papers, best first."""

    def close(self) -> None:
        """Let go of everything."""


class Ours:
    """Paperchat itself."""

    def __init__(self, folder: Path, embedder: StaticEmbedder) -> None:
        self._library = Library.open(folder, create=True, settings=Settings(embedder="static"))
        self._library.embedder.embed(["warm"])

    def add(self, papers: Sequence[Paper]) -> None:
        """Add to a library."""
        self._library.add(*papers)

    def search(self, question: str) -> list[str]:
        """Search as `rag search` does."""
        return [piece.paper.id for piece in self._library.search(question, DEPTH)]

    def close(self) -> None:
        """Close the library."""
        self._library.close()


class LlamaIndexStock:
    """LlamaIndex's own pieces as they come: splitter, index on Chroma, BM25 retriever, reciprocal-rank fusion."""

    def __init__(self, folder: Path, embedder: StaticEmbedder) -> None:
        import chromadb
        from chromadb.config import Settings as ChromaSettings
        from llama_index.core import StorageContext, VectorStoreIndex
        from llama_index.core.embeddings import BaseEmbedding
        from llama_index.vector_stores.chroma import ChromaVectorStore

        class Static(BaseEmbedding):  # type: ignore[misc]
            def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
                found: list[list[float]] = embedder.embed(texts).tolist()
                return found

            def _get_text_embedding(self, text: str) -> list[float]:
                return self._get_text_embeddings([text])[0]

            def _get_query_embedding(self, query: str) -> list[float]:
                return self._get_text_embeddings([query])[0]

            async def _aget_query_embedding(self, query: str) -> list[float]:
                return self._get_query_embedding(query)

        self._client = chromadb.PersistentClient(str(folder), settings=ChromaSettings(anonymized_telemetry=False))
        cosine = {"hnsw": {"space": "cosine"}}
        made = self._client.create_collection("peer", embedding_function=None, configuration=cosine)
        store = ChromaVectorStore(chroma_collection=made)
        context = StorageContext.from_defaults(vector_store=store)
        self._index: Any = VectorStoreIndex([], storage_context=context, embed_model=Static(embed_batch_size=64))
        self._retriever: Any = None

    def add(self, papers: Sequence[Paper]) -> None:
        """Split, embed and store, and make the BM25 retriever anew, as it has to be."""
        from llama_index.core import Document
        from llama_index.core.llms import MockLLM
        from llama_index.core.node_parser import SentenceSplitter
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.retrievers.bm25 import BM25Retriever

        documents = [Document(text=one.abstract, metadata={"title": one.title}, id_=one.id) for one in papers]
        nodes = SentenceSplitter().get_nodes_from_documents(documents)
        for first in range(0, len(nodes), BATCH):  # its Chroma store fails above 5,461 nodes at once
            self._index.insert_nodes(nodes[first : first + BATCH])
        legs = [
            self._index.as_retriever(similarity_top_k=DEPTH),
            BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=min(DEPTH, len(nodes))),
        ]
        self._retriever = QueryFusionRetriever(
            legs, similarity_top_k=DEPTH, num_queries=1, mode="reciprocal_rerank", use_async=False, llm=MockLLM()
        )

    def search(self, question: str) -> list[str]:
        """Retrieve, one id a paper."""
        return list(dict.fromkeys(str(found.node.ref_doc_id) for found in self._retriever.retrieve(question)))

    def close(self) -> None:
        """Close Chroma."""
        self._client.close()


class Bm25sNumpy:
    """bm25s and a matrix, both in memory; the scores min-max scaled and added."""

    def __init__(self, folder: Path, embedder: StaticEmbedder) -> None:
        from Stemmer import Stemmer

        self._embedder, self._stemmer = embedder, Stemmer("english")
        self._ids: list[str] = []

    def add(self, papers: Sequence[Paper]) -> None:
        """Make both anew."""
        import bm25s

        texts = [f"{paper.title} {paper.abstract}" for paper in papers]
        self._ids = [paper.id for paper in papers]
        self._matrix = self._embedder.embed(texts)
        self._index = bm25s.BM25()
        self._index.index(self._cut(texts), show_progress=False)

    def _cut(self, texts: list[str]) -> Any:  # noqa: ANN401
        import bm25s

        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False, return_ids=False)

    def search(self, question: str) -> list[str]:
        """Score every paper twice."""
        words = self._cut([question])[0]
        lexical = np.asarray(self._index.get_scores(words), dtype=np.float64) if words else np.zeros(len(self._ids))
        dense = (self._matrix @ self._embedder.embed([question])[0]).astype(np.float64)
        order = np.argsort(-(scaled(lexical) + scaled(dense)), kind="stable")[:DEPTH]
        return [self._ids[place] for place in order]

    def close(self) -> None:
        """Nothing is open."""


PEERS: Mapping[str, Callable[[Path, StaticEmbedder], Peer]] = {
    OURS: Ours,
    "LlamaIndex": LlamaIndexStock,
    "bm25s + numpy": Bm25sNumpy,
}


def compare_peers(
    folders: Sequence[Path], note: Callable[[str], None], limit: int | None = None
) -> dict[str, dict[str, dict[str, float]]]:
    """Return nDCG@10, papers added a second and ms a question, by collection in BEIR format and by system.

    Questions are asked of each system in turn, one by one. A collection that is not there raises SourceError.
    """
    embedder = StaticEmbedder()
    embedder.embed(["warm"])
    return {
        folder.name: _of_collection(read_collection(folder, limit=limit), folder.name, embedder, note)
        for folder in folders
    }


def _of_collection(
    collection: Collection, name: str, embedder: StaticEmbedder, note: Callable[[str], None]
) -> dict[str, dict[str, float]]:
    note(f"{name}: {len(collection.papers):,} papers, {len(collection.queries):,} queries, each system in turn")
    with TemporaryDirectory(prefix="paperchat-peers-") as home:
        peers = {peer: made(Path(home) / f"{number}", embedder) for number, (peer, made) in enumerate(PEERS.items())}
        rates = {
            peer: len(collection.papers) / timed(lambda one=one: one.add(collection.papers))  # type: ignore[misc]
            for peer, one in peers.items()
        }
        gains: dict[str, list[float]] = {peer: [] for peer in peers}
        times: dict[str, list[float]] = {peer: [] for peer in peers}
        for query, text in collection.queries.items():
            for peer, one in peers.items():
                started = time.perf_counter()
                found = one.search(text)
                times[peer].append(time.perf_counter() - started)
                gains[peer].append(ndcg(judge_grades(found, collection.grades[query]), DEPTH) or 0.0)
        for one in peers.values():
            one.close()
    return {
        peer: {
            "nDCG@10": round(statistics.fmean(gains[peer]), 4),
            "per_s": round(rates[peer], 1),
            "ms": round(statistics.median(times[peer]) * 1000, 3),
        }
        for peer in PEERS
    }
