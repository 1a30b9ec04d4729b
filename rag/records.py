"""The rows under the catalogue: tables, values read from them, and filters; queries are left to `catalogue.py`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from .model import Paper, Passage
from .text import real_hosts, title_key

__all__ = [
    "META",
    "ORIGINS",
    "PAPERS",
    "PASSAGES",
    "REMOVED",
    "SCHEMA",
    "Entry",
    "Known",
    "Origin",
    "Where",
    "as_known",
    "as_paper",
    "as_passage",
    "as_vectors",
    "content_hash",
    "paper_of",
    "paper_row",
    "passage_rows",
    "tables",
]

SCHEMA = 1
"""Raised when the tables change; an older Paperchat refuses a newer library."""

tables = sa.MetaData()
META = sa.Table("meta", tables, sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String))
PAPERS = sa.Table(
    "papers",
    tables,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("title_key", sa.Text, nullable=False, index=True),
    sa.Column("abstract", sa.Text, nullable=False),
    sa.Column("url", sa.Text),
    sa.Column("authors", sa.Text, nullable=False),
    sa.Column("published", sa.Integer),
    sa.Column("hash", sa.String, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, index=True),
)
PASSAGES = sa.Table(
    "passages",
    tables,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("paper_id", sa.String, nullable=False, index=True),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("start", sa.Integer, nullable=False),
    sa.Column("stop", sa.Integer, nullable=False),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)
ORIGINS = sa.Table(
    "origins",
    tables,
    sa.Column("paper_id", sa.String, primary_key=True),
    sa.Column("origin", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False, index=True),
)
REMOVED = sa.Table(
    "removed",
    tables,
    sa.Column("paper_id", sa.String, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue already has of a paper."""

    id: str
    title_key: str
    hash: str
    url: str | None
    authors: tuple[str, ...]
    published: date | None
    origins: Mapping[str, str]
    """The name that is shown of each place it came from, by the whole path or address."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper with its passages and their vectors, an array of shape (len(passages), dimension)."""

    paper: Paper
    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a paper came from: the whole path or address, and the name that is shown and filtered by."""

    paper_id: str
    origin: str
    source: str


@dataclass(frozen=True, slots=True)
class Where:
    """A filter: papers of these sources (file names), published in these years; None means all."""

    sources: tuple[str, ...] | None = None
    first_year: int | None = None
    last_year: int | None = None

    def __bool__(self) -> bool:
        return self != Where()


def content_hash(paper: Paper) -> str:
    """Return what changes whenever a paper's stored fields would; where it came from is not part of it."""
    fields = [paper.title, real_hosts(paper.abstract), paper.url, list(paper.authors), as_number(paper.published)]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:32]


def paper_row(paper: Paper, revision: int) -> dict[str, Any]:
    """Return the row of a paper."""
    return {
        "id": paper.id,
        "title": paper.title,
        "title_key": title_key(paper.title),
        "abstract": paper.abstract,
        "url": paper.url,
        "authors": json.dumps(paper.authors, ensure_ascii=False),
        "published": as_number(paper.published),
        "hash": content_hash(paper),
        "revision": revision,
    }


def passage_rows(entry: Entry) -> list[dict[str, Any]]:
    """Return the rows of a paper's passages, vectors included."""
    return [
        {
            "key": passage.key,
            "paper_id": passage.paper_id,
            "ordinal": passage.ordinal,
            "start": passage.start,
            "stop": passage.end,
            "vector": vector.astype(np.float16).tobytes(),
        }
        for passage, vector in zip(entry.passages, entry.vectors, strict=True)
    ]


def as_paper(row: Any, source: str) -> Paper:  # noqa: ANN401
    """Return the paper of a row."""
    return Paper(
        id=row.id,
        title=row.title,
        abstract=row.abstract,
        url=row.url,
        authors=tuple(json.loads(row.authors)),
        published=as_date(row.published),
        source=source,
    )


def as_known(row: Any, origins: Mapping[str, str]) -> Known:  # noqa: ANN401
    """Return a row of PAPERS, without its texts, as what is known of a paper."""
    return Known(
        id=row.id,
        title_key=row.title_key,
        hash=row.hash,
        url=row.url,
        authors=tuple(json.loads(row.authors)),
        published=as_date(row.published),
        origins=origins,
    )


def paper_of(key: str) -> str:
    """Return the id of the paper that the passage of a key is from."""
    return key.rsplit("#", 1)[0]


def as_passage(row: Any) -> Passage:  # noqa: ANN401
    """Return the passage of a row."""
    return Passage(row.paper_id, row.ordinal, row.start, row.stop)


def as_vectors(stored: Sequence[bytes]) -> NDArray[np.float32]:
    """Return vectors, shape (n, d), from their stored half floats; at least one."""
    return np.frombuffer(b"".join(stored), dtype=np.float16).reshape(len(stored), -1).astype(np.float32)


def as_number(day: date | None) -> int | None:
    return None if day is None else day.year * 10_000 + day.month * 100 + day.day


def as_date(number: int | None) -> date | None:
    return None if number is None else date(number // 10_000, number // 100 % 100, number % 100)
