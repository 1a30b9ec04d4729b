"""Where the files of the neural embedder lie, and what becomes of every kind of download; nothing is left half done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_server import ArchiveServer, packed
from conftest import ROOT

from rag import models
from rag.errors import EmbedderError
from rag.models import FILES, SHA256, URL, folder_of, is_there, pull

CONTENT = {name: f"this is {name}".encode() * 1000 for name in FILES}
BODY = packed({f"onnx/{name}": content for name, content in CONTENT.items()})
SUM = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    """Serve the six files."""
    with ArchiveServer(BODY) as running:
        yield running


def left(folder: Path) -> list[Path]:
    """Return every file below a folder, hidden ones too."""
    return [path for path in folder.rglob("*") if path.is_file()]


def served(body: bytes, models: Path) -> Path:
    """Return where files are after a server sent this archive, whose sum is as announced."""
    with ArchiveServer(body) as running:
        return pull(models, url=running.address("/good"), sha256=hashlib.sha256(body).hexdigest())


def test_the_place_is_chromas() -> None:
    """By default files are looked for where Chroma keeps them, fetched from where it fetches them, with its sum."""
    from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2

    below = ONNXMiniLM_L6_V2.DOWNLOAD_PATH.parts[-4:]
    assert folder_of() == Path.home().joinpath(*below, ONNXMiniLM_L6_V2.EXTRACTED_FOLDER_NAME)
    assert below[0] == ".cache"
    assert ONNXMiniLM_L6_V2.MODEL_DOWNLOAD_URL == URL
    assert ONNXMiniLM_L6_V2._MODEL_SHA256 == SHA256


def test_another_place(tmp_path: Path) -> None:
    """A folder of models holds the files below it, or itself."""
    assert folder_of(tmp_path) == tmp_path / "all-MiniLM-L6-v2" / "onnx"
    (tmp_path / "model.onnx").touch()
    assert folder_of(tmp_path) == tmp_path


def test_all_six_files_must_be_there(tmp_path: Path) -> None:
    """What Chroma would take for missing is missing here too."""
    for name in FILES:
        assert not is_there(tmp_path)
        (tmp_path / name).touch()
    assert is_there(tmp_path)
    (tmp_path / "vocab.txt").unlink()
    assert not is_there(tmp_path)


@pytest.mark.skipif(not (ROOT.parent / "shared" / "models").is_dir(), reason="the model's files are not here")
def test_the_real_files_are_found() -> None:
    """The names are those of the real files."""
    assert is_there(ROOT.parent / "shared" / "models")


@pytest.mark.parametrize("path", ["/good", "/unsized", "/moved"])
def test_a_download(server: ArchiveServer, tmp_path: Path, path: str) -> None:
    """All six files are there afterwards and nothing else; whoever listens hears it end; a second time asks nobody."""
    heard: list[float] = []

    def hear(done: float, what: str) -> None:
        assert what == "downloading"
        heard.append(done)

    folder = pull(tmp_path, url=server.address(path), sha256=SUM.upper(), progress=hear)
    assert folder == folder_of(tmp_path)
    assert {name.name: name.read_bytes() for name in left(tmp_path)} == CONTENT
    assert heard == sorted(heard)
    assert heard[-1] == (0.0 if path == "/unsized" else 1.0)
    asked = len(server.asked)
    assert pull(tmp_path, url=server.address(path)) == folder
    assert len(server.asked) == asked


def test_again(server: ArchiveServer, tmp_path: Path) -> None:
    """Files that are damaged are replaced when that is asked for, others beside them left alone."""
    folder = pull(tmp_path, url=server.address("/good"), sha256=SUM)
    (folder / "model.onnx").write_bytes(b"damaged")
    (folder / "mine.txt").touch()
    pull(tmp_path, url=server.address("/good"), sha256=SUM, again=True)
    assert {path.name for path in left(tmp_path)} == {*FILES, "mine.txt"}
    assert (folder / "model.onnx").read_bytes() == CONTENT["model.onnx"]


def test_what_is_missing_is_completed(server: ArchiveServer, tmp_path: Path) -> None:
    """A folder that somebody left half full is filled."""
    folder_of(tmp_path).mkdir(parents=True)
    (folder_of(tmp_path) / "config.json").write_bytes(b"{}")
    pull(tmp_path, url=server.address("/good"), sha256=SUM)
    assert is_there(tmp_path)
    assert (folder_of(tmp_path) / "config.json").read_bytes() == CONTENT["config.json"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/none", r"/none answers 404 Not Found: check RAG_MODELS_URL"),
        ("/half", r"/half broke off after \d+ of \d+ bytes: run again: rag models pull"),
        ("/hang", r"/hang said nothing for 0\.3 seconds"),
        ("/stall", r"/stall said nothing for 0\.3 seconds"),
        ("/claims", r"/claims sends more than 200,000,000 bytes"),
        ("/garbled", r"/garbled cannot be reached"),
        ("/none?token=secret", r"/none\?\*\*\* answers 404"),
    ],
)
@pytest.mark.parametrize("had", [False, True])
def test_a_download_that_fails(server: ArchiveServer, tmp_path: Path, path: str, told: str, had: bool) -> None:
    """The error tells what happened; no file is left, and those that were there stay as they were."""
    folder = folder_of(tmp_path)
    if had:
        folder.mkdir(parents=True)
        for name in FILES:
            (folder / name).write_bytes(b"old")
    with pytest.raises(EmbedderError, match=told) as caught:
        pull(tmp_path, url=server.address(path), sha256=SUM, timeout=0.3, again=True)
    assert "secret" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in left(tmp_path)} == (dict.fromkeys(FILES, b"old") if had else {})
    assert list(tmp_path.rglob(".pull*")) == []


def test_a_wrong_sum(server: ArchiveServer, tmp_path: Path) -> None:
    """A file that is not the expected one is named by its sum, and nothing of it is kept or even read."""
    with pytest.raises(EmbedderError, match=f"sum {SUM}, not {SHA256}"):
        pull(tmp_path, url=server.address("/good"))
    assert left(tmp_path) == []


def test_more_than_was_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ArchiveServer) -> None:
    """A server that does not say how much it sends is stopped all the same."""
    monkeypatch.setattr(models, "LARGEST", len(BODY) - 1)
    with pytest.raises(EmbedderError, match="sends more than"):
        pull(tmp_path, url=server.address("/unsized"), sha256=SUM)
    assert left(tmp_path) == []


def test_a_password(server: ArchiveServer, tmp_path: Path) -> None:
    """A user and password in the address are sent to its host, and not to where that leads."""
    pull(tmp_path, url=server.address("/moved").replace("http://", "http://me:a%2Fb@"), sha256=SUM)
    assert server.asked == ["/moved", "/good"]
    assert server.passwords == ["me:a/b", ""]


def test_nobody_there(tmp_path: Path) -> None:
    """An address at which nobody listens, and a password that is not told."""
    with ArchiveServer(BODY) as gone:
        url = gone.address("/good").replace("http://", "http://me:secret@")
    with pytest.raises(EmbedderError, match="cannot be reached") as caught:
        pull(tmp_path, url=url)
    assert "secret" not in str(caught.value)
    assert "static" in caught.value.remedy


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "onnx.tar.gz", "http://[broken", "http://h:x/"]
)
def test_no_address(tmp_path: Path, url: str) -> None:
    """Only the web is read, never a file of this machine."""
    with pytest.raises(EmbedderError, match="RAG_MODELS_URL"):
        pull(tmp_path, url=url)
    assert left(tmp_path) == []


@pytest.mark.parametrize("path", ["../outside.txt", "/tmp/outside.txt", "onnx/../../outside.txt", "onnx/more.txt"])
def test_only_the_six_files_are_taken(tmp_path: Path, path: str) -> None:
    """Wherever else an archive says that a file belongs, it is not written."""
    folder = served(packed({path: b"bad", **{f"onnx/{name}": text for name, text in CONTENT.items()}}), tmp_path / "in")
    assert {name.name for name in left(tmp_path)} == set(FILES)
    assert {name.parent for name in left(tmp_path)} == {folder}
    assert not Path("/tmp/outside.txt").exists()


def test_a_link_is_not_followed_out(tmp_path: Path) -> None:
    """A link in the archive to a file of this machine does not bring it in."""
    secret = tmp_path / "secret.txt"
    secret.write_text("mine")
    others = {f"onnx/{name}": text for name, text in CONTENT.items() if name != "vocab.txt"}
    with pytest.raises(EmbedderError, match="does not hold the files"):
        served(packed(others, links={"onnx/vocab.txt": str(secret)}), tmp_path / "in")
    assert left(tmp_path / "in") == []


@pytest.mark.parametrize("body", [packed({"onnx/config.json": b"{}"}), b"no archive", BODY[:500], b""])
def test_another_archive(tmp_path: Path, body: bytes) -> None:
    """An archive that lacks files, is cut off or is none at all is told, though its sum is as announced."""
    with pytest.raises(EmbedderError, match="does not hold the files of all-MiniLM-L6-v2"):
        served(body, tmp_path)
    assert left(tmp_path) == []


def test_a_disk_that_refuses(server: ArchiveServer, tmp_path: Path) -> None:
    """A folder that cannot be made is named, with the setting that takes another."""
    (tmp_path / "file").touch()
    with pytest.raises(EmbedderError, match=r"cannot be written to .*Not a directory.*RAG_MODELS"):
        pull(tmp_path / "file", url=server.address("/good"), sha256=SUM)
    assert server.asked == []
