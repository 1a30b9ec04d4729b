"""Tests of the picture of the map: a figure that Plotly takes, in which a title is only ever text."""

from __future__ import annotations

import json

import pytest

from ui.topic_plot import COLOURS, picture
from ui.topics import MOST_TOPICS, Topic, TopicMap

HOSTILE = '<a href="https://evil.example">x</a><b>&amp;</b><img src=x onerror=alert(1)> %{x} $^2$'
MAP = TopicMap(
    ("a", "b", "c"),
    ((-1.0, 0.0), (0.5, 1.0), (0.25, -1.0)),
    (0, 0, 1),
    (Topic(("bees", "honey"), 2, (0.0, 1.0)), Topic(("tides",), 1, (1.0, -1.0))),
)
TITLES = {"a": "On bees", "b": HOSTILE, "c": "Tides"}


def test_plotly_takes_the_figure() -> None:
    """Plotly's own check finds nothing unknown in data and layout, and the whole is JSON."""
    objects = pytest.importorskip("plotly.graph_objects")
    drawn = picture(MAP, TITLES, cited=["a"], topic=1)
    objects.Figure(data=drawn["data"], layout=drawn["layout"])
    assert json.loads(json.dumps(drawn)) == drawn


def test_each_topic_has_its_papers_in_its_colour() -> None:
    """One trace a topic, with the places and titles of its papers."""
    first, second = picture(MAP, TITLES)["data"]
    assert (first["x"], first["y"]) == ([-1.0, 0.5], [0.0, 1.0])
    assert second["text"] == ["Tides"]
    assert [first["marker"]["color"], second["marker"]["color"]] == list(COLOURS[:2])
    assert len(set(COLOURS)) >= MOST_TOPICS


def test_a_title_is_text() -> None:
    """Plotly reads tags and entities in hover text: none of a title's own are left, and it is not a template."""
    (trace, _) = picture(MAP, TITLES)["data"]
    shown = trace["text"][1].replace("<br>", " ")
    assert "<" not in shown
    assert shown.startswith("&lt;a href=")
    assert "&amp;amp;" in shown
    assert shown.endswith("%{x} $^2$")
    assert trace["hovertemplate"] == "%{text}<extra></extra>"


def test_the_papers_of_the_last_answer_are_ringed() -> None:
    """Rings stand where the cited papers are; an id that is not on the map has none."""
    rings = picture(MAP, TITLES, cited=["c", "gone"])["data"][-1]
    assert (rings["x"], rings["y"], rings["text"]) == ([0.25], [-1.0], ["Tides"])
    assert rings["marker"]["symbol"] == "circle-open"
    assert len(picture(MAP, TITLES, cited=["gone"])["data"]) == 2


def test_a_chosen_topic_stands_out() -> None:
    """The other topics are faint, and only the chosen one keeps its name."""
    chosen = picture(MAP, TITLES, topic=1)
    faint, strong = (trace["marker"]["opacity"] for trace in chosen["data"])
    assert faint < 0.2 < strong
    assert [note["text"] for note in chosen["layout"]["annotations"]] == ["<b>tides</b>"]


def test_names_stay_on_the_picture() -> None:
    """A name at the edge is moved in, so that a narrow screen does not cut it."""
    notes = picture(MAP, TITLES)["layout"]["annotations"]
    assert [note["x"] for note in notes] == [0.0, 0.86]
