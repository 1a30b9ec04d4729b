"""Tests of runs beside the page: real ones, of the real questions, that end, fail, are stopped and go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.record import load_run
from rag.errors import UsageError
from ui.runs import Plan, Runs, Status

pytest_plugins = ["starter"]

PATIENCE = 120


def waited(runs: Runs, is_so: Callable[[Status], bool]) -> Status:
    """Return the first status of which something is true."""
    for _ in range(PATIENCE * 20):
        status = runs.status()
        if is_so(status):
            return status
        assert status.kind == "running", status
        time.sleep(0.05)
    raise AssertionError(runs.status())


def test_a_plan_is_told_in_options() -> None:
    """The options are those of `rag-eval run`; a sample goes without the harder conditions."""
    assert Plan().options == []
    assert Plan(Path("lib")).options == ["--library", "lib"]
    assert Plan(limit=5).options == ["--limit", "5", "--no-slices", "--resamples", "2000"]
    assert (Plan().answers, Plan(limit=5).answers, Plan(limit=500, questions=240).answers) == (480, 5, 240)


def test_a_share_is_never_the_whole_before_the_end() -> None:
    """Answers beyond what was expected do not fill the bar."""
    assert Status("running", answers=30, expected=60).share == 0.5
    assert Status("running", answers=600, expected=60).share == 0.99
    assert Status().share == 0.0


def test_a_run_ends_with_its_files(starter: Path, tmp_path: Path) -> None:
    """A sample of three questions is asked, and leaves what `rag-eval` leaves."""
    runs = Runs(tmp_path)
    assert runs.status() == Status()
    runs.start(Plan(starter, limit=3))
    status = runs.wait(PATIENCE)
    assert (status.kind, status.told) == ("done", "")
    folder = tmp_path / ".eval" / "runs" / status.name
    assert {path.name for path in folder.iterdir()} == {"run.json", "report.html", "report.md", "junit.xml"}
    assert len(load_run(folder / "run.json").rows) == 3


def test_a_run_is_stopped_and_goes_on(starter: Path, tmp_path: Path) -> None:
    """Only one runs at a time; after a stop the answers are kept, and going on begins with them."""
    runs = Runs(tmp_path)
    runs.start(Plan(starter))
    with pytest.raises(UsageError, match="going on already"):
        runs.start(Plan(starter))
    before = waited(runs, lambda status: status.answers >= 2)
    assert 0 < before.share < 1
    runs.stop()
    stopped = runs.wait(PATIENCE)
    assert (stopped.kind, stopped.name) == ("stopped", before.name)
    assert stopped.answers >= before.answers
    runs.go_on()
    again = runs.status()
    assert (again.kind, again.name) == ("running", before.name)
    assert again.answers >= stopped.answers
    runs.stop()
    assert runs.wait(PATIENCE).kind == "stopped"


def test_a_run_that_fails_says_why(tmp_path: Path) -> None:
    """What `rag-eval` complains of is told, and a new run can be started; there is nothing to go on with."""
    runs = Runs(tmp_path)
    runs.start(Plan(tmp_path / "nothing"))
    status = runs.wait(PATIENCE)
    assert status.kind == "failed"
    assert "there is no library in" in status.told
    assert "rag add" in status.told
    with pytest.raises(UsageError, match="no stopped run"):
        runs.go_on()


def test_nothing_is_stopped_when_nothing_runs(tmp_path: Path) -> None:
    """Stop is harmless, and waiting for nothing is over at once."""
    runs = Runs(tmp_path)
    runs.stop()
    assert runs.wait(PATIENCE) == Status()


def test_a_run_ends_with_the_page(tmp_path: Path) -> None:
    """A run does not outlive the object that started it."""
    runs = Runs(tmp_path)
    runs.start(Plan())
    job = runs._job
    assert job is not None
    process = job.process
    del runs, job
    assert process.wait(PATIENCE) != 0
