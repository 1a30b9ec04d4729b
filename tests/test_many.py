"""Many at once: readers elsewhere see a write in time; two machines share Postgres and a Chroma server, which fail."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import MORE, STACK, Child, assert_in_step, refusal
from servers import Server, chroma, own_folder, postgres

from rag.errors import LibraryLocked, StoreError, UsageError
from rag.library import Library
from rag.postgres import connecting
from rag.settings import Settings

SILENCE = 1.0
"""Seconds after which a server counts as down in these tests."""
APP = """
import json, sys, time
from rag.errors import StoreError
from rag.library import Library
from rag.model import Paper
from rag.settings import load_settings

library = Library.open(sys.argv[1], create=True, settings=load_settings())
library.embedder
print("open", flush=True)
def paper(name):
    return Paper(name, f"Umbrella {name}", f"Umbrellas of type {name} keep robots dry. They weigh 3 kg each.")
def one(what, name):
    if what == "add":
        report = library.add(paper(name))
        return [*report.added, *report.unchanged]
    return [piece.paper.id for piece in library.search(name, 3)]
for line in sys.stdin:
    what, name, seconds = line.split()
    done, errors, until, number = [], [], time.monotonic() + float(seconds), 0
    while number == 0 or time.monotonic() < until:
        try:
            done.append(one(what, name if seconds == "0" or what == "ask" else f"{name}-{number}"))
        except StoreError as error:
            errors.append(str(error))
        number += 1
        time.sleep(0.02 if seconds != "0" else 0)
    print(json.dumps([done, errors]), flush=True)
