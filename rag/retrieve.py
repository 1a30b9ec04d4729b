"""Two rankings, fused into Evidence, the best passage of each paper; what is answered from it is left to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .catalogue import Catalogue
from .embed import dense_weight
from .errors import StoreError
from .lexical import LexicalIndex
from .model import Embedder, Evidence
from .question import topic
from .records import Where, as_vectors, paper_of
from .scan import Scan
from .settings import Settings
from .synonyms import meanings
from .text import terms
from .vectors import VectorStore

__all__ = ["Stores", "retrieve", "scaled", "wanted"]


TOGETHER = 5_000
"""Passages from which both rankings are searched at once: below, handing one over takes longer than it saves."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What a search reads."""

    catalogue: Catalogue
    vectors: VectorStore
    lexical: LexicalIndex
    embedder: Embedder
    scan: Callable[[], Scan]
    """Every vector of the library as of now."""
    exact: bool
    """Whether the library is small enough to compare the question with every stored vector."""
    beside: Executor
    """Where BM25 is searched while the vectors are."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The union of both rankings, with the raw score of each ranking for every passage in it.

    `asked`, the question's vector, has the shape (dimension,), `vectors` (n, dimension), `lexical` and `dense` (n,).
    """

    asked: NDArray[np.float32]
    keys: list[str]
    vectors: NDArray[np.float32]
    lexical: NDArray[np.float64]
    dense: NDArray[np.float64]


def retrieve(
    question: str, stores: Stores, settings: Settings, *, k: int = 10, where: Where | None = None
) -> list[Evidence]:
    """Return up to `k` papers for a question, or for its topic, best first.

    BM25 also looks, at a lower weight, for words that may stand for the question's (`synonyms.py`). The fused score is
    (1 - w) * BM25 + w * cosine, each min-max scaled over the union of both candidate lists, with
    w = `settings.dense_weight`, by default what suits the embedder. The cosine is to the question moved towards the
    first results (pseudo-relevance feedback as in Rocchio 1971: the sum of the unit question and the unit mean of the
    first `settings.feedback`, weighted by their fused score). Reciprocal-rank fusion measured worse on every
    collection.
    """
    found = _candidates(topic(question), stores, settings, where)
    if found is None:
        return []
    given = settings.dense_weight
    weight = dense_weight(stores.embedder.name) if given is None else given
    fused = _fuse(found.lexical, found.dense, weight)
    if settings.feedback:
        moved = _moved(found.asked, found.vectors, fused, settings.feedback)
        fused = _fuse(found.lexical, (found.vectors @ moved).astype(np.float64), weight)
    return _collapse(found, fused, stores.catalogue, k)


def wanted(question: str, synonyms: float) -> dict[str, float]:
    """Return the terms that BM25 looks for, each with its weight."""
    weights = dict.fromkeys(terms(question), 1.0)
    for stems in meanings(question).values() if synonyms else ():
        for stem, weight in stems.items():
            weights[stem] = max(weight * synonyms, weights.get(stem, 0.0))
    return weights


def scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores min-max scaled to 0..1; all zeros where they do not differ."""
    lowest, span = scores.min(), np.ptp(scores)
    return np.zeros_like(scores) if span <= 0 else (scores - lowest) / span


def _fuse(lexical: NDArray[np.float64], dense: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    return (1.0 - weight) * scaled(lexical) + weight * scaled(dense)


def _candidates(question: str, stores: Stores, settings: Settings, where: Where | None) -> Candidates | None:
    """Return the union of both rankings' first passages, searched at once, or None when there are none."""

    def by_words() -> tuple[dict[str, float], dict[str, float]]:
        weights = wanted(question, settings.synonyms)
        return weights, dict(stores.lexical.search(weights, settings.candidates, where))

    other = stores.beside.submit(by_words) if stores.lexical.count() > TOGETHER else None
    asked = stores.embedder.embed([question])[0]
    dense = dict(_nearest(asked, stores, settings.candidates, where))
    weights, lexical = other.result() if other else by_words()
    keys = list(dict.fromkeys([*lexical, *dense]))
    stored = stores.catalogue.vectors(keys)
    # an index may be a moment ahead of or behind the catalogue: what the catalogue does not hold is not shown
    keys = [key for key in keys if key in stored]
    if not keys:
        return None
    lexical |= stores.lexical.scores(weights, [key for key in keys if key not in lexical])
    vectors = as_vectors([stored[key] for key in keys])
    return Candidates(
        asked=asked,
        keys=keys,
        vectors=vectors,
        lexical=np.array([lexical.get(key, 0.0) for key in keys]),
        dense=(vectors @ asked).astype(np.float64),  # exact, where Chroma's neighbours are approximate
    )


def _nearest(asked: NDArray[np.float32], stores: Stores, k: int, where: Where | None) -> list[tuple[str, float]]:
    """Return the passages nearest to the question.

    Under a filter, and in all but huge libraries, every vector is compared (`scan.py`): Chroma's own filters are slow,
    its neighbours approximate, and it takes longer to import than the vectors take to map.
    """
    if not where and not stores.exact:
        try:
            return stores.vectors.nearest(asked, k)
        except StoreError:
            if not stores.vectors.is_embedded:
                raise
            # another process is writing its files, which Chroma cannot be read beside: the next question opens it anew
            stores.vectors.close()
    return stores.scan().nearest(asked, k, where)


def _moved(
    asked: NDArray[np.float32], vectors: NDArray[np.float32], fused: NDArray[np.float64], first: int
) -> NDArray[np.float32]:
    """Return the question's vector after feedback, of length 1."""
    top = np.argsort(-fused, kind="stable")[:first]
    mean = fused[top] @ vectors[top]
    length = np.linalg.norm(mean)
    moved = asked + mean / length if length > 0 else asked
    return np.asarray(moved / max(float(np.linalg.norm(moved)), 1e-9), dtype=np.float32)


def _collapse(found: Candidates, fused: NDArray[np.float64], catalogue: Catalogue, k: int) -> list[Evidence]:
    """Return the best passage of each of the first `k` papers."""
    best: dict[str, int] = {}
    # ties are broken by key, so that the same question gives the same order everywhere
    for index in sorted(range(len(found.keys)), key=lambda row: (-fused[row], found.keys[row])):
        best.setdefault(paper_of(found.keys[index]), index)
        if len(best) == k:
            break
    stored = catalogue.passages([found.keys[index] for index in best.values()])
    present = [(index, *stored[found.keys[index]]) for index in best.values() if found.keys[index] in stored]
    return [
        Evidence(paper=paper, passage=passage, rank=rank, score=float(fused[index]), scores=_raw(found, index))
        for rank, (index, passage, paper) in enumerate(present, start=1)
    ]


def _raw(found: Candidates, index: int) -> Mapping[str, float]:
    return {"lexical": float(found.lexical[index]), "dense": float(found.dense[index])}
