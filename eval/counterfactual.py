"""A copy of papers in which facts were altered, and the questions about them; asking them is left to `run.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from rag.model import Paper
from rag.text import normalise, title_key, words

from .matching import holds
from .schema import Nugget, Question

__all__ = ["Altered", "Counterfactual", "Followed", "counterfactual", "followed"]


class Followed(StrEnum):
    """What an answer from altered papers says: what they say now, what they said before, or neither."""

    ALTERED = "altered"
    ORIGINAL = "original"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Altered:
    """A question as the altered papers answer it: its nuggets are the altered ones only; `originals` their old form."""

    question: Question
    originals: tuple[Nugget, ...]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A copy of papers in which facts were altered, and the questions that ask for one of them."""

    papers: tuple[Paper, ...]
    questions: tuple[Altered, ...]


def followed(altered: Altered, text: str) -> Followed:
    """Tell what an answer's body follows: one that holds an original fact follows memory, whatever else it holds."""
    if any(holds(nugget, text) for nugget in altered.originals):
        return Followed.ORIGINAL
    return Followed.ALTERED if any(holds(nugget, text) for nugget in altered.question.nuggets) else Followed.NEITHER


def counterfactual(questions: Sequence[Question], papers: Sequence[Paper], seed: int = 0) -> Counterfactual:
    """Return papers with the facts of vital nuggets altered, and the questions whose facts could be.

    A number nugget gets another number of like size and precision, a string nugget that is a name an invented name,
    wherever it stands in its abstract; titles stay, so that gold does. Only a fact that stands in one gold abstract
    and not in its title is altered, and only one that is gone afterwards counts: every nugget returned holds in the
    new abstract, and no original does.
    """
    random = Random(seed)
    old = {title_key(paper.title): paper for paper in papers}
    new = {key: paper.abstract for key, paper in old.items()}
    made: dict[_Fact, Nugget] = {}
    wanted = {key: _numbers_of(questions, key) for key in old}
    for question in questions:
        for nugget in question.vital:
            key = _only_source(question, nugget, old)
            fact = _fact(key, nugget)
            if key and fact not in made and (change := _change(nugget, new[key], wanted[key], random)) is not None:
                made[fact], new[key] = change
    found = [one for question in questions if (one := _altered(question, old, new, made)).question.nuggets]
    changed = tuple(replace(paper, abstract=new[title_key(paper.title)]) for paper in papers)
    return Counterfactual(changed, tuple(found))


_Fact = tuple[str, float | None, tuple[str, ...]]


def _fact(key: str, nugget: Nugget) -> _Fact:
    """Return what a nugget asks of a paper, whatever its units: two questions on one fact are altered alike."""
    return key, nugget.value, nugget.any_of


def _numbers_of(questions: Sequence[Question], key: str) -> set[float]:
    """Return the numbers that questions ask of one paper: none of them may be made by altering another."""
    asked = [question for question in questions if key in map(title_key, question.gold_titles)]
    return {nugget.value for question in asked for nugget in question.nuggets if nugget.value is not None}


def _only_source(question: Question, nugget: Nugget, old: Mapping[str, Paper]) -> str:
    """Return the key of the one gold paper whose abstract holds a nugget, or "" if none, several or a title does."""
    gold = [old[key] for key in map(title_key, question.gold_titles) if key in old]
    found = [paper for paper in gold if holds(nugget, paper.abstract)]
    return title_key(found[0].title) if len(found) == 1 and not holds(nugget, found[0].title) else ""


def _altered(
    question: Question, old: Mapping[str, Paper], new: Mapping[str, str], made: Mapping[_Fact, Nugget]
) -> Altered:
    """Return a question with those of its nuggets that were altered and are true of the new abstracts alone."""
    pairs = []
    for nugget in question.vital:
        key = _only_source(question, nugget, old)
        if (change := made.get(_fact(key, nugget))) is None:
            continue
        other = replace(nugget, value=change.value, any_of=change.any_of, tol=change.tol)
        if holds(other, new[key]) and not holds(nugget, new[key]):
            pairs.append((nugget, other))
    changed = replace(question, nuggets=tuple(other for _, other in pairs), forbid=(), reference="")
    return Altered(changed, tuple(nugget for nugget, _ in pairs))


