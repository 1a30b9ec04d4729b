"""Fixtures for the page: a real server in a process of its own, a real browser; what must hold is left to the tests."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE = 60
"""Seconds after which a server that has not come up never will."""
USERS = "#chat [data-testid=user]"
AT_REST = f"""before => {{
    const asked = [...document.querySelectorAll("{USERS}")].map((one) => one.innerText);
    const answers = document.querySelectorAll("#chat .answer");
    return JSON.stringify(asked) !== JSON.stringify(before) && answers.length === asked.length
        && !document.querySelector("#chat :is(.doing, .writing)");
}}"""


class Server:
    """`rag-ui` on a port of its own; its library is made at its first start, as on a fresh machine."""

    def __init__(self, home: Path, *options: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.library = home / ".rag"
        self.options = options
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "OPENAI_", "XDG_"))}
        self.environment = {**kept, "HOME": str(home), "PYTHONPATH": str(ROOT), **variables}
        self.log = home / "log"

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it, and wait until the page is there."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ui.app", "--port", str(self.port), *self.options],
                cwd=self.home,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        for _ in range(PATIENCE * 20):
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(self.url, timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """End it without a word of warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Visitor:
    """A browser of its own on the page; it notes every request, every error of a script and every dialog."""

    def __init__(self, chromium: Any, url: str, **looks: Any) -> None:
        self.context = chromium.new_context(viewport=looks.pop("viewport", {"width": 1280, "height": 800}), **looks)
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.url = url
        self.requests: list[str] = []
        self.wrongs: list[str] = []
        self.page = self.context.new_page()
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("page", lambda _page: self.wrongs.append("another page was opened"))
        self.page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        self.page.on("dialog", self._dialog)
        self.open()

    def _dialog(self, dialog: Any) -> None:
        self.wrongs.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def open(self) -> None:
        """Open the page, and wait until it can be used."""
        self.page.goto(self.url)
        self.ready()

    def ready(self) -> None:
        """Wait until the page is filled: the head is there, and so are examples or a conversation."""
        self.page.wait_for_selector("#head h1")
        self.page.wait_for_selector("#suggest button:visible, #chat .answer")

    def ask(self, question: str) -> Any:
        """Ask a question in the box; return the answer's element."""
        with self.answered() as answer:
            self.page.fill("#q textarea", question)
            self.page.press("#q textarea", "Enter")
        return answer

    @contextmanager
    def answered(self) -> Iterator[Any]:
        """Wait until what is done inside has led to an answer at rest; give its element."""
        before = self.page.locator(USERS).all_inner_texts()
        yield self.page.locator("#chat .answer").last
        self.page.wait_for_function(AT_REST, arg=before)

    def begin(self) -> None:
        """Begin a new conversation, if there is one."""
        if self.page.locator("#chat .answer").count():
            self.page.click("#new")
        self.page.wait_for_selector(".welcome")
        self.page.wait_for_selector("#suggest button:visible")

    def check(self) -> None:
        """Hold what must hold of every visit: nothing was asked of another machine, and nothing ran that should not."""
        abroad = [url for url in self.requests if not url.startswith((self.url, "data:", "blob:"))]
        assert abroad == []
        assert self.wrongs == []

    def close(self) -> None:
        """Leave."""
        self.context.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the page on a machine without a library."""
    started = Server(tmp_path_factory.mktemp("machine"), "--mcp")
    started.start()
    yield started
    started.kill()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start a browser; it ends with the module, since its loop would be in the way of other tests' own."""
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visitor(chromium: Any, server: Server) -> Iterator[Visitor]:
    """Open the page in a browser that was never here."""
    one = Visitor(chromium, server.url)
    yield one
    one.check()
    one.close()


@pytest.fixture(scope="module")
def resident(chromium: Any, server: Server) -> Iterator[Visitor]:
    """Open the page once for the tests of a module that only read it."""
    one = Visitor(chromium, server.url)
    yield one
    one.check()
    one.close()


@pytest.fixture
def visits(chromium: Any, server: Server) -> Iterator[Any]:
    """Give a function that opens the page with the looks of a device."""
    opened: list[Visitor] = []

    def visit(**looks: Any) -> Visitor:
        opened.append(Visitor(chromium, server.url, **looks))
        return opened[-1]

    yield visit
    for one in opened:
        one.check()
        one.close()
