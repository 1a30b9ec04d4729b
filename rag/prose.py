"""A model's text -> whole sentences of plain words, as it streams; its citations are left to cite.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .cite import leading
from .model import Span
from .text import sentences, squash

__all__ = ["Cutter", "Said", "plain", "settled"]

LONGEST = 1200
"""Characters after which a sentence is taken to end."""
LOOK = 250
"""Characters at the end of a text that may still change."""

# What a reader could follow, or what a page could run: never shown, whoever wrote it.
COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
IMAGE = re.compile(r"!\[[^\]]*\](?:\([^)]*\)?|\[[^\]]*\])?")
LINK = re.compile(r"\[([^\[\]]*)\]\([^)]*\)?")
TAG = re.compile(r"</?[A-Za-z!|?][^<>]*>")
ENDING = r"(?:com|org|net|edu|gov|info|biz|xyz|site|online|link|click|dev|app|io|example|test|invalid|local)"
ADDRESS = re.compile(
    r"(?:\b[a-z][a-z0-9+.-]{1,20}://|\bwww\.|\b(?:mailto|javascript):(?=\S))[^\s\"'<>()\[\]]*"
    r"|\b(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}/[^\s\"'<>()\[\]]*"
    rf"|\b(?:[\w-]{{1,63}}\.){{1,8}}{ENDING}\b",
    re.I,
)
EMPTY = re.compile(r"\(\s*\)|<\s*>|\[\s*\]")
MARKS = re.compile(
    r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}|`+|(?<![^\W_])_+(?=\S)|(?<=\S)_+(?![^\W_])|^#{1,6}\s+|^>\s*", re.MULTILINE
)
BULLET = re.compile(r"\s*(?:[-*•+–]|\d{1,2}[.)])\s+(?=\S)")  # noqa: RUF001
SPACE_BEFORE = re.compile(r"\s+(?=[.,;:!?)](?:\s|$))")
# What a text may end in while it streams, and which more of it could turn into something else.
OPENERS = "[【［〔(（<"  # noqa: RUF001
CLOSERS = frozenset("]】］〕)）>")  # noqa: RUF001
UNSURE = re.compile(
    r"(?:!?[\[【［〔][^\[\]]{0,200}[\]】］〕]\S?|!\S?|(?<!\S)\S{0,200}[:/.@]\S{0,200}"  # noqa: RUF001
    r"|\b(?:h|ht|htt|https?|f|ft|ftp|w|ww|www)|\b(?:sources?|evidence)[\s\d,&]{0,20}|\s)$",
    re.I,
)
CITED_END = re.compile(r"(?<=[\]】］〕][.!?])\s+(?=\S)")  # noqa: RUF001
GLUED = re.compile(r"(?<=[^\W\d_][.!?])(?=[\[【［〔]\D{0,9}\d)")  # noqa: RUF001
KEY = re.compile(r"\s?[\[【［〔]{1,2}[^\[\]【】［］〔〕]{0,40}\d[^\[\]【】［］〔〕]{0,40}[\]】］〕]{1,2}")  # noqa: RUF001
THOUGHT = re.compile(r"<(/?)(?:think|thinking|reasoning|thought)>", re.I)
HALF_TAG = re.compile(r"<[/a-z]{0,9}$", re.I)
SOURCES = re.compile(r"\W*(?:sources|references|citations)\s*:|\s*\[\^\d+\]:", re.I)
SOURCES_LINE = re.compile(r"\W*(?:sources?|references?|citations?|works cited|bibliography)\W*", re.I)
FENCE = re.compile(r"\s*(?:```|~~~)")
RUN_OPENS = re.compile(r"\s*[\[【［〔(（][^\]】］〕)）]*[\]】］〕)）]?\s*$")  # noqa: RUF001
ENDS = re.compile(r"[.!?…。！？:][\"'”’()\[\]【】\s\d,;*]*$")  # noqa: RUF001


def plain(text: str) -> str:
    """Return a text on one line as plain words: no markup, tag, picture or address, and of a link its label."""
    text = EMPTY.sub(" ", ADDRESS.sub(" ", TAG.sub(" ", _unlinked(COMMENT.sub(" ", text)))))
    text = "".join(character if character.isprintable() else " " for character in MARKS.sub("", text))
    return SPACE_BEFORE.sub("", squash(text))


def _unlinked(text: str) -> str:
    """Return a text without pictures, and with links cut down to their labels."""
    return LINK.sub(lambda found: f"[{found[1]}]" if found[1].strip().isdigit() else found[1], IMAGE.sub(" ", text))


def settled(text: str) -> str:
    """Return the words of an unfinished sentence, without citations, that what follows cannot change any more."""
    text = _unlinked(text)
    end = text.rfind("<!--")
    if end < 0 or "-->" in text[end:]:
        end = max(text.rfind(opener) for opener in OPENERS)
        if end < 0 or not CLOSERS.isdisjoint(text[end:]):
            end = len(text)
    text = text[:end]
    while found := UNSURE.search(text, max(0, len(text) - LOOK)):
        text = text[: found.start()]
    return plain(KEY.sub("", text))


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence as the model wrote it, markers and all; whether it stood in a list, and whether it has its end."""

    text: str
    listed: bool = False
    whole: bool = True


