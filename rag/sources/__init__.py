"""Reads papers from files, the reader picked by content; keeping and indexing them is left to the library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..errors import SourceError, shorten
from ..model import Paper, Skipped
from . import arxiv_page, atom, bibtex, hf_json, hf_page, jsonl, table, text_dump
from .expand import expand, holds_files
from .files import encoding_of, head_of
from .format import Format

__all__ = ["FORMATS", "Format", "expand", "holds_files", "read"]

# The first that matches reads the file: the particular ones come before those that take what is left.
FORMATS: tuple[Format, ...] = (
    arxiv_page.FORMAT,
    hf_page.FORMAT,
    atom.FORMAT,
    hf_json.FORMAT,
    jsonl.FORMAT,
    table.FORMAT,
    bibtex.FORMAT,
    text_dump.FORMAT,
)


def read(path: Path) -> Iterator[Paper | Skipped]:
    """Yield the papers of a file in their order, and a Skipped for each record that is none.

    Raises SourceError, at the first `next` or later, if the path is missing, a folder, empty, binary or in another
    encoding than UTF-8 (or UTF-16 with its mark), if the file has none of the FORMATS, or if it holds no papers.
    """
    encoding = encoding_of(path)
    chosen = _choose(head_of(path, encoding), path)
    found = False
    for item in chosen.read(path, encoding):
        found = True
        yield item
    if not found:
        raise SourceError(
            f"{shorten(path, 200)} holds no papers, though it looks like this: {chosen.what}",
            remedy="save a page that shows papers with their abstracts",
        )


def _choose(head: str, path: Path) -> Format:
    for candidate in FORMATS:
        if candidate.matches(head, path):
            return candidate
    formats = "; ".join(candidate.what for candidate in FORMATS)
    raise SourceError(f"{shorten(path, 200)} is no file of papers", remedy=f"Paperchat reads {formats}")
