"""What the Evaluation tab shows, as HTML made with the parts of `rag-eval`'s own report; pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from eval import report
from eval.asides import comparison
from eval.glossary import figure, interval
from eval.markup import Html, el
from eval.sections import OUTCOMES, by_category, main_split, plain_rows, splits_of
from eval.worst import cards, worst
from rag import PaperchatError

from .library_view import error_line
from .runs import Status

__all__ = ["NOTHING", "progress", "run_html", "style"]

MOST_WORST = 10
NOTHING = (
    '<div class="empty"><h2>Nothing has been run here yet</h2><p>Press Run: the points with their interval, bars by '
    "kind of question and the worst answers will stand here, and each run can be compared with the others.</p></div>"
)
SPLITS = {"test": "Questions that nothing was tuned on", "dev": "Questions that thresholds were set on"}


@lru_cache(maxsize=1)
def style() -> str:
    """Return the rules of the report, for the element `#run` alone, dark where the page is; then the tab's own."""
    rules = Path(report.__file__).with_name("report.css").read_text("utf-8")
    dark = rules.replace("@media (prefers-color-scheme: dark) {\n  :root {", "@media screen {\n  .dark & {")
    own = Path(__file__).with_name("evaluation.css").read_text("utf-8")
    return f"#run {{\n{dark.replace(':root {', '& {')}\n}}\n{own}"


def progress(status: Status) -> str:
    """Return how a run stands, in words, with a bar while it goes on."""
    if status.kind == "running":
        told = status.told or "starting"
        words = f"{status.answers:,} answers" if status.answers else f"{told[:1].upper()}{told[1:]}"
        bar = el("progress", max=1, value=f"{status.share:.3f}", aria_label="How much of the run is done")
        return el("div", el("p", f"{words}…", role="status"), bar, class_="running")
    if status.kind == "stopped":
        kept = f" after {status.answers:,} answers; they are kept" if status.answers else ""
        return el("p", f"Stopped{kept}.", class_="notice", role="status")
    if status.kind == "failed":
        return error_line(PaperchatError(status.told))
    return el("p", "Done.", class_="notice", role="status") if status.kind == "done" else ""


def run_html(run: Mapping[str, Any]) -> str:
    """Return a run (the object of run.json): headline, categories, what changed beside another run, worst answers."""
    bad = worst(plain_rows(run), MOST_WORST)
    parts = [
        el("section", el("div", [_tile(run, split) for split in splits_of(run)], class_="tiles big"), _verdict(run)),
        _section("Against another run", "", comparison(run)) if run.get("comparison") else None,
        _section("By kind of question", "The line across a bar is its 95% interval.", by_category(run)),
        _section(
            "The worst answers",
            "Marked sentences are not borne out by what they cite. The report lists more of them.",
            cards(bad) if bad else el("p", "No question went wrong."),
        ),
    ]
    return el("div", parts)


def _section(title: str, said: str, body: Html | None) -> Html:
    return el("section", el("h2", title), el("p", said) if said else None, body)


def _tile(run: Mapping[str, Any], split: str) -> Html:
    held = run.get("aggregates", {}).get(split, {}).get("headline") or {}
    return el(
        "div",
        el("small", SPLITS.get(split, "All questions")),
        el("b", figure("headline", held.get("value"))),
        el("span", f"95% interval {interval('headline', held) or 'unknown'}"),
        el("small", f"{held.get('n', 0)} questions, from −1 to +1 point each"),  # noqa: RUF001
        class_="tile",
    )


def _verdict(run: Mapping[str, Any]) -> Html:
    """Return in two lines what became of the questions, and how the points are given."""
    rows = plain_rows(run, main_split(run))
    right, half, none, wrong = (sum(row.get("outcome") == name for row in rows) for name in OUTCOMES)
    told = el(
        "p", f"Of {len(rows)} questions ", el("b", f"{right} came out right"), f", {half} half right, {none} ",
        "unanswered and ", el("b", f"{wrong} wrong"), ".", class_="lead",
    )  # fmt: skip
    points = "A right answer, or rightly declining, is +1 point; half the facts +½; no answer 0; a wrong one −1."  # noqa: RUF001
    return el("div", told, el("p", el("small", points)))
