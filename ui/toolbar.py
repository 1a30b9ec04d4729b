"""Under the box: filters, earlier conversations, exports; what they lead to is decided in `ask_tab.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag import Library

from .conversations import Conversations
from .render import filter_label

__all__ = ["Toolbar", "toolbar"]

LISTED = 30
"""Earlier conversations that are offered."""
SOURCES = 500
"""Sources that are offered to filter by, those with the most papers."""
ANY_YEAR = ("any", 0)
EARLIER = ("Earlier conversations", "")


@dataclass(frozen=True)
class Toolbar:
    """The components of the bar."""

    new: gr.Button
    markdown: gr.Button
    bibtex: gr.Button
    saved: gr.Textbox
    """Never seen: the text of an export on its way to the browser."""
    filter_box: gr.Accordion
    sources: gr.Dropdown
    first_year: gr.Dropdown
    last_year: gr.Dropdown
    earlier: gr.Dropdown

    @property
    def filters(self) -> list[Any]:
        """The components whose values are the filter: sources, first and last year."""
        return [self.sources, self.first_year, self.last_year]

    @property
    def about_library(self) -> list[Any]:
        """The components that `of_library` updates."""
        return [*self.filters, self.filter_box]

    def of_library(self, library: Library) -> dict[Any, Any]:
        """Return the updates that offer what the library can be filtered by; the years only where there are dates."""
        counts = sorted(library.sources().items(), key=lambda item: (-item[1], item[0]))[:SOURCES]
        years = sorted({paper.published.year for paper in library.papers() if paper.published}, reverse=True)
        choices = [ANY_YEAR, *((str(year), year) for year in years)]
        return {
            self.sources: gr.Dropdown(
                choices=[(f"{name} ({count:,})", name) for name, count in counts], visible=len(counts) > 1
            ),
            self.first_year: gr.Dropdown(choices=choices, value=0, visible=len(years) > 1),
            self.last_year: gr.Dropdown(choices=choices, value=0, visible=len(years) > 1),
            self.filter_box: gr.Accordion(visible=len(counts) > 1 or len(years) > 1),
        }

    def of_browser(self, kept: Conversations, keys: Sequence[str]) -> dict[Any, Any]:
        """Return the updates that offer the conversations of a browser but the open one, which stands first."""
        titles = [(kept.title(key), key) for key in keys[1 : LISTED + 1]]
        choices = [(title, key) for title, key in titles if title]
        return {self.earlier: gr.Dropdown(choices=[EARLIER, *choices], value="", visible=bool(choices))}


def _labelled(*values: Any) -> gr.Accordion:  # noqa: ANN401
    return gr.Accordion(label=filter_label(*values))


def toolbar() -> Toolbar:
    """Build the bar."""
    bare: dict[str, Any] = {"show_label": False, "container": False}
    with gr.Row(elem_id="tools"):
        new = gr.Button("New conversation", elem_id="new", size="sm")
        earlier = gr.Dropdown([EARLIER], value="", label=EARLIER[0], elem_id="earlier", visible=False, **bare)
        markdown = gr.Button("Save Markdown", elem_id="save-markdown", size="sm")
        bibtex = gr.Button("Save BibTeX", elem_id="save-bibtex", size="sm")
        with (
            gr.Accordion(filter_label(None, 0, 0), open=False, elem_id="filters", visible=False) as filter_box,
            gr.Row(),
        ):
            sources = gr.Dropdown([], multiselect=True, label="Only from", elem_id="filter-sources", scale=3)
            first = gr.Dropdown([ANY_YEAR], value=0, label="From year", elem_id="filter-first", min_width=90)
            last = gr.Dropdown([ANY_YEAR], value=0, label="To year", elem_id="filter-last", min_width=90)
    saved = gr.Textbox(visible=False)
    gr.on(
        [part.change for part in (sources, first, last)],
        _labelled,
        [sources, first, last],
        filter_box,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    return Toolbar(new, markdown, bibtex, saved, filter_box, sources, first, last, earlier)
