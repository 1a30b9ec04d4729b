"""The tab that measures: where everything stands and which event leads where; what they do is in `bench.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from .context import Context
from .evaluating import loaded

if TYPE_CHECKING:
    from .bench import Bench

__all__ = ["build"]

Updates = dict[Any, Any]

EVENT: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
SLOW: dict[str, Any] = {**EVENT, "concurrency_limit": 4}
BARE: dict[str, Any] = {"apply_default_css": False, "padding": False}
SEEN = """
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) trigger('seen'); }).observe(element);
"""
ROUGHLY = "A sample tells roughly, in a fraction of the time."
LOOK = 0.7
"""Seconds between two looks at a run."""


@dataclass(frozen=True)
class _Parts:
    """The components of the tab."""

    head: Any
    library: Any
    extent: Any
    start: Any
    stop: Any
    go_on: Any
    progress: Any
    timer: Any
    fault: Any
    row: Any
    run: Any
    base: Any
    save: Any
    shown: Any
    drawn: Any
    """State: which run is shown, compared with which, so that it is not read again; None before the tab was seen."""


def build(context: Context) -> None:
    """Put the tab where it is called; without the evaluation's packages, a line that says what to install."""
    evaluation = loaded(context.library, Path.cwd())
    if isinstance(evaluation, str):
        gr.HTML(evaluation, elem_id="eval-fault", **BARE)
        return
    bench = evaluation.bench
    parts = _placed(f"<style>{evaluation.style}</style><h2>Evaluation</h2><p>{evaluation.about}</p>")
    _wire_runs(parts, bench)
    _wire_results(parts, bench)


def _placed(head: str) -> _Parts:
    from .bench import OWN, SAMPLE, STARTER, WHOLE
    from .run_view import NOTHING

    top = gr.HTML(head, elem_id="eval-head", js_on_load=SEEN, **BARE)
    with gr.Row(elem_id="eval-plan"):
        library = gr.Radio([OWN, STARTER], value=OWN, label="Which papers to ask", info=" ", elem_id="eval-library")
        extent = gr.Radio([WHOLE, SAMPLE], value=SAMPLE, label="What to ask", info=ROUGHLY, elem_id="eval-extent")
        start = gr.Button("Run", variant="primary", elem_id="eval-start")
        stop = gr.Button("Stop", variant="stop", visible=False, elem_id="eval-stop")
        go_on = gr.Button("Go on", visible=False, elem_id="eval-go-on")
    progress = gr.HTML("", elem_id="eval-progress", **BARE)
    fault = gr.HTML("", elem_id="eval-fault", **BARE)
    with gr.Row(elem_id="eval-runs", visible=False) as row:
        run = gr.Dropdown([], label="Run", filterable=False, elem_id="eval-run", scale=3)
        base = gr.Dropdown(
            [("nothing", "")], value="", label="Compare with", filterable=False, elem_id="eval-base", scale=3
        )
        save = gr.DownloadButton("Save the report", elem_id="eval-save")
    shown = gr.HTML(NOTHING, elem_id="run", **BARE)
    timer, drawn = gr.Timer(LOOK, active=False), gr.State(None)
    return _Parts(
        top, library, extent, start, stop, go_on, progress, timer, fault, row, run, base, save, shown, drawn
    )  # fmt: skip


def _going(parts: _Parts, bench: Bench) -> Updates:
    """Return the updates that show how the run stands; while it goes on, it is looked at again."""
    status = bench.runs.status()
    is_running = status.kind == "running"
    return {
        parts.progress: bench.told(status),
        parts.timer: gr.Timer(active=is_running),
        parts.start: gr.Button(visible=not is_running),
        parts.stop: gr.Button(visible=is_running),
        parts.go_on: gr.Button(visible=status.kind == "stopped" and bool(status.answers)),
    }


def _results(parts: _Parts, bench: Bench, name: str, base: str, drawn: str | None) -> Updates:
    """Return the updates that show a run, the newest when the one named is gone."""
    runs, bases = bench.choices()
    names = [one for _, one in runs]
    name = name if name in names else next(iter(names), "")
    bases = [(label, one) for label, one in bases if not one or one != name]
    base = base if base in [one for _, one in bases] else ""
    listed = {
        parts.row: gr.Row(visible=bool(runs)),
        parts.run: gr.Dropdown(choices=runs, value=name or None),
        parts.base: gr.Dropdown(choices=bases, value=base),
    }
    if not name or drawn == f"{name} {base}":
        return listed
    shown = bench.show(name, base, Path(parts.save.GRADIO_CACHE))
    report = str(shown.report) if shown.report else None
    return {
        **listed,
        parts.shown: shown.html,
        parts.fault: shown.fault,
        parts.save: gr.DownloadButton(value=report, interactive=report is not None),
        parts.drawn: f"{name} {base}",
    }


def _wire_runs(parts: _Parts, bench: Bench) -> None:
    def begin(library: str, extent: str) -> Updates:
        return {parts.fault: bench.start(library, extent), **_going(parts, bench)}

    def end() -> Updates:
        bench.runs.stop()
        bench.runs.wait(5)
        return {parts.fault: "", **_going(parts, bench)}

    def resume() -> Updates:
        return {parts.fault: bench.go_on(), **_going(parts, bench)}

    state = [parts.progress, parts.fault, parts.timer, parts.start, parts.stop, parts.go_on]
    parts.start.click(begin, [parts.library, parts.extent], state, **EVENT)
    parts.stop.click(end, None, state, **EVENT)
    parts.go_on.click(resume, None, state, **EVENT)


def _wire_results(parts: _Parts, bench: Bench) -> None:
    def seen(name: str | None, base: str | None, drawn: str | None) -> Updates:
        wanted, why = bench.advice()
        advised = gr.Radio(value=wanted, info=why) if drawn is None else gr.Radio(info=why)
        results = _results(parts, bench, name or "", base or "", drawn)
        return {parts.library: advised, parts.drawn: drawn or "", **_going(parts, bench), **results}

    def looked(name: str | None, base: str | None, drawn: str | None) -> Updates:
        going = _going(parts, bench)
        status = bench.runs.status()
        newest = status.name if status.kind == "done" else name or ""
        if status.kind == "running":
            return going
        return {**going, **_results(parts, bench, newest, base or "", drawn)}

    def chosen(name: str | None, base: str | None, drawn: str | None) -> Updates:
        return _results(parts, bench, name or "", base or "", drawn)

    given = [parts.run, parts.base, parts.drawn]
    results = [parts.row, parts.run, parts.base, parts.shown, parts.save, parts.drawn]
    state = [parts.progress, parts.timer, parts.start, parts.stop, parts.go_on]
    parts.head.seen(seen, given, [parts.library, parts.fault, *results, *state], **SLOW)
    parts.timer.tick(looked, given, [parts.fault, *results, *state], **SLOW)
    for one in (parts.run, parts.base):
        one.input(chosen, given, [parts.fault, *results], **SLOW)
