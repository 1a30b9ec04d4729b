"""How near words are by the static word vectors: which may stand for which; searching is left to the BM25 index."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .embed import load_wordllama, unit_rows
from .text import STOP_WORDS, stem, words

__all__ = ["MOST", "NEAREST", "WEIGHT", "Meanings", "likeness", "meanings"]

Meanings = dict[str, dict[str, float]]
"""For each stem of a question the stems that may stand for it, with how well: 1 for itself, less for the others."""

NEAREST = 0.5
"""Cosine from which a word may stand for another. Tuned with MOST and WEIGHT on the dev questions."""
MOST = 10
"""Words that may stand for one word."""
WEIGHT = 1.0
"""What a match of such a word counts, times its cosine, beside 1 for the word itself."""
SHORTEST = 3
FIRST, ROUGHLY = 128, 0.17
"""Words are compared by half of their numbers first, and wholly from this scalar product on.

The vectors hold most in their first numbers: of 3,272 neighbours of 2,000 words the lowest has .18.
"""
REMEMBERED = 10_000
"""Words whose neighbours are kept."""
NEARLY = 0.95
"""The most that a word of another stem can be like a word."""


def meanings(question: str) -> Meanings:
    """Return what each term may be said by: "tiny" also by "small", "mix" also by "mixture".

    The words come from the vocabulary of the static embedder, so nothing of the library is read. In order.
    """
    asked = [word for word in dict.fromkeys(words(question)) if word not in STOP_WORDS]
    found: Meanings = {stem(word): {stem(word): 1.0} for word in asked}
    plain = [word for word in asked if word.isalpha() and len(word) >= SHORTEST]
    for word, others in zip(plain, _near(tuple(plain)), strict=True):
        mine = found[stem(word)]
        for other, cosine in others:
            if stem(other) not in found:
                mine[stem(other)] = max(mine.get(stem(other), 0.0), WEIGHT * cosine)
    return found


def likeness(asked: Sequence[str], said: Sequence[str]) -> NDArray[np.float32]:
    """Return how near words are, shape (len(asked), len(said)): 1 for the same stem, else the cosine, NEARLY at most.

    A word that is not whole in the vocabulary is near to its own stem only.
    """
    names, table = _rows()
    rows = [table[[names.get(word, -1) for word in words]] for words in (asked, said)]
    near = np.minimum(rows[0] @ rows[1].T, NEARLY)
    columns: dict[str, list[int]] = {}
    for column, word in enumerate(said):
        columns.setdefault(stem(word), []).append(column)
    for row, word in enumerate(asked):
        near[row, columns.get(stem(word), [])] = 1.0
    return np.asarray(near, dtype=np.float32)


def _near(plain: tuple[str, ...]) -> list[tuple[tuple[str, float], ...]]:
    """Return for each word the vocabulary's nearest, best first; remembered, since questions share their words."""
    kept = _remembered()
    known = {word: kept.get(word) for word in plain}
    if missing := [word for word, near in known.items() if near is None]:
        if len(kept) > REMEMBERED:
            kept.clear()
        names, table, short = _vocabulary()
        vectors = _vectors(missing)
        places, whose = np.nonzero(short @ vectors[:, :FIRST].T > ROUGHLY)
        cosines = np.einsum("ij,ij->i", table[places], vectors[whose])
        found: list[list[tuple[str, float]]] = [[] for _ in missing]
        for one in np.flatnonzero(cosines > NEAREST):
            found[whose[one]].append((names[places[one]], float(cosines[one])))
        for word, near in zip(missing, found, strict=True):
            known[word] = kept[word] = tuple(sorted(near, key=lambda pair: -pair[1])[: MOST + 1])
    return [known[word] or () for word in plain]


def _vectors(plain: Sequence[str]) -> NDArray[np.float32]:
    """Return unit vectors of words, one a row; only those that are not whole in the vocabulary need the tokenizer."""
    rows, table = _rows()
    vectors = table[[rows.get(word, -1) for word in plain]]
    if others := [place for place, word in enumerate(plain) if word not in rows]:
        vectors[others] = unit_rows(load_wordllama().embed([plain[place] for place in others]))
    return vectors


@lru_cache(maxsize=1)
def _remembered() -> dict[str, tuple[tuple[str, float], ...]]:
    return {}


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[list[str], NDArray[np.float32], NDArray[np.float32]]:
    """Return the whole lower-case words of the static embedder's vocabulary, their unit vectors, and the halves."""
    model: Any = load_wordllama()
    mark = "▁"  # how the tokenizer writes the start of a word
    entries = sorted(model.tokenizer.get_vocab().items(), key=lambda entry: entry[1])
    kept = [
        (token[1:], index)
        for token, index in entries
        if token.startswith(mark) and len(token) > SHORTEST and token[1:].isalpha() and token[1:].islower()
        if token[1:] not in STOP_WORDS
    ]
    table = unit_rows(model.embedding[[index for _, index in kept]])
    return [name for name, _ in kept], table, np.ascontiguousarray(table[:, :FIRST])


@lru_cache(maxsize=1)
def _rows() -> tuple[dict[str, int], NDArray[np.float32]]:
    """Return the row of each word of the vocabulary, and the vectors with a last row of zeros for all others."""
    names, table, _ = _vocabulary()
    return {name: row for row, name in enumerate(names)}, np.vstack([table, np.zeros_like(table[:1])])
