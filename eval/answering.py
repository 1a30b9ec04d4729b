"""Asks a library questions and keeps each answer as soon as it is there; scoring is left to others.

One at a time: on two cores four threads took 88 % of the time of one, too little gain for times that tell less.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from rag.errors import QuestionError, StoreError, UsageError, shorten
from rag.library import Library

from .schema import Question

__all__ = ["JOURNAL", "Given", "Inquiry", "Journal", "ask_all", "inquiries"]

JOURNAL = "answers.jsonl"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What to ask, and the key under which the answer is kept."""

    key: str
    question: str
    history: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """An answer in its JSON form, and how long it took."""

    answer: dict[str, Any]
    latency_ms: float


def inquiries(questions: Iterable[Question], prefix: str = "") -> list[Inquiry]:
    """Return what to ask for questions; `prefix` sets apart answers to one question from two libraries."""
    return [Inquiry(prefix + one.id, one.question, one.messages) for one in questions]


class Journal:
    """The answers of a run as they come, one JSON line each, after a first line that says what they depend on.

    Use it as a context manager. Without a `path` nothing is written; with `resume`, what the file holds is kept.
    """

    def __init__(
        self, path: Path | None = None, made_with: Mapping[str, str] | None = None, *, resume: bool = False
    ) -> None:
        self.path = path
        self.made_with = dict(made_with or {})
        self.resume = resume
        self.held: dict[str, Given] = {}
        self._file: IO[str] | None = None

    def __enter__(self) -> Journal:
        if self.path is None:
            return self
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.resume and self.path.exists():
                self.held.update(_kept(self.path, self.made_with))
            # written anew: the last line of a run that was cut off may be half of one
            self._file = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"{shorten(self.path, 200)} cannot be written ({error.strerror or error})", remedy="take another --out"
            ) from error
        self._write({"made_with": self.made_with})
        for key, given in self.held.items():
            self._write({"key": key, **asdict(given)})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, key: str, given: Given) -> None:
        """Keep an answer."""
        self.held[key] = given
        self._write({"key": key, **asdict(given)})

    def _write(self, line: Mapping[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(line, ensure_ascii=True) + "\n")
            self._file.flush()


def _kept(path: Path, made_with: Mapping[str, str]) -> dict[str, Given]:
    """Read a journal; raise UsageError when its answers were made with something else. Broken lines are left out."""
    lines = [line for line in map(_parsed, path.read_text("utf-8").splitlines()) if line is not None]
    before = lines[0].get("made_with", {}) if lines else dict(made_with)
    if other := [name for name in made_with if before.get(name) != made_with[name]]:
        raise UsageError(
            f"{shorten(path, 200)} holds answers that were made with other {' and '.join(other)}",
            remedy="run anew, without --resume",
        )
    return {line["key"]: Given(line["answer"], line["latency_ms"]) for line in lines[1:]}


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def ask_all(
    library: Library, asked: Sequence[Inquiry], journal: Journal, heard: Callable[[str], None] = lambda _key: None
) -> dict[str, Given]:
    """Return the answers to inquiries by key; those that the journal holds are not asked again.

    `heard` is called after each answer, in the order asked. Raises UsageError for a question that the library refuses,
    and what `Library.ask` raises; what was answered by then, and before a Ctrl-C, is in the journal.
    """
    for one in asked:
        if one.key not in journal.held:
            journal.put(one.key, _ask(library, one))
        heard(one.key)
    return {one.key: journal.held[one.key] for one in asked}


def _ask(library: Library, one: Inquiry) -> Given:
    started = time.perf_counter()
    try:
        answer = library.ask(one.question, history=one.history)
    except QuestionError as error:
        raise UsageError(f"question {shorten(one.key)}: {error.what}", remedy="correct or remove it") from error
    return Given(answer.to_dict(), round((time.perf_counter() - started) * 1000, 3))
