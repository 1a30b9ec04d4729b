"""Turns and a question -> a stand-alone question, from words alone; searching for it is left to others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import UsageError, shorten
from .model import Turn
from .question import checked
from .text import STOP_WORDS, squash, stem, terms, words

__all__ = ["standalone"]

CONTEXT_WORDS = 10
"""Words of the conversation that a follow-up is given when no paper's name can be."""
LEADS = re.compile(
    r"^(?:and|but|so|also|or|then|ok(?:ay)?|great|thanks|thank you|right|fine|good|interesting)\b[\s,.:;!-]*", re.I
)
ABOUT = re.compile(r"^(?:(?:how|what) about|what of)\b", re.I)
OWNED = re.compile(r"\b(?:its|their|his|her)\b(?!\s+own)", re.I)
POINTER = re.compile(
    r"\b(?:it|they|them|this|that|these|those|there|he|she|the (?:same|former|latter|authors?|paper|work|method|"
    r"approach|model|system|dataset|study|technique|first|second|other)|such|one|ones|both|here)\b",
    re.I,
)
POINTING_THAT = re.compile(
    r"\b(?:that|this|these|those)\b(?=\s*(?:$|[?.!,]|\w+\s*[?.!]?$|(?:is|are|was|do|does|did|has|have|can)\b))", re.I
)
SHORT = 2
"""A question of no more telling words than this leans on what was said before."""


def standalone(
    question: str, history: Sequence[Turn | Mapping[str, Any]] = (), idf: Callable[[str], float] | None = None
) -> str:
    """Return the question as it can be understood alone; without history, or when it needs none, the question itself.

    A pronoun is replaced by the name of the paper that the last answer rests on; where no single paper is known, the
    most telling words of the last exchange are appended. Raises QuestionError, and UsageError for a bad history.
    """
    question = checked(question)
    asked, subject = _last(history, idf)
    if not subject or not _leans(question):
        return question
    body = LEADS.sub("", question).rstrip()
    if OWNED.search(body):
        body = OWNED.sub(lambda _found: f"{subject}'s", body, count=1)
        return squash(body)
    mark = "?" if body.endswith("?") else ""
    return squash(f"{body.rstrip('?. ')} ({_about(body, subject, asked)}){mark}")


def _about(body: str, subject: str, asked: str) -> str:
    """Return what to append: the subject, and for "what about X" also what had been asked."""
    return f"{subject}; {asked.rstrip('?. ')}" if ABOUT.match(body) and asked else subject


def _leans(question: str) -> bool:
    """Tell whether a question cannot be understood without the one before."""
    return bool(
        LEADS.match(question)
        or ABOUT.match(question)
        or OWNED.search(question)
        or POINTER.search(_without_clauses(question))
        or len(terms(question)) <= SHORT
    )


def _without_clauses(question: str) -> str:
    """Return the question without the "that" and "there" of ordinary grammar ("models that prune", "are there")."""
    kept = POINTING_THAT.sub("it", question)
    return re.sub(
        r"\b(?:that|there (?:is|are|was|were)|(?:is|are|was|were) there|one of|such as)\b", " ", kept, flags=re.I
    )


def _last(history: Sequence[Turn | Mapping[str, Any]], idf: Callable[[str], float] | None) -> tuple[str, str]:
    """Return the last question of a conversation and the name of what it was about."""
    if not history:
        return "", ""
    last = history[-1]
    if isinstance(last, Turn):
        asked = last.answer.standalone_question or last.question
        titles = list(dict.fromkeys(citation.paper.title for citation in last.answer.citations))
        return asked, _short_title(titles[0]) if len(titles) == 1 else _telling(asked, " ".join(titles), idf)
    messages = [_message(message) for message in history]
    asked = next((content for role, content in reversed(messages) if role == "user"), "")
    replied = next((content for role, content in reversed(messages) if role == "assistant"), "")
    return asked, _telling(asked, replied, idf)


def _message(message: Turn | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(message, Mapping) and isinstance(message.get("content"), str):
        return str(message.get("role", "")), str(message["content"])
    raise UsageError(
        f"a message of the history is {shorten(repr(message))}",
        remedy='give Turns, or {"role": "user" or "assistant", "content": text}',
    )


def _short_title(title: str) -> str:
    """Return the name in a title of the form "Name: what it is", else the title."""
    name, colon, _ = title.partition(":")
    return name.strip() if colon and len(name.split()) <= 6 else title


def _telling(asked: str, replied: str, idf: Callable[[str], float] | None) -> str:
    """Return the most telling words of an exchange, in their order, each once."""
    weight = idf or (lambda _term: 1.0)
    spoken = [word for word in words(f"{asked} {replied[:1000]}") if word not in STOP_WORDS and not word.isdigit()]
    first: dict[str, str] = {}
    for word in spoken:
        first.setdefault(stem(word), word)
    best = sorted(first, key=lambda term: -weight(term))[:CONTEXT_WORDS]
    return " ".join(word for term, word in first.items() if term in best)
