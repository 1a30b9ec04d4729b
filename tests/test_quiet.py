"""A whole session of use, the web page included, speaks to nobody beyond this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import ROOT

SESSION = """
import io, sys
from rag.cli import main
def rag(*words, said=""):
    sys.argv, sys.stdin = ["rag", *words, "--library", sys.argv[-1]], io.StringIO(said)
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, words
rag("add", "--starter")
rag("ask", "What is RegMix?")
rag("chat", said="What is RegMix?\\nAnd how much of the compute does it need?\\n/quit\\n")
rag("search", "lossless compression")
rag("export", "--bibtex")
rag("doctor")
rag("rebuild")
from rag.library import Library
with Library.open(sys.argv[-1]) as library:
    first = library.papers()[0].id
rag("remove", first)
"""
SHOWN = ("150 added", "[1]", "@", "nothing is called over the network", "rebuilt", "149 papers are in the library")
HERE = re.compile(r"^(0100007F|00000000|0{24}01000000|0{32}|0{16}FFFF00000100007F)$")
"""Loopback and no address at all, as Linux writes them in /proc/net."""


@pytest.fixture
def watched(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which every Python process notes the sockets that reach beyond this machine."""
    paths = os.pathsep.join([str(ROOT / "tests" / "watched"), str(ROOT)])
    return os.environ | {"PYTHONPATH": paths, "WATCHED_SOCKETS": str(tmp_path / "sockets"), "HOME": str(tmp_path)}


def seen(watched: dict[str, str]) -> str:
    """Return what was noted."""
    log = Path(watched["WATCHED_SOCKETS"])
    return log.read_text() if log.exists() else ""


def sockets_of(pid: int) -> set[str]:
    """Return the remote addresses of a process's sockets that are not this machine's, as the kernel knows them.

    Parts that are not written in Python open sockets that no hook of Python's sees.
    """
    own = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            own.add(os.readlink(link))
        tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6", "udp", "udp6")]
    except OSError:
        return set()
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    mine = (row[2].partition(":")[0] for row in rows if f"socket:[{row[9]}]" in own)
    return {address for address in mine if not HERE.match(address)}


@contextmanager
def kernel_watched(process: subprocess.Popen[str]) -> Iterator[set[str]]:
    """Look at a process's sockets again and again while the block runs."""
    found: set[str] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.02) and process.poll() is None:
            found.update(sockets_of(process.pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def test_the_watch_sees_what_it_should(watched: dict[str, str]) -> None:
    """A process that does reach out is noted by the hook: by name, by TCP and by UDP."""
    code = (
        "import socket\n"
        "for act in (lambda: socket.getaddrinfo('papers.invalid', 80),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9)),\n"
        "            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.2', 9))):\n"
        "    try: act()\n"
        "    except OSError: pass\n"
    )
    subprocess.run([sys.executable, "-c", code], env=watched, check=True, timeout=60)
    assert all(each in seen(watched) for each in ("papers.invalid", "192.0.2.1", "192.0.2.2"))


def test_a_session_stays_on_this_machine(watched: dict[str, str], tmp_path: Path) -> None:
    """Add, ask, chat, search, export, examine, rebuild, remove: no name looked up, no socket opened."""
    process = subprocess.Popen(
        [sys.executable, "-c", SESSION, str(tmp_path / "library")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=watched,
        cwd=tmp_path,
    )
    with kernel_watched(process) as found:
        out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert [shown for shown in SHOWN if shown not in out] == []
    assert found == set()
    assert seen(watched) == ""


def test_the_page_starts_without_calling_home(watched: dict[str, str], folder: Path) -> None:
    """The web page starts, is served and goes, and neither Gradio nor anything else asks anybody."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.app", "--library", str(folder), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=watched,
        cwd=folder.parent,
    )
    assert process.stderr is not None
    with kernel_watched(process) as found:
        try:
            lines = iter(process.stderr.readline, "")
            address = next(match[1] for line in lines if (match := re.search(r"the page is at (\S+)", line)))
            with httpx.Client(trust_env=False, timeout=60) as client:
                page = client.get(address).raise_for_status().text
                client.get(f"{address}config").raise_for_status()
            time.sleep(1)  # what calls home does it from a thread, once the page is up
        finally:
            process.terminate()
            process.communicate(timeout=60)
    assert "gradio" in page
    assert found == set()
    assert seen(watched) == ""
