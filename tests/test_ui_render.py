"""Tests of what the chat shows: text as it is, numbers that lead to cards, doubts that are marked."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st

from rag import Answer, Citation, Evidence, Sentence, Verdict
from rag.errors import QuestionError
from rag.model import Passage
from ui.render import (
    answer_html,
    as_markdown,
    error_html,
    escape,
    filter_label,
    from_markdown,
    header_html,
    nearest,
    note_html,
    partial_html,
    plural,
    progress_html,
    suggestions_html,
    unique_papers,
)

PEBBLE, ORCHARD = STACK[1], STACK[3]
SAID = "Pebble requires only 512 calibration clips and no labels."
START = PEBBLE.abstract.index(SAID)


def answer(*sentences: Sentence, **fields: object) -> Answer:
    """Return an answer that quotes one paper and found a second one."""
    evidence = tuple(
        Evidence(paper, Passage(paper.id, 0, 0, len(paper.abstract)), rank, 1.0, {})
        for rank, paper in enumerate((PEBBLE, ORCHARD), 1)
    )
    whole = Answer(
        question="How many clips?",
        standalone_question="How many clips?",
        text=" ".join(f"{one.text} [1]" for one in sentences),
        sentences=sentences,
        citations=(Citation(1, PEBBLE, SAID, START, START + len(SAID)),),
        evidence=evidence,
    )
    return replace(whole, **fields)  # type: ignore[arg-type]


QUOTE = Sentence(SAID, Verdict.VERBATIM, (1,))


class Reader(HTMLParser):
    """Collects the text of HTML, its elements, and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", [], []
        self.feed(html)

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]


@given(st.text())
def test_escaped_text_is_read_back(text: str) -> None:
    """Escaped text has no element in it, and reads as it was, but for line ends, controls and mirroring marks."""
    shown = Reader(f"<p>{escape(text)}</p>")
    assert shown.tags == ["p"]
    kept = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", text)
    assert shown.text == kept.replace("\n", " ").encode("utf-8", "replace").decode()


@given(st.text())
def test_a_question_can_be_edited(question: str) -> None:
    """What is escaped for Markdown is the question again, whether all or nothing of it is escaped."""
    shown = as_markdown(question)
    assert as_markdown(from_markdown(shown)) == shown
    if "\\" not in question:
        assert from_markdown(from_markdown(shown)) == from_markdown(shown)


def test_no_mark_of_markdown_is_left() -> None:
    """Every mark is escaped, so that none begins a link, a list, emphasis or an address."""
    assert as_markdown("a*b [c](d) <e> ~f~ $g$ http://h") == (r"a\*b \[c\]\(d\) \<e\> \~f\~ \$g\$ http\:\/\/h")


def test_a_lone_surrogate_is_replaced() -> None:
    """What no encoding can carry does not break the page."""
    assert escape("a\ud800b") == "a?b"
    assert as_markdown("\ud800") == "\\?"


def test_an_answer_leads_to_its_card() -> None:
    """A number is a link to the card of its turn, with the title to be read before."""
    shown = answer_html(answer(QUOTE), 3)
    assert f'<a class="cite" href="#src-3-1" title="{PEBBLE.title}">[1]</a>' in shown
    assert Reader(shown).text.startswith(f"{SAID}\u00a0[1]")
    assert "✓ 1 sentence, word for word from 1 paper" in shown
    assert "Understood as" not in shown


def test_the_whole_is_one_line_that_begins_with_a_block() -> None:
    """Markdown takes a line that begins with `<div` as it is, up to the next empty line."""
    shown = answer_html(answer(replace(QUOTE, text="a\n\n# b"), notice="c\n\nd", mode="e\n\nf"), 1)
    assert shown.startswith("<div")
    assert "\n" not in shown


def test_a_list_is_shown_as_one() -> None:
    """An answer that is laid out as a list has an item for each sentence, and under it the title it comes from."""
    bare = Sentence("More.", Verdict.UNCITED)
    shown = Reader(answer_html(answer(QUOTE, QUOTE, bare, text=f"- {SAID} [1]\n- {SAID} [1]\n- More."), 1))
    assert shown.tags.count("li") == 3
    assert shown.text.count(f"{SAID}\u00a0[1]{PEBBLE.title}") == 2


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (Verdict.WEAK, "weakly supported: too vague"),
        (Verdict.UNSUPPORTED, "not supported by its source: too vague"),
        (Verdict.UNCITED, "cites no source: too vague"),
    ],
)
def test_a_doubtful_sentence_is_marked_with_why(verdict: Verdict, told: str) -> None:
    """A sentence that is not supported is marked, and says why."""
    shown = answer_html(answer(QUOTE, Sentence("It cures.", verdict, (1,), "too vague")), 1)
    assert '<mark class="doubt"><span>It cures.</span></mark>' in shown
    assert f"⚠ {told}" in shown
    assert "1 of 2 sentences supported by 1 paper" in shown


