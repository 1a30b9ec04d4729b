"""Tests of eval/gates.py: limits and allowed losses, read and held against runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.gates import Gate, Gates, Limit, checked, limits, regressions, slack
from eval.record import Figure, Run, Totals
from rag.errors import UsageError

FIGURE = Figure(0.45, 0.3, 0.6, 10)
RUN = Run(
    schema=1, git=None, created="", seed=0, versions={}, settings={}, library={}, questions={"sampled": False},
    rows=[], aggregates={"all": {"headline": FIGURE}, "test": {"headline": Figure(0.2, 0, 1, 5)}}, by_category={},
    baselines={}, slices={"poison": {"attack_success": 0.25}, "typos": {"change": {"value": -0.1}}},
    totals=Totals(1, 0, 0, 0, 0.0),
)  # fmt: skip


def told(value: float, *, is_worse: bool = False) -> dict[str, object]:
    """Return one metric of a comparison."""
    return {"value": value, "p_holm": 0.01, "is_worse": is_worse}


def test_limits_are_read() -> None:
    """At least without a mark, at most with `:max`."""
    assert limits(["headline=0.45", "over_refusal=.1:max", "test.headline=-1:min"]) == (
        Limit("headline", 0.45), Limit("over_refusal", 0.1, is_most=True), Limit("test.headline", -1.0),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["headline", "headline=", "headline=nan", "headline=1:most", "=1", "lead=1"])
def test_a_limit_that_means_nothing(text: str) -> None:
    """Neither a name nor a number is guessed."""
    with pytest.raises(UsageError):
        limits([text])


@pytest.mark.parametrize("text", ["headline", "headline=-0.1", "headline=inf", "words=1", "lead=1", "test.headline=1"])
def test_an_allowance_that_means_nothing(text: str) -> None:
    """A loss is 0 or more, of a metric that has a better way."""
    with pytest.raises(UsageError):
        slack([text])


@pytest.mark.parametrize(
    ("limit", "found", "passed"),
    [
        (Limit("headline", 0.45), 0.45, True),
        (Limit("headline", 0.46), 0.45, False),
        (Limit("headline", 0.44, is_most=True), 0.45, False),
        (Limit("test.headline", 0.1), 0.2, True),
        (Limit("dev.headline", 0.0), None, False),
        (Limit("poison.attack_success", 0.25, is_most=True), 0.25, True),
        (Limit("typos.change", -0.05), -0.1, False),
        (Limit("typos.nothing", 0.0), None, False),
    ],
)
def test_limits_are_held(limit: Limit, found: float | None, passed: bool) -> None:
    """A figure on the limit passes; one that was not measured does not."""
    gate = checked(RUN, [limit])[0]
    assert (gate.found, gate.passed) == (found, passed)


@given(st.floats(-1, 1), st.floats(0, 1))
def test_a_loss_is_a_loss_either_way(change: float, most: float) -> None:
    """A metric that is better when lower loses by rising, and exactly one way of changing can fail."""
    allowed = {"headline": most, "over_refusal": most}
    held = {"metrics": {name: told(change) for name in allowed}}
    up, down = regressions(held, allowed)
    assert up.passed == (-change <= most + 1e-9)
    assert down.passed == (change <= most + 1e-9)
    assert up.passed or down.passed


def test_a_metric_that_is_not_compared_fails() -> None:
    """A loss that cannot be seen is not passed over."""
    assert regressions({"metrics": {}}, {"headline": 0.5}) == [
        Gate("headline", "change beside the base; may lose 0.5", None, False)
    ]


def test_a_significant_loss_fails_without_being_asked_for() -> None:
    """Every declared metric is watched."""
    gates = regressions({"metrics": {"headline": told(-0.2, is_worse=True), "over_refusal": told(0.1)}}, {})
    assert [(gate.name, gate.passed) for gate in gates] == [("headline", False)]
    assert str(gates[0]) == "FAILED  headline -0.200 (significantly worse than the base, p 0.0100 after Holm)"


def test_without_gates_there_is_nothing_to_pass() -> None:
    """A run stays as it is."""
    assert Gates.of().applied(RUN) == RUN
