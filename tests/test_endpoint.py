"""Vectors of a model behind the OpenAI protocol: batches, order, what is kept after a failure, what is refused."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from model_server import KEY, ModelServer, Way, away, refusing

from rag.endpoint import BATCH, EndpointEmbedder, fingerprint
from rag.errors import EmbedderError, LibraryMismatch
from rag.ingest import batches
from rag.library import Library
from rag.settings import Settings


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    """Keep one server for many examples."""
    with ModelServer() as running:
        yield running


def settings(url: str, **given: object) -> Settings:
    """Return settings with a server and the name of a model that embeds."""
    named = {"RAG_EMBEDDING_MODEL": "bge/tiny", "answer_retries": 0, "answer_timeout": 20, **given}
    return Settings(OPENAI_BASE_URL=url, OPENAI_API_KEY=KEY, **named)  # type: ignore[arg-type]


def expected(server: ModelServer, text: str) -> np.ndarray:
    """Return the unit vector of a text as the server makes it."""
    vector = np.array(server.vector(text))
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def test_vectors_are_the_servers_in_order() -> None:
    """Each row is the unit vector of its text, whatever the batch; the dimension is the server's."""
    texts = [f"paper number {number} on {'ab' * (number % 7)}" for number in range(2 * BATCH + 5)]
    with ModelServer(dimension=24) as server:
        embedder = EndpointEmbedder(settings(server.url))
        vectors = embedder.embed([*texts, texts[0], ""])
        assert (vectors.shape, vectors.dtype, embedder.dimension) == ((len(texts) + 2, 24), np.float32, 24)
        assert np.allclose(vectors[:-1], [expected(server, text) for text in [*texts, texts[0]]], atol=1e-5)
        assert not vectors[-1].any()
        assert [len(batch) for batch in server.embedded] == [BATCH, BATCH, 5]
        assert server.keys == {KEY}


def test_the_dimension_is_learned_by_one_call() -> None:
    """Asked for before anything was embedded, it costs one short text; no texts cost no call."""
    with ModelServer(dimension=8) as server:
        embedder = EndpointEmbedder(settings(server.url))
        assert embedder.embed([]).shape == (0, 0)
        assert (embedder.dimension, embedder.dimension) == (8, 8)
        assert len(server.embedded) == 1


def test_what_came_before_a_failure_is_kept() -> None:
    """When the second batch fails, the first is not asked for again."""
    texts = [f"text {number}" for number in range(BATCH + 3)]
    with ModelServer(Way(), refusing(500), Way()) as server:
        embedder = EndpointEmbedder(settings(server.url))
        with pytest.raises(EmbedderError, match=r"failed \(500\)"):
            embedder.embed(texts)
        assert embedder.embed(texts).shape == (BATCH + 3, 16)
        assert [len(batch) for batch in server.embedded] == [BATCH, 3, 3]


def test_a_busy_server_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    """After 429 with Retry-After and after 500 it is asked again; nothing of the key is logged."""
    caplog.set_level(logging.DEBUG)
    with ModelServer(refusing(429), refusing(500), Way()) as server:
        embedder = EndpointEmbedder(settings(server.url, answer_retries=2))
        assert embedder.embed(["a text"]).shape == (1, 16)
        assert len(server.embedded) == 3
    assert KEY not in caplog.text


@pytest.mark.parametrize(
    ("way", "says"),
    [
        (refusing(401), "refused the key"),
        (refusing(404), "knows no model 'bge/tiny' .*RAG_EMBEDDING_MODEL"),
        (Way(raw="[]"), "sent what is no reply of the OpenAI protocol"),
        (Way(raw='[{"embedding": [1, 2, 3], "index": 0, "object": "embedding"}]'), r"shape \(1, 3\), not \(1, 16\)"),
        (
            Way(raw=json.dumps([{"embedding": ["x"] * 16, "index": 0, "object": "embedding"}])),
            "no reply of the OpenAI protocol",
        ),
        (Way(raw=json.dumps([{"embedding": [1e39] * 16, "index": 0, "object": "embedding"}])), "sent vectors"),
    ],
)
def test_what_is_refused(way: Way, says: str) -> None:
    """A server that refuses, or sends other than one vector a text of the length it began with, is an error."""
    with ModelServer(Way(), way) as server:
        embedder = EndpointEmbedder(settings(server.url))
        embedder.embed(["first"])
        with pytest.raises(EmbedderError, match=says) as caught:
            embedder.embed(["second"])
        assert KEY not in str(caught.value)


