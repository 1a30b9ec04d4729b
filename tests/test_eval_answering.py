"""Tests of eval/answering.py: answers are kept as they come, in order, and taken up again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asked import SET

from eval.answering import Given, Inquiry, Journal, ask_all, inquiries
from rag.errors import StoreError, UsageError
from rag.library import Library

MADE_WITH = {"questions": "1", "papers": "2"}
GIVEN = Given({"text": "yes"}, 1.5)


def test_answers_come_in_the_order_asked(library: Library) -> None:
    """Each answer is that of the library itself."""
    asked, heard = inquiries(SET, "x/"), []
    given = ask_all(library, asked, Journal(), heard.append)
    assert list(given) == heard == [f"x/{one.id}" for one in SET]
    for one in SET:
        alone = library.ask(one.question, history=one.messages).to_dict()
        assert given[f"x/{one.id}"].answer | {"timings": {}} == alone | {"timings": {}}


def test_what_is_kept_is_not_asked_again(tmp_path: Path, library: Library) -> None:
    """A resumed journal answers from the file, and goes on where that ends."""
    with Journal(tmp_path / "a.jsonl", MADE_WITH) as journal:
        journal.put("tide", GIVEN)
    with Journal(tmp_path / "a.jsonl", MADE_WITH, resume=True) as journal:
        given = ask_all(library, inquiries(SET[:2]), journal)
    assert given["tide"] == GIVEN
    with Journal(tmp_path / "a.jsonl", MADE_WITH, resume=True) as journal:
        assert journal.held == given


def test_without_resume_a_journal_begins_anew(tmp_path: Path) -> None:
    """What an earlier run left is gone."""
    for _ in range(2):
        with Journal(tmp_path / "a.jsonl", MADE_WITH) as journal:
            assert journal.held == {}
            journal.put("tide", GIVEN)


def test_half_a_line_is_left_out(tmp_path: Path) -> None:
    """A run that was killed in mid-write loses that answer only."""
    with Journal(tmp_path / "a.jsonl", MADE_WITH) as journal:
        journal.put("tide", GIVEN)
        journal.put("bits", GIVEN)
    whole = (tmp_path / "a.jsonl").read_text()
    (tmp_path / "a.jsonl").write_text(whole[:-9])
    with Journal(tmp_path / "a.jsonl", MADE_WITH, resume=True) as journal:
        assert journal.held == {"tide": GIVEN}
    assert [json.loads(line).get("key") for line in (tmp_path / "a.jsonl").read_text().splitlines()] == [None, "tide"]


def test_answers_made_with_something_else_are_refused(tmp_path: Path) -> None:
    """The message names what differs, and the answers stay."""
    with Journal(tmp_path / "a.jsonl", MADE_WITH) as journal:
        journal.put("tide", GIVEN)
    before = (tmp_path / "a.jsonl").read_text()
    with (
        pytest.raises(UsageError, match="made with other papers"),
        Journal(tmp_path / "a.jsonl", MADE_WITH | {"papers": "3"}, resume=True),
    ):
        pass
    assert (tmp_path / "a.jsonl").read_text() == before


def test_an_interruption_keeps_what_was_answered(tmp_path: Path, library: Library) -> None:
    """Ctrl-C after the third answer: three stand in the file."""

    def heard(key: str) -> None:
        if key == SET[2].id:
            raise KeyboardInterrupt

    with Journal(tmp_path / "a.jsonl", MADE_WITH) as journal, pytest.raises(KeyboardInterrupt):
        ask_all(library, inquiries(SET), journal, heard)
    with Journal(tmp_path / "a.jsonl", MADE_WITH, resume=True) as journal:
        assert list(journal.held) == [one.id for one in SET[:3]]


def test_a_question_that_the_library_refuses_is_named(library: Library) -> None:
    """An endless question is a fault of the set."""
    with pytest.raises(UsageError, match="question long: "):
        ask_all(library, [Inquiry("long", "why " * 100_000)], Journal())


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The path stands in the message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"), Journal(tmp_path / "file" / "a.jsonl", MADE_WITH):
        pass
