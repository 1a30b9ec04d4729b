"""Tests of what all readers share: picking one, expanding paths, refusing what holds no papers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import SourceError
from rag.model import Paper, Skipped
from rag.sources import FORMATS, expand, read

FIXTURES = Path(__file__).parent / "fixtures"
SHARED = Path(__file__).parent.parent.parent / "shared"
LINE = '{"title": "A Title", "abstract": "An abstract."}\n'


def write(path: Path, content: str | bytes) -> Path:
    """Write a file and return its path."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "format_name"),
    [
        ("hf_list.html", "hf-page"),
        ("hf_paper.html", "hf-page"),
        ("arxiv_abs.html", "arxiv-page"),
        ("arxiv_body.html", "arxiv-page"),
        ("feed.xml", "atom"),
        ("papers.bib", "bibtex"),
    ],
)
def test_a_format_is_known_by_its_content(name: str, format_name: str) -> None:
    """The first format that matches a fixture is its own, whatever the file is called."""
    head = (FIXTURES / name).read_text()
    assert next(form.name for form in FORMATS if form.matches(head, Path("download"))) == format_name


def test_names_of_formats_are_unique() -> None:
    """No two formats share a name."""
    assert len({form.name for form in FORMATS}) == len(FORMATS) == 8


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "empty"),
        (b" \n\t ", "empty"),
        (b"%PDF-1.7 text", "PDF"),
        (b"title\0abstract", "binary"),
        (b"# Read me\n\nThis explains a project.\n", "no file of papers"),
        ("title,abstract\nCaf\u00e9,x".encode("latin-1"), "byte 18"),
        (LINE.encode() + b"\xff", "byte 49"),
        (LINE.encode("utf-16-le"), "binary"),
        (LINE.encode() * 8000 + b"\xe2\x82", "byte 392,000"),
        (b"<html><body>Nothing here</body></html>", "holds no papers"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"></feed>', "holds no papers"),
        (b"title,abstract\n", "holds no papers"),
        (b"[]", "holds no papers"),
        (b'[{"title": "x"', "broken JSON"),
        (b'[{"a":' * 50_000, "too deeply"),
        (b"Rate exceeded.", "Rate exceeded"),
    ],
)
def test_what_holds_no_papers_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    """Each kind of useless file gives one error with what is wrong and a remedy."""
    with pytest.raises(SourceError, match=expected) as caught:
        list(read(write(tmp_path / "file", content)))
    assert caught.value.remedy


