"""The commands `rag models` and `rag models pull`, and what the doctor says of embedders."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from archive_server import ArchiveServer, packed
from commands import on_terminal, outcome, rag

from rag.catalogue import Catalogue
from rag.doctor import examine, report_of
from rag.embed import fingerprint
from rag.models import FILES, folder_of
from rag.settings import load_settings
from rag.show import plain

BODY = packed({f"onnx/{name}": name.encode() * 100_000 for name in FILES})


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder of models that the settings name."""
    monkeypatch.setenv("RAG_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_what_is_here(models: Path) -> None:
    """Each embedder, where its files are, and which one a new library is made with."""
    place = folder_of(models)
    assert outcome(rag("models")) == (
        0,
        f"static: comes along\nminilm: not in {place}: fetch it with: rag models pull\nauto takes static\n",
        "",
    )
    place.mkdir(parents=True)
    for name in FILES:
        (place / name).touch()
    assert outcome(rag("models")) == (0, f"static: comes along\nminilm: in {place}\nauto takes minilm\n", "")


def test_the_default_place_is_chromas() -> None:
    """Without RAG_MODELS, files are looked for in the cache below the home."""
    assert f"not in {Path.home()}/.cache/chroma/onnx_models/all-MiniLM-L6-v2/onnx" in rag("models").stdout


def test_pull(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are fetched once, with a line on stderr when nobody looks, and the next step told."""
    with ArchiveServer(BODY) as server:
        monkeypatch.setenv("RAG_MODELS_URL", server.address("/good"))
        monkeypatch.setenv("RAG_MODELS_SHA256", hashlib.sha256(BODY).hexdigest())
        assert outcome(rag("models", "pull")) == (
            0,
            f"minilm is in {folder_of(models)}; new libraries use it, others after: rag rebuild --embedder auto\n",
            "downloading minilm\n",
        )
        assert outcome(rag("models", "pull")) == (0, f"minilm is in {folder_of(models)} already\n", "")
        assert server.asked == ["/good"]
        assert rag("models", "pull", "--again").exit_code == 0
        assert server.asked == ["/good", "/good"]
    assert rag("models").stdout.endswith("auto takes minilm\n")


def test_a_bar_on_a_terminal(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who looks sees how far the download has come."""
    with ArchiveServer(BODY) as server:
        monkeypatch.setenv("RAG_MODELS_URL", server.address("/good"))
        monkeypatch.setenv("RAG_MODELS_SHA256", hashlib.sha256(BODY).hexdigest())
        shown = on_terminal("models", "pull")
    assert "downloading" in shown
    assert "100%" in shown
    assert f"minilm is in {folder_of(models)}" in shown


@pytest.mark.parametrize(("path", "told"), [("/none", "answers 404"), ("/good", "SHA-256"), ("/half", "broke off")])
def test_a_pull_that_fails(models: Path, monkeypatch: pytest.MonkeyPatch, path: str, told: str) -> None:
    """One line on stderr after what was being done, exit code 1, no file left."""
    with ArchiveServer(BODY) as server:
        monkeypatch.setenv("RAG_MODELS_URL", server.address(path))
        code, out, errors = outcome(rag("models", "pull"))
    assert (code, out) == (1, "")
    doing, line = errors.splitlines()
    assert doing == "downloading minilm"
    assert line.startswith("rag: http://127.0.0.1:")
    assert told in line
    assert [path for path in models.rglob("*") if path.is_file()] == []


def test_usage() -> None:
    """Help names the one command below, and another one is refused."""
    assert "  pull  " in rag("models", "--help").stdout
    assert "--again" in rag("models", "pull", "--help").stdout
    assert rag("models", "nonesuch").exit_code == 2


def test_an_embedder_without_files(models: Path, folder: Path) -> None:
    """A library cannot be embedded anew by an embedder that is not here; one line says how to get it."""
    found = rag("rebuild", "--embedder", "minilm", "--library", folder)
    assert found.exit_code == 1
    assert f"not in {folder_of(models)}: fetch them with: rag models pull" in found.stderr


def test_the_doctor_tells_embedders(models: Path, folder: Path) -> None:
    """It says which are here; that a library's own is not is a problem with its remedy."""
    found = examine(load_settings(library=folder))
    assert found["embedders"] == {"static": "comes along", "minilm": None, "auto": "static"}
    assert "  minilm: not here: run: rag models pull\n  auto: static\n" in plain(report_of(found))
    catalogue = Catalogue.in_folder(folder)
    catalogue.put(embedder="minilm", fingerprint=fingerprint("minilm"))
    catalogue.close()
    problems = examine(load_settings(library=folder))["library"]["problems"]
    assert problems[0] == "made by the embedder minilm, whose files are not here: run: rag models pull"
