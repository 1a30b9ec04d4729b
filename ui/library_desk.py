"""What the events of the Library tab do to a library, as values; the components that show them are left to the tab."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag import Library, Paper, PaperchatError
from rag.show import clean

from .atlas import Atlas, Sheet
from .library_view import error_line, legend, listing, matching, notice, page, uploaded
from .render import plural
from .topic_plot import picture
from .uploads import take_in

__all__ = ["STEP", "Desk", "View"]

STEP = 50
"""Rows that are shown at once, and that "more" adds."""
MOST_UNDONE = 50
"""Removals that one visitor can take back."""
LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class View:
    """What one visitor looks at: words searched for, order, topic, rows, the paper that is open, and removed ones."""

    asked: str = ""
    newest: bool = False
    topic: int | None = None
    shown: int = STEP
    chosen: str | None = None
    removed: tuple[Paper, ...] = ()


class Desk:
    """The work of the tab on one open library; it keeps nothing of a visitor, whose `View` comes and goes.

    No method raises PaperchatError: what failed is said in a line of HTML.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._atlas = Atlas(library)

    def table(self, view: View) -> tuple[str, str]:
        """Return how many papers there are, in words, and the table of those that are looked for."""
        try:
            papers = self._library.papers()
            of_topic = self._of_topic(papers, view)
        except PaperchatError as error:
            return "", error_line(error)
        found = matching(of_topic, view.asked, newest=view.newest)
        total = plural(len(papers), "paper")
        told = total if len(found) == len(papers) else f"{len(found):,} of {total}"
        return told, listing(found, len(papers), view.shown, step=STEP, chosen=view.chosen)

    def _of_topic(self, papers: Sequence[Paper], view: View) -> list[Paper]:
        if view.topic is None:
            return list(papers)
        drawn = self._atlas.sheet().drawn
        own = {paper for paper, topic in zip(drawn.ids, drawn.topic_of, strict=True) if topic == view.topic}
        return [paper for paper in papers if paper.id in own]

    def opened(self, view: View, paper_id: object) -> tuple[View, str]:
        """Return the page of the paper of an id, which comes from a browser and may be anything."""
        try:
            paper = self._library.paper(str(paper_id))
        except PaperchatError as error:
            return replace(view, chosen=None), error_line(error)
        return replace(view, chosen=paper.id), page(paper)

    def remove(self, view: View) -> tuple[View, str]:
        """Remove the open paper; return the line that says so."""
        if view.chosen is None:
            return view, ""
        try:
            paper = self._library.paper(view.chosen)
            self._library.remove(paper.id)
        except PaperchatError as error:
            return view, error_line(error)
        removed = (*view.removed, paper)[-MOST_UNDONE:]
        return replace(view, chosen=None, removed=removed), notice(f"Removed {_called(paper)}.")

    def undo(self, view: View) -> tuple[View, str]:
        """Bring back the paper that this visitor removed last, and open it; its source keeps its name."""
        if not view.removed:
            return view, ""
        paper = view.removed[-1]
        try:
            self._library.add(paper)
        except PaperchatError as error:
            return view, error_line(error)
        return replace(view, chosen=paper.id, removed=view.removed[:-1]), notice(f"{_called(paper)} is back.")

    def add(self, paths: Sequence[str], folder: str | Path) -> Iterator[str]:
        """Add uploaded files, all of which must lie in `folder`; yield what has become of them so far."""
        for files in take_in(self._library, paths, folder):
            yield uploaded(files)

    def add_starter(self) -> str:
        """Add the starter library; return the line that says so."""
        try:
            report = self._library.add(starter=True)
        except PaperchatError as error:
            return error_line(error)
        return notice(f"Added {plural(len(report.added) + len(report.updated), 'paper')} of the starter library.")

    def is_empty(self) -> bool:
        """Tell whether the library holds no papers."""
        try:
            return not len(self._library)
        except PaperchatError:
            return False

    def sheet(self) -> Sheet | None:
        """Return the map of the library, or None when its papers cannot be read."""
        try:
            return self._atlas.sheet()
        except PaperchatError:
            return None

    @staticmethod
    def drawn(sheet: Sheet, view: View, cited: Sequence[str]) -> tuple[dict[str, Any] | None, str]:
        """Return the figure of a map (None: too few papers for one) and its legend; `cited` papers are ringed."""
        figure = picture(sheet.drawn, sheet.titles, cited=frozenset(cited), topic=view.topic)
        told = legend(sheet.drawn, frozenset(cited), view.topic, sheet.total)
        return (figure if len(sheet.drawn.ids) > 1 else None), told


def _called(paper: Paper) -> str:
    title = clean(paper.title)
    return f"“{title if len(title) <= LONGEST_TITLE else f'{title[:LONGEST_TITLE]}…'}”"
