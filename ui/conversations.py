"""Conversations and votes in the library's folder, so that they outlive page and server; showing them is left to tabs.

A conversation is found by a secret that only its browser holds, and its file is named by a hash of that. Of the papers
only the quotes are written down: what is removed from the library does not live on here.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from rag import Answer, Citation, Evidence, Paper, PaperchatError, Sentence, Turn, Verdict
from rag.model import Passage

__all__ = ["Conversations", "Talk", "answer_from_dict"]

LONGEST = 20_000_000
"""Bytes of a file that is still read."""
LONGEST_KEY = 64
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Talk:
    """One browser's conversation: the secret it is found by, its turns, and the votes by place of the turn.

    `stamp` is when its file was written, in nanoseconds; 0 without a file.
    """

    key: str
    turns: tuple[Turn, ...] = ()
    votes: Mapping[int, str] = field(default_factory=dict)
    stamp: int = 0

    def with_turn(self, turn: Turn) -> Talk:
        """Return the conversation with one turn more."""
        return replace(self, turns=(*self.turns, turn))

    def until(self, place: int) -> Talk:
        """Return the conversation before its `place`-th turn, counted from 0."""
        return replace(
            self, turns=self.turns[:place], votes={turn: vote for turn, vote in self.votes.items() if turn < place}
        )

    def with_vote(self, place: int, vote: str) -> Talk:
        """Return the conversation with a vote on its `place`-th turn; an empty one takes the vote back."""
        votes = {**self.votes, place: vote}
        return replace(self, votes={turn: one for turn, one in votes.items() if one})


class Conversations:
    """The conversations that are kept in one folder; it is made at the first one."""

    def __init__(self, folder: Path, find: Callable[[str], Paper]) -> None:
        self.folder = folder
        self._find = find
        self._lock = threading.Lock()

    def new(self) -> Talk:
        """Return an empty conversation with a secret of its own."""
        return Talk(secrets.token_urlsafe(24))

    def opened(self, key: object) -> Talk:
        """Return the conversation of a secret; a new one when there is none, or none that can be read."""
        if not isinstance(key, str) or not 20 <= len(key) <= LONGEST_KEY:
            return self.new()
        path = self._path(key)
        try:
            found = path.stat()
            if found.st_size > LONGEST:
                return self.new()
            return replace(self._read(key, json.loads(path.read_text("utf-8"))), stamp=found.st_mtime_ns)
        except FileNotFoundError:
            return Talk(key)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return self.new()

    def latest(self, talk: Talk) -> Talk:
        """Return a conversation as it is by now: another tab of the browser may have gone on with it."""
        return talk if self._stamp(talk.key) == talk.stamp else self.opened(talk.key)

    def _stamp(self, key: str) -> int:
        try:
            return self._path(key).stat().st_mtime_ns
        except OSError:
            return 0

    def title(self, key: str) -> str:
        """Return the first question of a conversation that was kept, or nothing."""
        try:
            return str(json.loads(self._path(key).read_text("utf-8"))["turns"][0]["question"])[:LONGEST_TITLE]
        except (OSError, ValueError, LookupError, TypeError):
            return ""

    def keep(self, talk: Talk) -> Talk:
        """Write a conversation, or remove it once it is empty; where that fails, only the open page has it.

        Returns it with its stamp.
        """
        path = self._path(talk.key)
        try:
            if not talk.turns:
                path.unlink(missing_ok=True)
                return replace(talk, stamp=0)
            turns = [_turn_dict(turn, talk.votes.get(place)) for place, turn in enumerate(talk.turns)]
            self._make_folder()
            fresh = path.with_suffix(f".{secrets.token_hex(4)}.tmp")
            fresh.write_text(json.dumps({"turns": turns}), "utf-8")
            fresh.chmod(0o600)
            fresh.replace(path)
        except OSError:
            return talk
        return replace(talk, stamp=self._stamp(talk.key))

    def note_vote(self, turn: Turn, vote: str) -> bool:
        """Append a vote to `votes.jsonl`: when, what on, which papers; tell whether the folder took it."""
        line = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "vote": vote or None,
            "question": turn.question,
            "standalone_question": turn.answer.standalone_question,
            "text": turn.answer.text,
            "abstained": turn.answer.abstained,
            "mode": turn.answer.mode,
            "papers": list(dict.fromkeys(citation.paper.id for citation in turn.answer.citations)),
        }
        try:
            self._make_folder()
            with self._lock, (self.folder / "votes.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError:
            return False
        return True

    def secret(self) -> str:
        """Return what the browser's note of its key is encrypted with: the same at every start where it can be kept."""
        path = self.folder / "secret"
        try:
            self._make_folder()
            with self._lock:
                if not path.exists():
                    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                        file.write(secrets.token_urlsafe(24))
            return path.read_text("ascii").strip() or secrets.token_urlsafe(24)
        except (OSError, ValueError):
            return secrets.token_urlsafe(24)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.json"

    def _read(self, key: str, stored: Mapping[str, Any]) -> Talk:
        find = lru_cache(maxsize=None)(lambda ident: _found(ident, self._find))
        turns = tuple(Turn(turn["question"], answer_from_dict(turn["answer"], find)) for turn in stored["turns"])
        votes = {place: turn["vote"] for place, turn in enumerate(stored["turns"]) if isinstance(turn["vote"], str)}
        return Talk(key, turns, votes)


