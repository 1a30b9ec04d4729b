"""The embedders, behind the `Embedder` protocol, and the choice between them; what is embedded is left to others."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import endpoint
from .errors import EmbedderError, shorten
from .minilm import DIMENSION, LONGEST, MiniLM
from .model import Embedder
from .models import SHA256, folder_of, is_there
from .settings import Settings, load_settings

__all__ = [
    "EMBEDDERS",
    "NEURAL",
    "BlendedEmbedder",
    "StaticEmbedder",
    "best",
    "choose",
    "dense_weight",
    "fingerprint",
    "load_wordllama",
    "unit_rows",
]

EMBEDDERS = ("static", "minilm", "minilm-exact")
NEURAL = {"minilm": 8, "minilm-exact": 32}
"""The bits of a weight, by the name of an embedder that needs the files of `models.py`."""
BATCH = 64
SHARE = 0.7
"""What MiniLM's cosine counts in the blend; the static embedder's counts the rest."""
DENSE_WEIGHTS = {"static": 0.45, "minilm": 0.65, "minilm-exact": 0.65, "endpoint": 0.65}
"""The share of the cosine in a search's score by embedder, BM25 having the rest: a better embedder may say more.

That of `endpoint` is not measured, which would have to be done for each model: it is MiniLM's.
"""


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


class BlendedEmbedder:
    """MiniLM and the static embedder side by side: the cosine of two texts is the weighted sum of both cosines.

    MiniLM reads the order of words but only the first 128 tokens, the static embedder every word. `exact` keeps
    the 32 bits of MiniLM's own numbers.
    """

    dimension = DIMENSION + StaticEmbedder.dimension

    def __init__(self, folder: Path, *, exact: bool = False) -> None:
        """Load both; raise EmbedderError when one cannot be."""
        self.name = "minilm-exact" if exact else "minilm"
        self._neural, self._static = MiniLM(folder, exact=exact), StaticEmbedder()
        self.fingerprint = fingerprint(self.name)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), 640)."""
        neural, static = self._neural.embed(texts), self._static.embed(texts)
        # of length 1 already, but for a text without a word, whose static half is 0
        return unit_rows(np.hstack([math.sqrt(SHARE) * neural, math.sqrt(1 - SHARE) * static]))


def fingerprint(name: str, settings: Settings | None = None) -> str:
    """Return what changes whenever the vectors of this embedder would; nothing is loaded for it.

    It is short, since it becomes part of the name of a collection in Chroma. The settings (default: those of the
    environment) name the model of `endpoint`.
    """
    if name == "endpoint":
        return endpoint.fingerprint(settings or load_settings())
    made = version("wordllama") if name in EMBEDDERS else ""
    if name in NEURAL:
        return f"minilm{NEURAL[name]}-{SHA256[:4]}-{LONGEST}-{SHARE * 100:.0f}-{made}"
    return f"static-wordllama-{made}-{StaticEmbedder.dimension}" if name == "static" else name


def dense_weight(name: str) -> float:
    """Return the share of the cosine in the fused score that measured best with an embedder."""
    return DENSE_WEIGHTS.get(name, DENSE_WEIGHTS["static"])


def best(folder: Path | None = None) -> str:
    """Return the name of the best embedder whose files are on this machine; nothing is loaded to find out."""
    return "minilm" if is_there(folder) else "static"


def choose(name: str, settings: Settings | None = None) -> Embedder:
    """Return the embedder called `name`; `auto` takes the best one whose files are on this machine.

    The settings (default: those of the environment) say where files lie. Raises EmbedderError when there is no
    embedder of that name or it cannot be loaded.
    """
    if name == "endpoint":
        return endpoint.EndpointEmbedder(settings or load_settings())
    if name not in {"auto", *EMBEDDERS}:
        known = ", ".join(("auto", *EMBEDDERS, "endpoint"))
        raise EmbedderError(f"there is no embedder {name!r}", remedy=f"take one of: {known}")
    if name == "static":
        return StaticEmbedder()
    folder = (settings or load_settings()).models
    if is_there(folder):
        return BlendedEmbedder(folder_of(folder), exact=name == "minilm-exact")
    if name == "auto":
        return StaticEmbedder()
    raise EmbedderError(
        f"the files of the embedder {name!r} are not in {shorten(folder_of(folder), 200)}",
        remedy="fetch them with: rag models pull",
    )
