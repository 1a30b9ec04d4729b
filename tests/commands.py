"""Run the command line, in this process, in one of its own, or on a terminal; what it should say is left to tests."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

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


def on_terminal(*arguments: object, typed: bytes = b"") -> str:
    """Run the command with all three streams on a terminal, and return what that shows."""
    controller, terminal = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "COLUMNS": "200"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment):
        os.close(terminal)
        os.write(controller, typed)
        shown = b""
        while True:
            try:
                piece = os.read(controller, 65536)
            except OSError:  # how Linux tells that the other end was closed
                break
            if not piece:
                break
            shown += piece
    os.close(controller)
    return shown.decode()


def ids(folder: Path) -> list[str]:
    """Return the ids that a library holds."""
    return sorted(paper["id"] for paper in json.loads(rag("papers", "--json", "--library", folder).stdout))
