"""The files of the small neural embedder: where they lie, whether they are there, fetching them; `minilm.py` runs them.

They are the files that Chroma's own default embedder downloads, in the place where it keeps them, so that a machine
that has used Chroma has them already.
"""

from __future__ import annotations

import hashlib
import http.client
import tarfile
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from .errors import EmbedderError, shorten
from .faults import public_address

__all__ = ["FILES", "LARGEST", "SHA256", "URL", "folder_of", "is_there", "pull"]

# chromadb/utils/embedding_functions/onnx_mini_lm_l6_v2.py of chromadb 1.5.9: MODEL_DOWNLOAD_URL, _MODEL_SHA256
URL = "https://chroma-onnx-models.s3.amazonaws.com/all-MiniLM-L6-v2/onnx.tar.gz"
SHA256 = "913d7300ceae3b2dbc2c50d1de4baacab4be7b9380491c27fab7418616a16ec3"
FILES = (
    "config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "model.onnx",
)
"""What Chroma looks for before it downloads; the model is put in place last, so that it is there when all are."""
PLACE = Path("all-MiniLM-L6-v2") / "onnx"
LARGEST = 200_000_000
"""Bytes after which a download is given up; the archive has about 83 million."""
CHUNK = 1 << 18
Progress = Callable[[float, str], None]
"""Hears which share is done, 0 to 1, and what is being done."""


def folder_of(models: Path | None = None) -> Path:
    """Return the folder of the six files: below `models`, that folder itself if it holds them, or Chroma's cache."""
    if models is None:
        return Path.home() / ".cache" / "chroma" / "onnx_models" / PLACE
    return models if (models / "model.onnx").is_file() else models / PLACE


def is_there(models: Path | None = None) -> bool:
    """Tell whether all six files are there; none of them is read."""
    folder = folder_of(models)
    return all((folder / name).is_file() for name in FILES)


def pull(
    models: Path | None = None,
    *,
    url: str | None = None,
    sha256: str | None = None,
    timeout: float = 30.0,
    again: bool = False,
    progress: Progress = lambda _done, _what: None,
) -> Path:
    """Download the files unless they are there (or `again`), and return their folder.

    `timeout` is how many seconds the server may say nothing. The sum of the archive is checked before anything of it
    is read; each file then appears whole or not at all. Raises EmbedderError, and leaves nothing behind, when the
    server is away, answers with an error, stops half-way or sends another archive, and when the disk refuses.
    """
    folder = folder_of(models)
    if is_there(models) and not again:
        return folder
    with _disk(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        # beside the folder, not in it: on the same disk, and never taken for one of the files
        with TemporaryDirectory(prefix=".pull-", dir=folder.parent) as scratch:
            archive = Path(scratch) / "onnx.tar.gz"
            _download(url or URL, archive, sha256 or SHA256, timeout, progress)
            made = _unpacked(archive, Path(scratch))
            folder.mkdir(exist_ok=True)
            for name in made:
                (Path(scratch) / name).replace(folder / name)
    return folder


def _download(url: str, archive: Path, sha256: str, timeout: float, progress: Progress) -> None:
    """Write what a server sends to a file, and check its sum."""
    digest, size, total = hashlib.sha256(), 0, 0
    with archive.open("wb") as file:
        for chunk, total in _chunks(url, timeout):
            size += len(chunk)
            if max(size, total) > LARGEST:
                raise EmbedderError(
                    f"{public_address(url)} sends more than {LARGEST:,} bytes", remedy="check RAG_MODELS_URL"
                )
            digest.update(chunk)
            file.write(chunk)
            progress(size / total if total else 0.0, "downloading")
    if size < total:
        raise EmbedderError(
            f"{public_address(url)} broke off after {size:,} of {total:,} bytes", remedy="run again: rag models pull"
        )
    if digest.hexdigest() != sha256.lower():
        raise EmbedderError(
            f"{public_address(url)} sent a file with the SHA-256 sum {digest.hexdigest()}, not {sha256.lower()}",
            remedy="nothing of it was kept; try again later, or set RAG_MODELS_URL to a true copy",
        )


def _chunks(url: str, timeout: float) -> Iterator[tuple[bytes, int]]:
    """Yield what a server sends, each time with the size of the whole (0: it does not say)."""
    request = _request(url)
    with _network(url, timeout), urlopen(request, timeout=timeout) as reply:  # nosec B310
        length = reply.headers.get("Content-Length", "")
        total = int(length) if length.isdecimal() else 0
        while chunk := reply.read(CHUNK):
            yield chunk, total


def _request(url: str) -> Request:
    """Return what asks for an address of the web; a user and password in it are sent to its own host only."""
    try:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError(url)
    except ValueError:
        raise EmbedderError(
            f"{public_address(url)} is not an address of the web", remedy="set RAG_MODELS_URL to http:// or https://"
        ) from None
    request = Request(urlunsplit(parts._replace(netloc=place)), headers={"User-Agent": "paperchat"})
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
    return request


def _unpacked(archive: Path, scratch: Path) -> tuple[str, ...]:
    """Write the six files of an archive to a folder and return their names.

    They are asked for by name and written under our own names: what else is in the archive, or where it says that it
    belongs, does not matter.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for name in FILES:
                found = tar.extractfile(f"onnx/{name}")
                if found is None:
                    raise KeyError(name)
                with (scratch / name).open("wb") as file:
                    _copy(found, file)
    except (tarfile.TarError, zlib.error, EOFError, KeyError) as error:
        raise EmbedderError(
            f"the archive does not hold the files of all-MiniLM-L6-v2 ({shorten(error)})", remedy="check RAG_MODELS_URL"
        ) from error
    return FILES


def _copy(source: object, target: BinaryIO) -> None:
    read: Callable[[int], bytes] = source.read  # type: ignore[attr-defined]
    while chunk := read(CHUNK):
        target.write(chunk)


@contextmanager
def _network(url: str, timeout: float) -> Iterator[None]:
    """Turn what a network does into EmbedderError; `http.client` has errors of its own, the rest are OSErrors."""
    try:
        yield
    except HTTPError as error:
        with error:
            raise EmbedderError(
                f"{public_address(url)} answers {error.code} {shorten(error.reason)}", remedy="check RAG_MODELS_URL"
            ) from error
    except TimeoutError as error:
        raise EmbedderError(
            f"{public_address(url)} said nothing for {timeout:g} seconds", remedy="run again: rag models pull"
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        # an address that is no good is repeated whole by its error, secrets and all
        why = getattr(error, "reason", error) if isinstance(error, OSError) else type(error).__name__
        raise EmbedderError(
            f"{public_address(url)} cannot be reached ({shorten(why)})",
            remedy="check the network; Paperchat works without these files too, with the embedder static",
        ) from error


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbedderError(
            f"the files cannot be written to {shorten(folder, 200)} ({error.strerror or error})",
            remedy="make room or set RAG_MODELS to a folder that can be written",
        ) from error
