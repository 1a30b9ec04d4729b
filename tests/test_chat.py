"""A conversation in the terminal: piped, typed, exported, left."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from commands import PEBBLE, heard, outcome, rag, terminal


def test_chat_in_a_pipe(folder: Path, tmp_path: Path) -> None:
    """Piped questions are repeated and answered in turn, a follow-up is understood, and /quit ends it."""
    file = tmp_path / "talk.md"
    said = f"{PEBBLE}\n\nAnd how much memory does it save?\n/sources\n/export {file}\n/quit\nnever asked\n"
    code, out, err = outcome(rag("chat", "--library", folder, said=said))
    assert code == 0
    assert err == f"written to {file}\n"
    assert [line for line in out.splitlines() if line.startswith("> ")] == [
        f"> {PEBBLE}",
        "> And how much memory does it save?",
        "> /sources",
        f"> /export {file}",
        "> /quit",
    ]
    assert "understood as: " in out
    assert out.count("\n[1] Pebble: Quantising Speech Models to Three Bits\n") == 3
    assert "    “" in out
    assert file.read_text("utf-8").startswith(f"# Conversation\n\n## {PEBBLE}\n\n")


def test_chat_exports(folder: Path, tmp_path: Path) -> None:
    """The ending of the file says the form; a file that is there is left alone; without a file it is stdout."""
    (tmp_path / "old.md").write_text("mine")
    said = f"{PEBBLE}\n/export {tmp_path}/a.bib\n/export {tmp_path}/a.json\n/export {tmp_path}/old.md\n/export\n"
    result = rag("chat", "--library", folder, said=said)
    assert (tmp_path / "a.bib").read_text("utf-8").startswith("@misc{pebble-i1,\n")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))[0]["question"] == PEBBLE
    assert (tmp_path / "old.md").read_text() == "mine"
    assert "is there already" in result.stderr
    assert "# Conversation\n" in result.stdout
    assert result.exit_code == 1


@pytest.mark.parametrize("said", ["/nonesuch\n", "/sources\n", "/export\n", "?!\n"])
def test_chat_goes_on_after_an_error(folder: Path, said: str) -> None:
    """A command or question that cannot be is told in one line, and the next is answered."""
    code, out, err = outcome(rag("chat", "--library", folder, said=said + PEBBLE))
    assert code == 1
    assert "3 bits per weight. [1]" in out
    assert err.startswith("rag: ")
    assert err.count("\n") == 1


def test_chat_without_input(folder: Path) -> None:
    """Nothing said is nothing done."""
    assert outcome(rag("chat", "--library", folder, said="")) == (0, "", "")


@pytest.mark.parametrize("key", [b"\x03", b"\x04"])
def test_chat_is_left_by_a_key(folder: Path, key: bytes) -> None:
    """Ctrl-C and Ctrl-D leave a conversation on a terminal without a traceback."""
    with terminal("chat", "--library", folder) as (running, controller):
        shown = b""
        while not shown.endswith(b"> "):
            shown += heard(controller)
        # Python forgets a key that comes between the prompt and the wait for a line: whoever types presses it again
        while running.poll() is None:
            with suppress(OSError):
                os.write(controller, key)
            with suppress(subprocess.TimeoutExpired):
                running.wait(2)
        shown += heard(controller)
    assert running.returncode == 0
    assert b"12 papers" in shown
    assert b"Traceback" not in shown
