"""How well texts cover what a question asks, and whether the library holds an answer; quoting is left to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from .facts import grams, holds_name, initials, names
from .model import Evidence, Paper, Span
from .question import asked_for, is_quantity
from .synonyms import Meanings, likeness, meanings
from .text import content, sentences, stem, terms

__all__ = ["NOWHERE", "Asked", "Idf", "Prepared", "is_answerable", "prepared", "unheard"]

Idf = Callable[[str], float]
NOWHERE = "\0"
"""A term that no paper holds."""

LOOKED_AT = 3
"""The gate looks at the best papers only: further down there is always something that shares a word."""

COVERED = 0.6
"""The share of a question that papers must say when a name in it is in none of them."""
GATES = {"static": (1.2, 40.0, -11.2), "minilm": (2.7, 37.2, -10.8)}
"""By embedder (one that is not here: as `minilm`) the weights of a logistic model of "the library holds this".

They stand for the highest coverage and the highest cosine among the best papers, and a constant. Fitted on the dev
questions against 57 everyday questions about other things; at 0, 4 % and 1 % of the dev questions are refused, 96 % and
97 % of the others.
"""


@dataclass(frozen=True, slots=True)
class Told:
    """The weights of a logistic model of "the abstract says what is asked", for questions that name that.

    When a paper says a question's words well on the whole (`mean`), but the `worst` said of them and what is `asked`
    for ("Which optimiser ...") hardly, then that is what it leaves out; of a question in other words than the paper's,
    the same tells nothing. Fitted on 216 questions that abstracts answer and 108 about what they leave out; at `least`,
    3 % and 24 % of them are refused.
    """

    mean: float = -6.3
    worst: float = 2.4
    asked: float = 2.4
    constant: float = 2.8
    least: float = -0.8


TOLD = Told()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's words and terms: for each term its IDF and the stems that may stand for it.

    `wanted` are the words that name what is asked for ("rate" in "what learning rate ...").
    """

    meanings: Meanings
    idf: dict[str, float]
    words: tuple[str, ...]
    wanted: frozenset[str]

    @classmethod
    def of(cls, question: str, idf: Idf) -> Asked:
        """Return the terms of a question."""
        found = meanings(question)
        words = tuple(dict.fromkeys(content(question)))
        return cls(found, {term: idf(term) for term in found}, words, asked_for(question))

    def match(self, term: str, stems: Set[str]) -> float:
        """Return how well one term is said by some stems: 1 by itself, less by a word that may stand for it, else 0."""
        return max((weight for stem, weight in self.meanings[term].items() if stem in stems), default=0.0)

    def coverage(self, stems: Set[str]) -> float:
        """Return the share of the question's terms, weighted by IDF, that some stems say, 0 to 1."""
        total = sum(self.idf.values())
        if total <= 0:
            return 0.0
        return sum(weight * self.match(term, stems) for term, weight in self.idf.items()) / total

    def heard(self, paper: Prepared) -> tuple[float, float]:
        """Return how well a paper as a whole says the question's words, 0 to 1: their mean by IDF, and the least.

        Words for how much are left out: what share it is, says a paper that gives a percentage.
        """
        named = [word for word in self.words if not is_quantity(word)]
        best = likeness(named, paper.words).max(axis=1, initial=0.0)
        return float(self._mean(named, best)), float(best.min(initial=1.0))

    def is_told(self, paper: Prepared, wanted: float) -> bool:
        """Tell whether a paper seems to say what is asked, its quotes saying the `wanted` words so well, 0 to 1.

        Where the question does not name it, or only as a quantity, there is nothing to miss.
        """
        if all(is_quantity(word) for word in self.wanted.intersection(self.words)):
            return True
        mean, worst = self.heard(paper)
        return TOLD.mean * mean + TOLD.worst * worst + TOLD.asked * wanted + TOLD.constant >= TOLD.least

    def said(self, paper: Prepared) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return for each sentence of a paper how well it says the question, and how well what is asked for, 0 to 1.

        The first is the IDF-weighted mean over the question's words of the best likeness of a word of the sentence or
        of the title; the second the mean over the words that name what is asked for, in the sentence alone.
        """
        near = np.pad(likeness(self.words, paper.words), ((0, 0), (0, 1)))  # the last column stands for no word
        best = np.maximum.reduceat(near[:, paper.places], paper.starts, axis=1)
        title, sentences_ = best[:, :1], best[:, 1:]
        whole = self._mean(self.words, np.maximum(sentences_, title))
        wanted = [place for place, word in enumerate(self.words) if word in self.wanted]
        return whole, sentences_[wanted].mean(axis=0) if wanted else np.zeros(sentences_.shape[1])

    def _mean(self, words: Sequence[str], said: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mean by IDF of how well some words are said, one a row."""
        weights = np.array([self.idf[stem(word)] for word in words])
        return np.asarray(weights @ said / max(weights.sum(), 1e-9))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper cut up for comparing: the stems of its title and of each sentence, and the sentences' spans and words."""

    title: frozenset[str]
    spans: tuple[Span, ...]
    parts: tuple[frozenset[str], ...]
    words: tuple[str, ...]
    """The different words of title and abstract, stop words left out."""
    places: NDArray[np.int64]
    """Where in `words` the words of the title stand, and then those of each sentence; before each text a -1."""
    starts: NDArray[np.int64]
    """Where in `places` each text begins."""
    lengths: tuple[int, ...]
    """How many words each sentence has, stop words left out."""

    @property
    def stems(self) -> frozenset[str]:
        """Every stem of title and abstract."""
        return self.title.union(*self.parts)


