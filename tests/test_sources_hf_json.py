"""Tests of the reader of saved answers of the Hugging Face Papers API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.model import Paper
from rag.sources import FORMATS, read

FLAT = {"id": "2401.00001", "title": "Growing Gardens", "summary": "We grow.", "publishedAt": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", [FLAT, [{"paper": FLAT}], [FLAT], {"dailyPapers": [{"paper": FLAT}]}])
def test_every_endpoint_is_read(tmp_path: Path, value: object, indent: int | None) -> None:
    """Lists, searches and single papers give the same paper, printed on one line or on many."""
    path = tmp_path / "answer"
    path.write_text(json.dumps(value, indent=indent))
    (paper,) = read(path)
    assert isinstance(paper, Paper)
    assert (paper.id, paper.title, paper.abstract) == ("2401.00001", "Growing Gardens", "We grow.")


def test_the_format_is_told_from_other_json() -> None:
    """Its own keys mark an answer; the same words inside an abstract do not."""
    form = next(form for form in FORMATS if form.name == "hf-json")
    assert form.matches(json.dumps([{"paper": FLAT}]), Path("x"))
    assert not form.matches(json.dumps([{"title": 'on "paper": {', "abstract": '"upvotes":'}]), Path("x"))
