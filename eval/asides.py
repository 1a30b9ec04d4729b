"""What stands beside a report's figures: another run, a judge model, the time taken; the rest is in sections.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .charts import Bar, Scale, bars, histogram
from .glossary import difference, entry, figure
from .markup import Html, el
from .measures import METRICS
from .sections import Run, cell, named, table

__all__ = ["comparison", "gates", "judged", "latency"]

LOWER_IS_BETTER = frozenset(metric.name for metric in METRICS if metric.better == "lower")


def comparison(run: Run) -> Html | None:
    """Return the paired differences to another run, with p before and after Holm's correction."""
    held = run.get("comparison") or {}
    # a figure of another kind, such as words, would not fit the axis of points and shares
    given = {name: value for name, value in (held.get("metrics") or {}).items() if entry(name).form != "number"}
    if not given:
        return None
    widest = max((abs(end) for value in given.values() for end in _ends(value)), default=1.0) or 1.0
    scale = Scale(-widest, widest, ((-widest, "worse"), (0.0, "no change"), (widest, "better")))
    rows = [_difference(name, value) for name, value in given.items()]
    return el("div", el("p", "Against ", el("b", _base_name(held.get("base"))), ", question by question. "
                        "A dot right of the line is better; a line that crosses zero may be chance."),
              bars(rows, scale, dots=True))  # fmt: skip


def _ends(value: Mapping[str, Any]) -> list[float]:
    return [float(value[key]) for key in ("value", "low", "high") if isinstance(value.get(key), int | float)]


def _difference(name: str, value: Mapping[str, Any]) -> Bar:
    """Return the difference as a dot; of what is better when lower, turned about, so that right is always better."""
    lower = name in LOWER_IS_BETTER
    sign = -1.0 if lower else 1.0
    low, high = sorted(sign * float(value.get(key, value["value"])) for key in ("low", "high"))
    chance = value.get("p_holm", value.get("p"))
    note = f"p {chance:.3f}" if isinstance(chance, int | float) else ""
    tone = "ours" if isinstance(chance, int | float) and chance < 0.05 else "other"
    label = entry(name).label + (" (less is better)" if lower else "")
    return Bar(label, sign * float(value["value"]), low, high, difference(name, value["value"]), note, tone)


def _base_name(base: object) -> str:
    if not isinstance(base, Mapping):
        return str(base or "an earlier run")
    return " ".join(str(base[key]) for key in ("name", "git", "created") if base.get(key)) or "an earlier run"


def gates(run: Run) -> Html | None:
    """Return each limit that the run was held to, and whether it kept it."""
    held = run.get("gates") or ()
    lines = [
        el("li", el("span", "✓ passed" if gate.get("passed") else "✗ failed",
                    class_="tick good" if gate.get("passed") else "tick bad"),
           f" {gate.get('name')}: {_found(gate.get('found'))}, {gate.get('limit')}")
        for gate in held
    ]  # fmt: skip
    return el("ul", lines, class_="gates") if lines else None


def _found(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, int | float) else "not measured"


def judged(run: Run) -> Html | None:
    """Return what a judge model says beside the checker, with the spread over its repeated runs."""
    held = run.get("judge") or {}
    if not held:
        return None
    body = []
    for name, value in (held.get("metrics") or {}).items():
        runs = " · ".join(figure(name, one) for one in value.get("runs", ()))
        body.append(el("tr", named(name), cell(name, value), el("td", runs), el("td", value.get("missing", 0))))
    head = el("tr", el("th", "measure"), el("th", "judge"), el("th", "each run"), el("th", "no usable reply"))
    warning = held.get("warning")
    return el(
        "div",
        el("p", "Judge model: ", el("b", held.get("model")), f", asked {held.get('repeat', 1)} times each. "
           "Its figures stand beside those of the checker and replace none."),
        el("p", warning, class_="warning") if warning else None,
        table(head, body) if body else None,
    )  # fmt: skip


def latency(run: Run) -> Html | None:
    """Return how long answers took."""
    times = sorted(float(row["latency_ms"]) for row in run.get("rows", ()) if row.get("latency_ms") is not None)
    if not times:
        return None
    told = (("half within", 0.5), ("9 of 10 within", 0.9), ("99 of 100 within", 0.99))
    cells = [el("div", el("b", f"{_quantile(times, share):,.0f} ms"), el("small", label), class_="tile")
             for label, share in told]  # fmt: skip
    return el("div", el("div", cells, class_="tiles"), histogram(times, unit="ms"))


def _quantile(times: Sequence[float], share: float) -> float:
    """Return the smallest time that at least this share of all times does not pass (nearest rank)."""
    return times[min(len(times) - 1, max(0, -int(-share * len(times) // 1) - 1))]
