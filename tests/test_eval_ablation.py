"""Parts switched off: the first row is all on, each part comes back, and a part that matters is seen to."""

from __future__ import annotations

from pathlib import Path

import pytest
from asked import SET, rag_eval, write_set

from eval.ablation import PARTS, Row, measure, render
from rag import extract, library
from rag.library import Library
from rag.settings import Settings


@pytest.fixture
def rows(folder: Path) -> list[Row]:
    """Return what was measured on the invented papers, and hold every part to be as it was."""
    with Library.open(folder, settings=Settings(embedder="static")) as opened:
        state = dict(vars(extract)), dict(vars(library)), opened.settings
        found = measure(opened, SET)
        assert (dict(vars(extract)), dict(vars(library)), opened.settings) == state
    return found


def test_each_part_has_its_row(rows: list[Row]) -> None:
    """Of nothing refused, the headline falls: two of the questions have no answer here."""
    assert [row.part for row in rows] == [part.name for part in PARTS]
    by_name = {row.part: row for row in rows}
    assert by_name["all on"].p is None
    assert by_name["nothing is refused"].figures["headline"] < by_name["all on"].figures["headline"]
    assert by_name["nothing is refused"].figures["over_refusal"] == 0.0
    assert all(0 < (row.p or 0) <= 1 for row in rows[1:])
    table = render(rows).splitlines()
    assert len(table) == len(PARTS) + 2
    assert len({line.count("|") for line in table}) == 1


def test_the_command(folder: Path, tmp_path: Path) -> None:
    """It prints the table alone on stdout, for a split or a sample."""
    questions = write_set(tmp_path / "q.jsonl", *SET)
    code, out, _ = rag_eval("ablate", "--questions", questions, "--library", folder, "--split", "dev", "--limit", 3)
    assert code == 0
    assert out.startswith("| part off | headline |")
    assert rag_eval("ablate", "--questions", questions, "--library", folder, "--split", "none")[0] == 5