@lru_cache(maxsize=4096)
def prepared(paper: Paper) -> Prepared:
    """Return a paper cut up for comparing; remembered, since the same papers come up again and again."""
    spans = tuple(sentences(paper.abstract))
    texts = (paper.title, *(paper.abstract[start:end] for start, end in spans))
    said = [content(text) for text in texts]
    place = {word: number for number, word in enumerate(dict.fromkeys(chain(*said)))}
    title, *parts = (frozenset(map(stem, some)) for some in said)
    placed = [[-1, *(place[word] for word in dict.fromkeys(some))] for some in said]
    return Prepared(
        title=title,
        spans=spans,
        parts=tuple(parts),
        words=tuple(place),
        places=np.array(list(chain(*placed))),
        starts=np.cumsum([0, *map(len, placed[:-1])]),
        lengths=tuple(map(len, said[1:])),
    )


def unheard(question: str, asked: Asked, evidence: Iterable[Evidence], idf: Idf) -> str:
    """Return a name in the question that no paper holds, or "" when there is none or the rest is well covered.

    What "Marrowbone" digs is not told by papers that lack the word, however near they are. A name also stands as an
    acronym of what a paper spells out, or in another form (`facts.holds_name`).
    """
    papers = [piece.paper for piece in evidence]
    if max((asked.coverage(prepared(paper).stems) for paper in papers[:LOOKED_AT]), default=0.0) >= COVERED:
        return ""
    least = idf(NOWHERE)
    stems = {name: terms(name) for name in names(question)}
    strange = [name for name, some in stems.items() if some and all(idf(stem) >= least for stem in some)]
    if not strange:
        return ""
    text = "\n".join(f"{paper.title}\n{paper.abstract}" for paper in papers)
    known, letters = grams(text), initials(text)
    return next((name for name in strange if not holds_name(name, known, letters)), "")


def is_answerable(asked: Asked, evidence: Iterable[Evidence], embedder: str) -> bool:
    """Tell whether the best papers match the question well enough, absolutely, to answer from them."""
    best = list(evidence)[:LOOKED_AT]
    if not best or not asked.meanings:
        return False
    coverage = max(asked.coverage(prepared(piece.paper).stems) for piece in best)
    cosine = max(piece.scores["dense"] for piece in best)
    by_coverage, by_cosine, constant = GATES.get(embedder, GATES["minilm"])
    return by_coverage * coverage + by_cosine * cosine + constant >= 0
