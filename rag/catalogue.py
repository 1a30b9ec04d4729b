"""Papers, passages, vectors and revision in SQL: the source of truth; the indexes made from it are left to others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from .errors import LibraryMismatch, StoreError, shorten
from .model import Paper, Passage
from .records import (
    META,
    ORIGINS,
    PAPERS,
    PASSAGES,
    REMOVED,
    SCHEMA,
    Entry,
    Known,
    Origin,
    Where,
    as_known,
    as_paper,
    as_passage,
    as_vector,
    paper_row,
    passage_rows,
    tables,
)
from .text import title_key

__all__ = ["Catalogue"]

LONGEST_LIST = 500
"""Values in one SQL `IN`: below every database's limit."""


class Catalogue:
    """An open catalogue. Every method is one transaction; StoreError is raised when the database fails."""

    def __init__(self, url: sa.URL, *, writable: bool = True) -> None:
        self._engine = sa.create_engine(url)
        if url.get_backend_name() == "sqlite":
            sa.event.listen(self._engine, "connect", _set_pragmas if writable else _set_read_pragmas)
        self.where = url.render_as_string(hide_password=True)
        with self._failures():
            if writable:
                tables.create_all(self._engine)
            found = self.get("schema")
        if found is not None and int(found) > SCHEMA:
            self.close()
            raise LibraryMismatch(
                f"the library {shorten(self.where)} has schema {found}, this Paperchat knows up to {SCHEMA}",
                remedy="upgrade: pip install -U paperchat",
            )
        if found is None and writable:
            self.put(schema=str(SCHEMA), revision="0", indexed="0", library=uuid4().hex[:12])

    @classmethod
    def in_folder(cls, folder: Path, *, writable: bool = True) -> Catalogue:
        """Open or make the SQLite catalogue of a library folder."""
        path = folder / "catalogue.sqlite"
        if writable:
            return cls(sa.URL.create("sqlite", database=str(path)))
        query = {"mode": "ro", "uri": "true"}
        if not path.with_name(f"{path.name}-wal").exists():
            query["immutable"] = "1"  # SQLite cannot make its own files here, and does not need to: nobody is writing
        return cls(sa.URL.create("sqlite", database=f"file:{quote(str(path))}", query=query), writable=False)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

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

    def put(self, **values: str) -> None:
        """Store settings of the library."""
        with self._begin() as connection:
            _put_meta(connection, values)

    def revision(self) -> tuple[int, int]:
        """Return the number of the last write, and of the last one that Chroma is known to hold."""
        query = sa.select(META.c.key, META.c.value).where(META.c.key.in_(["revision", "indexed"]))
        with self._begin() as connection:
            found = {key: int(value) for key, value in connection.execute(query)}
        return found.get("revision", 0), found.get("indexed", 0)

    def counts(self) -> tuple[int, int]:
        """Return how many papers and passages there are."""
        with self._begin() as connection:
            papers = connection.execute(sa.select(sa.func.count()).select_from(PAPERS)).scalar_one()
            passages = connection.execute(sa.select(sa.func.count()).select_from(PASSAGES)).scalar_one()
        return papers, passages

    def known(self, papers: Sequence[Paper]) -> dict[str, Known]:
        """Return what is stored under the ids and titles of these papers, by id."""
        ids = list({paper.id for paper in papers})
        keys = list({title_key(paper.title) for paper in papers})
        found: dict[str, Known] = {}
        columns = [column for column in PAPERS.c if column.name not in {"title", "abstract"}]
        with self._begin() as connection:
            rows = [
                *_in_chunks(connection, sa.select(*columns), PAPERS.c.id, ids),
                *_in_chunks(connection, sa.select(*columns), PAPERS.c.title_key, keys),
            ]
            origins: dict[str, dict[str, str]] = {}
            for row in _in_chunks(connection, sa.select(ORIGINS), ORIGINS.c.paper_id, list({row.id for row in rows})):
                origins.setdefault(row.paper_id, {})[row.origin] = row.source
        for row in rows:
            found[row.id] = as_known(row, origins.get(row.id, {}))
        return found

    def write(
        self,
        entries: Sequence[Entry] = (),
        removed: Sequence[str] = (),
        origins: Sequence[Origin] = (),
        left: Sequence[Origin] = (),
    ) -> tuple[int, list[str]]:
        """Store entries (old versions go), remove ids, note origins, forget those that papers `left`; one transaction.

        Returns the new revision and the keys of passages that are there no more. Chroma is behind until `settle` is
        called with this revision.
        """
        ids = [entry.paper.id for entry in entries]
        kept = {passage.key for entry in entries for passage in entry.passages}
        touched = sorted({origin.paper_id for origin in [*origins, *left]} - set(ids))
        with self._begin() as connection:
            revision = int(connection.execute(sa.select(META.c.value).where(META.c.key == "revision")).scalar_one()) + 1
            old = _in_chunks(connection, sa.select(PASSAGES.c.key), PASSAGES.c.paper_id, [*ids, *removed])
            obsolete = [row.key for row in old if row.key not in kept]
            for column in (PAPERS.c.id, PASSAGES.c.paper_id, REMOVED.c.paper_id):
                _delete(connection, column, [*ids, *removed])
            _delete(connection, ORIGINS.c.paper_id, removed)
            for origin in left:
                same = (ORIGINS.c.paper_id == origin.paper_id) & (ORIGINS.c.origin == origin.origin)
                connection.execute(sa.delete(ORIGINS).where(same))
            _insert(connection, PAPERS, [paper_row(entry.paper, revision) for entry in entries])
            _insert(connection, PASSAGES, [row for entry in entries for row in passage_rows(entry)])
            _insert(connection, REMOVED, [{"paper_id": paper_id, "revision": revision} for paper_id in removed])
            _insert(connection, ORIGINS, [asdict(origin) for origin in dict.fromkeys(origins)])
            for chunk in _chunks(touched):
                connection.execute(sa.update(PAPERS).where(PAPERS.c.id.in_(chunk)).values(revision=revision))
            _put_meta(connection, {"revision": str(revision)})
        return revision, obsolete

    def settle(self, revision: int, store: str) -> None:
        """Note that the Chroma at this place holds everything up to `revision`."""
        self.put(indexed=str(revision), store=store)

    def changes(self, since: int) -> tuple[list[str], list[str]]:
        """Return the ids written and the ids removed after revision `since`."""
        with self._begin() as connection:
            written = connection.execute(sa.select(PAPERS.c.id).where(PAPERS.c.revision > since)).scalars().all()
            removed = (
                connection.execute(sa.select(REMOVED.c.paper_id).where(REMOVED.c.revision > since)).scalars().all()
            )
        return list(written), list(removed)

    def papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """Return the papers of these ids, or all, in the order of their titles."""
        query = sa.select(PAPERS)
        with self._begin() as connection:
            if ids is None:
                rows = connection.execute(query).all()
            else:
                rows = list(_in_chunks(connection, query, PAPERS.c.id, list(ids)))
            sources: dict[str, str] = {}
            origin_query = sa.select(ORIGINS.c.paper_id, ORIGINS.c.source)
            if ids is None:
                origin_rows: Iterable[Any] = connection.execute(origin_query).all()
            else:
                origin_rows = _in_chunks(connection, origin_query, ORIGINS.c.paper_id, [row.id for row in rows])
            for row in origin_rows:
                sources[row.paper_id] = min(row.source, sources.get(row.paper_id, row.source))
        return sorted(
            (as_paper(row, sources.get(row.id, "")) for row in rows), key=lambda paper: paper.title.casefold()
        )

    def passages(self, keys: Sequence[str]) -> dict[str, tuple[Passage, NDArray[np.float32]]]:
        """Return passages with their vectors, by key; keys that are not there are left out."""
        with self._begin() as connection:
            rows = _in_chunks(connection, sa.select(PASSAGES), PASSAGES.c.key, list(keys))
            return {row.key: (as_passage(row), as_vector(row.vector)) for row in rows}

    def entries(self, ids: Sequence[str]) -> list[Entry]:
        """Return papers with their passages and vectors, in the order of `ids`."""
        papers = {paper.id: paper for paper in self.papers(ids)}
        rows: dict[str, list[Any]] = {}
        with self._begin() as connection:
            for row in _in_chunks(connection, sa.select(PASSAGES), PASSAGES.c.paper_id, list(papers)):
                rows.setdefault(row.paper_id, []).append(row)
        entries = []
        for paper_id in ids:
            if paper_id in papers:
                ordered = sorted(rows.get(paper_id, []), key=lambda row: row.ordinal)
                vectors = np.stack([as_vector(row.vector) for row in ordered])
                entries.append(Entry(papers[paper_id], tuple(as_passage(row) for row in ordered), vectors))
        return entries

    def sources_of(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """Return the names of the sources of each of these papers, sorted."""
        found: dict[str, set[str]] = {}
        query = sa.select(ORIGINS.c.paper_id, ORIGINS.c.source)
        with self._begin() as connection:
            for row in _in_chunks(connection, query, ORIGINS.c.paper_id, list(ids)):
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
        return [row.key for row in rows], np.stack([as_vector(row.vector) for row in rows])

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

    def vacuum(self) -> None:
        """Give freed pages back and overwrite what they held."""
        with self._failures(), self._engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            autocommit.execute(sa.text("VACUUM"))
            if self._engine.dialect.name == "sqlite":
                autocommit.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # a committed paper survives a power cut
    connection.execute("PRAGMA secure_delete=ON")  # what is removed is overwritten
    connection.execute("PRAGMA busy_timeout=10000")


def _set_read_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401
    connection.execute("PRAGMA query_only=ON")


def _put_meta(connection: sa.Connection, values: dict[str, str]) -> None:
    connection.execute(sa.delete(META).where(META.c.key.in_(list(values))))
    connection.execute(sa.insert(META), [{"key": key, "value": value} for key, value in values.items()])


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), LONGEST_LIST):
        yield values[first : first + LONGEST_LIST]


def _in_chunks(
    connection: sa.Connection, query: sa.Select[Any], column: sa.Column[Any], values: Sequence[str]
) -> Iterator[Any]:
    for chunk in _chunks(values):
        yield from connection.execute(query.where(column.in_(chunk)))


def _delete(connection: sa.Connection, column: sa.Column[Any], values: Sequence[str]) -> None:
    for chunk in _chunks(values):
        connection.execute(sa.delete(column.table).where(column.in_(chunk)))


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)
