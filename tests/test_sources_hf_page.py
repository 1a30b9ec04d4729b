"""Tests of the reader of saved Hugging Face Papers pages."""

from __future__ import annotations

import html
import json
from datetime import date
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import read

FIXTURES = Path(__file__).parent / "fixtures"
ITEM = {
    "title": "Outer",
    "publishedAt": "2024-01-02T03:00:00.000Z",
    "paper": {
        "id": "2401.00001",
        "title": "Growing\nGardens",
        "summary": "Line one\nline two.",
        "publishedAt": "2024-01-01T20:00:00.000Z",
        "authors": [{"name": "Ada Moss"}, {"name": "Bo Fern", "hidden": True}],
        "upvotes": 3,
    },
}


def page(path: Path, target: str, props: object, rest: str = "") -> Path:
    """Write a page that embeds these props, as JSON unless they are text, and return its path."""
    text = props if isinstance(props, str) else json.dumps(props)
    attribute = html.escape(text)
    body = f'<div class="SVELTE_HYDRATER" data-target="{target}" data-props="{attribute}"></div>{rest}'
    path.write_text(f"<!DOCTYPE html><html><head><title>Papers</title></head><body>{body}</body></html>")
    return path


def test_a_list_is_read_from_its_json(tmp_path: Path) -> None:
    """The embedded JSON gives the whole abstract, the inner date and the visible authors."""
    found = list(read(page(tmp_path / "daily.html", "DailyPapers", {"dailyPapers": [ITEM]})))
    assert found == [
        Paper(
            id="2401.00001",
            title="Growing Gardens",
            abstract="Line one line two.",
            url="https://arxiv.org/abs/2401.00001",
            authors=("Ada Moss",),
            published=date(2024, 1, 1),
            source="daily.html",
        )
    ]


def test_search_results_win_when_there_are_any(tmp_path: Path) -> None:
    """A search page also carries a daily list, which counts only if the search found nothing."""
    other = {"paper": {**ITEM["paper"], "id": "2402.00002"}}  # type: ignore[dict-item]
    props = {"dailyPapers": [other], "searchResults": [ITEM]}
    (paper,) = read(page(tmp_path / "a.html", "DailyPapers", props))
    assert isinstance(paper, Paper)
    assert paper.id == "2401.00001"
    (paper,) = read(page(tmp_path / "b.html", "DailyPapers", {**props, "searchResults": []}))
    assert isinstance(paper, Paper)
    assert paper.id == "2402.00002"


def test_a_single_page_is_read_from_its_json(tmp_path: Path) -> None:
    """A page of one paper has its flat object."""
    (paper,) = read(page(tmp_path / "a.html", "PaperContent", {"paper": ITEM["paper"]}))
    assert isinstance(paper, Paper)
    assert paper.title == "Growing Gardens"


def test_bad_items_are_left_out_by_number(tmp_path: Path) -> None:
    """An item without a summary, and one that is no object, do not cost the others."""
    items = [{"paper": {"id": "2402.00002", "title": "x"}}, None, ITEM]
    first, second, third = read(page(tmp_path / "a.html", "DailyPapers", {"dailyPapers": items}))
    assert first == Skipped("a.html", "paper 1", "no abstract")
    assert second == Skipped("a.html", "paper 2", "not an object")
    assert isinstance(third, Paper)


def test_a_list_without_json_is_read_from_what_it_shows() -> None:
    """Two articles are one paper, highlighted words keep their spaces, other links are ignored."""
    first, second, third = read(FIXTURES / "hf_list.html")
    assert first == Paper(
        id="2401.00001",
        title="Retrieval Gardens for Small Models",
        abstract="We plant documents in rows and harvest answers.",
        url="https://arxiv.org/abs/2401.00001",
        authors=("Ada Moss", "Bo Fern"),
        published=date(2024, 1, 2),
        source="hf_list.html",
    )
    assert isinstance(second, Paper)
    assert (second.id, second.published) == ("2402.00002", None)
    assert third == Skipped("hf_list.html", "paper 2403.00003", "no abstract")


def test_a_single_page_without_json_is_read_from_what_it_shows() -> None:
    """The heading and the text under `Abstract` make the paper."""
    (paper,) = read(FIXTURES / "hf_paper.html")
    assert isinstance(paper, Paper)
    assert (paper.id, paper.title, paper.published) == ("2404.00004", "Counting Clouds", date(2024, 4, 4))
    assert paper.abstract == "We count clouds with a camera and a long sentence."


def test_broken_json_falls_back_and_says_so(tmp_path: Path) -> None:
    """The visible text is read when the JSON is broken, and the report has a line on it."""
    shown = '<article><h3><a href="/papers/2401.00001">Shown</a></h3><p>Cut short.</p></article>'
    skipped, paper = read(page(tmp_path / "a.html", "DailyPapers", '{"dailyPapers": [', shown))
    assert isinstance(skipped, Skipped)
    assert "broken JSON" in skipped.reason
    assert isinstance(paper, Paper)
    assert paper.abstract == "Cut short."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>" * 150_000, "tags"),
        ("<div>" * 1_000, "nests"),
        ("x" * 8_000_001, "too large"),
        ("<!--" * 50_000, "no papers"),
        ("<![CDATA[" * 50_000 + ">", "no papers"),
        ("<article>" * 400 + "<?xml ?>", "no papers"),
    ],
)
def test_hostile_pages_are_refused(tmp_path: Path, body: str, expected: str) -> None:
    """Pages that a parser would take for ever on end in an error."""
    path = tmp_path / "a.html"
    path.write_text(f"<html>{body}")
    with pytest.raises(SourceError, match=expected):
        list(read(path))
