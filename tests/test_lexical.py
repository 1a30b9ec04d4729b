"""Tests of the BM25 index."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import STACK, entry

from rag.errors import StoreError
from rag.lexical import LexicalIndex
from rag.model import Paper
from rag.records import Where

ENTRIES = [entry(paper) for paper in STACK]
SOURCES = {paper.id: ["odd.txt" if number % 2 else "even.txt"] for number, paper in enumerate(STACK)}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LexicalIndex]:
    """Make an index of STACK at revision 1."""
    made = LexicalIndex(tmp_path / "lexical")
    made.write(ENTRIES, [], 1, SOURCES)
    yield made
    made.close()


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    """It opens, counts nothing and says that it holds no revision."""
    index = LexicalIndex(tmp_path / "lexical")
    assert index.revision() == -1
    assert (index.count(), index.search({"speech": 1.0}, 5), index.frequency("speech")) == (0, [], 0)


def test_bm25_by_hand(tmp_path: Path) -> None:
    """Two passages of three stems each, one with the stem twice: tf 2, df 1, n 2, length = average.

    idf = ln(1 + 1.5/1.5) = .693; score = idf * 2 * 2.2 / (2 + 1.2) = .953.
    """
    index = LexicalIndex(tmp_path / "lexical")
    papers = [Paper("a", "Zebra", "Zebra lake."), Paper("b", "River", "Stone lake.")]
    index.write([entry(paper) for paper in papers], [], 1, {})
    ((key, score),) = index.search({"zebra": 1.0}, 5)
    assert key == "a#0"
    assert score == pytest.approx(math.log(2) * 2 * 2.2 / 3.2, rel=1e-5)
    ((_, half),) = index.search({"zebra": 0.5}, 5)
    assert half == pytest.approx(score / 2, rel=1e-5)
    assert index.idf("zebra") == pytest.approx(math.log(2))
    assert index.idf("lake") == pytest.approx(math.log(1.2))


def test_title_and_abstract_are_searched_by_stems(index: LexicalIndex) -> None:
    """A word of the title and another form of a word of the abstract both lead to the paper."""
    assert index.search({"cartograph": 1.0}, 3)[0][0] == "i11#0"
    assert index.search({"faroes": 1.0}, 3)[0][0] == "i4#0"
    assert index.search({"no such stem": 1.0}, 3) == []
    assert index.search({}, 3) == []


def test_scores_of_given_passages_are_those_of_the_search(index: LexicalIndex) -> None:
    """Asking for the score of a passage gives what the search gave; one without a stem is left out."""
    weights = {"label": 1.0, "accuraci": 0.5}
    found = dict(index.search(weights, 12))
    assert len(found) > 2
    scores = index.scores(weights, [*found, "i4#0", "nowhere#0"])
    assert scores == pytest.approx({key: found[key] for key in found})
    assert index.scores(weights, []) == {}


def test_a_second_version_replaces_the_first(index: LexicalIndex) -> None:
    """Words of the old text find nothing, the count stays."""
    index.write([entry(replace(STACK[4], abstract="It is about umbrellas."))], [], 2, {})
    assert index.search({"faroes": 1.0}, 3) == []
    assert index.search({"umbrella": 1.0}, 3)[0][0] == "i4#0"
    assert (index.count(), index.revision()) == (12, 2)


def test_a_removed_paper_is_not_found(index: LexicalIndex) -> None:
    """It is out of searches and out of the count."""
    index.write([], ["i4"], 2, {})
    assert index.search({"faroes": 1.0}, 3) == []
    assert index.count() == 11


def test_an_id_is_a_whole_word(tmp_path: Path) -> None:
    """Removing one id leaves those alone that it is a part of, whatever signs it holds."""
    index = LexicalIndex(tmp_path / "lexical")
    papers = [Paper(name, f"Title of {name}", "Umbrellas.") for name in ("a", "a b", "A", "math.GT/0309136", 'x" OR "')]
    index.write([entry(paper) for paper in papers], [], 1, {})
    index.write([], ["a", 'x" OR "'], 2, {})
    assert {key for key, _ in index.search({"umbrella": 1.0}, 9)} == {"a b#0", "A#0", "math.GT/0309136#0"}


@pytest.mark.parametrize(
    "where",
    [
        Where(sources=("odd.txt",)),
        Where(sources=("even.txt", "none")),
        Where(first_year=2018, last_year=2021),
        Where(last_year=2017),
        Where(first_year=2018, sources=("odd.txt",)),
        Where(sources=()),
        Where(sources=("odd.txt OR even.txt",)),
    ],
)
def test_a_filter_gives_a_subset_with_the_same_scores(index: LexicalIndex, where: Where) -> None:
    """What a filter lets through is what its fields say, scored as without it."""
    weights = {"model": 1.0, "accuraci": 1.0, "languag": 1.0, "label": 1.0}
    everything = dict(index.search(weights, 12))
    expected = {
        f"{paper.id}#0"
        for paper in STACK
        if (where.sources is None or set(SOURCES[paper.id]) & set(where.sources))
        and (where.first_year is None or (paper.published and paper.published.year >= where.first_year))
        and (where.last_year is None or (paper.published and paper.published.year <= where.last_year))
    }
    found = dict(index.search(weights, 12, where))
    assert found == pytest.approx({key: everything[key] for key in expected & set(everything)})


def test_another_index_sees_a_commit_after_reload(index: LexicalIndex, tmp_path: Path) -> None:
    """A reader keeps its view until it is told to look again."""
    reader = LexicalIndex(tmp_path / "lexical")
    assert reader.count() == 12
    index.write([], ["i4"], 2, {})
    assert reader.count() == 12
    reader.reload()
    assert reader.count() == 11


def test_an_index_of_a_read_only_folder(index: LexicalIndex, tmp_path: Path) -> None:
    """It is searched in a copy that goes when the index is closed, and a reload copies anew."""
    reader = LexicalIndex(tmp_path / "lexical", writable=False)
    assert (reader.count(), reader.revision()) == (12, 1)
    assert reader._copy is not None
    copy = Path(reader._copy.name)
    index.write([], ["i4"], 2, {})
    reader.reload()
    assert (reader.count(), copy.exists()) == (11, False)
    reader.close()


@pytest.mark.parametrize("damage", ["missing", "garbage"])
@pytest.mark.parametrize("suffix", ["meta.json", "revision", ".store", ".term", ".idx", ".pos", ".fieldnorm"])
def test_a_damaged_index_says_so(index: LexicalIndex, tmp_path: Path, suffix: str, damage: str) -> None:
    """A file that is gone or holds garbage makes the revision unknown, so the library makes the index anew."""
    (file,) = [file for file in (tmp_path / "lexical").iterdir() if file.name.endswith(suffix)]
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"\x00garbage\xff" * 20)
    again = LexicalIndex(tmp_path / "lexical")
    assert again.revision() == -1
    again.clear()
    again.write(ENTRIES, [], 2, SOURCES)
    assert (again.revision(), again.count()) == (2, 12)


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """The message names the folder and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="rag rebuild"):
        LexicalIndex(tmp_path / "file" / "lexical").count()


def test_clearing_removes_the_files(index: LexicalIndex, tmp_path: Path) -> None:
    """Nothing is left on disk, and the next write starts anew."""
    index.clear()
    assert not (tmp_path / "lexical").exists()
    index.write(ENTRIES[:1], [], 5, {})
    assert (index.count(), index.revision()) == (1, 5)
    shutil.rmtree(tmp_path / "lexical")
