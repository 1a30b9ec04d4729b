"""Tests of how loose fields become a paper: ids, addresses, dates, names, limits."""

from __future__ import annotations

from datetime import date

import pytest

from rag.model import Paper, Skipped
from rag.sources.dates import parse_date
from rag.sources.identifiers import arxiv_id, shown_url
from rag.sources.record import record
from rag.text import paper_id


def paper(**fields: object) -> Paper:
    """Return the paper of these fields on top of a title and an abstract."""
    made = record("file", "line 1", {"title": "A Title", "abstract": "An abstract.", **fields})
    assert isinstance(made, Paper)
    return made


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2005.11401", "2005.11401"),
        ("2005.11401v4", "2005.11401"),
        ("arXiv:2005.11401v1", "2005.11401"),
        ("0704.0001", "0704.0001"),
        ("math.GT/0309136v1", "math/0309136"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("http://arxiv.org/abs/math/0309136v1", "math/0309136"),
        ("https://arxiv.org/pdf/2005.11401v2.pdf", "2005.11401"),
        ("https://huggingface.co/papers/2005.11401#community", "2005.11401"),
        ("https://huface.online/papers/2005.11401", "2005.11401"),
        ("https://doi.org/10.48550/arXiv.2005.11401", "2005.11401"),
        ("https://example.org/abs/2005.11401", None),
        ("2013.12345", None),
        ("draft/1234567", None),
        ("2005.114011", None),
        ("huggingface.co/papers/week/2024-W01", None),
        (2005.11401, None),
        (None, None),
    ],
)
def test_arxiv_ids_are_recognised(value: object, expected: str | None) -> None:
    """Ids lose their version, addresses count on known sites only, look-alikes do not."""
    assert arxiv_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://openreview.net/forum?id=x_1", "https://openreview.net/forum?id=x_1"),
        ("https://www.github.com/a/b", "https://www.github.com/a/b"),
        ("https://hf-proxy-cf.effarig.site/papers/1", "https://huggingface.co/papers/1"),
        ("http://arxiv.org/abs/2005.11401", None),
        ("https://example.org/", None),
        ("https://arxiv.org@example.org/", None),
        ("https://arxiv.org:80/abs/1", None),
        ("https://arxiv.org.example.org/", None),
        ('https://arxiv.org/"onclick="x', None),
        ("https://arxiv.org\\@example.org", None),
        ("javascript:alert(1)", None),
        ("https://[broken", None),
        ("https://arxiv.org/\nabs", None),
        (7, None),
    ],
)
def test_only_known_hosts_are_shown(value: object, expected: str | None) -> None:
    """Mirrors become their original; anything else that is not https on a known host is dropped."""
    assert shown_url(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2020-06-28T10:00:00.000Z", date(2020, 6, 28)),
        ("2020/06/28", date(2020, 6, 28)),
        ("2020-06", date(2020, 6, 1)),
        ("2020", date(2020, 1, 1)),
        (2020, date(2020, 1, 1)),
        ("Jun 28, 2020", date(2020, 6, 28)),
        ("June 28 2020", date(2020, 6, 28)),
        ("28 June 2020", date(2020, 6, 28)),
        ("Sun, 28 Jun 2020 10:00:00 GMT", date(2020, 6, 28)),
        ("[Submitted on 8 Sep 2003 (v1), last revised 9 Oct 2004]", date(2003, 9, 8)),
        ("2020-13-45", None),
        ("31 Feb 2020", None),
        ("Sep 29", None),
        ("soon", None),
        (1593302400000, None),
        (10**4000, None),
        (True, None),
        (None, None),
    ],
)
def test_dates_are_parsed_or_none(value: object, expected: date | None) -> None:
    """Every form that a source uses is read; a bad date is no date."""
    assert parse_date(value) == expected


