"""The embedders, behind the `Embedder` protocol, and the choice between them; what is embedded is left to others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EmbedderError
from .model import Embedder

__all__ = ["EMBEDDERS", "StaticEmbedder", "choose", "fingerprint", "load_wordllama", "unit_rows"]

EMBEDDERS = ("static",)
BATCH = 64


def unit_rows(vectors: NDArray[Any]) -> NDArray[np.float32]:
    """Return the rows scaled to length 1 as float32; rows of zeros stay zeros."""
    matrix = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0))


@lru_cache(maxsize=1)
def load_wordllama() -> Any:  # noqa: ANN401
    """Return WordLlama with the files that its wheel holds; raise EmbedderError when it is not installed."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        import wordllama
    except ImportError as error:
        raise EmbedderError(
            "the embedder 'static' cannot be loaded: wordllama is not installed", remedy="pip install wordllama"
        ) from error
    finally:
        # importing it sets up the root logger for the whole process: put that back
        root.handlers[:] = handlers
        root.setLevel(level)
    # its loader looks for the tokenizer in the wrong folder and would then try to download it
    home = Path(wordllama.__file__).parent
    return wordllama.WordLlama.load(cache_dir=home, disable_download=True)


class StaticEmbedder:
    """WordLlama: the mean of 256-d token vectors, from files that its wheel holds; nothing is downloaded."""

    name = "static"
    dimension = 256

    def __init__(self) -> None:
        self._model = load_wordllama()
        self.fingerprint = fingerprint(self.name)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), 256)."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        # batches of texts of like length: each batch is padded to its longest
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            vectors[batch] = self._model.embed([_encodable(texts[index]) for index in batch])
        return unit_rows(np.nan_to_num(vectors))


def _encodable(text: str) -> str:
    """Return a text that a tokenizer takes: no lone surrogates, and not empty."""
    return text.encode("utf-8", "replace").decode() or " "


def fingerprint(name: str) -> str:
    """Return what changes whenever the vectors of this embedder would; nothing is loaded for it."""
    return f"static-wordllama-{version('wordllama')}-{StaticEmbedder.dimension}" if name == "static" else name


def choose(name: str) -> Embedder:
    """Return the embedder called `name`; `auto` takes the best one whose files are on this machine.

    Raises EmbedderError when there is none of that name or it cannot be loaded.
    """
    if name in {"auto", "static"}:
        return StaticEmbedder()
    raise EmbedderError(f"there is no embedder {name!r}", remedy=f"take one of: auto, {', '.join(EMBEDDERS)}")
