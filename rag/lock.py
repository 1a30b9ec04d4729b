"""One writer at a time, and no interruption in the middle of a batch; what is written is left to the library."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from .errors import LibraryLocked, StoreError, shorten

__all__ = ["finishing", "is_locked", "is_writable", "writing"]


@contextmanager
def writing(folder: Path, timeout: float) -> Iterator[None]:
    """Hold the writer's lock of a library folder; wait up to `timeout` seconds, then raise LibraryLocked.

    The lock is the operating system's, so it goes with the process that holds it, however that ends.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "writer.lock", timeout=timeout)
    holder = folder / "writer.json"
    try:
        lock.acquire()
    except Timeout:
        raise LibraryLocked(
            f"the library {shorten(folder)} is being written by {_holder(holder)}",
            remedy=f"wait for it to end (waited {timeout:g} s; RAG_LOCK_TIMEOUT changes that)",
        ) from None
    except OSError as error:
        raise StoreError(
            f"the library {shorten(folder)} cannot be written ({error.strerror or error})",
            remedy="make the folder writable, or take another one with --library",
        ) from error
    try:
        holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}), "utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_locked(folder: Path) -> bool:
    """Tell whether somebody is writing to a library now."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / "writer.lock", timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # a folder that cannot be written has no writer


def _holder(path: Path) -> str:
    try:
        found = json.loads(path.read_text("utf-8"))
        return f"process {int(found['pid'])} on {shorten(found['host'])}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


@contextmanager
def finishing() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off until the block is done; then raise KeyboardInterrupt if one came.

    Only the main thread hears signals; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def is_writable(folder: Path) -> bool:
    """Tell whether files can be made in a folder: root may ignore its mode, but not a file system that is read-only."""
    return os.access(folder, os.W_OK) and not os.statvfs(folder).f_flag & os.ST_RDONLY
