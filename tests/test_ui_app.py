"""Tests of `rag-ui`: what it refuses and why, the library it makes, the password it asks for."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from rag.settings import Settings
from ui.app import _library as library_of
from ui.app import app

pytest_plugins = ["browser"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.org", "::ffff:192.0.2.7"])
def test_another_host_needs_a_password(host: str) -> None:
    """What other machines can reach is not served without a password; the line says so, and what to do."""
    result = run("--host", host)
    assert result.exit_code == 2
    assert "can be reached from other machines" in result.stderr
    assert "--auth USER:PASSWORD" in result.stderr
    assert not Path(".rag").exists()


@pytest.mark.parametrize("auth", ["", "ann", "ann:", ":secret"])
def test_half_a_password_is_none(auth: str) -> None:
    """A name without a password, or the other way round, is refused, and not repeated."""
    result = run("--auth", auth)
    assert result.exit_code == 2
    assert "no name or no password" in result.stderr
    assert "secret" not in result.stderr


def test_a_port_in_use_is_told_at_once() -> None:
    """Another program on the port is told before anything is made."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = run("--port", str(other.getsockname()[1]))
    assert result.exit_code == 2
    assert "cannot listen on 127.0.0.1" in result.stderr
    assert not Path(".rag").exists()


def test_a_fresh_machine_gets_the_starter_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a library the starter one is made, which is said; the next time it is only opened, whatever is in it."""
    settings = Settings(library=tmp_path / "papers")
    library, is_new = library_of(settings)
    with library:
        assert (len(library), is_new) == (150, True)
        library.remove(*(paper.id for paper in library.papers()))
    assert "starter library" in capsys.readouterr().err
    library, is_new = library_of(settings)
    with library:
        assert (len(library), is_new) == (0, False)


def test_the_command_is_light_until_it_serves() -> None:
    """Asking for help does not load Gradio."""
    code = "import sys, ui.app; print([name for name in ('gradio', 'fastapi', 'plotly') if name in sys.modules])"
    root = Path(__file__).resolve().parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
    assert "--root-path" in run("--help").stdout


@pytest.fixture(scope="module")
def guarded(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start the page behind a password, as if a proxy put it under /papers."""
    import shutil

    from browser import Server

    home = tmp_path_factory.mktemp("guarded")
    shutil.copytree(built, home / ".rag")
    server = Server(home, "--root-path", "/papers", RAG_UI_AUTH="ann:open sesame: 1")
    server.start()
    yield server
    server.kill()


def test_the_password_is_asked_for(guarded: Any) -> None:
    """Without the password there is neither configuration nor answer; with it there are, under the proxy's path."""
    with httpx.Client(base_url=guarded.url, trust_env=False) as client:
        assert client.get("config").status_code == 401
        asked = {"data": ["What is Pebble?", []]}
        assert client.post("gradio_api/call/ask", json=asked).status_code == 401
        assert "Pebble" not in client.get("").text
        assert client.post("login", data={"username": "ann", "password": "sesame"}).status_code == 400
        client.post("login", data={"username": "ann", "password": "open sesame: 1"}).raise_for_status()
        config = client.get("config").raise_for_status().json()
        assert config["root"].endswith("/papers")
        client.post("gradio_api/call/ask", json=asked).raise_for_status()
    assert "open sesame" not in guarded.log.read_text()
