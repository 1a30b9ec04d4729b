"""The commands that change a library: reports, bad files, removal, and libraries that cannot be used."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import PEBBLE, ids, on_terminal, one_line, outcome, process, rag
from conftest import STACK, write_jsonl

from rag.catalogue import Catalogue


def test_add_and_add_again(tmp_path: Path) -> None:
    """A new library is made; adding the same again says that nothing is new."""
    file, folder = write_jsonl(tmp_path / "stack.jsonl", *STACK), tmp_path / "library"
    first = rag("add", file, "--library", folder)
    assert outcome(first) == (0, "12 added, 0 updated, 0 unchanged, 0 failed\n", "reading 1 file\n")
    assert outcome(rag("add", file, "--library", folder)) == (
        0,
        "0 added, 0 updated, 12 unchanged, 0 failed\nnothing new: the library holds these papers already\n",
        "reading 1 file\n",
    )


def test_add_updates(tmp_path: Path, folder: Path) -> None:
    """A changed abstract is an update."""
    file = write_jsonl(tmp_path / "new.jsonl", {"id": "i3", "title": STACK[3].title, "abstract": "It is new now."})
    assert rag("add", file, "--library", folder).stdout == "0 added, 1 updated, 0 unchanged, 0 failed\n"
    assert "It is new now." in rag("show", "i3", "--library", folder).stdout


def test_add_starter(tmp_path: Path) -> None:
    """The starter library is added by its option alone."""
    result = rag("add", "--starter", "--library", tmp_path / "library")
    assert result.exit_code == 0
    assert result.stdout.endswith(" added, 0 updated, 0 unchanged, 0 failed\n")


def test_add_nothing(tmp_path: Path) -> None:
    """Adding nothing is wrong usage."""
    result = rag("add", "--library", tmp_path / "library")
    assert outcome(result) == (2, "", "rag: nothing to add was named: name files or folders, or say --starter\n")


def test_a_record_without_title_or_abstract(tmp_path: Path) -> None:
    """Bad records are named, the good one is kept, and that is a success: the file could be read."""
    file = write_jsonl(tmp_path / "mixed.jsonl", {"title": "Only a Title"}, {"abstract": "Only text."}, STACK[0])
    code, out, _ = outcome(rag("add", file, "--library", tmp_path / "library"))
    lines = out.splitlines()
    assert code == 0
    assert lines[0] == "1 added, 0 updated, 0 unchanged, 2 failed"
    assert [line.split(": ")[1] for line in lines[1:]] == ["mixed.jsonl, line 1", "mixed.jsonl, line 2"]
    assert "no abstract" in lines[1]
    assert "no title" in lines[2]


UNREADABLE = {
    "empty": (b"", "is empty"),
    "binary": (b"\x7fELF\x00\x01\x02" * 100, "is binary"),
    "no_papers": (b"<html><body><p>Hello, nothing is here.</p></body></html>", ""),
    "malformed": (b'{"title": "A", "abstract": ', ""),
    "one_line": (b"a" * 10_000_000, ""),
    "latin1": ("title,abstract\nCafé,Crème brûlée is tested.\n".encode("latin-1"), "UTF-8"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read(tmp_path: Path, folder: Path, name: str) -> None:
    """One line says what is wrong with the file, the exit code is 1, and the library is as it was."""
    content, told = UNREADABLE[name]
    file = tmp_path / f"{name}.txt"
    file.write_bytes(content)
    before = ids(folder)
    code, out, err = outcome(rag("add", file, "--library", folder))
    lines = out.splitlines()
    assert (code, err) == (1, "reading 1 file\n")
    assert lines[0] == "0 added, 0 updated, 0 unchanged, 1 failed"
    assert len(lines) == 2
    assert lines[1].startswith(f"failed: {name}.txt")
    assert told in lines[1]
    assert ids(folder) == before


def test_a_good_file_beside_a_bad_one(tmp_path: Path) -> None:
    """What could be read is kept, and the exit code still says that a file could not."""
    (tmp_path / "empty.txt").write_bytes(b"")
    good = write_jsonl(tmp_path / "good.jsonl", *STACK)
    code, out, _ = outcome(rag("add", tmp_path / "empty.txt", good, "--library", tmp_path / "library"))
    assert code == 1
    assert out.startswith("12 added, 0 updated, 0 unchanged, 1 failed\nfailed: empty.txt: ")


def test_a_missing_path_makes_no_library(tmp_path: Path) -> None:
    """A path that is not there is told before a library is made."""
    line = one_line(rag("add", tmp_path / "nowhere", "--library", tmp_path / "library"))
    assert line == f"rag: there is no file or folder {tmp_path}/nowhere: check the path\n"
    assert not (tmp_path / "library").exists()


def test_remove(folder: Path) -> None:
    """Papers are removed and wiped from disk; with an id that is not there, none is removed."""
    before = ids(folder)
    assert "'nobody'" in one_line(rag("remove", "i1", "nobody", "--library", folder))
    assert ids(folder) == before
    assert outcome(rag("remove", "i1", "i2", "--library", folder)) == (
        0,
        "2 removed; 10 papers are in the library\n",
        "",
    )
    assert ids(folder) == [paper_id for paper_id in before if paper_id not in {"i1", "i2"}]
    left = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    assert b"Echolalia" not in left


@pytest.fixture
def synced(tmp_path: Path) -> tuple[Path, Path]:
    """Return a folder of two files, one of them gone since, and the library that was synchronised with it."""
    pages, folder = tmp_path / "pages", tmp_path / "library"
    write_jsonl(pages / "one.jsonl", STACK[0])
    write_jsonl(pages / "two.jsonl", STACK[1])
    assert rag("sync", pages, "--library", folder).stdout == "2 added, 0 updated, 0 unchanged, 0 failed\n"
    (pages / "two.jsonl").unlink()
    return pages, folder


def test_sync_asks_for_yes(synced: tuple[Path, Path]) -> None:
    """Where nobody can be asked, what would be removed is shown, nothing is removed, and the exit code is 2."""
    pages, folder = synced
    code, out, err = outcome(rag("sync", pages, "--library", folder))
    assert (code, out.splitlines()[0]) == (2, "0 added, 0 updated, 1 unchanged, 0 failed")
    assert STACK[1].title in err
    assert err.endswith("rag: 1 paper was not removed, since nobody can be asked here: say --yes\n")
    assert len(ids(folder)) == 2


def test_sync_with_yes(synced: tuple[Path, Path]) -> None:
    """With --yes, what is gone is removed."""
    pages, folder = synced
    code, out, _ = outcome(rag("sync", pages, "--yes", "--library", folder))
    assert (code, out) == (0, "0 added, 0 updated, 1 unchanged, 0 failed, 1 removed\n")
    assert len(ids(folder)) == 1


@pytest.mark.parametrize(("typed", "left"), [(b"y\n", 1), (b"n\n", 2)])
def test_sync_asks_on_a_terminal(synced: tuple[Path, Path], typed: bytes, left: int) -> None:
    """On a terminal the question is put, and the answer is followed."""
    pages, folder = synced
    assert "remove them? [y/N]" in on_terminal("sync", pages, "--library", folder, typed=typed)
    assert len(ids(folder)) == left


def test_sync_takes_a_folder(synced: tuple[Path, Path]) -> None:
    """A file is no folder, and a folder that is not there makes no library."""
    pages, folder = synced
    result = rag("sync", pages / "one.jsonl", "--library", folder)
    assert result.exit_code == 1
    assert result.stderr.endswith("is not a folder: sync takes the folder that holds the pages\n")
    assert "there is no file or folder" in one_line(rag("sync", pages / "gone", "--library", folder.parent / "new"))
    assert not (folder.parent / "new").exists()


def test_rebuild(folder: Path) -> None:
    """Both indexes are made anew; with an embedder, the vectors too; an unknown embedder changes nothing."""
    before = json.loads(rag("search", PEBBLE, "--json", "--library", folder).stdout)
    assert rag("rebuild", "--library", folder).stdout == "rebuilt: 12 papers\n"
    assert rag("rebuild", "--embedder", "auto", "--library", folder).stdout == "rebuilt with static: 12 papers\n"
    unknown = rag("rebuild", "--embedder", "nonesuch", "--library", folder)
    assert outcome(unknown) == (
        1,
        "",
        "embedding\nrag: there is no embedder 'nonesuch': take one of: auto, static, minilm, minilm-exact, endpoint\n",
    )
    assert json.loads(rag("search", PEBBLE, "--json", "--library", folder).stdout) == before


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"fingerprint": "other-7"}, "rag rebuild --embedder auto"),
        ({"schema": "99"}, "pip install -U paperchat"),
    ],
)
@pytest.mark.parametrize("command", [["ask", PEBBLE], ["add", "--starter"], ["papers"]])
def test_a_library_of_another_make(folder: Path, written: dict[str, str], told: str, command: list[str]) -> None:
    """Another embedder's library, or a newer one, is told with what to do, and stays as it is."""
    catalogue = Catalogue.in_folder(folder)
    catalogue.put(**written)
    counts = catalogue.counts()
    catalogue.close()
    line = one_line(rag(*command, "--library", folder))
    assert told in line
    if "schema" not in written:
        catalogue = Catalogue.in_folder(folder)
        assert catalogue.counts() == counts
        catalogue.close()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Give a function that mounts something on a new folder; where that is not allowed, the test is skipped."""
    places: list[Path] = []

    def mount(*how: object) -> Path:
        place = tmp_path / f"mount{len(places)}"
        place.mkdir()
        try:
            done = subprocess.run(["mount", *map(str, how), place], capture_output=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount")
        if done.returncode:
            pytest.skip("mounting is not allowed here")
        places.append(place)
        return place

    yield mount
    for place in reversed(places):
        subprocess.run(["umount", "-l", place], check=True)


def test_a_read_only_folder(folder: Path, mounted: Callable[..., Path]) -> None:
    """A library on a read-only file system is asked as ever, and cannot be changed."""
    place = mounted("--bind", folder)
    if subprocess.run(["mount", "-o", "remount,ro,bind", place], capture_output=True, check=False).returncode:
        pytest.skip("a read-only mount is not allowed here")
    asked = rag("ask", PEBBLE, "--library", place)
    assert asked.exit_code == 0
    assert "3 bits per weight. [1]" in asked.stdout
    for command in (["add", "--starter"], ["remove", "i1"], ["rebuild"]):
        result = rag(*command, "--library", place)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "cannot be written" in result.stderr.splitlines()[-1]
    assert len(ids(place)) == len(STACK)
    assert "cannot be made" in one_line(rag("add", "--starter", "--library", place / "new"))


def test_a_full_disk(folder: Path, mounted: Callable[..., Path], tmp_path: Path) -> None:
    """On a full disk adding fails in one line, and what the library held can be asked."""
    place = mounted("-t", "tmpfs", "-o", "size=24m", "tmpfs")
    library = place / "library"
    subprocess.run(["cp", "-r", folder, library], check=True)
    many = [
        {"title": f"Filler {number}", "abstract": f"Filler number {number} says nothing. " * 60}
        for number in range(2000)
    ]
    file = write_jsonl(tmp_path / "many.jsonl", *many)
    with (place / "ballast").open("wb") as ballast:
        room = os.statvfs(place).f_bavail * os.statvfs(place).f_frsize
        ballast.write(bytes(max(0, room - 300_000)))
    failed = process("add", file, "--library", library)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "Traceback" not in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("rag: ")
    (place / "ballast").unlink()
    asked = process("ask", PEBBLE, "--library", library)
    assert asked.returncode == 0, asked.stderr
    assert "3 bits per weight. [1]" in asked.stdout


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    """A file where the library should be is told in one line."""
    (tmp_path / "file").write_text("x")
    assert "cannot be made" in one_line(rag("add", "--starter", "--library", tmp_path / "file"))


def test_a_setting_that_is_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that cannot be read is named, and is wrong usage."""
    monkeypatch.setenv("RAG_CANDIDATES", "many")
    result = rag("ask", PEBBLE, "--library", folder)
    assert result.exit_code == 2
    assert one_line(result).startswith("rag: RAG_CANDIDATES is set to 'many'")
