"""How well texts cover what a question asks, and whether the library holds an answer; quoting is left to others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from .model import Evidence, Paper, Span
from .synonyms import Meanings, meanings
from .text import sentences, terms

__all__ = ["Asked", "Idf", "Prepared", "is_answerable", "prepared"]

Idf = Callable[[str], float]

LOOKED_AT = 3
"""The gate looks at the best papers only: further down there is always something that shares a word."""

# Logistic model of "this question is about something that the library holds", over the three best papers' highest
# soft coverage and highest cosine. Fitted on the dev questions against 45 everyday questions about other things; the
# cosine's weight belongs to the static embedder. At 0, 5 % of the dev questions are refused and 94 % of the others.
COVERAGE_WEIGHT, COSINE_WEIGHT, BIAS = 4.0, 19.5, -6.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's terms: for each its IDF and the stems that may stand for it."""

    meanings: Meanings
    idf: dict[str, float]

    @classmethod
    def of(cls, question: str, idf: Idf) -> Asked:
        """Return the terms of a question."""
        found = meanings(question)
        return cls(found, {term: idf(term) for term in found})

    def match(self, term: str, stems: Set[str]) -> float:
        """Return how well one term is said by some stems: 1 by itself, less by a word that may stand for it, else 0."""
        return max((weight for stem, weight in self.meanings[term].items() if stem in stems), default=0.0)

    def coverage(self, stems: Set[str], weights: dict[str, float] | None = None) -> float:
        """Return the weighted share (IDF by default) of the question's terms that some stems say, 0 to 1."""
        weights = self.idf if weights is None else weights
        total = sum(weights.values())
        if total <= 0:
            return 0.0
        return sum(weight * self.match(term, stems) for term, weight in weights.items()) / total

    def local(self, parts: Sequence[Set[str]], title: Set[str]) -> dict[str, float]:
        """Return weights that tell the sentences of one paper apart: a term counts less the more sentences say it."""
        weights = {}
        for term, idf in self.idf.items():
            saying = sum(1 for part in parts if self.match(term, part) > 0)
            if saying or self.match(term, title) > 0:
                weights[term] = idf * math.log((len(parts) + 1) / (saying + 1))
        return weights


@dataclass(frozen=True, slots=True)
class Prepared:
    """A paper cut up for comparing: the stems of its title and of each sentence, and the sentences' spans."""

    title: frozenset[str]
    spans: tuple[Span, ...]
    parts: tuple[frozenset[str], ...]

    @property
    def stems(self) -> frozenset[str]:
        """Every stem of title and abstract."""
        return self.title.union(*self.parts)


@lru_cache(maxsize=4096)
def prepared(paper: Paper) -> Prepared:
    """Return a paper cut up for comparing; remembered, since the same papers come up again and again."""
    spans = tuple(sentences(paper.abstract))
    return Prepared(
        title=frozenset(terms(paper.title)),
        spans=spans,
        parts=tuple(frozenset(terms(paper.abstract[start:end])) for start, end in spans),
    )


def is_answerable(asked: Asked, evidence: Iterable[Evidence]) -> bool:
    """Tell whether the best papers match the question well enough, absolutely, to answer from them."""
    best = list(evidence)[:LOOKED_AT]
    if not best or not asked.meanings:
        return False
    coverage = max(asked.coverage(prepared(piece.paper).stems) for piece in best)
    cosine = max(piece.scores["dense"] for piece in best)
    return COVERAGE_WEIGHT * coverage + COSINE_WEIGHT * cosine + BIAS >= 0