def _turn_dict(turn: Turn, vote: str | None) -> dict[str, Any]:
    answer = turn.answer.to_dict()
    evidence = [{key: value for key, value in piece.items() if key != "text"} for piece in answer["evidence"]]
    return {"question": turn.question, "answer": {**answer, "evidence": evidence}, "vote": vote}


def _found(ident: str, find: Callable[[str], Paper]) -> Paper | None:
    try:
        return find(ident)
    except PaperchatError:
        return None


def answer_from_dict(stored: Mapping[str, Any], find: Callable[[str], Paper | None]) -> Answer:
    """Return the answer that `Answer.to_dict` gave; `find` returns a paper by its id, or None when it is gone.

    Of a cited paper that is gone, or says something else by now, the quote is all that is known; evidence that is gone
    is left out. Raises KeyError, TypeError or ValueError for what is no answer.
    """
    pieces = [(piece, find(piece["paper_id"])) for piece in stored["evidence"]]
    return Answer(
        question=stored["question"],
        standalone_question=stored["standalone_question"],
        text=stored["text"],
        sentences=tuple(
            Sentence(one["text"], Verdict(one["verdict"]), tuple(one["citations"]), one["why"])
            for one in stored["sentences"]
        ),
        citations=tuple(_citation(cite, find(cite["paper_id"])) for cite in stored["citations"]),
        evidence=tuple(_evidence(piece, paper) for piece, paper in pieces if paper is not None),
        abstained=stored["abstained"],
        reason=stored["reason"],
        mode=stored["mode"],
        timings=dict(stored["timings"]),
        notice=stored.get("notice"),
        checks=dict(stored.get("checks", {})),
    )


def _citation(stored: Mapping[str, Any], paper: Paper | None) -> Citation:
    quote, start, end = stored["quote"], stored["start"], stored["end"]
    if paper is None or paper.abstract[start:end] != quote:
        start, end = 0, len(quote)
        paper = Paper(stored["paper_id"], stored["title"], quote, stored["url"])
    return Citation(stored["number"], paper, quote, start, end)


def _evidence(stored: Mapping[str, Any], paper: Paper) -> Evidence:
    start, end = stored["start"], stored["end"]
    passage = Passage(paper.id, 0, start, end if end <= len(paper.abstract) else len(paper.abstract))
    return Evidence(paper, passage, stored["rank"], stored["score"], dict(stored["scores"]))
