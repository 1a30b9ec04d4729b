"""Reads JSONL (also BEIR's corpus.jsonl), and arrays of records; what their fields mean is left to `record`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from ..model import Paper, Skipped
from .files import LONGEST_LINE, Line, head_of, lines, source_name
from .format import Format
from .json_text import document, looks_like_json, parse
from .record import record

__all__ = ["FORMAT", "one_per_line"]


def one_per_line(head: str) -> bool:
    """Tell from its first lines whether a JSON text has one object per line; broken ones are no obstacle."""
    if not head.lstrip().startswith("{"):
        return False
    found = islice((line.strip() for line in head.split("\n") if line.strip()), 2)
    first, second = next(found, ""), next(found, "")
    # One JSON value that is printed on many lines has a key, or a closing bracket, in its second line. A line that is
    # longer than the head is left to the line reader, which can refuse it without holding it.
    return second.startswith("{") or _is_object(first) or ("\n" not in head.strip() and len(head) > LONGEST_LINE // 10)


def _is_object(line: str) -> bool:
    try:
        return isinstance(parse(line), Mapping)
    except ValueError:
        return False


def _matches(head: str, path: Path) -> bool:
    return looks_like_json(head) or (path.suffix == ".jsonl" and "\n{" in head)


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the records. Raises SourceError if the file cannot be decoded, or is one JSON value and broken."""
    source = source_name(path)
    if path.suffix == ".jsonl" or one_per_line(head_of(path, encoding)):
        for line in lines(path, encoding):
            if line.text.strip():
                yield _paper(source, line)
        return
    value = document(path, encoding)
    for number, item in enumerate(value if isinstance(value, list) else [value], 1):
        yield _record(source, f"record {number}", item)


def _paper(source: str, line: Line) -> Paper | Skipped:
    entry = f"line {line.number}"
    if not line.whole:
        return Skipped(source, entry, f"more than {LONGEST_LINE:,} characters in one line")
    try:
        return _record(source, entry, parse(line.text))
    except ValueError as error:
        return Skipped(source, entry, str(error))


def _record(source: str, entry: str, value: object) -> Paper | Skipped:
    return record(source, entry, value) if isinstance(value, Mapping) else Skipped(source, entry, "not an object")


FORMAT = Format("jsonl", "JSONL or a JSON array of records with `title` and `abstract` (or `text`)", _matches, _read)
