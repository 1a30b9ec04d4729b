"""Better search by a model, each part a setting that is off: what is found is changed, never what it says.

Rewriting a follow-up; made-up abstracts to search by (HyDE, Gao et al. 2023; query2doc, Wang et al. 2023); cutting a
comparison into its parts; putting the first results in order (RankGPT, Sun et al. 2023). Each is one call more. A call
that fails, or a reply without sense, leaves things as they were. Writing the answer is left to `generate.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from .errors import ModelError, QuestionError
from .llm import Message, Model
from .model import Draft, Event, Evidence, Turn
from .prompts import followup_prompt, parts_prompt, pseudo_prompt, rerank_prompt
from .prose import plain
from .question import Kind, checked, kind_of
from .settings import Settings
from .text import squash, terms
from .written import Task

__all__ = ["Quote", "Search", "improved", "rewritten"]

Search = Callable[[str, int], list[Evidence]]
"""Question, number of papers -> evidence."""
Quote = Callable[[Sequence[Evidence]], Draft]
"""Evidence -> the quoting answer."""

WIDE = 30
"""Papers of each search that are joined."""
LAST = 6
"""Messages of a conversation that are shown."""
LONGEST_ADDED = 300
"""Characters by which a rewritten follow-up may be longer."""
ROUGH_TOKENS = 160
"""Tokens that one made-up abstract, or one question, may have."""
THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)|^.*</think>", re.DOTALL | re.I)
BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.):])\s*")
LISTED_KEY = re.compile(r"\d{1,3}")


def rewritten(
    question: str, history: Sequence[Turn | Mapping[str, Any]], asked: str, model: Model
) -> Generator[Event, None, str]:
    """Return a follow-up as the model says it alone; `asked`, which is as we say it, where that is of no use."""
    if not history:
        return asked
    yield Event("progress", "reading the conversation")
    reply = yield from _heard(model, followup_prompt(_messages(history), question), ROUGH_TOKENS)
    line = BULLET.sub("", next(filter(None, map(plain, reply.splitlines())), ""))
    try:
        found = checked(line)
    except QuestionError:
        return asked
    # a rewriting keeps what was asked: one that does not is an answer, or a question of its own
    kept = bool(set(terms(question)) & set(terms(found))) or not terms(question)
    return found if kept and len(found) <= len(question) + LONGEST_ADDED else asked


def improved(
    task: Task, search: Search, quote: Quote, model: Model, settings: Settings
) -> Generator[Event, None, Task]:
    """Return the task with better evidence, as far as settings ask for it and the model is of help."""
    before = task.evidence
    evidence = before
    if settings.split_comparisons and kind_of(task.asked) is Kind.COMPARISON:
        yield Event("progress", "cutting the comparison into parts")
        evidence = yield from _by_parts(task, evidence, search, model)
    if settings.pseudo_abstracts:
        yield Event("progress", "imagining abstracts to search by")
        evidence = yield from _by_abstracts(task, evidence, search, model, settings.pseudo_abstracts)
    if settings.rerank:
        yield Event("progress", f"putting {settings.rerank} papers in order")
        evidence = yield from _reranked(task, evidence, search, model, settings.rerank)
    if evidence is before:
        return task
    evidence = [replace(piece, rank=rank) for rank, piece in enumerate(evidence[: len(before)], start=1)]
    quoted = quote(evidence)
    return replace(task, evidence=evidence, quoted=quoted) if quoted.sentences else task


def _heard(model: Model, prompt: Sequence[Message], tokens: int) -> Generator[Event, None, str]:
    """Return what a model replies, "" when it fails; whoever listens may leave meanwhile."""
    parts = []
    try:
        reply = model.reply(prompt, tokens=tokens)
        with closing(reply):
            for piece in reply:
                if piece:
                    parts.append(piece)
                else:
                    yield Event("progress", f"waiting for {model.name}")
    except ModelError:
        return ""
    return THOUGHT.sub("", "".join(parts)).strip()


def _messages(history: Sequence[Turn | Mapping[str, Any]]) -> list[Message]:
    said: list[Message] = []
    for given in history:
        if isinstance(given, Turn):
            said += [("user", given.question), ("assistant", given.answer.text)]
        else:
            role = "user" if given.get("role") == "user" else "assistant"
            said.append((role, str(given.get("content", ""))))
    return said[-LAST:]


def _by_parts(
    task: Task, evidence: Sequence[Evidence], search: Search, model: Model
) -> Generator[Event, None, Sequence[Evidence]]:
    """Search for the parts of a comparison too: the papers of each part count as much as those of the whole."""
    reply = yield from _heard(model, parts_prompt(task.asked), ROUGH_TOKENS)
    parts = [BULLET.sub("", plain(line)) for line in reply.splitlines()]
    found = [_searched(part, search) for part in parts if terms(part)][:3]
    return _joined(evidence, [pieces for pieces in found if pieces], max)


def _by_abstracts(
    task: Task, evidence: Sequence[Evidence], search: Search, model: Model, number: int
) -> Generator[Event, None, Sequence[Evidence]]:
    """Search by made-up abstracts too: all of them together count as much as the question."""
    reply = yield from _heard(model, pseudo_prompt(task.asked, number), ROUGH_TOKENS * number)
    made = [plain(part) for part in re.split(r"\n\s*\n", reply)]
    found = [_searched(f"{task.asked} {part}", search) for part in made if terms(part)][:number]
    found = [pieces for pieces in found if pieces]
    if not found:
        return evidence
    wide = _searched(task.asked, search) or list(evidence)
    return _joined(wide, found, lambda scores: scores[0] + sum(scores[1:]) / max(1, len(scores) - 1))


def _reranked(
    task: Task, evidence: Sequence[Evidence], search: Search, model: Model, number: int
) -> Generator[Event, None, Sequence[Evidence]]:
    """Put the first papers in the order that the model gives; those that it does not name follow as they were."""
    wide = [*evidence, *(_searched(task.asked, search) if number > len(evidence) else [])]
    first = list({piece.paper.id: piece for piece in wide}.values())[:number]
    papers = [(piece.paper.title, piece.paper.abstract) for piece in first]
    reply = yield from _heard(model, rerank_prompt(task.asked, papers), 8 * number)
    named = [int(key) - 1 for key in LISTED_KEY.findall(reply)]
    order = list(dict.fromkeys(key for key in named if 0 <= key < len(first)))
    if not order:
        return evidence
    order += [key for key in range(len(first)) if key not in order]
    scores = sorted((piece.score for piece in first), reverse=True)
    return [replace(first[key], score=score) for key, score in zip(order, scores, strict=True)]


def _searched(text: str, search: Search) -> list[Evidence]:
    try:
        return search(squash(text), WIDE)
    except QuestionError:
        return []


def _joined(
    evidence: Sequence[Evidence], others: Sequence[Sequence[Evidence]], join: Callable[[Sequence[float]], float]
) -> Sequence[Evidence]:
    """Return the papers of several searches by their joined scores; what the first search knows of a paper stays."""
    if not others:
        return evidence
    runs = [{piece.paper.id: piece for piece in run} for run in (evidence, *others)]
    known: dict[str, Evidence] = {}
    for run in runs:
        for paper_id, piece in run.items():
            known.setdefault(paper_id, piece)
    scores = {key: join([run[key].score if key in run else 0.0 for run in runs]) for key in known}
    best = max(scores.values()) or 1.0
    order = sorted(known, key=lambda key: (-scores[key], known[key].rank, key))
    return [replace(known[key], score=scores[key] / best) for key in order]
