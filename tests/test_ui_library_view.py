"""Tests of what the Library tab shows: texts exactly as they are, nothing of them as mark-up."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st

from rag import Paper, PaperchatError
from ui.library_view import error_line, legend, listing, matching, notice, page, uploaded
from ui.topics import Topic, TopicMap
from ui.uploads import Upload

TRICKY = r"Task~Arithmetic, a<b, \% and *x* with $^2$, [1](http://x), ${alert(1)} {{x}} & `y`"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)><form action=http://evil.example>'
ALLOWED = {
    "table", "thead", "tbody", "tr", "th", "td", "button", "bdi", "p", "article", "h3", "a", "ul", "li", "span",
    "progress", "i", "small",
}  # fmt: skip


class Seen(HTMLParser):
    """What a browser would make of some HTML: its elements, their attributes, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def paper(**given: object) -> Paper:
    return Paper(**{"id": "p1", "title": "A title", "abstract": "An abstract.", **given})  # type: ignore[arg-type]


# Search


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ("pebble", ["i1"]),
        ("PEBBLE Three", ["i1"]),
        ("calibration clips", ["i1"]),
        ("i7", ["i7"]),
        ("harvest writer", ["i3"]),
        ("no such word", []),
        (".*", []),
        ("2018", ["i3"]),
    ],
)
def test_search_looks_for_every_word(asked: str, ids: list[str]) -> None:
    """Words are looked for as they stand, in any field, in any case; none is a pattern."""
    assert [found.id for found in matching(STACK, asked)] == ids


def test_what_the_title_says_comes_first() -> None:
    """Papers with the word in the title stand before those with it in the abstract; without words, all in order."""
    found = matching(STACK, "judges")
    assert found[0].id == "i2"
    assert matching(STACK, "  ") == list(STACK)


def test_newest_first() -> None:
    """By date, papers without one last."""
    found = matching(STACK, "", newest=True)
    assert [one.id for one in found[:2]] == ["i11", "i10"]
    assert found[-1].published is None


# Table and page


def test_a_row_says_title_year_and_source() -> None:
    """Each paper is a row with a button that knows its id; the open one is marked."""
    seen = Seen(listing([paper(published=date(2031, 1, 2), source="dump.txt")], 1, 50, step=50, chosen="p1"))
    assert "A title2031dump.txt" in seen.text
    (button,) = [given for tag, given in seen.elements if tag == "button"]
    assert (button["data-paper"], button["aria-current"]) == ("p1", "true")


def test_rows_come_in_portions() -> None:
    """Only the first rows are shown, and how many more there are is on a button."""
    shown = listing(STACK, 12, 5, step=5)
    assert shown.count("data-paper") == 5
    assert "Show 5 more of 12" in shown
    assert "data-more" not in listing(STACK, 12, 50, step=50)


def test_an_empty_table_says_why() -> None:
    """An empty library and an empty search are different things."""
    assert "holds no papers" in listing([], 0, 50, step=50)
    assert "No paper holds" in listing([], 12, 50, step=50)


def test_an_abstract_is_shown_exactly() -> None:
    """Every character of title and abstract stands there as itself."""
    seen = Seen(page(paper(title=TRICKY, abstract=TRICKY)))
    assert seen.text.count(TRICKY) == 2


def test_only_known_hosts_are_links() -> None:
    """An address of another host is text."""
    assert Seen(page(paper(url="https://arxiv.org/abs/2504.11651"))).elements[-1][1]["href"] == (
        "https://arxiv.org/abs/2504.11651"
    )
    foreign = Seen(page(paper(url="https://evil.example/x")))
    assert "a" not in [tag for tag, _ in foreign.elements]
    assert "https://evil.example/x" in foreign.text
    assert "a" not in [tag for tag, _ in Seen(page(paper(url="javascript:alert(1)"))).elements]


def test_many_authors_are_counted() -> None:
    """Eight are named."""
    assert "W7 and 3 more" in page(paper(authors=tuple(f"W{n}" for n in range(11))))