def test_a_server_that_is_away() -> None:
    """It is named, with what to do."""
    with pytest.raises(EmbedderError, match="cannot be reached: start the server"):
        EndpointEmbedder(settings(away())).embed(["text"])


@hypothesis_settings(max_examples=20)
@given(texts=st.lists(st.text(max_size=30), max_size=4))
def test_any_text_can_be_embedded(server: ModelServer, texts: list[str]) -> None:
    """Any texts at all give rows of length 1, or 0 without a word."""
    vectors = EndpointEmbedder(settings(server.url)).embed(texts)
    assert len(vectors) == len(texts)
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-4) | (lengths == 0))


def test_the_fingerprint_is_the_models() -> None:
    """It changes with the model, needs no call, and is asked for in words where no model is named."""
    one, other = (fingerprint(Settings(RAG_EMBEDDING_MODEL=name)) for name in ("bge/tiny", "bge/small"))
    assert one != other
    assert one.startswith("endpoint-")
    with pytest.raises(EmbedderError, match="set RAG_EMBEDDING_MODEL"):
        fingerprint(Settings())
    with pytest.raises(EmbedderError, match="set OPENAI_BASE_URL or OPENAI_API_KEY"):
        EndpointEmbedder(Settings(RAG_EMBEDDING_MODEL="x"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says what to install."""
    monkeypatch.setitem(sys.modules, "llama_index.embeddings.openai_like", None)
    with pytest.raises(EmbedderError, match="pip install"):
        EndpointEmbedder(settings("http://127.0.0.1:9/v1"))


def test_a_library_of_its_vectors(tmp_path: Path) -> None:
    """A library made with it adds, finds and answers; without the model's name it says what to set."""
    with ModelServer(dimension=64) as server:
        given = settings(server.url, embedder="endpoint", library=tmp_path / "library")
        with Library.open(create=True, settings=given) as library:
            library.add(*STACK)
            assert (library.embedder.name, library.embedder.dimension) == ("endpoint", 64)
        with Library.open(
            settings=given.model_copy(update={"embedder": "auto", "openai_base_url": server.url})
        ) as again:
            assert again.search("To how many bits does Pebble quantise?")[0].paper == STACK[1]
            assert library.embedder.fingerprint == again.embedder.fingerprint
        with pytest.raises(EmbedderError, match="set RAG_EMBEDDING_MODEL"):
            Library.open(tmp_path / "library", settings=Settings())
        other = settings(server.url, RAG_EMBEDDING_MODEL="another")
        with pytest.raises(LibraryMismatch, match="rag rebuild"):
            Library.open(tmp_path / "library", settings=other)


def test_an_interrupted_add_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the endpoint fails in the midst, the finished batches stay, and the next add embeds the rest only."""
    monkeypatch.setattr("rag.writer.batches", partial(batches, size=4))
    with ModelServer(Way(), Way(), refusing(500), Way(), dimension=64) as server:
        given = settings(server.url, embedder="endpoint", library=tmp_path / "library")
        with Library.open(create=True, settings=given) as library:
            with pytest.raises(EmbedderError):
                library.add(*STACK)
            assert len(library) == 8
            report = library.add(*STACK)
        assert (len(report.unchanged), len(report.added)) == (8, 4)
        assert [len(batch) for batch in server.embedded] == [4, 4, 4, 4]
