"""The nouns as values: frozen, comparable, and stable in JSON; making them is left to the tests of their makers."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import pytest
from invented import PAPERS

from rag import model
from rag.model import (
    AddReport,
    Answer,
    Citation,
    Draft,
    DraftSentence,
    Event,
    Evidence,
    Paper,
    Passage,
    Sentence,
    Skipped,
    Turn,
    Verdict,
)

PAPER = dataclasses.replace(PAPERS[0], url="https://example.org/t", published=date(2024, 1, 2), authors=("A. Writer",))
PIECE = Evidence(PAPER, Passage(PAPER.id, 0, 0, 30), 1, 0.12345678, {"lexical": 3.00000049, "dense": 0.5})
CITED = Citation(1, PAPER, PAPER.abstract[:30], 0, 30)
ANSWER = Answer(
    "Is it?", "Is Tidewater?", "Yes [1].", (Sentence("Yes.", Verdict.VERBATIM, (1,)),), (CITED,), (PIECE,),
    timings={"search_ms": 1.23456},
)  # fmt: skip
VALUES = (
    PAPER, PIECE, PIECE.passage, CITED, ANSWER, Turn("Is it?", ANSWER), Skipped("a", "b", "c"), AddReport(), Draft(()),
    Event("text"), DraftSentence("x"), ANSWER.sentences[0],
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen(value: object) -> None:
    """No field of a noun can be set, and no field added."""
    name = dataclasses.fields(value)[0].name  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
    assert not hasattr(value, "__dict__")


def test_all_is_real() -> None:
    """Every noun of the module is public, and every public name is there."""
    nouns = {name for name, value in vars(model).items() if dataclasses.is_dataclass(value)}
    assert nouns <= set(model.__all__)
    assert all(hasattr(model, name) for name in model.__all__)


def test_evidence_shows_its_passage() -> None:
    """The text of evidence is the abstract between its offsets, and its JSON form has the stable keys."""
    assert PIECE.text == PAPER.abstract[0:30]
    assert PIECE.to_dict() == {
        "paper_id": "i0", "title": PAPER.title, "url": "https://example.org/t", "text": PAPER.abstract[:30],
        "start": 0, "end": 30, "rank": 1, "score": 0.123457, "scores": {"lexical": 3.0, "dense": 0.5},
    }  # fmt: skip


def test_answer_has_the_stable_form() -> None:
    """The JSON form of an answer holds every promised key and can be written."""
    form = json.loads(json.dumps(ANSWER.to_dict()))
    assert list(form) == [
        "question", "standalone_question", "text", "abstained", "reason", "mode", "sentences", "citations", "evidence",
        "timings", "notice", "checks",
    ]  # fmt: skip
    assert form["sentences"] == [{"text": "Yes.", "verdict": "VERBATIM", "citations": [1], "why": ""}]
    assert form["citations"][0] == {
        "number": 1, "paper_id": "i0", "title": PAPER.title, "url": "https://example.org/t",
        "quote": PAPER.abstract[:30], "start": 0, "end": 30,
    }  # fmt: skip
    assert form["timings"] == {"search_ms": 1.235}
    assert (form["abstained"], form["reason"], form["mode"]) == (False, None, "extractive")
    assert (form["notice"], form["checks"]) == (None, {})


def test_reports_and_skipped_records() -> None:
    """A left-out record says where it stands and why, in words and in the report."""
    bad = Skipped("a.txt", "line 3", "no title")
    assert str(bad) == "a.txt, line 3: no title"
    assert str(Skipped("a.txt", "", "empty")) == "a.txt: empty"
    assert AddReport(added=("x",), failed=(bad,)).to_dict() == {
        "added": ["x"], "updated": [], "unchanged": [], "removed": [],
        "failed": [{"source": "a.txt", "entry": "line 3", "reason": "no title"}],
    }  # fmt: skip


def test_passage_key_and_paper_equality() -> None:
    """A passage is known by paper and ordinal; papers of the same content are the same value."""
    assert Passage("p", 3, 0, 1).key == "p#3"
    assert Paper("p", "T", "A.") == Paper("p", "T", "A.")
    assert len({Paper("p", "T", "A."), Paper("p", "T", "A."), Paper("p", "T", "B.")}) == 2
