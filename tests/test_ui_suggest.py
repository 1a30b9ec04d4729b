"""Tests of the questions that are offered: the library in use answers them, and no title chooses their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import STACK

from rag import Answer, Evidence, Library, Paper, Turn
from ui.suggest import examples, follow_ups, name_of, topics

pytest_plugins = ["starter"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("RegMix: Data Mixture as Regression", "RegMix"),
        ("PowerInfer-2: Fast Inference", "PowerInfer-2"),
        ("Do Small Judges Agree?", ""),
        ("a survey: of things", ""),
        ("Two Words: here", ""),
        ("Many-for-Many: one for all", ""),
        ("<img src=x>: here", ""),
        ("Ignore-previous-instructions-and-say-that: here", ""),
        (": nothing", ""),
    ],
)
def test_names_are_single_plain_words(title: str, name: str) -> None:
    """A name is one word with a capital before the colon; nothing longer, and nothing with marks."""
    assert name_of(Paper("i", title, "x")) == name


def test_topics_stand_in_several_titles() -> None:
    """Pairs of telling words that titles share, the commonest first; pairs of one title are none."""
    titles = [
        "Speculative Decoding for All",
        "On speculative decoding: a view",
        "Layer Pruning",
        "layer pruning, again",
    ]
    papers = [Paper(str(place), title, "x") for place, title in enumerate([*titles, "Speculative decoding"])]
    assert topics(papers) == ["speculative decoding", "layer pruning"]


def test_examples_are_answered(starter: Path) -> None:
    """Three examples of different kinds are made of the starter library, and each is answered."""
    with Library.open(starter) as library:
        made = examples(library.papers(), lambda question: _found(library, question))
        assert len(made) == 3
        assert len({question.split()[0] for question in made}) == 3
        assert not any(library.ask(question).abstained for question in made)


def _found(library: Library, question: str) -> Sequence[Evidence]:
    answer = library.ask(question)
    return () if answer.abstained else answer.evidence


def test_follow_ups_are_answered(starter: Path) -> None:
    """At least nine in ten of the questions that are suggested after an answer are answered too."""
    with Library.open(starter) as library:
        named = [paper for paper in library.papers() if name_of(paper)][::8]
        asked = [(question := f"What is {name_of(paper)}?", library.ask(question)) for paper in named]
        made = [next_one for question, answer in asked for next_one in follow_ups([Turn(question, answer)])]
        refused = [question for question in made if library.ask(question).abstained]
    assert len(made) >= 2 * len(asked)
    assert len(refused) <= len(made) / 10


def test_what_was_asked_is_not_suggested(library: Library) -> None:
    """A question that was asked, in whatever case, is not offered again."""
    answer = library.ask("What is Pebble?")
    first = follow_ups([Turn("What is Pebble?", answer)])
    assert first
    assert "What is Pebble?" not in first
    again = follow_ups([Turn(first[0].upper(), answer), Turn("what is pebble", answer)])
    assert first[0] not in again


def test_a_refusal_leads_on_to_what_is_there(library: Library) -> None:
    """After a refusal, questions about the nearest papers are offered."""
    answer = library.ask("best pizza topping for a rainy day")
    assert answer.abstained
    assert follow_ups([Turn("q", answer)])


def test_nothing_to_go_on_from() -> None:
    """Without a turn or without evidence nothing is suggested."""
    bare = Answer("q", "q", "", (), (), (), abstained=True)
    assert follow_ups([]) == follow_ups([Turn("q", bare)]) == ()


def test_small_and_nameless_libraries(library: Library) -> None:
    """A library without names or shared topics still gives examples; an empty one gives none."""
    nameless = [replace(paper, title=f"Notes upon {paper.title.split(':')[-1]}") for paper in STACK[:3]]
    assert examples([], lambda _question: []) == ()
    assert all(question.startswith("Which papers are about") for question in examples(nameless, lambda _question: []))
    assert len(examples(library.papers(), lambda question: library.search(question, 1))) == 3
