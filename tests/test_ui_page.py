"""Tests of the page as its server offers it: parts, events, headers; what they do is tested in a browser."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from ui.theme import HEADERS

pytest_plugins = ["browser"]


@pytest.fixture(scope="module")
def offered(server: Any) -> dict[str, Any]:
    """Ask the server what its page is made of."""
    with urllib.request.urlopen(f"{server.url}config") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def parts(offered: dict[str, Any]) -> dict[str, Any]:
    return {one["props"]["elem_id"]: one for one in offered["components"] if one["props"].get("elem_id")}


def test_what_scripts_and_rules_need_is_there(offered: dict[str, Any]) -> None:
    """The parts that the script and the rules name have their ids."""
    wanted = {"head", "tabs", "tab-ask", "tab-library", "tab-evaluation", "split", "talk", "panel", "chat", "q"}
    wanted |= {"suggest", "tools", "sources", "new", "save-markdown", "save-bibtex", "earlier", "filters"}
    assert parts(offered).keys() >= wanted


def test_no_event_is_an_endpoint(offered: dict[str, Any]) -> None:
    """Only the endpoints that are meant to be called by others are public, and nothing is veiled while it runs."""
    public = {one["api_name"] for one in offered["dependencies"] if one["api_visibility"] != "private"}
    assert public == {"ask", "ask_json"}


def test_what_stops_an_answer(offered: dict[str, Any]) -> None:
    """Stopping, undoing and leaving a conversation end every event that asks."""
    found = parts(offered)
    events = {tuple(target): one for one in offered["dependencies"] for target in one["targets"]}
    asking = {
        events[found[part]["id"], event]["id"]
        for part, event in (("q", "submit"), ("suggest", "choose"), ("chat", "retry"), ("chat", "edit"))
    }
    for part, event in (("q", "stop"), ("new", "click"), ("earlier", "input"), ("chat", "undo")):
        assert set(events[found[part]["id"], event]["cancels"]) == asking


def test_the_chat_takes_text_as_it_is(offered: dict[str, Any]) -> None:
    """The chat reads no mathematics, no tags, and sanitises the rest."""
    chat = parts(offered)["chat"]["props"]
    assert (chat["latex_delimiters"], chat["allow_tags"], chat["sanitize_html"]) == ([], False, True)


@pytest.mark.parametrize("path", ["", "config", "assets/none.js", "gradio_api/info"])
def test_every_answer_carries_the_policy(server: Any, path: str) -> None:
    """Pages, data and errors alike are sent with what a browser may load."""
    try:
        with urllib.request.urlopen(f"{server.url}{path}") as answer:
            headers = answer.headers
    except urllib.error.HTTPError as error:
        headers = error.headers
        error.close()
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_the_page_names_no_other_machine_to_load_from(server: Any) -> None:
    """Nothing in the page's source is loaded from elsewhere, or connected to ahead of time."""
    import re

    with urllib.request.urlopen(server.url) as answer:
        source = answer.read().decode()
    assert re.findall(r"<link[^>]+href=[\"']?(?:https?:)?//[^>]*>", source) == []
    assert re.findall(r"<script[^>]+src=[\"']?(?:https?:)?//[^>]*>", source) == []
    assert "preconnect" not in source


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil"},
    ],
)
def test_another_machines_pages_are_turned_away(server: Any, headers: dict[str, str]) -> None:
    """A page elsewhere, and one whose name was made to lead here, gets nothing, whatever it asks for."""
    for path in ("", "config", "gradio_api/info", "gradio_api/queue/join", "gradio_api/mcp/"):
        request = urllib.request.Request(f"{server.url}{path}", headers=headers)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)
        with refused.value as answer:
            assert answer.code == 421
            assert b"RegMix" not in answer.read()
            assert answer.headers["Content-Security-Policy"]


def test_no_file_of_the_library_is_served(server: Any) -> None:
    """The server hands out no file of the library, the secret least of all."""
    for name in ("catalogue.sqlite", "ui/secret"):
        assert (server.library / name).exists()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.url}gradio_api/file={server.library / name}")
        with refused.value as answer:
            assert answer.code == 403
