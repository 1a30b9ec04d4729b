"""A reply checked as it comes: sentences, counts and faults; the whole answer is left to test_generate.py."""

from __future__ import annotations

import pytest
from conftest import STACK

from rag.model import Draft, Event, Evidence, Passage, Verdict
from rag.written import Task, Written

PIECES = [
    Evidence(paper, Passage(paper.id, 0, 0, len(paper.abstract)), rank, 1.0, {})
    for rank, paper in enumerate(STACK[:3], start=1)
]
TASK = Task("How many bits?", "How many bits does Pebble need?", PIECES, Draft(()))
TRUE = "Pebble quantises the weights of Echolalia-300M to 3 bits per weight"
FALSE = "It quantises dictionaries to 99 dinosaurs per teacher"


def written(text: str, *, strict: bool = False, whole: bool = True, step: int = 5) -> tuple[Written, list[Event]]:
    """Return a reply that came in pieces, and its events."""
    found = Written(TASK, dict(enumerate(PIECES, start=1)), strict=strict)
    events = [event for at in range(0, len(text), step) for event in found.feed(text[at : at + step])]
    return found, [*events, *found.end(whole=whole)]


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_counts_and_faults(step: int) -> None:
    """Claims, support, removed keys, found and moved citations and faults are counted, however it came."""
    found, _ = written(f"{TRUE} [2]. {TRUE} [1]. {TRUE} [9]. {FALSE} [2]. Sure, gladly!", step=step)
    assert dict(found.counts) | {"dropped": 1} == {
        "claims": 4, "supported": 3, "unknown_citations": 1, "attached": 1, "moved": 1, "dropped": 1,
    }  # fmt: skip
    assert list(found.faults) == [f"{FALSE}."]
    assert found.share == 0.75
    assert [sentence.citations for sentence in found.desk.checked] == [(1,)] * 4


def test_strict_shows_checked_sentences_only() -> None:
    """Nothing streams before it is checked, and what fails is left out with an event that says so."""
    found, events = written(f"{TRUE} [2]. {FALSE} [2].", strict=True)
    assert [event.kind for event in events] == ["sentence", "sentence"]
    assert [event.text for event in events] == [f"{TRUE}. [1]", ""]
    assert [sentence.verdict for sentence in found.desk.checked] == [Verdict.VERBATIM]


def test_half_a_sentence_is_left_out() -> None:
    """When the stream broke off, its last half sentence is taken back."""
    found, events = written(f"{TRUE} [2]. It also", whole=False)
    assert found.broken
    assert (events[-1].kind, events[-1].text) == ("sentence", "")
    assert len(found.desk.checked) == 1


def test_a_thought_is_taken_back() -> None:
    """When all so far turns out to have been a thought, the answer begins anew."""
    found, _ = written(f"{FALSE}. Is it? Yes.</think>{TRUE} [2].")
    assert [sentence.text for sentence in found.desk.checked] == [f"{TRUE}."]
    assert found.faults == {}
    assert (found.counts["claims"], found.text.count("</think>")) == (1, 1)


@pytest.mark.parametrize(("text", "layout"), [("{0}. {0}.", "prose"), ("- {0}\n- {0}", "list"), ("- {0}", "prose")])
def test_layout(text: str, layout: str) -> None:
    """Several items of a list are one, a single item is not."""
    assert written(text.format(TRUE))[0].layout == layout