@pytest.mark.parametrize("verdict", [Verdict.VERBATIM, Verdict.SUPPORTED, Verdict.EXEMPT])
def test_a_sound_sentence_is_not_marked(verdict: Verdict) -> None:
    """A quote, a supported sentence and one that needs no support have no mark."""
    assert "doubt" not in answer_html(answer(replace(QUOTE, verdict=verdict)), 1)


def test_a_rewritten_question_a_model_and_a_notice_are_told() -> None:
    """What was searched for instead, who wrote, and what went wrong stand with the answer."""
    whole = answer(
        replace(QUOTE, verdict=Verdict.SUPPORTED), standalone_question="How many for Pebble?", mode="tiny", notice="cut"
    )
    shown = Reader(answer_html(whole, 1)).text
    assert shown.startswith("Understood as: How many for Pebble?")
    assert "✓ 1 sentence, supported by 1 paper · written by tiny" in shown
    assert shown.endswith("cut")


def test_a_refusal_leads_to_the_nearest_papers() -> None:
    """A refusal says why and names what came near, as links to their cards; no proof is claimed."""
    refused = answer(abstained=True, reason="Not held.", citations=(), text="Not held. Nearest papers: x.")
    shown = Reader(answer_html(refused, 2))
    assert shown.text.startswith("Not held.Nearest papers")
    assert shown.links == ["#near-2-1", "#near-2-2"]
    assert "✓" not in shown.text


def test_what_an_abstract_leaves_out_may_be_in_the_paper() -> None:
    """Where the right abstract does not say, the reader is sent to the whole paper, and not to other topics."""
    refused = answer(abstained=True, reason=f'The abstract of "{ORCHARD.title}" does not say.', citations=())
    assert "The whole paper may say it" in Reader(answer_html(refused, 2)).text
    assert "Name a method" in Reader(answer_html(replace(refused, reason="Not held."), 2)).text


def test_a_refusal_without_papers() -> None:
    """An empty library has no nearest papers."""
    shown = answer_html(answer(abstained=True, reason="Not held.", citations=(), evidence=()), 1)
    assert "Nearest" not in shown


def test_what_is_cited_and_what_came_near() -> None:
    """Cited papers are told by number; the others that were found are the nearest."""
    assert unique_papers(answer(QUOTE)) == {1: PEBBLE}
    assert nearest(answer(QUOTE)) == [ORCHARD]


def test_an_answer_on_the_way() -> None:
    """Checked sentences stand with their marks, text behind them with its numbers as links; all of it is escaped."""
    doubtful = Sentence("<i>x</i>", Verdict.UNSUPPORTED, (2,), "why")
    shown = Reader(partial_html([QUOTE, doubtful], "and <b>\nmore [2]", 4))
    assert shown.text == f"{SAID}\u00a0[1] <i>x</i> ⚠ not supported by its source: why\u00a0[2] and <b>more [2]"
    assert shown.links == ["#src-4-1", "#src-4-2", "#src-4-2"]
    assert not {"i", "b"} & set(shown.tags)


def test_endless_text_is_cut() -> None:
    """A sentence without end is shown in part."""
    assert len(answer_html(answer(Sentence("x" * 1_000_000, Verdict.UNCITED)), 1)) < 20_000


def test_errors_progress_and_notes() -> None:
    """An error says what failed and what to do next; progress and notes are told as they are, escaped."""
    error = Reader(error_html(QuestionError("the question is <empty>", remedy="ask in words")))
    assert error.text == "The question is <empty>.Ask in words"
    assert Reader(error_html(QuestionError("no"))).text == "No."
    assert Reader(progress_html("searching <9> abstracts")).text == "searching <9> abstracts…"
    assert Reader(note_html("Stopped <here>.")).text == "Stopped <here>."


def test_the_head_and_the_suggestions() -> None:
    """The head names facts and banner, the suggestions are buttons; a paper's words are escaped in both."""
    head = Reader(header_html(["1 paper", "<b>"], "new & shiny"))
    assert head.text.startswith("Paperchat1 paper<b>")
    assert "new & shiny" in head.text
    assert "banner" not in header_html([])
    assert suggestions_html(["a<b?"]) == '<button type="button">a&lt;b?</button>'


def test_counts() -> None:
    """One is singular, none and many are not, and thousands have commas."""
    assert [plural(count, "paper") for count in (0, 1, 2, 2000)] == ["0 papers", "1 paper", "2 papers", "2,000 papers"]


@pytest.mark.parametrize(
    ("values", "label"),
    [
        (([], 0, 0), "Filter papers"),
        ((None, None, None), "Filter papers"),
        ((["a.csv"], 0, 0), "Filtered: 1 source"),
        ((["a.csv", "b.csv"], 2020, 2021), "Filtered: 2 sources, from 2020, until 2021"),
        (([], 0, 2021), "Filtered: until 2021"),
    ],
)
def test_a_folded_filter_says_what_it_lets_through(values: tuple[list[str] | None, int, int], label: str) -> None:
    """A filter that is set can be seen without opening it."""
    assert filter_label(*values) == label
