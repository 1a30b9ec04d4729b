"""Tests of Chroma, in a folder and on a server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from uuid import uuid4

import numpy as np
import pytest
from conftest import STACK, entry

from rag.errors import StoreError, UsageError
from rag.model import Paper, Passage
from rag.records import SCHEMA, Entry
from rag.vectors import BATCH, VectorStore, collection_name

EYE = np.eye(16, dtype=np.float32)
ENTRIES = [Entry(paper, entry(paper).passages, EYE[[number]]) for number, paper in enumerate(STACK)]


@pytest.fixture(params=["embedded", "server"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[VectorStore]:
    """Make an empty store of each kind."""
    name = f"paperchat-{uuid4().hex[:12]}"
    if request.param == "server":
        opened = VectorStore(url=request.getfixturevalue("chroma_url"), name=name)
    else:
        opened = VectorStore(folder=tmp_path / "chroma", name=name)
    yield opened
    opened.drop()
    opened.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[VectorStore]:
    """Make a store of twelve passages in a folder."""
    opened = VectorStore(folder=tmp_path / "chroma", name="paperchat-test")
    opened.upsert(ENTRIES)
    yield opened
    opened.close()


def test_an_empty_store_finds_nothing(store: VectorStore) -> None:
    """No passages: no neighbours, no keys, and nothing to remove."""
    assert store.nearest(EYE[0], 10) == []
    assert (store.count(), store.keys()) == (0, set())
    store.delete(["not there"])
    store.upsert([])
    assert store.count() == 0


def test_the_nearest_come_first_with_their_cosine(store: VectorStore) -> None:
    """A vector between two axes is nearest to both, by hand: cosines .8, .6 and 0."""
    store.upsert(ENTRIES)
    found = store.nearest(0.8 * EYE[3] + 0.6 * EYE[5], 3)
    assert [key for key, _ in found[:2]] == ["i3#0", "i5#0"]
    assert [score for _, score in found] == pytest.approx([0.8, 0.6, 0.0], abs=1e-5)


def test_an_upsert_replaces_and_a_delete_removes(store: VectorStore) -> None:
    """The second version of a passage counts; a removed one is found no more."""
    store.upsert(ENTRIES)
    store.upsert([replace(ENTRIES[0], vectors=EYE[[15]])])
    assert store.count() == 12
    assert store.nearest(EYE[15], 1)[0] == ("i0#0", pytest.approx(1.0, abs=1e-5))
    store.delete(["i0#0", "i1#0"])
    assert store.keys() == {f"i{number}#0" for number in range(2, 12)}
    assert "i0#0" not in dict(store.nearest(EYE[15], 12))


def test_a_store_that_was_let_go_opens_again(store: VectorStore) -> None:
    """Closing twice does no harm, and the next call sees what was written."""
    store.upsert(ENTRIES)
    store.close()
    store.close()
    assert store.count() == 12


def test_more_passages_than_one_batch(store: VectorStore) -> None:
    """A write of more than BATCH passages arrives whole, and 1000 neighbours can be asked for."""
    number = BATCH + 100
    rows = np.random.default_rng(0).normal(size=(number, 16)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    many = Entry(Paper("many", "Title", "x" * number), tuple(Passage("many", n, n, n + 1) for n in range(number)), rows)
    store.upsert([many])
    assert store.count() == number
    assert len(store.nearest(rows[0], 1000)) == 1000
    store.delete([passage.key for passage in many.passages])
    assert store.count() == 0


def test_any_client_can_read_the_store(embedded: VectorStore) -> None:
    """Beside each vector stand its text and what it is of; a field that is not known is left out."""
    found = embedded._open().get(ids=["i0#0", "i1#0"], include=["documents", "metadatas"])
    rows = dict(zip(found["ids"], zip(found["documents"], found["metadatas"], strict=True), strict=True))
    text, about = rows["i1#0"]
    assert text == STACK[1].abstract
    assert about == {
        "paper_id": "i1",
        "title": STACK[1].title,
        "ordinal": 0,
        "start": 0,
        "end": len(STACK[1].abstract),
        "published": 20160601,
    }
    assert "published" not in rows["i0#0"][1]


def test_a_lean_store_holds_no_texts(tmp_path: Path) -> None:
    """With store_documents off, no file of the compacted store holds a word of an abstract."""
    lean = VectorStore(folder=tmp_path / "lean", name="paperchat-lean", store_documents=False)
    lean.upsert(ENTRIES)
    lean.compact()
    assert holding(tmp_path / "lean", "Faroese") == []
    assert lean.count() == 12
    lean.close()


def test_the_name_of_a_collection() -> None:
    """It holds the embedder and the schema, stays short, and ends in the library where libraries share a server."""
    assert (
        collection_name("static-wordllama-0.4.0.post1-256") == f"paperchat-static-wordllama-0-4-0-post1-256-v{SCHEMA}"
    )
    long = collection_name("a very/long näme " * 20, "0123456789ab")
    assert len(long) <= 60
    assert long.endswith(f"-0123456789ab-v{SCHEMA}")
    assert long.isascii()
    assert collection_name("static", "a") != collection_name("static", "b")


def test_a_store_of_garbage_can_be_dropped_and_used_again(tmp_path: Path) -> None:
    """What cannot be opened is an error that names the remedy; dropped, it works again in the same process."""
    store = VectorStore(folder=tmp_path / "chroma", name="paperchat-test")
    (tmp_path / "chroma").mkdir()
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    assert not store.is_there()
    with pytest.raises(StoreError, match="rag rebuild"):
        store.count()
    store.drop()
    store.upsert(ENTRIES)
    assert store.count() == 12
    store.close()


def holding(folder: Path, word: str) -> list[Path]:
    """Return the files below a folder that hold a word, in any case."""
    wanted = word.lower().encode()
    return [file for file in folder.rglob("*") if file.is_file() and wanted in file.read_bytes().lower()]


def test_compacting_forgets_what_was_removed(embedded: VectorStore, tmp_path: Path) -> None:
    """A removed text is in no file any more, what stayed is found, and the store still takes writes."""
    embedded.delete(["i4#0"])
    assert holding(tmp_path, "Faroese")
    embedded.compact()
    assert holding(tmp_path, "Faroese") == []
    assert embedded.keys() == {f"i{number}#0" for number in range(12) if number != 4}
    assert embedded.nearest(EYE[3], 1)[0][0] == "i3#0"
    embedded.upsert(ENTRIES)
    assert embedded.nearest(EYE[4], 1)[0][0] == "i4#0"


def test_compacting_restores_the_bound_of_the_log(embedded: VectorStore) -> None:
    """The bound that is lowered to force a flush is Chroma's default again afterwards."""
    before = embedded._open()._model.configuration_json["hnsw"]["sync_threshold"]
    embedded.compact()
    assert embedded._open()._model.configuration_json["hnsw"]["sync_threshold"] == before == 1000


