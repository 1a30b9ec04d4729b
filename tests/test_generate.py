"""Writing by a model, part by part: what it is shown, how it may put things, when it is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import STACK
from model_server import KEY, ModelServer, Prompt, Say, Way, well

from eval.poison import POISONS
from rag.generate import _sources
from rag.library import Library
from rag.model import Answer, Draft, DraftSentence, Event, Evidence, Paper, Passage, Verdict
from rag.prompts import NOT_HELD
from rag.settings import Settings
from rag.written import Task

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"
QUOTED = "Pebble quantises the weights of Echolalia-300M to 3 bits per weight."
PHONES = "Which works help models on phones?"


def asked(
    folder: Path, *ways: Way | Say, question: str = QUESTION, **given: object
) -> tuple[Answer, list[Event], ModelServer]:
    """Ask one question of a model that answers in some way."""
    named = {"answer_retries": 0, **given}
    with (
        ModelServer(*ways) as server,
        Library.open(folder, settings=Settings(OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, **named)) as library,  # type: ignore[arg-type]
    ):
        events = list(library.stream(question))
        assert events[-1].answer is not None
        return events[-1].answer, events, server


def piece(number: int, score: float) -> Evidence:
    """Return evidence of a score."""
    paper = Paper(f"p{number}", f"Title {number}", "It is so.")
    return Evidence(paper, Passage(paper.id, 0, 0, 9), number, score, {})


def test_which_papers_are_shown() -> None:
    """The best ones, none far below the best, and always those that the quoting answer rests on."""
    pieces = [piece(1, 1.0), piece(2, 0.8), piece(3, 0.39), piece(4, 0.2)]
    quoted = Draft((DraftSentence("It is so.", (pieces[3],), (0, 9)),))
    for most, ranks in ((6, [1, 2, 4]), (1, [1, 4])):
        sources = _sources(Task("Why?", "Why?", pieces, quoted), most)
        assert [one.rank for one in sources.values()] == ranks
        assert list(sources) == list(range(1, len(ranks) + 1))


def test_prompts_share_their_beginning(folder: Path) -> None:
    """Two questions are asked with the same first message; the second holds papers, then the question, then a rule."""
    first, second = (asked(folder, Way(), question=one)[2].chats[0]["messages"] for one in (QUESTION, PHONES))
    assert first[0] == second[0]
    assert first[1]["content"].startswith("<evidence>\n<source key=")
    assert first[1]["content"].index("</evidence>") < first[1]["content"].index(f"<question>{QUESTION}</question>")


def test_a_list(folder: Path) -> None:
    """Items of a list become lines, each with its paper, numbered in the order of the answer."""

    def listed(prompt: Prompt) -> str:
        said = {key: text.split(". ")[1] for key, text in prompt.sources.items()}
        return "\n".join(f"- {text} [{key}]" for key, text in reversed(said.items()))

    answer, _, _ = asked(folder, listed, question=PHONES)
    assert len(answer.sentences) >= 3
    assert all(line.startswith("- ") for line in answer.text.splitlines())
    assert [sentence.citations for sentence in answer.sentences] == [(n + 1,) for n in range(len(answer.sentences))]
    assert {sentence.verdict for sentence in answer.sentences} == {Verdict.VERBATIM}


def test_a_model_that_thinks_first(folder: Path) -> None:
    """Thoughts are neither shown nor checked, with or without their opening tag."""
    for opening in ("<think>", ""):
        answer, events, _ = asked(folder, lambda prompt: f"{opening}Is it 77? Or not? Yes.</think>\n\n{well(prompt)}")  # noqa: B023
        assert (answer.text, answer.checks["claims"]) == (f"{QUOTED} [1]", 1)
        assert opening == "" or "77" not in "".join(event.text for event in events)


def test_markup_is_inert(folder: Path) -> None:
    """Links, pictures and tags of a model are neither in the text that streams nor in the answer."""

    def marked(prompt: Prompt) -> str:
        return f"See **[this](https://evil.example/x)** ![p](https://evil.example/p.png): {well(prompt)} <img src=x>"

    answer, events, _ = asked(folder, marked)
    shown = answer.text + "".join(event.text for event in events)
    assert not [mark for mark in ("evil", "http", "](", "<", "**") if mark in shown]


def test_sources_listed_at_the_end_are_left_out(folder: Path) -> None:
    """A model's own list of sources is dropped: the citations are ours."""
    answer, _, _ = asked(folder, lambda prompt: f"{well(prompt)}\n\nSources:\n[1] Pebble, 2024.\n[2] Invented et al.")
    assert answer.text == f"{QUOTED} [1]"


def test_a_sentence_takes_the_place_of_its_text(folder: Path) -> None:
    """What streams as text is what the sentence then says, sentence by sentence, and all of it is the answer."""

    def two(prompt: Prompt) -> str:
        return f"{well(prompt)} Pebble requires only 512 calibration clips and no labels [1]."

    answer, events, _ = asked(folder, two)
    text, settled = "", []
    for event in events:
        if event.kind == "text":
            text += event.text
        elif event.kind == "sentence":
            assert event.sentence is not None
            assert event.sentence.text.startswith(text)
            settled.append(event.text)
            text = ""
    assert " ".join(settled) == answer.text
    assert len(settled) == 2


@pytest.mark.parametrize("said", ["Sure!", "Here is the answer:", "3 bits."])
def test_nothing_to_check(folder: Path, said: str) -> None:
    """A reply that makes no claim is replaced by the quoting answer."""
    answer, _, _ = asked(folder, lambda _prompt: said)
    assert answer.mode == "extractive"
    assert answer.notice == "nothing that tiny wrote could be checked; this answer is quoted from the papers instead"


def test_a_refusal_beside_an_answer(folder: Path) -> None:
    """A model that answers in part and says what is missing has answered."""
    answer, _, _ = asked(folder, lambda prompt: f"{well(prompt)} The sources do not mention its price.")
    assert not answer.abstained
    assert answer.text.startswith(f"{QUOTED} [1]")


def test_a_refusal_by_order_is_overruled(tmp_path: Path) -> None:
    """When a paper that was shown gives orders, a refusal is not believed, and the quoting answer is given."""
    (poison, *_) = [one for one in POISONS if one.goal.kind == "refuse"]
    for paper, mode in ((poison.poisoned, "extractive"), (poison.clean, "tiny")):
        folder = tmp_path / mode
        with Library.open(folder, create=True, settings=Settings()) as library:
            library.add(paper, *STACK[:3])
        answer, _, _ = asked(folder, lambda _prompt: NOT_HELD, question=poison.question)
        assert (answer.mode, answer.abstained) == (mode, mode == "tiny")
    assert "orders to models" not in (answer.notice or "")


def test_a_second_try_that_fails_changes_nothing(folder: Path) -> None:
    """With `repair`, a second call that fails or is no better leaves the first answer, marked."""

    def half(prompt: Prompt) -> str:
        return f"{well(prompt)} It reduces memory by 93% on phones [1]."

    for second in (Way(status=500), Way(half)):
        answer, _, server = asked(folder, half, second, grounding="repair")
        assert len(server.chats) == 2
        assert (answer.mode, answer.sentences[1].verdict) == ("tiny", Verdict.UNSUPPORTED)


def test_timings_tell_ours_from_the_models(folder: Path) -> None:
    """The time spent waiting for the model is part of the answer's, and is told beside it."""
    answer, _, _ = asked(folder, Way(pause=0.02))
    assert 0 < answer.timings["first_token_ms"] <= answer.timings["model_ms"] <= answer.timings["answer_ms"]
