"""A model writes the answer, or the quoting one is given and says why; each sentence is checked in `written.py`.

One call answers a question. More are made only where a setting asks for them: see `better.py`, `best_of`, `repair`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from .better import Quote, Search, improved
from .errors import ModelError
from .llm import Message, Model, Reply
from .model import Answer, Draft, Event, Evidence
from .orders import gives_orders
from .prompts import answer_prompt, faults_prompt
from .settings import Settings
from .verify import verify
from .written import Task, Written

__all__ = ["Task", "answered"]

NEAR = 0.4
"""The share of the best score from which a paper is shown to the model: no gold paper of the dev questions is lost."""
VARIED = 0.7
"""The temperature at which several answers to one question differ."""
COUNTED = ("claims", "supported", "unknown_citations", "attached", "moved", "dropped")


def answered(
    task: Task, search: Search, quote: Quote, model: Model, settings: Settings
) -> Generator[Event, None, Answer]:
    """Yield the answer as the model writes it, and return it checked; `search` and `quote` serve `better.improved`.

    When the model fails, or fewer than half of its claims are supported, it is the quoting answer, with a notice that
    says why. Closing the generator cancels the request.
    """
    task = yield from improved(task, search, quote, model, settings)
    sources = _sources(task, settings.answer_papers)
    prompt = answer_prompt(task.asked, [(piece.paper.title, piece.paper.abstract) for piece in sources.values()])
    desk = _Writer(task, model, settings, sources, prompt)
    try:
        written = yield from desk.best(settings.best_of)
        if settings.grounding == "repair" and written.faults:
            written = yield from desk.repaired(written)
    except ModelError as error:
        answer = _quoted(task, str(error))
    else:
        answer = _judged(written, model.name)
    return replace(answer, timings={"model_ms": desk.waited * 1000, "first_token_ms": desk.first * 1000})


def _sources(task: Task, most: int) -> dict[int, Evidence]:
    """Return the papers to show, by key: the best ones, and those that the quoting answer rests on."""
    best = max((piece.score for piece in task.evidence), default=0.0)
    near = [piece for piece in task.evidence if piece.score >= NEAR * best][:most]
    quoted = {piece.paper.id: piece for sentence in task.quoted.sentences for piece in sentence.cites}
    shown = {piece.paper.id: piece for piece in near} | quoted
    return dict(enumerate(sorted(shown.values(), key=lambda piece: piece.rank), start=1))


class _Writer:
    """Has one question answered; `waited` and `first` are seconds spent waiting for the model."""

    def __init__(
        self,
        task: Task,
        model: Model,
        settings: Settings,
        sources: Mapping[int, Evidence],
        prompt: Sequence[Message],
    ) -> None:
        self.task, self.model, self.settings = task, model, settings
        self.sources, self.prompt = sources, prompt
        self.waited = self.first = 0.0

    def best(self, number: int) -> Generator[Event, None, Written]:
        """Yield one answer as it is written, or of several, written at the same time, the best supported one."""
        yield Event("progress", f"{self.model.name} is writing")
        if number == 1:
            written = self._blank()
            yield from self._read(self._ask(self.prompt), written)
            return written
        replies = [self._ask(self.prompt, VARIED) for _ in range(number)]
        tried: list[tuple[Written, list[Event]]] = []
        try:
            for reply in replies:
                written = self._blank()
                events = yield from self._unseen(reply, written)
                tried.append((written, events))
        finally:
            for reply in replies:
                reply.close()
        written, events = max(tried, key=lambda one: (one[0].share, one[0].counts["supported"]))
        yield from events
        return written

    def repaired(self, first: Written) -> Generator[Event, None, Written]:
        """Tell the model what is not supported, and return its second answer where that is better; one call more."""
        yield Event("progress", f"{self.model.name} is asked to mend {len(first.faults)} sentences")
        second = self._blank()
        try:
            yield from self._unseen(self._ask(faults_prompt(self.prompt, first.text, first.faults)), second)
        except ModelError:
            return first
        return second if second.share > first.share else first

    def _blank(self) -> Written:
        return Written(self.task, self.sources, strict=self.settings.grounding == "strict")

    def _ask(self, prompt: Sequence[Message], temperature: float = 0.0) -> Reply:
        return self.model.reply(prompt, tokens=self.settings.answer_tokens, temperature=temperature)

    def _unseen(self, reply: Reply, written: Written) -> Generator[Event, None, list[Event]]:
        """Read a reply, of which only the progress is shown, and return what could be."""
        events = []
        for event in self._read(reply, written):
            if event.kind == "progress":
                yield event
            else:
                events.append(event)
        return events

    def _read(self, reply: Reply, written: Written) -> Iterator[Event]:
        """Yield a reply as it comes; one that breaks off is used as far as it is supported.

        Raises ModelError for an empty one, and for one that failed before anything in it was supported.
        """
        fault: ModelError | None = None
        try:
            for piece in reply:
                if piece:
                    yield from written.feed(piece)
                else:
                    yield Event("progress", f"waiting for {self.model.name}")
        except ModelError as error:
            fault = error
        finally:
            reply.close()
            self.waited += reply.waited
            self.first = self.first or reply.first
        yield from written.end(whole=reply.finish not in {"", "length"})
        written.cut, written.broken = reply.finish == "length", written.broken or fault is not None
        fault = fault or self._fault(reply, written)
        if fault is not None and not written.counts["supported"]:
            raise fault

    def _fault(self, reply: Reply, written: Written) -> ModelError | None:
        """Return what is wrong with a reply that ended."""
        if reply.finish == "content_filter":
            return ModelError("the endpoint filtered the answer", remedy="put the question otherwise")
        if not written.text.strip():
            return ModelError(f"{self.model.name} gave an empty answer", remedy="ask again, or take another model")
        return None


def _judged(written: Written, name: str) -> Answer:
    """Return what is given to the reader: what was written, a refusal, or the quoting answer."""
    counts, task = written.counts, written.task
    checks = {name: counts[name] for name in COUNTED}
    if written.refused and not counts["supported"]:
        return replace(_refused(written, name), checks=checks)
    if not counts["claims"]:
        return replace(_quoted(task, f"nothing that {name} wrote could be checked"), checks=checks)
    if 2 * counts["supported"] < counts["claims"]:
        told = f"only {counts['supported']} of {counts['claims']} sentences by {name} are supported by the papers"
        return replace(_quoted(task, told), checks=checks)
    answer = written.desk.answer(mode=name, layout=written.layout)
    return replace(answer, notice="; ".join(_notices(written)) or None, checks=checks)


def _notices(written: Written) -> Iterator[str]:
    if written.cut:
        yield "the answer was too long and was cut off"
    elif written.broken:
        yield "the answer broke off; only whole sentences are shown"
    if unknown := written.counts["unknown_citations"]:
        yield f"{unknown} citation{'s' * (unknown > 1)} of nothing in the evidence removed"
    if written.strict and written.faults:
        yield f"{len(written.faults)} unsupported sentence{'s' * (len(written.faults) > 1)} left out"


def _refused(written: Written, name: str) -> Answer:
    """Return a refusal; the quoting answer where a paper that the model has read may have told it to refuse."""
    papers = [piece.paper for piece in written.sources.values()]
    if any(gives_orders(f"{paper.title}. {paper.abstract}") for paper in papers):
        return _quoted(written.task, f"{name} refused, but a paper that it was shown gives orders to models")
    refusal = Draft((), mode=name, reason=f"{name} found no answer in the papers of this library.")
    return _verified(refusal, written.task)


def _quoted(task: Task, why: str) -> Answer:
    answer = _verified(task.quoted, task)
    instead = "" if answer.abstained else "; this answer is quoted from the papers instead"
    return replace(answer, notice=f"{why}{instead}")


def _verified(draft: Draft, task: Task) -> Answer:
    return verify(draft, task.evidence, question=task.question, standalone_question=task.asked, idf=task.idf)
