"""Reads the citations out of a model's sentence, in whatever form it gave them; whether they fit is left to ground.py.

Understood: [1], [1, 2], [1][2], [1-3], (1), full-width brackets, [^1], [#1], [Source 1], (sources 1 and 2), Source 1.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .text import squash

__all__ = ["Cited", "leading", "parse"]

MOST = 50
"""Keys that one marker may stand for; [1-999] is none."""

NAME = r"(?:sources?|srcs?|refs?|references?|keys?|papers?|evidence|docs?|documents?|abstracts?|passages?|citations?)"
NUMBER = r"[#^]?[1-9]\d{0,2}(?!\d)(?:\s?[–-]\s?[#^]?\d{1,3}(?!\d))?(?:†[^\]】］〕)]{0,40})?"  # noqa: RUF001
ITEM = rf"(?:(?:{NAME}|no\.?|s)[\s:.#-]*)?{NUMBER}"
JOIN = r"\s*(?:[,;/&、，]|\band\b|\bor\b)+\s*"  # noqa: RUF001
ITEMS = rf"{ITEM}(?:(?:{JOIN}|\s+){ITEM})*"
OPEN, CLOSE = r"\\?[\[【［〔]", r"\\?[\]】］〕]"  # noqa: RUF001
BRACKET = rf"{OPEN}{{1,2}}\s*{ITEMS}\s*{CLOSE}{{1,2}}(?:\([^()\s]{{0,300}}\))?"
NAMED = rf"[(（]\s*(?:see\s+)?{NAME}[\s:.#-]*{ITEMS}\s*[)）]"  # noqa: RUF001
# a bare number in round brackets cites where a clause ends, and counts where one begins
ROUND = rf"(?:(?<=\s)[(（]|(?<=\S)（)\s*{NUMBER}(?:{JOIN}{NUMBER})*\s*[)）](?=\s*(?:[.,;:!?\[(]|$))"  # noqa: RUF001
WORD = r"(?:the\s+(?:sources?|evidence|abstracts?)|(?-i:Sources?|Evidence|Document|Abstracts?|Passages?))"
BARE = rf"(?<![\w-]){WORD}\s*(?:no\.?\s*|#|:\s*)?(?:{OPEN})?{ITEMS}(?:{CLOSE})?(?![\w%])"
RAISED = r"(?<=[^\W\d].)[¹²³⁴-⁹]{1,2}(?=\s|$)"
MARKER = rf"(?:{BRACKET}|{NAMED}|{ROUND}|{RAISED})"
RUN = re.compile(rf"(?P<bare>{BARE})|\s?{MARKER}(?:(?:{JOIN}|\s*){MARKER})*", re.I)
LEADING = re.compile(rf"(?i:\s*{BRACKET}|\s*{NAMED})+(?=\s*(?:[^\sa-z]|$))")
DIGITS = re.compile(r"\d{1,3}")
RANGE = re.compile(r"(\d{1,3})\s?[–-]\s?[#^]?(\d{1,3})")  # noqa: RUF001
RAISED_DIGITS = str.maketrans("¹²³⁴⁵⁶⁷⁸⁹⁰", "1234567890")
NOTE = re.compile(r"†[^\]】］〕)]*|(?<=[\]】］〕])\([^()\s]*\)")  # noqa: RUF001
# where a marker stands for a noun, leaving it out would leave a hole
BEFORE_NOUN = re.compile(
    r"\b(?:in|by|of|from|to|see|with|per|than|as|like|unlike|both|for|on|while|whereas|and|but)\s*$", re.I
)
BEFORE_VERB = re.compile(r"\s*[a-z]")
TIDY = (
    (re.compile(r"\(\s*\)|\[\s*\]"), ""),
    (re.compile(r"\s+([.,;:!?)])"), r"\1"),
    (re.compile(r"([.!?])\s*\.(?=\s|$)"), r"\1"),
    (re.compile(r",\s*([.,;:])"), r"\1"),
    (re.compile(r"\s{2,}"), " "),
)


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence without its citations, the known keys it cites in order, and how many cited ones are not known."""

    text: str
    keys: tuple[int, ...] = ()
    unknown: int = 0


def parse(sentence: str, known: Collection[int]) -> Cited:
    """Return a sentence without its citations, and what it cites of the known keys.

    A citation that stands for a noun ("[1] shows", "according to Source 2") leaves "the source" behind.
    """
    sentence = squash(sentence)
    found: dict[int, None] = {}
    text, end = "", 0
    for run in RUN.finditer(sentence):
        numbers = list(_numbers(run.group()))
        if not numbers:
            continue
        found |= dict.fromkeys(numbers)
        text += sentence[end : run.start()]
        text += _noun(text, sentence[run.end() :], len(numbers), bare=run["bare"] is not None)
        end = run.end()
    text += sentence[end:]
    for pattern, by in TIDY:
        text = pattern.sub(by, text)
    keys = tuple(key for key in found if key in known)
    return Cited(text.strip(), keys, len(found) - len(keys))


def leading(text: str) -> str:
    """Return the citations with which a text begins and which belong to the sentence before it, or ""."""
    found = LEADING.match(text)
    return found.group() if found else ""


def _noun(before: str, after: str, count: int, *, bare: bool) -> str:
    """Return what a citation leaves behind: nothing, or words for it where it stands for a noun."""
    starts = not before.strip()
    if not (bare or (starts and BEFORE_VERB.match(after)) or BEFORE_NOUN.search(before)):
        return ""
    noun = "the source" if count == 1 else "the sources"
    space = " " if before and not before.endswith((" ", "(")) else ""
    return space + (noun.capitalize() if starts else noun)


def _numbers(marker: str) -> Iterator[int]:
    """Yield the keys that a run of citations names, ranges spelled out."""
    plain = NOTE.sub("", marker.translate(RAISED_DIGITS))
    for first, last in RANGE.findall(plain):
        if int(first) < int(last) <= int(first) + MOST:
            yield from range(int(first), int(last) + 1)
    for number in DIGITS.findall(plain):
        yield int(number)
