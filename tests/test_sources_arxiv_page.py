"""Tests of the reader of saved arXiv abstract pages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from rag.model import Paper, Skipped
from rag.sources import read

FIXTURES = Path(__file__).parent / "fixtures"


def test_a_page_is_read_from_its_citation_data() -> None:
    """The `citation_` elements give everything, names in natural order."""
    assert list(read(FIXTURES / "arxiv_abs.html")) == [
        Paper(
            id="2405.00005",
            title="Folding Maps",
            abstract="Maps fold badly. We fold them well.",
            url="https://arxiv.org/abs/2405.00005",
            authors=("Cy Reed", "Di Sedge"),
            published=date(2024, 5, 5),
            source="arxiv_abs.html",
        )
    ]


def test_a_page_without_them_is_read_from_what_it_shows() -> None:
    """The visible title, authors, date and abstract lose their labels."""
    assert list(read(FIXTURES / "arxiv_body.html")) == [
        Paper(
            id="math/0309136",
            title="Knots in Long Ropes",
            abstract="Long ropes knot. We say when.",
            url="https://arxiv.org/abs/math/0309136",
            authors=("Eli Rush", "Fay Sorrel"),
            published=date(2003, 9, 8),
            source="arxiv_body.html",
        )
    ]


def test_a_page_without_abstract_is_left_out(tmp_path: Path) -> None:
    """A page that lost its abstract says so."""
    path = tmp_path / "a.html"
    path.write_text('<html><head><meta name="citation_title" content="x"></head></html>')
    assert list(read(path)) == [Skipped("a.html", "abstract page", "no abstract")]
