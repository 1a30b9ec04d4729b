"""The tab of the papers: where everything stands and which event leads where; what they do is in `library_desk.py`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.components.plot import PlotData

from .context import Context
from .library_desk import STEP, Desk, View
from .library_parts import Parts, heading, placed
from .library_view import page

__all__ = ["LibraryTab", "build"]

Updates = dict[Any, Any]

QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""Events that are answered at once, and that nobody need wait in line for."""
SLOW: dict[str, Any] = {"concurrency_limit": 4, "show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class LibraryTab:
    """What other tabs can know of this one."""

    changed: Any
    """gr.State of int: it changes whenever papers came or went."""


def build(context: Context, last_cited: gr.State) -> LibraryTab:
    """Put the tab where it is called; `last_cited` is a `gr.State` with the ids of the papers to ring on the map."""
    parts = placed()
    desk = Desk(context.library)
    _wire_table(parts, desk)
    _wire_changes(parts, desk, context)
    _wire_map(parts, desk, last_cited)
    return LibraryTab(parts.changed)


def _wire_table(parts: Parts, desk: Desk) -> None:
    def listed(view: View) -> Updates:
        count, table = desk.table(view)
        return {parts.view: view, parts.count: heading(count), parts.table: table}

    def searched(view: View, asked: str, order: str) -> Updates:
        return listed(replace(view, asked=asked, newest=order != "By title", shown=STEP))

    def seen(view: View) -> Updates:
        return {**listed(view), parts.starter: gr.Button(visible=desk.is_empty())}

    def more(view: View) -> Updates:
        return listed(replace(view, shown=view.shown + STEP))

    def choose(view: View, event: gr.EventData) -> Updates:
        view, shown = desk.opened(view, getattr(event, "paper", ""))
        return {parts.view: view, parts.paper: shown, parts.remove: gr.Button(visible=view.chosen is not None)}

    shown = [parts.view, parts.count, parts.table]
    typed = [parts.view, parts.search, parts.order]
    parts.search.change(searched, typed, shown, trigger_mode="always_last", **QUICK)
    parts.order.change(searched, typed, shown, **QUICK)
    parts.table.seen(seen, [parts.view], [*shown, parts.starter], **QUICK)
    parts.table.more(more, [parts.view], shown, **QUICK)
    parts.table.choose(choose, [parts.view], [parts.view, parts.paper, parts.remove], **QUICK)


def _wire_changes(parts: Parts, desk: Desk, context: Context) -> None:
    def shown(view: View, told: str) -> Updates:
        """Return the updates after something changed; the topics may be others now, so none stays chosen."""
        view = replace(view, topic=None)
        count, table = desk.table(view)
        paper = page(None) if view.chosen is None else desk.opened(view, view.chosen)[1]
        return {
            parts.view: view,
            parts.count: heading(count),
            parts.table: table,
            parts.paper: paper,
            parts.remove: gr.Button(visible=view.chosen is not None),
            parts.told: told,
            parts.undo: gr.Button(visible=bool(view.removed)),
            parts.starter: gr.Button(visible=desk.is_empty()),
            parts.changed: context.changed(),
        }

    def uploaded(view: View, files: list[str] | None) -> Iterator[Updates]:
        for report in desk.add(files or [], parts.files.GRADIO_CACHE):
            yield {parts.report: report}
        yield {**shown(view, ""), parts.files: None}

    every = [
        parts.view, parts.count, parts.table, parts.paper, parts.remove, parts.told, parts.undo, parts.starter,
        parts.changed,
    ]  # fmt: skip
    parts.files.upload(uploaded, [parts.view, parts.files], [*every, parts.report, parts.files], **SLOW)
    parts.remove.click(lambda view: shown(*desk.remove(view)), [parts.view], every, **SLOW)
    parts.undo.click(lambda view: shown(*desk.undo(view)), [parts.view], every, **SLOW)
    parts.starter.click(lambda view: shown(view, desk.add_starter()), [parts.view], every, **SLOW)


def _wire_map(parts: Parts, desk: Desk, last_cited: gr.State) -> None:
    def drawn(view: View, cited: list[str] | None, before: str) -> Updates:
        sheet = desk.sheet()
        state = f"{sheet.state if sheet else 0} {view.topic} {sorted(cited or [])}"
        if sheet is None or state == before:
            return {parts.drawn: before}
        figure, legend = desk.drawn(sheet, view, cited or [])
        plot = PlotData(type="plotly", plot=json.dumps(figure)) if figure else None
        return {parts.drawn: state, parts.plot: gr.Plot(value=plot, visible=figure is not None), parts.legend: legend}

    def topic(view: View, cited: list[str] | None, before: str, event: gr.EventData) -> Updates:
        asked = getattr(event, "topic", None)
        view = replace(view, topic=asked if isinstance(asked, int) and asked != view.topic else None, shown=STEP)
        count, table = desk.table(view)
        listed = {parts.view: view, parts.count: heading(count), parts.table: table}
        return {**listed, **drawn(view, cited, before)}

    given, shown = [parts.view, last_cited, parts.drawn], [parts.drawn, parts.plot, parts.legend]
    parts.legend.seen(drawn, given, shown, **SLOW)
    parts.changed.change(drawn, given, shown, **SLOW)
    parts.legend.topic(topic, given, [*shown, parts.view, parts.count, parts.table], **SLOW)
