"""Tests of a library as a whole: add, sync, remove, search, in this process and in others."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import MORE, STACK, Child, assert_in_step, assert_repaired, refusal, results, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import LibraryMismatch, LibraryMissing, SourceError, StoreError, UnknownPaper
from rag.library import Library, rebuilt
from rag.model import AddReport, Paper
from rag.records import Where
from rag.settings import Settings
from rag.text import paper_id

TITLE, ABSTRACT = "Umbrellas for Robots", "Robots get wet in the rain. Umbrellas of type Parapluie help them. "
DUMP = Paper(paper_id(TITLE), TITLE, ABSTRACT.strip())
PAGE = replace(DUMP, id="2401.00001", url="https://arxiv.org/abs/2401.00001")
READER = """
import sys
from rag.library import Library
from rag.settings import Settings
library = Library.open(sys.argv[1], settings=Settings(exact_below=0))
for question in sys.stdin:
    print(" ".join(piece.paper.id for piece in library.search(question.strip(), 3)), flush=True)
"""
READ_ONLY = """
import os, sys
from rag.library import Library
from rag.errors import StoreError
from rag.embed import load_wordllama
load_wordllama()
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
os.chdir("/")
if not os.access(os.path.join(sys.argv[1], "catalogue.sqlite"), os.R_OK) or os.access(sys.argv[1], os.W_OK):
    print("cannot be tested")
    sys.exit()
with Library.open(sys.argv[1]) as library:
    print(library.search("speech models quantised to few bits")[0].paper.id)
    try:
        library.remove("i0")
    except StoreError as error:
        print(error)
"""


def test_a_report_counts_what_became_of_each(library: Library, tmp_path: Path) -> None:
    """Added, updated, unchanged and failed are told apart in one call."""
    good = write_jsonl(tmp_path / "in" / "a.jsonl", PAGE, {"title": "Nothing else"})
    broken = tmp_path / "in" / "b.pdf"
    broken.write_bytes(b"%PDF-1.7 text")
    changed = replace(STACK[1], abstract=f"{STACK[1].abstract} It was revised.")
    report = library.add(STACK[0], changed, good, broken)
    assert (report.added, report.updated, report.unchanged) == ((PAGE.id,), ("i1",), ("i0",))
    assert [(bad.source, bool(bad.entry)) for bad in report.failed] == [("a.jsonl", True), ("b.pdf", False)]
    assert library.paper("i1").abstract.endswith("revised.")
    assert_in_step(library)


@settings(max_examples=8)
@given(papers=st.lists(st.sampled_from((*STACK, DUMP, PAGE)), max_size=8))
def test_adding_the_same_papers_twice_changes_nothing(built: Path, tmp_path_factory, papers: list[Paper]) -> None:
    """Whatever is added, adding it once more writes nothing: all unchanged, the revision as it was."""
    folder = shutil.copytree(built, tmp_path_factory.mktemp("twice") / "library")
    with Library.open(folder) as library:
        library.add(*papers)
        before = library._catalogue.revision()
        again = library.add(*papers)
        assert (again.added, again.updated) == ((), ())
        assert library._catalogue.revision() == before


@settings(max_examples=4)
@given(chosen=st.sets(st.sampled_from(range(12)), min_size=1, max_size=11))
def test_removed_and_added_again(built: Path, tmp_path_factory, chosen: set[int]) -> None:
    """Taking papers out and putting them back leaves searches as they were."""
    folder = shutil.copytree(built, tmp_path_factory.mktemp("back") / "library")
    with Library.open(folder) as library:
        questions = ["speech models quantised to few bits", "noisy labels", "energy of training runs"]
        before = [library.search(question, 12) for question in questions]
        library.remove(*(f"i{number}" for number in chosen))
        assert not {f"i{number}" for number in chosen} & set(results(library))
        library.add(*(STACK[number] for number in chosen))
        after = [library.search(question, 12) for question in questions]
        assert [[piece.paper.id for piece in found] for found in after] == [
            [piece.paper.id for piece in found] for found in before
        ]
        assert_in_step(library)


@pytest.mark.parametrize("order", ["dump first", "page first", "together", "together, page first"])
def test_a_dump_and_a_page_are_one_paper(library: Library, tmp_path: Path, order: str) -> None:
    """Either way round there is one paper under its arXiv id, known to come from both, and a rerun changes nothing."""
    dump = write_jsonl(tmp_path / "in" / "dump.jsonl", DUMP)
    page = write_jsonl(tmp_path / "in" / "page.jsonl", PAGE)
    calls = {
        "dump first": [(dump,), (page,)],
        "page first": [(page,), (dump,)],
        "together": [(dump, page)],
        "together, page first": [(page, dump)],
    }[order]
    for sources in calls:
        library.add(*sources)
    assert [paper.id for paper in library.papers() if paper.title == TITLE] == [PAGE.id]
    assert library.paper(PAGE.id).url == PAGE.url
    assert {"dump.jsonl": 1, "page.jsonl": 1}.items() <= library.sources().items()
    assert library.add(dump, page).unchanged == (PAGE.id,)
    assert_in_step(library)


def test_a_page_in_a_later_batch_counts_as_added_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report names the paper once, under the id that it has in the end."""
    monkeypatch.setattr("rag.ingest.batches.__defaults__", (1,))
    assert library.add(DUMP, PAGE) == AddReport(added=(PAGE.id,))