def test_a_file_of_no_format_is_told_all_formats(tmp_path: Path) -> None:
    """The error for an unknown file lists everything that can be read."""
    with pytest.raises(SourceError) as caught:
        list(read(write(tmp_path / "notes.md", "# Notes\n")))
    assert all(form.what in str(caught.value) for form in FORMATS)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    """A path without a file, and a folder, are errors of their own."""
    with pytest.raises(SourceError, match="no file"):
        list(read(tmp_path / "missing.html"))
    with pytest.raises(SourceError, match="folder"):
        list(read(tmp_path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    """Reading a pipe could hang, so it is refused."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="regular"):
        list(read(tmp_path / "pipe"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_utf8_and_marked_utf16_are_read(tmp_path: Path, encoding: str) -> None:
    """Byte order marks are no part of the text."""
    text = '{"title": "Caf\u00e9 \U0001d4b3", "abstract": "x"}\n'
    (paper,) = read(write(tmp_path / "a.jsonl", text.encode(encoding)))
    assert isinstance(paper, Paper)
    assert paper.title == "Caf\u00e9 \U0001d4b3"


def test_carriage_returns_end_lines(tmp_path: Path) -> None:
    """Files from Windows are read like others."""
    assert len(list(read(write(tmp_path / "a.jsonl", LINE.replace("\n", "\r\n") * 3)))) == 3


def test_a_long_line_is_one_bad_record(tmp_path: Path) -> None:
    """A line of ten million characters is left out, and its neighbours are kept."""
    giant = json.dumps({"title": "x", "abstract": "y" * 10_000_000}) + "\n"
    first, bad, last = read(write(tmp_path / "a.jsonl", LINE + giant + LINE))
    assert isinstance(first, Paper)
    assert isinstance(last, Paper)
    assert isinstance(bad, Skipped)
    assert (bad.entry, "1,000,000" in bad.reason) == ("line 2", True)


def test_expand_keeps_files_and_opens_folders_and_patterns(tmp_path: Path) -> None:
    """A folder gives its visible files in order, a pattern its matches, and nothing comes twice."""
    (tmp_path / "sub" / ".hidden").mkdir(parents=True)
    names = ("b.txt", "a.txt", "sub/c.html", ".secret", "sub/.hidden/d.txt")
    b, a, c, *_ = [write(tmp_path / name, "x") for name in names]
    assert expand([tmp_path]) == [a, b, c]
    assert expand([b, str(tmp_path / "*.txt"), tmp_path / "." / "a.txt"]) == [b, a]
    assert expand([str(tmp_path / "**" / "*.html")]) == [c]
    assert expand([]) == []


def test_a_file_named_like_a_pattern_is_a_file(tmp_path: Path) -> None:
    """Brackets in the name of a file that exists are not a pattern."""
    path = write(tmp_path / "page[1].html", "x")
    assert expand([path]) == [path]


@pytest.mark.parametrize("name", ["missing.txt", "*.nothing", "empty", "", "a\0b"])
def test_expand_refuses_what_gives_no_file(tmp_path: Path, name: str) -> None:
    """A missing path, a pattern without a match, an empty folder and nonsense are errors."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError):
        expand([str(tmp_path / name) if name else ""])


STARTS = [
    "",
    "<html>",
    "<?xml ?>",
    "<feed>",
    "{",
    '[{"title":',
    '{"title": "a", ',
    "@article{a,",
    "title,abstract\n",
    "new\n",
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), middle=st.binary(max_size=300), text=st.text(max_size=300))
def test_no_bytes_crash_a_reader(tmp_path: Path, start: str, middle: bytes, text: str) -> None:
    """Whatever a file holds, reading it gives papers, skipped records or a SourceError, all of which are encodable."""
    path = write(tmp_path / "file", start.encode() + middle + text.encode("utf-8", "replace"))
    try:
        found = list(read(path))
    except SourceError as error:
        str(error).encode()
        return
    for item in found:
        assert isinstance(item, Paper | Skipped)
        repr(item).encode()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=st.sampled_from(STARTS), text=st.text(alphabet="<>{}[]\"'@=,&!-\\/ \nab", max_size=200))
def test_no_markup_crashes_a_reader(tmp_path: Path, start: str, text: str) -> None:
    """Broken tags, braces, quotes and entries are no reason to crash either."""
    try:
        found = list(read(write(tmp_path / "file", start + text)))
    except SourceError:
        return
    assert all(isinstance(item, Paper | Skipped) for item in found)


@pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the real corpus is not beside this checkout")
def test_the_real_corpus_is_read_whole() -> None:
    """The five dumps give 844 papers of 796 titles and nothing is left out."""
    found = [item for path in expand([SHARED / "corpus"]) for item in read(path)]
    papers = [item for item in found if isinstance(item, Paper)]
    assert (len(found), len(papers), len({paper.id for paper in papers})) == (844, 844, 796)


@pytest.mark.skipif(not (SHARED / "collections").is_dir(), reason="the test collections are not beside this checkout")
@pytest.mark.parametrize(("name", "count"), [("cranfield", 1398), ("scifact", 2227)])
def test_the_test_collections_keep_their_ids(name: str, count: int) -> None:
    """All records of a BEIR collection are read, titles or not, under the ids that its judgements use."""
    found = list(read(SHARED / "collections" / name / "corpus.jsonl"))
    assert len({item.id for item in found if isinstance(item, Paper)}) == len(found) == count
