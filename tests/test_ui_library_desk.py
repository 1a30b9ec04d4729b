"""Tests of what the Library tab does: list, open, remove and bring back, add, draw; every error is a line."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import MORE, STACK, write_jsonl

from rag import Library
from ui.library_desk import STEP, Desk, View


@pytest.fixture
def desk(library: Library) -> Desk:
    """Open the desk of a library of STACK."""
    return Desk(library)


def listed(desk: Desk, view: View) -> list[str]:
    """Return the ids in the table, in order."""
    return re.findall(r'data-paper="(\w+)"', desk.table(view)[1])


def test_the_table_says_how_many(desk: Desk) -> None:
    """All papers stand there by title; a search leaves some and says of how many."""
    assert desk.table(View())[0] == "12 papers"
    assert len(listed(desk, View())) == 12
    count, _ = desk.table(View(asked="pebble"))
    assert count == "1 of 12 papers"
    assert listed(desk, View(asked="pebble")) == ["i1"]
    assert listed(desk, View(newest=True))[0] == "i11"
    assert len(listed(desk, View(shown=5))) == 5


def test_a_topic_can_be_listed(desk: Desk) -> None:
    """With a topic, exactly its papers are listed."""
    sheet = desk.sheet()
    assert sheet is not None
    for topic, told in enumerate(sheet.drawn.topics):
        own = {paper for paper, of in zip(sheet.drawn.ids, sheet.drawn.topic_of, strict=True) if of == topic}
        assert set(listed(desk, View(topic=topic))) == own
        assert len(own) == told.size


def test_a_paper_is_opened(desk: Desk) -> None:
    """Its abstract is shown, and the view remembers it."""
    view, shown = desk.opened(View(), "i1")
    assert view.chosen == "i1"
    assert STACK[1].abstract in shown


@pytest.mark.parametrize("wanted", ["gone", "", "'; drop table papers; --", None, 7, ["i1"], "x" * 10_000])
def test_an_id_from_a_browser_may_be_anything(desk: Desk, wanted: object) -> None:
    """What is no id of a paper opens nothing, and a line says so."""
    view, shown = desk.opened(View(chosen="i1"), wanted)
    assert view.chosen is None
    assert 'class="failure"' in shown
    assert len(shown) < 600


def test_a_removed_paper_comes_back(desk: Desk, library: Library) -> None:
    """Undo brings back the last removed first, whole, and with the name of its source."""
    before = {paper.id: paper for paper in library.papers()}
    view = View(chosen="i1")
    view, told = desk.remove(view)
    assert "Removed “Pebble" in told
    assert (view.chosen, len(library)) == (None, 11)
    view, _ = desk.remove(replace(view, chosen="i2"))
    view, told = desk.undo(view)
    assert "Do Small Judges" in told
    assert (view.chosen, len(library)) == ("i2", 11)
    view, _ = desk.undo(view)
    assert {paper.id: paper for paper in library.papers()} == before
    assert view.removed == ()
    assert desk.undo(view) == (view, "")
    assert library.search("To how many bits are speech models quantised?")[0].paper.id == "i1"


def test_the_source_of_a_file_comes_back(desk: Desk, library: Library, tmp_path: Path) -> None:
    """A paper from a file is listed under that file's name after undo."""
    library.add(write_jsonl(tmp_path / "list.jsonl", {"title": "On moss", "abstract": "Moss grows 3 mm a year."}))
    (paper,) = [one for one in library.papers() if one.title == "On moss"]
    view, _ = desk.remove(View(chosen=paper.id))
    desk.undo(view)
    assert library.paper(paper.id) == paper
    assert library.sources()["list.jsonl"] == 1


def test_a_paper_that_is_gone_cannot_be_removed(desk: Desk, library: Library) -> None:
    """Somebody else was faster: a line says so, and nothing is to be undone."""
    library.remove("i1")
    view, told = desk.remove(View(chosen="i1"))
    assert 'class="failure"' in told
    assert view.removed == ()
    assert desk.remove(View()) == (View(), "")


def test_files_are_added(desk: Desk, library: Library, tmp_path: Path) -> None:
    """The last report says what became of the files."""
    *_, last = desk.add([str(write_jsonl(tmp_path / "new.jsonl", *MORE[:2]))], tmp_path)
    assert "2 added" in last
    assert len(library) == 14


def test_an_emptied_library_can_be_started_again(desk: Desk, library: Library) -> None:
    """Without papers the table says so, and the starter library can be added with one press."""
    assert not desk.is_empty()
    library.remove(*(paper.id for paper in STACK))
    assert desk.is_empty()
    assert "holds no papers" in desk.table(View())[1]
    sheet = desk.sheet()
    assert sheet is not None
    assert desk.drawn(sheet, View(), [])[0] is None


def test_the_map_rings_the_last_answer(desk: Desk) -> None:
    """The picture has a ring for each cited paper, and the legend counts them."""
    sheet = desk.sheet()
    assert sheet is not None
    figure, legend = desk.drawn(sheet, View(), ["i1", "i2", "gone"])
    assert figure is not None
    assert len(figure["data"][-1]["x"]) == 2
    assert "2 papers of the last answer" in legend
    plain, _ = desk.drawn(sheet, View(), [])
    assert plain is not None
    assert len(plain["data"]) == len(figure["data"]) - 1


def test_a_library_that_is_gone_is_told_of(desk: Desk, folder: Path) -> None:
    """When the folder is taken away, every change ends in a line, and none raises."""
    shutil.rmtree(folder)
    for told in (desk.remove(View(chosen="i1"))[1], desk.undo(View(removed=(MORE[0],)))[1], desk.add_starter()):
        assert 'class="failure"' in told


def test_a_library_that_cannot_be_read_is_told_of(desk: Desk, library: Library, folder: Path) -> None:
    """When the catalogue is broken, what is shown is a line, and there is no map."""
    library._catalogue.close()
    for path in folder.glob("catalogue.sqlite*"):
        path.write_bytes(b"no database at all " * 100)
    for shown in (desk.table(View())[1], desk.table(View(topic=0))[1], desk.opened(View(), "i1")[1]):
        assert 'class="failure"' in shown
    assert desk.sheet() is None
    assert not desk.is_empty()


def test_the_first_rows_are_a_portion() -> None:
    """A fresh view shows STEP rows of everything."""
    assert View() == View(asked="", newest=False, topic=None, shown=STEP, chosen=None, removed=())
