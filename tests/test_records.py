"""Tests of the rows under the catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from conftest import STACK, entry
from hypothesis import given
from hypothesis import strategies as st

from rag.model import Paper
from rag.records import (
    Where,
    as_date,
    as_known,
    as_number,
    as_paper,
    as_passage,
    as_vectors,
    content_hash,
    paper_row,
    passage_rows,
)
from rag.text import title_key

PAPER = replace(STACK[1], url="https://arxiv.org/abs/2401.00001")


@given(st.dates())
def test_a_date_is_a_number_and_back(day: date) -> None:
    """Days are numbers of the form yyyymmdd, in the same order."""
    number = as_number(day)
    assert number is not None
    assert f"{number:08d}" == f"{day:%Y%m%d}".zfill(8)
    assert as_date(number) == day


def test_no_date_is_none() -> None:
    """A paper without a date stays one."""
    assert as_number(None) is None
    assert as_date(None) is None


def test_a_paper_is_a_row_and_back() -> None:
    """Every field survives, and the title also stands in the form that titles are compared in."""
    row = paper_row(PAPER, 3)
    assert as_paper(SimpleNamespace(**row), PAPER.source) == PAPER
    assert (row["title_key"], row["revision"]) == (title_key(PAPER.title), 3)
    assert json.loads(row["authors"]) == ["A. Writer 1"]
    known = as_known(SimpleNamespace(**row), {"/x": "x"})
    assert (known.hash, known.published, known.authors) == (content_hash(PAPER), PAPER.published, PAPER.authors)


def test_passages_are_rows_and_back() -> None:
    """Offsets and vectors survive."""
    one = entry(PAPER)
    rows = [SimpleNamespace(**row) for row in passage_rows(one)]
    assert tuple(as_passage(row) for row in rows) == one.passages
    assert np.array_equal(as_vectors([row.vector for row in rows]), one.vectors)


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Other"},
        {"abstract": "Other."},
        {"url": None},
        {"authors": ()},
        {"published": None},
    ],
)
def test_the_hash_changes_with_every_field(changed: dict[str, object]) -> None:
    """Whatever is stored of a paper is in its hash."""
    assert content_hash(replace(PAPER, **changed)) != content_hash(PAPER)  # type: ignore[arg-type]


def test_the_hash_does_not_know_where_a_paper_came_from() -> None:
    """The same paper from another file, or from a mirror of the same page, is unchanged."""
    assert content_hash(replace(PAPER, source="other.txt")) == content_hash(PAPER)
    linked = Paper("x", "T", "See https://huggingface.co/papers/1.")
    copied = Paper("x", "T", "See https://huface.online/papers/1.")
    assert content_hash(linked) == content_hash(copied)


def test_only_an_empty_filter_is_false() -> None:
    """A filter that names no source at all is still a filter."""
    assert not Where()
    assert Where(sources=())
    assert Where(first_year=2020)
    assert Where(last_year=2020)
