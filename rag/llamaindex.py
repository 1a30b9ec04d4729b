"""A library inside LlamaIndex: a retriever and a query engine over it; finding and answering are left to `Library`.

from rag.llamaindex import LibraryQueryEngine, LibraryRetriever

engine = RetrieverQueryEngine.from_args(LibraryRetriever(library, k=5), llm=llm)   # LlamaIndex writes
engine = LibraryQueryEngine(library)                                               # Paperchat writes and checks
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.response.schema import Response
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from .library import Library
from .model import Citation, Evidence, Paper
from .records import Where

__all__ = ["LibraryQueryEngine", "LibraryRetriever", "node_of"]

UNSPOKEN = ["paper_id", "start", "end", "rank", "lexical", "dense", "url", "source", "file_name"]
"""Metadata that neither a model nor an embedder is shown."""


def node_of(piece: Evidence) -> NodeWithScore:
    """Return a piece of evidence as a node: its passage as text, its paper as metadata and as source.

    The id is the passage's key, the score the fused one in 0..1, `ref_doc_id` the paper's id, `start_char_idx` and
    `end_char_idx` count characters of the abstract.
    """
    scores = {name: float(value) for name, value in piece.scores.items()}
    passage = piece.passage
    extra = {"rank": piece.rank, **scores}
    return NodeWithScore(
        node=_node(piece.paper, passage.key, piece.text, (passage.start, passage.end), extra), score=float(piece.score)
    )


def _node(paper: Paper, key: str, text: str, span: tuple[int, int], extra: dict[str, Any]) -> TextNode:
    known = {
        "title": paper.title,
        "paper_id": paper.id,
        "file_name": paper.source,
        "source": paper.source,
        "url": paper.url,
        "authors": ", ".join(paper.authors) or None,
        "published": paper.published.isoformat() if paper.published else None,
    }
    metadata = {name: value for name, value in known.items() if value} | {"start": span[0], "end": span[1]} | extra
    return TextNode(
        id_=key,
        text=text,
        metadata=metadata,
        start_char_idx=span[0],
        end_char_idx=span[1],
        excluded_llm_metadata_keys=UNSPOKEN,
        excluded_embed_metadata_keys=UNSPOKEN,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=paper.id)},
    )


class LibraryRetriever(BaseRetriever):  # type: ignore[misc]
    """Finds up to `k` passages of a library, the best one of each paper, best first."""

    def __init__(
        self,
        library: Library,
        *,
        k: int = 10,
        where: Where | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        """Keep the library, which stays its opener's to close."""
        super().__init__(callback_manager=callback_manager)
        self._library, self._k, self._where = library, k, where

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._library.search(query_bundle.query_str, self._k, where=self._where)
        return [node_of(piece) for piece in found]


class LibraryQueryEngine(BaseQueryEngine):  # type: ignore[misc]
    """Answers as `Library.ask` does: quoting, or by the model that is set; checked either way.

    The response's source nodes are what the answer cites, each quote a node; a refusal has none. `metadata` holds the
    whole answer in its JSON form under `answer`, and for each node its paper under the node's id.
    """

    def __init__(
        self, library: Library, *, where: Where | None = None, callback_manager: CallbackManager | None = None
    ) -> None:
        """Keep the library, which stays its opener's to close."""
        super().__init__(callback_manager=callback_manager)
        self._library, self._where = library, where

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}

    def _query(self, query_bundle: QueryBundle) -> Response:
        answer = self._library.ask(query_bundle.query_str, where=self._where)
        scores = {piece.paper.id: piece.score for piece in answer.evidence}
        nodes = _quotes(answer.citations, scores)
        papers = {node.node.node_id: dict(node.node.metadata) for node in nodes}
        return Response(response=answer.text, source_nodes=nodes, metadata={**papers, "answer": answer.to_dict()})

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        import asyncio

        return await asyncio.to_thread(self._query, query_bundle)


def _quotes(citations: Sequence[Citation], scores: dict[str, float]) -> list[NodeWithScore]:
    """Return each quote as a node, whose id is made of the paper's and of where the quote stands in the abstract."""
    nodes = []
    for citation in citations:
        paper, span = citation.paper, (citation.start, citation.end)
        node = _node(paper, f"{paper.id}@{span[0]}-{span[1]}", citation.quote, span, {"number": citation.number})
        nodes.append(NodeWithScore(node=node, score=float(scores.get(paper.id, 0.0))))
    return nodes
