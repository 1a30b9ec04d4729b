"""Tests of eval/comparison.py: runs side by side, hand-worked, and the small form of a base."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.comparison import DECLARED, Base, baseline_of, compared, load_base
from eval.measures import METRICS
from eval.record import Figure, Row, Run, Totals, dumped
from rag.errors import UsageError


def row(name: str, headline: float, variant: str | None = None) -> Row:
    """Return a row with one score."""
    return Row(
        id=name, split="test", category="single", answerable=True, cluster_id=name, variant=variant,
        variant_of="q0" if variant else None, question="?", history=[], reference="", gold=[], answer={}, retrieved=[],
        scores={"headline": headline, "recall_at_10": None}, outcome="correct", why="", latency_ms=1.0,
    )  # fmt: skip


def run(*headlines: float, questions: str = "h", library: str = "l") -> Run:
    """Return a run of as many base questions, and one variant."""
    rows = [row(f"q{place}", headline) for place, headline in enumerate(headlines)]
    return Run(
        schema=1, git="abc", created="now", seed=0, versions={}, settings={}, library={"hash": library},
        questions={"hash": questions}, rows=[*rows, row("v", -1.0, "paraphrase")],
        aggregates={"all": {"headline": Figure(0.5, 0.0, 1.0, len(rows))}}, by_category={}, baselines={}, slices={},
        totals=Totals(1, 0, 0, 0, 1.0),
    )  # fmt: skip


def test_a_comparison_by_hand() -> None:
    """Three of three clusters lose 1: the mean goes down by 1, and 2 of 2^3 sign patterns are as far: p = .25."""
    found = compared(run(0.0, -1.0, 0.0), Base.of(run(1.0, 0.0, 1.0), "base"), resamples=100)
    told = found["metrics"]["headline"]
    assert (told["base"], told["new"], told["value"]) == pytest.approx((2 / 3, -1 / 3, -1.0), abs=1e-6)
    assert (told["p"], told["p_holm"], told["is_worse"]) == (0.25, 0.25, False)
    assert [one["id"] for one in found["changed"]] == ["q0", "q1", "q2"]


def test_ten_clusters_are_significant() -> None:
    """2 of 2^10 patterns: p < .01, in either direction."""
    high, low = run(*[1.0] * 10), run(*[0.0] * 10)
    worse = compared(low, Base.of(high, "base"), resamples=100)["metrics"]["headline"]
    better = compared(high, Base.of(low, "base"), resamples=100)["metrics"]["headline"]
    assert (worse["is_worse"], worse["is_better"], better["is_worse"], better["is_better"]) == (
        True,
        False,
        False,
        True,
    )
    assert worse["p"] == pytest.approx(2 / 2**10, abs=1e-6)


def test_only_shared_base_questions_are_compared() -> None:
    """A run of a part is held to the same part of the base, and variants are left out."""
    found = compared(run(1.0, 1.0), Base.of(run(1.0, 1.0, 0.0), "base"), resamples=100)
    assert (found["n"], found["metrics"]["headline"]["value"], found["changed"]) == (2, 0.0, [])


def test_a_metric_that_applies_to_nothing_is_left_out() -> None:
    """Only what both runs measured is told."""
    assert set(compared(run(1.0), Base.of(run(1.0), "base"), resamples=100)["metrics"]) == {"headline"}


def test_other_questions_are_refused_and_another_library_is_told() -> None:
    """The one makes a comparison worthless, the other may be what is compared."""
    with pytest.raises(UsageError, match="was asked other questions"):
        compared(run(1.0), Base.of(run(1.0, questions="g"), "base"))
    assert not compared(run(1.0), Base.of(run(1.0, library="m"), "base"), resamples=100)["same_library"]
    with pytest.raises(UsageError, match="shares no question"):
        compared(replace(run(), rows=[row("x", 1.0)]), Base.of(run(1.0), "base"))


def test_a_baseline_compares_as_its_run_does(tmp_path: Path) -> None:
    """The small form, written and read, gives the same headline comparison."""
    base, new = run(1.0, 0.0, 1.0), run(0.0, 0.0, 1.0)
    (tmp_path / "b.json").write_text(dumped(baseline_of(base)))
    small = compared(new, load_base(tmp_path / "b.json"), resamples=100)
    assert small["metrics"] == compared(new, Base.of(base, "b.json"), resamples=100)["metrics"]


def test_declared_metrics_have_a_better_way() -> None:
    """Each is known, and can get worse."""
    better = {metric.name: metric.better for metric in METRICS}
    assert all(better[name] in {"higher", "lower"} for name in DECLARED)
