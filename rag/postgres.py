"""A catalogue in Postgres, which many machines share: connecting, waiting no longer than told, one writer at a time.

The queries are left to `catalogue.py`, as for SQLite. psycopg is imported with the first connection.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from .errors import LibraryLocked, StoreError, UsageError, shorten

__all__ = ["connecting", "exclusive", "is_held"]

LOCK = 0x70617065
"""The advisory lock of the writer: one library in each database."""
POLL = 0.1
"""Seconds between two attempts to get the lock."""
DRIVER = "postgresql+psycopg"


def connecting(address: str, timeout: float) -> sa.Engine:
    """Return an engine for an address such as postgresql://user@host/name, whose server may be silent for so long.

    Raises UsageError for an address of anything else, and StoreError when psycopg is not installed.
    """
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError:
        raise _no_address(address) from None
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise _no_address(address)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        kind = _impatient(timeout)
    except ImportError:
        raise StoreError(
            "a catalogue in Postgres is set, but psycopg is not installed",
            remedy='pip install "paperchat[postgres]", or unset RAG_CATALOGUE_URL',
        ) from None
    patience = max(1, round(timeout))

    def connect() -> Any:  # noqa: ANN401
        return kind.connect(plain, connect_timeout=patience, application_name="paperchat")

    # a connection that the server has closed since is noticed, and made anew
    return sa.create_engine(url.set(drivername=DRIVER), creator=connect, pool_pre_ping=True)


def _no_address(address: str) -> UsageError:
    return UsageError(
        f"RAG_CATALOGUE_URL is {shorten(address.rpartition('@')[2], 60)!r}, which is no address of Postgres",
        remedy="as in postgresql://user:password@127.0.0.1/paperchat",
    )


def _impatient(timeout: float) -> Any:  # noqa: ANN401
    """Return a kind of connection that gives up a server which says nothing: psycopg alone would wait for ever."""
    import psycopg
    from psycopg.errors import _WaitTimeout

    silence = timeout

    class Impatient(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = POLL, timeout: float | None = None) -> Any:  # noqa: ANN401
            try:
                return super().wait(gen, interval, timeout or silence)
            except _WaitTimeout as error:
                self.pgconn.finish()  # in the middle of a reply, it is of no more use
                raise psycopg.OperationalError(f"the server said nothing for {silence:g} s") from error

    return Impatient


@contextmanager
def exclusive(engine: sa.Engine, timeout: float, where: str) -> Iterator[None]:
    """Hold the writer's lock of a database, which goes with the connection; raise LibraryLocked after `timeout` s."""
    until = time.monotonic() + timeout
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(LOCK))).scalar_one():
            if time.monotonic() >= until:
                raise LibraryLocked(
                    f"the library in {shorten(where)} is being written from another machine",
                    remedy=f"wait for it to end (waited {timeout:g} s; RAG_LOCK_TIMEOUT changes that)",
                )
            time.sleep(POLL)
        try:
            yield
        finally:
            _release(connection)


def _release(connection: sa.Connection) -> None:
    """Give the lock back; one whose connection is lost is given back already."""
    try:
        connection.execute(sa.select(sa.func.pg_advisory_unlock(LOCK)))
    except sa.exc.SQLAlchemyError:
        connection.invalidate()


def is_held(engine: sa.Engine) -> bool:
    """Tell whether somebody holds the writer's lock."""
    held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock AND granted")
    with engine.connect() as connection:
        return bool(connection.execute(held, {"lock": LOCK}).scalar_one())
