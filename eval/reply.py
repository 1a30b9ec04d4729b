"""An answer as the measures read it, from an `Answer` or its JSON form; scoring it is left to `measures.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rag.errors import shorten
from rag.model import Answer, Paper

from .citations import Claim
from .schema import QuestionsError

__all__ = ["Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as the measures read it.

    `asked` is the question and, where it differs, its stand-alone form; `retrieved` holds paper ids, best first;
    `cited` each cited paper once; `numbers` the numbers of its citations.
    """

    text: str
    abstained: bool
    asked: str
    retrieved: tuple[str, ...]
    claims: tuple[Claim, ...]
    cited: tuple[Paper, ...]
    numbers: frozenset[int]

    @classmethod
    def of(cls, answer: Answer, retrieved: Iterable[str] | None = None) -> Reply:
        """Read an answer; `retrieved` replaces the ranking of its evidence where a longer one was searched."""
        return cls.from_dict(answer.to_dict(), {one.paper.id: one.paper for one in answer.citations}, retrieved)

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], papers: Mapping[str, Paper], retrieved: Iterable[str] | None = None
    ) -> Reply:
        """Read the JSON form of an answer; `papers` holds those that it cites, by id.

        Raises QuestionsError for a citation of a paper that `papers` does not hold: another library was given.
        """
        by_number: dict[int, Paper] = {}
        for citation in data["citations"]:
            if citation["paper_id"] not in papers:
                raise QuestionsError(
                    f"the answer cites {shorten(citation['paper_id'])!r}, which this library does not hold",
                    remedy="give the library that the run was made with",
                )
            by_number[citation["number"]] = papers[citation["paper_id"]]
        found = [piece["paper_id"] for piece in data["evidence"]] if retrieved is None else retrieved
        return cls(
            text=data["text"],
            abstained=data["abstained"],
            asked=" ".join(dict.fromkeys([data["question"], data["standalone_question"]])),
            retrieved=tuple(dict.fromkeys(found)),
            claims=tuple(_claim(sentence, by_number) for sentence in data["sentences"]),
            cited=tuple(dict.fromkeys(by_number.values())),
            numbers=frozenset(by_number),
        )

    @property
    def cited_ids(self) -> tuple[str, ...]:
        """The ids of the papers it cites, each once, in the order of their numbers."""
        return tuple(paper.id for paper in self.cited)

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the papers it cites."""
        return tuple(paper.title for paper in self.cited)


def _claim(sentence: Mapping[str, Any], by_number: Mapping[int, Paper]) -> Claim:
    return Claim(sentence["text"], tuple(by_number[number] for number in sentence["citations"] if number in by_number))