def test_sync_follows_a_folder(library: Library, tmp_path: Path) -> None:
    """Deleted papers go, moved and changed ones stay; what only came from elsewhere is left alone."""
    inbox = tmp_path / "in"
    a = write_jsonl(inbox / "a.jsonl", *MORE[:2])
    b = write_jsonl(inbox / "b.jsonl", *MORE[2:4])
    assert len(library.sync(inbox).added) == 4
    ids = {paper.title: paper.id for paper in library.papers()}
    (inbox / "deep").mkdir()
    a.rename(inbox / "deep" / "moved.jsonl")
    write_jsonl(b, replace(MORE[2], abstract="It was rewritten from the start."))
    report = library.sync(inbox)
    assert report.updated == (ids[MORE[2].title],)
    assert report.removed == (ids[MORE[3].title],)
    assert set(library.sources()) == {"", "moved.jsonl", "b.jsonl"}
    assert len(library) == len(STACK) + 3
    assert_in_step(library)


def test_sync_of_an_emptied_folder(library: Library, tmp_path: Path) -> None:
    """A folder that holds nothing any more takes its papers along, and leaves the others."""
    file = write_jsonl(tmp_path / "in" / "a.jsonl", *MORE[:2])
    library.sync(tmp_path / "in")
    file.unlink()
    assert len(library.sync(tmp_path / "in").removed) == 2
    assert len(library) == len(STACK)


def test_sync_keeps_what_it_could_not_read_and_what_is_also_elsewhere(library: Library, tmp_path: Path) -> None:
    """A file that turned to garbage keeps its papers; a paper that another folder holds too stays till that is gone."""
    one, two = tmp_path / "one", tmp_path / "two"
    torn = write_jsonl(one / "torn.jsonl", MORE[0])
    both = write_jsonl(one / "both.jsonl", MORE[1])
    write_jsonl(one / "rest.jsonl", MORE[5])
    write_jsonl(two / "other.jsonl", MORE[1])
    write_jsonl(two / "rest.jsonl", MORE[4])
    library.sync(one)
    library.sync(two)
    torn.write_bytes(b"\0\0\0")
    both.unlink()
    report = library.sync(one)
    assert (report.removed, [bad.source for bad in report.failed]) == ((), ["torn.jsonl"])
    (two / "other.jsonl").unlink()
    (gone,) = library.sync(two).removed
    assert MORE[1].title not in {paper.title for paper in library.papers()}
    with pytest.raises(UnknownPaper):
        library.paper(gone)


def test_sync_asks_before_it_removes(library: Library, tmp_path: Path) -> None:
    """It shows the papers that would go, and a no keeps them; a path that is no folder is refused."""
    inbox = tmp_path / "in"
    write_jsonl(inbox / "a.jsonl", MORE[0])
    gone = write_jsonl(inbox / "b.jsonl", MORE[1])
    library.sync(inbox)
    gone.unlink()
    shown: list[Paper] = []
    assert library.sync(inbox, confirm=lambda papers: bool(shown.extend(papers))).removed == ()
    assert [paper.title for paper in shown] == [MORE[1].title]
    assert len(library.sync(inbox, confirm=lambda _: True).removed) == 1
    with pytest.raises(SourceError, match="not a folder"):
        library.sync(gone)


@pytest.mark.parametrize("everything", [False, True])
def test_a_removed_paper_is_in_no_file_after_compacting(library: Library, everything: bool) -> None:
    """Neither a rare word of its abstract nor the stem is found in any file of the library."""
    library.remove(*([paper.id for paper in STACK] if everything else ["i4"]))
    library.compact()
    library.close()
    for word in (b"faroese", b"faroes", b"minaret"):
        files = [file for file in library.path.rglob("*") if file.is_file()]
        assert [file for file in files if word in file.read_bytes().lower()] == []
    assert library.add(STACK[4]).added == ("i4",)
    assert results(library, "Faroese")[0] == "i4"
    assert_in_step(library)


def test_an_unknown_id_removes_nothing(library: Library) -> None:
    """One wrong id among right ones, and all stay."""
    with pytest.raises(UnknownPaper, match="rag papers"):
        library.remove("i0", "no-such-id")
    assert len(library) == 12


