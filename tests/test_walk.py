"""Tests of adding by address: pages, lists, going on after a cut, and the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import rag
from conftest import assert_in_step
from page_server import TOTAL, PageServer

from rag.fetch import Limits
from rag.library import Library
from rag.walk import walked

QUICK = Limits(pause=0.0, allow_private=True, longest_wait=1.0)


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Start a server of pages."""
    with PageServer() as started:
        yield started


def quiet(_done: float, _what: str) -> None:
    """Hear nothing."""


def test_a_page_is_added_by_its_address(library: Library, server: PageServer) -> None:
    """Its papers come with the address as their origin; the second time they are unchanged, and no page is kept."""
    address = server.address("/one.json")
    assert library.add(address, limits=QUICK).added == ("2401.00001",)
    assert library.paper("2401.00001").source == "127.0.0.1/one.json"
    assert library.add(address, limits=QUICK).unchanged == ("2401.00001",)
    assert not (library.path / "pages").exists()
    assert_in_step(library)


@pytest.mark.parametrize(
    ("path", "papers", "requests"),
    [
        ("/api/query?search_query=cat:cs.RO&max_results=230", 230, 3),
        ("/api/query?search_query=cat:cs.RO&start=200&max_results=999", TOTAL - 200, 1),
        ("/api/query?search_query=cat:cs.RO", 10, 1),
        ("/api/daily_papers", 3, 1),
        ("/list/cs.RO/recent", 120, 3),
    ],
)
def test_lists_are_walked(tmp_path: Path, server: PageServer, path: str, papers: int, requests: int) -> None:
    """A query comes in slices to its end; a list of ids is asked for by them."""
    walk = walked([server.address(path)], tmp_path / "pages", QUICK, quiet)
    assert walk.failed == ()
    assert len(list(walk.arrivals())) == papers
    assert len(server.asked) == requests


def test_pages_of_hugging_face_end_with_an_empty_one(tmp_path: Path, server: PageServer) -> None:
    """As many pages as asked for, unless they end before."""
    limits = Limits(pause=0.0, allow_private=True, pages=5)
    walk = walked([server.address("/api/daily_papers?limit=3")], tmp_path / "pages", limits, quiet)
    assert len(list(walk.arrivals())) == 6
    assert [path.rpartition("=")[2] for path in server.asked] == ["0", "1", "2"]


def test_a_list_that_was_cut_off_goes_on(library: Library, server: PageServer) -> None:
    """What came is added, the rest is told; the same again fetches only what is missing."""
    address = server.address("/api/query?search_query=x&max_results=250")
    server.fail_after = 2
    report = library.add(address, limits=QUICK)
    assert len(report.added) == 200
    (failed,) = report.failed
    assert "run the same command again" in failed.reason
    server.fail_after, server.asked = 10**9, []
    again = library.add(address, limits=QUICK)
    assert (len(again.added), len(again.unchanged), again.failed) == (50, 200, ())
    assert len(server.asked) == 1
    assert not (library.path / "pages").exists()
    assert_in_step(library)


def test_one_bad_address_among_good_ones(library: Library, server: PageServer) -> None:
    """It is told with its reason, and the rest is added; a page that holds no papers is one failure."""
    report = library.add(
        server.address("/none"), server.address("/one.json"), server.address("/moved?/list/cs.RO/x"), limits=QUICK
    )
    assert report.added == ("2401.00001",)
    assert sorted(bad.source for bad in report.failed) == ["127.0.0.1/moved?/list/cs.RO/x", "127.0.0.1/none"]


def test_removed_papers_leave_no_page(library: Library, server: PageServer) -> None:
    """Pages that are kept for going on are wiped with what is removed."""
    server.fail_after = 1
    library.add(server.address("/api/query?search_query=x&max_results=250"), limits=QUICK)
    assert list((library.path / "pages").iterdir())
    library.remove("2401.00001")
    library.compact()
    assert not (library.path / "pages").exists()


def test_the_command(folder: Path, server: PageServer) -> None:
    """`rag add` takes addresses, names the host it asks, and asks private ones only when told."""
    refused = rag("add", server.address("/one.json"), "--library", folder)
    assert refused.exit_code == 1
    assert "not on the public internet" in refused.stdout
    assert server.asked == []
    done = rag("add", server.address("/one.json"), "--allow-private", "--library", folder)
    assert done.exit_code == 0
    assert done.stdout.startswith("1 added")
    assert done.stderr.startswith(f"asking 127.0.0.1:{server.port}")
    found = json.loads(rag("papers", "--json", "--library", folder).stdout)
    assert "2401.00001" in [paper["id"] for paper in found]
