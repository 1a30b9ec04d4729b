"""Turns and a question -> a stand-alone question, from words alone; searching for it is left to others."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import UsageError, shorten
from .model import Turn
from .question import LONGEST_QUESTION, Kind, checked, kind_of
from .text import squash, terms, words

__all__ = ["standalone"]

Idf = Callable[[str], float]

CONTEXT_WORDS = 10
"""Words of the conversation that a follow-up is given when no paper's name can be."""
REPLY_READ = 1000
"""Characters of the last reply that are looked at for such words."""
FROM_QUESTION = 3.0
"""What a word of the last question counts beside a word of its answer: it is what the talk is about."""
LONGEST_ASKED = 300
"""Characters of the last question that are repeated."""
SHORT = 2
"""A question of no more telling words than this leans on what was said before."""
BOUND_AFTER = 3
"""Telling words before a pronoun from which it is taken to mean one of them, not what was said before."""

COURTESY = re.compile(
    r"^(?:(?:ok(?:ay)?|great|thanks|thank you|right|fine|good|nice|interesting|i see)\s*[,.:;!]+\s*)+", re.I
)
JOIN = re.compile(r"^(?:and|but|so|also|or|then)\b(?! far\b)[\s,]*", re.I)
ABOUT = re.compile(r"^(?:(?:how|what) about|what of)\b", re.I)
OWNED = re.compile(r"\b(?:its|their|his|her)\b(?!\s+own)", re.I)
AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|must|may|might)"
NOUN = r"(?:paper|work|method|approach|model|system|dataset|study|technique|algorithm|framework|benchmark|tool)"
NAMED = re.compile(
    rf"\bit\b|\b(?:this|that|the(?: same)?) {NOUN}\b(?! (?:sizes?|parameters?|weights?|architectures?|famil\w+|"
    r"collapse|merging|of|that|which|for|called|named|in|with)\b)",
    re.I,
)
"""Pointers whose place a name can take."""
POINTERS = (
    NAMED,
    OWNED,
    re.compile(r"\b(?:they|them|theirs|he|she|him)\b", re.I),
    re.compile(r"\bthis\b|\b(?:these|those)\b(?! (?:that|who|which|with|of|in|days)\b)", re.I),
    re.compile(
        rf"(?:^|\b(?:{AUXILIARY}|of|for|in|with|on|about|like|than|from|to|by|after|why|how) )that\b"
        r"|\bthat(?= ?(?:[?.!,]|$))",
        re.I,
    ),
    re.compile(r"\bthere(?= ?(?:[?.!,]|$))", re.I),
    re.compile(
        r"\bthe (?:same|former|latter|authors?|others?)\b|\bthe (?:first|second|two|three) (?:ones?|papers?)\b", re.I
    ),
    re.compile(r"\b(?:which|this|that|the \w+) one\b(?! of)|\bones\b|\bboth\b(?!.*\band\b)|\bsuch an?\b", re.I),
)
# "is it possible to", "what does it take to": grammar, not a pointer
EMPTY_IT = re.compile(
    r"\bit\b(?= (?:\w+ ){0,2}?(?:possible|necessary|true|feasible|useful|known|hard|easy|easier|harder|"
    r"difficult|safe|enough|common|important|best|better|helpful|likely|beneficial|advisable|cheaper|sensible|"
    r"takes?|costs?|matters?|turns?) "
    r"(?:\w+ ){0,2}?(?:to|that|if|whether|out)\b)|\bit\b(?= worth \w+ing\b)",
    re.I,
)
PAPERS = re.compile(r"\b(?:papers|works|studies|surveys|articles|publications)\b", re.I)
WORKING = re.compile(r"^how (?:does|do|did) .+ work\W*$", re.I)
HAS_VERB = re.compile(rf"\b{AUXILIARY}\b", re.I)
SPELLED_NAME = re.compile(r"[^\W_]+[A-Z][^\W_]*|[^\W_]*[^\W\d_]-?\d[^\W_]*")
TOKEN = re.compile(r"[^\W_]+(?:[-.'’][^\W_]+)*")  # noqa: RUF001
NOISE = re.compile(r"\[\d[\d\s,;-]*\]|https?://\S+")


def standalone(question: str, history: Sequence[Turn | Mapping[str, Any]] = (), idf: Idf | None = None) -> str:
    """Return the question as it can be understood alone; without history, or when it needs none, the question itself.

    A pronoun is replaced by the name of the paper that the last answer rests on; where no single paper is known, the
    most telling words of the last exchange are appended, spelled as they were. The result is no longer than a question
    may be. Raises QuestionError, and UsageError for a bad history.
    """
    question = checked(question)
    asked, subject, is_name = _last(history, question, idf)
    if not subject or not _leans(question):
        return question
    plain = COURTESY.sub("", question)
    body = JOIN.sub("", plain) or plain
    place = _pointer(body) if is_name and len(subject.split()) <= 4 else None
    if place is not None and OWNED.fullmatch(place.group()):
        rewritten = f"{body[: place.start()]}{subject}'s{body[place.end() :]}"
    elif place is not None and NAMED.fullmatch(place.group()):
        rewritten = f"{body[: place.start()]}{subject}{body[place.end() :]}"
    else:
        return _with_note(body, subject, asked)
    rewritten = _capital(squash(rewritten))
    return rewritten if len(rewritten) <= LONGEST_QUESTION else question