def test_ids_in_order_of_trust() -> None:
    """BEIR's id wins, then an arXiv id from any field, then the record's own id, then the hash of the title."""
    assert paper(_id="7", id="2005.11401").id == "7"
    assert paper(_id=7).id == "7"
    assert paper(id="own-1", url="https://arxiv.org/abs/2005.11401v3").id == "2005.11401"
    assert paper(id="own-1").id == "own-1"
    for useless in ("", " ", "a\nb", "x" * 101, 5, None, "\ud800"):
        assert paper(id=useless).id == paper_id("A Title")


def test_an_arxiv_id_gives_an_address() -> None:
    """Without an address to show, the arXiv id makes one; without either there is none."""
    assert paper(id="2005.11401v2").url == "https://arxiv.org/abs/2005.11401"
    assert paper(id="2005.11401", url="https://example.org").url == "https://arxiv.org/abs/2005.11401"
    assert paper(url="https://example.org").url is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "x"}, "no abstract"),
        ({"abstract": "x"}, "no title"),
        ({"title": " \n", "abstract": "\t"}, "no title and no abstract"),
        ({"title": ["x"], "abstract": "x"}, "the title is not text"),
        ({"title": "x" * 1_001, "abstract": "x"}, "the title has 1,001 characters, more than 1,000"),
        ({"title": "x", "abstract": "x" * 100_001}, "the abstract has 100,001 characters, more than 100,000"),
        ({}, "no title and no abstract"),
    ],
)
def test_unusable_records_say_why(fields: dict[str, object], reason: str) -> None:
    """What is missing or too long is named."""
    assert record("file", "line 1", fields) == Skipped("file", "line 1", reason)


def test_text_is_squashed_and_else_verbatim() -> None:
    """White space collapses; TeX, glued sentences and strange hosts stay as they are."""
    raw = "We gain 2.7times on 20\\%.This is \\textbf{X}; see https://huface.online/a."
    assert paper(abstract=f"  {raw}\n\u00a0\n end ").abstract == f"{raw} end"


def test_what_cannot_be_stored_is_replaced() -> None:
    """Lone surrogates and NUL do not survive, pairs of surrogates become their character."""
    made = paper(title="a\ud800b\0", authors=["x\udfff"])
    assert made.title == "a\ufffdb\ufffd"
    assert made.authors == ("x\ufffd",)
    assert paper(title="\ud835\udcb3").title == "\U0001d4b3"


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        (["Ada Moss", " Bo  Fern "], ("Ada Moss", "Bo Fern")),
        ([{"name": "Ada Moss"}, {"name": "Bo Fern", "hidden": True}, {"name": None}, 5], ("Ada Moss",)),
        ("Moss, Ada; Fern, Bo", ("Ada Moss", "Bo Fern")),
        ("Moss, Ada and Fern, Bo", ("Ada Moss", "Bo Fern")),
        ("A. Moss, B. Fern and C. Reed", ("A. Moss", "B. Fern", "C. Reed")),
        ("", ()),
        (None, ()),
        (7, ()),
    ],
)
def test_authors_come_in_many_forms(authors: object, expected: tuple[str, ...]) -> None:
    """Lists, objects and strings give names in their natural order."""
    assert paper(authors=authors).authors == expected


def test_a_nested_paper_comes_first() -> None:
    """The inner fields of Hugging Face's objects win over the outer ones, which are shifted by hours."""
    made = paper(publishedAt="2024-01-02", paper={"id": "2401.00001", "publishedAt": "2024-01-01", "title": "Inner"})
    assert (made.id, made.title, made.published) == ("2401.00001", "Inner", date(2024, 1, 1))


def test_a_beir_record_without_title_is_called_by_its_first_words() -> None:
    """The title is the start of the text, cut at a word and at most 100 characters long."""
    text = "word " * 100
    made = record("file", "line 1", {"_id": "1", "title": "", "text": text})
    assert isinstance(made, Paper)
    assert made.title == ("word " * 20).strip()
    assert isinstance(record("file", "line 1", {"title": "", "text": text}), Skipped)
