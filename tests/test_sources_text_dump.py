"""Tests of the reader of texts in which titles and abstracts take turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.model import Paper
from rag.sources import read

ABSTRACT = "We measure \\textbf{rain} in 2.7times more gardens.This saves 20\\% of water. " * 4
NOISE = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 14\n\n"


def papers(path: Path, text: str) -> list[Paper]:
    """Write a dump and return its papers."""
    path.write_text(text)
    return [item for item in read(path) if isinstance(item, Paper)]


def test_the_words_around_a_list_are_left_out(tmp_path: Path) -> None:
    """The header before the first paper is dropped, blank lines do not count, abstracts stay verbatim."""
    text = f"{NOISE}Rain in Gardens\n\n{ABSTRACT}\n\n2 OLMo 2 Furious\n\n{ABSTRACT}\n"
    first, second = papers(tmp_path / "a.txt", text)
    assert (first.title, second.title) == ("Rain in Gardens", "2 OLMo 2 Furious")
    assert first.abstract == ABSTRACT.strip()
    assert (first.url, first.authors, first.published, first.source) == (None, (), None, "a.txt")


def test_a_glued_word_is_cut_off(tmp_path: Path) -> None:
    """`Subscribe` is cut off the first title, but only where the header was and a new word starts."""
    mail = "Get trending papers in your email inbox once a day!\n"
    (paper,) = papers(tmp_path / "a.txt", f"{mail}SubscribeRain in Gardens\n{ABSTRACT}\n")
    assert paper.title == "Rain in Gardens"
    (paper,) = papers(tmp_path / "b.txt", f"{mail}Subscribers and Churn\n{ABSTRACT}\n")
    assert paper.title == "Subscribers and Churn"
    (paper,) = papers(tmp_path / "c.txt", f"SubscribeStar Explained\n{ABSTRACT}\n")
    assert paper.title == "SubscribeStar Explained"


def test_a_title_twice_is_two_papers_with_one_id(tmp_path: Path) -> None:
    """Variants of one paper are all given; their ids are the same."""
    first, second = papers(tmp_path / "a.txt", f"Rain in Gardens\n{ABSTRACT}\nRain in Gardens\n{ABSTRACT} More.\n")
    assert first.id == second.id
    assert first.abstract != second.abstract


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{NOISE}Title\n\nshort\n", 13),
        (f"One Title\n{ABSTRACT}\n{ABSTRACT * 2}\n{ABSTRACT}\n", 3),
        (f"One Title\n{ABSTRACT}\nnew\n{ABSTRACT}\n", 3),
        (f"One Title\n{ABSTRACT}\nAnother Title\n", 3),
        (f"One Title\n{ABSTRACT}\nAnother Title\nToo short.\n", 4),
    ],
)
def test_a_text_that_does_not_fit_is_refused_whole(tmp_path: Path, text: str, line: int) -> None:
    """The first line that cannot be what its turn says is named, and no paper is given."""
    path = tmp_path / "a.txt"
    path.write_text(text)
    with pytest.raises(SourceError, match=f"line {line}:"):
        next(read(path))
