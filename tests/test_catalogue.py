"""Tests of the catalogue: what is written is read back, one transaction at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import STACK, entry

from rag.catalogue import Catalogue
from rag.errors import LibraryMismatch, StoreError
from rag.model import Paper
from rag.reading import LONGEST_LIST
from rag.records import SCHEMA, Origin, Where, as_vectors
from rag.text import title_key


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """Open an empty catalogue."""
    opened = Catalogue.in_folder(tmp_path)
    yield opened
    opened.close()


def test_what_is_written_is_read_back(catalogue: Catalogue) -> None:
    """Papers come back in the order of titles with every field, and their vectors as float16 kept them."""
    written = [entry(paper, seed) for seed, paper in enumerate(STACK)]
    revision, obsolete = catalogue.write(written)
    assert (revision, obsolete) == (1, [])
    assert catalogue.papers() == sorted(STACK, key=lambda paper: paper.title.casefold())
    back = catalogue.entries([paper.id for paper in STACK])
    assert [one.paper for one in back] == list(STACK)
    assert [one.passages for one in back] == [one.passages for one in written]
    assert all(np.array_equal(one.vectors, two.vectors) for one, two in zip(back, written, strict=True))
    assert catalogue.counts() == (12, 12)


def test_vectors_are_kept_to_float16(catalogue: Catalogue) -> None:
    """A coordinate comes back within half a unit of float16's last place: 2**-12 for values in 0.5..1."""
    one = entry(STACK[0])
    vector = np.full((1, 8), 0.7, dtype=np.float32)
    catalogue.write([replace(one, vectors=vector)])
    (back,) = as_vectors([catalogue.vectors(["i0#0"])["i0#0"]])
    assert back.dtype == np.float32
    assert np.abs(back - vector[0]).max() <= 2**-12


def test_a_write_waits_to_be_settled(catalogue: Catalogue) -> None:
    """The revision goes up at the write, the indexed one only when Chroma is known to hold it."""
    revision, _ = catalogue.write([entry(STACK[0])])
    assert catalogue.revision() == (1, 0)
    catalogue.settle(revision, "folder")
    assert catalogue.revision() == (1, 1)
    assert catalogue.get("store") == "folder"


def test_a_shorter_version_leaves_obsolete_passages(catalogue: Catalogue) -> None:
    """An update names the passages that are there no more, and only those."""
    long = replace(STACK[0], abstract=" ".join(f"Sentence number {n} is here to fill it up." for n in range(120)))
    first = entry(long)
    assert len(first.passages) > 1
    catalogue.write([first])
    _, obsolete = catalogue.write([entry(STACK[0])])
    assert sorted(obsolete) == sorted(passage.key for passage in first.passages[1:])
    assert catalogue.keys() == {"i0#0"}


def test_changes_since_a_revision(catalogue: Catalogue) -> None:
    """Written and removed ids are listed by revision; a paper that comes back is removed no more."""
    catalogue.write([entry(STACK[0]), entry(STACK[1])])
    catalogue.write([entry(STACK[2])], removed=["i1"])
    assert catalogue.changes(1) == (["i2"], ["i1"])
    catalogue.write([entry(STACK[1])])
    written, removed = catalogue.changes(0)
    assert (sorted(written), removed) == (["i0", "i1", "i2"], [])


def test_a_new_origin_touches_its_paper(catalogue: Catalogue) -> None:
    """A paper that came from one more file, or left one, counts as changed: filters by source must hear of it."""
    catalogue.write([entry(STACK[0])], origins=[Origin("i0", "/a/x.txt", "x.txt")])
    catalogue.write(origins=[Origin("i0", "/b/y.txt", "y.txt"), Origin("i0", "/b/y.txt", "y.txt")])
    assert catalogue.changes(1) == (["i0"], [])
    assert catalogue.sources() == {"x.txt": 1, "y.txt": 1}
    assert catalogue.sources_of(["i0"]) == {"i0": ["x.txt", "y.txt"]}
    catalogue.write(left=[Origin("i0", "/a/x.txt", "x.txt")])
    assert catalogue.changes(2) == (["i0"], [])
    assert catalogue.sources() == {"y.txt": 1}


def test_a_removed_paper_leaves_no_row(catalogue: Catalogue) -> None:
    """Its passages and origins go with it."""
    catalogue.write([entry(STACK[0])], origins=[Origin("i0", "/a/x.txt", "x.txt")])
    _, obsolete = catalogue.write(removed=["i0"])
    assert obsolete == ["i0#0"]
    assert (catalogue.counts(), catalogue.keys(), catalogue.sources()) == ((0, 0), set(), {})


def test_known_by_id_and_by_title(catalogue: Catalogue) -> None:
    """What is stored is found under a paper's id or under its title, with the places it came from."""
    catalogue.write([entry(STACK[0])], origins=[Origin("i0", "/a/x.txt", "x.txt")])
    for asked in (Paper("i0", "Other", ""), Paper("other", STACK[0].title.upper(), "")):
        (found,) = catalogue.known([asked]).values()
        assert (found.id, found.title_key) == ("i0", title_key(STACK[0].title))
        assert found.origins == {"/a/x.txt": "x.txt"}
    assert catalogue.known([Paper("other", "Other", "")]) == {}


