"""Tests of the list of runs: what was finished, by name and in words, and one held against another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from asked import write_set

from eval.evaluate import Options, evaluate
from eval.folder import write
from eval.record import Run
from rag import Library
from rag.errors import UsageError
from ui.run_history import BASELINE, MOST_LISTED, History


@pytest.fixture(scope="module")
def run(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Make a run over a few questions about the invented papers."""
    home = tmp_path_factory.mktemp("asked")
    options = Options(write_set(home / "set.jsonl"), slices=False, resamples=200)
    with Library.open(built) as library:
        return evaluate(options, library, "stack", home / "answers.jsonl")


@pytest.fixture
def history(run: Run, tmp_path: Path) -> History:
    """Give a folder with two finished runs, the later one worse, and one that was not finished."""
    write(replace(run, created="2031-02-03T04:05:06+00:00"), tmp_path / "20310203-040506-000")
    worse = [replace(row, scores={**row.scores, "headline": -1.0}) for row in run.rows]
    write(replace(run, created="2031-02-04T04:05:06+00:00", rows=worse), tmp_path / "20310204-040506-000")
    (tmp_path / "20310205-040506-000").mkdir()
    (tmp_path / "20310205-040506-000" / "answers.jsonl").write_text("{}\n")
    return History(tmp_path)


def test_finished_runs_are_listed_newest_first(history: History) -> None:
    """A folder without a run in it is not listed; a missing folder has no runs."""
    assert history.names() == ["20310204-040506-000", "20310203-040506-000"]
    assert History(history.folder / "nowhere").names() == []


def test_a_long_list_ends(history: History) -> None:
    """The oldest of very many are left out."""
    for number in range(MOST_LISTED + 5):
        (history.folder / f"run-{number:03}").mkdir()
        (history.folder / f"run-{number:03}" / "run.json").write_text("{}")
    assert len(history.names()) == MOST_LISTED


def test_a_run_is_named_in_words(history: History) -> None:
    """When, the headline, how many questions and of which library."""
    label = history.label("20310203-040506-000")
    assert "Feb 2031" in label
    assert label.endswith("11 questions · stack")


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 1, "aggregates": []}', '{"schema": 1, "rows": 7}', "\0"])
def test_a_file_that_is_no_run_keeps_its_name(history: History, content: str) -> None:
    """Whatever stands in a run.json, the list can be shown, and the run says that it is none."""
    (history.folder / "odd").mkdir()
    (history.folder / "odd" / "run.json").write_text(content)
    assert history.label("odd") == "odd"
    with pytest.raises(UsageError, match=r"run\.json"):
        history.load("odd")


def test_a_run_is_read(history: History, run: Run) -> None:
    """Without a base it is what was written."""
    told = history.load("20310203-040506-000")
    assert told["rows"] == json.loads(json.dumps(run.to_dict()["rows"]))
    assert told["comparison"] is None


def test_a_run_is_compared(history: History) -> None:
    """The later run lost points on every question that it shares with the earlier one, which is named in words."""
    held = history.load("20310204-040506-000", "20310203-040506-000")["comparison"]
    assert held["metrics"]["headline"]["value"] < 0
    assert held["n"] == 9
    assert held["base"]["name"] == history.label("20310203-040506-000")


def test_other_questions_cannot_be_compared(history: History) -> None:
    """The shipped baseline is of other questions than these, and that is said."""
    with pytest.raises(UsageError, match="was asked other questions"):
        history.load("20310204-040506-000", BASELINE)


@pytest.mark.parametrize("name", ["..", "../../etc", "", "20310205-040506-000", "/etc/passwd", "a/b"])
def test_a_name_is_one_of_the_list_or_nothing(history: History, name: str) -> None:
    """A name comes from a browser: it is never a path."""
    with pytest.raises(UsageError, match="there is no run"):
        history.load(name)
    with pytest.raises(UsageError, match="there is no run"):
        history.load("20310203-040506-000", name or "gone")
