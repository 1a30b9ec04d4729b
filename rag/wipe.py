"""Overwrite what removed passages left in the files of a closed Chroma store; removing them is left to `vectors.py`."""

from __future__ import annotations

import sqlite3
import struct
from contextlib import closing
from pathlib import Path

__all__ = ["wipe"]

HEADER = struct.Struct("<iQQQQ")
"""How the `header.bin` of an HNSW index starts: version, offset, capacity, elements in use, bytes of an element."""
VERSION = 1
LENGTH_BYTES = 4


def wipe(folder: Path) -> None:
    """Overwrite freed pages of the database and spare room of the indexes. Raises sqlite3.Error or OSError."""
    store = folder / "chroma.sqlite3"
    if store.exists():
        with closing(sqlite3.connect(store, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            connection.execute("INSERT INTO embedding_fulltext_search(embedding_fulltext_search) VALUES('optimize')")
            connection.execute("VACUUM")
    _wipe_spare(folder)


def _wipe_spare(folder: Path) -> None:
    """Zero the room that the indexes of a closed store keep for later. Raises OSError.

    Chroma writes that room as it finds it in memory, where texts have been: words of abstracts were seen in it.
    """
    for header in folder.glob("*/header.bin"):
        version, _, capacity, used, size = HEADER.unpack_from(header.read_bytes())
        for name, each in (("data_level0.bin", size), ("length.bin", LENGTH_BYTES)):
            file = header.with_name(name)
            if version == VERSION and file.stat().st_size == capacity * each:
                with file.open("r+b") as spare:
                    spare.seek(used * each)
                    spare.write(bytes((capacity - used) * each))
