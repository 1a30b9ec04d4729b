"""A library inside LlamaIndex: its own synthesizer, query engine and evaluators run over it, over a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from llama_index.core.evaluation import FaithfulnessEvaluator, RetrieverEvaluator
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode, get_response_synthesizer
from llama_index.core.schema import MetadataMode
from llama_index.llms.openai_like import OpenAILike
from model_server import KEY, ModelServer, Prompt, Way
from openai import AsyncOpenAI, OpenAI

from rag.library import Library
from rag.llamaindex import LibraryQueryEngine, LibraryRetriever, node_of
from rag.model import Evidence, Passage
from rag.records import Where

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"
QUOTED = "Pebble quantises the weights of Echolalia-300M to 3 bits per weight."


def judge(prompt: Prompt) -> str:
    """Reply as LlamaIndex's prompts want: YES to whether the context supports, else what it says."""
    return "YES" if "YES or NO" in prompt.whole else QUOTED


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give LlamaIndex an event loop: without one it makes its own and leaves it open."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    made.close()


def over(url: str, **clients: object) -> OpenAILike:
    """Return LlamaIndex's model over a server; it leaves its own clients open, so these are given."""
    return OpenAILike(model="tiny", api_base=url, api_key=KEY, is_chat_model=True, max_retries=0, **clients)


def test_a_node_is_what_llamaindex_expects(library: Library) -> None:
    """The passage is its text, its paper the metadata and the source; offsets count characters of the abstract."""
    paper = library.paper("i1")
    passage = Passage("i1", 0, 0, 37)
    node = node_of(Evidence(paper, passage, 2, 0.5, {"lexical": 3.5, "dense": 0.25}))
    assert (node.score, node.node_id, node.text) == (0.5, "i1#0", paper.abstract[:37])
    assert (node.node.start_char_idx, node.node.end_char_idx, node.node.ref_doc_id) == (0, 37, "i1")
    assert node.metadata == {
        "title": paper.title, "paper_id": "i1", "authors": "A. Writer 1", "published": "2016-06-01",
        "start": 0, "end": 37, "rank": 2, "lexical": 3.5, "dense": 0.25,
    }  # fmt: skip
    shown = node.node.get_content(MetadataMode.LLM)
    assert paper.title in shown
    assert "lexical" not in shown


def test_the_retriever_finds_what_search_finds(library: Library) -> None:
    """Nodes come in the order and with the scores of a search, as many as asked for, and filtered."""
    found = LibraryRetriever(library, k=4).retrieve(QUESTION)
    assert [(node.metadata["paper_id"], node.score) for node in found] == [
        (piece.paper.id, piece.score) for piece in library.search(QUESTION, 4)
    ]
    late = LibraryRetriever(library, where=Where(first_year=2024)).retrieve(QUESTION)
    assert {node.metadata["published"][:4] for node in late} == {"2024", "2025", "2026"}


def test_inside_a_query_engine(library: Library, loop: asyncio.AbstractEventLoop) -> None:
    """LlamaIndex's synthesizer writes from the nodes, and its evaluators judge what it wrote and what was found."""
    retriever = LibraryRetriever(library, k=3)
    with ModelServer(Way(judge)) as server, OpenAI(base_url=server.url, api_key=KEY) as client:
        llm = over(server.url, openai_client=client)
        synthesizer = get_response_synthesizer(llm=llm, response_mode=ResponseMode.COMPACT)
        response = RetrieverQueryEngine(retriever, synthesizer).query(QUESTION)
        assert str(response) == QUOTED
        assert response.source_nodes[0].metadata["paper_id"] == "i1"
        faithful, found = loop.run_until_complete(judged(server.url, retriever, response))
    assert faithful
    assert found == {"mrr": 1.0, "hit_rate": 1.0}


async def judged(url: str, retriever: LibraryRetriever, response: object) -> tuple[bool, dict[str, float]]:
    """Return what LlamaIndex's evaluators say of a response, and of what a retriever finds."""
    async with AsyncOpenAI(base_url=url, api_key=KEY) as client:
        judge = FaithfulnessEvaluator(llm=over(url, async_openai_client=client))
        faithful = (await judge.aevaluate_response(QUESTION, response)).passing
    evaluator = RetrieverEvaluator.from_metric_names(["mrr", "hit_rate"], retriever=retriever)
    return faithful, (await evaluator.aevaluate(QUESTION, ["i1#0"])).metric_vals_dict


def test_the_query_engine_answers_as_ask_does(library: Library, loop: asyncio.AbstractEventLoop) -> None:
    """The text and the citations are the library's; each quote is a node with its offsets; a refusal has none."""
    engine = LibraryQueryEngine(library)
    answer, response = library.ask(QUESTION), engine.query(QUESTION)
    assert str(response) == answer.text
    assert response.metadata is not None
    assert response.metadata["answer"]["citations"] == answer.to_dict()["citations"]
    for node, citation in zip(response.source_nodes, answer.citations, strict=True):
        assert (node.text, node.metadata["number"]) == (citation.quote, citation.number)
        assert (node.node.start_char_idx, node.node.end_char_idx) == (citation.start, citation.end)
        assert response.metadata[node.node_id]["paper_id"] == citation.paper.id
    assert str(loop.run_until_complete(engine.aquery(QUESTION))) == answer.text
    refused = engine.query("How do I bake sourdough bread?")
    assert (refused.source_nodes, refused.metadata["answer"]["abstained"]) == ([], True)  # type: ignore[index]
