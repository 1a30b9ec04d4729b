"""Tests of the reader of Atom feeds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import read

FIXTURES = Path(__file__).parent / "fixtures"
BOMB = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
ERROR = "<id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>bad id</summary>"
FEED = '<feed xmlns="http://www.w3.org/2005/Atom">'


def test_a_feed_gives_its_entries() -> None:
    """Wrapped lines are joined, versions dropped, and an entry without a summary left out."""
    first, second, third = read(FIXTURES / "feed.xml")
    assert first == Paper(
        id="2406.00006",
        title="A Title That Wraps",
        abstract="A summary that wraps & wraps.",
        url="https://arxiv.org/abs/2406.00006",
        authors=("Gil Thyme", "Ida Yarrow"),
        published=date(2024, 6, 6),
        source="feed.xml",
    )
    assert isinstance(second, Paper)
    assert second.id == "math/0309136"
    assert third == Skipped("feed.xml", "entry 3", "no abstract")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{FEED}<entry>{ERROR}</entry></feed>", "bad id"),
        (f'<?xml version="1.0"?>{BOMB}{FEED}&b;</feed>', "declares entities"),
        (f"{BOMB}{FEED}</feed>", "declares entities"),
        (f"{FEED}<entry>", "broken XML"),
        ('<?xml version="1.0"?><rss><channel/></rss>', "no Atom feed"),
        ("Rate exceeded.\n", "wait a minute"),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """Errors of the API, entity bombs, broken and other XML each have their own words."""
    path = tmp_path / "feed"
    path.write_text(text)
    with pytest.raises(SourceError, match=expected):
        list(read(path))


def test_a_paper_called_error_is_a_paper(tmp_path: Path) -> None:
    """Only an entry that is no paper of arXiv is taken for an error."""
    path = tmp_path / "feed"
    entry = "<id>http://arxiv.org/abs/2401.00001v1</id><title>Error</title><summary>On error.</summary>"
    path.write_text(f"{FEED}<entry>{entry}</entry></feed>")
    (paper,) = read(path)
    assert isinstance(paper, Paper)
    assert paper.title == "Error"
