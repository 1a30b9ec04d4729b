"""Tests of eval/record.py: what a run leaves behind is read back as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.record import Figure, Row, Run, RunError, Totals, dumped, load_run, save
from rag.errors import StoreError

ROW = Row(
    id="q1", split=None, category="single", answerable=True, cluster_id="c", variant=None, variant_of=None,
    question="?", history=[{"role": "user", "content": "!"}], reference="", gold=[["A", "B"]],
    answer={"text": "so", "timings": {"search_ms": 1.5}}, retrieved=[], scores={"headline": 0.5, "recall_at_1": None},
    outcome="partial", why="", latency_ms=1.25,
)  # fmt: skip
RUN = Run(
    schema=1, git=None, created="2026-01-01", seed=3, versions={"python": "3"}, settings={"ids": []},
    library={"hash": "l"}, questions={"hash": "q"}, rows=[ROW],
    aggregates={"all": {"headline": Figure(0.5, 0.0, 1.0, 1)}},
    by_category={"all": {"single": {"headline": Figure(0.5, 0.0, 1.0, 1)}}},
    baselines={"oracle": {"headline": Figure(1.0, 1.0, 1.0, 1)}}, slices={"typos": {"n": 1}},
    totals=Totals(0, 1, 0, 0, 2.4),
)  # fmt: skip


def test_a_run_comes_back_as_it_was(tmp_path: Path) -> None:
    """Equal values, and equal text the second time."""
    text = dumped(RUN.to_dict())
    save(tmp_path / "new" / "run.json", text)
    found = load_run(tmp_path / "new" / "run.json")
    assert found == RUN
    assert dumped(found.to_dict()) == text
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["run.json"]


@given(st.text())
def test_any_text_survives(text: str) -> None:
    """Whatever an answer says, JSON holds it on the way there and back."""
    told = replace(RUN, rows=[replace(ROW, question=text)]).to_dict()
    assert json.loads(dumped(told)) == json.loads(json.dumps(told))


def test_keys_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    """A later version may add keys: this one reads on."""
    (tmp_path / "run.json").write_text(dumped({**RUN.to_dict(), "weather": "fine"}))
    assert load_run(tmp_path / "run.json") == RUN


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [("seed", "much", "seed: "), ("rows", [{}], r"rows\.0\.id: "), ("totals", None, "totals: ")],
)
def test_the_field_at_fault_is_named(tmp_path: Path, field: str, value: object, fault: str) -> None:
    """The file and the place in it."""
    (tmp_path / "run.json").write_text(json.dumps(RUN.to_dict() | {field: value}))
    with pytest.raises(RunError, match=rf"run\.json is no run: {fault}"):
        load_run(tmp_path / "run.json")


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The path stands in the message."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        save(tmp_path / "file" / "run.json", "")


def test_the_last_line() -> None:
    """Whole seconds."""
    assert RUN.totals.line == "0 correct, 1 partial, 0 missing, 0 wrong in 2s"
