"""Reads text copied from lists of papers, titles and abstracts in turn; a text of any other shape is refused whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..errors import SourceError, shorten
from ..model import Paper, Skipped
from ..text import squash
from .files import Line, lines, source_name
from .format import Format
from .record import LONGEST_ABSTRACT, record

__all__ = ["FORMAT"]

MAIL = "Get trending papers in your email inbox"
SUBSCRIBE = "Subscribe"
NOISE = frozenset({"new", f"{MAIL}!", f"{MAIL} once a day!", SUBSCRIBE, "byAK and the research community"})
DAY = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{1,2}")
GLUED = re.compile(rf"{SUBSCRIBE}(?=[A-Z0-9])")
TITLE = range(5, 301)
ABSTRACT = range(200, LONGEST_ABSTRACT + 1)


def _matches(head: str, path: Path) -> bool:
    text = (line for line in enumerate(head.split("\n"), 1) if line[1].strip())
    start = list(islice((Line(number, line) for number, line in text), 20))
    title, abstract = (list(islice(_content(iter(start)), 2)) + [Line(0, "")] * 2)[:2]
    # The words of the page around the list are enough: then a text of the wrong shape is told which line is wrong.
    return (bool(start) and _is_noise(start[0].text.strip())) or (_fits(title, TITLE) and _fits(abstract, ABSTRACT))


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the papers. Raises SourceError, before the first one, at the first line that does not fit its turn."""
    content = list(_content(lines(path, encoding)))
    for line, (name, lengths) in zip(content, _turns(), strict=False):
        if not _fits(line, lengths):
            raise _misfit(path, line, f"{name} of {lengths[0]:,} to {lengths[-1]:,} characters")
    if len(content) % 2:
        raise _misfit(path, content[-1], "title that is followed by its abstract")
    for title, abstract in zip(content[::2], content[1::2], strict=True):
        fields = {"title": title.text, "abstract": abstract.text}
        yield record(source_name(path), f"line {title.number}", fields)


def _turns() -> Iterator[tuple[str, range]]:
    while True:
        yield "title", TITLE
        yield "abstract", ABSTRACT


def _content(all_lines: Iterator[Line]) -> Iterator[Line]:
    """Yield the lines that are neither blank nor, before the first paper, words of the page around the list."""
    before, after_noise = True, False
    for line in all_lines:
        text = line.text.strip()
        if not text:
            continue
        if before and _is_noise(text):
            after_noise = True
            continue
        if before and after_noise:
            line = Line(line.number, GLUED.sub("", text, count=1) if text.startswith(SUBSCRIBE) else text, line.whole)
        before = False
        yield line


def _is_noise(text: str) -> bool:
    return text in NOISE or DAY.fullmatch(text) is not None


def _fits(line: Line, lengths: range) -> bool:
    return line.whole and len(squash(line.text)) in lengths


def _misfit(path: Path, line: Line, expected: str) -> SourceError:
    return SourceError(
        f"{shorten(path, 200)}, line {line.number}: expected a {expected}, "
        f"found {len(squash(line.text)):,}: {shorten(line.text.strip(), 60)!r}",
        remedy="titles and abstracts must take turns, one line each; correct this line or remove it",
    )


FORMAT = Format("text-dump", "text where lines of titles and abstracts take turns", _matches, _read)
