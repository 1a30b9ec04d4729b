"""A question on its way through the page: what is shown while it is answered, and after; where is left to `ask_tab`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from rag import Event, Library, PaperchatError, Sentence, Turn, Where
from rag.errors import UsageError

from .conversations import Conversations, Talk
from .render import answer_html, as_markdown, error_html, from_markdown, note_html, partial_html, progress_html

__all__ = ["Shown", "at_rest", "events", "failed", "messages", "place_of", "reply", "stopped", "text_of", "where_of"]

Message = dict[str, str]

REMEMBERED = 8
"""Turns that a follow-up can lean on."""
PACE = 0.1
"""Seconds between two states of an answer that is being written: a browser needs time for its buttons too."""
CATCH_UP = 0.01
"""Seconds in which an answer that was only quoted overtakes its own text."""
LONGEST_SHOWN = 5_000
"""Characters of a question that are repeated in the chat."""
FAILED = PaperchatError(
    "something went wrong that should not have", remedy="ask again; what happened is in the window of rag-ui"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one visitor sees: messages, the conversation they tell, the text in the box, and whether work goes on."""

    messages: list[Message]
    talk: Talk
    box: str = ""
    is_busy: bool = False


def messages(talk: Talk) -> list[Message]:
    """Return a conversation as the chat takes it: two messages a turn."""
    return [
        message
        for place, turn in enumerate(talk.turns, 1)
        for message in (_asked(turn.question), _said(answer_html(turn.answer, place)))
    ]


def _asked(question: str) -> Message:
    return {"role": "user", "content": as_markdown(question[:LONGEST_SHOWN])}


def _said(html: str) -> Message:
    return {"role": "assistant", "content": html}


def at_rest(talk: Talk, box: str = "") -> Shown:
    """Return what is shown of a conversation when nothing goes on."""
    return Shown(messages(talk), talk, box)


def failed(talk: Talk, question: str, error: PaperchatError) -> Shown:
    """Return what is shown of an error: it stands in the answer's place, and the question is kept."""
    return Shown([*messages(talk), _asked(question), _said(error_html(error))], talk, question)


def stopped(talk: Talk, question: str) -> Shown:
    """Return what is shown when an answer was stopped: the question stays, in the chat and in the box."""
    return Shown([*messages(talk), _asked(question), _said(note_html("Stopped."))], talk, question)


def text_of(value: object) -> str:
    """Return the question in a message of the chat, which comes as text or as a list of parts."""
    if isinstance(value, list):
        return "".join(text_of(part) for part in value)
    return text_of(value.get("text", "")) if isinstance(value, dict) else from_markdown(str(value or ""))


def place_of(index: int | Sequence[int]) -> int:
    """Return which turn, from 0, a message of the chat belongs to: each turn has two."""
    return (index if isinstance(index, int) else index[0]) // 2


def where_of(sources: list[str], first_year: float | None, last_year: float | None) -> Where | None:
    """Return the filter that was set, or None; raise UsageError for years that hold none."""
    first, last = (int(year) if year else None for year in (first_year, last_year))
    if first and last and first > last:
        raise UsageError(f"no year is from {first} on and up to {last}", remedy="swap the years of the filter")
    return Where(tuple(sources) if sources else None, first, last) or None


async def reply(
    library: Library, kept: Conversations, talk: Talk, question: str, where: Where | None
) -> AsyncIterator[Shown]:
    """Yield what is shown as a question is answered; an error is shown in the answer's place, the question kept."""
    before = [*messages(talk), _asked(question)]
    sentences: list[Sentence] = []
    tail, told = "", ""
    try:
        async for event in events(library, talk.turns[-REMEMBERED:], question, where):
            if event.kind == "answer" and event.answer is not None:
                talk = await asyncio.to_thread(kept.keep, talk.with_turn(Turn(question, event.answer)))
                yield Shown([*before, _said(answer_html(event.answer, len(talk.turns)))], talk)
                return
            if event.kind == "sentence":
                sentences += [event.sentence] if event.text and event.sentence else []
            tail = {"sentence": "", "text": tail + event.text}.get(event.kind, tail)
            is_written = bool(sentences or tail)
            html = partial_html(sentences, tail, len(talk.turns) + 1) if is_written else progress_html(event.text)
            if html != told:  # a model that is waited for says so several times a second
                yield Shown([*before, _said(html)], talk, is_busy=True)
            told = html
    except PaperchatError as error:
        yield failed(talk, question, error)
    except Exception:
        logging.getLogger(__name__).exception("a question failed")
        yield failed(talk, question, FAILED)


async def events(library: Library, turns: tuple[Turn, ...], question: str, where: Where | None) -> AsyncIterator[Event]:
    """Yield the events of `Library.stream` from a thread of its own, so that no visitor waits for another's model.

    Text that came in the meantime comes in one piece. When the reader leaves, the stream is closed at its next event.
    """
    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
    left = threading.Event()

    def put(what: Event | Exception | None) -> None:
        with suppress(RuntimeError):  # the server is closing down
            loop.call_soon_threadsafe(arrived.put_nowait, what)

    ask = partial(library.stream, question, history=turns, where=where)
    threading.Thread(target=_tell, args=(ask, put, left), name="question", daemon=True).start()
    try:
        while True:
            first = await arrived.get()
            await asyncio.sleep(CATCH_UP)
            for event in _merged([first, *_waiting(arrived)]):
                if event is None:
                    return
                if isinstance(event, Exception):
                    raise event
                yield event
                if event.kind == "text":
                    await asyncio.sleep(PACE)
    finally:
        left.set()


def _tell(
    ask: Callable[[], Iterator[Event]], put: Callable[[Event | Exception | None], None], left: threading.Event
) -> None:
    """Put the events of a stream, then None or its error; end it when nobody listens any more."""
    try:
        for event in ask():
            if left.is_set():
                return
            put(event)
        put(None)
    except Exception as error:
        put(error)


def _waiting(arrived: asyncio.Queue[Event | Exception | None]) -> Iterator[Event | Exception | None]:
    while not arrived.empty():
        yield arrived.get_nowait()


def _merged(batch: Iterable[Event | Exception | None]) -> Iterator[Event | Exception | None]:
    """Yield events with neighbouring pieces of text made one; text that the answer has overtaken is left out."""
    written = ""
    for event in batch:
        if isinstance(event, Event) and event.kind == "text":
            written += event.text
            continue
        is_whole = isinstance(event, Event) and event.kind == "answer"
        if written and not is_whole:
            yield Event("text", written)
        written = ""
        yield event
    if written:
        yield Event("text", written)
