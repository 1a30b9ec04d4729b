"""What a run must reach to pass: limits on its figures, and on its losses beside a base; telling is left to others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rag.errors import UsageError, shorten

from .comparison import Base, check_same, compared, load_base
from .measures import METRICS
from .record import SPLITS, Run
from .stats import RESAMPLES

__all__ = ["Gate", "Gates", "Limit", "checked", "limits", "regressions", "slack"]

NAMES = tuple(metric.name for metric in METRICS)
BETTER = {metric.name: metric.better for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure and the least, or with `is_most` the most, that it may be."""

    name: str
    value: float
    is_most: bool = False


@dataclass(frozen=True, slots=True)
class Gate:
    """A limit that was held against a run: what it says, what was found, and whether it passed."""

    name: str
    limit: str
    found: float | None
    passed: bool

    def __str__(self) -> str:
        found = "not measured" if self.found is None else f"{self.found:.3f}"
        return f"{'passed' if self.passed else 'FAILED'}  {self.name} {found} ({self.limit})"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def limits(given: Iterable[str]) -> tuple[Limit, ...]:
    """Read limits as `name=value` (at least) or `name=value:max` (at most); raise UsageError for any other form."""
    found = []
    for text in given:
        name, _, rest = text.partition("=")
        number, _, kind = rest.partition(":")
        value = _number(number)
        if value is None or kind not in ("", "max", "min"):
            raise UsageError(
                f"the limit {shorten(text)!r} is not NAME=VALUE or NAME=VALUE:max",
                remedy="write for example --fail-under headline=0.45",
            )
        found.append(Limit(_known(name.strip(), "--fail-under"), value, kind == "max"))
    return tuple(found)


def slack(given: Iterable[str]) -> dict[str, float]:
    """Read how much each metric may get worse, as `name=value`; raise UsageError for any other form."""
    found = {}
    for text in given:
        name, _, rest = text.partition("=")
        value = _number(rest)
        if value is None or value < 0:
            raise UsageError(
                f"the regression {shorten(text)!r} is not NAME=VALUE with a value of 0 or more",
                remedy="write for example --max-regression headline=0.05",
            )
        name = _known(name.strip(), "--max-regression")
        if BETTER.get(name) == "neither" or name not in BETTER:
            raise UsageError(f"no way of {shorten(name)!r} is worse", remedy="name another metric of all questions")
        found[name] = value
    return found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _known(name: str, option: str) -> str:
    """Return a name that `found_in` can look up: a metric, or one of a split, a slice or a baseline."""
    first, _, last = name.partition(".")
    if name in NAMES or (first in SPLITS and last in NAMES) or (first not in SPLITS and last):
        return name
    near = get_close_matches(last or name, NAMES, n=1, cutoff=0.5)
    raise UsageError(
        f"{option} names {shorten(name)!r}, which is no metric",
        remedy=f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(NAMES)}",
    )


def found_in(run: Run, name: str) -> float | None:
    """Return a figure of a run: `headline`, `test.headline`, or of a slice, as in `poison.attack_success`."""
    first, _, last = name.partition(".")
    if not last:
        first, last = "all", name
    if first in SPLITS:
        told = run.aggregates.get(first, {}).get(last)
        return None if told is None else told.value
    figure = run.slices.get(first, {}).get(last)
    value = figure.get("value") if isinstance(figure, Mapping) else figure
    return float(value) if isinstance(value, int | float) else None


def checked(run: Run, wanted: Sequence[Limit]) -> list[Gate]:
    """Hold limits against a run; a figure that was not measured fails: silence is no pass."""
    gates = []
    for limit in wanted:
        found = found_in(run, limit.name)
        # rounded as the figures are, so that a limit equal to the figure passes
        passed = found is not None and (found <= limit.value + 1e-9 if limit.is_most else found >= limit.value - 1e-9)
        gates.append(Gate(limit.name, f"at {'most' if limit.is_most else 'least'} {limit.value:g}", found, passed))
    return gates


def regressions(comparison: Mapping[str, Any], allowed: Mapping[str, float]) -> list[Gate]:
    """Hold a comparison against what may be lost, and every declared metric against a significant loss."""
    gates = []
    for name, most in allowed.items():
        told = comparison["metrics"].get(name)
        lost = None if told is None else (told["value"] if BETTER[name] == "lower" else -told["value"])
        passed = lost is not None and lost <= most + 1e-9
        found = None if lost is None else 0.0 - lost
        gates.append(Gate(name, f"change beside the base; may lose {most:g}", found, passed))
    for name, told in comparison["metrics"].items():
        if told["is_worse"]:
            limit = f"significantly worse than the base, p {told['p_holm']:.4f} after Holm"
            gates.append(Gate(name, limit, told["value"], False))
    return gates


@dataclass(frozen=True, slots=True)
class Gates:
    """What a run is held to: limits, what it may lose beside `base`, and no significant loss."""

    wanted: tuple[Limit, ...] = ()
    allowed: Mapping[str, float] = field(default_factory=dict)
    base: Base | None = None

    @classmethod
    def of(
        cls, fail_under: Iterable[str] = (), max_regression: Iterable[str] = (), compare: Path | None = None
    ) -> Gates:
        """Read the options of the command line; raise UsageError for one that cannot be understood."""
        wanted, allowed = limits(fail_under), slack(max_regression)
        if allowed and compare is None:
            raise UsageError(
                "--max-regression needs a base to compare with", remedy="name one with --compare BASE.json"
            )
        return cls(wanted, allowed, load_base(compare) if compare is not None else None)

    def check_same(self, questions: str) -> None:
        """Raise UsageError when the base was asked a set of questions with another hash."""
        if self.base is not None:
            check_same(questions, self.base)

    def applied(self, run: Run, resamples: int = RESAMPLES) -> Run:
        """Return a run with its comparison, and with its gates unless it is a sample: then there are none."""
        comparison = None if self.base is None else compared(run, self.base, seed=run.seed, resamples=resamples)
        if run.questions["sampled"]:
            return replace(run, comparison=comparison, gates=None)
        gates = checked(run, self.wanted)
        gates += regressions(comparison, self.allowed) if comparison is not None else []
        return replace(run, comparison=comparison, gates=[gate.to_dict() for gate in gates] or None)
