"""What is read from the catalogue: papers, passages, vectors, revisions; writing it is left to `catalogue.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from .errors import StoreError, shorten
from .model import Paper, Passage
from .records import (
    META,
    ORIGINS,
    PAPERS,
    PASSAGES,
    REMOVED,
    Entry,
    Known,
    Origin,
    Where,
    as_known,
    as_paper,
    as_passage,
    as_vectors,
)
from .text import title_key

__all__ = ["Reading", "chunks", "in_chunks"]

LONGEST_LIST = 500
"""Values in one SQL `IN`: below every database's limit."""
# a statement that is made once is compiled once, which is most of what a small one costs
STATE = sa.select(META.c.key, META.c.value).where(META.c.key.in_(["revision", "indexed"]))
FIRST_NAME = sa.select(sa.func.min(ORIGINS.c.source)).where(ORIGINS.c.paper_id == PAPERS.c.id).scalar_subquery()
OF_PAPER = (
    *(column for column in PAPERS.c if column.name not in {"title_key", "hash", "revision"}),
    FIRST_NAME.label("source"),
)
ALL = sa.select(*OF_PAPER)
BY_ID = ALL.where(PAPERS.c.id.in_(sa.bindparam("ids", expanding=True)))
VECTORS = sa.select(PASSAGES.c.key, PASSAGES.c.vector).where(PASSAGES.c.key.in_(sa.bindparam("keys", expanding=True)))
BY_KEY = (
    sa.select(*(column for column in PASSAGES.c if column.name != "vector"), *OF_PAPER)
    .join(PAPERS, PAPERS.c.id == PASSAGES.c.paper_id)
    .where(PASSAGES.c.key.in_(sa.bindparam("keys", expanding=True)))
)


