"""Papers, passages, vectors and revision in SQL: the source of truth; the indexes made from it are left to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import sqlalchemy as sa

from .errors import LibraryMismatch, shorten
from .postgres import connecting, exclusive, is_held
from .reading import Reading, chunks, in_chunks
from .records import (
    META,
    ORIGINS,
    PAPERS,
    PASSAGES,
    REMOVED,
    SCHEMA,
    Entry,
    Origin,
    paper_row,
    passage_rows,
    tables,
)

__all__ = ["Catalogue"]

MAKING = 30.0
"""Seconds that making the tables waits for another machine that makes or writes them."""


class Catalogue(Reading):
    """An open catalogue. Every method is one transaction; StoreError is raised when the database fails."""

    def __init__(self, made: sa.URL | sa.Engine, *, writable: bool = True) -> None:
        engine = sa.create_engine(made) if isinstance(made, sa.URL) else made
        super().__init__(engine, engine.url.render_as_string(hide_password=True))
        self.is_shared = engine.dialect.name != "sqlite"
        if not self.is_shared:
            sa.event.listen(self._engine, "connect", _set_pragmas if writable else _set_read_pragmas)
        if writable:
            self._make()
        found = self.get("schema")
        if found is not None and int(found) > SCHEMA:
            self.close()
            raise LibraryMismatch(
                f"the library {shorten(self.where)} has schema {found}, this Paperchat knows up to {SCHEMA}",
                remedy="upgrade: pip install -U paperchat",
            )

    def _make(self) -> None:
        """Make the tables of a new library."""
        with self._failures():
            if self.is_shared and sa.inspect(self._engine).has_table(META.name):
                return
            with self.exclusive(MAKING):
                tables.create_all(self._engine)
                if self.get("schema") is None:
                    self.put(schema=str(SCHEMA), revision="0", indexed="0", library=uuid4().hex[:12])

    @contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        """Keep writers of other machines out of a shared catalogue; one in a folder has the folder's own lock."""
        if not self.is_shared:
            yield
            return
        with self._failures(), exclusive(self._engine, timeout, self.where):
            yield

    def is_held(self) -> bool:
        """Tell whether a writer, on any machine, is at work in a shared catalogue."""
        with self._failures():
            return self.is_shared and is_held(self._engine)

    @classmethod
    def at(cls, address: str, timeout: float) -> Catalogue:
        """Open or make the catalogue in a Postgres database; `timeout` is how long its server may say nothing."""
        return cls(connecting(address, timeout))

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

    def put(self, **values: str) -> None:
        """Store settings of the library."""
        with self._begin() as connection:
            _put_meta(connection, values)

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
            old = in_chunks(connection, sa.select(PASSAGES.c.key), PASSAGES.c.paper_id, [*ids, *removed])
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
            for chunk in chunks(touched):
                connection.execute(sa.update(PAPERS).where(PAPERS.c.id.in_(chunk)).values(revision=revision))
            _put_meta(connection, {"revision": str(revision)})
        return revision, obsolete

    def settle(self, revision: int, store: str) -> None:
        """Note that the Chroma at this place holds everything up to `revision`."""
        self.put(indexed=str(revision), store=store)

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


def _delete(connection: sa.Connection, column: sa.Column[Any], values: Sequence[str]) -> None:
    for chunk in chunks(values):
        connection.execute(sa.delete(column.table).where(column.in_(chunk)))


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)
