"""The same questions put otherwise: seeded typos, and variants beside their base; altered papers are left to others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from .schema import Question

__all__ = ["misspell", "paired", "with_typos"]


def paired(questions: Iterable[Question]) -> Iterator[tuple[Question, Question]]:
    """Yield (base question, variant) for every variant whose base is there."""
    known = {question.id: question for question in questions}
    for question in known.values():
        if question.variant_of in known:
            yield known[question.variant_of], question


# Typos

NEIGHBOURS = {
    "a": "qsz", "b": "vgn", "c": "xdv", "d": "sfe", "e": "wrd", "f": "dgr", "g": "fht", "h": "gjy", "i": "uok",
    "j": "hku", "k": "jli", "l": "kop", "m": "njk", "n": "bmh", "o": "ipl", "p": "ol", "q": "wa", "r": "etf",
    "s": "adw", "t": "ryg", "u": "yij", "v": "cbf", "w": "qes", "x": "zcs", "y": "tuh", "z": "xas",
}  # fmt: skip
"""Keys beside each other on a QWERTY keyboard."""
# Whole lower-case words: with a capital, a digit, a hyphen or an apostrophe they may be names.
PLAIN = re.compile(r"(?<![\w'’.-])[a-z]{4,}(?![\w'’-]|\.\w)")  # noqa: RUF001
ONE_IN = 6


def misspell(text: str, seed: int | str = 0) -> str:
    """Return a text with a typo in one of six plain words, at least in one when there is any.

    A typo swaps two letters, drops, doubles or mistypes one; the first letter stays, as it does in most human typos
    (Pollock and Zamora, CACM 1984). Words that may be names, and everything with a digit, stay as they are.
    """
    random = Random(f"{seed}:{text}")
    found = list(PLAIN.finditer(text))
    chosen = random.sample(found, max(1, len(found) // ONE_IN)) if found else []
    for match in sorted(chosen, key=lambda match: -match.start()):
        text = text[: match.start()] + _mistyped(match.group(), random) + text[match.end() :]
    return text


def _mistyped(word: str, random: Random) -> str:
    """Return a word with one typo; it is never the word itself."""
    at = random.randrange(1, len(word))
    tried = [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + random.choice(NEIGHBOURS[word[at]]) + word[at + 1 :],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :] if at > 1 else word,
    ]
    return random.choice([typo for typo in tried if typo != word])


def with_typos(question: Question, seed: int = 0) -> Question:
    """Return the typo variant of a question, of the same cluster; its id ends in `~typo`."""
    return replace(
        question,
        id=f"{question.id}~typo",
        question=misspell(question.question, f"{seed}:{question.id}"),
        variant_of=question.id,
        variant="typo",
    )