def _with_note(body: str, subject: str, asked: str) -> str:
    """Return the question with what it is about in brackets; "what about X?" and "why?" also need what was asked."""
    note = subject
    if asked and (ABOUT.match(body) or not terms(body)):
        known = set(words(asked))
        new = [word for word in subject.split(", ") if not known.issuperset(words(word))]
        note = "; ".join(part for part in (asked, ", ".join(new)) if part)
    mark = "?" if body.endswith("?") else ""
    stem = body.rstrip("?. ")
    room = LONGEST_QUESTION - len(stem) - len(" ()?")
    return _capital(squash(f"{stem} ({note[:room].strip()}){mark}")) if room > 0 else body


def _capital(line: str) -> str:
    return line[:1].upper() + line[1:]


def _leans(question: str) -> bool:
    """Tell whether a question cannot be understood without the one before."""
    body = COURTESY.sub("", question)
    if _pointer(body) is not None:
        return True
    told = len(terms(JOIN.sub("", body)))
    if told > SHORT and PAPERS.search(body):
        return False
    if JOIN.match(body) or ABOUT.match(body):
        return True
    return told <= SHORT and not _is_whole(body)


def _is_whole(body: str) -> bool:
    """Tell whether a question of few words is complete: it asks for papers, for a meaning, or names its subject."""
    if not terms(body):
        return False
    named = SPELLED_NAME.search(body) is not None and HAS_VERB.search(body) is not None
    return bool(named or PAPERS.search(body) or WORKING.match(body) or kind_of(body) is Kind.DEFINITION)


def _pointer(body: str) -> re.Match[str] | None:
    """Return the first word of a question that points outside it."""
    plain = EMPTY_IT.sub("--", body)  # as long as what it hides, so that places stay
    found = sorted(
        (match for pattern in POINTERS for match in pattern.finditer(plain)), key=lambda match: match.start()
    )
    return next((match for match in found if not _is_bound(plain, match)), None)


def _is_bound(body: str, pointer: re.Match[str]) -> bool:
    """Tell whether a pronoun means what the question itself named before it ("which model reports its ...")."""
    before = body[: pointer.start()]
    if re.search(rf"\b{AUXILIARY} $", before, re.I) or pointer.group().lower().startswith(("the ", "this", "that ")):
        return False
    enough = BOUND_AFTER - (kind_of(body) in {Kind.LIST, Kind.FIND})
    asked_for = kind_of(body) is Kind.FIND and OWNED.fullmatch(pointer.group()) is not None
    return asked_for or len(terms(before)) >= enough


def _last(history: Sequence[Turn | Mapping[str, Any]], question: str, idf: Idf | None) -> tuple[str, str, bool]:
    """Return the last question of a conversation, what it was about, and whether that is the name of one paper."""
    if isinstance(history, str | Mapping):
        raise _bad(history)
    if history and isinstance(last := history[-1], Turn):
        asked = last.answer.standalone_question or last.question
        titles = list(dict.fromkeys(citation.paper.title for citation in last.answer.citations))
        if len(titles) == 1:
            return _cut(asked), _short_title(titles[0]), True
        return _cut(asked), _telling(asked, " ".join(titles), question, idf), False
    messages = [message for given in history for message in _messages(given)]
    if messages and messages[-1][0] == "user" and squash(messages[-1][1]) == question:
        messages.pop()  # some chat windows hand over the question itself as the last message
    asked = next((content for role, content in reversed(messages) if role == "user"), "")
    replied = next((content for role, content in reversed(messages) if role == "assistant"), "")
    return _cut(asked), _telling(asked, replied, question, idf), False


def _messages(given: Turn | Mapping[str, Any]) -> list[tuple[str, str]]:
    if isinstance(given, Turn):
        return [("user", given.answer.standalone_question or given.question), ("assistant", given.answer.text)]
    if isinstance(given, Mapping) and isinstance(given.get("content"), str):
        return [(str(given.get("role", "")), str(given["content"]))]
    raise _bad(given)


def _bad(given: object) -> UsageError:
    return UsageError(
        f"a message of the history is {shorten(repr(given))}",
        remedy='give Turns, or {"role": "user" or "assistant", "content": text}',
    )


def _cut(asked: str) -> str:
    """Return a question of the conversation as it is repeated: one line, not long, without its question mark."""
    line = squash("".join(character if character.isprintable() else " " for character in asked[:LONGEST_QUESTION]))
    return (line if len(line) <= LONGEST_ASKED else line[:LONGEST_ASKED].rsplit(" ", 1)[0]).rstrip("?. ")


def _short_title(title: str) -> str:
    """Return the name in a title of the form "Name: what it is", else the title."""
    name, colon, _ = title.partition(":")
    return _cut(name.strip() if colon and len(name.split()) <= 6 else title)


def _telling(asked: str, replied: str, question: str, idf: Idf | None) -> str:
    """Return the most telling words of an exchange, in their order and spelling, each once, none of the question's."""
    weight = idf or (lambda _term: 1.0)
    spoken = NOISE.sub(" ", f"{asked[:LONGEST_QUESTION]} {replied[:REPLY_READ]}")
    known, subject = set(terms(question)), set(terms(asked))
    first: dict[str, tuple[str, float]] = {}
    for word in TOKEN.findall(spoken):
        stems = [term for term in terms(word) if not term.isdigit()]
        if stems and not known.issuperset(stems) and len(word) <= 60:
            heavier = 1.5 if SPELLED_NAME.fullmatch(word.replace("-", "")) else 1.0
            heavier *= FROM_QUESTION if subject.issuperset(stems) else 1.0
            first.setdefault(" ".join(stems), (word, heavier * max(weight(term) for term in stems)))
    best = sorted(first, key=lambda key: -first[key][1])[:CONTEXT_WORDS]
    return ", ".join(word for key, (word, _) in first.items() if key in best)
