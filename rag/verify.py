"""Draft and Evidence -> Answer, the only maker of answers; whether one sentence is supported is left to support.py."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .model import Answer, Citation, Draft, DraftSentence, Evidence, Paper, Sentence, Verdict
from .support import Check, Idf, best_span, check
from .text import squash

__all__ = ["Check", "Desk", "Idf", "check", "shown", "verify"]

MARKER = re.compile(r"\s?\[([1-9]\d{0,2}(?:\s?[,;–-]\s?\d{1,3})*)\]")  # noqa: RUF001
BRACKETED = re.compile(r"\[(\s?\d+(?:\s?[,;–-]\s?\d+)*\s?)\]")  # noqa: RUF001
NO_ANSWER = "The library does not hold an answer to this question."
NEAREST = 3


def verify(
    draft: Draft,
    evidence: Sequence[Evidence],
    *,
    question: str,
    standalone_question: str | None = None,
    idf: Idf | None = None,
    timings: Mapping[str, float] | None = None,
) -> Answer:
    """Check each sentence of a draft against the papers it cites and return the answer.

    Papers are numbered from 1 in the order they are first cited in. A citation of a paper that is not in `evidence` is
    dropped, never replaced. A draft without sentences, or with a `reason`, becomes a refusal. `timings` are
    milliseconds by step.

    Raises ValueError when a quote is not the text at its span: a bug of the writer.
    """
    desk = Desk(evidence, question=question, standalone_question=standalone_question, idf=idf)
    for sentence in () if draft.reason else draft.sentences:
        if squash(MARKER.sub("", sentence.text)):
            desk.judge(sentence)
    return desk.answer(mode=draft.mode, reason=draft.reason, layout=draft.layout, timings=timings)


class Desk:
    """Where a draft is checked sentence by sentence, as its writer brings them; the numbers and citations given so far.

    `verify` says what the parameters are and how papers are numbered.
    """

    def __init__(
        self,
        evidence: Sequence[Evidence],
        *,
        question: str,
        standalone_question: str | None = None,
        idf: Idf | None = None,
    ) -> None:
        self.evidence = tuple(evidence)
        self.question = question
        self.standalone = standalone_question if standalone_question is not None else question
        self.asked = question if self.standalone == question else f"{question} {self.standalone}"
        self.papers: Mapping[str, Paper] = {piece.paper.id: piece.paper for piece in evidence}
        self.idf = idf
        self.checked: list[Sentence] = []
        self.numbers: dict[str, int] = {}
        self.citations: dict[tuple[str, int, int], Citation] = {}

    def judge(self, sentence: DraftSentence) -> Sentence:
        """Check the next sentence and cite what it cites; raise ValueError as `verify` does."""
        if sentence.span is not None:
            _assert_quote(sentence)
        cited = list(dict.fromkeys(self.papers[c.paper.id] for c in sentence.cites if c.paper.id in self.papers))
        quoted = sentence.span is not None and bool(cited) and cited[0] == sentence.cites[0].paper
        text = sentence.text if sentence.span is not None else squash(MARKER.sub("", sentence.text))
        found = Check(Verdict.VERBATIM) if quoted else check(text, cited, question=self.asked, idf=self.idf)
        numbers = []
        for place, paper in enumerate(cited):
            span = sentence.span if quoted and place == 0 else None
            numbers.append(self._cite(paper, span or best_span(text, paper, idf=self.idf)))
        self.checked.append(Sentence(text, found.verdict, tuple(numbers), found.why))
        return self.checked[-1]

    def answer(
        self,
        *,
        mode: str,
        reason: str | None = None,
        layout: str = "prose",
        timings: Mapping[str, float] | None = None,
    ) -> Answer:
        """Return the answer of the sentences judged so far; without any it is a refusal."""
        refused = not self.checked
        return Answer(
            question=self.question,
            standalone_question=self.standalone,
            text=_refusal(reason, self.evidence) if refused else _render(self.checked, layout),
            sentences=tuple(self.checked),
            citations=tuple(sorted(self.citations.values(), key=lambda citation: citation.number)),
            evidence=self.evidence,
            abstained=refused,
            reason=reason or (NO_ANSWER if refused else None),
            mode=mode,
            timings=dict(timings or {}),
        )

    def _cite(self, paper: Paper, span: tuple[int, int]) -> int:
        number = self.numbers.setdefault(paper.id, len(self.numbers) + 1)
        self.citations.setdefault((paper.id, *span), Citation(number, paper, paper.abstract[slice(*span)], *span))
        return number


def _assert_quote(sentence: DraftSentence) -> None:
    """Raise ValueError unless the span of a quote holds exactly its text."""
    start, end = sentence.span or (0, 0)
    abstract = sentence.cites[0].paper.abstract if sentence.cites else ""
    if not 0 <= start < end <= len(abstract) or abstract[start:end] != sentence.text:
        where = sentence.cites[0].paper.id if sentence.cites else "no paper"
        raise ValueError(
            f"quote is not the text at its span: {sentence.text[:80]!r} at {start}-{end} of {where}; "
            "take the sentence from abstract[start:end]"
        )


def shown(sentence: Sentence) -> str:
    """Return a sentence with its markers; a "[7]" inside it becomes "(7)", so that every marker resolves."""
    markers = "".join(f"[{number}]" for number in sentence.citations)
    text = squash(BRACKETED.sub(r"(\1)", sentence.text))
    return f"{text} {markers}".strip()


def _render(checked: Sequence[Sentence], layout: str) -> str:
    """Join sentences and their markers, in lines for a list."""
    lines = [shown(sentence) for sentence in checked]
    return "\n".join(f"- {line}" for line in lines) if layout == "list" else " ".join(lines)


def _refusal(reason: str | None, evidence: Sequence[Evidence]) -> str:
    """Say why there is no answer, and which papers came nearest."""
    titles = list({piece.paper.id: piece.paper.title for piece in evidence}.values())[:NEAREST]
    nearest = f" Nearest papers: {'; '.join(titles)}." if titles else ""
    return (reason or NO_ANSWER) + nearest
