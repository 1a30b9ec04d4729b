"""Does a text hold a fact: an answer's body, its first words, nuggets, forbidden values; scores are left to others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from rag.facts import canonical, negated, sizes, values
from rag.text import normalise, sentences, squash, terms, words

from .schema import Nugget

__all__ = ["WORDS_READ", "body", "forbidden", "head", "holds", "holds_phrase"]

WORDS_READ = 150
"""Words of a body in which nuggets are looked for: dumping an abstract must not win (GROUNDING.md 2)."""

SHORTEST_ECHO = 4
"""Words of a question that is taken out word for word; "And Dasheng?" would take a name out of every sentence."""
MARKER = re.compile(r"\s?\[\s?\d{1,3}(?:\s?[,;–-]\s?\d{1,3})*\s?\]")  # noqa: RUF001
SOURCE_HEAD = re.compile(
    r"(?:^|(?<=[.!?\])]\s)|(?<=\n))[ \t#*_-]*(?:sources?|references?|citations?|bibliography|(?:nearest|cited) papers?)"
    r"[*_ \t]*:",
    re.IGNORECASE,
)


def body(text: str, *, question: str = "", titles: Iterable[str] = ()) -> str:
    """Return what an answer itself says: without source list, cited titles, citation markers and echo of the question.

    A source list runs from its head ("Sources:", at the start of a line or sentence) to the end of the text. An echo is
    the question word for word, or a sentence that adds no word to it (see `_echoes`). The result is for matching only:
    what is left is NFKC-normalised and on one line.
    """
    kept = unicodedata.normalize("NFKC", text)
    if (source_list := SOURCE_HEAD.search(kept)) is not None:
        kept = kept[: source_list.start()]
    kept = MARKER.sub("", kept)
    asked = question if len(words(question)) >= SHORTEST_ECHO else ""
    for phrase in (*sorted(titles, key=len, reverse=True), asked):
        if (pattern := _phrase(phrase)) is not None:
            kept = pattern.sub(" ", kept)
    lines = [line[start:end] for line in kept.splitlines() for start, end in sentences(line)]
    return squash(" ".join(line for line in lines if words(line) and not _echoes(line, question)))


def _phrase(phrase: str) -> re.Pattern[str] | None:
    """Return a pattern that finds a title or a question however it is spaced, dashed or quoted; None for no words."""
    run = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", phrase))
    if not run:
        return None
    spaced = r"[\W_]+".join(map(re.escape, run))
    return re.compile(rf"(?<![^\W_]){spaced}(?![^\W_])[?!]?", re.IGNORECASE)


def _echoes(sentence: str, question: str) -> bool:
    """Tell whether a sentence repeats the question: each of its stems stands there, and nothing is negated otherwise.

    "It needs 8 chips" echoes "Does it need 8 chips?"; "Yes, 8", "It needs 16 chips" and "It does not need 8" do not.
    """
    said, asked = set(terms(sentence)), set(terms(question))
    return bool(said) and said <= asked and negated(canonical(sentence)) == negated(canonical(question))


def head(text: str, longest: int = WORDS_READ) -> str:
    """Return the first `longest` words (runs without white space) of a text."""
    for place, word in enumerate(re.finditer(r"\S+", text), start=1):
        if place == longest:
            return text[: word.end()]
    return text


def holds(nugget: Nugget, text: str) -> bool:
    """Tell whether a text holds a nugget.

    Strings are looked for as runs of whole normalised words. A number must stand in one sentence with one of its
    units, if it has any; it may be written with k, M, B, as a word, or with its scale left to the unit ("410M
    parameters" holds 410 and 410,000,000). A regex is searched for in the normalised text, whatever its case.
    """
    if nugget.type == "string":
        found = (holds_phrase(text, phrase) for phrase in nugget.any_of or nugget.all_of)
        return any(found) if nugget.any_of else all(found)
    if nugget.type == "regex":
        return re.search(nugget.pattern or "", normalise(text), re.IGNORECASE) is not None
    return any(_holds_number(nugget, text[start:end]) for start, end in sentences(text))


def holds_phrase(text: str, phrase: str) -> bool:
    """Tell whether a phrase stands in a text as a run of whole words; a phrase without words stands nowhere."""
    run = " ".join(words(phrase))
    return bool(run) and f" {run} " in f" {' '.join(words(text))} "


def forbidden(phrases: Sequence[str], text: str) -> tuple[str, ...]:
    """Return the forbidden values that a text holds."""
    return tuple(phrase for phrase in phrases if holds_phrase(text, phrase))


# Digits as written, whatever scale follows: a writer of questions may leave the scale to the unit.
DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
ONE = re.compile(r"\bone\b")
PERCENT = re.compile(r"\bper ?cent\b")


def _holds_number(nugget: Nugget, sentence: str) -> bool:
    wanted = nugget.value or 0.0
    slack = nugget.tol + 1e-9 * max(1.0, abs(wanted))  # what binary fractions lose is no error
    if not any(abs(number - wanted) <= slack for number in _numbers(sentence)):
        return False
    plain = PERCENT.sub("%", normalise(sentence))
    return not nugget.unit or any(_has_unit(plain, PERCENT.sub("%", normalise(unit))) for unit in nugget.unit)


def _numbers(sentence: str) -> set[float]:
    """Return every number of a sentence: scaled as `rag.facts` reads them, as written, and "one"."""
    text = canonical(sentence)
    found = {number for number, _ in (*values(text), *sizes(text))} | {float(digits) for digits in DIGITS.findall(text)}
    return found | ({1.0} if ONE.search(text) else set())


def _has_unit(sentence: str, unit: str) -> bool:
    """Tell whether a unit stands in a normalised sentence: not inside a word, and a short one not as its beginning.

    "hour" finds "hours" and "ms" finds "31ms", but "ms" finds neither "terms" nor "msgs".
    """
    before = r"(?<![^\W\d_])" if unit[:1].isalpha() else r"(?<![\d.])" if unit[:1].isdigit() else ""
    after = r"(?![^\W\d_])" if unit[-1:].isalpha() and len(unit) <= 2 else ""
    return bool(unit) and re.search(f"{before}{re.escape(unit)}{after}", sentence) is not None
