"""Charts as inline SVG, drawn in percent so that text keeps its size; what they show is left to others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .markup import Html, el

__all__ = ["Bar", "Scale", "bars", "histogram", "stacks"]

MARGIN, DIGIT = 3.0, 4.0
"""What a number in a stack needs, in percent of the width: some margin, and so much a digit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the width of a chart stands for: `low` at the left, `high` at the right, and marks with their labels."""

    low: float
    high: float
    marks: tuple[tuple[float, str], ...] = ()

    def at(self, value: float) -> float:
        """Return where a value stands, in percent of the width; what lies outside stands at the edge."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return round(100 * min(1.0, max(0.0, share)), 3)


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure with its interval (`low` and `high` may be None); `shown` is it in words, `tone` its colour."""

    label: str
    value: float
    low: float | None
    high: float | None
    shown: str
    note: str = ""
    tone: str = "ours"


def bars(rows: Iterable[Bar], scale: Scale, *, dots: bool = False) -> Html:
    """Return bars from zero (with `dots`: dots) with their intervals, one row each, over one axis."""
    zero = max(scale.low, min(0.0, scale.high))
    drawn = [
        el(
            "div",
            _label(row.label, row.note),
            el("svg", _grid(scale), _mark(row, scale, zero, dots), role="img", aria_label=f"{row.label}: {row.shown}"),
            el("div", row.shown, class_="shown"),
            class_="row",
        )
        for row in rows
    ]
    return el("div", drawn, _axis(scale), class_="chart")


def _label(label: str, note: str) -> Html:
    return el("div", el("span", label), el("small", note) if note else None, class_="label")


def _grid(scale: Scale) -> list[Html]:
    return [
        el("line", x1=_percent(scale.at(value)), x2=_percent(scale.at(value)), y1=0, y2="100%",
           class_="zero" if value == 0 else "grid")
        for value, _ in scale.marks
    ]  # fmt: skip


def _mark(row: Bar, scale: Scale, zero: float, dots: bool) -> list[Html]:
    here, start = scale.at(row.value), scale.at(zero)
    if dots:
        body = el("circle", cx=_percent(here), cy="50%", r=5, class_=f"dot {row.tone}")
    else:
        body = el("rect", x=_percent(min(here, start)), width=_percent(abs(here - start)), y="22%", height="56%", rx=2,
                  class_=f"bar {row.tone}")  # fmt: skip
    if row.low is None or row.high is None:
        return [body]
    left, right = scale.at(row.low), scale.at(row.high)
    whisker = [el("line", x1=_percent(left), x2=_percent(right), y1="50%", y2="50%", class_="whisker")]
    whisker += [
        el("line", x1=_percent(end), x2=_percent(end), y1="34%", y2="66%", class_="whisker") for end in (left, right)
    ]
    return [*whisker, body] if dots else [body, *whisker]


def _axis(scale: Scale) -> Html:
    texts = [
        el("text", label, x=_percent(scale.at(value)), y=12, text_anchor=_anchor(scale.at(value)))
        for value, label in scale.marks
    ]
    return el("div", el("div", class_="label"), el("svg", texts, aria_hidden="true"), el("div"), class_="row axis")


def _anchor(percent: float) -> str:
    return "start" if percent < 2 else "end" if percent > 98 else "middle"


def stacks(rows: Iterable[tuple[str, Sequence[tuple[str, int]]]]) -> Html:
    """Return one full-width stack a row; a row is its label and (kind, count) from left to right."""
    return el("div", [_stack(label, parts) for label, parts in rows], class_="chart")


def _stack(label: str, parts: Sequence[tuple[str, int]]) -> Html:
    total = sum(count for _, count in parts)
    drawn: list[Html] = []
    left = 0.0
    for kind, count in parts:
        wide = 100 * count / total if total else 0.0
        if count:
            drawn.append(el("rect", el("title", f"{kind}: {count}"), x=_percent(left), width=_percent(wide), y="12%",
                            height="76%", class_=f"part {kind}"))  # fmt: skip
        if count and wide >= MARGIN + DIGIT * len(str(count)):
            drawn.append(el("text", count, x=_percent(left + wide / 2), y="50%", dy="0.35em", text_anchor="middle",
                            class_=f"count {kind}"))  # fmt: skip
        left += wide
    said = ", ".join(f"{count} {kind}" for kind, count in parts if count)
    picture = el("svg", drawn, role="img", aria_label=f"{label}: {said or 'none'}")
    return el("div", _label(label, ""), picture, el("div", total, class_="shown"), class_="row")


def histogram(values: Sequence[float], *, bins: int = 24, unit: str = "") -> Html:
    """Return how often values of each size come, as columns over equal steps from 0 to the largest value."""
    top = max(values, default=0.0) or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(bins * max(0.0, value) / top))] += 1
    most = max(counts) or 1
    columns = [
        el("rect", x=_percent(100 * place / bins + 0.3), width=_percent(100 / bins - 0.6),
           y=_percent(100 - 92 * count / most), height=_percent(92 * count / most), class_="bar ours")
        for place, count in enumerate(counts)
        if count
    ]  # fmt: skip
    picture = el("svg", columns, role="img", aria_label=f"{len(values)} values from 0 to {top:,.0f} {unit}")
    ends = el("div", el("span", "0"), el("span", f"{top:,.0f} {unit}"), class_="ends")
    return el("div", picture, ends, class_="histogram")


def _percent(value: float) -> str:
    return f"{round(value, 3):g}%"
