"""Draws the map of topics, as the JSON that Plotly reads; where papers lie and what topics are called is given."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from html import escape
from typing import Any

from rag.show import clean

from .topics import Topic, TopicMap

__all__ = ["COLOURS", "picture"]

COLOURS = (
    "#3b82c4", "#e0812e", "#2f9e77", "#c2528b", "#8465c1", "#a88a1f", "#2aa0b5", "#cf4f4f", "#6f9a2f", "#8a7f78",
)  # fmt: skip
"""One for each topic, told apart on white and on black."""
FAINT = 0.12
HOVER_WIDTH, LONGEST_TITLE, LABEL_WIDTH = 46, 200, 14
EDGE = 0.86
"""How far out the middle of a name may stand; further, a narrow screen would cut it."""
FONT = "IBM Plex Sans, system-ui, sans-serif"
TEXT = "rgba(128,128,128,1)"
"""Where the style sheet does not reach: grey is read on both grounds."""


def picture(
    drawn: TopicMap, titles: Mapping[str, str], *, cited: Collection[str] = (), topic: int | None = None
) -> dict[str, Any]:
    """Return a figure: a dot for each paper in its topic's colour, its title on hover, rings around those `cited`.

    With `topic` the other topics are faint. Titles are untrusted: Plotly takes some HTML, so they are escaped.
    """
    traces = [
        _dots(drawn, titles, number, 1.0 if topic in {None, number} else FAINT) for number in range(len(drawn.topics))
    ]
    ringed = [place for place, paper in enumerate(drawn.ids) if paper in cited]
    return {
        "data": [*traces, _rings(drawn, titles, ringed)] if ringed else traces,
        "layout": _layout(drawn, topic),
        "config": {
            "displaylogo": False,
            "doubleClick": "reset",
            "modeBarButtons": [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]],
            "toImageButtonOptions": {"filename": "topics", "format": "svg"},
        },
    }


def _dots(drawn: TopicMap, titles: Mapping[str, str], number: int, opacity: float) -> dict[str, Any]:
    own = [place for place, topic in enumerate(drawn.topic_of) if topic == number]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": drawn.topics[number].name,
        **_at(drawn, titles, own),
        "marker": {"color": COLOURS[number % len(COLOURS)], "size": _size(len(drawn.ids)), "opacity": 0.85 * opacity},
    }


def _rings(drawn: TopicMap, titles: Mapping[str, str], own: list[int]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "last answer",
        **_at(drawn, titles, own),
        "marker": {
            "symbol": "circle-open",
            "color": "#e11d48",
            "size": _size(len(drawn.ids)) + 10,
            "line": {"width": 3, "color": "#e11d48"},
        },
    }


def _at(drawn: TopicMap, titles: Mapping[str, str], own: list[int]) -> dict[str, Any]:
    return {
        "x": [round(drawn.places[place][0], 4) for place in own],
        "y": [round(drawn.places[place][1], 4) for place in own],
        "text": [_shown(titles.get(drawn.ids[place], "")) for place in own],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _shown(title: str) -> str:
    """Return a title as Plotly's own HTML, in lines; it knows no entity for quotes, which need none."""
    return "<br>".join(
        escape(line, quote=False) for line in textwrap.wrap(clean(title)[:LONGEST_TITLE], HOVER_WIDTH)
    )  # fmt: skip


def _size(papers: int) -> int:
    return 11 if papers <= 60 else 9 if papers <= 300 else 7


def _layout(drawn: TopicMap, topic: int | None) -> dict[str, Any]:
    axis = {
        "visible": False, "range": [-1.08, 1.08], "showgrid": False, "zeroline": False, "fixedrange": False,
    }  # fmt: skip
    return {
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {
            "align": "left",
            "bgcolor": "#1d1c1a",
            "bordercolor": "#8a8780",
            "font": {"size": 13, "color": "#ffffff"},
        },
        "font": {"family": FONT},
        "dragmode": False,  # a finger that passes over the map scrolls the page
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": TEXT, "activecolor": COLOURS[0], "orientation": "h"},
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        "height": 460,
        "xaxis": axis,
        "yaxis": {**axis, "range": [-1.1, 1.25]},
        "uirevision": "topics",
        "annotations": [
            _label(one, number) for number, one in enumerate(drawn.topics) if topic in {None, number}
        ],
    }  # fmt: skip


def _label(topic: Topic, number: int) -> dict[str, Any]:
    lines = textwrap.wrap(topic.words[0], LABEL_WIDTH)
    x, y = topic.label
    return {
        "x": min(EDGE, max(-EDGE, x)),
        "y": min(1.0, y),
        "yanchor": "bottom",
        "yshift": 4,
        "text": "<br>".join(f"<b>{escape(line, quote=False)}</b>" for line in lines),
        "showarrow": False,
        "font": {"size": 12, "color": COLOURS[number % len(COLOURS)]},
        "captureevents": False,
    }
