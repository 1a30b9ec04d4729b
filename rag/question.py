"""What a question asks for: whether it can be searched for, and its kind; what answers it is left to `extract.py`."""

from __future__ import annotations

import re
from enum import StrEnum

from .errors import QuestionError, shorten
from .text import squash, words

__all__ = ["LONGEST_QUESTION", "Kind", "checked", "kind_of"]

LONGEST_QUESTION = 4_000
"""Characters; a longer text is not a question."""


class Kind(StrEnum):
    """What kind of answer a question wants."""

    NUMERIC = "numeric"
    YES_NO = "yes/no"
    LIST = "list"
    FIND = "find"
    """One work is looked for: the best few candidates serve better than one guess."""
    COMPARISON = "comparison"
    DEFINITION = "definition"
    HOW = "how"
    OTHER = "other"


def checked(question: str) -> str:
    """Return the question on one line; raise QuestionError when it is empty, endless or has no word in it."""
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question is {len(question):,} characters long ({shorten(question, 30)!r})",
            remedy=f"ask in at most {LONGEST_QUESTION:,}",
        )
    line = squash("".join(character if character.isprintable() else " " for character in question))
    if not line:
        raise QuestionError("the question is empty", remedy="ask in a few words, as in: which papers prune layers?")
    if not words(line):
        raise QuestionError(f"the question {shorten(line)!r} has no word in it", remedy="ask in a few words")
    return line


WORK = (
    r"(?:paper|work|study|method|approach|technique|model|system|dataset|benchmark|survey|algorithm|framework|"
    r"architecture|project|tool|article|publication)"
)
WORKS = (
    r"(?:papers?|works|studies|methods|approaches|techniques|models|systems|datasets|benchmarks|surveys|algorithms|"
    r"frameworks|architectures|projects|teams|efforts|ones|tools|articles|publications)"
)
# The first pattern that matches decides, so the more particular kinds stand first.
PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.COMPARISON,
        re.compile(
            r"\b(?:compare[ds]?|comparison|versus|vs|differences?|differ|contrast|in common|both)\b"
            r"|\b(?:which|what) of the (?:two|three)\b|\b(?:more|less|\w+er) than\b.*\bor\b"
        ),
    ),
    (
        Kind.NUMERIC,
        re.compile(
            r"\bhow (?:many|much|large|big|small|long|fast|often|far|high|low|old|accurate|expensive|deep|wide|few|"
            r"close|strong)\b"
            r"|\b(?:what|which) (?:\w+ ){0,4}?(?:percentage|percent|fraction|share|proportion|number|size|score|accuracy|"
            r"speed-?up|ratio|rate|figure|cost|amount|factor|count|length|budget|perplexity|bleu|f1|value|total|"
            r"dimension|resolution|reduction|improvement|gain|increase|decrease|margin|error)\b|\bby what\b"
        ),
    ),
    (
        Kind.LIST,
        re.compile(
            rf"^(?:please )?(?:list|name|enumerate)\b|\b(?:which|what|any|some|all|find|show|give) (?:\w+ ){{0,3}}?{WORKS}\b"
            r"|\b(?:are there|who else|what are (?:some|the|all))\b|\bwhich\b.* \b(?:are|have|do|use)\b.*\bpapers\b"
        ),
    ),
    (Kind.FIND, re.compile(rf"^(?:which|what) (?:\w+ ){{0,2}}?{WORK}\b")),
    (Kind.DEFINITION, re.compile(r"^(?:what|who) (?:is|are|was|were) |\bwhat does .*\b(?:mean|stand for)\b|^(?:define|explain)\b")),
    (Kind.HOW, re.compile(r"^(?:and |so |but )?how (?:do|does|did|is|are|was|were|can|could|to)\b|\bin what way\b|\bby what means\b")),
    (
        Kind.YES_NO,
        re.compile(
            r"^(?:and |so |but )?(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|must)\b"
        ),
    ),
)  # fmt: skip


def kind_of(question: str) -> Kind:
    """Return the kind of a question, decided from its words alone."""
    asked = " ".join(re.findall(r"[\w'-]+", question.lower()))
    return next((kind for kind, pattern in PATTERNS if pattern.search(asked)), Kind.OTHER)
