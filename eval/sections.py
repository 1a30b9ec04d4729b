"""The figures of a report: categories, abstention, tables, slices, baselines; the page is left to report.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .charts import Bar, Scale, bars, stacks
from .glossary import CATEGORY, SLICE, entry, figure, interval
from .markup import Html, el
from .schema import CATEGORIES

__all__ = [
    "OUTCOMES", "Row", "Run", "abstention", "bar_of", "baselines", "by_category", "cell", "legend", "main_split",
    "metric_table", "named", "plain_rows", "robustness", "splits_of", "table",
]  # fmt: skip

Run = Mapping[str, Any]
Row = Mapping[str, Any]
POINTS = Scale(-1.0, 1.0, ((-1.0, "−1"), (-0.5, "−½"), (0.0, "0"), (0.5, "½"), (1.0, "+1")))  # noqa: RUF001
SHARES = Scale(0.0, 1.0, ((0.0, "0%"), (0.25, ""), (0.5, "50%"), (0.75, ""), (1.0, "100%")))
OUTCOMES = ("correct", "partial", "missing", "wrong")
BASELINES = {
    "oracle": "the reference answer with its right sources: the best there is",
    "always_abstain": "declines every question",
    "top_sentence": "the best sentence by BM25, from the first paper",
    "whole_abstract": "the whole first abstract",
}


def plain_rows(run: Run, split: str | None = None) -> list[Row]:
    """Return the questions that are no variants of others (all, if only those were asked), of one split or of all."""
    rows = [row for row in run.get("rows", ()) if not row.get("variant_of")] or list(run.get("rows", ()))
    return [row for row in rows if split in {None, "all", row.get("split")}]


def splits_of(run: Run) -> list[str]:
    """Return the splits that have figures, `test` first; `all` when neither has."""
    held = run.get("aggregates", {})
    return [split for split in ("test", "dev") if held.get(split)] or ["all"]


def main_split(run: Run) -> str:
    """Return the split whose details are shown: the one nothing was tuned on, where there is one."""
    return splits_of(run)[0]


def by_category(run: Run) -> Html:
    """Return the headline of each category with its interval, and beside it what became of its questions."""
    split = main_split(run)
    held = run.get("by_category", {}).get(split, {})
    rows = plain_rows(run, split)
    names = sorted({*held, *(str(row.get("category")) for row in rows)}, key=_category_place)
    whole = run.get("aggregates", {}).get(split, {})
    figures = {"all": whole, **{CATEGORY.get(name, name): held.get(name, {}) for name in names}}
    drawn = [bar_of(label, "headline", told["headline"]) for label, told in figures.items() if "headline" in told]
    counted = [(CATEGORY.get(name, name), _outcomes(row for row in rows if row.get("category") == name))
               for name in names]  # fmt: skip
    return el(
        "div",
        el("figure", el("figcaption", "Points per question"), bars(drawn, POINTS)) if drawn else None,
        el("figure", el("figcaption", "What became of the questions"), stacks([("all", _outcomes(rows)), *counted]),
           legend()),
        class_="two",
    )  # fmt: skip


def _category_place(name: str) -> tuple[int, str]:
    return (CATEGORIES.index(name) if name in CATEGORIES else len(CATEGORIES), name)


def bar_of(label: str, name: str, estimate: Mapping[str, Any], tone: str = "ours") -> Bar:
    """Return an estimate as a bar with its interval and how many questions it rests on."""
    number = estimate.get("n")
    ends = (estimate.get("low"), estimate.get("high"))
    note = "" if number is None else f"n = {number}"
    value = estimate.get("value")
    return Bar(label, float(value or 0.0), *ends, figure(name, value), note, tone)


def _outcomes(rows: Iterable[Row]) -> list[tuple[str, int]]:
    counts = Counter(row.get("outcome") for row in rows)
    return [(name, counts[name]) for name in OUTCOMES]


def legend() -> Html:
    """Return which colour stands for which outcome."""
    return el("p", [el("span", el("i", class_=f"key {name}"), name) for name in OUTCOMES], class_="legend")


def abstention(run: Run) -> Html:
    """Return who was answered and who was declined, by kind of question, and refusal beside over-refusal."""
    split = main_split(run)
    rows = plain_rows(run, split)
    kinds = (
        ("has an answer", [row for row in rows if row.get("answerable")], "answered"),
        ("near miss", [row for row in rows if _is(row, "near_miss")], "declined"),
        ("out of domain", [row for row in rows if _is(row, "out_of_domain")], "declined"),
    )
    body = []
    for label, asked, wanted in kinds:
        declined = sum(bool(row.get("answer", {}).get("abstained")) for row in asked)
        cells = (("answered", len(asked) - declined), ("declined", declined))
        body.append(el("tr", el("th", label, scope="row"),
                       [_count(count, len(asked), kind == wanted) for kind, count in cells]))  # fmt: skip
    held = run.get("aggregates", {}).get(split, {})
    rates = ("over_refusal", "refusal_near_miss", "refusal_out_of_domain")
    drawn = [bar_of(entry(name).label, name, held[name], "other" if name == "over_refusal" else "ours")
             for name in rates if held.get(name)]  # fmt: skip
    head = el("tr", el("th", "the question"), el("th", "was answered"), el("th", "was declined"))
    counts = el("table", el("thead", head), el("tbody", body), class_="confusion")
    return el("div", el("div", counts, class_="scroll"), bars(drawn, SHARES) if drawn else None, class_="two")


def _is(row: Row, category: str) -> bool:
    return row.get("category") == category and not row.get("answerable")


def _count(count: int, total: int, is_right: bool) -> Html:
    share = f"{100 * count / total:.0f}%" if total else "–"  # noqa: RUF001
    return el("td", el("b", count), el("small", share), class_="good" if is_right else "bad" if count else None)


def metric_table(run: Run, names: Sequence[str]) -> Html | None:
    """Return a table of metrics by split, each with its interval, what it is called and what it means."""
    splits = splits_of(run)
    held = run.get("aggregates", {})
    shown = [name for name in names if any(held.get(split, {}).get(name) for split in splits)]
    body = [
        el("tr", named(name), [cell(name, held.get(split, {}).get(name) or {}) for split in splits]) for name in shown
    ]
    head = el("tr", el("th", "measure"), [el("th", split) for split in splits])
    return table(head, body) if body else None


def named(name: str) -> Html:
    """Return the head of a row: what a figure is called and what it means."""
    told = entry(name)
    return el("th", told.label, el("small", told.meaning) if told.meaning else None, scope="row")


def cell(name: str, estimate: Mapping[str, Any]) -> Html:
    """Return a cell with an estimate and its interval."""
    number = f"{estimate['n']} questions" if "n" in estimate else None
    return el("td", el("b", figure(name, estimate.get("value"))), el("small", interval(name, estimate)), title=number)


def table(head: Html, body: Sequence[Html]) -> Html:
    """Return a table that scrolls by itself on a narrow screen."""
    return el("div", el("table", el("thead", head), el("tbody", body)), class_="scroll")


def robustness(run: Run) -> Html | None:
    """Return each slice with its figures; a figure is a number, or an estimate with its interval."""
    held = {name: told for name, told in (run.get("slices") or {}).items() if isinstance(told, Mapping)}
    return el("div", [_slice(name, told) for name, told in held.items()], class_="cards") if held else None


def _slice(name: str, told: Mapping[str, Any]) -> Html:
    title, meaning = SLICE.get(name, (name.replace("_", " "), None))
    held = {key: value if isinstance(value, Mapping) else {"value": value} for key, value in told.items()}
    body = [
        el("tr", named(key), cell(key, value))
        for key, value in held.items()
        if key != "n" and isinstance(value.get("value"), int | float)
    ]
    asked = el("small", f" n = {told['n']}") if "n" in told else None
    worked = [str(one.get("name")).replace("_", " ") for one in told.get("attacks") or () if one.get("succeeded")]
    which = el("p", "Worked: ", ", ".join(worked), class_="warning") if worked else None
    return el("div", el("h3", title, asked), el("p", meaning), el("table", el("tbody", body)), which, class_="card")


def baselines(run: Run) -> Html | None:
    """Return the headline of the system between those of the baselines."""
    given = {name: held.get("headline", held) for name, held in (run.get("baselines") or {}).items()}
    held = {name: value if isinstance(value, Mapping) else {"value": value} for name, value in given.items()}
    split = "all" if run.get("aggregates", {}).get("all") else main_split(run)
    ours = run.get("aggregates", {}).get(split, {}).get("headline")
    if not held or not ours:
        return None
    rows = [bar_of("this system", "headline", ours)]
    rows += [bar_of(name.replace("_", " "), "headline", value, "other") for name, value in held.items()]
    notes = [el("li", el("b", name.replace("_", " ")), f": {BASELINES[name]}") for name in held if name in BASELINES]
    drawn = bars(sorted(rows, key=lambda row: -row.value), POINTS)
    return el("div", drawn, el("ul", notes, class_="notes"))
