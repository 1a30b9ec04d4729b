"""Tests of the static and the blended embedder, and of the choice of one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, STACK, Child
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.embed import (
    BATCH,
    EMBEDDERS,
    NEURAL,
    SHARE,
    BlendedEmbedder,
    StaticEmbedder,
    best,
    choose,
    dense_weight,
    fingerprint,
    load_wordllama,
    unit_rows,
)
from rag.errors import EmbedderError
from rag.library import Library
from rag.minilm import DIMENSION, MiniLM
from rag.models import FILES, folder_of
from rag.settings import Settings
from rag.vectors import collection_name

MODELS = ROOT.parent / "shared" / "models"
real = pytest.mark.skipif(not MODELS.is_dir(), reason="the model's files are not here")


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


@pytest.mark.parametrize("name", ["auto", "static", *(pytest.param(name, marks=real) for name in NEURAL)])
def test_an_embedder_is_chosen_by_name(name: str) -> None:
    """It bears the name, the dimension and the fingerprint it is known by."""
    made = choose(name, Settings(models=MODELS) if name in NEURAL else None)
    assert made.name == ("static" if name == "auto" else name)
    assert made.name in EMBEDDERS
    assert made.embed(["text"]).shape == (1, made.dimension)
    assert made.embed([]).shape == (0, made.dimension)
    assert made.fingerprint == fingerprint(made.name)


def test_an_unknown_embedder_is_refused() -> None:
    """The message lists those there are."""
    with pytest.raises(EmbedderError, match="auto, static, minilm, minilm-exact"):
        choose("word2vec")


def test_auto_looks_for_files_only(tmp_path: Path, child: Callable[..., Child]) -> None:
    """The neural embedder is best when its files are there; neither that nor its fingerprint loads anything."""
    assert best(tmp_path) == "static"
    for name in FILES:
        (tmp_path / name).touch()
    code = (
        "import sys; from pathlib import Path; from rag.embed import best, fingerprint\n"
        "print(best(Path(sys.argv[1])), bool(fingerprint('minilm')), bool(fingerprint('static')))\n"
        "print([name for name in ('onnxruntime', 'tokenizers', 'wordllama') if name in sys.modules])"
    )
    assert child(code, tmp_path).end() == (0, "minilm True True\n[]\n", "")


def test_files_that_are_not_there_or_broken(tmp_path: Path) -> None:
    """The error names the folder and the command that fetches them; a broken file is not passed over by `auto`."""
    with pytest.raises(EmbedderError, match="rag models pull") as caught:
        choose("minilm", Settings(models=tmp_path))
    assert str(folder_of(tmp_path)) in caught.value.what
    for name in FILES:
        (tmp_path / name).touch()
    with pytest.raises(EmbedderError, match="pull --again"):
        choose("auto", Settings(models=tmp_path))


def test_the_folder_is_that_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings, RAG_MODELS says where the files are."""
    monkeypatch.setenv("RAG_MODELS", str(tmp_path))
    with pytest.raises(EmbedderError) as caught:
        choose("minilm")
    assert str(tmp_path) in caught.value.what


@pytest.mark.parametrize("name", EMBEDDERS)
def test_fingerprints_are_whole_in_a_name(name: str) -> None:
    """On a server, where names are longest, the collection of an embedder is still told from every other's."""
    safe = "".join(character if character.isalnum() else "-" for character in fingerprint(name))
    assert safe in collection_name(fingerprint(name), "0123456789ab")
    assert len({fingerprint(other) for other in EMBEDDERS}) == len(EMBEDDERS)


def test_how_much_the_cosine_counts() -> None:
    """Each embedder has its share; one that is not known, the least."""
    assert [dense_weight(name) for name in (*EMBEDDERS, "mine")] == [0.45, 0.65, 0.65, 0.45]


@real
def test_the_blend_is_the_weighted_sum_of_two_cosines() -> None:
    """Two vectors of 640 numbers have .7 of the one cosine and .3 of the other, and length 1 all the same."""
    texts = [paper.title for paper in STACK]
    blended = BlendedEmbedder(folder_of(MODELS)).embed(texts)
    neural, static = MiniLM(folder_of(MODELS)).embed(texts), StaticEmbedder().embed(texts)
    assert blended.shape == (len(texts), DIMENSION + 256)
    wanted = SHARE * (neural @ neural.T) + (1 - SHARE) * (static @ static.T)
    assert np.allclose(blended @ blended.T, wanted, atol=1e-5)
    assert np.allclose(np.linalg.norm(blended, axis=1), 1, atol=1e-5)


@real
def test_the_blend_of_a_text_without_a_word() -> None:
    """Where the static half has nothing to say the other one stands alone; no vector is 0."""
    assert np.allclose(np.linalg.norm(BlendedEmbedder(folder_of(MODELS)).embed(["", " "]), axis=1), 1, atol=1e-5)


@real
def test_a_library_keeps_its_embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made by `auto` with the files there, a library is opened by `auto` with them, and asks for them without."""
    monkeypatch.setenv("RAG_MODELS", str(MODELS))
    with Library.open(tmp_path / "library", create=True, settings=Settings()) as library:
        library.add(*STACK[:3])
        assert library.embedder_name == "minilm"
        assert library.search(STACK[1].title, 1)[0].paper.id == STACK[1].id
    monkeypatch.delenv("RAG_MODELS")
    with Library.open(tmp_path / "library", settings=Settings()) as library, pytest.raises(EmbedderError, match="pull"):
        library.search(STACK[1].title, 1)


def test_loading_leaves_logging_alone() -> None:
    """The model's package sets up the root logger for everyone: that is undone."""
    before = (logging.getLogger().level, list(logging.getLogger().handlers))
    load_wordllama()
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before