@pytest.mark.parametrize("damage", ["chroma gone", "chroma garbage", "lexical gone", "lexical garbage"])
def test_a_lost_index_is_made_again_without_embedding(
    folder: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On opening, what is damaged is rebuilt from the catalogue, and that is told; searches are as before."""
    with Library.open(folder) as library:
        before = results(library)
    part, how = damage.split()
    if how == "gone":
        shutil.rmtree(folder / part)
    else:
        for file in (folder / part).rglob("*"):
            if file.is_file():
                file.write_bytes(b"garbage" * 500)
    assert_repaired(folder, before, monkeypatch)


def test_a_reader_sees_what_another_process_wrote(library: Library, child: Callable[..., Child]) -> None:
    """An add, a removal and a rebuilding here show at the next question there."""
    reader = child(READER, library.path)
    assert reader.line(TITLE) != ""
    library.add(PAGE)
    assert reader.line(TITLE).split()[0] == PAGE.id
    library.remove(PAGE.id)
    assert PAGE.id not in reader.line(TITLE)
    library.rebuild()
    assert reader.line("Faroese").split()[0] == "i4"


def test_asking_while_another_thread_adds(folder: Path) -> None:
    """Questions are answered throughout, and the write arrives whole."""
    with Library.open(folder, settings=Settings(exact_below=0)) as library:
        failures: list[BaseException] = []
        stop = threading.Event()

        def ask() -> None:
            try:
                while not stop.is_set():
                    assert results(library)[0] in {"i1", "m1"}
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        for paper in MORE[:3]:
            library.add(paper)
        stop.set()
        for thread in threads:
            thread.join()
        assert failures == []
        assert_in_step(library)


def test_libraries_on_one_server_do_not_meet(tmp_path: Path, chroma_url: str) -> None:
    """Two libraries on a Chroma server hold their own papers, through removal and rebuilding."""
    on_server = Settings(chroma_url=chroma_url)
    with (
        Library.open(tmp_path / "one", create=True, settings=on_server) as one,
        Library.open(tmp_path / "two", create=True, settings=on_server) as two,
    ):
        one.add(*STACK[:6])
        two.add(*STACK[6:])
        one.rebuild()
        one.remove("i0")
        assert_in_step(one)
        assert_in_step(two)
        assert results(one)[0] == "i1"
        assert set(results(two)) == {paper.id for paper in STACK[6:]}


def test_a_server_that_is_away_is_an_error(folder: Path, chroma_url: str) -> None:
    """A library whose server does not answer says so, with the address, and is whole when the server is back."""
    with Library.open(folder, settings=Settings(chroma_url=chroma_url)) as library:
        assert_in_step(library)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = refusal(lambda: Library.open(folder, settings=Settings(chroma_url=away, server_timeout=0.5)))
    assert isinstance(error, StoreError)
    assert away in str(error)
    with Library.open(folder, settings=Settings(chroma_url=chroma_url)) as library:
        assert_in_step(library)


def test_a_read_only_library_is_asked_and_not_written(folder: Path, child: Callable[..., Child]) -> None:
    """Where nothing can be written, questions are answered and a removal is refused."""
    for above in [*folder.parents][:3] if os.getuid() == 0 else ():
        above.chmod(0o755)  # pytest's folders are root's alone; the question is asked as somebody else
    for file in (folder, *folder.rglob("*")):
        file.chmod(0o555 if file.is_dir() else 0o444)
    try:
        status, out, errors = child(READ_ONLY, folder).end()
    finally:
        for file in (folder, *folder.rglob("*")):
            file.chmod(0o755 if file.is_dir() else 0o644)
    if out.startswith("cannot"):
        pytest.skip("this user may write everywhere")
    assert status == 0, errors
    first, refused = out.splitlines()
    assert first == "i1"
    assert "cannot be written" in refused


def test_every_paper_embedded_anew(folder: Path) -> None:
    """Rebuilt by an embedder, the library answers as before, with both indexes in step and the fingerprint back."""
    with Library.open(folder) as library:
        before = results(library)
    with rebuilt(folder, "static", Settings()) as library:
        assert_in_step(library)
        assert results(library) == before
    with Library.open(folder) as library:
        assert results(library) == before


def test_what_opening_refuses(folder: Path, tmp_path: Path) -> None:
    """A folder without a library, another embedder's vectors, a path that cannot be a folder."""
    with pytest.raises(LibraryMissing, match="rag add"):
        Library.open(tmp_path / "none")
    with Library.open(folder) as library:
        library._catalogue.put(fingerprint="other-1")
    with pytest.raises(LibraryMismatch, match="rag rebuild"):
        Library.open(folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--library"):
        Library.open(tmp_path / "file" / "x", create=True)


def test_a_new_library_has_nothing_to_repair(tmp_path: Path) -> None:
    """Making one tells nothing, and it is empty and can be searched."""
    told: list[str] = []
    with Library.open(tmp_path / "new", create=True, tell=told.append) as library:
        assert (len(library), library.papers(), library.search("anything at all")) == (0, [], [])
    assert told == []


def test_a_filter_by_source(library: Library, tmp_path: Path) -> None:
    """Papers of one file are searched alone; a new origin of an old paper counts at once."""
    file = write_jsonl(tmp_path / "in" / "some.jsonl", MORE[1])
    library.add(file)
    assert len(library.search("speech models", where=Where(sources=("some.jsonl",)))) == 1
