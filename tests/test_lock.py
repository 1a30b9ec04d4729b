"""Tests of the writer's lock and of finishing a batch."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Child

from rag.errors import LibraryLocked, StoreError
from rag.lock import finishing, is_locked, is_writable, writing

HOLD = """
import sys
from pathlib import Path
from rag.lock import writing
with writing(Path(sys.argv[1]), 5):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""


def test_the_second_writer_is_told_who_holds_the_lock(tmp_path: Path, child: Callable[..., Child]) -> None:
    """It waits, then raises LibraryLocked with the process id; when the first is done, it gets the lock."""
    holder = child(HOLD, tmp_path)
    assert holder.line() == "held"
    assert is_locked(tmp_path)
    with (
        pytest.raises(LibraryLocked, match=rf"process {holder.process.pid} on .*RAG_LOCK_TIMEOUT"),
        writing(tmp_path, 0.2),
    ):
        pass
    assert holder.line("go") == "released"
    with writing(tmp_path, 5):
        pass


def test_a_waiting_writer_gets_the_lock_when_it_is_let_go(tmp_path: Path, child: Callable[..., Child]) -> None:
    """Nobody is turned away who waits long enough."""
    holder = child(HOLD, tmp_path)
    assert holder.line() == "held"
    assert holder.process.stdin is not None
    release = threading.Timer(0.3, lambda: holder.line("go"))
    release.start()
    with writing(tmp_path, 30):
        assert holder.process.poll() is None or holder.process.returncode == 0
    release.join()


def test_the_lock_goes_with_a_killed_process(tmp_path: Path, child: Callable[..., Child]) -> None:
    """A writer that was killed holds nobody up, though its note is still there."""
    holder = child(HOLD, tmp_path)
    assert holder.line() == "held"
    holder.process.send_signal(signal.SIGKILL)
    holder.end()
    assert (tmp_path / "writer.json").exists()
    with writing(tmp_path, 5):
        pass
    assert not (tmp_path / "writer.json").exists()


def test_a_holder_that_left_no_note_is_another_process(tmp_path: Path) -> None:
    """A note that cannot be read does not hide that the library is locked."""
    with writing(tmp_path, 1):
        (tmp_path / "writer.json").write_text("garbage")
        with pytest.raises(LibraryLocked, match="another process"), writing(tmp_path, 0):
            pass


def test_the_lock_is_let_go_when_the_block_fails(tmp_path: Path) -> None:
    """An error inside leaves no lock behind."""
    with pytest.raises(ZeroDivisionError), writing(tmp_path, 1):
        raise ZeroDivisionError
    assert not is_locked(tmp_path)


def test_a_folder_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    """A path that runs through a file cannot be locked, and the message says what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--library"), writing(tmp_path / "file" / "x", 1):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_block_is_finished_before_it_is_interrupted(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM wait for the end of the block; the old handlers are back after it."""
    before = signal.getsignal(number)
    done = []
    with pytest.raises(KeyboardInterrupt), finishing():  # noqa: PT012
        os.kill(os.getpid(), number)
        done.append("the rest")
    assert done == ["the rest"]
    assert signal.getsignal(number) is before


def test_an_error_inside_comes_first() -> None:
    """What went wrong in the block is raised, and the handlers are put back."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ZeroDivisionError), finishing():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        raise ZeroDivisionError
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_finish_as_well() -> None:
    """Outside the main thread, which alone hears signals, the block just runs."""
    done = []

    def work() -> None:
        with finishing():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


def test_a_folder_of_ours_is_writable(tmp_path: Path) -> None:
    """A fresh folder can be written; one that is not there cannot."""
    assert is_writable(tmp_path)
    with pytest.raises(OSError, match="none"):
        (tmp_path / "none").stat()
    assert not is_writable(tmp_path / "none")
