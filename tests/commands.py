"""Run the command line, in this process, in one of its own, or on a terminal; what it should say is left to tests."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conftest import ROOT
from typer.testing import CliRunner, Result

from rag.cli import app

PEBBLE = "How many bits does Pebble quantise the weights to?"


def rag(*arguments: object, said: str | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=said)


def outcome(result: Result) -> tuple[int, str, str]:
    """Return the exit code and both streams."""
    return result.exit_code, result.stdout, result.stderr


def one_line(result: Result) -> str:
    """Return the one line on stderr of a command that failed, stdout being empty."""
    assert result.exit_code in {1, 2}, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    assert result.stderr.startswith("rag: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def process(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "rag", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | settings,
    )


@contextmanager
def ended(process: subprocess.Popen[Any]) -> Iterator[subprocess.Popen[Any]]:
    """Give a process that does not outlive the test: `with Popen` alone would wait for one that hangs, for good."""
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)
        for stream in filter(None, (process.stdin, process.stdout, process.stderr)):
            stream.close()


@contextmanager
def terminal(*arguments: object) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the command on a terminal whose keys send it signals, and give its other end."""
    controller, inner = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "200"}
    environment.pop("NO_COLOR", None)
    started = subprocess.Popen(
        [sys.executable, "-m", "rag", *map(str, arguments)],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environment,
        preexec_fn=_take_terminal,
    )
    os.close(inner)
    try:
        with ended(started) as running:
            yield running, controller
    finally:
        os.close(controller)


def _take_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def heard(controller: int, seconds: float = 120.0) -> bytes:
    """Return what comes next from a terminal, nothing once it is closed; fail when nothing comes for so long."""
    if not select.select([controller], [], [], seconds)[0]:
        raise AssertionError(f"the command said nothing for {seconds} seconds")
    try:
        return os.read(controller, 65536)
    except OSError:  # how Linux tells that the other end was closed
        return b""


def on_terminal(*arguments: object, typed: bytes = b"") -> str:
    """Run the command with all three streams on a terminal, and return what that shows."""
    with terminal(*arguments) as (running, controller):
        os.write(controller, typed)
        shown = b"".join(iter(lambda: heard(controller), b""))
        running.wait(30)
    return shown.decode()


def ids(folder: Path) -> list[str]:
    """Return the ids that a library holds."""
    return sorted(paper["id"] for paper in json.loads(rag("papers", "--json", "--library", folder).stdout))
