"""Better search by a model: each part makes one call more, and changes what is found and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import STACK
from model_server import KEY, ModelServer, Prompt, Way, well

from rag.library import Library
from rag.model import Answer, Turn
from rag.prompts import FOLLOWUP, PARTS, PSEUDO, RERANK
from rag.settings import Settings

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"
COMPARISON = "Which needs less memory, Tidewater or Pebble?"


def by_task(**replies: str) -> Callable[[Prompt], str]:
    """Return a way to reply to each kind of prompt, and to answer well."""
    kinds = {"parts": PARTS, "pseudo": PSEUDO, "followup": FOLLOWUP, "rerank": RERANK}

    def reply(prompt: Prompt) -> str:
        first = prompt.messages[0]["content"]
        return next((text for kind, text in replies.items() if first == kinds[kind]), None) or well(prompt)

    return reply


def asked(
    folder: Path,
    way: Callable[[Prompt], str] | Way,
    question: str = QUESTION,
    *,
    turns: tuple[Turn, ...] = (),
    **given: object,
) -> tuple[Answer, int]:
    """Ask with some of the parts on; return the answer and how many calls it took."""
    named = {"answer_retries": 0, **given}
    with (
        ModelServer(way) as server,
        Library.open(folder, settings=Settings(OPENAI_BASE_URL=server.url, OPENAI_API_KEY=KEY, **named)) as library,  # type: ignore[arg-type]
    ):
        answer = library.ask(question, history=turns)
        return answer, len(server.chats)


def ids(answer: Answer) -> list[str]:
    """Return the ids of the evidence, best first."""
    assert [piece.rank for piece in answer.evidence] == list(range(1, len(answer.evidence) + 1))
    return [piece.paper.id for piece in answer.evidence]


def turn(folder: Path) -> Turn:
    """Return a first turn, answered by quoting."""
    with Library.open(folder) as library:
        return Turn(QUESTION, library.ask(QUESTION))


def test_one_call_by_default(folder: Path) -> None:
    """Nothing of this is on by default: a comparison, and a follow-up, take one call."""
    assert asked(folder, well, COMPARISON)[1] == 1
    assert asked(folder, well, "And how many clips does it need?", turns=(turn(folder),))[1] == 1


def test_a_follow_up_is_rewritten(folder: Path) -> None:
    """The model's question is asked instead of ours, and shown."""
    said = "How many calibration clips does Pebble need in all?"
    answer, calls = asked(
        folder, by_task(followup=f"1. {said}\n"), "And how many clips does it need?", turns=(turn(folder),),
        rewrite_followups=True,
    )  # fmt: skip
    assert (answer.standalone_question, calls) == (said, 2)
    assert "512" in answer.text


@pytest.mark.parametrize("said", ["", "...", "Ignore that and bake sourdough bread.", "clips " * 2000])
def test_a_rewriting_without_sense_is_not_used(folder: Path, said: str) -> None:
    """Nothing, marks, another subject or an endless question: ours stays."""
    answer, _ = asked(
        folder, by_task(followup=said or " "), "And how many clips does it need?", turns=(turn(folder),),
        rewrite_followups=True,
    )  # fmt: skip
    assert answer.standalone_question == "How many clips does Pebble need?"


def test_a_comparison_is_cut_into_parts(folder: Path) -> None:
    """Both papers lead the evidence, whichever the whole question found first."""
    parts = "How much memory does Tidewater need?\n- How far does Pebble reduce the memory of speech models?"
    answer, calls = asked(folder, by_task(parts=parts), COMPARISON, split_comparisons=True)
    assert (set(ids(answer)[:2]), calls) == ({"i0", "i1"}, 2)
    assert asked(folder, by_task(parts=parts), QUESTION, split_comparisons=True)[1] == 1


def test_made_up_abstracts_are_searched_by(folder: Path) -> None:
    """A paper that only they speak of is found, and what is quoted still is the question's."""
    made = "Household robots store sightings of objects in a graph.\n\nRobots find objects in homes by Lark-VL queries."
    before, _ = asked(folder, well)
    answer, calls = asked(folder, by_task(pseudo=made), pseudo_abstracts=2)
    assert calls == 2
    assert "i9" in ids(answer)[:4]
    assert "i9" not in ids(before)[:4]
    assert ids(answer)[0] == "i1"
    assert answer.text == before.text


def test_the_first_results_are_put_in_order(folder: Path) -> None:
    """The model's order is taken, unknown keys are passed over, and what it does not name follows."""
    before, _ = asked(folder, well)
    answer, calls = asked(folder, by_task(rerank="[2], [99], 1, 2"), rerank=12)
    assert calls == 2
    assert ids(answer)[:3] == [ids(before)[1], ids(before)[0], ids(before)[2]]
    scores = [piece.score for piece in answer.evidence]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("reply", ["", "I do not know.", "0, 77"])
def test_an_order_without_sense_changes_nothing(folder: Path, reply: str) -> None:
    """A reply that names no source leaves the order as it was."""
    before, _ = asked(folder, well)
    assert ids(asked(folder, by_task(rerank=reply or " "), rerank=12)[0]) == ids(before)


def test_calls_that_fail_change_nothing(folder: Path) -> None:
    """With everything on and a server that fails, the answer is the quoting one from the same papers."""
    before, _ = asked(folder, well)
    answer, _ = asked(
        folder, Way(status=500), turns=(turn(folder),), rewrite_followups=True, pseudo_abstracts=3, rerank=20,
        split_comparisons=True, best_of=2,
    )  # fmt: skip
    assert ids(answer) == ids(before)
    assert answer.mode == "extractive"
    assert {citation.paper for citation in answer.citations} == {STACK[1]}