class Reading:
    """The questions that a catalogue answers. Every method is one transaction; StoreError when the database fails."""

    def __init__(self, engine: sa.Engine, where: str) -> None:
        self._engine, self.where = engine, where

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn the database's errors into StoreError."""
        try:
            yield
        except sa.exc.SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(
                f"the catalogue {shorten(self.where, 120)} failed ({shorten(cause, 160)})",
                remedy="check that the disk has room and the folder can be written, then try again: nothing was lost",
            ) from error

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with self._failures(), self._engine.begin() as connection:
            yield connection

    def get(self, key: str) -> str | None:
        """Return one value of the library's settings: schema, revision, indexed, embedder, dimension."""
        with self._begin() as connection:
            return connection.execute(sa.select(META.c.value).where(META.c.key == key)).scalar_one_or_none()

    def revision(self) -> tuple[int, int]:
        """Return the number of the last write, and of the last one that Chroma is known to hold."""
        with self._begin() as connection:
            found = {key: int(value) for key, value in connection.execute(STATE)}
        return found.get("revision", 0), found.get("indexed", 0)

    def counts(self) -> tuple[int, int]:
        """Return how many papers and passages there are."""
        with self._begin() as connection:
            papers = connection.execute(sa.select(sa.func.count()).select_from(PAPERS)).scalar_one()
            passages = connection.execute(sa.select(sa.func.count()).select_from(PASSAGES)).scalar_one()
        return papers, passages

    def is_empty(self) -> bool:
        """Tell whether there is no passage; unlike a count, this reads one row at most."""
        with self._begin() as connection:
            return connection.execute(sa.select(PASSAGES.c.key).limit(1)).first() is None

    def known(self, papers: Sequence[Paper]) -> dict[str, Known]:
        """Return what is stored under the ids and titles of these papers, by id.

        A title is looked for only where the id is not there under it: two papers of one title are one by then.
        """
        columns = [column for column in PAPERS.c if column.name not in {"title", "abstract"}]
        titles = {paper.id: title_key(paper.title) for paper in papers}
        with self._begin() as connection:
            rows = {row.id: row for row in in_chunks(connection, sa.select(*columns), PAPERS.c.id, list(titles))}
            other = {key for one, key in titles.items() if one not in rows or rows[one].title_key != key}
            found = in_chunks(connection, sa.select(*columns), PAPERS.c.title_key, list(other))
            rows |= {row.id: row for row in found}
            origins: dict[str, dict[str, str]] = {}
            for row in in_chunks(connection, sa.select(ORIGINS), ORIGINS.c.paper_id, list(rows)):
                origins.setdefault(row.paper_id, {})[row.origin] = row.source
        return {one: as_known(row, origins.get(one, {})) for one, row in rows.items()}

    def changes(self, since: int) -> tuple[list[str], list[str]]:
        """Return the ids written and the ids removed after revision `since`."""
        with self._begin() as connection:
            written = connection.execute(sa.select(PAPERS.c.id).where(PAPERS.c.revision > since)).scalars().all()
            removed = (
                connection.execute(sa.select(REMOVED.c.paper_id).where(REMOVED.c.revision > since)).scalars().all()
            )
        return list(written), list(removed)

    def count_since(self, revision: int) -> int:
        """Return how many papers were written after a revision."""
        query = sa.select(sa.func.count()).select_from(PAPERS).where(PAPERS.c.revision > revision)
        with self._begin() as connection:
            return int(connection.execute(query).scalar_one())

    def papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """Return the papers of these ids, or all, in the order of their titles."""
        with self._begin() as connection:
            if ids is None:
                rows: Iterable[Any] = connection.execute(ALL).all()
            else:
                rows = [row for part in chunks(list(ids)) for row in connection.execute(BY_ID, {"ids": part})]
        return sorted((as_paper(row, row.source or "") for row in rows), key=lambda paper: paper.title.casefold())

    def vectors(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the stored vectors of passages, by key; keys that are not there are left out."""
        with self._begin() as connection:
            return {key: vector for part in chunks(keys) for key, vector in connection.execute(VECTORS, {"keys": part})}

    def passages(self, keys: Sequence[str]) -> dict[str, tuple[Passage, Paper]]:
        """Return passages with their papers, by key, read at once; keys that are not there are left out."""
        with self._begin() as connection:
            rows = [row for part in chunks(keys) for row in connection.execute(BY_KEY, {"keys": part})]
        return {row.key: (as_passage(row), as_paper(row, row.source or "")) for row in rows}

    def entries(self, ids: Sequence[str]) -> list[Entry]:
        """Return papers with their passages and vectors, in the order of `ids`."""
        papers = {paper.id: paper for paper in self.papers(ids)}
        rows: dict[str, list[Any]] = {}
        with self._begin() as connection:
            for row in in_chunks(connection, sa.select(PASSAGES), PASSAGES.c.paper_id, list(papers)):
                rows.setdefault(row.paper_id, []).append(row)
        entries = []
        for paper_id in ids:
            if paper_id in papers:
                ordered = sorted(rows.get(paper_id, []), key=lambda row: row.ordinal)
                vectors = as_vectors([row.vector for row in ordered])
                entries.append(Entry(papers[paper_id], tuple(as_passage(row) for row in ordered), vectors))
        return entries

    def sources_of(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the names of the sources of each of these papers, sorted."""
        found: dict[str, set[str]] = {}
        query = sa.select(ORIGINS.c.paper_id, ORIGINS.c.source)
        with self._begin() as connection:
            for row in in_chunks(connection, query, ORIGINS.c.paper_id, list(ids)):
                found.setdefault(row.paper_id, set()).add(row.source)
        return {paper_id: sorted(names) for paper_id, names in found.items()}

    def ids(self) -> list[str]:
        """Return the ids of all papers, sorted."""
        with self._begin() as connection:
            return list(connection.execute(sa.select(PAPERS.c.id).order_by(PAPERS.c.id)).scalars())

    def keys(self) -> set[str]:
        """Return the keys of all passages."""
        with self._begin() as connection:
            return set(connection.execute(sa.select(PASSAGES.c.key)).scalars())

    def matrix(self, where: Where) -> tuple[list[str], NDArray[np.float32]]:
        """Return the passage keys that a filter lets through, and their vectors, one a row."""
        query = sa.select(PASSAGES.c.key, PASSAGES.c.vector).join(PAPERS, PAPERS.c.id == PASSAGES.c.paper_id)
        if where.sources is not None:
            named = sa.select(ORIGINS.c.paper_id).where(ORIGINS.c.source.in_(where.sources))
            query = query.where(PASSAGES.c.paper_id.in_(named))
        if where.first_year is not None:
            query = query.where(PAPERS.c.published >= where.first_year * 10_000)
        if where.last_year is not None:
            query = query.where(PAPERS.c.published <= where.last_year * 10_000 + 9_999)
        with self._begin() as connection:
            rows = connection.execute(query.order_by(PASSAGES.c.key)).all()
        if not rows:
            return [], np.zeros((0, 0), dtype=np.float32)
        return [row.key for row in rows], as_vectors([row.vector for row in rows])

    def vectors_since(self, revision: int, size: int) -> Iterator[Sequence[Any]]:
        """Yield rows of `key`, `paper_id`, `published` and `vector` of what was written after a revision, in batches.

        It is one transaction for as long as it is iterated.
        """
        query = sa.select(PASSAGES.c.key, PASSAGES.c.paper_id, PAPERS.c.published, PASSAGES.c.vector)
        query = query.join(PAPERS, PAPERS.c.id == PASSAGES.c.paper_id)
        if revision >= 0:
            query = query.where(PAPERS.c.revision > revision)
        with self._begin() as connection:
            streamed = connection.execution_options(yield_per=size).execute(query)
            yield from streamed.partitions(size)

    def sample_vectors(self, wanted: int) -> NDArray[np.float32]:
        """Return about `wanted` vectors, evenly spread over the keys, one a row."""
        keys = sorted(self.keys())
        chosen = keys[:: max(1, len(keys) // wanted)]
        with self._begin() as connection:
            rows = in_chunks(connection, sa.select(PASSAGES.c.vector), PASSAGES.c.key, chosen)
            return as_vectors([row.vector for row in rows])

    def sources(self) -> dict[str, int]:
        """Return how many papers came from each source, by its name."""
        query = sa.select(ORIGINS.c.source, sa.func.count(sa.distinct(ORIGINS.c.paper_id))).group_by(ORIGINS.c.source)
        with self._begin() as connection:
            return {source: count for source, count in connection.execute(query)}

    def from_origins(self, folder: str) -> dict[str, set[Origin]]:
        """Return the papers that came from files below a folder, each with all of its origins."""
        inside = sa.select(ORIGINS.c.paper_id).where(ORIGINS.c.origin.startswith(folder, autoescape=True))
        query = sa.select(ORIGINS).where(ORIGINS.c.paper_id.in_(inside))
        found: dict[str, set[Origin]] = {}
        with self._begin() as connection:
            for row in connection.execute(query):
                found.setdefault(row.paper_id, set()).add(Origin(row.paper_id, row.origin, row.source))
        return found


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield values, as many at a time as one statement may hold."""
    for first in range(0, len(values), LONGEST_LIST):
        yield values[first : first + LONGEST_LIST]


def in_chunks(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], values: Sequence[str]
) -> Iterator[Any]:
    """Yield the rows of a query whose column has one of these values."""
    for chunk in chunks(values):
        yield from connection.execute(query.where(column.in_(chunk)))
