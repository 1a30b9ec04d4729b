"""What the README shows is run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line.split("  #")[0].strip() for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]


def test_the_ten_lines_of_python_run(tmp_path):
    """The Python of the first screen runs as it stands, and its follow-up is understood."""
    (block,) = [text for kind, text in BLOCKS if kind == "python"]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{block}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("150 papers\n")
    assert "RegMix's" in done.stdout or "RegMix" in done.stdout.splitlines()[-1]
    assert "[1]" in done.stdout


@pytest.mark.parametrize(("program", "fewest"), [("rag", 8), ("rag-eval", 2)])
def test_every_command_shown_runs(program, fewest, monkeypatch, tmp_path):
    """Every `rag` and `rag-eval` line of the README ends well, in the order shown, in one folder."""
    from eval.run import app as evaluation
    from rag.cli import app

    monkeypatch.chdir(tmp_path)
    shown = [shlex.split(command)[1:] for command in COMMANDS if command.startswith(f"{program} ")]
    assert len(shown) >= fewest
    for arguments in shown:
        done = CliRunner().invoke(evaluation if program == "rag-eval" else app, arguments)
        assert done.exit_code == 0, (arguments, done.output)
    if program == "rag":
        assert "@" in (tmp_path / "papers.bib").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:rag|ui|eval|tests)/[\w/.]+\.py)`", README))))
def test_every_file_named_is_there(name):
    """A file that the README names exists."""
    assert (ROOT / name).is_file()


def test_every_make_target_shown_is_there():
    """A target of make that the README names is in the Makefile."""
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake (\w+)", "\n".join(COMMANDS) + README.replace("`make`", ""))) <= targets | {"test"}


def test_every_command_is_documented():
    """Every command of `rag` is named in the README."""
    from typer.main import get_command

    from rag.cli import app

    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert re.search(rf"\brag {name}\b", README), name
