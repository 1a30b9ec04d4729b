"""What `rag doctor` finds: versions, a library that is whole, behind, damaged or missing, settings, network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, STACK, Child
from model_server import KEY, ModelServer, refusing
from typer.testing import CliRunner

from rag.catalogue import Catalogue
from rag.cli import app
from rag.doctor import examine, report_of, version_of
from rag.settings import Settings, load_settings
from rag.show import plain


def problems(folder: Path) -> list[str]:
    """Return what is wrong with a library."""
    found: list[str] = examine(load_settings(library=folder))["library"]["problems"]
    return found


def test_a_whole_library(folder: Path) -> None:
    """A library that is whole has its size told and no problem."""
    found = examine(load_settings(library=folder))["library"]
    assert found["papers"] == found["passages"] == len(STACK)
    assert found["bytes"] > 100_000
    assert (found["folder"], found["exists"], found["writable"]) == (str(folder), True, True)
    assert (found["embedder"], found["schema"], found["problems"]) == ("static", "1", [])


def test_no_library(tmp_path: Path) -> None:
    """That there is no library yet is not a problem, and the doctor makes none."""
    found = examine(load_settings(library=tmp_path / "none"))
    assert found["library"] == {"folder": str(tmp_path / "none"), "exists": False, "problems": []}
    assert "health: there is none yet: rag add --starter makes one" in plain(report_of(found))
    assert not (tmp_path / "none").exists()


def test_a_lost_chroma_store(folder: Path) -> None:
    """A store whose files are gone is a problem with its remedy."""
    shutil.rmtree(folder / "chroma")
    assert problems(folder) == [
        "Chroma's store is damaged or gone: run: rag rebuild (the catalogue holds what it needs)"
    ]


def test_a_lost_bm25_index(folder: Path) -> None:
    """An index that is gone is a problem, and the doctor does not repair it."""
    shutil.rmtree(folder / "lexical")
    assert len(problems(folder)) == 1
    assert not (folder / "lexical").exists()


def test_a_write_that_was_cut_off(folder: Path) -> None:
    """A catalogue that is ahead of its indexes is told, and stays as it is."""
    catalogue = Catalogue.in_folder(folder)
    catalogue.put(indexed="0")
    catalogue.close()
    assert problems(folder) == ["Chroma lacks the last write: the next command that opens the library repairs it"]


@pytest.mark.parametrize("written", [{"schema": "99"}, {"fingerprint": "other-7"}])
def test_a_library_of_another_make(folder: Path, written: dict[str, str]) -> None:
    """A newer schema or another embedder's vectors are a problem, not an error."""
    catalogue = Catalogue.in_folder(folder)
    catalogue.put(**written)
    catalogue.close()
    assert next(iter(written.values())) in problems(folder)[0]


def test_a_catalogue_that_is_no_database(folder: Path) -> None:
    """A catalogue that SQLite cannot read is a problem, not an error."""
    (folder / "catalogue.sqlite").write_bytes(b"no database" * 1000)
    for rest in folder.glob("catalogue.sqlite-*"):
        rest.unlink()
    assert "not a database" in problems(folder)[0]


def test_keys_and_passwords_are_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a key nor a password in an address is shown, in any form of the report."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden-key")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:secret-word@127.0.0.1:9/v1?token=secret-query")
    monkeypatch.setenv("RAG_LIBRARY", str(tmp_path))
    monkeypatch.setenv("RAG_ANSWER_RETRIES", "0")
    found = examine(Settings())
    shown = json.dumps(found) + plain(report_of(found))
    assert not any(secret in shown for secret in ("sk-hidden", "secret-word", "secret-query", "//me"))
    assert found["settings"]["openai_api_key"] == "**********"
    assert found["network"] == [
        {
            "setting": "OPENAI_BASE_URL",
            "address": "http://***@127.0.0.1:9/v1?***",
            "what": "a model endpoint: questions and evidence",
        }
    ]


