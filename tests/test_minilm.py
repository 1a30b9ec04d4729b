"""MiniLM on its real files, in 8 bits and exactly: padding, order, length, agreement with Chroma's own function."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, STACK, Child
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag import minilm
from rag.errors import EmbedderError
from rag.minilm import ALONE, BUDGET, DIMENSION, LONGEST, MiniLM, _batches
from rag.models import FILES

REAL = ROOT.parent / "shared" / "models" / "all-MiniLM-L6-v2" / "onnx"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the model's files are not here")
TEXTS = ("", "?", *(f"{paper.title} {paper.abstract}"[: 90 * number] for number, paper in enumerate(STACK, start=1)))


@lru_cache(maxsize=2)
def embedder(exact: bool = False) -> MiniLM:
    """Return the model, loaded once."""
    return MiniLM(REAL, exact=exact)


@given(st.lists(st.integers(2, LONGEST), max_size=60), st.sampled_from([ALONE, 100, BUDGET]))
def test_batches_hold_every_text_once(lengths: list[int], budget: int) -> None:
    """From the shortest to the longest, each batch within the budget when padded, and none empty."""
    batches = list(_batches(lengths, budget))
    assert sorted(chain.from_iterable(batches)) == list(range(len(lengths)))
    inside = [lengths[index] for index in chain.from_iterable(batches)]
    assert inside == sorted(lengths)
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= budget


def test_batches_by_hand() -> None:
    """Four texts of 128 tokens fill a budget of 512; the short one goes with the next longer ones."""
    assert list(_batches([128, 100, 10, 128, 128, 128, 128], 512)) == [[2, 1, 0, 3], [4, 5, 6]]
    assert list(_batches([20, 10], ALONE)) == [[1], [0]]
    assert list(_batches([], BUDGET)) == []


@real
@pytest.mark.parametrize("exact", [False, True])
def test_a_text_has_one_vector_whatever_stands_beside_it(exact: bool) -> None:
    """The padding law: alone, in a batch padded to longer texts, and in any order, its vector is the same to 1e-4."""
    model = embedder(exact)
    together = model.embed(TEXTS)
    assert together.shape == (len(TEXTS), DIMENSION)
    assert together.dtype == np.float32
    alone = np.concatenate([model.embed([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < 1e-4
    assert np.abs(model.embed(TEXTS[::-1])[::-1] - together).max() < 1e-4


@real
def test_a_batch_is_padded() -> None:
    """Texts of unlike length that run as one give what each gives alone: padding counts for nothing."""
    model = embedder(exact=True)
    tokens = [model._tokenizer.encode(text).ids for text in ("bits", "four bits of a weight", STACK[0].abstract)]
    assert len({len(ids) for ids in tokens}) == 3
    assert np.abs(model._run(tokens) - np.concatenate([model._run([ids]) for ids in tokens])).max() < 1e-4


@real
@settings(max_examples=15)
@given(st.lists(st.text(max_size=60), max_size=4))
def test_vectors_have_length_one(texts: list[str]) -> None:
    """Any texts at all, empty ones and lone surrogates too, give finite rows of length 1; none give none."""
    vectors = embedder().embed(texts)
    assert vectors.shape == (len(texts), DIMENSION)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@real
def test_a_lone_surrogate_is_embedded() -> None:
    """What no encoding holds counts as a question mark, and does not stop a batch."""
    one, other = embedder().embed(["a \ud800 b", "a ? b"])
    assert np.allclose(one, other, atol=1e-5)


@real
def test_a_long_text_is_cut() -> None:
    """Of 100,000 characters the first 128 tokens count, two of which mark the start and the end."""
    word = "lattice "
    whole, cut, longer, shorter = embedder().embed(
        [word * 12_500, word * (LONGEST - 2), f"{word * (LONGEST - 2)} soup", word * (LONGEST - 3)]
    )
    assert np.allclose(whole, cut, atol=1e-4)
    assert np.allclose(longer, cut, atol=1e-4)
    assert not np.allclose(shorter, cut, atol=1e-4)


def theirs(monkeypatch: pytest.MonkeyPatch, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors of Chroma's default embedding function, which pads every text to 256 tokens."""
    from chromadb.utils.embedding_functions import onnx_mini_lm_l6_v2

    monkeypatch.setattr(onnx_mini_lm_l6_v2.ONNXMiniLM_L6_V2, "DOWNLOAD_PATH", REAL.parent)
    return np.array(onnx_mini_lm_l6_v2.ONNXMiniLM_L6_V2()(list(texts)))


@real
@pytest.mark.parametrize(("exact", "least"), [(True, 0.999), (False, 0.98)])
def test_the_same_as_chromas_own_function(monkeypatch: pytest.MonkeyPatch, exact: bool, least: float) -> None:
    """An outside oracle: up to 128 tokens, vectors are those of Chroma's default function, to 8 bits or exactly."""
    texts = [paper.title for paper in STACK] + [paper.abstract.partition(". ")[0] for paper in STACK]
    assert ((embedder(exact).embed(texts) * theirs(monkeypatch, texts)).sum(axis=1) > least).all()


@real
def test_long_texts_differ_from_chromas_by_the_cut_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many tokens as Chroma takes, texts of any length have Chroma's vectors; the cut changes the long ones."""
    texts = [" ".join(f"{paper.title} {paper.abstract}" for paper in STACK[first : first + 4]) for first in (0, 4, 8)]
    wanted = theirs(monkeypatch, texts)
    assert ((embedder(exact=True).embed(texts) * wanted).sum(axis=1) < 0.999).all()
    monkeypatch.setattr(minilm, "LONGEST", 256)
    assert ((MiniLM(REAL, exact=True).embed(texts) * wanted).sum(axis=1) > 0.999).all()


@real
def test_like_texts_are_near() -> None:
    """A paraphrase without a common word is nearer than another subject."""
    one, like, other = embedder().embed(["compress a neural network", "shrinking deep models", "a recipe for soup"])
    assert one @ like > one @ other + 0.2


@real
def test_threads_share_one_model(child: Callable[..., Child]) -> None:
    """Texts of several users at once, and batches side by side, give what each gives alone."""
    code = (
        "import sys; from concurrent.futures import ThreadPoolExecutor; from pathlib import Path\n"
        "import numpy as np; from rag.minilm import MiniLM\n"
        "model = MiniLM(Path(sys.argv[1])); model._workers = 3\n"
        "texts = [f'{word} ' * 150 for word in 'one two three four five six seven'.split()]\n"
        "alone = np.concatenate([model.embed([text]) for text in texts])\n"
        "with ThreadPoolExecutor(4) as users: found = list(users.map(lambda _: model.embed(texts), range(4)))\n"
        "print(all(np.abs(each - alone).max() < 1e-4 for each in found))"
    )
    assert child(code, REAL).end() == (0, "True\n", "")


def test_no_files(tmp_path: Path) -> None:
    """A folder without the files is an error that names it and what fetches them."""
    with pytest.raises(EmbedderError, match="rag models pull") as caught:
        MiniLM(tmp_path)
    assert str(tmp_path) in caught.value.what


@real
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_broken_file(tmp_path: Path, name: str) -> None:
    """A file that is cut short is an error, not a crash."""
    for other in FILES:
        if other != name:
            (tmp_path / other).symlink_to(REAL / other)
    shutil.copyfile(REAL / name, tmp_path / name)
    with (tmp_path / name).open("r+b") as file:
        file.truncate(5000)
    with pytest.raises(EmbedderError, match="pull --again"):
        MiniLM(tmp_path)
