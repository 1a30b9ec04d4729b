"""The Library tab in a real browser: find, read, add, remove, bring back, and see papers lie by topic."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MORE, STACK, write_jsonl

from rag import Library, Paper

pytest_plugins = ["browser"]

TRICKY = r"It has 2 tides. Task~Arithmetic, a<b, \% and *x* with $^2$, [1](http://x.example), ${alert(1)} {{x}} & `y` https://x.example"
SCRIPT = '"><script>alert(1)</script><img src=//evil.example/x onerror=alert(2)>'
HOSTILE = (
    Paper("h1", f"{SCRIPT} Tricky sea", TRICKY, url="javascript:alert(3)", source=SCRIPT),
    Paper("h2", '<a href="https://evil.example">free</a> <form action=//evil.example>', f"{SCRIPT} It has 3 tides."),
    Paper("h3", "\u202egnitnirp\u202c %{x} <b>bold</b> $x^2$ Markdown ![x](//evil.example/x.png)", "Ink has 4 tides."),
    Paper("h4", "Endless " + "x" * 100_000, "An endless title has 5 tides. " * 30),
)


SHIPPED = 150
PAPERS = SHIPPED + len(STACK) + len(HOSTILE)


@pytest.fixture(scope="module", autouse=True)
def more(server: Any) -> Iterator[None]:
    """Put the invented papers and some hostile ones into the library of the server, for the tests of this file."""
    with Library.open(server.library) as library:
        library.add(*STACK, *HOSTILE)
        yield
        library.remove(*(paper.id for paper in (*STACK, *HOSTILE)))


def shelf(visitor: Any) -> Any:
    """Go to the tab, and wait for its table."""
    page = visitor.page
    page.click("#tab-library-button")
    page.fill("#search textarea", "")
    page.wait_for_selector("#papers-head p:text-matches('^[0-9]+ papers$')")
    page.wait_for_selector("#papers tbody tr")
    return page


def open_paper(page: Any, title: str) -> Any:
    """Search for a paper and open it; return its article."""
    page.fill("#search textarea", title)
    page.wait_for_selector("#papers-head:has-text('1 of ')")
    page.click("#papers [data-paper]")
    page.wait_for_selector(f"#paper article:has-text({title!r})")
    return page.locator("#paper article")


def test_a_paper_is_found_and_read(resident: Any) -> None:
    """All papers are listed; a search narrows them; a row opens the abstract, exactly as it stands."""
    page = shelf(resident)
    assert page.locator("#papers [data-paper]").count() == 50
    page.click("#papers [data-more]")
    page.wait_for_function("document.querySelectorAll('#papers [data-paper]').length === 100")
    article = open_paper(page, "Pebble")
    assert article.locator(".abstract").inner_text() == STACK[1].abstract
    assert page.locator("#papers [aria-current]").inner_text() == STACK[1].title
    assert open_paper(page, "Tricky").locator(".abstract").inner_text() == TRICKY
    page.fill("#search textarea", "no such words at all")
    page.wait_for_selector("#papers:has-text('No paper holds all of these words')")


def test_the_keyboard_is_enough(resident: Any) -> None:
    """From the search box, tabs lead to the first row, and Enter opens it."""
    page = shelf(resident)
    page.fill("#search textarea", "Orchard")
    page.wait_for_selector("#papers-head:has-text('1 of ')")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.paper") == "i3":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#paper article:has-text('Orchard')")


def test_papers_are_added_removed_and_brought_back(server: Any, resident: Any, tmp_path: Path) -> None:
    """Files given together are reported one by one; what came in can go, and come back."""
    page = shelf(resident)
    good = write_jsonl(tmp_path / "new <b>pages<b> & more.jsonl", *MORE[:2])
    bad = tmp_path / "photo.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    page.locator("#upload input[type=file]").set_input_files([good, bad])
    page.wait_for_selector("#report .notice:has-text('2 added, 1 failed.')")
    files = page.locator("#report .files > li")
    assert "2 added" in files.nth(0).inner_text()
    assert "is a picture" in files.nth(1).inner_text()
    assert "/tmp" not in page.inner_text("#report")
    page.wait_for_selector(f"#head:has-text('{PAPERS + 2} papers')")

    open_paper(page, "Again: Pebble")
    page.click("#remove")
    page.wait_for_selector("#told:has-text('Removed “Again: Pebble')")
    page.wait_for_selector(f"#head:has-text('{PAPERS + 1} papers')")
    assert page.locator("#paper article").count() == 0
    page.click("#undo")
    page.wait_for_selector("#told:has-text('is back')")
    page.wait_for_selector(f"#head:has-text('{PAPERS + 2} papers')")
    assert page.locator("#paper article h3").inner_text() == MORE[1].title
    assert page.locator("[data-testid=toast-body]").count() == 0
    with Library.open(server.library) as library:
        library.remove(*(paper.id for paper in library.papers() if paper.title.startswith("Again: ")))


def test_papers_lie_by_topic(resident: Any) -> None:
    """The map has a dot a paper; those of the last answer are ringed; a topic lists its papers; titles are text."""
    resident.page.click("#tab-ask-button")
    resident.ask("To how many bits does Pebble quantise the weights?")
    page = shelf(resident)
    page.locator("#topics").scroll_into_view_if_needed()
    page.wait_for_selector("#topics .ringed")
    page.wait_for_selector("#plot .scatterlayer .point")
    rings = int(page.inner_text("#topics .ringed").split()[0])
    assert rings >= 1
    assert page.locator("#plot .scatterlayer .point").count() == PAPERS + rings
    texts = page.evaluate("document.querySelector('#plot .js-plotly-plot').data.flatMap((trace) => trace.text)")
    hostile = [place for place, text in enumerate(texts) if "&lt;" in text or "%{x}" in text]
    assert len(hostile) >= 3
    for place in hostile:
        page.locator("#plot .scatterlayer .point").nth(place).hover(force=True)
        page.wait_for_selector("#plot .hoverlayer text")
    assert page.locator("#plot :is(a[href], img, form, image)").count() == 0
    count = int(page.locator("#topics [data-topic] small").first.inner_text())
    page.locator("#topics [data-topic]").first.click()
    page.wait_for_selector(f"#papers-head:has-text('{count} of {PAPERS} papers')")
    page.locator("#topics [aria-pressed=true]").click()
    page.wait_for_selector(f"#papers-head p:text-is('{PAPERS} papers')")


def test_hostile_papers_run_and_load_nothing(resident: Any) -> None:
    """Titles, abstracts, sources and addresses are text: no element of theirs is on the page, and no link leads out."""
    page = shelf(resident)
    page.fill("#search textarea", "tides.")
    page.wait_for_selector(f"#papers-head:has-text('{len(HOSTILE)} of ')")
    for place in range(len(HOSTILE)):
        page.locator("#papers [data-paper]").nth(place).click()
        page.wait_for_selector(f"#papers tr:nth-child({place + 1}) [aria-current]")
        page.wait_for_selector("#paper article")
    inside = "#papers, #paper, #topics"
    assert page.locator(f":is({inside}) :is(script, img, form, b, a)").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_phone_is_wide_enough(visits: Any) -> None:
    """On 390 px nothing is cut, and an opened paper comes into view."""
    visitor = visits(viewport={"width": 390, "height": 844}, has_touch=True)
    page = shelf(visitor)
    page.locator("#papers [data-paper]").nth(3).tap()
    page.wait_for_selector("#paper article")
    page.wait_for_function("document.querySelector('#paper').getBoundingClientRect().top < innerHeight * 0.5")
    page.locator("#topics").scroll_into_view_if_needed()
    page.wait_for_selector("#plot .scatterlayer .point")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#plot").bounding_box()
    assert box is not None
    assert box["width"] <= 390