# Reports


def test_a_report_sums_up() -> None:
    """Once all files are read, the sum comes first, then each file with its counts and reasons."""
    files = [
        Upload("a.html", 1.0, True, {"added": 2, "updated": 1, "unchanged": 0}),
        Upload("b.png", 1.0, True, {}, ("b.png is a picture",)),
    ]
    told = Seen(uploaded(files)).text
    assert told.startswith("2 added, 1 updated, 1 failed.")
    assert "a.html2 added, 1 updated" in told
    assert "b.png1 failedb.png is a picture" in told


def test_files_that_are_read_have_bars() -> None:
    """Until then there is a bar for each file that is not done, with its share."""
    shown = uploaded([Upload("a.html", 0.25), Upload("b.html", 1.0, True, {"added": 1})])
    assert "Reading 2 files, 1 done" in shown
    assert 'value="0.25"' in shown
    assert shown.count("<progress") == 1
    assert uploaded([]) == ""


def test_very_many_reasons_are_counted() -> None:
    """Ten are told."""
    told = uploaded([Upload("a.jsonl", 1.0, True, {}, tuple(f"line {n}: bad" for n in range(25)))])
    assert "line 9: bad" in told
    assert "line 10: bad" not in told
    assert "and 15 more" in told


def test_an_error_says_what_to_do() -> None:
    """What failed and the remedy are sentences, both of them text."""
    assert Seen(error_line(PaperchatError("the disk is full", remedy="make room"))).text == (
        "The disk is full. Make room."
    )
    assert Seen(error_line(PaperchatError("run.json is empty"))).text == "run.json is empty."


def test_the_legend_names_topics_and_rings() -> None:
    """Each topic is a button that is pressed or not; rings and papers left out are explained."""
    drawn = TopicMap(("a", "b"), ((0.0, 0.0), (1.0, 1.0)), (0, 1), tuple(Topic((w,), 1, (0.0, 0.0)) for w in "xy"))
    seen = Seen(legend(drawn, ["a"], 1, 9))
    pressed = [given["aria-pressed"] for tag, given in seen.elements if tag == "button"]
    assert pressed == ["false", "true"]
    assert "1 paper of the last answer" in seen.text
    assert "2 of 9 papers are drawn" in seen.text
    assert "two papers or more" in legend(TopicMap())


# Safety


@given(st.text(max_size=80))
def test_no_text_becomes_markup(text: str) -> None:
    """Titles, abstracts, names of files, reasons and errors bring no element and no attribute of their own."""
    hostile = f"{HOSTILE}{text}"
    one = paper(id=hostile, title=hostile, abstract=hostile, url=hostile, authors=(hostile,), source=hostile)
    shown = [
        listing([one], 1, 50, step=50, chosen=hostile), page(one), notice(hostile),
        error_line(PaperchatError(hostile, remedy=hostile)),
        uploaded([Upload(hostile, 0.5), Upload(hostile, 1.0, True, {}, (hostile,))]),
    ]  # fmt: skip
    for tag, given_attributes in (element for source in shown for element in Seen(source).elements):
        assert tag in ALLOWED
        assert not any(name.startswith("on") or name in {"src", "action", "href"} for name in given_attributes)


def test_an_id_survives_the_way_through_the_browser() -> None:
    """What the browser reads back from a row is the id of the paper."""
    (button,) = [one for tag, one in Seen(listing([paper(id='a"b<c&d')], 1, 9, step=9)).elements if tag == "button"]
    assert button["data-paper"] == 'a"b<c&d'


def test_a_megabyte_is_cut() -> None:
    """An endless title, abstract or name does not fill the page."""
    endless = "x" * 1_000_000
    one = paper(title=endless, abstract=endless, source=endless, authors=(endless,))
    assert len(page(one)) < 40_000
    assert len(listing([one], 1, 50, step=50)) < 5_000
    assert len(uploaded([Upload(endless, 1.0, True, {}, (endless,))])) < 5_000
