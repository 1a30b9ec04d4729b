"""Tests of how the chat's events are read; what they lead to is tested in a browser."""

from __future__ import annotations

from typing import Any

import gradio as gr
import pytest

from ui.ask_desk import _place as place
from ui.ask_desk import _text as text


@pytest.mark.parametrize(("index", "turn"), [(0, 0), (1, 0), (2, 1), (7, 3), ((4, 0), 2)])
def test_two_messages_are_a_turn(index: Any, turn: int) -> None:
    """A question and its answer are one turn; an index with a part in it counts the same."""
    data = {"index": index, "value": "q", "previous_value": "p"}
    for event in (gr.RetryData, gr.UndoData, gr.EditData, gr.LikeData):
        assert place(event(None, data)) == turn


@pytest.mark.parametrize(
    ("value", "question"),
    [
        (r"what is a\*b\?", "what is a*b?"),
        ("typed a*b", "typed a*b"),
        ([{"type": "text", "text": r"one\-"}, {"type": "text", "text": "two"}], "one-two"),
        ({"text": "x"}, "x"),
        ([], ""),
        (None, ""),
    ],
)
def test_a_message_is_read_as_the_question_it_shows(value: object, question: str) -> None:
    """Whether it comes as text or in parts, escaped or typed anew, the question is what was seen."""
    assert text(value) == question
