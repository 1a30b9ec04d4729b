"""Tests of eval/markdown.py: a run as Markdown and as lines of a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.markdown import markdown, summary

FIGURE = {"value": 0.25, "low": -0.1, "high": 0.5, "n": 8}


def run(text: str = "so") -> dict[str, Any]:
    """Return what of a run is read."""
    row = {"id": text, "question": text, "outcome": "wrong", "why": text}
    return {
        "library": {"name": text, "papers": 3}, "questions": {"name": text, "n": 8, "partial": True},
        "totals": {"correct": 1, "partial": 2, "missing": 3, "wrong": 2, "seconds": 4.0},
        "aggregates": {"all": {"headline": FIGURE, "over_refusal": FIGURE}},
        "by_category": {"all": {"numeric": {"headline": FIGURE}}},
        "baselines": {"oracle": {"headline": FIGURE | {"value": 1.0}}},
        "slices": {"typos": {"n": 4, "change": FIGURE, "pairs": []}},
        "comparison": {"base": {"name": text}, "same_library": False, "n": 7,
                       "metrics": {"headline": {**FIGURE, "base": 0.0, "new": 0.25, "p_holm": 0.0312}}},
        "gates": [{"name": "headline", "limit": "at least 0.5", "found": 0.25, "passed": False}],
        "rows": [row],
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "1 correct, 2 partial, 3 missing, 2 wrong in 4s. 8 questions of so, asked of so (3 papers). "
        "A part of the set only: the figures are rough.",
        "- FAILED  headline 0.250 (at least 0.5)".replace("  ", " "),
        "| Headline | +0.25 (−0.10 to +0.50) |",  # noqa: RUF001
        "| all | a number | 8 | +0.25 (−0.10 to +0.50) | - | - | - |",  # noqa: RUF001
        "| oracle | +1.00 (−0.10 to +0.50) |",  # noqa: RUF001
        "7 questions of so. The two were asked of different libraries.",
        "| Headline | 0.00 | +0.25 | +0.25 (−0.10 to +0.50) | 0.0312 |",  # noqa: RUF001
        "- **so** so: so",
    ],
)
def test_the_report_holds(line: str) -> None:
    """Each part stands on a line of its own."""
    assert line in markdown(run()).splitlines()


def test_parts_that_a_run_lacks_are_left_out() -> None:
    """No empty heads."""
    told = markdown(run() | {"comparison": None, "gates": None, "slices": {}, "rows": []})
    assert [head for head in ("Gates", "Against", "Harder", "worst") if head in told] == []


@given(st.text(alphabet="ab<>|`*_[]()!&#\n\\ -"))
def test_text_stays_text(text: str) -> None:
    """No line is added, and no mark of Markdown or HTML is left without a backslash."""
    told = markdown(run(text))
    assert len(told.splitlines()) == len(markdown(run()).splitlines())
    worst = told.splitlines()[-1].removeprefix("- **")
    bare = worst.replace("\\\\", "").replace("\\", "\0")
    for mark in "<>|`[]!&#":
        assert f"{mark}" not in bare.replace(f"\0{mark}", "")


def test_the_summary_is_a_few_lines() -> None:
    """Splits, baselines and slices, one line each."""
    assert summary(run()).splitlines() == [
        "all   headline +0.25 (−0.10 to +0.50), over_refusal 25% (-10% to 50%)",  # noqa: RUF001
        "beside oracle +1.00",
        "typos (n 4) change +0.25",
    ]
