"""Fixtures for the page: a real server in a process of its own, a real browser; what must hold is left to the tests."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
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


# A process that has loaded what every server loads, and forks one at each line: loading takes longer than most tests.
NURSERY = """
import json, os, signal, sys
import ui.site, uvicorn
from ui.app import app

born = []
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if not child:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(file, stream)
        os.chdir(order["home"])
        os.environ.update(order["variables"])
        app(order["options"], prog_name="rag-ui")
    born.append(child)
    print(child, flush=True)
for child in born:
    try:
        os.kill(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


@lru_cache(maxsize=1)
def nursery() -> subprocess.Popen[str]:
    """Start the process that servers are forked from; it ends, and all of them with it, when this one does."""
    settings = ("RAG_", "OPENAI_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    started = subprocess.Popen(
        [sys.executable, "-c", NURSERY],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        started.communicate()

    atexit.register(end)
    return started


class Server:
    """`rag-ui` on a port of its own; its library is made at its first start, as on a fresh machine."""

    def __init__(self, home: Path, *options: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home = home
        self.library = home / ".rag"
        self.options = ["--port", str(self.port), *options]
        self.variables = {"HOME": str(home), **variables}
        self.log = home / "log"
        self.process = 0

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start it, and wait until the page is there."""
        from_which = nursery()
        assert from_which.stdin is not None
        assert from_which.stdout is not None
        order = {"log": str(self.log), "home": str(self.home), "variables": self.variables, "options": self.options}
        from_which.stdin.write(f"{json.dumps(order)}\n")
        from_which.stdin.flush()
        self.process = int(from_which.stdout.readline())
        for _ in range(PATIENCE * 20):
            try:
                with urllib.request.urlopen(self.url, timeout=PATIENCE):
                    return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.05)
            if not self.is_alive:
                break
        raise AssertionError(self.log.read_text())

    @property
    def is_alive(self) -> bool:
        """Tell whether the process is there."""
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it without a word of warning."""
        os.kill(self.process, signal.SIGKILL)
        while self.is_alive:
            time.sleep(0.01)


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
    """Start the page on a machine without a library; whoever would call another machine falls into a trap."""
    with socket.socket() as trap:
        trap.bind(("127.0.0.1", 0))
        trap.listen()
        trap.setblocking(False)
        proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
        caught = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), proxy)
        started = Server(
            tmp_path_factory.mktemp("machine"), "--mcp", **caught, NO_PROXY="127.0.0.1", no_proxy="127.0.0.1"
        )
        started.start()
        yield started
        started.kill()
        with pytest.raises(BlockingIOError):
            trap.accept()


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


@pytest.fixture(scope="module")
def resident(chromium: Any, server: Server) -> Iterator[Visitor]:
    """Open the page once, in a browser that was never here, for the tests of a module: a page takes seconds to load."""
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
