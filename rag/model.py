"""The nouns of Paperchat, as frozen values, and the protocols of its parts; how they are made is left to others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "AddReport",
    "Answer",
    "Citation",
    "Draft",
    "DraftSentence",
    "Embedder",
    "Event",
    "Evidence",
    "Paper",
    "Passage",
    "Sentence",
    "Skipped",
    "Span",
    "Turn",
    "Verdict",
]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper as its source gives it.

    `id` is the arXiv id without its version where one is known, else a hash of the normalised title.
    `title` and `abstract` are kept as read, but for runs of white space, so that quotes stay verbatim.
    `source` names the file or address that it came from.
    """

    id: str
    title: str
    abstract: str
    url: str | None = None
    authors: tuple[str, ...] = ()
    published: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that a reader left out: the file or address, which entry of it, and why."""

    source: str
    entry: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.source}, {self.entry}" if self.entry else self.source
        return f"{where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one abstract: its `ordinal`-th, characters `start` to `end`.

    The passages of an abstract do not overlap and join back to it exactly.
    """

    paper_id: str
    ordinal: int
    start: int
    end: int

    @property
    def key(self) -> str:
        """The id under which every index knows this passage."""
        return f"{self.paper_id}#{self.ordinal}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A paper that was found, by its best passage.

    `rank` counts from 1. `score` is the fused score in 0..1, relative to the other results of the same search;
    `scores` holds the raw ones by ranking: `lexical` (BM25, no upper bound) and `dense` (cosine, -1..1).
    """

    paper: Paper
    passage: Passage
    rank: int
    score: float
    scores: Mapping[str, float]

    @property
    def text(self) -> str:
        """The passage itself, `abstract[start:end]`."""
        return self.paper.abstract[self.passage.start : self.passage.end]

    def to_dict(self) -> dict[str, Any]:
        """Return the stable JSON form of one search result."""
        return {
            "paper_id": self.paper.id,
            "title": self.paper.title,
            "url": self.paper.url,
            "text": self.text,
            "start": self.passage.start,
            "end": self.passage.end,
            "rank": self.rank,
            "score": round(self.score, 6),
            "scores": {name: round(value, 6) for name, value in self.scores.items()},
        }


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence that is not checked yet, with the evidence it points to.

    `span` is set when the sentence is a quote: its start and end in the abstract of the first piece of evidence.
    """

    text: str
    cites: tuple[Evidence, ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer proposes: sentences, or the `reason` why it has no answer, and then only what comes nearest.

    `layout` is `prose`, or `list` for one sentence a line.
    """

    sentences: tuple[DraftSentence, ...]
    mode: str = "extractive"
    reason: str | None = None
    layout: Literal["prose", "list"] = "prose"


class Verdict(StrEnum):
    """How well the cited abstracts support a sentence (`verify.py` holds the definitions)."""

    VERBATIM = "VERBATIM"
    SUPPORTED = "SUPPORTED"
    WEAK = "WEAK"
    UNSUPPORTED = "UNSUPPORTED"
    UNCITED = "UNCITED"
    EXEMPT = "EXEMPT"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A checked sentence: its verdict, the numbers of its citations, and why the verdict is not better."""

    text: str
    verdict: Verdict
    citations: tuple[int, ...] = ()
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "text": self.text,
            "verdict": str(self.verdict),
            "citations": list(self.citations),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """One quote from one paper: `abstract[start:end] == quote`.

    The number stands for the paper: two quotes from one paper are two citations that share their number.
    """

    number: int
    paper: Paper
    quote: str
    start: int
    end: int

    def to_dict(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "number": self.number,
            "paper_id": self.paper.id,
            "title": self.paper.title,
            "url": self.paper.url,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or a refusal: then `abstained` is set, `reason` says why, and `evidence` holds the nearest papers.

    `mode` is `extractive` or the name of the model that wrote. `timings` are milliseconds by step. `notice` says in one
    line what did not go as asked, such as a model that failed. `checks` counts what was done to a model's answer:
    `claims` made and how many of them `supported`, `unknown_citations` removed, citations `attached` or `moved` to the
    paper that supports the sentence, sentences `dropped`.
    """

    question: str
    standalone_question: str
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    evidence: tuple[Evidence, ...]
    abstained: bool = False
    reason: str | None = None
    mode: str = "extractive"
    timings: Mapping[str, float] = field(default_factory=dict)
    notice: str | None = None
    checks: Mapping[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the stable JSON form; keys are only ever added to it."""
        return {
            "question": self.question,
            "standalone_question": self.standalone_question,
            "text": self.text,
            "abstained": self.abstained,
            "reason": self.reason,
            "mode": self.mode,
            "sentences": [sentence.to_dict() for sentence in self.sentences],
            "citations": [citation.to_dict() for citation in self.citations],
            "evidence": [piece.to_dict() for piece in self.evidence],
            "timings": {step: round(ms, 3) for step, ms in self.timings.items()},
            "notice": self.notice,
            "checks": dict(self.checks),
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of a conversation and the answer to it."""

    question: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Event:
    """A step of `Library.stream`: `kind` is `progress`, `text`, `sentence` or `answer`.

    `progress` says what is done; while a model is waited for, it comes several times a second, so that whoever listens
    can stop. `text` is a part of the answer that is not checked yet, to be joined to the parts before it. `sentence` is
    one that ended and was checked: it takes the place of the `text` since the last one, and of nothing when its own
    `text` is empty (it was left out). `answer` comes last and takes the place of all: it may be another one, quoted.
    """

    kind: str
    text: str = ""
    answer: Answer | None = None
    sentence: Sentence | None = None


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of the papers given to a library: ids added, updated, unchanged or removed, and what failed."""

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    failed: tuple[Skipped, ...] = ()
    removed: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the stable JSON form."""
        return {
            "added": list(self.added),
            "updated": list(self.updated),
            "unchanged": list(self.unchanged),
            "failed": [{"source": bad.source, "entry": bad.entry, "reason": bad.reason} for bad in self.failed],
            "removed": list(self.removed),
        }


class Embedder(Protocol):
    """Turns texts into unit vectors of one dimension."""

    @property
    def name(self) -> str:
        """The name it is chosen by."""

    @property
    def dimension(self) -> int:
        """The length of its vectors."""

    @property
    def fingerprint(self) -> str:
        """What changes whenever its vectors would."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array of shape (len(texts), dimension), each row of length 1 (or 0 for a text without tokens)."""
