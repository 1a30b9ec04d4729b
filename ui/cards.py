"""The panel beside the chat: a card for every paper that an answer cites or that came near, as safe HTML; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rag import Answer, Paper, Turn
from rag.sources.identifiers import shown_url

from .render import escape, nearest, unique_papers

__all__ = ["marked_abstract", "sources_html"]

Span = tuple[int, int]

LONGEST = 12_000
"""Characters of an abstract that are shown; of a longer one, those around its first quote."""
AROUND = 3_000
SHOWN_TURNS = 40
"""Answers whose sources stay in the panel; the older ones are in the export."""


def sources_html(turns: Sequence[Turn]) -> str:
    """Return the cards of a conversation: those of the last answer first, the earlier ones folded under them.

    Card `n` of turn `t` has the id `src-t-n`, `near-t-n` when it was found and not cited; both count from 1.
    """
    if not turns:
        return f"<h2>Sources</h2>{_EMPTY}"
    last = len(turns)
    earlier = [
        f'<details class="earlier" id="of-{place}"><summary>{escape(turns[place - 1].question[:300])}</summary>'
        f"{_cards(turns[place - 1].answer, place, is_last=False)}</details>"
        for place in range(last - 1, max(0, last - SHOWN_TURNS), -1)
    ]
    folded = f"<h3>Earlier answers</h3>{''.join(earlier)}" if earlier else ""
    return f"<h2>Sources</h2>{_cards(turns[-1].answer, last, is_last=True)}{folded}"


_EMPTY = (
    '<p class="none">The papers that an answer rests on stand here: each with its abstract, and the quoted '
    "sentence marked in it.</p>"
)


def _cards(answer: Answer, turn: int, *, is_last: bool) -> str:
    cited = "".join(
        _card(
            f"src-{turn}-{number}",
            paper,
            [(c.start, c.end) for c in answer.citations if (c.number, c.paper) == (number, paper)],
            number=str(number),
        )
        for number, paper in unique_papers(answer).items()
    )
    if not (is_last or answer.abstained):
        return cited
    found = nearest(answer)
    near = "".join(_card(f"near-{turn}-{place}", paper, [], is_open=False) for place, paper in enumerate(found, 1))
    if answer.abstained:
        return f'<p class="none">No source: the question was not answered.</p><h3>Nearest papers</h3>{near}'
    folded = f'<details class="also"><summary>Also found, not cited ({len(found)})</summary>{near}</details>'
    return cited + (folded if found else "")


def _card(ident: str, paper: Paper, spans: Iterable[Span], *, number: str = "", is_open: bool = True) -> str:
    year = f'<span class="year">{paper.published.year}</span>' if paper.published else ""
    mark = f'<span class="number">{number}</span>' if number else ""
    title = f'<span class="title" dir="auto">{escape(paper.title[:1000])}</span>'
    back = '<button type="button" class="back">Back to the answer</button>' if number else ""
    return (
        f'<details class="card" id="{ident}"{" open" if is_open else ""}><summary>{mark}{title}{year}</summary>'
        f'<p class="abstract" dir="auto">{marked_abstract(paper.abstract, spans)}</p>'
        f'<p class="links">{_link(paper)}{back}</p></details>'
    )


def _link(paper: Paper) -> str:
    """Return a link to the paper where its host is known; other addresses are shown, not linked."""
    if not paper.url:
        return ""
    url = shown_url(paper.url)
    if url is None:
        return f"<span>{escape(paper.url[:200])}</span>"
    shown = escape(url.removeprefix("https://"))
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{shown}</a>'


def marked_abstract(abstract: str, spans: Iterable[Span]) -> str:
    """Return an abstract with its quoted characters in `<mark>`; spans may touch or overlap, in any order."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if 0 <= span[0] < span[1] <= len(abstract)):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    first, last = _window(abstract, merged)
    parts, place = ["… "] if first else [], first
    for start, end in merged:
        if first <= start < last:
            parts += [escape(abstract[place:start]), f"<mark>{escape(abstract[start : min(end, last)])}</mark>"]
            place = min(end, last)
    parts.append(escape(abstract[place:last]))
    return "".join(parts) + (" …" if last < len(abstract) else "")


def _window(abstract: str, spans: Sequence[Span]) -> Span:
    """Return which characters of an abstract are shown."""
    if len(abstract) <= LONGEST:
        return 0, len(abstract)
    start, end = spans[0] if spans else (0, 0)
    return max(0, start - AROUND), min(len(abstract), end + AROUND, start + LONGEST)
