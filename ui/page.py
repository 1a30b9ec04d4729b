"""The whole page: header, tabs, the endpoint, and how they hear of one another; serving it is left to `app.py`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import gradio as gr

from rag import Evidence, Library

from . import ask_tab, evaluation_tab, library_tab
from .ask_tab import EVENT
from .context import Context
from .conversations import Conversations
from .endpoint import add_endpoint, add_tool
from .render import header_html, plural
from .suggest import examples

__all__ = ["page"]

BANNER = "This is the starter library: digests of 150 papers to try things on. Add your own under Library."
USERS = 64
"""Questions that are answered at once; further ones wait for their turn."""


def page(context: Context, *, mcp: bool = False) -> gr.Blocks:
    """Build the page of a library; with `mcp`, its tool too."""
    library = context.library
    kept = Conversations(context.notes, library.paper)

    @lru_cache(maxsize=1)
    def of_size(_papers: int) -> tuple[str, ...]:
        return examples(library.papers(), lambda question: _found(library, question))

    with gr.Blocks(title="Paperchat", fill_width=True, analytics_enabled=False) as blocks:
        # first, or another handler has the name
        if mcp:
            add_tool(library)
        add_endpoint(library)
        head = gr.HTML(elem_id="head")
        last_cited = gr.State([])
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="ask", elem_id="tab-ask"):
                desk = ask_tab.build(context, kept, last_cited, lambda: of_size(len(library)))
            with gr.Tab("Library", id="library", elem_id="tab-library"):
                papers = library_tab.build(context, last_cited)
            with gr.Tab("Evaluation", id="evaluation", elem_id="tab-evaluation"):
                evaluation_tab.build(context)

        def renew() -> dict[Any, Any]:
            return {head: _header(context), **desk.tools.of_library(library)}

        about_library = [head, *desk.tools.about_library]
        blocks.load(renew, None, about_library, **EVENT)
        blocks.load(desk.greet, desk.keys, desk.everything, **EVENT)
        papers.changed.change(renew, None, about_library, **EVENT)
        papers.changed.change(desk.renew, [desk.keys, desk.talk], desk.everything, **EVENT)
    blocks.queue(default_concurrency_limit=USERS)
    return blocks


def _found(library: Library, question: str) -> Sequence[Evidence]:
    """Return what a question finds, nothing when it is refused; no model is asked for that."""
    if library.model is not None:
        return library.search(question, 1)
    answer = library.ask(question)
    return () if answer.abstained else answer.evidence


def _header(context: Context) -> str:
    library = context.library
    mode = f"written by {library.model.name}, checked" if library.model else "offline, word for word"
    facts = (plural(len(library), "paper"), f"embedder: {library.embedder_name}", f"answers: {mode}")
    return header_html(facts, BANNER if context.is_new else "")
