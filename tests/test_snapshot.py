"""Tests of the mapped vectors: always what the catalogue holds, whatever the files say."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import MORE, STACK, entry

from rag import snapshot
from rag.catalogue import Catalogue
from rag.records import Origin, Where
from rag.scan import Scan
from rag.snapshot import Snapshot


class Desk:
    """A catalogue with the snapshot beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "vectors"
        self.catalogue = Catalogue.in_folder(folder)
        self.snapshot = Snapshot(self.folder, self.catalogue)

    def check(self, known: Scan | None = None) -> Scan:
        """Load, and hold what is found against the catalogue."""
        scan = self.snapshot.load(known)
        for where in (Where(), Where(first_year=2018), Where(sources=("a.txt",))):
            keys, matrix = self.catalogue.matrix(where)
            found = dict(scan.nearest(np.ones(8, dtype=np.float32), 1000, where))
            assert found == pytest.approx({key: row.sum() for key, row in zip(keys, matrix, strict=True)})
        return scan

    def files(self) -> list[Path]:
        """Return the folders of snapshots."""
        return sorted(path for path in self.folder.glob("*") if path.is_dir())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a catalogue of STACK in which even few passages get a snapshot."""
    monkeypatch.setattr(snapshot, "DIRECT", 2)
    made = Desk(tmp_path)
    origins = [Origin(paper.id, f"/{name}", name) for paper in STACK[:6] for name in ("a.txt", "b.txt")]
    made.catalogue.write([entry(paper) for paper in STACK], origins=origins)
    yield made
    made.catalogue.close()


def test_without_files_it_is_read(desk: Desk) -> None:
    """A library that has no snapshot is read from the catalogue; what is known already is given back."""
    scan = desk.check()
    assert desk.files() == []
    assert desk.snapshot.load(scan) is scan


def test_what_came_since_is_laid_over(desk: Desk) -> None:
    """Papers added, changed and removed after the snapshot are seen, and the files are not touched."""
    desk.snapshot.make()
    before = desk.check()
    desk.catalogue.write([entry(MORE[0]), entry(STACK[2], seed=5)], removed=["i1"])
    after = desk.check(before)
    assert after.revision > before.revision
    assert len(after.parts) == 2
    assert len(desk.files()) == 1


def test_it_is_made_anew_when_much_changed(desk: Desk) -> None:
    """A tenth is enough at the end of a write, half while papers come in; the former files go."""
    desk.snapshot.keep_up()
    (first,) = desk.files()
    desk.catalogue.write([entry(MORE[0]), entry(MORE[1])])
    desk.snapshot.keep_up(growing=True)
    assert desk.files() == [first]
    desk.snapshot.keep_up()
    (second,) = desk.files()
    assert second != first
    assert len(desk.check().parts) == 1


@pytest.mark.parametrize("harm", ["vectors.npy", "current", "sets.json", "keys.npy", "all"])
def test_files_that_are_lost_or_garbage_do_no_harm(desk: Desk, harm: str) -> None:
    """Then the catalogue is read."""
    desk.snapshot.make()
    if harm == "all":
        shutil.rmtree(desk.folder)
    else:
        (path,) = desk.folder.rglob(harm)
        path.write_bytes(b"garbage")
    assert len(desk.check().parts) == 1


def test_the_files_of_another_library_do_not_count(desk: Desk, tmp_path: Path) -> None:
    """They are known by the name that the catalogue has, and by a revision that cannot be."""
    desk.snapshot.make()
    (tmp_path / "other").mkdir()
    other = Desk(tmp_path / "other")
    other.catalogue.write([entry(MORE[0])])
    shutil.copytree(desk.folder, other.folder)
    other.check()
    other.catalogue.close()


def test_a_library_that_shrank_has_none(desk: Desk) -> None:
    """Below the bound the files go: nothing of a removed paper is left in them."""
    desk.snapshot.make()
    desk.catalogue.write(removed=[paper.id for paper in STACK[1:]])
    desk.snapshot.make()
    assert desk.files() == []
    desk.check()
