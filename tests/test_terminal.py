"""Streams: colour on a terminal only, hostile text, full disks, closed pipes, locales, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import PEBBLE, ended, on_terminal, process, rag
from conftest import ROOT, STACK, write_jsonl

from rag.catalogue import Catalogue
from rag.library import Library

EVIL = {"title": "[bold]Red[/bold] \x1b[31mHerring\x1b[0m \x9b2J\u202eevil", "abstract": "It \x1b]0;x\x07is dangerous."}


def test_colour_on_a_terminal(folder: Path) -> None:
    """On a terminal the numbers are coloured."""
    shown = on_terminal("ask", PEBBLE, "--library", folder)
    assert "\x1b[1;36m[1]\x1b[0m" in shown


@pytest.mark.parametrize("run", ["pipe", "terminal"])
def test_hostile_titles(tmp_path: Path, run: str) -> None:
    """Markup in a title prints as it is, and no escape of a title or abstract reaches the terminal."""
    folder = tmp_path / "library"
    assert rag("add", write_jsonl(tmp_path / "evil.jsonl", EVIL), "--library", folder).exit_code == 0
    for command in (["papers"], ["search", "dangerous herring"], ["ask", "Is the herring dangerous?"]):
        where = [*command, "--library", folder]
        shown = rag(*where).stdout if run == "pipe" else on_terminal(*where)
        assert "[bold]Red[/bold] Herring" in shown
        assert not any(sign in shown for sign in ("\x1b[31m", "\x9b", "\u202e", "\x1b]0", "\x07"))


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal a bar is shown while files are read."""
    file = write_jsonl(tmp_path / "stack.jsonl", *STACK)
    shown = on_terminal("add", file, "--library", tmp_path / "library")
    assert "━" in shown
    assert "12 added, 0 updated, 0 unchanged, 0 failed" in shown


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_stdout(folder: Path) -> None:
    """Output that cannot be written is a failure, told in one line."""
    command = [sys.executable, "-m", "rag", "papers", "--library", str(folder)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert done.returncode == 1
    assert done.stderr.startswith("rag: the system refused: No space left on device")


def test_a_reader_that_leaves(folder: Path) -> None:
    """A closed pipe ends the command without a word."""
    command = [sys.executable, "-m", "rag", "papers", "--library", str(folder)]
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        done = subprocess.run(
            command,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
    assert (done.returncode, done.stderr) == (1, "")


def test_a_locale_without_unicode(tmp_path: Path) -> None:
    """Under an ASCII locale text is shown with marks for what it lacks, and JSON is whole."""
    folder = tmp_path / "library"
    file = write_jsonl(tmp_path / "one.jsonl", {"title": "Über Ebbe und Flut", "abstract": "Größe zählt."})
    assert rag("add", file, "--library", folder).exit_code == 0
    settings = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    shown = process("papers", "--library", folder, **settings)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.endswith("  ?ber Ebbe und Flut\n")
    found = json.loads(process("papers", "--json", "--library", folder, **settings).stdout)
    assert found[0]["title"] == "Über Ebbe und Flut"


def test_ctrl_c_while_adding(tmp_path: Path) -> None:
    """Ctrl-C ends with 130 and says how many papers the library holds: as many as it then holds, whole."""
    folder = tmp_path / "library"
    with Library.open(folder, create=True):
        pass
    file = write_jsonl(
        tmp_path / "many.jsonl",
        *({"title": f"Paper {number}", "abstract": f"Number {number} is tested. " * 40} for number in range(10_000)),
    )
    started = subprocess.Popen(
        [sys.executable, "-m", "rag", "add", str(file), "--library", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    with ended(started) as adding:
        catalogue = Catalogue.in_folder(folder)
        while not catalogue.counts()[0] and adding.poll() is None:
            time.sleep(0.01)
        adding.send_signal(signal.SIGINT)
        out, err = adding.communicate(timeout=120)
        held = catalogue.counts()[0]
        catalogue.close()
    assert (adding.returncode, out) == (130, "")
    assert err == f"reading 1 file\ninterrupted; {held:,} papers are in the library\n"
    assert 0 < held < 10_000
    assert "Paper 1\n" in rag("papers", "--library", folder).stdout
