"""How well each sentence of the evidence answers a question; which of them are quoted is decided in `extract.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .exempt import FEWEST_WORDS
from .model import Embedder, Evidence, Span
from .question import Kind, kind_of, topic
from .relevance import Asked, Idf, Prepared, prepared
from .sides import asks_for_all, sides

__all__ = ["FIGURE", "WEIGHTS", "Scored", "Sought", "Weights", "by_meaning", "by_words", "is_quotable"]


@dataclass(frozen=True, slots=True)
class Weights:
    """What speaks for a sentence, in log-odds.

    A conditional logistic model of "this sentence answers", fitted for each embedder on the dev questions over the
    starter library and over real abstracts, and on 216 further questions about 108 abstracts that are in neither.
    """

    said: float
    """How well sentence and title say the question (`Asked.said`)."""
    wanted: float
    """How well the sentence says what is asked for."""
    cosine: float
    figure: float
    """It holds a figure, and the question asks for one."""
    method: float
    """It tells how, and the question asks how."""
    position: float
    """Where it stands: 0 for the first sentence of the abstract, 1 for the last."""
    opening: float
    """It is the first sentence, which is nearly always background."""
    paper_cosine: float
    paper_terms: float
    """The share of the question's terms that its paper says."""
    fused: float
    """Its paper's score in the search."""


WEIGHTS = {
    "static": Weights(7.22, 2.66, 2.62, 3.51, 0.26, 0.96, -2.16, 8.00, 8.51, 3.04),
    "minilm": Weights(5.31, 2.72, 5.63, 3.44, 0.44, 1.09, -2.32, 11.35, 7.81, 3.62),
}
"""By the name of the embedder; one that is not here is weighted as `minilm` is."""

INTRODUCED = 3.0
"""What it weighs that a sentence is the first to name what is to be defined; from 2 to 4 dev answers are the same."""

PROPOSED = 1.0
"""What it weighs in a list that a sentence tells what its paper does: where the title says all that is asked of it, no
sentence says more of it than another."""
RELEASED = -2.0
"""What it weighs that a sentence tells where code or data are, unless that is asked; on 216 questions about real
abstracts the right sentence is then quoted as often as without."""

ACTIVE = re.compile(r"!?\[[^\]]*\]\s*\(|<[a-zA-Z/!]")
"""A link, an image or a tag: a reader's program might load it, so a sentence that holds one is not quoted."""
PROPOSAL = re.compile(
    r"\b(?:we|this (?:paper|work|study|survey|article)|our \w+)\b.{0,60}?"
    r"\b(?:propos|introduc|present|develop|design|investigat|explor|stud)",
    re.I,
)
GOODS = r"(?:code|data|datasets?|models?|checkpoints?|weights|scripts?|implementation|repository|demo)"
RELEASE = re.compile(
    rf"https?://|\b{GOODS}\b[^.]{{0,80}}\b(?:available|released?|open-?sourced?|public(?:ly)?)\b"
    rf"|\b(?:release|open-?source)\b[^.]{{0,60}}\b{GOODS}\b",
    re.I,
)
ASKS_RELEASE = re.compile(
    r"\b(?:code|availab|releas|open|public|github|repositor|download|licen[cs]e|where|share)", re.I
)
FIGURE = re.compile(r"(?<![\w.-])\d")
METHOD = re.compile(
    r"\b(?:propos|introduc|present|method|approach|using|uses|by |via|through|based on|consist|train|works|framework|"
    r"first|then|combin|employ|design|learn|each|instead)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence of a piece of evidence, with how well it answers."""

    evidence: Evidence
    span: Span
    score: float
    wanted: float
    """How well it says what is asked for, 0 to 1."""

    @property
    def text(self) -> str:
        """The sentence as it stands in the abstract."""
        return self.evidence.paper.abstract[self.span[0] : self.span[1]]


@dataclass(frozen=True, slots=True)
class Sought:
    """What sentences are scored for: a question, its kind, whether it asks what something is, or where its code is."""

    topic: str
    asked: Asked
    """The words of the topic."""
    kind: Kind
    sides: tuple[str, ...]
    """What it compares; nothing, when it is no comparison."""
    what_is: bool
    release: bool
    weights: Weights

    @classmethod
    def of(cls, question: str, idf: Idf, embedder: str) -> Sought:
        """Return what a question seeks, its sentences to be weighted as suits an embedder."""
        about, kind, compared = topic(question), kind_of(question), sides(question)
        return cls(
            topic=about,
            asked=Asked.of(about, idf),
            kind=kind,
            sides=compared,
            what_is=kind is Kind.DEFINITION or asks_for_all(question, compared),
            release=ASKS_RELEASE.search(question) is not None,
            weights=WEIGHTS.get(embedder, WEIGHTS["minilm"]),
        )

    def of_kind(self, text: str) -> float:
        """Return what the kind of the question has to say for a sentence."""
        score = RELEASED * (not self.release and RELEASE.search(text) is not None)
        if self.kind is Kind.NUMERIC:
            return score + self.weights.figure * bool(FIGURE.search(text))
        if self.kind in {Kind.LIST, Kind.FIND}:
            return score + PROPOSED * bool(PROPOSAL.search(text))
        return score + self.weights.method * (self.kind is Kind.HOW and bool(METHOD.search(text)))


def is_quotable(text: str, length: int) -> bool:
    """Tell a sentence of so many words from scraps ("Code is available."), and from what a program might load."""
    return length >= FEWEST_WORDS and not ACTIVE.search(text)


def by_words(sought: Sought, evidence: Sequence[Evidence]) -> Iterator[Scored]:
    """Yield every sentence of the evidence that may be quoted, scored by all but its meaning."""
    asked, weights = sought.asked, sought.weights
    for piece in evidence:
        parts = prepared(piece.paper)
        said, wanted = asked.said(parts)
        paper = _of_paper(piece, asked.coverage(parts.stems), weights)
        introduced = _introduced(asked, parts) if sought.what_is else None
        for number, span in enumerate(parts.spans):
            text = piece.paper.abstract[span[0] : span[1]]
            score = weights.said * said[number] + weights.wanted * wanted[number] + sought.of_kind(text)
            score += weights.position * number / max(1, len(parts.spans) - 1) + weights.opening * (number == 0)
            score += INTRODUCED * (number == introduced)
            if is_quotable(text, parts.lengths[number]):
                yield Scored(piece, span, paper + float(score), float(wanted[number]))


def by_meaning(sought: Sought, told: Sequence[Scored], embedder: Embedder) -> list[Scored]:
    """Return the sentences with what their cosine to the question says added to their scores."""
    vectors = embedder.embed([sought.topic, *(one.text for one in told)])
    worth = (sought.weights.cosine * (vectors[1:] @ vectors[0])).tolist()
    return [replace(one, score=one.score + more) for one, more in zip(told, worth, strict=True)]


def _of_paper(piece: Evidence, terms_said: float, weights: Weights) -> float:
    return weights.fused * piece.score + weights.paper_cosine * piece.scores["dense"] + weights.paper_terms * terms_said


def _introduced(asked: Asked, parts: Prepared) -> int | None:
    """Return which sentence is the first to say the rarest word of the question, or of what of it the title says."""
    rarest = max(parts.title.intersection(asked.idf) or asked.idf, key=lambda stem: (asked.idf[stem], stem), default="")
    return next((number for number, stems in enumerate(parts.parts) if rarest in stems), None)
