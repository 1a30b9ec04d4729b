"""`ask` for other programs, through `gradio_client` or as an MCP tool; the page itself does not use it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag import Library, PaperchatError
from rag.export import as_json

__all__ = ["add_endpoint", "add_tool"]

Messages = list[dict[str, str]]


def add_endpoint(library: Library) -> None:
    """Add the endpoint `/ask` to the open `with gr.Blocks(...)`: a question and messages in, `Answer.to_dict()` out."""

    def ask(question: str, history: Messages | None = None) -> dict[str, Any]:
        return _answer(library, question, history)

    ask._mcp_type = "endpoint"  # type: ignore[attr-defined]  # and so no tool: what it gives is shown as Python there
    gr.api(ask, api_name="ask", api_description="Answer a question from the abstracts: the JSON form of an answer.")


def add_tool(library: Library) -> None:
    """Add the MCP tool `ask` to the open `with gr.Blocks(...)`: the same, but the answer as JSON text."""

    def ask(question: str, history: Messages | None = None) -> str:
        """Answer a question from the paper abstracts in this library: sentences with the titles they come from.

        Says `abstained: true` when the papers do not hold an answer, and then lists the nearest papers as evidence.

        Args:
            question: A question in plain words, 4,000 characters at most.
            history: The conversation so far, oldest first, as {"role": "user" or "assistant", "content": text}.

        Returns:
            JSON: text with [1] markers, sentences with verdicts, citations (title and verbatim quote), evidence.

        """
        return as_json(_answer(library, question, history))

    gr.api(ask, api_name="ask_json", queue=False)


def _answer(library: Library, question: str, history: Messages | None) -> dict[str, Any]:
    try:
        return library.ask(question, history=history or []).to_dict()
    except PaperchatError as error:
        raise gr.Error(str(error), print_exception=False) from None