"""


@dataclass
class Shared:
    """Both servers, the settings of who uses them, and who does."""

    servers: dict[str, Server]
    settings: Settings
    adder: Child
    asker: Child

    def tell(self, child: Child, what: str, name: str, seconds: float = 0) -> tuple[list[list[str]], list[str]]:
        """Let a process add or ask once, or for some seconds, and return what came of it: results and errors."""
        done, errors = json.loads(child.line(f"{what} {name} {seconds:g}"))
        return done, errors

    def works(self, name: str) -> bool:
        """Tell whether one adds a paper and the other finds it."""
        added, errors = self.tell(self.adder, "add", name)
        found, more = self.tell(self.asker, "ask", name)
        return errors == more == [] and added == [[name]] and found[0][0] == name

    def works_again(self, name: str) -> str:
        """Return the paper with which that is so soon: a server just started may be busy with what was cut off."""
        for attempt in range(20):
            if self.works(f"{name}-{attempt}"):
                return f"{name}-{attempt}"
            time.sleep(1)
        raise AssertionError(f"{name}: does not work again")


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[dict[str, Server], Settings, Path]]:
    """Start both servers, and give what a library on them is opened with, and a folder for its machines."""
    home = own_folder()
    started: list[Server] = []
    try:
        for name in ("postgres", "chroma", "machines"):
            (home / name).mkdir()
        (database, catalogue_url), (store, chroma_url) = postgres(home / "postgres"), chroma(home / "chroma")
        for server in (database, store):
            server.start()
            started.append(server)
        settings = Settings(catalogue_url=catalogue_url, chroma_url=chroma_url, server_timeout=SILENCE, lock_timeout=20)
        yield {"postgres": database, "chroma": store}, settings, home / "machines"
    finally:
        for server in started:
            server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def apps(
    shared: tuple[dict[str, Server], Settings, Path], child: Callable[..., Child], monkeypatch: pytest.MonkeyPatch
) -> Shared:
    """Start two application processes, as on two machines: each with a folder of its own."""
    servers, settings, folder = shared
    assert settings.catalogue_url is not None
    assert settings.chroma_url is not None
    monkeypatch.setenv("RAG_CATALOGUE_URL", settings.catalogue_url)
    monkeypatch.setenv("RAG_CHROMA_URL", settings.chroma_url)
    monkeypatch.setenv("RAG_SERVER_TIMEOUT", str(SILENCE))
    monkeypatch.setenv("RAG_LOCK_TIMEOUT", "20")
    two = [child(APP, folder / name) for name in ("adder", "asker")]
    assert [one.line() for one in two] == ["open", "open"]
    return Shared(servers, settings, *two)


def test_readers_see_an_add_within_a_second_of_its_end(library: Library, child: Callable[..., Child]) -> None:
    """Three processes that ask find a paper with their first question after it was added: there is no wait at all."""
    readers = [child(APP, library.path) for _ in range(3)]
    assert {one.line() for one in readers} == {"open"}
    for one in readers:
        one.line("ask warm 0")
    for paper in MORE[:2]:
        library.add(paper)
        for one in readers:
            found, errors = json.loads(one.line(f"ask {paper.title.split()[1].strip(':')} 0"))
            assert errors == []
            assert paper.id in found[0]


def test_two_machines_share_a_library(apps: Shared, shared: tuple[dict[str, Server], Settings, Path]) -> None:
    """One adds while the other answers; what is removed is gone for both; a third starts with all of it."""
    assert apps.works("alpha")
    assert apps.works("beta")
    with Library.open(shared[2] / "third", create=True, settings=apps.settings) as third:
        assert {"alpha", "beta"} <= {paper.id for paper in third.papers()}
        third.add(*STACK[:4])
        third.remove("alpha")
        assert_in_step(third)
        found, errors = apps.tell(apps.asker, "ask", "alpha")
        assert errors == []
        assert "alpha" not in found[0]
        found, errors = apps.tell(apps.asker, "ask", "Pebble")
        assert (found[0][0], errors) == ("i1", [])


AWAY = {"stopped": 1.0, "held up": 3.6}
"""Seconds that a server is away: one that is held up is given a second try before it counts as down."""


def test_servers_that_fail_under_load(apps: Shared, tmp_path: Path) -> None:
    """While one is away errors name it; when it is back all works, and what was reported as added is there."""
    reported: set[str] = set()
    for name, server in apps.servers.items():
        for fault, (fail, mend) in server.faults().items():
            reported |= _survived(apps, f"{name}-{fault.split()[0]}", server.port, fail, mend, AWAY[fault])
    with Library.open(tmp_path / "third", create=True, settings=apps.settings) as third:
        assert reported <= {paper.id for paper in third.papers()}
        assert_in_step(third)


def _survived(
    apps: Shared, mark: str, port: int, fail: Callable[[], None], mend: Callable[[], None], seconds: float
) -> set[str]:
    """Let a server fail while both processes are at work, and return the papers that were reported as added."""
    before = apps.works_again(f"{mark}-before")
    for one, order in ((apps.adder, f"add {mark}"), (apps.asker, f"ask {before}")):
        assert one.process.stdin is not None
        one.process.stdin.write(f"{order} {seconds + 1.4}\n")
        one.process.stdin.flush()
    time.sleep(0.7)
    fail()
    try:
        time.sleep(seconds)
    finally:
        mend()
    added, broken = json.loads(apps.adder.line())
    answered, unanswered = json.loads(apps.asker.line())
    assert broken, mark
    assert [error for error in (*broken, *unanswered) if str(port) not in error] == []
    assert [found for found in answered if before not in found] == []
    after = apps.works_again(f"{mark}-after")
    return {paper for papers in added for paper in papers} | {before, after}


def test_one_writer_at_a_time_over_all_machines(shared: tuple[dict[str, Server], Settings, Path]) -> None:
    """While one machine writes, another waits, and is then told."""
    _, settings, folder = shared
    hasty = settings.model_copy(update={"lock_timeout": 0.3})
    with (
        Library.open(folder / "fourth", create=True, settings=settings) as one,
        Library.open(folder / "fifth", create=True, settings=hasty) as two,
        one._writer._writing(),
    ):
        error = refusal(lambda: two.add(*MORE[:1]))
        assert isinstance(error, LibraryLocked)
        assert "another machine" in str(error)


def test_what_is_set_wrongly(tmp_path: Path) -> None:
    """An address of something else, a catalogue without a store to share, a server that is not there."""
    for address in ("sqlite:///x", "no address", "mysql://me:secret@host/x"):
        with pytest.raises(UsageError, match="RAG_CATALOGUE_URL is") as caught:
            connecting(address, 1.0)
        assert "secret" not in str(caught.value)
    alone = Settings(catalogue_url="postgresql://127.0.0.1:9/x")
    with pytest.raises(UsageError, match="RAG_CHROMA_URL"):
        Library.open(tmp_path / "alone", create=True, settings=alone)
    away = Settings(catalogue_url="postgresql://me:secret@127.0.0.1:9/x", chroma_url="http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9") as failed:
        Library.open(tmp_path / "away", create=True, settings=away)
    assert "secret" not in str(failed.value)
