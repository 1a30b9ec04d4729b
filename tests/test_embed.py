"""Tests of the static embedder and of the choice of one."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from conftest import STACK
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.embed import BATCH, EMBEDDERS, StaticEmbedder, choose, fingerprint, load_wordllama, unit_rows
from rag.errors import EmbedderError


@settings(max_examples=25)
@given(st.lists(st.text(max_size=60), max_size=5))
def test_vectors_have_length_one_or_zero(texts: list[str]) -> None:
    """Any texts at all, empty ones and lone surrogates too, give finite rows of length 1, or 0 without a token."""
    vectors = StaticEmbedder().embed(texts)
    assert vectors.shape == (len(texts), 256)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-4) | (lengths == 0))


def test_a_lone_surrogate_is_embedded() -> None:
    """What no encoding holds does not stop a batch."""
    assert np.isfinite(StaticEmbedder().embed(["a \ud800 b", ""])).all()


def test_a_text_has_one_vector_whatever_stands_beside_it() -> None:
    """Order and neighbours in a batch change nothing."""
    texts = [f"{paper.title} {paper.abstract[: 40 * number]}" for number, paper in enumerate(STACK * 6)]
    assert len(texts) > BATCH
    embedder = StaticEmbedder()
    together, alone = embedder.embed(texts), np.concatenate([embedder.embed([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)


def test_like_texts_are_near() -> None:
    """A paraphrase is nearer than another subject."""
    one, like, other = StaticEmbedder().embed(
        ["compress a neural network", "shrinking deep models", "a recipe for soup"]
    )
    assert one @ like > one @ other


def test_unit_rows_by_hand() -> None:
    """(3, 4) has length 5; a row of zeros stays."""
    assert np.allclose(unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0.0, 0.0]])


@pytest.mark.parametrize("name", ["auto", *EMBEDDERS])
def test_an_embedder_is_chosen_by_name(name: str) -> None:
    """It bears the name, the dimension and the fingerprint it is known by."""
    made = choose(name)
    assert made.name in EMBEDDERS
    assert made.embed(["text"]).shape == (1, made.dimension)
    assert made.fingerprint == fingerprint(made.name)


def test_an_unknown_embedder_is_refused() -> None:
    """The message lists those there are."""
    with pytest.raises(EmbedderError, match="static"):
        choose("word2vec")


def test_loading_leaves_logging_alone() -> None:
    """The model's package sets up the root logger for everyone: that is undone."""
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    load_wordllama()
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before
