"""The vectors of a library as files that are mapped, not read, and what came since; searching them is `scan.py`'s."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap

from .catalogue import Catalogue
from .scan import DIRECT, Part, Row, Scan, principal_axes, shortened

__all__ = ["Snapshot"]

BEHIND = 0.1
"""The share of a library that may have changed before its snapshot is made anew at the end of a write."""
SAMPLE = 4_000
"""Vectors that the axes of the short form are computed from."""
BATCH = 2_000
COLUMNS = ("keys", "ends", "papers", "published", "codes", "vectors", "axes", "short")


class Snapshot:
    """The files of one library: a folder for each snapshot, and a file that names the one that counts.

    They are made from the catalogue and may be lost, old or of another library: what is missing in them is read from
    the catalogue. A small library has none.
    """

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self._folder, self._catalogue = folder, catalogue

    def load(self, known: Scan | None = None) -> Scan:
        """Return the library's vectors as of now; what is `known` of them already is not read again."""
        revision, _ = self._catalogue.revision()
        if known is not None and known.revision == revision:
            return known
        base, since = self._base()
        if base is None:
            rows = list(_rows(self._catalogue, -1))
            return Scan(revision, (Part.of(rows),) if rows else ())
        written, removed = self._catalogue.changes(since)
        rows = list(_rows(self._catalogue, since)) if written else []
        base = base.without([*written, *removed])
        return Scan(revision, (base, Part.of(rows)) if rows else (base,))

    def keep_up(self, *, growing: bool = False) -> None:
        """Make the snapshot anew when too much has changed since; while papers still come in, only when it doubled.

        It is called by the one who writes. A disk that is full costs time at the next question, not the write.
        """
        _, passages = self._catalogue.counts()
        if passages <= DIRECT:
            self.drop()
            return
        found = self._current()
        since = found[1]["revision"] if found else -1
        changed = self._catalogue.count_since(since)
        if changed > passages * (0.5 if growing else BEHIND):
            self.make()

    def make(self) -> None:
        """Write a snapshot of all there is; the former one goes. A small library gets none."""
        revision, _ = self._catalogue.revision()
        _, passages = self._catalogue.counts()
        former = self._current()
        if passages <= DIRECT:
            self.drop()
            return
        serial = 0 if former is None else former[1]["serial"] + 1
        name = f"{revision}-{serial}"
        try:
            self._write(self._folder / name, passages, revision)
            self._point(name, {"serial": serial, "revision": revision, "library": self._catalogue.get("library")})
        except OSError:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            return
        for old in self._folder.iterdir():
            if old.is_dir() and old.name != name:
                shutil.rmtree(old, ignore_errors=True)

    def drop(self) -> None:
        """Remove every file."""
        if self._folder.exists():
            shutil.rmtree(self._folder, ignore_errors=True)

    def _current(self) -> tuple[Path, dict[str, Any]] | None:
        try:
            said = json.loads((self._folder / "current").read_text("utf-8"))
            if said["library"] != self._catalogue.get("library"):
                return None
            return self._folder / Path(str(said["name"])).name, {**said, "revision": int(said["revision"])}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _point(self, name: str, said: dict[str, Any]) -> None:
        draft = self._folder / "current.tmp"
        draft.write_text(json.dumps({"name": name, **said}), "utf-8")
        draft.replace(self._folder / "current")

    def _base(self) -> tuple[Part | None, int]:
        """Return the part that the files hold, and its revision; None where there are none, or they do not serve."""
        found = self._current()
        # a catalogue put back from a copy is older than the snapshot, and then the snapshot says nothing
        if found is None or found[1]["revision"] > self._catalogue.revision()[0]:
            return None, -1
        folder, said = found
        try:
            # as plain arrays: each slice of a mapped one costs microseconds more
            columns = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in COLUMNS}
            sets = tuple(frozenset(one) for one in json.loads((folder / "sets.json").read_text("utf-8")))
        except (OSError, ValueError, EOFError, TypeError):
            return None, -1
        part = Part(**columns, sets=sets)
        same = len({len(part.papers), len(part.vectors), len(part.short), len(part.codes), len(part.ends) - 1}) == 1
        whole = same and int(part.ends[-1]) == len(part.keys)
        return (part, said["revision"]) if whole else (None, -1)

    def _write(self, folder: Path, passages: int, revision: int) -> None:
        """Write the files of all passages, a batch at a time, so that memory does not grow with the library."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        sample = self._catalogue.sample_vectors(SAMPLE)
        axes = principal_axes(sample)
        shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
            "ends": (np.int64, (passages + 1,)),
            "papers": (np.uint64, (passages,)),
            "published": (np.int32, (passages,)),
            "codes": (np.int32, (passages,)),
            "vectors": (np.float16, (passages, sample.shape[1])),
            "short": (np.float32, (passages, axes.shape[1])),
        }
        np.save(folder / "axes.npy", axes)
        columns = {
            name: open_memmap(folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape)
            for name, (kind, shape) in shapes.items()
        }
        keys: list[bytes] = []
        sets: dict[frozenset[str], int] = {}
        at = 0
        for rows in _batches(_rows(self._catalogue, -1)):
            part = Part.of(rows)
            here = slice(at, at + len(rows))
            keys.append(part.keys.tobytes())
            columns["ends"][at + 1 : at + 1 + len(rows)] = columns["ends"][at] + part.ends[1:]
            columns["papers"][here], columns["published"][here] = part.papers, part.published
            columns["codes"][here] = [sets.setdefault(row.sources, len(sets)) for row in rows]
            columns["vectors"][here] = part.vectors
            columns["short"][here] = shortened(columns["vectors"][here], axes)
            at += len(rows)
        if at != passages:
            raise OSError(f"{at} passages were read, {passages} counted")
        for column in columns.values():
            column.flush()
        np.save(folder / "keys.npy", np.frombuffer(b"".join(keys), dtype=np.uint8))
        (folder / "sets.json").write_text(json.dumps([sorted(one) for one in sets]), "utf-8")


def _rows(catalogue: Catalogue, since: int) -> Iterator[Row]:
    """Yield the passages of papers written after a revision."""
    for batch in catalogue.vectors_since(since, BATCH):
        sources = catalogue.sources_of(list({row.paper_id for row in batch}))
        for row in batch:
            named = frozenset(sources.get(row.paper_id, ()))
            yield Row(row.key, row.paper_id, row.published or 0, row.vector, named)


def _batches(rows: Iterator[Row]) -> Iterator[Sequence[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
