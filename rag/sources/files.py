"""Opens files as text, or says why they are none; what the text means is left to the formats.

Everything goes through `chunks`, so that each reader refuses binary files and wrong encodings with the same words.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import SourceError, shorten

__all__ = ["LONGEST_LINE", "Line", "encoding_of", "head_of", "lines", "source_name", "text_of", "without_surrogates"]

CHUNK = 1 << 18
LONGEST_LINE = 1_000_000
LARGEST_FILE = 200_000_000
SIGNATURES = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file, numbered from 1; when it is longer than LONGEST_LINE, only its start and `whole` False."""

    number: int
    text: str
    whole: bool = True


def without_surrogates(text: str) -> str:
    """Replace what UTF-8 cannot hold (lone surrogates) or databases refuse (NUL) by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")


def source_name(path: Path) -> str:
    """Return the name under which the papers of a file are listed; safe to encode even if the file's name is not."""
    return without_surrogates(path.name)


def encoding_of(path: Path) -> str:
    """Return the codec of a text file: UTF-16 if it starts with such a mark, else UTF-8 with or without one.

    Raises SourceError if there is no such file, or if it is a folder, empty or binary.
    """
    start = _start(path)
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature):
            raise SourceError(f"{_shown(path)} is {kind}, not text", remedy="save the abstracts as text, HTML or CSV")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in start:
        raise _binary(path, start.index(b"\0"))
    return "utf-8-sig"


def head_of(path: Path, encoding: str) -> str:
    """Return the first 100,000 characters or more of a file (all of it if it is shorter).

    Raises SourceError if it is blank or cannot be decoded.
    """
    head = next(chunks(path, encoding), "")
    if not head.strip() and path.stat().st_size <= CHUNK:
        raise SourceError(f"{_shown(path)} is empty", remedy="save the page or export the list again")
    return head


def chunks(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text of a file piece by piece, every line end as a newline.

    Raises SourceError, with the byte offset, at the first byte that is not text in this encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    offset = 0
    try:
        with path.open("rb") as file:
            while True:
                block = file.read(CHUNK)
                offset += len(block)
                text = decoder.decode(block, final=not block)
                if "\0" in text:
                    raise _binary(path, offset - len(block))
                if text := newlines.decode(text, final=not block):
                    yield text
                if not block:
                    return
    except UnicodeDecodeError as error:
        # The decoder keeps an unfinished character back, so its object may start before this block.
        raise _undecodable(path, offset - len(error.object) + error.start) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def lines(path: Path, encoding: str) -> Iterator[Line]:
    """Yield the lines of a file in constant memory, however long one of them is; raises as `chunks` does."""
    number, pending = 0, ""
    for chunk in chunks(path, encoding):
        *complete, rest = (pending + chunk).split("\n")
        for text in complete:
            number += 1
            yield _line(number, text)
        pending = rest[: LONGEST_LINE + 1]
    if pending:
        yield _line(number + 1, pending)


def text_of(path: Path, encoding: str, largest: int = LARGEST_FILE) -> str:
    """Return the text of a file that has to be read as a whole; raises as `chunks` does, and above `largest` bytes."""
    size = path.stat().st_size
    if size > largest:
        raise SourceError(
            f"{_shown(path)} is too large to read in one piece: {size:,} bytes, at most {largest:,}",
            remedy="split it, or save it as JSONL, which is read line by line",
        )
    return "".join(chunks(path, encoding))


def _line(number: int, text: str) -> Line:
    return Line(number, text[:LONGEST_LINE], whole=len(text) <= LONGEST_LINE)


def _start(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise SourceError(f"{_shown(path)} is a folder, not a file", remedy="name the files in it")
        if not path.exists():
            raise SourceError(f"there is no file {_shown(path)}", remedy="check the path")
        # Reading a pipe or a device could wait for ever.
        if not path.is_file():
            raise SourceError(f"{_shown(path)} is not a regular file", remedy="save its content to a file first")
        with path.open("rb") as file:
            start = file.read(CHUNK)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not start:
        raise SourceError(f"{_shown(path)} is empty", remedy="save the page or export the list again")
    return start


def _shown(path: Path) -> str:
    return shorten(path, 200)


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{_shown(path)} cannot be read: {error.strerror or error}", remedy="check its permissions")


def _binary(path: Path, offset: int) -> SourceError:
    return SourceError(
        f"{_shown(path)} is binary, not text: NUL at or after byte {offset:,}",
        remedy="give a text file in UTF-8; UTF-16 needs its byte order mark",
    )


def _undecodable(path: Path, offset: int) -> SourceError:
    return SourceError(
        f"{_shown(path)} is not in UTF-8 (nor in UTF-16 with its mark): byte {offset:,} cannot be decoded",
        remedy="convert it, for example: iconv -f WINDOWS-1252 -t UTF-8 old > new",
    )
