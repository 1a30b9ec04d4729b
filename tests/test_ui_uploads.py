"""Tests of uploads: each file is told of, none stops the others, and nothing outside the upload folder is read."""

from __future__ import annotations

from pathlib import Path

from conftest import MORE, STACK, write_jsonl

from rag import Library
from ui.uploads import Upload, take_in


def ended(library: Library, folder: Path, *paths: Path) -> list[Upload]:
    """Take files in, and return what became of them."""
    *_, last = take_in(library, paths, folder)
    assert all(one.is_done for one in last)
    return list(last)


def test_each_file_is_told_of(library: Library, tmp_path: Path) -> None:
    """New, known and changed papers are counted by file; a file that is none is told of with the reason."""
    folder = tmp_path / "uploads"
    new = write_jsonl(folder / "new.jsonl", *MORE[:2])
    known = write_jsonl(folder / "known.jsonl", {"title": STACK[1].title, "abstract": STACK[1].abstract}, *MORE[2:3])
    changed = write_jsonl(folder / "changed.jsonl", {"title": STACK[1].title, "abstract": "It is all different now."})
    photo = folder / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    told = {one.name: one for one in ended(library, folder, new, known, photo, changed)}
    assert told["new.jsonl"].counts == {"added": 2, "updated": 0, "unchanged": 0}
    assert told["known.jsonl"].counts["added"] + told["known.jsonl"].counts["unchanged"] == 2
    assert sum(told["changed.jsonl"].counts.values()) == 1
    assert not any(told["photo.png"].counts.values())
    (reason,) = told["photo.png"].failures
    assert "photo.png is a picture" in reason


def test_a_reason_does_not_tell_where_the_server_keeps_files(library: Library, tmp_path: Path) -> None:
    """A failure names the file alone."""
    folder = tmp_path / "uploads" / ("d" * 64)
    folder.mkdir(parents=True)
    for name, content in (("empty.txt", b""), ("x" * 150 + ".bin", b"\0\1\2"), ("nothing.txt", b"Nothing at all.\n")):
        (folder / name).write_bytes(content)
        (one,) = ended(library, tmp_path / "uploads", folder / name)
        assert one.failures
        assert str(tmp_path) not in one.failures[0]
        assert "d" * 64 not in one.failures[0]


def test_a_broken_record_leaves_the_rest(library: Library, tmp_path: Path) -> None:
    """The good records of a file are added, and the bad one is told of with its place."""
    path = write_jsonl(tmp_path / "some.jsonl", MORE[0], {"title": "No abstract"}, MORE[1])
    (one,) = ended(library, tmp_path, path)
    assert one.counts["added"] == 2
    (reason,) = one.failures
    assert "line 2" in reason


def test_only_uploaded_files_are_read(library: Library, tmp_path: Path) -> None:
    """A path outside of the folder, a link that leads out, a folder and a missing file are refused."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    outside = write_jsonl(tmp_path / "private.jsonl", *MORE)
    link = folder / "link.jsonl"
    link.symlink_to(outside)
    (folder / "deep").mkdir()
    write_jsonl(folder / "deep" / "inside.jsonl", MORE[0])
    named = (outside, link, folder / ".." / "private.jsonl", folder / "deep", folder / "gone.txt", Path("/etc/passwd"))
    for one in ended(library, folder, *named):
        assert one.failures == ("this is no uploaded file",)
    assert len(library) == len(STACK)


def test_a_name_is_no_pattern(library: Library, tmp_path: Path) -> None:
    """A file whose name looks like a pattern is that file, and no others."""
    odd = write_jsonl(tmp_path / "[a-z]*.jsonl", MORE[0])
    write_jsonl(tmp_path / "b.jsonl", MORE[1])
    (one,) = ended(library, tmp_path, odd)
    assert one.counts["added"] == 1


def test_progress_goes_up(library: Library, tmp_path: Path) -> None:
    """First nothing is done; a file's share never goes down, and the others wait for it."""
    lines = [{"title": f"Paper {n} of many", "abstract": f"It measures {n} things. " * 20} for n in range(800)]
    first = write_jsonl(tmp_path / "first.jsonl", *lines)
    second = write_jsonl(tmp_path / "second.jsonl", MORE[0])
    states = list(take_in(library, [first, second], tmp_path))
    assert states[0] == (Upload("first.jsonl"), Upload("second.jsonl"))
    shares = [state[0].done for state in states]
    assert shares == sorted(shares)
    assert all(not state[1].is_done for state in states if not state[0].is_done)
    assert states[-1][0].counts["added"] == 800


def test_a_locked_library_is_told_of(library: Library, tmp_path: Path) -> None:
    """Without the right to write, the file fails in words, and nothing is raised."""
    library.is_writable = False
    (one,) = ended(library, tmp_path, write_jsonl(tmp_path / "new.jsonl", MORE[0]))
    assert "cannot be written" in one.failures[0]


def test_no_files_are_no_work(library: Library, tmp_path: Path) -> None:
    """An empty drop yields an empty report."""
    assert list(take_in(library, [], tmp_path)) == [()]
