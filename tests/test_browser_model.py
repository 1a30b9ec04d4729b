"""The page with a model behind it, in a real browser: it writes, lies, attacks, hangs and goes away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from model_server import KEY, ModelServer, Prompt, Way, well

pytest_plugins = ["browser"]

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"
EVIL = (
    "<script>alert(1)</script> ![x](https://away.example/x.png) <img src=x onerror=alert(1)> [a](javascript:alert(1))"
)


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    """Start a model server; what it answers is set by each test."""
    with ModelServer() as started:
        yield started


@pytest.fixture(scope="module")
def server(model: ModelServer, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start the page of the invented papers with that model."""
    from browser import Server

    home = tmp_path_factory.mktemp("machine")
    shutil.copytree(built, home / ".rag")
    started = Server(home, OPENAI_BASE_URL=model.url, OPENAI_API_KEY=KEY, RAG_MODEL="tiny", RAG_ANSWER_RETRIES="0")
    started.start()
    yield started
    started.kill()


def lie(prompt: Prompt) -> str:
    """Say the truth, and then what no source says."""
    return f"{well(prompt)} Pebble also cures headaches in 9 days [1]."


def attack(prompt: Prompt) -> str:
    """Say the truth, and then what would harm a careless page."""
    return f"{well(prompt)} {EVIL} [1]."


def test_a_written_answer_is_checked_and_marked(resident: Any, model: ModelServer) -> None:
    """What the model writes comes with its verdicts: the true sentence stands, the invented one is marked, with why."""
    assert "written by tiny" in resident.page.inner_text("#head")
    resident.begin()
    model.ways = [Way(lie)]
    answer = resident.ask(QUESTION)
    assert "3 bits" in answer.locator(".said").inner_text()
    assert "headaches" in answer.locator("mark.doubt").inner_text()
    assert answer.locator(".why").inner_text().startswith("⚠")
    assert "1 of 2 sentences" in answer.locator(".proof").inner_text()
    assert "written by tiny" in answer.locator(".proof").inner_text()


def test_a_hostile_model_runs_and_loads_nothing(resident: Any, model: ModelServer) -> None:
    """Markup, scripts and links in what a model writes are text, while it is written and after."""
    resident.begin()
    model.ways = [Way(attack, pause=0.02)]
    answer = resident.ask(QUESTION)
    assert "3 bits" in answer.inner_text()
    assert answer.locator("script, img, a:not(.cite)").count() == 0
    resident.check()


def test_stop_stops(resident: Any, model: ModelServer) -> None:
    """Stopping an answer that has no end: the model is left, the question is kept, and the next one is answered."""
    page = resident.page
    resident.begin()
    model.left.clear()
    model.ways = [Way(lambda _prompt: "endless", pause=0.01), Way()]
    page.fill("#q textarea", QUESTION)
    page.press("#q textarea", "Enter")
    page.wait_for_selector("#chat .writing")
    page.click("#q [data-testid=stop-button]")
    page.wait_for_selector("#chat .answer:has-text('Stopped.')")
    assert page.input_value("#q textarea") == QUESTION
    assert model.left.wait(20)
    page.press("#q textarea", "Enter")
    page.wait_for_selector("#chat .answer:has-text('3 bits')")


def test_a_model_that_hangs_blocks_nobody_else(visits: Any, model: ModelServer) -> None:
    """While one visitor waits for a model that says nothing, another one is answered."""
    one, other = visits(), visits()
    model.ways = [Way(end="hang", say=lambda _prompt: "Pebble"), Way()]
    one.page.fill("#q textarea", QUESTION)
    one.page.press("#q textarea", "Enter")
    one.page.wait_for_selector("#chat :is(.doing, .writing)")
    assert "3 bits" in other.ask(QUESTION).inner_text()
    assert one.page.locator("#chat :is(.doing, .writing)").count() == 1


def test_a_model_that_is_away_is_told(resident: Any, model: ModelServer) -> None:
    """When the model fails, the quoting answer is given, and one line says so; the key is in none of it."""
    resident.begin()
    model.ways = [Way(status=500)]
    answer = resident.ask(QUESTION)
    assert "3 bits" in answer.inner_text()
    assert answer.locator(".note").count() == 1
    assert KEY not in resident.page.content()
