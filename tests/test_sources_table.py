"""Tests of the reader of CSV and TSV tables."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import read
from rag.text import squash


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_tables_are_read_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    """Names in the header count whatever their case and order; a cell may hold lines and delimiters."""
    header = ["Year", "Abstract", "TITLE", "authors", "url", "id", "notes"]
    row = [
        "2021",
        f'"Two{delimiter} words\nand ""more""."',
        "A Title",
        '"Moss, Ada; Fern, Bo"',
        "",
        "2401.00001v2",
        "x",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(delimiter.join(cells) for cells in (header, row)) + "\n\n")
    (paper,) = read(path)
    assert paper == Paper(
        id="2401.00001",
        title="A Title",
        abstract=squash(f'Two{delimiter} words and "more".'),
        url="https://arxiv.org/abs/2401.00001",
        authors=("Ada Moss", "Bo Fern"),
        published=date(2021, 1, 1),
        source="a.csv",
    )


def test_bad_rows_are_left_out_by_line(tmp_path: Path) -> None:
    """Missing and surplus cells, broken quotes and giant cells cost one row each."""
    rows = ["title,text", "A,b", "only", "x,y,z", '"q"uote,b', f"t,{'x' * 200_000}", "C,d"]
    path = tmp_path / "a"
    path.write_text("\n".join(rows))
    found = list(read(path))
    skipped = [item for item in found if isinstance(item, Skipped)]
    assert [item.title for item in found if isinstance(item, Paper)] == ["A", "C"]
    assert [item.entry for item in skipped] == [f"row at line {line}" for line in (3, 4, 5, 6)]
    assert [skipped[0].reason, skipped[1].reason] == ["no abstract", "3 cells under a header of 2"]


def test_a_quote_that_never_closes_is_reported(tmp_path: Path) -> None:
    """What a lost quote swallows is not passed off as an abstract."""
    path = tmp_path / "a"
    path.write_text('title,abstract\nA,b\nC,"never\nD,e\n')
    paper, skipped = read(path)
    assert isinstance(paper, Paper)
    assert isinstance(skipped, Skipped)
    assert skipped.entry == "row at line 3"


@pytest.mark.parametrize(("header", "missing"), [("title,year", "abstract"), ("id,abstract", "title")])
def test_a_table_without_the_columns_is_refused(tmp_path: Path, header: str, missing: str) -> None:
    """The error names the column that the header lacks."""
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\nx,y\n")
    with pytest.raises(SourceError, match=f"column {missing}"):
        list(read(path))
