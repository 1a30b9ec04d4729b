"""The questions that went worst, as cards for a reader; which outcome a question has is left to the measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.text import title_key

from .glossary import CATEGORY
from .markup import Html, el, join

__all__ = ["MOST_SHOWN", "cards", "worst"]

MOST_SHOWN = 20
OPEN = 3
"""Cards that are open when the page is."""
PLACES = {"wrong": 0, "missing": 1, "partial": 2}
BAD = {
    "UNSUPPORTED": "not in the source",
    "UNCITED": "no source given",
    "WEAK": "only partly in the source",
}
LONGEST = 4000
"""Characters of one text that are shown; a report is for reading."""

Row = Mapping[str, Any]


def worst(rows: Sequence[Row], most: int = MOST_SHOWN) -> list[Row]:
    """Return up to `most` questions that did not go well, worst first.

    In order: wrong, unanswered, half right; then the fewer points, the more unsupported sentences, the fewer needed
    facts stated; and then by id. A question that was answered right is never among them.
    """
    return sorted((row for row in rows if row.get("outcome") in PLACES), key=_badness)[:most]


def _badness(row: Row) -> tuple[int, float, int, float, str]:
    scores = row.get("scores") or {}
    return (
        PLACES[row["outcome"]],
        _number(scores.get("headline")),
        -sum(sentence.get("verdict") in BAD for sentence in _sentences(row)),
        _number(scores.get("nugget_recall_vital")),
        str(row.get("id")),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _sentences(row: Row) -> Sequence[Mapping[str, Any]]:
    return (row.get("answer") or {}).get("sentences") or ()


def cards(rows: Sequence[Row]) -> Html:
    """Return one card a question: asked, answered, expected, cited, and why it went as it did."""
    return join(_card(row, is_open=place < OPEN) for place, row in enumerate(rows))


def _card(row: Row, *, is_open: bool) -> Html:
    outcome = str(row.get("outcome"))
    category = str(row.get("category"))
    head = el(
        "summary",
        el("span", outcome, class_=f"chip {outcome if outcome in PLACES else ''}"),
        el("span", _text(row.get("question")), class_="asked"),
        el("small", f"{row.get('id')} · {CATEGORY.get(category, category)} · {row.get('split') or 'no split'}"),
    )
    parts = [
        ("Why", _text(row.get("why"))),
        ("Asked before", _history(row)),
        ("Answer", _answer(row)),
        ("Expected", _text(row.get("reference")) or _nothing(row)),
        ("Sources", _sources(row)),
    ]
    body = [[el("dt", name), el("dd", told)] for name, told in parts if told]
    return el("details", head, el("dl", body), class_="case", open="" if is_open else None)


def _text(value: object) -> str:
    text = str(value or "")
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _nothing(row: Row) -> str:
    return "" if row.get("answerable") else "No answer: the library does not say."


def _history(row: Row) -> Html | None:
    said = [el("p", el("b", message.get("role")), ": ", _text(message.get("content")))
            for message in row.get("history") or ()]  # fmt: skip
    return el("div", said) if said else None


def _answer(row: Row) -> Html:
    answer = row.get("answer") or {}
    if answer.get("abstained"):
        return el("p", el("i", "Declined: "), _text(answer.get("reason") or answer.get("text")))
    told = [_sentence(sentence) for sentence in _sentences(row)] or [el("p", _text(answer.get("text")))]
    return el("div", told, class_="answer")


def _sentence(sentence: Mapping[str, Any]) -> Html:
    """Return a sentence of an answer; one that its source does not bear out is marked, in words too."""
    marks = el("sup", " ".join(f"[{number}]" for number in sentence.get("citations") or ()))
    verdict = str(sentence.get("verdict"))
    text = _text(sentence.get("text"))
    if verdict not in BAD:
        return el("p", text, " ", marks)
    why = str(sentence.get("why") or "")
    said = f"{BAD[verdict]}: {why}" if why else BAD[verdict]
    return el("p", el("mark", text, class_=verdict.lower()), " ", marks, el("small", said, class_="verdict"))


def _sources(row: Row) -> Html | None:
    """Return the papers cited, ticked when they are gold, and the gold ones with how the answer came to miss them."""
    cited = {citation["title"]: citation["number"] for citation in (row.get("answer") or {}).get("citations") or ()}
    groups = [list(group) for group in row.get("gold") or ()]
    gold = {title_key(title) for group in groups for title in group}
    lines = [
        el("li", f"[{number}] ", el("cite", title), " ",
           _tick("a right source", good=True) if title_key(title) in gold else _tick("not one of the right sources"))
        for title, number in cited.items()
    ]  # fmt: skip
    met = {title_key(title) for title in cited}
    lines += [_missed(group, row) for group in groups if met.isdisjoint(map(title_key, group))]
    return el("ul", lines) if lines else None


def _missed(group: Sequence[str], row: Row) -> Html:
    keys = set(map(title_key, group))
    found = [place for place, piece in enumerate(row.get("retrieved") or (), start=1)
             if title_key(str(piece.get("title"))) in keys]  # fmt: skip
    told = f"not cited, though found at rank {found[0]}" if found else "not found"
    titles = [[" or " if place else None, el("cite", title)] for place, title in enumerate(group)]
    return el("li", "needed: ", titles, " ", _tick(told), class_="missed")


def _tick(said: str, *, good: bool = False) -> Html:
    return el("span", "✓ " if good else "✗ ", said, class_="tick good" if good else "tick bad")