def test_more_ids_than_one_query_takes(catalogue: Catalogue) -> None:
    """Lists longer than LONGEST_LIST are asked for in parts."""
    many = [Paper(f"p{number}", f"Paper {number}", "An abstract.") for number in range(LONGEST_LIST + 20)]
    catalogue.write([entry(paper) for paper in many])
    ids = [paper.id for paper in many]
    assert [one.paper.id for one in catalogue.entries(ids)] == ids
    _, obsolete = catalogue.write(removed=ids)
    assert len(obsolete) == len(many)
    assert catalogue.ids() == []


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (Where(), {"i0", "i1", "i2", "i3"}),
        (Where(first_year=2017), {"i2", "i3"}),
        (Where(last_year=2017), {"i1", "i2"}),
        (Where(first_year=2017, last_year=2017), {"i2"}),
        (Where(sources=("a.txt",)), {"i0", "i1"}),
        (Where(sources=("a.txt", "b.txt"), first_year=2016), {"i1", "i2", "i3"}),
        (Where(sources=()), set()),
        (Where(sources=("%",)), set()),
    ],
)
def test_a_filter_lets_through_what_it_says(catalogue: Catalogue, where: Where, expected: set[str]) -> None:
    """Sources and years narrow the matrix; a paper without a date passes no filter by year."""
    names = {"i0": "a.txt", "i1": "a.txt", "i2": "b.txt", "i3": "b.txt"}
    origins = [Origin(paper_id, f"/in/{name}", name) for paper_id, name in names.items()]
    catalogue.write([entry(paper) for paper in STACK[:4]], origins=origins)
    keys, matrix = catalogue.matrix(where)
    assert {key.split("#")[0] for key in keys} == expected
    assert len(matrix) == len(keys)


def test_origins_below_a_folder(catalogue: Catalogue) -> None:
    """Signs that SQL reads as patterns are plain characters in a folder's name."""
    origins = [Origin("i0", "/a_b/x", "x"), Origin("i1", "/aXb/x", "x"), Origin("i0", "/c/x", "x")]
    catalogue.write([entry(STACK[0]), entry(STACK[1])], origins=origins)
    assert catalogue.from_origins("/a_b/") == {"i0": {origins[0], origins[2]}}


def test_a_failed_write_changes_nothing(catalogue: Catalogue) -> None:
    """One bad row takes the whole transaction with it."""
    catalogue.write([entry(STACK[0])])
    broken = replace(STACK[2], abstract=None)  # type: ignore[arg-type]
    whole = entry(STACK[2])
    with pytest.raises((StoreError, AttributeError)):
        catalogue.write([entry(STACK[1]), replace(whole, paper=broken)], removed=["i0"])
    assert (catalogue.ids(), catalogue.revision()) == (["i0"], (1, 0))


def test_a_newer_library_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    """A library of a later schema is left alone, and the message says to upgrade."""
    catalogue.put(schema=str(SCHEMA + 1))
    with pytest.raises(LibraryMismatch, match="upgrade"):
        Catalogue.in_folder(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """The database's own error becomes a StoreError that names the file."""
    (tmp_path / "catalogue.sqlite").write_text("not a database " * 100)
    with pytest.raises(StoreError, match=r"catalogue\.sqlite"):
        Catalogue.in_folder(tmp_path)


def test_a_read_only_catalogue_is_read_and_not_written(tmp_path: Path) -> None:
    """Signs that are special in an address are plain in a folder's name; writing is refused."""
    folder = tmp_path / "a ?#%41 b"
    folder.mkdir()
    made = Catalogue.in_folder(folder)
    made.write([entry(STACK[0])])
    made.close()
    catalogue = Catalogue.in_folder(folder, writable=False)
    assert catalogue.ids() == ["i0"]
    with pytest.raises(StoreError):
        catalogue.write([entry(STACK[1])])
    catalogue.close()


def test_each_library_has_a_name_of_its_own(tmp_path: Path, catalogue: Catalogue) -> None:
    """The name is made once and kept: a Chroma server tells libraries apart by it."""
    again = Catalogue.in_folder(tmp_path)
    (tmp_path / "other").mkdir()
    other = Catalogue.in_folder(tmp_path / "other")
    assert again.get("library") == catalogue.get("library") != other.get("library")
    again.close()
    other.close()


def test_vacuum_keeps_what_is_there(tmp_path: Path, catalogue: Catalogue) -> None:
    """What was removed is in no file; what was not is still read."""
    catalogue.write([entry(STACK[0]), entry(STACK[1])])
    catalogue.write(removed=["i0"])
    catalogue.vacuum()
    assert all(b"Tidewater" not in file.read_bytes() for file in tmp_path.iterdir())
    assert catalogue.papers() == [STACK[1]]
