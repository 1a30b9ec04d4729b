"""A run as one self-contained page for someone who was not there; its figures are drawn in the files that it imports.

Besides what `run.json` always holds, the page reads, where it is given:

`comparison`: {"base": {"name", "git", "created"}, "metrics": {metric: {"value" (new minus base), "low", "high", "p",
"p_holm"}}};
`gates`: [{"name", "limit", "found", "passed"}];
`slices`: {name: {figure: number, or {"value", "low", "high", "n"}}}, and in "poison" the "attacks" that "succeeded";
`judge`: what `judge.judge` returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .asides import comparison, gates, judged, latency
from .glossary import OUTCOME, figure, interval
from .markup import Html, el
from .sections import (
    OUTCOMES,
    abstention,
    baselines,
    by_category,
    main_split,
    metric_table,
    plain_rows,
    robustness,
    splits_of,
)
from .worst import cards, worst

__all__ = ["html"]

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page asks nobody for anything, whatever is quoted in it."""
SPLITS = {
    "test": "questions that nothing was tuned on",
    "dev": "questions that thresholds were set on",
    "all": "all questions",
}
SEARCH = ("recall_at_1", "recall_at_5", "recall_at_10", "recall_at_100", "mrr_at_10", "ndcg_at_10")
CITING = (
    "citation_precision", "citation_recall", "citation_f1", "support_recall", "support_precision",
    "fabricated_citation_rate", "failed_number_rate", "forbidden_value_rate",
)  # fmt: skip
SAYING = ("headline_uncredited", "nugget_recall_vital", "nugget_recall_okay", "words", "sentence_density")
SILENCE = ("abstention_precision", "abstention_recall", "abstention_f1")


def html(run: Mapping[str, Any]) -> str:
    """Return a run (the object of run.json) as a page: one file, no script, nothing fetched, light and dark.

    Every text of the run is escaped; a part that the run does not have is left out.
    """
    parts = [_head(run), _summary(run), *_sections(run), _footer(run)]
    page = el(
        "html",
        el(
            "head",
            el("meta", charset="utf-8"),
            el("meta", http_equiv="Content-Security-Policy", content=POLICY),
            el("meta", name="viewport", content="width=device-width, initial-scale=1"),
            el("meta", name="color-scheme", content="light dark"),
            el("title", "Grounding report: ", _library_name(run)),
            el("style", Html(STYLE.read_text(encoding="utf-8"))),
        ),
        el("body", el("main", parts)),
        lang="en",
    )
    return f"<!doctype html>\n{page}\n"


def _library_name(run: Mapping[str, Any]) -> str:
    return str((run.get("library") or {}).get("name") or "a library")


def _head(run: Mapping[str, Any]) -> Html:
    library, questions = run.get("library") or {}, run.get("questions") or {}
    papers = f", {library['papers']} papers" if "papers" in library else ""
    asked = f"{questions.get('name') or 'questions'}, {questions.get('n', len(run.get('rows', ())))} asked"
    facts = [f"library: {_library_name(run)}{papers}", f"questions: {asked}", str(run.get("created") or "")[:19]]
    facts += [f"revision {str(run['git'])[:12]}"] if run.get("git") else []
    rough = "This run asked only some of the questions: its figures are rough"
    sampled = ", and no gate was applied." if questions.get("sampled") else "."
    partial = el("p", rough, sampled, class_="warning") if questions.get("partial") else None
    return el("header", el("h1", "Does it answer from its papers?"),
              el("p", [el("span", fact) for fact in facts if fact], class_="facts"), partial)  # fmt: skip


def _summary(run: Mapping[str, Any]) -> Html:
    return el(
        "section",
        el("div", [_tile(run, split) for split in splits_of(run)], class_="tiles big"),
        el("p", _verdict(run), class_="lead"),
        gates(run),
        el("details", el("summary", "What was measured, and how to read it"), _explained(), class_="how"),
    )


def _tile(run: Mapping[str, Any], split: str) -> Html:
    held = run.get("aggregates", {}).get(split, {}).get("headline") or {}
    return el(
        "div",
        el("small", f"{split}: {SPLITS[split]}"),
        el("b", figure("headline", held.get("value"))),
        el("span", f"95% interval {interval('headline', held) or 'unknown'}"),
        el("small", f"{held.get('n', 0)} questions, −1 to +1"),  # noqa: RUF001
        class_="tile",
    )


