"""Servers of a test's own, on loopback: Postgres and Chroma, to be stopped, held up and started again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 60.0
"""Seconds that a server may take to listen."""
NOBODY = "nobody"
"""Who Postgres runs as when the tests are root's: it refuses to be."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Server:
    """A program that listens on a port; it keeps its data and its port over a stop."""

    def __init__(self, command: list[str], port: int, *, log: Path, user: str | None = None) -> None:
        self._command, self._user, self._log = command, user, log
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, user=self._user, cwd=self._log.parent
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError(self._log.read_text())

    def _all(self) -> list[int]:
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [self._process.pid, *map(int, children.split())]

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._all():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self) -> None:
        """End it in the middle of whatever it does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait(20)

    def hold(self) -> None:
        """Let it say nothing, with its connections open."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it say again what it has to say."""
        self._signal(signal.SIGCONT)

    def faults(self) -> dict[str, tuple[Callable[[], None], Callable[[], None]]]:
        """Return what can befall it, each with what mends it."""
        return {"stopped": (self.stop, self.start), "held up": (self.hold, self.go_on)}


def postgres(folder: Path) -> tuple[Server, str]:
    """Make a Postgres of Debian's package in a folder, and return it with the address of its database."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("Postgres is not installed (apt install postgresql)")
    if os.getuid() == 0:
        try:
            pwd.getpwnam(NOBODY)
        except KeyError:
            pytest.skip(f"Postgres does not run as root, and there is no user {NOBODY}")
    user = NOBODY if os.getuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    tools, data, port = found[-1].parent, folder / "data", free_port()
    made = [tools / "initdb", "-D", data, "-A", "trust", "-U", "paperchat", "--no-sync", "-E", "UTF8", "--locale", "C"]
    subprocess.run([str(part) for part in made], check=True, capture_output=True, user=user, cwd=folder)
    command = [tools / "postgres", "-D", data, "-h", "127.0.0.1", "-p", port, "-k", folder, "-c", "fsync=off"]
    server = Server([str(part) for part in command], port, log=folder / "log", user=user)
    return server, f"postgresql://paperchat@127.0.0.1:{port}/postgres"


def chroma(folder: Path) -> tuple[Server, str]:
    """Make a Chroma server in a folder, and return it with its address."""
    program = Path(sys.executable).with_name("chroma")
    if not program.exists():
        pytest.skip("the chroma program is not installed")
    port = free_port()
    command = [str(program), "run", "--path", str(folder / "data"), "--host", "127.0.0.1", "--port", str(port)]
    return Server(command, port, log=folder / "log"), f"http://127.0.0.1:{port}"


def own_folder() -> Path:
    """Return a new folder that another user may go into; pytest's are its own alone."""
    folder = Path(tempfile.mkdtemp(prefix="paperchat-server-"))
    folder.chmod(0o755)
    return folder
