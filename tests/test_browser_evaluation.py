"""The Evaluation tab in a real browser: read runs, compare them, save a report; start a run, watch it, stop it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.evaluate import Options, evaluate
from eval.folder import write
from rag import Library

pytest_plugins = ["browser"]


@pytest.fixture(scope="module")
def runs(server: Any) -> Path:
    """Put two runs of some shipped questions where `rag-eval` would put them."""
    folder = Path(server.home) / ".eval" / "runs"
    with Library.open(server.library) as library:
        run = evaluate(Options(limit=12, slices=False, resamples=200), library, "starter")
    write(replace(run, created="2031-02-03T10:05:06+00:00"), folder / "20310203-100506-000")
    worse = [replace(row, scores={**row.scores, "headline": -1.0}) for row in run.rows]
    write(replace(run, created="2031-02-04T10:05:06+00:00", rows=worse), folder / "20310204-100506-000")
    return folder


def bench(visitor: Any) -> Any:
    """Go to the tab, and wait for the newest run."""
    visitor.page.click("#tab-evaluation-button")
    visitor.page.wait_for_selector("#run section")
    return visitor.page


def choose(page: Any, part: str, label: str) -> None:
    """Choose an entry of a list."""
    box = page.locator(f"{part} input")
    box.click()
    page.locator(f"#{box.get_attribute('aria-controls')} [role=option]", has_text=label).click()


def test_runs_are_read_and_compared(runs: Path, resident: Any, tmp_path: Path) -> None:
    """The newest run is there at once; another can be shown, compared and saved."""
    page = bench(resident)
    assert "04 Feb 2031" in page.input_value("#eval-run input")
    assert page.locator("#run .tile").count() >= 1
    assert "By kind of question" in page.inner_text("#run")
    choose(page, "#eval-base", "03 Feb 2031")
    page.wait_for_selector("#run h2:has-text('Against another run')")
    choose(page, "#eval-base", "the shipped baseline")
    # where the questions have changed since it was made, that is said
    page.wait_for_selector("#run section:has-text('baseline.json'), #eval-fault:has-text('baseline.json')")
    choose(page, "#eval-base", "nothing")
    page.wait_for_function("!document.querySelector('#run').innerText.includes('Against another run')")
    choose(page, "#eval-run", "03 Feb 2031")
    page.wait_for_function("document.querySelector('#eval-run input').value.includes('03 Feb')")
    with page.expect_download() as download:
        page.click("#eval-save")
    download.value.save_as(tmp_path / "report.html")
    assert "<h1>Does it answer from its papers?</h1>" in (tmp_path / "report.html").read_text("utf-8")


def test_a_run_is_watched_and_stopped(runs: Path, resident: Any, visits: Any) -> None:
    """While a run goes on it is told of, to other visitors too, and asking works; stop keeps what was answered."""
    page = bench(resident)
    choose(page, "#eval-run", "04 Feb 2031")
    page.wait_for_selector("#eval-library:has-text('all 240 questions rest on')")
    page.click("#eval-extent label:has-text('Every question')")
    page.click("#eval-start")
    page.wait_for_selector("#eval-progress progress")
    page.wait_for_selector("#eval-progress:has-text('answers…')", timeout=120_000)
    other = bench(visits())
    other.wait_for_selector("#eval-progress progress")
    page.click("#tab-ask-button")
    assert resident.ask("Which works compress weights without loss?").inner_text()
    page.click("#tab-evaluation-button")
    page.click("#eval-stop")
    page.wait_for_selector("#eval-progress:has-text('they are kept')")
    page.wait_for_selector("#eval-go-on:visible")
    other.wait_for_selector("#eval-progress:has-text('they are kept')")
    assert "04 Feb 2031" in page.input_value("#eval-run input")
    assert page.locator("[data-testid=toast-body]").count() == 0


def test_a_phone_is_wide_enough(runs: Path, visits: Any) -> None:
    """On 390 px nothing is cut."""
    page = bench(visits(viewport={"width": 390, "height": 844}))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
