"""Reads what the JSON endpoints of Hugging Face Papers answer, saved as a file; other JSON is left to `jsonl`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..model import Paper, Skipped
from .files import source_name
from .format import Format
from .json_text import document, looks_like_json
from .jsonl import one_per_line
from .record import record

__all__ = ["FORMAT", "items_of", "papers_in"]

# Inside a JSON string these quotes would be escaped, so an abstract cannot look like a key.
SIGNS = re.compile(r'"(?:dailyPapers|searchResults|submittedOnDailyAt|publishedAt|upvotes)"\s?:|"paper"\s?:\s?\{')


def items_of(value: object) -> list[object]:
    """Return the papers of a page's or endpoint's object: search results where there are any, else the daily list."""
    if isinstance(value, list):
        return value
    if not isinstance(value, Mapping):
        return []
    lists = [value[key] for key in ("searchResults", "dailyPapers") if key in value]
    if not lists:
        return [value]
    return next((items for items in lists if isinstance(items, list) and items), [])


def papers_in(source: str, items: list[object]) -> Iterator[Paper | Skipped]:
    """Yield the papers of such objects, nested in `paper` or flat."""
    for number, item in enumerate(items, 1):
        entry = f"paper {number}"
        yield record(source, entry, item) if isinstance(item, Mapping) else Skipped(source, entry, "not an object")


def _matches(head: str, path: Path) -> bool:
    # An answer on one line is one object; the same objects on many lines are JSONL.
    one_answer = "\n" not in head.strip() or not one_per_line(head)
    return looks_like_json(head) and one_answer and SIGNS.search(head) is not None


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the papers of a saved answer. Raises SourceError if the file is not one JSON value."""
    yield from papers_in(source_name(path), items_of(document(path, encoding)))


FORMAT = Format("hf-json", "answers of the Hugging Face Papers API (JSON)", _matches, _read)