@pytest.mark.parametrize(
    ("variable", "value", "address"),
    [
        ("RAG_CHROMA_URL", "http://127.0.0.1:9", "http://127.0.0.1:9"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1"),
    ],
)
def test_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, address: str) -> None:
    """By default nothing is called; a setting that changes that is named with its address."""
    monkeypatch.setenv("RAG_LIBRARY", str(tmp_path))
    monkeypatch.setenv("RAG_ANSWER_RETRIES", "0")
    assert examine(Settings())["network"] == []
    monkeypatch.setenv(variable, value)
    (row,) = examine(Settings())["network"]
    assert (row["setting"], row["address"]) == (variable, address)


def test_a_key_without_a_model_calls_nothing(tmp_path: Path) -> None:
    """A key alone is not used: that is said, and which setting names a model."""
    found = examine(Settings(OPENAI_API_KEY="sk-x", library=tmp_path))
    assert found["network"] == []
    assert (found["model"]["name"], found["model"]["answers"]) == (None, False)
    assert "RAG_MODEL names it" in plain(report_of(found))


def test_the_model_is_asked_for_one_word(tmp_path: Path) -> None:
    """A model that answers is reported with its name and what it said, after one tiny call."""
    with ModelServer(lambda _prompt: "ready\x1b[31m") as server:
        found = examine(Settings(OPENAI_BASE_URL=server.url, library=tmp_path))
        assert len(server.chats) == 1
        assert server.chats[0]["max_tokens"] == 16
    assert (found["model"]["name"], found["model"]["answers"]) == ("tiny", True)
    shown = plain(report_of(found))
    assert "model\n  asked: tiny\n  answers: ready" in shown
    assert "\x1b" not in shown


def test_a_model_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that fails is reported with what to change, and the command fails."""
    with ModelServer(refusing(401)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        done = CliRunner().invoke(app, ["doctor", "--library", str(tmp_path)])
    assert done.exit_code == 1
    shown = done.stdout
    assert "does not answer: the endpoint" in shown
    assert "correct OPENAI_API_KEY" in shown
    assert KEY not in shown


def test_a_server_that_is_away(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Chroma server that does not answer is a problem that names it."""
    monkeypatch.setenv("RAG_CHROMA_URL", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9" in problems(folder)[0]


def test_the_command(folder: Path) -> None:
    """`rag doctor` prints what `examine` finds, alone as JSON with --json, and fails when there is a problem."""
    arguments = ["doctor", "--library", str(folder)]
    shown = CliRunner().invoke(app, [*arguments, "--json"])
    found: dict[str, Any] = json.loads(shown.stdout)
    assert list(found) == ["versions", "embedders", "library", "settings", "network"]
    assert (shown.exit_code, shown.stderr, found["library"]["problems"]) == (0, "", [])
    assert "  papers: 12\n" in plain(report_of(found))
    assert "network\n  nothing is called over the network\n" in plain(report_of(found))
    shutil.rmtree(folder / "lexical")
    broken = CliRunner().invoke(app, arguments)
    assert broken.exit_code == 1
    assert "  problem: the BM25 index" in broken.stdout


def test_versions_load_nothing(child: Callable[..., Child]) -> None:
    """Versions are read from what is installed, without importing it."""
    code = (
        "import sys; from rag.doctor import version_of; print(version_of('chromadb'), version_of('no-such-thing'));"
        "print([name for name in ('chromadb', 'gradio', 'llama_index') if name in sys.modules])"
    )
    status, out, errors = child(code).end()
    assert (status, errors) == (0, "")
    assert out == f"{version_of('chromadb')} None\n[]\n"


def test_the_version_of_the_source() -> None:
    """Run from its source, Paperchat has the version that its project file says."""
    assert f'version = "{version_of("paperchat")}"' in (ROOT / "pyproject.toml").read_text("utf-8")
