"""The tab to ask in: where everything stands, and which event leads where; what happens is left to `ask_desk.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from .ask_desk import Desk
from .cards import sources_html
from .context import Context
from .conversations import Conversations
from .toolbar import toolbar

__all__ = ["build"]

QUOTED = "Answers are quoted word for word from the abstracts of this library."
WRITTEN = "Answers are written from the abstracts of this library, and every sentence is checked against them."
WELCOME = (
    '<div class="welcome"><h2>Ask your papers</h2><p>{} Every sentence carries a number that opens its source. When '
    "the papers do not answer, you are told so.</p></div>"
)
CHOOSE = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) trigger('choose', { question: button.innerText });
});
"""
SAVE = "(text) => {{ if (text) paperchatSave('{}', '{}', text); }}"
EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""How every event here is listened to: it is no endpoint, and nothing is veiled while it runs."""


def build(context: Context, kept: Conversations, last_cited: gr.State, examples: Callable[[], tuple[str, ...]]) -> Desk:
    """Build the tab inside the open `with gr.Tab(...)`."""
    with gr.Row(elem_id="split"):
        with gr.Column(scale=3, elem_id="talk"):
            chat = gr.Chatbot(
                elem_id="chat",
                show_label=False,
                label="Conversation",
                placeholder=WELCOME.format(WRITTEN if context.library.model else QUOTED),
                latex_delimiters=[],
                allow_tags=False,
                editable="user",
                buttons=[],
                layout="bubble",
            )
            suggestions = gr.HTML("", elem_id="suggest", js_on_load=CHOOSE)
            box = gr.Textbox(
                elem_id="q",
                label="Question",
                show_label=False,
                container=False,
                placeholder="Ask about the papers in this library",
                submit_btn=True,
                stop_btn=True,  # page.css shows one of the two
                max_lines=8,
                autofocus=True,
            )
            tools = toolbar()
        with gr.Column(scale=2, elem_id="panel"):
            sources = gr.HTML(sources_html(()), elem_id="sources")
    keys = gr.BrowserState([], storage_key="paperchat", secret=kept.secret())
    talk, pending = gr.State(None), gr.State("")
    desk = Desk(context, kept, examples, last_cited, keys, talk, pending, chat, box, suggestions, sources, tools)
    _wire_rest(desk, _wire_questions(desk))
    return desk


def _wire_questions(desk: Desk) -> list[Any]:
    """Lead everything that asks to an answer; return these events."""
    session = [desk.keys, desk.talk]
    asks = {"outputs": desk.asked, **EVENT}
    rest = [*session, *desk.tools.filters]
    return [
        desk.box.submit(desk.ask, [desk.box, *rest], **asks),
        desk.suggestions.choose(desk.choose, rest, **asks),
        desk.chat.retry(desk.retry, rest, **asks),
        desk.chat.edit(desk.edit, rest, **asks),
    ]


def _wire_rest(desk: Desk, running: list[Any]) -> None:
    """Lead everything else to what it does; what leaves an answer ends the writing of it."""
    session = [desk.keys, desk.talk]
    tools = desk.tools
    ended = [
        trigger(None, cancels=running, **EVENT) for trigger in (desk.box.stop, tools.new.click, tools.earlier.input)
    ]
    ended[0].then(desk.stop, [desk.pending, *session], desk.asked, **EVENT)
    ended[1].then(desk.begin, desk.keys, desk.everything, **EVENT)
    ended[2].then(desk.reopen, [tools.earlier, desk.keys], desk.everything, **EVENT)
    desk.chat.undo(desk.undo, session, desk.asked, cancels=running, **EVENT)
    desk.chat.like(desk.vote, session, desk.talk, **EVENT)
    for button, text, name, kind in (
        (tools.markdown, desk.as_markdown, "conversation.md", "text/markdown"),
        (tools.bibtex, desk.as_bibtex, "papers.bib", "text/plain"),
    ):
        button.click(text, session, tools.saved, **EVENT).then(None, tools.saved, js=SAVE.format(name, kind), **EVENT)
