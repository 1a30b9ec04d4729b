"""The page for everybody: what axe-core finds, and the keyboard alone, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

pytest_plugins = ["browser"]

ALLOWED = {("aria-prohibited-attr", 'aria-label="Empty value"')}
"""Rules that Gradio's own markup breaks, and where: a plot that is not drawn yet."""

FILLED = {"library": "#papers tbody tr", "evaluation": "#eval-library:has-text('questions rest on')"}


def wrongs(page: Any) -> list[str]:
    """Return what axe-core finds wrong: the rule and the element."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:300]} {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
        if not any(rule["id"] == allowed and place in node["html"] for allowed, place in ALLOWED)
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_asking(resident: Any, scheme: str) -> None:
    """The empty page, an answer, a refusal and an error have no fault that a machine can find, in light and dark."""
    one = resident
    one.begin()
    if scheme == "dark":
        one.page.click("#theme")
    assert wrongs(one.page) == []
    one.ask("Which papers are about knowledge distillation?")
    one.ask("best pizza topping for a rainy day")
    one.ask("why " * 1200)
    assert wrongs(one.page) == []


@pytest.mark.parametrize("tab", FILLED)
def test_axe_finds_nothing_on_the_other_tabs(resident: Any, tab: str) -> None:
    """The tabs of the papers and of the runs have no fault that a machine can find."""
    resident.page.click(f"#tab-{tab}-button")
    resident.page.wait_for_selector(FILLED[tab])
    resident.page.wait_for_timeout(500)
    assert wrongs(resident.page) == []


def test_axe_finds_nothing_on_a_phone(visits: Any) -> None:
    """An answer on a phone has no fault that a machine can find."""
    one = visits(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    one.ask("What is RegMix?")
    assert wrongs(one.page) == []


def test_the_keyboard_alone_suffices(resident: Any) -> None:
    """Without a mouse: ask, go to a number, open its source, come back, take a suggestion, change tabs."""
    page = resident.page
    page.click("#tab-ask-button")
    resident.begin()
    page.keyboard.press("Tab")
    reach(page, "#q textarea")
    page.keyboard.type("What is RegMix?")
    with resident.answered() as answer:
        page.keyboard.press("Enter")
    assert "RegMix" in answer.inner_text()
    reach(page, "a.cite[href='#src-1-1']", backwards=True)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('#src-1-1') !== null")
    reach(page, "#src-1-1 button.back")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('a.cite')")
    reach(page, "#suggest button")
    with resident.answered():
        page.keyboard.press("Enter")
    reach(page, "#tab-library-button", backwards=True)
    page.keyboard.press("Enter")
    page.wait_for_selector("#tab-library:visible")


def reach(page: Any, selector: str, *, backwards: bool = False) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(80):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
    raise AssertionError(f"Tab does not reach {selector}")
