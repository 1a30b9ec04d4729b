"""Fixtures: an isolated test, a small library, a child process, a Chroma server; what is true is left to the tests."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from invented import PAPERS

from rag.errors import LibraryError
from rag.library import Library
from rag.model import Paper
from rag.passages import split
from rag.records import Entry
from rag.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"127.0.0.1", "::1", "localhost", None, ""}

hypothesis_settings.register_profile(
    "same",
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
hypothesis_settings.register_profile("search", hypothesis_settings.get_profile("same"), derandomize=False)
# the same examples in each run; new ones are looked for with HYPOTHESIS_PROFILE=search
hypothesis_settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

STACK = tuple(
    replace(paper, published=date(2015 + number, 6, 1) if number else None, authors=(f"A. Writer {number}",))
    for number, paper in enumerate(PAPERS)
)
"""The invented papers with authors, and with dates but for the first."""
MORE = tuple(
    replace(paper, id=f"m{number}", title=f"Again: {paper.title}", abstract=f"Once more. {paper.abstract}")
    for number, paper in enumerate(STACK[:6])
)
"""Six further papers."""


def _guarded(call: Callable[..., object]) -> Callable[..., object]:
    def guard(self: socket.socket, *arguments: object) -> object:
        address = arguments[-1]
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            raise AssertionError(f"a test reached for the network: {address}")
        return call(self, *arguments)

    return guard


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every test: no socket beyond loopback, a home and a working folder of its own, none of the user's settings."""
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    look_up = socket.getaddrinfo

    def guarded_look_up(host: object, *arguments: object, **named: object) -> object:
        if host not in LOOPBACK:
            raise AssertionError(f"a test looked up a name: {host!r}")
        return look_up(host, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):
        if name.upper().startswith(("RAG_", "OPENAI_", "XDG_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(home)


@pytest.fixture(scope="session", autouse=True)
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the models in the user's home from what is built once for many tests, which is before `isolated`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAG_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of a library of STACK once; to be copied, never opened."""
    folder = tmp_path_factory.mktemp("built") / "library"
    with Library.open(folder, create=True, settings=Settings()) as library:
        library.add(*STACK)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """Copy the folder of a library of STACK, to do with as the test likes."""
    return Path(shutil.copytree(built, tmp_path / "library"))


@pytest.fixture
def library(folder: Path) -> Iterator[Library]:
    """Open a library of STACK."""
    with Library.open(folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a Chroma server and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("chroma")
    if not program.exists():
        pytest.skip("the chroma program is not installed")
    home = tmp_path_factory.mktemp("server")
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(program), "run", "--path", str(home / "data"), "--host", "127.0.0.1", "--port", str(port)],
            stdout=log,
            stderr=log,
            cwd=home,
            env=os.environ | {"HOME": str(home)},
        )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError((home / "log").read_text())
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


class Child:
    """A Python process of its own that runs some lines; it is ended with the test."""

    def __init__(self, code: str, *arguments: object) -> None:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths},
        )

    def line(self, said: str = "") -> str:
        """Say a line to it, and return the next one that it prints."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if said:
            self.process.stdin.write(f"{said}\n")
            self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return its status (negative: the signal), what it printed and its errors."""
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors

    def stop(self) -> None:
        """Kill it if it still runs, and let go of its pipes."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def child() -> Iterator[Callable[..., Child]]:
    """Give a function that starts a Child."""
    started: list[Child] = []

    def start(code: str, *arguments: object) -> Child:
        started.append(Child(code, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.stop()


def entry(paper: Paper, seed: int = 0, dimension: int = 8) -> Entry:
    """Return a paper with its passages and made-up unit vectors, exact in float16."""
    parts = split(paper)
    axes = np.random.default_rng(seed).integers(dimension, size=len(parts))
    return Entry(paper, parts, np.eye(dimension, dtype=np.float32)[axes])


def write_jsonl(path: Path, *papers: Paper | dict[str, object]) -> Path:
    """Write papers, title, abstract and address only, or raw records, one a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = [
        {"title": one.title, "abstract": one.abstract, "url": one.url} if isinstance(one, Paper) else one
        for one in papers
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def assert_in_step(library: Library) -> None:
    """Hold Chroma and the BM25 index against the catalogue: the same passages, nothing pending."""
    wanted = library._catalogue.keys()
    assert library._vectors.keys() == wanted
    assert library._lexical.count() == len(wanted)
    revision, indexed = library._catalogue.revision()
    assert revision == indexed == library._lexical.revision()


def results(library: Library, question: str = "Which speech models are quantised to few bits?") -> list[str]:
    """Return the ids that a search finds, best first."""
    return [piece.paper.id for piece in library.search(question)]


def assert_repaired(folder: Path, before: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold a damaged library to be whole once opened, without embedding, and to say so and search as before."""
    told: list[str] = []
    with monkeypatch.context() as patched:
        patched.setattr("rag.shelf.choose", lambda *_: pytest.fail("it was embedded again"))
        library = Library.open(folder, tell=told.append, settings=Settings(exact_below=0))
        assert_in_step(library)
    assert told
    assert results(library) == before
    library.close()


def refusal(action: Callable[[], object]) -> LibraryError:
    """Return the LibraryError that an action raises."""
    with pytest.raises(LibraryError) as caught:
        action()
    return caught.value