def test_compacting_an_emptied_store(embedded: VectorStore, tmp_path: Path) -> None:
    """With nothing left in it, nothing is left of it, and it can be filled again."""
    embedded.delete(sorted(embedded.keys()))
    embedded.compact()
    assert holding(tmp_path, "Faroese") == []
    embedded.upsert(ENTRIES[:1])
    assert embedded.keys() == {"i0#0"}


def test_compacting_a_server_is_left_to_it(store: VectorStore) -> None:
    """Nothing is lost by asking."""
    store.upsert(ENTRIES)
    store.compact()
    assert store.count() == 12


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://localhost", "http://", "8000"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The message shows what an address looks like."""
    with pytest.raises(UsageError, match="http://127"):
        VectorStore(url=url, name="paperchat-x").count()


def test_a_server_that_is_down_is_an_error() -> None:
    """Nothing listens: the error names the address and how to start one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(StoreError, match="chroma run") as caught:
        VectorStore(url=url, name="paperchat-x", timeout=0.5).count()
    assert url in str(caught.value)


def test_a_server_that_never_answers_is_an_error() -> None:
    """A server that takes the call and says nothing does not hold us for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreError, match="failed while counting"):
            VectorStore(url=url, name="paperchat-x", timeout=0.3).count()


def test_every_call_to_a_server_has_a_time_limit(chroma_url: str) -> None:
    """The limit also holds for a server that hangs later."""
    store = VectorStore(url=chroma_url, name=f"paperchat-{uuid4().hex[:12]}", timeout=7.0)
    store.count()
    session = store._client._server._session
    assert session.timeout.read == 7.0
    store.drop()
    assert session.is_closed


def test_threads_may_let_go_while_others_ask(embedded: VectorStore) -> None:
    """A store that one thread closes over and over answers every call of another."""
    failures: list[Exception] = []
    done = []

    def ask() -> None:
        try:
            for number in range(60):
                assert embedded.nearest(EYE[number % 12], 1)[0][0] == f"i{number % 12}#0"
        except Exception as error:
            failures.append(error)
        done.append(True)

    askers = [Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    while len(done) < 3:
        embedded.close()
    for asker in askers:
        asker.join()
    assert failures == []
