"""Tests of what is kept of a conversation: it comes back whole, belongs to its browser, and copies no abstract."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag import Library, Turn
from rag.followup import standalone
from ui.conversations import Conversations, Talk

ASKED = ("What is Pebble?", "best pizza topping for a rainy day", "Which papers are about pruning?")


@pytest.fixture
def kept(library: Library) -> Conversations:
    """Keep conversations in the library's folder."""
    return Conversations(library.path / "ui", library.paper)


@pytest.fixture
def talk(library: Library, kept: Conversations) -> Talk:
    """Hold a conversation of three turns."""
    begun = kept.new()
    for question in ASKED:
        begun = begun.with_turn(Turn(question, library.ask(question, history=begun.turns)))
    return begun


def test_a_conversation_is_a_value(talk: Talk) -> None:
    """Going on, going back and voting return another conversation; the one before is unchanged."""
    voted = talk.with_vote(0, "Like").with_vote(2, "Dislike")
    assert talk.votes == {}
    assert voted.votes == {0: "Like", 2: "Dislike"}
    assert voted.with_vote(0, "").votes == {2: "Dislike"}
    assert voted.until(1).turns == talk.turns[:1]
    assert voted.until(1).votes == {0: "Like"}
    assert len(talk.turns) == 3


def test_it_comes_back_whole(kept: Conversations, talk: Talk) -> None:
    """Another opening of the folder gives the same turns and votes; a follow-up is understood as before."""
    stored = kept.keep(talk.with_vote(1, "Like"))
    again = Conversations(kept.folder, kept._find).opened(talk.key)
    assert (again.key, again.votes, again.stamp) == (stored.key, stored.votes, stored.stamp)
    for turn, other in zip(talk.turns, again.turns, strict=True):
        assert other.question == turn.question
        assert other.answer.to_dict() == turn.answer.to_dict()
        assert other.answer.citations == turn.answer.citations
        assert [piece.paper for piece in other.answer.evidence] == [piece.paper for piece in turn.answer.evidence]
    assert standalone("How does it work?", again.turns[:1]) == standalone("How does it work?", talk.turns[:1])


def test_no_abstract_is_copied(kept: Conversations, talk: Talk, library: Library) -> None:
    """Of a paper nothing but its title and its quotes is in the file."""
    kept.keep(talk)
    (file,) = kept.folder.glob("*.json")
    text = file.read_text()
    quotes = {citation.quote for turn in talk.turns for citation in turn.answer.citations}
    for paper in library.papers():
        for sentence in paper.abstract.split(". "):
            assert any(sentence in quote for quote in quotes) or sentence not in text


def test_a_removed_paper_leaves_its_quote(kept: Conversations, talk: Talk, library: Library) -> None:
    """When a cited paper is gone, its quote and title are still shown, and the evidence does not name it."""
    kept.keep(talk)
    gone = talk.turns[0].answer.citations[0].paper
    library.remove(gone.id)
    answer = kept.opened(talk.key).turns[0].answer
    for before, after in zip(talk.turns[0].answer.citations, answer.citations, strict=True):
        assert (after.quote, after.paper.title) == (before.quote, gone.title)
        assert after.paper.abstract[after.start : after.end] == after.quote
    assert gone.id not in {piece.paper.id for piece in answer.evidence}


def test_a_changed_paper_does_not_bend_a_quote(kept: Conversations, talk: Talk, library: Library) -> None:
    """When an abstract says something else by now, the quote stands by itself."""
    kept.keep(talk)
    changed = talk.turns[0].answer.citations[0].paper
    library.add(replace(changed, abstract=f"All new. {changed.abstract}"))
    for citation in kept.opened(talk.key).turns[0].answer.citations:
        assert citation.paper.abstract[citation.start : citation.end] == citation.quote


def test_only_the_secret_finds_it(kept: Conversations, talk: Talk) -> None:
    """Another secret, and whatever else a browser may send, opens an empty conversation."""
    kept.keep(talk)
    assert kept.opened("x" * 32).turns == ()
    for key in (None, 7, "", "short", "../" * 9, "a" * 5000, [talk.key], {"key": talk.key}):
        assert kept.opened(key).turns == ()  # type: ignore[arg-type]
    assert talk.key not in "".join(str(file) for file in kept.folder.iterdir())


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"turns": 3}', '{"turns": [{}]}', '{"turns": [{"question": 1}]}', "\x00"]
)
def test_a_broken_file_opens_an_empty_conversation(kept: Conversations, talk: Talk, text: str) -> None:
    """What cannot be read is no reason to fail; it is left alone under a new secret."""
    kept.keep(talk)
    (file,) = kept.folder.glob("*.json")
    file.write_text(text)
    opened = kept.opened(talk.key)
    assert opened.turns == ()
    assert opened.key != talk.key


def test_another_tab_goes_on(kept: Conversations, talk: Talk) -> None:
    """What was kept since is seen; what was not touched is not read again."""
    first = kept.keep(talk.until(1))
    assert kept.latest(first) is first
    second = kept.keep(talk)
    assert kept.latest(first).stamp == second.stamp
    assert [turn.question for turn in kept.latest(first).turns] == list(ASKED)
    assert kept.title(talk.key) == ASKED[0]
    emptied = kept.keep(talk.until(0))
    assert kept.latest(second).turns == emptied.turns == ()
    assert kept.title(talk.key) == ""


def test_votes_are_noted_line_by_line(kept: Conversations, talk: Talk) -> None:
    """Each vote is a line: what on, of which papers; a vote taken back is noted too, and many at once do not mix."""
    with ThreadPoolExecutor(8) as voters:
        assert all(voters.map(lambda place: kept.note_vote(talk.turns[place % 3], "Like" if place else ""), range(40)))
    noted = [json.loads(line) for line in (kept.folder / "votes.jsonl").read_text().splitlines()]
    assert len(noted) == 40
    assert sum(line["vote"] is None for line in noted) == 1
    pebble = next(line for line in noted if line["question"] == ASKED[0])
    assert pebble["papers"] == ["i1"]
    assert pebble["when"]


def test_the_secret_of_the_folder_stays(kept: Conversations) -> None:
    """What a browser's note is encrypted with is made once, and is nobody else's to read."""
    with ThreadPoolExecutor(8) as starters:
        assert len(set(starters.map(lambda _number: kept.secret(), range(8)))) == 1
    assert (kept.folder / "secret").stat().st_mode & 0o077 == 0


def test_what_is_kept_is_private(kept: Conversations, talk: Talk) -> None:
    """Neither the folder nor a file in it can be read by other users of the machine."""
    kept.keep(talk)
    kept.note_vote(talk.turns[0], "Like")
    assert kept.folder.stat().st_mode & 0o077 == 0
    assert not list(kept.folder.glob("*.tmp"))


def test_a_folder_that_cannot_be_written(talk: Talk, tmp_path: Path, library: Library) -> None:
    """Where nothing can be kept, the page goes on without."""
    (tmp_path / "file").write_text("")
    kept = Conversations(tmp_path / "file" / "ui", library.paper)
    assert kept.keep(talk) == talk
    assert not kept.note_vote(talk.turns[0], "Like")
    assert len(kept.secret()) > 20
    assert kept.latest(talk) is talk
    assert not os.access(kept.folder, os.F_OK)