def _verdict(run: Mapping[str, Any]) -> list[Any]:
    """Say in two sentences what became of the questions, and what it cost to be careful."""
    split = main_split(run)
    rows = plain_rows(run, split)
    counts = {name: sum(row.get("outcome") == name for row in rows) for name in OUTCOMES}
    held = run.get("aggregates", {}).get(split, {})
    rates = {name: figure(name, (held.get(name) or {}).get("value"))
             for name in ("over_refusal", "abstention_recall", "fabricated_citation_rate")}  # fmt: skip
    right, half, none, wrong = (counts[name] for name in OUTCOMES)
    return [
        f"Of {len(rows)} {split} questions " if split != "all" else f"Of {len(rows)} questions ",
        el("b", f"{right} came out right"), f", {half} half right, {none} unanswered and ",
        el("b", f"{wrong} wrong"), ". ",
        f"It declined {rates['abstention_recall']} of the questions that have no answer here, and "
        f"{rates['over_refusal']} of those that have one. "
        f"Answers with a made-up citation: {rates['fabricated_citation_rate']}.",
    ]  # fmt: skip


def _explained() -> list[Html]:
    return [
        el("p", "Each question was put to the system as a user would put it. For each it is known, from people who "
           "read the papers, which facts an answer must hold and which papers it must rest on; for some, that the "
           "papers do not say. The answer was held against that by fixed rules; no model took part, unless a section "
           "below says so."),
        el("p", "The headline gives, per question:"),
        el("ul", [el("li", el("b", name), f" ({points}) – {OUTCOME[name]}")  # noqa: RUF001
                  for name, points in zip(OUTCOMES, ("+1", "+½", "0", "−1"), strict=True)]),  # noqa: RUF001
        el("p", "A guess that fails costs as much as a right answer brings, so it pays to decline when unsure. "
           "Always declining, and always answering, both score badly."),
        el("p", "Every figure comes with a 95% interval: asked other questions of the same kind, it would mostly fall "
           "in there. Two figures whose intervals overlap widely may not differ at all. Questions on one paper are "
           "drawn together, since they are not independent."),
    ]  # fmt: skip


def _sections(run: Mapping[str, Any]) -> list[Html]:
    split = main_split(run)
    bad = worst(plain_rows(run))
    tables: tuple[tuple[str, str, Sequence[str]], ...] = (
        ("Search", "Does it find the papers that hold the answer?", SEARCH),
        ("Citations", "Does it cite the right papers, and do they say what it says?", CITING),
        ("What answers say", "Are the facts there, and little else?", SAYING),
    )
    given = [
        ("By kind of question", f"On the {split} questions. The line across a bar is its interval."
         if split != "all" else "The line across a bar is its interval.", by_category(run)),
        ("Knowing when not to answer", "Declining is right when the papers do not say, and a loss when they do: "
         "the two are shown side by side.", [abstention(run), metric_table(run, SILENCE)]),
        *((title, said, metric_table(run, names)) for title, said, names in tables),
        ("Harder conditions", "Each question against itself under worse conditions.", robustness(run)),
        ("Beside simple systems", "What the headline would be for systems that one could have for free.",
         baselines(run)),
        ("Against another run", "", comparison(run)),
        ("A judge model's view", "", judged(run)),
        ("How long it takes", "From question to checked answer, on the machine of this run.", latency(run)),
        (f"The {len(bad)} worst" if len(bad) > 1 else "The worst",
         "Marked sentences are not borne out by what they cite.", cards(bad) if bad else None),
    ]  # fmt: skip
    return [
        el("section", el("h2", title), el("p", said) if said else None, body) for title, said, body in given if body
    ]


def _footer(run: Mapping[str, Any]) -> Html:
    library, questions = run.get("library") or {}, run.get("questions") or {}
    facts = {
        "library hash": library.get("hash"), "embedder": library.get("embedder"),
        "question hash": questions.get("hash"), "seed": run.get("seed"),
        **{f"setting {name}": value for name, value in (run.get("settings") or {}).items()},
        **{f"version of {name}": value for name, value in (run.get("versions") or {}).items()},
    }  # fmt: skip
    known = {name: value for name, value in facts.items() if value is not None}
    rows = [el("tr", el("th", name, scope="row"), el("td", value)) for name, value in known.items()]
    return el("footer", el("details", el("summary", "To repeat this run"), el("table", el("tbody", rows))))
