"""Tests of what the Evaluation tab shows: the headline, kinds of questions, worst answers, and how a run stands."""

from __future__ import annotations

import re

import pytest
from runs import row, sample_run

from ui.run_view import progress, run_html, style
from ui.runs import Status


def test_a_run_is_shown_by_its_headline() -> None:
    """Each split has its figure and interval, and the counts are in words."""
    shown = run_html(sample_run())
    assert "+0.38" in shown
    assert "95% interval +0.28 to +0.48" in shown
    assert "Questions that nothing was tuned on" in shown
    assert re.search(r"Of 44 questions <b>\d+ came out right</b>", shown)


def test_kinds_and_worst_answers_are_shown() -> None:
    """There is a chart by category, and a card for each of the worst questions, with why it went wrong."""
    rows = [row(1, "correct"), row(2, "wrong"), row(3, "missing")]
    shown = run_html(sample_run(rows=rows))
    assert "By kind of question" in shown
    assert "<svg" in shown
    assert shown.count('class="case"') == 2
    assert shown.index("why 2 came out wrong") < shown.index("why 3 came out missing")
    assert "why 1 came out correct" not in shown


def test_ten_of_the_worst_are_shown() -> None:
    """Further ones are in the report."""
    shown = run_html(sample_run(rows=[row(number, "wrong") for number in range(30)]))
    assert shown.count('class="case"') == 10


def test_a_comparison_is_shown_when_there_is_one() -> None:
    """Beside another run, the differences are drawn."""
    assert "Against another run" in run_html(sample_run())
    assert "Against another run" not in run_html(sample_run(comparison=None))


def test_a_perfect_run_has_no_worst() -> None:
    """When nothing went wrong, that is said."""
    assert "No question went wrong" in run_html(sample_run(rows=[row(1, "correct")]))


def test_texts_of_a_run_are_text() -> None:
    """Questions, answers, titles and reasons bring no mark-up of their own."""
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    bad = row(2, "wrong", question=hostile, reference=hostile, why=hostile, gold=[[hostile]])
    bad["answer"]["sentences"][0]["text"] = bad["answer"]["citations"][0]["title"] = hostile
    shown = run_html(sample_run(rows=[bad], library={"name": hostile}))
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status(), ""),
        (Status("running", told="building the starter library", expected=60), "Building the starter library…"),
        (Status("running", answers=12, expected=60), "12 answers…"),
        (Status("stopped", answers=1200), "Stopped after 1,200 answers; they are kept."),
        (Status("stopped"), "Stopped."),
        (Status("done"), "Done."),
        (Status("failed", told="the disk <full>"), "The disk &lt;full&gt;."),
    ],
)
def test_a_status_is_told_in_words(status: Status, told: str) -> None:
    """Each way that a run can stand has its words, and a bar while it goes on."""
    shown = progress(status)
    assert told in shown
    assert ("<progress" in shown) is (status.kind == "running")
    assert bool(shown) is (status.kind != "idle")


def test_the_bar_is_as_long_as_what_is_done() -> None:
    """A quarter of the answers is a quarter of the bar."""
    assert 'value="0.250"' in progress(Status("running", answers=15, expected=60))


def test_the_rules_of_the_report_are_for_the_run_alone() -> None:
    """They stand inside of `#run`, and follow the page's switch between light and dark, not the system's."""
    rules = style()
    assert rules.startswith("#run {\n& {")
    assert ".dark & {" in rules
    assert "prefers-color-scheme" not in rules
    assert ":root" not in rules
    assert rules.count("{") == rules.count("}")
