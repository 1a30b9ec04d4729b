"""Tests of a question on its way through the page: what is shown meanwhile, what when it fails or is left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from model_server import KEY, ModelServer, Way, well

from rag import Event, Library, Settings, Where
from rag.errors import UsageError
from ui.asking import Shown, at_rest, events, failed, messages, place_of, reply, stopped, text_of, where_of
from ui.asking import _merged as merged
from ui.conversations import Conversations, Talk

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"


@pytest.fixture
def kept(library: Library) -> Conversations:
    """Keep conversations in the library's folder."""
    return Conversations(library.path / "ui", library.paper)


def shown(library: Library, kept: Conversations, talk: Talk, question: str, where: Where | None = None) -> list[Shown]:
    """Return everything that is shown while a question is answered."""

    async def collect() -> list[Shown]:
        return [one async for one in reply(library, kept, talk, question, where)]

    return asyncio.run(collect())


def test_from_progress_to_an_answer(library: Library, kept: Conversations) -> None:
    """First what is being done, in words; last the answer, which is one turn more, and is kept."""
    steps = shown(library, kept, kept.new(), QUESTION)
    assert "searching 12 abstracts" in steps[0].messages[-1]["content"]
    assert [step.is_busy for step in steps] == [True] * (len(steps) - 1) + [False]
    last = steps[-1]
    assert [turn.question for turn in last.talk.turns] == [QUESTION]
    assert last.messages == messages(last.talk)
    assert kept.opened(last.talk.key).turns[0].answer.text == last.talk.turns[0].answer.text


def test_a_follow_up_is_understood(library: Library, kept: Conversations) -> None:
    """The conversation goes along with the next question."""
    talk = shown(library, kept, kept.new(), "What is Pebble?")[-1].talk
    last = shown(library, kept, talk, "How many clips does it need?")[-1]
    assert "Pebble" in last.talk.turns[1].answer.standalone_question
    assert [message["role"] for message in last.messages] == ["user", "assistant"] * 2


def test_a_filter_is_heeded(library: Library, kept: Conversations) -> None:
    """Only what the filter lets through is looked at."""
    last = shown(library, kept, kept.new(), "What is Pebble?", Where(first_year=2020))[-1]
    assert "i1" not in {piece.paper.id for piece in last.talk.turns[0].answer.evidence}


@pytest.mark.parametrize("question", ["?", "why " * 2000])
def test_an_error_keeps_the_question(library: Library, kept: Conversations, question: str) -> None:
    """An error stands in the answer's place; the question goes back into the box, and the conversation is as before."""
    before = shown(library, kept, kept.new(), "What is Pebble?")[-1].talk
    last = shown(library, kept, before, question)[-1]
    assert (last.box, last.talk, last.is_busy) == (question, before, False)
    assert 'class="answer error"' in last.messages[-1]["content"]
    assert len(last.messages[-2]["content"]) < 11_000


def test_what_should_not_happen_is_told_and_noted(
    library: Library, kept: Conversations, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of the program is no end of the page: it is told without its insides, which go to the log."""
    lexical = library._lexical
    library._lexical = None  # type: ignore[assignment]
    with caplog.at_level(logging.ERROR):
        last = shown(library, kept, kept.new(), "What is Pebble?")[-1]
    library._lexical = lexical
    assert "Something went wrong" in last.messages[-1]["content"]
    assert "NoneType" not in last.messages[-1]["content"]
    assert "NoneType" in caplog.text


def test_a_model_is_read_as_it_writes(folder: Path) -> None:
    """While a model writes, its text is shown; checked sentences take its place; the last word is the whole answer."""
    with ModelServer(Way(lambda prompt: f"{well(prompt)} It cures headaches in 9 days [1].", pause=0.05)) as server:
        settings = Settings(OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, model="tiny")  # type: ignore[call-arg]
        with Library.open(folder, settings=settings) as library:
            kept = Conversations(folder / "ui", library.paper)
            steps = shown(library, kept, kept.new(), QUESTION)
    written = [step.messages[-1]["content"] for step in steps if "writing" in step.messages[-1]["content"]]
    assert written
    assert "3 bits" in steps[-1].messages[-1]["content"]
    assert steps[-1].talk.turns[0].answer.mode == "tiny"


def test_who_leaves_ends_the_stream(folder: Path) -> None:
    """When nobody listens any more, the model is left too."""
    with ModelServer(Way(lambda _prompt: "endless", pause=0.01)) as server:
        settings = Settings(OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, model="tiny")  # type: ignore[call-arg]
        with Library.open(folder, settings=settings) as library:

            async def leave() -> None:
                stream = events(library, (), QUESTION, None)
                async for event in stream:
                    if event.kind == "text":
                        break
                await stream.aclose()  # type: ignore[attr-defined]

            asyncio.run(leave())
            assert server.left.wait(20)


def test_neighbouring_text_is_one_piece() -> None:
    """Text that waited is joined, in order and between other events; what the answer has overtaken is left out."""
    text, done, sentence = [Event("text", one) for one in "abc"], Event("answer"), Event("sentence", "x")

    def joined(*given: Event | None) -> Iterator[tuple[str, str] | None]:
        return (event and (event.kind, event.text) for event in merged(given))  # type: ignore[union-attr]

    assert list(joined(*text)) == [("text", "abc")]
    assert list(joined(text[0], sentence, text[1], None)) == [("text", "a"), ("sentence", "x"), ("text", "b"), None]
    assert list(joined(text[0], text[1], done, None)) == [("answer", ""), None]


def test_resting_stopping_failing(library: Library, kept: Conversations) -> None:
    """What is shown at rest, after a stop and after an error: the conversation, and the question where it is needed."""
    talk = shown(library, kept, kept.new(), "What is Pebble?")[-1].talk
    assert at_rest(talk) == Shown(messages(talk), talk)
    stop = stopped(talk, "and *more*?")
    assert (stop.box, stop.messages[-2]["content"]) == ("and *more*?", r"and \*more\*\?")
    assert "Stopped." in stop.messages[-1]["content"]
    assert "swap" in failed(talk, "q", UsageError("x", remedy="swap")).messages[-1]["content"].lower()


def test_filters() -> None:
    """What is set becomes a filter, nothing none; years the wrong way round are refused."""
    assert where_of([], 0, None) is None
    assert where_of(["a.csv"], 2020, 0) == Where(("a.csv",), 2020, None)
    assert where_of([], 2020, 2020) == Where(None, 2020, 2020)
    with pytest.raises(UsageError, match="from 2021 on and up to 2020"):
        where_of([], 2021, 2020)


@pytest.mark.parametrize(("index", "turn"), [(0, 0), (1, 0), (2, 1), (7, 3), ((4, 0), 2)])
def test_two_messages_are_a_turn(index: int | tuple[int, int], turn: int) -> None:
    """A question and its answer are one turn; an index with a part in it counts the same."""
    assert place_of(index) == turn


@pytest.mark.parametrize(
    ("value", "question"),
    [
        (r"what is a\*b\?", "what is a*b?"),
        ("typed a*b", "typed a*b"),
        ([{"type": "text", "text": r"one\-"}, {"type": "text", "text": "two"}], "one-two"),
        ({"text": "x"}, "x"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_message_is_read_as_the_question_it_shows(value: object, question: str) -> None:
    """Whether it comes as text or in parts, escaped or typed anew, the question is what was seen."""
    assert text_of(value) == question
