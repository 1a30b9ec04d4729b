"""Tests of the panel beside the chat: every quote marked in its abstract, every card found by its id."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st
from test_ui_render import ORCHARD, PEBBLE, QUOTE, SAID, START, answer

from rag import Citation, Turn
from ui.cards import marked_abstract, sources_html


def plain(shown: str) -> str:
    """Return the text of HTML in which only `<mark>` stands."""
    return html.unescape(re.sub("</?mark>", "", shown))


def ids(shown: str) -> list[str]:
    return re.findall(r'id="([^"]*)"', shown)


def test_quotes_are_marked_in_place() -> None:
    """Quotes are marked where they stand; neighbours that touch are one mark; order does not matter."""
    assert marked_abstract("one two three", [(4, 7)]) == "one <mark>two</mark> three"
    assert marked_abstract("one two three", [(8, 13), (0, 3)]) == "<mark>one</mark> two <mark>three</mark>"
    assert marked_abstract("one two three", [(0, 4), (4, 7), (5, 6)]) == "<mark>one two</mark> three"
    assert marked_abstract("a<b & c", [(0, 3)]) == "<mark>a&lt;b</mark> &amp; c"


@pytest.mark.parametrize("span", [(3, 3), (5, 2), (-1, 4), (0, 99)])
def test_a_span_that_is_none_marks_nothing(span: tuple[int, int]) -> None:
    """A span outside the abstract leaves it as it is."""
    assert marked_abstract("one two", [span]) == "one two"


@given(st.text(alphabet="ab<&. ", max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6))
def test_no_character_is_lost(abstract: str, spans: list[tuple[int, int]]) -> None:
    """Whatever is marked, the abstract reads as it is, and exactly the characters inside spans are marked."""
    shown = marked_abstract(abstract, spans)
    assert plain(shown) == abstract
    inside = {place for start, end in spans if 0 <= start < end <= len(abstract) for place in range(start, end)}
    marked = "".join(html.unescape(part) for part in re.findall("<mark>(.*?)</mark>", shown))
    assert marked == "".join(abstract[place] for place in sorted(inside))


def test_a_long_abstract_is_shown_around_its_quote() -> None:
    """Of an abstract that nobody reads to its end, the part around the first quote is shown, and the cuts are told."""
    abstract = "x" * 50_000 + "quote" + "y" * 50_000
    shown = marked_abstract(abstract, [(50_000, 50_005)])
    assert "<mark>quote</mark>" in shown
    assert shown.startswith("… x")
    assert shown.endswith("y …")
    assert len(shown) < 13_000
    assert len(marked_abstract("<mark>" * 10_000, [])) < 60_000
    assert len(marked_abstract("z" * 90_000, [(0, 90_000)])) < 13_000


def test_the_last_answer_stands_first_and_the_others_are_folded() -> None:
    """Ids tell turn and number; what was found and not cited is folded away, and left out of earlier turns."""
    turns = [Turn("first <one>", answer(QUOTE)), Turn("second", answer(QUOTE))]
    shown = sources_html(turns)
    assert ids(shown) == ["src-2-1", "near-2-1", "of-1", "src-1-1"]
    assert f"<mark>{SAID}</mark>" in shown
    assert "first &lt;one&gt;" in shown
    assert "Also found, not cited (1)" in shown
    assert len(set(ids(sources_html(turns * 30)))) == len(ids(sources_html(turns * 30)))


def test_two_quotes_of_one_paper_are_one_card() -> None:
    """A paper that is quoted twice has one card with both quotes marked."""
    first = PEBBLE.abstract[:38]
    both = answer(
        QUOTE, citations=(Citation(1, PEBBLE, SAID, START, START + len(SAID)), Citation(1, PEBBLE, first, 0, 38))
    )
    shown = sources_html([Turn("q", both)])
    assert ids(shown).count("src-1-1") == 1
    assert shown.count("<mark>") == 2


def test_a_refusal_shows_what_came_near() -> None:
    """Without a source, the nearest papers have the cards."""
    refused = answer(abstained=True, citations=())
    shown = sources_html([Turn("q", refused)])
    assert "was not answered" in shown
    assert ids(shown) == ["near-1-1", "near-1-2"]


def test_nothing_was_asked_yet() -> None:
    """An empty panel says what it is for."""
    assert "stand here" in sources_html(())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://arxiv.org/abs/2401.00001", '<a href="https://arxiv.org/abs/2401.00001" target="_blank" '),
        ("https://evil.example/x", "<span>https://evil.example/x</span>"),
        ("javascript:alert(1)", "<span>javascript:alert(1)</span>"),
        ('https://arxiv.org/"onclick="x', "<span>https://arxiv.org/&quot;onclick=&quot;x</span>"),
        (None, '<p class="links"><button'),
    ],
)
def test_only_known_hosts_are_linked(url: str | None, shown: str) -> None:
    """A paper's address is a link where the host is known, else text."""
    paper = replace(PEBBLE, url=url)
    whole = answer(QUOTE, citations=(Citation(1, paper, SAID, START, START + len(SAID)),), evidence=())
    assert shown in sources_html([Turn("q", whole)])


def test_the_year_is_shown_where_it_is_known() -> None:
    """A dated paper shows its year, another none."""
    assert f'<span class="year">{ORCHARD.published.year}</span>' in sources_html([Turn("q", answer(QUOTE))])  # type: ignore[union-attr]
    undated = answer(QUOTE, citations=(Citation(1, STACK[0], STACK[0].abstract[:5], 0, 5),), evidence=())
    assert "year" not in sources_html([Turn("q", undated)])
