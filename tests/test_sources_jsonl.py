"""Tests of the reader of JSONL, BEIR collections and JSON arrays."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import read

GOOD = '{"title": "A Title", "abstract": "An abstract."}'


def test_bad_lines_are_left_out_by_number(tmp_path: Path) -> None:
    """Broken JSON, wrong types and deep nesting cost one line each; blank lines cost nothing."""
    deep = '{"title": ' + "[" * 50_000
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(['{"title": "x",', GOOD, "", "[1]", '{"title": "x"}', deep, GOOD]))
    found = list(read(path))
    assert [item.entry for item in found if isinstance(item, Skipped)] == ["line 1", "line 4", "line 5", "line 6"]
    assert sum(isinstance(item, Paper) for item in found) == 2


@pytest.mark.parametrize("field", ["abstract", "summary", "text"])
def test_the_abstract_has_three_names(tmp_path: Path, field: str) -> None:
    """Each of the usual names of the abstract is read."""
    path = tmp_path / "a"
    path.write_text(json.dumps({"title": "A Title", field: "Some text.", "year": 2021, "authors": "Ada Moss, Bo Fern"}))
    (paper,) = read(path)
    assert isinstance(paper, Paper)
    assert paper.abstract == "Some text."
    assert (paper.published, paper.authors) == (date(2021, 1, 1), ("Ada Moss", "Bo Fern"))


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_records_is_read(tmp_path: Path, indent: int | None) -> None:
    """An array gives its objects in order and names what is none."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps([json.loads(GOOD), 5, {"title": "B", "text": "b"}], indent=indent))
    first, second, third = read(path)
    assert isinstance(first, Paper)
    assert second == Skipped("a.json", "record 2", "not an object")
    assert isinstance(third, Paper)


def test_beir_ids_and_missing_titles(tmp_path: Path) -> None:
    """BEIR's ids stay, and a missing title is made from the text."""
    path = tmp_path / "corpus.jsonl"
    path.write_text('{"_id": "42", "title": "", "text": "Some text of a study.", "metadata": {}}\n')
    assert list(read(path)) == [
        Paper(id="42", title="Some text of a study.", abstract="Some text of a study.", source="corpus.jsonl")
    ]


def test_odd_numbers_and_double_keys_are_harmless(tmp_path: Path) -> None:
    """Integers of any length, NaN and keys given twice do not stop a line."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": ' + "9" * 10_000 + ', "m": NaN, "title": "x", "title": "Last", "abstract": "y"}\n')
    (paper,) = read(path)
    assert isinstance(paper, Paper)
    assert paper.title == "Last"


def test_objects_of_hugging_face_one_per_line(tmp_path: Path) -> None:
    """The nested objects of the API are read from lines too."""
    path = tmp_path / "a.jsonl"
    nested = {"paper": {"id": "2401.00001", "title": "x", "summary": "y"}, "upvotes": 1}
    path.write_text(f"{json.dumps(nested)}\n" * 2)
    assert [item.id for item in read(path) if isinstance(item, Paper)] == ["2401.00001"] * 2


def test_a_broken_document_is_refused_with_its_place(tmp_path: Path) -> None:
    """An array that ends too soon is refused as a whole, with line and column."""
    path = tmp_path / "a.json"
    path.write_text(f"[\n{GOOD},\n")
    with pytest.raises(SourceError, match=r"line 3, column 1"):
        list(read(path))


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    """The first paper comes before the end of the file is looked at."""
    path = tmp_path / "a.jsonl"
    path.write_bytes((GOOD + "\n").encode() * 20_000 + b"\xff")
    papers = read(path)
    assert isinstance(next(papers), Paper)
    with pytest.raises(SourceError, match="byte 980,000"):
        list(papers)
