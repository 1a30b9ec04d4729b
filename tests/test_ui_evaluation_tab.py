"""Tests of the Evaluation tab as the page offers it; what its events do is tested beside `bench.py`."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

pytest_plugins = ["browser"]

PARTS = {
    "eval-head", "eval-library", "eval-extent", "eval-start", "eval-stop", "eval-go-on", "eval-progress", "eval-fault",
    "eval-run", "eval-base", "eval-save", "run",
}  # fmt: skip


@pytest.fixture(scope="module")
def offered(server: Any) -> dict[str, Any]:
    """Ask the server what its page is made of."""
    with urllib.request.urlopen(f"{server.url}config") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def test_what_a_script_or_a_style_sheet_needs_is_named(offered: dict[str, Any]) -> None:
    """The parts of the tab have ids of their own."""
    assert {one["props"].get("elem_id") for one in offered["components"]} >= PARTS


def test_no_event_is_an_endpoint(offered: dict[str, Any]) -> None:
    """Nobody starts or stops a run by calling it by name."""
    own = {one["id"] for one in offered["components"] if one["props"].get("elem_id") in PARTS}
    done = [one for one in offered["dependencies"] if own & {target for target, _ in one["targets"]}]
    assert len(done) >= 6
    assert {one["api_visibility"] for one in done} == {"private"}


def test_a_run_is_looked_at_only_while_it_goes_on(offered: dict[str, Any]) -> None:
    """The timer that looks at a run does not tick from the start."""
    (timer,) = [one for one in offered["components"] if one["type"] == "timer"]
    assert timer["props"]["active"] is False
