"""Take the pictures of the page with a real browser: `make screenshots`; what they show is left to the page."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from browser import CHROMIUM, Server, Visitor
from PIL import Image
from playwright.sync_api import sync_playwright

from eval.evaluate import Options, evaluate
from eval.folder import write
from rag import Library

FOLDER = Path(__file__).resolve().parent.parent / ".github" / "screenshots"
DESK = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SHARP = 2
"""Pixels of the picture to one of the page."""
COLOURS = 256
LIST = "Which papers are about knowledge distillation?"
NAMED = "What is RegMix?"
FOLLOW_UP = "How much of the compute does it need?"
UNKNOWN = "best pizza topping for a rainy day"


def save(page: Any, path: Path) -> None:
    """Write what is seen, in few colours: a quarter of the bytes, and nobody sees the difference."""
    page.mouse.move(2, 2)
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(400)  # for a transition to end
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        few = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


@contextmanager
def visit(browser: Any, server: Server, **looks: Any) -> Iterator[Visitor]:
    """Open the page for some pictures."""
    visitor = Visitor(browser, server.url, device_scale_factor=SHARP, **{"viewport": DESK, **looks})
    yield visitor
    visitor.check()
    visitor.close()


def talk(visitor: Visitor) -> None:
    """Ask a question and a follow-up, and open the source."""
    visitor.ask(NAMED)
    visitor.ask(FOLLOW_UP)
    visitor.page.locator("a.cite").last.click()


def on_the_desk(browser: Any, server: Server, folder: Path) -> None:
    """Take the pictures of an asking visitor."""
    with visit(browser, server) as visitor:
        page = visitor.page
        page.locator(".banner button").click()
        save(page, folder / "empty.png")
        talk(visitor)
        save(page, folder / "answer.png")
        visitor.ask(UNKNOWN)
        save(page, folder / "refusal.png")
    with visit(browser, server, color_scheme="dark") as visitor:
        visitor.page.locator(".banner button").click()
        visitor.ask(LIST)
        visitor.page.locator("a.cite").first.click()
        save(visitor.page, folder / "dark.png")
    with visit(browser, server, viewport=PHONE, is_mobile=True, has_touch=True) as visitor:
        visitor.page.locator(".banner button").click()
        visitor.ask(NAMED)
        save(visitor.page, folder / "phone.png")


def of_the_tabs(browser: Any, server: Server, folder: Path) -> None:
    """Take the pictures of the papers, their map and a run."""
    with visit(browser, server) as visitor:
        page = visitor.page
        page.locator(".banner button").click()
        visitor.ask(LIST)
        page.click("#tab-library-button")
        page.wait_for_selector("#papers tbody tr")
        page.fill("#search textarea", "quantization")
        page.wait_for_selector("#papers-head:has-text(' of 150')")
        page.locator("#papers [data-paper]").first.click()
        page.wait_for_selector("#paper article")
        save(page, folder / "library.png")
        page.fill("#search textarea", "")
        page.locator("#map").scroll_into_view_if_needed()
        page.wait_for_selector("#plot .point")
        page.locator("#map").evaluate("(map) => map.scrollIntoView()")
        page.wait_for_timeout(1500)  # Plotly draws in several steps
        save(page, folder / "map.png")
        page.click("#tab-evaluation-button")
        page.wait_for_selector("#run section")
        page.evaluate("scrollTo(0, 0)")
        save(page, folder / "evaluation.png")


def main(folder: Path) -> None:
    """Take every picture, of a starter library with one run."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = Server(Path(home))
        server.start()
        try:
            with Library.open(server.library) as library:
                run = evaluate(Options(), library, "the starter library")
            begun = datetime.fromisoformat(run.created)
            write(run, Path(home) / ".eval" / "runs" / begun.strftime("%Y%m%d-%H%M%S-000"))
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            on_the_desk(browser, server, folder)
            of_the_tabs(browser, server, folder)
        finally:
            server.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
