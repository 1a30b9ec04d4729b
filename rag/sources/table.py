"""Reads CSV and TSV tables with a header; spreadsheets and tables without one are left out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ..errors import SourceError, shorten
from ..model import Paper, Skipped
from .files import head_of, lines, source_name
from .format import Format
from .record import record

__all__ = ["FORMAT"]

DELIMITERS = (",", "\t", ";")
TEXTS = frozenset({"abstract", "summary", "text"})
LONGEST_NAME = 60


def _matches(head: str, path: Path) -> bool:
    return _delimiter(head) is not None


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the rows. Raises SourceError if the file cannot be decoded or its header lacks titles or abstracts."""
    source = source_name(path)
    delimiter = _delimiter(head_of(path, encoding)) or ","
    # The line end is kept, as a quoted cell may hold many lines.
    rows = csv.reader((f"{line.text}\n" for line in lines(path, encoding)), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        # `line_num` is where the last row ended, so this one starts on the next line.
        entry = f"row at line {rows.line_num + 1}"
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Skipped(source, entry, f"broken table row: {error}")
            continue
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if header is None:
            header = _checked(_names(row), path)
        else:
            yield _paper(source, entry, header, row)


def _paper(source: str, entry: str, header: list[str], row: list[str]) -> Paper | Skipped:
    if len(row) > len(header):
        return Skipped(source, entry, f"{len(row)} cells under a header of {len(header)}")
    # Reversed, so that of two columns with one name the first counts.
    return record(source, entry, dict(reversed([*zip(header, row, strict=False)])))


def _delimiter(head: str) -> str | None:
    """Return what divides the header's names, or None if the first line of a text is no such header."""
    first = next((line for line in head.split("\n") if line.strip()), "")
    for delimiter in DELIMITERS:
        try:
            names = _names(next(csv.reader([first], delimiter=delimiter), []))
        except csv.Error:
            continue
        if len(names) > 1 and ("title" in names or TEXTS & set(names)) and max(map(len, names)) <= LONGEST_NAME:
            return delimiter
    return None


def _names(row: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in row]


def _checked(header: list[str], path: Path) -> list[str]:
    missing = [] if "title" in header else ["title"]
    missing += [] if TEXTS & set(header) else ["abstract (or text, or summary)"]
    if missing:
        raise SourceError(
            f"{shorten(path, 200)} is a table without a column {' and '.join(missing)}: {shorten(', '.join(header))}",
            remedy="name these columns in its first line",
        )
    return header


FORMAT = Format("table", "CSV or TSV tables with a header that names `title` and `abstract`", _matches, _read)
