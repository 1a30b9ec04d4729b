"""A set of questions: load it, check it against the papers, choose from it; asking them is left to `run.py`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from rag.errors import UsageError, shorten
from rag.model import Paper
from rag.text import title_key

from .matching import forbidden, holds
from .schema import CATEGORIES, Message, Nugget, Question, QuestionsError, parse

__all__ = [
    "CATEGORIES",
    "Fault",
    "Gold",
    "Message",
    "NoQuestions",
    "Nugget",
    "Question",
    "QuestionsError",
    "check_against",
    "content_hash",
    "gold_of",
    "load",
    "sample",
    "select",
    "title_ids",
]

MOST_SHOWN = 10
NOTES = ("split", "tags", "readers")
"""Fields that nothing is scored by."""


class NoQuestions(UsageError):
    """There is nothing to ask (exit status 5)."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a question, seen beside the papers."""

    question_id: str
    what: str

    def __str__(self) -> str:
        return f"{self.question_id}: {self.what}"


@dataclass(frozen=True, slots=True)
class Gold:
    """The gold of a question as paper ids: `groups` (one of each is needed) and `neutral` (neither right nor wrong).

    A group is empty when none of its titles is in the library: then nothing can meet it.
    """

    groups: tuple[frozenset[str], ...] = ()
    neutral: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        """Every paper of any group."""
        return frozenset[str]().union(*self.groups)


def load(path: str | Path) -> tuple[Question, ...]:
    """Read a set of questions, one JSON object a line; blank lines are skipped.

    Raises QuestionsError, which names line and fault of up to ten faults, and NoQuestions for a set without any.
    """
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise QuestionsError(
            f"the questions {shorten(path)} cannot be read ({error.strerror or error})", remedy="give a .jsonl file"
        ) from error
    found: dict[int, Question] = {}
    faults: dict[int, str] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                found[number] = parse(line)
            except QuestionsError as error:
                faults[number] = error.what
    _add_set_faults(found, faults, complete=not faults)
    if faults:
        raise QuestionsError(_listed(path, faults), remedy="correct these lines")
    if not found:
        raise NoQuestions(f"there are no questions in {shorten(path)}", remedy="give a file with one a line")
    return tuple(found.values())


def _add_set_faults(found: Mapping[int, Question], faults: dict[int, str], *, complete: bool) -> None:
    """Add the faults that only show beside other questions; a line that was refused may hold the base of a variant."""
    first: dict[str, int] = {}
    for number, question in found.items():
        if (before := first.setdefault(question.id, number)) != number:
            faults[number] = f"the id {shorten(question.id)!r} is that of line {before}"
    bases = {question.id for question in found.values() if question.variant_of is None}
    for number, question in found.items():
        if complete and question.variant_of is not None and question.variant_of not in bases:
            faults.setdefault(number, f"'variant_of' names {shorten(question.variant_of)!r}, which is no base question")


def _listed(path: str | Path, faults: Mapping[int, str]) -> str:
    shown = [f"{shorten(path)}, line {number}: {faults[number]}" for number in sorted(faults)[:MOST_SHOWN]]
    left = len(faults) - len(shown)
    return "\n".join(shown) + (f"\nand {left} more lines with faults" if left else "")


def check_against(questions: Iterable[Question], papers: Iterable[Paper]) -> tuple[Fault, ...]:
    """Return what is wrong with questions, given the papers that they are asked of.

    A fault is a title that no paper has, a vital nugget that no gold abstract holds, a forbidden value that a gold
    abstract holds, and a string nugget that stands in the question itself.
    """
    by_key = {title_key(paper.title): paper for paper in papers}
    return tuple(Fault(question.id, what) for question in questions for what in _faults(question, by_key))


def _faults(question: Question, by_key: Mapping[str, Paper]) -> list[str]:
    titles = (*question.gold_titles, *question.ok_papers)
    unknown = [title for title in titles if title_key(title) not in by_key]
    found = [f"no paper has the title {shorten(title)!r}" for title in unknown]
    gold = [by_key[key].abstract for key in map(title_key, question.gold_titles) if key in by_key]
    for nugget in question.vital:
        if gold and not any(holds(nugget, abstract) for abstract in gold):
            found.append(f"no gold abstract holds the vital nugget {nugget.id!r}")
    for value in sorted({value for abstract in gold for value in forbidden(question.forbid, abstract)}):
        found.append(f"a gold abstract holds the forbidden {shorten(value)!r}")
    for nugget in question.nuggets:
        if nugget.type == "string" and holds(nugget, question.question):
            found.append(f"the nugget {nugget.id!r} stands in the question")
    return found


def title_ids(papers: Iterable[Paper]) -> dict[str, str]:
    """Return the id of each paper by its `title_key`."""
    return {title_key(paper.title): paper.id for paper in papers}


def gold_of(question: Question, ids: Mapping[str, str]) -> Gold:
    """Return the gold of a question as paper ids; `ids` is what `title_ids` gives for the library."""
    groups = [{ids.get(title_key(title)) for title in group} for group in question.gold]
    neutral = {ids.get(title_key(title)) for title in question.ok_papers}
    return Gold(tuple(frozenset(group - {None}) for group in groups), frozenset(neutral - {None}))  # type: ignore[arg-type]


def content_hash(questions: Iterable[Question]) -> str:
    """Return the SHA-256 (64 hex digits) of everything that scoring reads; order and notes do not count."""
    kept = [{key: value for key, value in asdict(one).items() if key not in NOTES} for one in questions]
    canonical = json.dumps(sorted(kept, key=lambda one: str(one["id"])), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def select(
    questions: Sequence[Question], *, ids: Sequence[str] = (), categories: Sequence[str] = ()
) -> tuple[Question, ...]:
    """Return the questions of these ids and these categories, in their order; an empty filter lets all through.

    Raises QuestionsError for an id or a category that is unknown, and NoQuestions when nothing is left.
    """
    for kind, given, known in (
        ("question has the id", ids, {question.id for question in questions}),
        ("category is called", categories, set(CATEGORIES)),
    ):
        if unknown := [value for value in given if value not in known]:
            raise QuestionsError(f"no {kind} {shorten(unknown[0])!r}", remedy="correct --ids or --category")
    kept = [one for one in questions if (not ids or one.id in ids) and (not categories or one.category in categories)]
    if not kept:
        raise NoQuestions("no question is left by --ids and --category", remedy="choose fewer filters")
    return tuple(kept)


def sample(questions: Sequence[Question], limit: int, seed: int = 0) -> tuple[Question, ...]:
    """Return up to `limit` questions, stratified by category, in their order; a larger sample holds a smaller one.

    Variants come after all base questions: one without its base could not be compared. Within a category the order is
    drawn by `seed`; its i-th of n questions stands at (i + .5) / n of the whole, so that each beginning of the sample
    has the categories in proportion (systematic sampling). Raises QuestionsError for a limit under 1.
    """
    if limit < 1:
        raise QuestionsError(f"a sample of {limit} questions was asked for", remedy="give a --limit of 1 or more")
    drawn = Random(seed)
    shuffled = drawn.sample(list(questions), len(questions))
    size = Counter((question.variant is not None, question.category) for question in shuffled)
    met: Counter[tuple[bool, str]] = Counter()
    places: dict[str, tuple[bool, float, float]] = {}
    for question in shuffled:
        stratum = (question.variant is not None, question.category)
        places[question.id] = (stratum[0], (met[stratum] + 0.5) / size[stratum], drawn.random())
        met[stratum] += 1
    chosen = set(sorted(places, key=places.__getitem__)[:limit])
    return tuple(question for question in questions if question.id in chosen)
