"""Where everything stands on the tab of the papers; which event leads where is decided in `library_tab.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from .library_desk import View
from .library_view import page

__all__ = ["Parts", "heading", "placed"]

STYLE = Path(__file__).with_name("library.css")
BARE: dict[str, Any] = {"apply_default_css": False, "padding": False}
"""HTML that only our own rules dress."""

SEEN = """
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) trigger('seen'); }).observe(element);
"""
CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.paper !== undefined) {
    element.querySelectorAll('[aria-current]').forEach((one) => one.removeAttribute('aria-current'));
    button.setAttribute('aria-current', 'true');
    trigger('choose', { paper: button.dataset.paper });
  }
  if (button.dataset.more !== undefined) trigger('more');
  if (button.dataset.topic !== undefined) trigger('topic', { topic: Number(button.dataset.topic) });
});
"""
SHOW = """
watch('value', () => {
  if (matchMedia('(max-width: 860px)').matches && element.querySelector('article'))
    element.scrollIntoView({ block: 'start', behavior: 'smooth' });
});
"""


@dataclass(frozen=True)
class Parts:
    """The components of the tab."""

    view: Any
    changed: Any
    search: Any
    order: Any
    count: Any
    table: Any
    files: Any
    report: Any
    starter: Any
    told: Any
    undo: Any
    paper: Any
    remove: Any
    plot: Any
    legend: Any
    drawn: Any


def placed() -> Parts:
    """Put the components of the tab where this is called."""
    view, changed, drawn = gr.State(View()), gr.State(0), gr.State("")
    with gr.Row(elem_id="library"):
        with gr.Column(scale=3, elem_id="shelf"):
            search, order, count, table = _shelf()
        with gr.Column(scale=2, elem_id="desk"):
            files, report, starter, told, undo, paper, remove = _desk()
    plot, legend = _map()
    return Parts(
        view, changed, search, order, count, table, files, report, starter, told, undo, paper, remove, plot, legend,
        drawn,
    )  # fmt: skip


def _shelf() -> tuple[Any, ...]:
    count = gr.HTML(heading(""), **BARE, elem_id="papers-head")
    with gr.Row(elem_id="papers-search"):
        search = gr.Textbox(
            placeholder="Search titles, abstracts, authors, sources",
            label="Search papers",
            show_label=False,
            container=False,
            scale=5,
            max_length=200,
            elem_id="search",
        )
        order = gr.Dropdown(
            ["By title", "Newest first"],
            label="Order",
            show_label=False,
            container=False,
            filterable=False,
            min_width=140,
            scale=1,
            elem_id="order",
        )
    table = gr.HTML("", **BARE, elem_id="papers", js_on_load=CLICKS + SEEN)
    return search, order, count, table


def heading(count: str) -> str:
    """Return the head of the shelf, with how many papers there are in words."""
    return f'<h2>Papers</h2><p role="status">{count}</p>'


def _desk() -> tuple[Any, ...]:
    gr.HTML(
        f"<style>{STYLE.read_text('utf-8')}</style>"
        "<h2>Add papers</h2><p>Saved pages of arXiv or Hugging Face, and lists as text, JSON, CSV or BibTeX.</p>",
        **BARE,
        elem_id="add-head",
    )
    files = gr.File(
        label="Drop pages here, or choose files",
        show_label=False,
        container=False,
        file_count="multiple",
        height=96,
        elem_id="upload",
    )
    report = gr.HTML("", **BARE, elem_id="report")
    starter = gr.Button("Add the starter library", visible=False, elem_id="starter")
    with gr.Row(elem_id="done"):
        told = gr.HTML("", **BARE, elem_id="told")
        undo = gr.Button("Undo", size="sm", visible=False, min_width=0, elem_id="undo")
    paper = gr.HTML(page(None), **BARE, elem_id="paper", js_on_load=SHOW)
    remove = gr.Button("Remove this paper", size="sm", variant="secondary", visible=False, elem_id="remove")
    return files, report, starter, told, undo, paper, remove


def _map() -> tuple[Any, Any]:
    with gr.Column(elem_id="map"):
        gr.HTML(
            "<h2>Topics</h2><p>Each dot is a paper; near ones are about like things. Choose a topic to list it.</p>",
            **BARE,
            elem_id="map-head",
        )
        with gr.Row(elem_id="map-row"):
            plot = gr.Plot(show_label=False, container=False, scale=3, elem_id="plot")
            legend = gr.HTML("", **BARE, elem_id="topics", js_on_load=CLICKS + SEEN)
    return plot, legend
