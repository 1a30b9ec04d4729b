"""One question of the evaluation and its nuggets, as frozen values, read from JSON; sets of them are left to others."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from rag.errors import UsageError, shorten
from rag.text import title_key, words

__all__ = ["CATEGORIES", "UNANSWERABLE", "Category", "Message", "Nugget", "Question", "QuestionsError", "parse"]

Category = Literal[
    "single", "numeric", "method", "comparison", "list", "definition", "yesno", "followup", "near_miss",
    "out_of_domain", "false_premise",
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = (
    "single", "numeric", "method", "comparison", "list", "definition", "yesno", "followup", "near_miss",
    "out_of_domain", "false_premise",
)  # fmt: skip
UNANSWERABLE: frozenset[Category] = frozenset({"near_miss", "out_of_domain"})
"""Categories whose questions no paper of the library answers."""
STRICT = ConfigDict(extra="forbid", strict=True)


class QuestionsError(UsageError):
    """A set of questions that cannot be used, or does not fit what it is used with (exit status 4)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the conversation before a question."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Nugget:
    """A short fact that an answer must (vital) or may hold; `matching.holds` tells whether a text does.

    A `string` nugget has `any_of` or `all_of`; a `number` nugget `value`, how far off it may be (`tol`, in the same
    unit) and words of which one must stand in the same sentence (`unit`); a `regex` nugget a `pattern`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    type: Literal["string", "number", "regex"]
    vital: bool
    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    value: float | None = None
    tol: float = 0.0
    unit: tuple[str, ...] = ()
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question, what its answer must hold and which papers it rests on.

    `gold` is an AND of OR-groups of exact titles: of each group one paper is needed. Citing one of `ok_papers` is
    neither right nor wrong. `forbid` holds known wrong values. Questions of one `cluster_id` are not independent.
    `variant` says in what `variant_of` was changed (None: a base question). `tags` and `readers` are notes: nothing is
    scored by them.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    id: str
    category: Category
    answerable: bool
    history: tuple[Message, ...]
    question: str
    reference: str
    gold: tuple[tuple[str, ...], ...]
    ok_papers: tuple[str, ...]
    nuggets: tuple[Nugget, ...]
    forbid: tuple[str, ...]
    unanswerable_reason: str | None
    cluster_id: str
    variant_of: str | None
    variant: str | None
    split: Literal["dev", "test"] | None = None
    tags: tuple[str, ...] = ()
    readers: int | None = None

    @property
    def gold_titles(self) -> tuple[str, ...]:
        """Every gold title, group after group."""
        return tuple(title for group in self.gold for title in group)

    @property
    def vital(self) -> tuple[Nugget, ...]:
        """The nuggets that an answer must hold."""
        return tuple(nugget for nugget in self.nuggets if nugget.vital)

    @property
    def okay(self) -> tuple[Nugget, ...]:
        """The nuggets that an answer may hold."""
        return tuple(nugget for nugget in self.nuggets if not nugget.vital)

    @property
    def messages(self) -> list[dict[str, str]]:
        """The conversation before, in the form that `Library.ask` takes as `history`."""
        return [{"role": message.role, "content": message.content} for message in self.history]


def parse(line: str | bytes) -> Question:
    """Read one question from one line of JSON; raise QuestionsError that names every fault of it, joined by "; "."""
    try:
        question = _adapter().validate_json(line)
    except ValidationError as error:
        raise QuestionsError("; ".join(_told(error))) from None
    if faults := [*_faults(question), *(fault for nugget in question.nuggets for fault in _nugget_faults(nugget))]:
        raise QuestionsError("; ".join(faults))
    return question


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Question]:
    return TypeAdapter(Question)


def _told(error: ValidationError) -> Iterator[str]:
    """Say in words what the types refuse."""
    for one in error.errors(include_url=False):
        place = ".".join(str(part) for part in one["loc"])
        if one["type"] == "json_invalid":
            yield f"bad JSON ({one['ctx']['error'].replace('line 1 ', '')})"
        elif one["type"] in {"missing", "missing_argument"}:
            yield f"missing field {place!r}"
        elif one["type"] in {"unexpected_keyword_argument", "extra_forbidden"}:
            yield f"unknown field {shorten(place)!r}"
        else:
            yield f"{place or 'the line'} is {shorten(repr(one['input']), 40)}: {one['msg'].lower()}"


def _faults(question: Question) -> Iterator[str]:
    """Name what the types cannot refuse."""
    for name in ("id", "question", "cluster_id"):
        if not getattr(question, name).strip():
            yield f"{name!r} is empty"
    if not words(question.question):
        yield "the question has no word in it"
    keys = [title_key(title) for title in question.gold_titles]
    if not all(question.gold) or not all(keys):
        yield "'gold' has an empty group or title"
    if len(set(keys)) < len(keys):
        yield "'gold' names one title twice"
    if {title_key(title) for title in question.ok_papers} & set(keys):
        yield "a title stands in 'gold' and in 'ok_papers'"
    if not all(words(value) for value in question.forbid):
        yield "'forbid' has a value without a word or number"
    if len({nugget.id for nugget in question.nuggets}) < len(question.nuggets):
        yield "two nuggets have one id"
    if (question.variant is None) != (question.variant_of is None):
        yield "'variant' and 'variant_of' go together"
    yield from _answerable_faults(question)


def _answerable_faults(question: Question) -> Iterator[str]:
    """Name what does not fit `answerable`."""
    if question.answerable and question.category in UNANSWERABLE:
        yield f"a question of category {question.category!r} cannot be answerable"
    if question.answerable and not question.vital:
        yield "an answerable question needs a vital nugget"
    if question.answerable and not question.gold:
        yield "an answerable question needs gold papers"
    if not question.answerable and (question.nuggets or question.gold):
        yield "an unanswerable question has neither nuggets nor gold papers"
    if not question.answerable and not question.unanswerable_reason:
        yield "an unanswerable question needs an 'unanswerable_reason'"


def _nugget_faults(nugget: Nugget) -> Iterator[str]:
    where = f"nugget {shorten(nugget.id)!r}"
    given = {
        "string": bool(nugget.any_of or nugget.all_of),
        "number": nugget.value is not None or bool(nugget.unit) or nugget.tol != 0,
        "regex": nugget.pattern is not None,
    }
    if extra := [kind for kind, there in given.items() if there and kind != nugget.type]:
        yield f"{where} is a {nugget.type} with fields of a {extra[0]}"
    if nugget.type == "string":
        yield from _string_faults(nugget, where)
    elif nugget.type == "number":
        if nugget.value is None or not math.isfinite(nugget.value) or not 0 <= nugget.tol < math.inf:
            yield f"{where} needs a finite 'value', and a 'tol' of 0 or more"
        if not all(unit.strip() for unit in nugget.unit):
            yield f"{where} has an empty unit"
    else:
        yield from _pattern_faults(nugget.pattern, where)


def _string_faults(nugget: Nugget, where: str) -> Iterator[str]:
    if bool(nugget.any_of) == bool(nugget.all_of):
        yield f"{where} needs either 'any_of' or 'all_of'"
    if not all(words(text) for text in (*nugget.any_of, *nugget.all_of)):
        yield f"{where} has a string without a word or number"


def _pattern_faults(pattern: str | None, where: str) -> Iterator[str]:
    try:
        if not pattern or re.compile(pattern, re.IGNORECASE).search("") is not None:
            yield f"{where} needs a 'pattern' that the empty text does not match"
    except re.error as error:
        yield f"{where} has a bad pattern ({error})"
