"""What the Library tab shows, as HTML in which every text of a paper or a file is escaped; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rag import Paper, PaperchatError
from rag.sources.identifiers import shown_url

from .cards import marked_abstract
from .render import escape, plural
from .topic_plot import COLOURS
from .topics import TopicMap
from .uploads import Upload

__all__ = ["error_line", "legend", "listing", "matching", "notice", "page", "uploaded"]

LONGEST_TITLE, LONGEST_NAME = 300, 120
MOST_AUTHORS = 8
MOST_FAILURES, LONGEST_REASON = 10, 800
FATES = ("added", "updated", "unchanged")


def matching(papers: Sequence[Paper], asked: str, *, newest: bool = False) -> list[Paper]:
    """Return the papers that hold every word of what was typed, those with all of them in the title first.

    A word is looked for, as it stands, in title, abstract, authors, source, year and id; without words, all are
    returned. Order is that of titles, or the newest first (papers without a date last).
    """
    wanted = asked.casefold().split()
    titles, others = [], []
    for paper in papers:
        if all(word in paper.title.casefold() for word in wanted):
            titles.append(paper)
        elif all(word in _searched(paper) for word in wanted):
            others.append(paper)
    if newest:
        for found in (titles, others):
            found.sort(key=lambda paper: -paper.published.toordinal() if paper.published else 0)
    return titles + others


def _searched(paper: Paper) -> str:
    year = str(paper.published.year) if paper.published else ""
    return " ".join((paper.title, paper.abstract, *paper.authors, paper.source, paper.id, year)).casefold()


def listing(found: Sequence[Paper], total: int, shown: int, *, step: int, chosen: str | None = None) -> str:
    """Return the table of the first `shown` of the papers found, of `total` in the library.

    A row's button has the paper's id in `data-paper`; the one under the table, if there are more, has `data-more`.
    Years have a column where one is known.
    """
    if not total:
        return '<p class="none">The library holds no papers yet. Drop a saved page under “Add papers”.</p>'
    if not found:
        return '<p class="none">No paper holds all of these words.</p>'
    is_dated = any(paper.published for paper in found)
    rows = "".join(_row(paper, is_chosen=paper.id == chosen, is_dated=is_dated) for paper in found[:shown])
    left = len(found) - shown
    more = (
        f'<button type="button" class="more" data-more="1">Show {min(left, step):,} more of {len(found):,}</button>'
        if left > 0
        else ""
    )
    years = '<th scope="col" class="year">Year</th>' if is_dated else ""
    head = f'<tr><th scope="col">Title</th>{years}<th scope="col" class="source">Source</th></tr>'
    return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{more}"


def _row(paper: Paper, *, is_chosen: bool, is_dated: bool) -> str:
    year = f'<td class="year">{paper.published.year if paper.published else ""}</td>' if is_dated else ""
    current = ' aria-current="true"' if is_chosen else ""
    return (
        f'<tr><td><button type="button" dir="auto" data-paper="{escape(paper.id)}"{current}>'
        f"{_short(paper.title, LONGEST_TITLE)}</button></td>"
        f'{year}<td class="source" title="{_short(paper.source, 1000)}">'
        f"<bdi>{_short(paper.source, LONGEST_NAME)}</bdi></td></tr>"
    )


def _short(text: str, longest: int) -> str:
    return escape(text if len(text) <= longest else f"{text[:longest]}…")


def page(paper: Paper | None) -> str:
    """Return a paper with its abstract, each character as it stands in the library; None: what to do to see one."""
    if paper is None:
        return '<p class="none">Choose a paper to read its abstract.</p>'
    when = paper.published.isoformat() if paper.published else ""
    names = ", ".join(paper.authors[:MOST_AUTHORS])
    if len(paper.authors) > MOST_AUTHORS:
        names += f" and {len(paper.authors) - MOST_AUTHORS} more"
    facts = [_short(fact, LONGEST_TITLE) for fact in (names, when, paper.source) if fact]
    said = " · ".join(f"<bdi>{fact}</bdi>" for fact in facts)
    return (
        f'<article><h3 dir="auto" tabindex="-1">{_short(paper.title, 2_000)}</h3><p class="facts">{said}</p>'
        f'<p class="abstract" dir="auto">{marked_abstract(paper.abstract, [])}</p>{_link(paper)}</article>'
    )


def _link(paper: Paper) -> str:
    """Return a link where the host is known; another address is shown, not linked."""
    if not paper.url:
        return ""
    url = shown_url(paper.url)
    if url is None:
        return f'<p class="facts">{_short(paper.url, LONGEST_TITLE)}</p>'
    shown = _short(url.removeprefix("https://"), LONGEST_NAME)
    return f'<p class="facts"><a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{shown}</a></p>'


def notice(text: str) -> str:
    """Return a line that says what was done."""
    return f'<p class="notice" role="status" dir="auto">{escape(text)}</p>'


def error_line(error: PaperchatError) -> str:
    """Return a line that says what failed, and what to do next."""
    remedy = f" <span>{escape(_sentence(error.remedy))}</span>" if error.remedy else ""
    return f'<p class="failure" role="alert">{escape(_sentence(error.what))}{remedy}</p>'


def _sentence(text: str) -> str:
    is_word = text.partition(" ")[0].isalpha()  # the name of a file keeps its small letter
    return (text[:1].upper() if is_word else text[:1]) + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def uploaded(files: Sequence[Upload]) -> str:
    """Return what has become so far of the files given: one line each with its bar, and the sum once all are done."""
    if not files:
        return ""
    return f'{_sum(files)}<ul class="files">{"".join(_file(one) for one in files)}</ul>'


def _sum(files: Sequence[Upload]) -> str:
    if not all(one.is_done for one in files):
        done = sum(one.is_done for one in files)
        return f'<p class="notice" role="status">Reading {plural(len(files), "file")}, {done} done…</p>'
    counts = {fate: sum(one.counts.get(fate, 0) for one in files) for fate in FATES}
    failed = sum(len(one.failures) for one in files)
    told = [f"{count:,} {fate}" for fate, count in counts.items() if count] + ([f"{failed:,} failed"] if failed else [])
    kind = "notice" if any(counts.values()) else "failure"
    return f'<p class="{kind}" role="status">{", ".join(told) or "Nothing was found"}.</p>'


def _file(one: Upload) -> str:
    name = f'<span class="name" dir="auto"><bdi>{_short(one.name, LONGEST_NAME)}</bdi></span>'
    if not one.is_done:
        bar = f'<progress max="1" value="{one.done:.2f}" aria-label="Reading {_short(one.name, LONGEST_NAME)}">'
        return f'<li class="reading">{name}<span class="fate">{one.done:.0%}</span>{bar}</progress></li>'
    fates = [f"{one.counts[fate]:,} {fate}" for fate in FATES if one.counts.get(fate)]
    fates += [f"{len(one.failures):,} failed"] if one.failures else []
    reasons = "".join(f"<li>{_short(reason, LONGEST_REASON)}</li>" for reason in one.failures[:MOST_FAILURES])
    if len(one.failures) > MOST_FAILURES:
        reasons += f"<li>and {len(one.failures) - MOST_FAILURES:,} more</li>"
    why = f'<ul class="reasons" dir="auto">{reasons}</ul>' if reasons else ""
    kind = "well" if any(one.counts.values()) else "badly"
    return f'<li class="{kind}">{name}<span class="fate">{", ".join(fates) or "nothing"}</span>{why}</li>'


def legend(drawn: TopicMap, cited: Collection[str] = (), topic: int | None = None, total: int = 0) -> str:
    """Return the topics as buttons (`data-topic`) in the colours of the map, and what its rings mean."""
    if len(drawn.ids) < 2:
        return '<p class="none">With two papers or more, this shows how they lie by topic.</p>'
    buttons = "".join(
        f'<li><button type="button" data-topic="{number}" aria-pressed="{"true" if number == topic else "false"}">'
        f'<i style="background:{COLOURS[number % len(COLOURS)]}"></i><span>{escape(one.name)}</span>'
        f"<small>{one.size:,}</small></button></li>"
        for number, one in enumerate(drawn.topics)
    )
    ringed = sum(paper in cited for paper in drawn.ids)
    rings = f'<p class="ringed"><i></i>{plural(ringed, "paper")} of the last answer</p>' if ringed else ""
    part = f'<p class="facts">{len(drawn.ids):,} of {total:,} papers are drawn.</p>' if total > len(drawn.ids) else ""
    return f'<ul class="topics">{buttons}</ul>{rings}{part}'
