"""Exports: what BibTeX, Markdown and JSON hold, and that no text of a paper breaks out of them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st

from rag import export
from rag.library import Library
from rag.model import Paper, Turn
from rag.sources import read

TIDE = Paper(
    "2101.00001",
    "Tide & Co_50%: $x^2$ {Set} #1 ~ \\alpha",
    "One abstract. Costs 5 $ or 10%.",
    "https://arxiv.org/abs/2101.00001",
    ("Ada Byron", "Research and Sons"),
    date(2021, 3, 4),
    "tides.jsonl",
)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


def test_bibtex_whole() -> None:
    """An arXiv paper has every field, escaped, with its eprint; the month is a macro."""
    assert export.bibtex([TIDE]) == (
        "@misc{tide-2101.00001,\n"
        "  title = {{Tide \\& Co\\_50\\%: {\\$}x\\textasciicircum{}2{\\$} \\textbraceleft{}Set\\textbraceright{} \\#1 "
        "\\textasciitilde{} \\textbackslash{}alpha}},\n"
        "  author = {Ada Byron and {Research and Sons}},\n"
        "  year = {2021},\n"
        "  eprint = {2101.00001},\n"
        "  archiveprefix = {arXiv},\n"
        "  url = {https://arxiv.org/abs/2101.00001},\n"
        "  abstract = {One abstract. Costs 5 {\\$} or 10\\%.},\n"
        "  month = mar,\n"
        "}\n\n"
    )


def test_bibtex_leaves_out_what_is_not_known() -> None:
    """A paper without address, authors and day has no such fields, and no eprint for an id that is not arXiv's."""
    assert export.bibtex([Paper("0a1b", "Plain", "Text.")]) == (
        "@misc{plain-0a1b,\n  title = {{Plain}},\n  abstract = {Text.},\n}\n\n"
    )


def test_a_year_alone_has_no_month() -> None:
    """The first of January stands for a year of which no more is known."""
    entry = export.bibtex([replace(TIDE, published=date(2020, 1, 1))])
    assert "year = {2020}" in entry
    assert "month" not in entry


@pytest.mark.parametrize(
    ("paper_id", "key"),
    [
        ("math/0309136", "plain-math/0309136"),
        ("a", "plain-a"),
        ("A", "plain-559aead08264d579"),
        ("a, b}", "plain-0190bedd5f10611b"),
    ],
)
def test_keys(paper_id: str, key: str) -> None:
    """A key is a word of the title and the id; an id that BibTeX could confuse or not read becomes a hash."""
    assert export.bibtex_key(Paper(paper_id, "The Plain One", "")) == key


@given(st.lists(st.builds(Paper, TEXT, TEXT, TEXT), unique_by=lambda paper: paper.id, max_size=6))
def test_keys_are_unique_and_stable(papers: list[Paper]) -> None:
    """No two ids, compared without case as BibTeX does, share a key, and a key does not depend on the other papers."""
    keys = [export.bibtex_key(paper).lower() for paper in papers]
    assert len(set(keys)) == len(papers)
    assert all(re.fullmatch(r"[a-z0-9._/-]+", key) for key in keys)
    assert [line for line in export.bibtex(papers).splitlines() if line.startswith("@")] == [
        f"@misc{{{key}," for key in keys
    ]


@given(st.builds(Paper, TEXT, TEXT, TEXT, TEXT, st.tuples(TEXT)))
def test_braces_balance(paper: Paper) -> None:
    """However the text reads, BibTeX sees one entry: braces balance and never close it early."""
    entry, depth = export.bibtex([paper]).rstrip("\n"), 0
    for index, character in enumerate(entry):
        depth += (character == "{") - (character == "}")
        assert depth > 0 or index < entry.index("{") or index == len(entry) - 1
    assert depth == 0


@given(st.builds(Paper, TEXT, TEXT, TEXT))
def test_every_special_character_is_escaped(paper: Paper) -> None:
    """Without escapes, no character that LaTeX gives a meaning is left in a title."""
    line = export.bibtex([paper]).splitlines()[1].removeprefix("  title = {{").removesuffix("}},")
    left = re.sub(r"\\text[a-z]+\{\}|\{\\\$\}|\\[&%#_]", "", line)
    assert not set(left) & set("\\{}$&%#_^~")


def test_bibtex_reads_back(tmp_path: Path) -> None:
    """What is exported can be added again: same titles, abstracts, authors and arXiv ids."""
    file = tmp_path / "papers.bib"
    ours = [replace(TIDE, title="Tide & Co_50%: $5 off #1", authors=("Ada Byron", "Émile Ü")), *STACK]
    file.write_text(export.bibtex(ours), "utf-8")
    back = [paper for paper in read(file) if isinstance(paper, Paper)]
    assert [(paper.title, paper.authors) for paper in back] == [(paper.title, paper.authors) for paper in ours]
    assert [paper.abstract for paper in back] == [paper.abstract for paper in ours]
    assert back[0].id == "2101.00001"


def test_markdown_whole() -> None:
    """A paper is a heading, a line of facts and its abstract; markup in its text is escaped."""
    paper = replace(TIDE, title="*Tide* <b>[x](y)</b>", abstract="# Not a heading, 5 $ | `x`")
    assert export.markdown([paper]) == (
        "## \\*Tide\\* \\<b\\>\\[x\\](y)\\</b\\>\n\n"
        "Ada Byron, Research and Sons · 2021-03-04 · <https://arxiv.org/abs/2101.00001>\n\n"
        "\\# Not a heading, 5 \\$ \\| \\`x\\`\n"
    )


def test_an_address_stays_in_its_brackets() -> None:
    """An address with brackets, spaces or braces is percent-encoded, in Markdown and in BibTeX."""
    paper = replace(TIDE, url="https://a.b/c> <script> {d}")
    assert "<https://a.b/c%3E%20%3Cscript%3E%20%7Bd%7D>" in export.markdown([paper])
    assert "url = {https://a.b/c%3E%20%3Cscript%3E%20%7Bd%7D}," in export.bibtex([paper])


def test_papers_json() -> None:
    """The JSON form holds every field, the day as ISO 8601."""
    assert json.loads(export.papers_json([TIDE])) == [
        {
            "id": "2101.00001",
            "title": TIDE.title,
            "abstract": TIDE.abstract,
            "url": "https://arxiv.org/abs/2101.00001",
            "authors": ["Ada Byron", "Research and Sons"],
            "published": "2021-03-04",
            "source": "tides.jsonl",
        }
    ]


def test_a_conversation(library: Library) -> None:
    """A conversation keeps its questions, answers with their numbers, quotes and cited papers, in their order."""
    turns: list[Turn] = []
    for question in ("How many bits does Pebble quantise to?", "And how much memory does it save?"):
        turns.append(Turn(question, library.ask(question, history=turns)))
    text = export.conversation_markdown(turns)
    assert text.startswith("# Conversation\n\n## How many bits does Pebble quantise to?\n\n")
    assert "[1]" in text
    assert "\\[1" not in text
    assert "\n1. Pebble: Quantising Speech Models to Three Bits\n\n    > " in text
    assert "*Understood as: " in text
    answers = [row["answer"] for row in json.loads(export.conversation_json(turns))]
    assert answers == [turn.answer.to_dict() for turn in turns]
    cited = export.cited(turns)
    assert cited[0].title == "Pebble: Quantising Speech Models to Three Bits"
    assert len({paper.id for paper in cited}) == len(cited)
