"""A model's reply, checked sentence by sentence as it comes; asking for it and judging the whole is left to others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .cite import parse
from .ground import Grounded, Grounder, is_refusal
from .model import Draft, DraftSentence, Event, Evidence
from .prose import Cutter, Said, plain, settled
from .support import Idf
from .verify import Desk, shown

__all__ = ["Task", "Written"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be answered: the question, as it stands alone, the evidence, and what the quoting path makes of it."""

    question: str
    asked: str
    evidence: Sequence[Evidence]
    quoted: Draft
    idf: Idf | None = None


@dataclass
class Written:
    """What a model has written so far, as sentences with their verdicts.

    `strict` leaves out what no paper supports, and shows a sentence only when it is checked. `counts` are those of
    `Answer.checks`; `faults` are the unsupported sentences, each with the reason; `text` is all of it, as it came.
    """

    task: Task
    sources: Mapping[int, Evidence]
    strict: bool = False
    text: str = ""
    refused: bool = False
    broken: bool = False
    cut: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._cutter = Cutter()
        self._grounder = Grounder(self.sources, asked=f"{self.task.question} {self.task.asked}", idf=self.task.idf)
        self._begin()

    def _begin(self) -> None:
        task = self.task
        self.desk = Desk(task.evidence, question=task.question, standalone_question=task.asked, idf=task.idf)
        self.listed: list[bool] = []
        self.refused = False
        self.counts.clear()
        self.faults.clear()
        self._shown = ""

    @property
    def share(self) -> float:
        """The supported claims as a share of all, 0..1; 0 without claims."""
        return self.counts["supported"] / self.counts["claims"] if self.counts["claims"] else 0.0

    @property
    def layout(self) -> str:
        """`list` when most sentences came as items of one."""
        return "list" if len(self.listed) > 1 and 2 * sum(self.listed) > len(self.listed) else "prose"

    def feed(self, piece: str) -> Iterator[Event]:
        """Take the next piece of the reply; yield what it adds to the text, and the sentences that it ends."""
        self.text += piece
        for said in self._cutter.feed(piece):
            self._restart()
            yield from self._settle(said)
        self._restart()
        if not self.strict:
            words = settled(self._cutter.rest)
            if len(words) > len(self._shown) and words.startswith(self._shown):
                yield Event("text", words[len(self._shown) :])
                self._shown = words

    def end(self, *, whole: bool) -> Iterator[Event]:
        """Yield the last sentences; `whole` tells that the reply ended as it should: half a sentence is left out."""
        for said in self._cutter.end(whole=whole):
            if said.whole:
                yield from self._settle(said)
            else:
                self.broken = True
                yield Event("sentence")

    def _restart(self) -> None:
        """Begin anew when all so far turns out to have been a thought."""
        if self._cutter.restarted:
            self._cutter.restarted = False
            self._begin()

    def _settle(self, said: Said) -> Iterator[Event]:
        """Check a sentence that has ended."""
        self._shown = ""
        cited = parse(plain(said.text), self.sources)
        self.counts["unknown_citations"] += cited.unknown
        if is_refusal(cited.text):
            self.refused = True
        if self._grounder.is_idle(cited.text, cited=bool(cited.keys)):
            self.counts["dropped"] += bool(cited.text)
            yield Event("sentence")
            return
        found = self._grounder.ground(cited.text, cited.keys)
        self._count(cited.text, found)
        if self.strict and found.is_bad:
            self.counts["dropped"] += 1
            yield Event("sentence")
            return
        sentence = self.desk.judge(DraftSentence(cited.text, found.cites))
        self.listed.append(said.listed)
        yield Event("sentence", shown(sentence), sentence=sentence)

    def _count(self, text: str, found: Grounded) -> None:
        self.counts["attached"] += found.attached
        self.counts["moved"] += found.moved
        if found.is_claim:
            self.counts["claims"] += 1
            self.counts["supported"] += found.is_good
            if found.is_bad:
                self.faults[text] = found.check.why or found.check.verdict
