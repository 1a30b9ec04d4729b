"""The figures of `rag-eval speed` as JSON, Markdown and a plot of cost against size; measuring them is `speed.py`'s."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from .record import save

__all__ = ["markdown", "plot", "write"]

Figures = Mapping[str, Any]
LIMITS = {"add": 1.4, "search": 1.3, "cold ask": 1.25, "rebuild": 1.3}
"""What a ratio to the raw parts may be at most."""
WIDE, HIGH, MARGIN = 640, 360, 60
COLOURS = ("#0b6e4f", "#c1666b", "#2e5eaa", "#8a6d00")


def write(sizes: Sequence[Figures], peers: Mapping[str, Any], folder: Path) -> str:
    """Write speed.json, speed.md and speed.svg into a folder; return the Markdown. Raises StoreError."""
    told = markdown(sizes, peers)
    save(folder / "speed.json", json.dumps({"sizes": list(sizes), "peers": dict(peers)}, indent=1) + "\n")
    save(folder / "speed.md", told)
    save(folder / "speed.svg", plot(sizes))
    return told


def markdown(sizes: Sequence[Figures], peers: Mapping[str, Any]) -> str:
    """Return the figures as tables: one of ratios, one of figures, one of peers for each collection."""
    parts = ["# Speed", "Ratios to the raw parts at the same work in the same run, in turn: median (minimum, maximum)."]
    heads = [f"{one['papers']:,} papers" for one in sizes]
    ratios = [
        (f"{name} (limit {LIMITS[name]:g})" if name in LIMITS else name, found)
        for name, found in _across(sizes, _ratios)
    ]
    parts += [_table(["ratio", *heads], ratios), _table(["figure", *heads], _across(sizes, _figures))]
    for name, systems in peers.items():
        rows = [
            (system, [f"{one['nDCG@10']:.3f}", f"{one['per_s']:,.0f}", f"{one['ms']:.1f}"])
            for system, one in systems.items()
        ]
        parts.append(_table([name, "nDCG@10", "papers/s added", "ms a question"], rows))
    return "\n\n".join(parts) + "\n"


def _ratios(one: Figures) -> dict[str, str]:
    found = {"add": one["add"]["ratio"], "search": one["question"]["ratio"]}
    if "cold" in one:
        found["cold ask"] = one["cold"]["ratio"]
    found |= {"rebuild": one["rebuild"]["ratio"], "remove 10": one["remove"]["ratio"]}
    return {name: _spread(values) for name, values in found.items()}


def _spread(values: Sequence[float]) -> str:
    middle = f"{statistics.median(values):.2f}"
    return f"{middle} ({min(values):.2f}, {max(values):.2f})" if len(values) > 1 else middle


def _figures(one: Figures) -> dict[str, str]:
    found = {"add, papers/s": f"{one['add']['per_s']:,.0f}"}
    found |= {f"{name} alone, papers/s": f"{rate:,.0f}" for name, rate in one["add"]["parts_per_s"].items()}
    found |= {
        "unchanged, papers/s": f"{one['unchanged_per_s']:,}",
        "sync unchanged, s": f"{one['sync_unchanged_s']:.2f}",
    }
    found |= {"open, ms": f"{one['open_ms']:.1f}"}
    found |= {f"{name}, ms": f"{value:.2f}" for name, value in one["question"]["ms"].items()}
    found |= {f"{name} alone, ms": f"{value:.2f}" for name, value in one["question"]["parts_ms"].items()}
    if "cold" in one:
        found |= {"cold ask, ms": f"{one['cold']['ms']:,.0f}", "cold parts, ms": f"{one['cold']['parts_ms']:,.0f}"}
    found |= {f"recall@10, {name}": f"{value:.3f}" for name, value in one["recall_at_10"].items()}
    found |= {"rebuild, s": f"{one['rebuild']['seconds']:.1f}", "remove 10, ms": f"{one['remove']['ms']:.0f}"}
    found |= {"disk, MB": f"{one['disk_mb']:,.1f}"}
    return found | ({"peak memory while adding, MB": f"{one['peak_mb']:,.0f}"} if "peak_mb" in one else {})


def _across(sizes: Sequence[Figures], of: Any) -> list[tuple[str, list[str]]]:  # noqa: ANN401
    columns = [of(one) for one in sizes]
    names = dict.fromkeys(name for column in columns for name in column)
    return [(name, [column.get(name, "") for column in columns]) for name in names]


def _table(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join([*lines, *(f"| {' | '.join([name, *cells])} |" for name, cells in rows)])


def plot(sizes: Sequence[Figures]) -> str:
    """Return an SVG of milliseconds a question against papers, both axes logarithmic, one line a step."""
    names = ("search", "filtered search", "choose", "ask")
    points = {name: [(one["papers"], one["question"]["ms"][name]) for one in sizes] for name in names}
    across = _axis([one["papers"] for one in sizes], MARGIN, WIDE - MARGIN)
    up = _axis([value for line in points.values() for _, value in line], HIGH - MARGIN, MARGIN)
    drawn = [f'<text x="{MARGIN}" y="24" font-weight="bold">ms a question, by papers in the library</text>']
    for (name, line), colour in zip(points.items(), COLOURS, strict=True):
        places = [(across(papers), up(value)) for papers, value in line]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        drawn.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        drawn.append(
            f'<text x="{x - 6:.1f}" y="{y - 8:.1f}" text-anchor="end" fill="{colour}">'
            f"{escape(name)} {line[-1][1]:.1f}</text>"
        )
    drawn += [
        f'<text x="{across(one["papers"]):.1f}" y="{HIGH - 20}" text-anchor="middle">{one["papers"]:,}</text>'
        for one in sizes
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" font-family="sans-serif" font-size="12">'
    )
    return "\n".join([head, f'<rect width="{WIDE}" height="{HIGH}" fill="white"/>', *drawn, "</svg>"]) + "\n"


def _axis(values: Sequence[float], first: float, last: float) -> Any:  # noqa: ANN401
    low, high = math.log10(max(min(values), 1e-6)), math.log10(max(*values, 1e-6, min(values) * 1.0001))
    span = max(high - low, 1e-9)
    return lambda value: first + (last - first) * (math.log10(max(value, 1e-6)) - low) / span
