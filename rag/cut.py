"""Whether files of an embedded Chroma store were cut short, told from their headers; mending is left to `indexes.py`.

What a half-written index says when it is asked is left to `health.py`.
"""

from __future__ import annotations

import struct
from pathlib import Path

from .wipe import HEADER, LENGTH_BYTES, VERSION

__all__ = ["is_cut_short"]

MAGIC = b"SQLite format 3\0"
# https://www.sqlite.org/fileformat.html#the_database_header: page size at 16, change counter at 24, pages at 28, and at
# 92 the change counter for which the number of pages is valid
PAGE_SIZE, COUNTER, VALID_FOR = struct.Struct(">H"), struct.Struct(">II"), struct.Struct(">I")
HEADER_BYTES = 100


def is_cut_short(folder: Path) -> bool:
    """Tell whether the database or an index of a store is missing or shorter than its own header says."""
    try:
        return _is_short(folder / "chroma.sqlite3") or any(map(_lacks, folder.glob("*/header.bin")))
    except OSError:
        return True


def _is_short(database: Path) -> bool:
    with database.open("rb") as file:
        header = file.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES or not header.startswith(MAGIC):
        return True
    (page,), (counter, pages) = PAGE_SIZE.unpack_from(header, 16), COUNTER.unpack_from(header, 24)
    (valid,) = VALID_FOR.unpack_from(header, 92)
    log = database.with_name(f"{database.name}-wal")
    if counter != valid or (log.exists() and log.stat().st_size):
        return False  # the number of pages is not up to date, or the rest is still in the log
    whole: int = pages * (65536 if page == 1 else page)
    return database.stat().st_size < whole


def _lacks(header: Path) -> bool:
    """Tell whether the files beside the header of an HNSW index hold fewer elements than it says."""
    content = header.read_bytes()
    if len(content) < HEADER.size:
        return True
    version, _, capacity, used, size = HEADER.unpack_from(content)
    # an index is first written with the room that it has for more, and without it once it has grown
    whole = {"data_level0.bin": size, "length.bin": LENGTH_BYTES}
    sizes = {name: (header.with_name(name).stat().st_size, each) for name, each in whole.items()}
    return version == VERSION and any(found not in {capacity * each, used * each} for found, each in sizes.values())
