"""Tests of the Library tab as the page offers it; what its events do is tested beside `library_desk.py`."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

pytest_plugins = ["browser"]

PARTS = {"search", "order", "papers", "paper", "upload", "report", "remove", "undo", "starter", "plot", "topics"}


@pytest.fixture(scope="module")
def offered(server: Any) -> dict[str, Any]:
    """Ask the server what its page is made of."""
    with urllib.request.urlopen(f"{server.url}config") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@pytest.fixture(scope="module")
def parts(offered: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the components that have an id of their own, by it."""
    named = [one for one in offered["components"] if one["props"].get("elem_id")]
    assert len({one["props"]["elem_id"] for one in named}) == len(named)
    return {one["props"]["elem_id"]: one for one in named}


def events(offered: dict[str, Any], part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what is done at the events of a component, by their names."""
    return {name: one for one in offered["dependencies"] for target, name in one["targets"] if target == part["id"]}


def test_what_a_script_or_a_style_sheet_needs_is_named(parts: dict[str, dict[str, Any]]) -> None:
    """The parts of the tab have ids of their own, each once on the page."""
    assert parts.keys() >= PARTS


@pytest.mark.parametrize("name", ["papers", "topics"])
def test_what_a_script_triggers_is_listened_to(offered: dict[str, Any], parts: dict[str, Any], name: str) -> None:
    """Each event of the table and of the legend that they can use has a handler."""
    wanted = {"papers": {"seen", "choose", "more"}, "topics": {"seen", "topic"}}[name]
    assert events(offered, parts[name]).keys() == wanted
    assert all(f"trigger('{event}'" in parts[name]["props"]["js_on_load"] for event in wanted)


def test_no_event_is_an_endpoint(offered: dict[str, Any], parts: dict[str, dict[str, Any]]) -> None:
    """Adding and removing are for the page, not for clients that call it by name."""
    done = [one for name in PARTS for one in events(offered, parts[name]).values()]
    assert len(done) >= 10
    assert {one["api_visibility"] for one in done} == {"private"}


def test_a_change_is_told_to_the_other_tabs(offered: dict[str, Any], parts: dict[str, dict[str, Any]]) -> None:
    """Upload, removal, undo and starter all end in the state whose change the head of the page follows."""
    head = parts["head"]["id"]
    follows = {
        target
        for one in offered["dependencies"]
        for target, name in one["targets"]
        if name == "change" and head in one["outputs"]
    }
    for part, event in (("upload", "upload"), ("remove", "click"), ("undo", "click"), ("starter", "click")):
        assert follows & set(events(offered, parts[part])[event]["outputs"])