def _change(nugget: Nugget, abstract: str, asked: set[float], random: Random) -> tuple[Nugget, str] | None:
    """Return an altered nugget and the abstract that holds it, or None when the nugget is no number and no name."""
    if nugget.type == "number":
        return _change_number(nugget, abstract, asked, random)
    return _change_name(nugget, abstract, random) if nugget.any_of else None


DIGITS = re.compile(r"(?<![\w.,])(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?!\d|\.\d)(\s?%|\s?percent)?")
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "b": 1e9, "billion": 1e9, "trillion": 1e12}
SCALED = re.compile(rf"\s?({'|'.join(sorted(SCALES, key=len, reverse=True))})(?![a-z])", re.IGNORECASE)
FACTORS = (0.3, 0.5, 0.7, 1.3, 1.7, 2.5)
STEPS = (1, 2, 3, 4, 6)


def _change_number(nugget: Nugget, abstract: str, asked: set[float], random: Random) -> tuple[Nugget, str] | None:
    wanted = nugget.value or 0.0
    slack = nugget.tol + 1e-9 * max(1.0, abs(wanted))
    found = {match: _written(match) for match in DIGITS.finditer(abstract)}
    for match, written in found.items():
        scaled = SCALED.match(abstract, match.end())
        scales = (1.0, SCALES[scaled.group(1).lower()] if scaled else 1.0)
        scale = next((by for by in scales if abs(written * by - wanted) <= slack), 0.0)
        if scale and (other := _other_number(match, written, asked | set(found.values()), random)):
            old = match.group(1) + (match.group(2) or "")
            text = re.sub(rf"(?<![\w.,]){re.escape(old)}(?!\d|\.\d|,\d)", other, abstract)
            return replace(nugget, value=float(other.replace(",", "")) * scale, tol=0.0), text
    return None


def _written(match: re.Match[str]) -> float:
    return float((match.group(1) + (match.group(2) or "")).replace(",", ""))


def _other_number(match: re.Match[str], written: float, taken: set[float], random: Random) -> str | None:
    """Return another number as the first is written: commas, decimals, and no percentage that goes over 100."""
    places = len(match.group(2) or ".") - 1
    comma = "," if "," in match.group(1) else ""
    most = 100.0 if match.group(3) and written <= 100 else float("inf")
    near = [written * factor for factor in random.sample(FACTORS, len(FACTORS))]
    for value in (*near, *(written + step for step in STEPS)):
        rounded = round(value, places)
        if 0 < rounded <= most and rounded not in taken:
            return f"{rounded:{comma}.{places}f}"
    return None


INVENTED = (
    "Velmora", "Quandrix", "Brantelo", "Osmeric", "Tarnivex", "Jorvald", "Pellucor", "Xanthera", "Mirvaneth",
    "Dulcamar", "Fennimark", "Grelloway", "Hesperon", "Ulmaric", "Wexolian", "Zorvane", "Calvetra", "Norwendel",
)  # fmt: skip
"""Names of nothing."""


def _change_name(nugget: Nugget, abstract: str, random: Random) -> tuple[Nugget, str] | None:
    text = abstract
    free = [name for name in INVENTED if name.lower() not in normalise(abstract)]
    if not free:
        return None
    other = random.choice(free)
    for alias in sorted(nugget.any_of, key=len, reverse=True):
        spaced = r"[\W_]*".join(map(re.escape, words(alias)))
        pattern = re.compile(rf"(?<![^\W_]){spaced}(?![^\W_])", re.IGNORECASE)
        if any(_is_name(match.group()) for match in pattern.finditer(text)):
            text = pattern.sub(other, text)
    return None if text == abstract else (replace(nugget, any_of=(other,)), text)


def _is_name(written: str) -> bool:
    """Tell whether something is written as a name: a capital after its first letter, or a digit in it."""
    return any(character.isupper() or character.isdigit() for character in written[1:])