class Cutter:
    """Cuts a stream into sentences: a sentence ends when the next one begins, for citations may stand behind it.

    Thoughts (`<think>`) are left out, and so is a list of sources and all that follows it. `rest` is what has not
    ended yet. `restarted` tells that all before was a thought, and is no part of the reply.
    """

    def __init__(self) -> None:
        self.rest = ""
        self.restarted = False
        self._held = ""
        self._thinking = self._listed = self._over = False
        self._fresh = True

    def feed(self, piece: str) -> Iterator[Said]:
        """Take the next piece; yield the sentences that it ends."""
        spoken = self._spoken(piece)  # which may empty the rest
        self.rest = GLUED.sub(" ", self.rest + spoken)
        while not self._over and "\n" in self.rest:
            line, self.rest = self.rest.split("\n", 1)
            yield from self._line(line)
        if self._over or SOURCES.match(self.rest):
            self._over, self.rest = True, ""
            return
        self._strip_bullet()
        *ended, _ = _cut(self.rest) or [""]
        for part in ended:
            yield Said(part, self._listed)
        if ended:
            self._fresh, self.rest = False, _after(self.rest, len(ended))
        if len(self.rest) > LONGEST:
            line, self.rest = self.rest, ""
            yield Said(line, self._listed)

    def end(self, *, whole: bool = True) -> Iterator[Said]:
        """Yield what is left; `whole` tells that the stream ended as it should, so that no sentence is cut off."""
        rest, self.rest = self.rest, ""
        if not self._over:
            yield from self._line(rest, whole=whole)

    def _spoken(self, piece: str) -> str:
        """Return what a piece adds beside thoughts; half a tag waits for its other half."""
        text, self._held, spoken = self._held + piece, "", ""
        while found := THOUGHT.search(text):
            if found[1] and not self._thinking:  # a template may leave the opening tag out
                self.rest, spoken, self.restarted = "", "", True
            elif not self._thinking:
                spoken += text[: found.start()]
            self._thinking, text = not found[1], text[found.end() :]
        half = HALF_TAG.search(text)
        if half:
            text, self._held = text[: half.start()], half.group()
        return spoken if self._thinking else spoken + text

    def _line(self, line: str, *, whole: bool = True) -> Iterator[Said]:
        """Yield the sentences of a line that is complete."""
        self.rest, after = line, self.rest
        self._strip_bullet()
        line, self.rest = self.rest, after
        if SOURCES.match(line) or SOURCES_LINE.fullmatch(line):
            self._over = True
        elif not FENCE.match(line):
            parts = _cut(line, final=True)
            for number, part in enumerate(parts, start=1):
                yield Said(part, self._listed, whole or number < len(parts) or ENDS.search(part) is not None)
        self._listed, self._fresh = False, True

    def _strip_bullet(self) -> None:
        if self._fresh and (bullet := BULLET.match(self.rest)):
            self.rest, self._listed, self._fresh = self.rest[bullet.end() :], True, False


def _cut(line: str, *, final: bool = False) -> list[str]:
    """Return the sentences of a line, each with the citations behind it; unless `final`, the last may go on."""
    parts: list[str] = []
    for start, end in _spans(line):
        part = line[start:end]
        if parts and (behind := leading(part)):
            parts[-1] = f"{parts[-1]} {behind.strip()}"
            part = part[len(behind) :].strip()
        if part:
            parts.append(part)
    if not final and len(parts) > 1 and RUN_OPENS.fullmatch(parts[-1]):
        parts[-2:] = [f"{parts[-2]} {parts[-1]}"]
    return parts


def _spans(line: str) -> list[Span]:
    """Return the spans of sentences; one also ends at a stop behind a citation, whatever comes next."""
    found: list[Span] = []
    for start, end in sentences(line):
        for stop in CITED_END.finditer(line, start, end):
            found.append((start, stop.start()))
            start = stop.end()
        found.append((start, end))
    return found


def _after(line: str, ended: int) -> str:
    """Return a line from its first sentence that has not ended."""
    spans = _spans(line)
    joined = 0
    for number, (start, end) in enumerate(spans):
        behind = leading(line[start:end]) if number else ""
        joined += not (behind and len(behind) == end - start)
        if joined > ended:
            return line[start + len(behind) : end] + line[end:]
    return ""
