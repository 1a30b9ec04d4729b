"""Puts text on stdout and stderr, coloured on a terminal only, and errors into exit codes; text is made elsewhere."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .errors import PaperchatError, UsageError, shorten
from .show import Line, clean, error_line, plain

if TYPE_CHECKING:
    from .ingest import Progress
    from .library import Library

__all__ = [
    "Commands",
    "Folder",
    "bar",
    "complain",
    "emit",
    "is_interactive",
    "note",
    "opened_library",
    "paint",
    "prepare",
    "save",
]

Folder = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="The library's folder (default: RAG_LIBRARY, or .rag).")
]
"""The option that every command takes."""
INTERRUPTED = 130
"""The exit code of a program that Ctrl-C ended: 128 + SIGINT."""


class Commands(TyperGroup):
    """A group of commands that shows every error as one line: exit code 1, 2 for wrong usage, 130 for Ctrl-C."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a full disk or a closed pipe behind stdout shows here, not when Python ends
        except PaperchatError as error:
            complain(error)
            raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None
        except KeyboardInterrupt:
            note("interrupted")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise  # typer ends quietly
        except OSError as error:
            where = f" ({shorten(error.filename, 200)})" if error.filename else ""
            complain(
                PaperchatError(
                    f"the system refused{where}: {error.strerror or error}",
                    remedy="check the room on the disk and the permissions",
                )
            )
            raise typer.Exit(1) from None
        return result


def prepare() -> None:
    """Make the streams take every character: what their encoding lacks is replaced."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def paint(lines: Sequence[Line]) -> None:
    """Write lines to stdout: coloured and wrapped on a terminal, else plain, one output line each."""
    if not sys.stdout.isatty():
        sys.stdout.write(plain(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=sys.stdout, highlight=False)
    for line in lines:
        # pieces, not markup: brackets in a title stay brackets
        console.print(Text.assemble(*line, overflow="fold"))


def emit(text: str) -> None:
    """Write a text to stdout as it is."""
    sys.stdout.write(text)


def save(path: Path, text: str) -> None:
    """Write a text to a file, or raise PaperchatError."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise PaperchatError(
            f"the file {shorten(path, 200)} cannot be written ({error.strerror or error})", remedy="name another one"
        ) from error


def note(text: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(f"{clean(text)}\n")
    sys.stderr.flush()


def complain(error: PaperchatError) -> None:
    """Write an error to stderr, as one line."""
    note(error_line(error))


@contextmanager
def opened_library(folder: Path | None, *, create: bool = False) -> Iterator[Library]:
    """Open a library for one command; Ctrl-C ends the command and says how much the library holds."""
    from .library import Library

    with Library.open(folder, create=create, tell=note) as library:
        try:
            yield library
        except KeyboardInterrupt:
            note(f"interrupted; {len(library):,} papers are in the library")
            raise typer.Exit(INTERRUPTED) from None


@contextmanager
def bar(doing: str) -> Iterator[Progress]:
    """Give what hears how far a work has come: a bar on a terminal, else one line that says what is being done."""
    if not sys.stderr.isatty():
        note(doing)
        yield _unheard
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as shown:
        yield _follower(shown.update, int(shown.add_task(clean(doing), total=1.0)))


def _unheard(_done: float, _what: str) -> None:
    """Hear nothing."""


def _follower(update: Callable[..., None], task: int) -> Progress:
    heard = -1.0

    def follow(done: float, what: str) -> None:
        nonlocal heard
        # a library of 100,000 papers reports as often; nobody sees less than a thousandth
        if done - heard >= 0.001 or done >= 1.0:
            heard = done
            update(task, completed=done, description=clean(what)[:40])

    return follow


def is_interactive() -> bool:
    """Tell whether somebody can be asked: both what is typed and what is shown are a terminal's."""
    return sys.stdin.isatty() and sys.stderr.isatty()
