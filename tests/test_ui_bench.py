"""Tests of what the Evaluation tab does: which library to ask, what is listed and shown; every error is a line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from asked import write_set

from eval.evaluate import Options, evaluate
from eval.folder import write
from rag import Library
from ui.bench import OWN, SAMPLE, STARTER, Bench, about
from ui.run_history import BASELINE
from ui.run_view import NOTHING

pytest_plugins = ["starter"]


@pytest.fixture
def bench(library: Library, tmp_path: Path) -> Bench:
    """Give the bench of a library of STACK in an empty working folder."""
    return Bench(library, tmp_path / "home")


@pytest.fixture
def names(bench: Bench, library: Library, tmp_path: Path) -> list[str]:
    """Put two runs into the folder; give their names, the newest first."""
    run = evaluate(Options(write_set(tmp_path / "set.jsonl"), slices=False, resamples=200), library, "stack")
    for name in ("20310203-040506-000", "20310204-040506-000"):
        write(replace(run, created=f"2031-02-03T04:05:0{name[7]}+00:00"), bench.runs.folder / name)
    return bench.history.names()


def test_what_is_measured_is_said() -> None:
    """The number of shipped questions is in it."""
    assert about().startswith("240 questions are asked")


def test_a_library_without_the_papers_is_not_advised(bench: Bench) -> None:
    """The invented papers answer only the questions that no paper answers: the starter library is advised."""
    bad, total = bench.lacking()
    assert 0 < bad < total
    assert bench.advice() == (
        STARTER, f"The library in use lacks papers that {bad} of the {total} questions rest on."
    )  # fmt: skip
    assert "take the starter library" in bench.start(OWN, SAMPLE).lower()
    assert bench.runs.status().kind == "idle"


def test_a_library_with_the_papers_is_advised(starter: Path, tmp_path: Path) -> None:
    """The starter library holds them all."""
    with Library.open(starter) as library:
        bench = Bench(library, tmp_path)
        assert bench.lacking() == (0, 240)
        assert bench.advice()[0] == OWN


def test_nothing_can_be_gone_on_with_at_first(bench: Bench) -> None:
    """The line says so."""
    assert "No stopped run" in bench.go_on()


def test_runs_are_offered(bench: Bench, names: list[str]) -> None:
    """Every run can be shown, and compared with nothing, the baseline, or a run."""
    runs, bases = bench.choices()
    assert [name for _, name in runs] == names
    assert [name for _, name in bases] == ["", BASELINE, *names]


def test_a_run_is_shown_with_its_report(bench: Bench, names: list[str], tmp_path: Path) -> None:
    """The report is a file in the folder of downloads, whole; compared, it holds the comparison."""
    plain = bench.show(names[0], "", tmp_path / "cache")
    assert plain.fault == ""
    assert plain.report is not None
    assert plain.report.is_relative_to(tmp_path / "cache")
    assert plain.report.read_text("utf-8").startswith("<!doctype html>")
    compared = bench.show(names[0], names[1], tmp_path / "cache")
    assert "Against another run" in compared.html
    assert compared.report is not None
    assert "Against another run" in compared.report.read_text("utf-8")


def test_a_run_that_cannot_be_compared_is_shown_alone(bench: Bench, names: list[str], tmp_path: Path) -> None:
    """Other questions: a line says so, and the run is there all the same."""
    shown = bench.show(names[0], BASELINE, tmp_path)
    assert "was asked other questions" in shown.fault
    assert "By kind of question" in shown.html
    assert "Against another run" not in shown.html


def test_a_run_that_is_gone_is_told_of(bench: Bench, tmp_path: Path) -> None:
    """Without a run there is a line and no report."""
    shown = bench.show("../secret", "", tmp_path)
    assert (shown.html, shown.report) == ("", None)
    assert "There is no run" in shown.fault


def test_a_full_disk_leaves_the_run_on_the_page(bench: Bench, names: list[str], tmp_path: Path) -> None:
    """When the report cannot be written, the run is shown, and a line tells of it."""
    (tmp_path / "file").write_text("in the way")
    shown = bench.show(names[0], "", tmp_path / "file")
    assert shown.report is None
    assert "cannot be written" in shown.fault
    assert shown.html != NOTHING
