"""A run as Markdown, for a pull request or a terminal; the page with charts is left to `report.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .gates import Gate
from .glossary import CATEGORY, SLICE, entry, figure
from .measures import METRICS
from .record import Totals

__all__ = ["markdown", "summary"]

Told = Mapping[str, Any]
WORST = 20
LONGEST = 160
SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$&!])")


def markdown(run: Told) -> str:
    """Return a run (the object of run.json) as Markdown; every text from outside is escaped."""
    parts = [
        "# Grounding report",
        _facts(run),
        *_section("Gates", [f"- {_safe(str(Gate(**gate)))}" for gate in run.get("gates") or ()]),
        *_section("Figures", _figures(run)),
        *_section("By category", _categories(run)),
        *_section("Beside simple systems", _baselines(run)),
        *_section("Against another run", _comparison(run)),
        *_section("Harder conditions", _slices(run)),
        *_section("The worst", _worst(run)),
    ]
    return "\n\n".join(parts) + "\n"


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return [f"## {title}", "\n".join(lines)] if lines else []


def _facts(run: Told) -> str:
    library, asked = run["library"], run["questions"]
    partial = " A part of the set only: the figures are rough." if asked["partial"] else ""
    return (
        f"{_safe(Totals(**run['totals']).line)}. {asked['n']} questions of {_safe(asked['name'])}, "
        f"asked of {_safe(library['name'])} ({library['papers']} papers).{partial}"
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines] if rows else []


def _shown(name: str, told: Told | None) -> str:
    if not told:
        return "-"
    return f"{figure(name, told['value'])} ({figure(name, told['low'])} to {figure(name, told['high'])})"


def _figures(run: Told) -> list[str]:
    held = run["aggregates"]
    splits = list(held)
    names = [metric.name for metric in METRICS if any(metric.name in held[split] for split in splits)]
    rows = [[entry(name).label, *(_shown(name, held[split].get(name)) for split in splits)] for name in names]
    return _table(["measure (95% interval)", *splits], rows)


def _categories(run: Told) -> list[str]:
    held = run["by_category"]
    names = ("headline", "recall_at_1", "nugget_recall_vital", "over_refusal")
    rows = [
        [split, CATEGORY.get(category, category), str(told["headline"]["n"]), *(_shown(n, told.get(n)) for n in names)]
        for split in held
        if split != "all" or len(held) == 1
        for category, told in held[split].items()
    ]
    return _table(["split", "kind", "n", *(entry(name).label for name in names)], rows)


def _baselines(run: Told) -> list[str]:
    ours = run["aggregates"].get("all", {}).get("headline")
    rows = [("**this system**", ours), *((name.replace("_", " "), told["headline"])
                                         for name, told in run["baselines"].items())]  # fmt: skip
    return _table(["system", "headline"], [[name, _shown("headline", told)] for name, told in rows])


def _comparison(run: Told) -> list[str]:
    held = run.get("comparison")
    if not held:
        return []
    rows = [
        [entry(name).label, figure(name, one["base"]), figure(name, one["new"]), _shown(name, one),
         f"{one['p_holm']:.4f}"]
        for name, one in held["metrics"].items()
    ]  # fmt: skip
    note = "" if held["same_library"] else "The two were asked of different libraries."
    return [f"{held['n']} questions of {_safe(held['base']['name'])}. {note}".strip(), "",
            *_table(["measure", "base", "now", "difference", "p (Holm)"], rows)]  # fmt: skip


def _slices(run: Told) -> list[str]:
    rows = []
    for name, told in run["slices"].items():
        for key, value in told.items():
            number = value.get("value") if isinstance(value, Mapping) else value
            if key != "n" and isinstance(number, int | float):
                rows.append([SLICE.get(name, (name, ""))[0], str(told.get("n", "")), entry(key).label,
                             figure(key, number)])  # fmt: skip
    return _table(["condition", "n", "measure", "value"], rows)


def _worst(run: Told) -> list[str]:
    wrong = [row for row in run["rows"] if row["outcome"] == "wrong"][:WORST]
    return [f"- **{_safe(row['id'])}** {_safe(row['question'])}: {_safe(row['why'])}" for row in wrong]


def _safe(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    line = " ".join(text.split())
    return SPECIAL.sub(r"\\\1", line[:LONGEST] + ("…" if len(line) > LONGEST else ""))


def summary(run: Told) -> str:
    """Return the few lines that a terminal shows: headline by split, silence, baselines, and each slice."""
    lines = []
    for split, held in run["aggregates"].items():
        shown = [f"{name} {_shown(name, held[name])}" for name in ("headline", "over_refusal", "refusal_near_miss",
                 "refusal_out_of_domain", "fabricated_citation_rate") if name in held]  # fmt: skip
        lines.append(f"{split:<5} " + ", ".join(shown))
    besides = [f"{name} {figure('headline', told['headline']['value'])}" for name, told in run["baselines"].items()]
    lines.append("beside " + ", ".join(besides))
    for name, told in run["slices"].items():
        figures = {key: value.get("value") if isinstance(value, Mapping) else value for key, value in told.items()}
        shown = [f"{key} {figure(key, value)}" for key, value in figures.items()
                 if key != "n" and isinstance(value, int | float)]  # fmt: skip
        lines.append(f"{name} (n {told['n']}) " + ", ".join(shown))
    return "\n".join(lines) + "\n"
