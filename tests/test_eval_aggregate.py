"""Tests of eval/aggregate.py: figures of many questions, hand-worked."""

from __future__ import annotations

import pytest
from asked import SET
from conftest import STACK

from eval.aggregate import BY_CATEGORY, aggregates, by_category, figure, of_split, plain, totals
from eval.answers import Outcome
from eval.baselines import always_abstain, oracle
from eval.marking import Desk
from eval.measures import METRICS

DESK = Desk.of(STACK)
SILENT = [DESK.mark(one, reply) for one, reply in zip(SET, always_abstain(SET, DESK), strict=True)]
RIGHT = [DESK.mark(one, reply) for one, reply in zip(SET, oracle(SET, DESK), strict=True)]


def test_figures_rest_on_base_questions() -> None:
    """Variants are left out, unless there is nothing else."""
    assert [one.question.id for one in plain(SILENT)] == [one.id for one in SET if one.variant is None]
    variants = [one for one in SILENT if one.question.variant]
    assert plain(variants) == variants


def test_figures_by_split() -> None:
    """Silence scores 1 of 9 on all... and on dev, where one of three has no answer, a third."""
    found = aggregates(plain(SILENT), resamples=100)
    assert {split: of["headline"].value for split, of in found.items()} == pytest.approx(
        {"all": 2 / 9, "dev": 1 / 3, "test": 1 / 6}, abs=1e-6
    )
    assert found["all"]["over_refusal"].value == 1.0
    assert "words" not in found["all"]
    assert len(of_split(SILENT, "dev")) == 5


def test_figures_by_category() -> None:
    """Right answers are right in each; metrics that do not apply to a category are left out."""
    found = by_category(plain(RIGHT), resamples=100)
    assert set(found) == {"all", "dev", "test"}
    assert all(of["headline"].value == 1.0 for split in found.values() for of in split.values())
    assert list(found["all"]) == ["single", "numeric", "near_miss", "out_of_domain", "false_premise"]
    assert set(found["all"]["near_miss"]) == {"headline", "abstention_recall"}
    assert set(BY_CATEGORY) <= {metric.name for metric in METRICS}


def test_a_figure_by_hand() -> None:
    """Two clusters of 0 and 1: the mean is .5 and the interval reaches both ends; without questions there is none."""
    found = figure([(0.0, 1.0), (1.0, 1.0)], ["a", "b"])
    assert found is not None
    assert (found.value, found.low, found.high, found.n) == (0.5, 0.0, 1.0, 2)
    assert figure([(0.0, 0.0)], ["a"]) is None


def test_outcomes_are_counted() -> None:
    """Each once."""
    found = totals([Outcome.WRONG, Outcome.CORRECT, Outcome.WRONG, Outcome.MISSING], 1.23456)
    assert (found.correct, found.partial, found.missing, found.wrong, found.seconds) == (1, 0, 1, 2, 1.235)
