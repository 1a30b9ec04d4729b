"""A conversation in the terminal: reads lines, asks, shows; what an answer looks like is left to `show.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import export
from .errors import PaperchatError, UsageError, shorten
from .model import Turn
from .show import answer_lines, clean, source_lines
from .terminal import complain, emit, note, paint, save

if TYPE_CHECKING:
    from .library import Library
    from .records import Where

__all__ = ["converse"]

HELP = "ask a question, or: /sources (what the last answer rests on), /export [FILE.md|.json|.bib], /quit"


def converse(library: Library, where: Where | None, *, interactive: bool) -> bool:
    """Answer questions until /quit or the end of the input; Ctrl-C leaves too.

    What is read from a pipe is repeated before its answer. Returns whether a piped question or command failed; to
    somebody at a terminal the error itself says so.
    """
    turns: tuple[Turn, ...] = ()
    failed = False
    if interactive:
        note(f"{len(library):,} papers. {HELP}")
    try:
        for line in filter(None, map(str.strip, _lines(interactive))):
            if not interactive:
                emit(f"> {clean(line)}\n")
            try:
                if line in {"/quit", "/exit"}:
                    break
                turns = _command(line, turns) if line.startswith("/") else _asked(library, line, turns, where)
            except PaperchatError as error:
                complain(error)
                failed = True
            sys.stdout.flush()
    except KeyboardInterrupt:
        note("")
    return failed and not interactive


def _lines(interactive: bool) -> Iterator[str]:
    if not interactive:
        yield from sys.stdin
        return
    with suppress(ImportError):
        import readline  # noqa: F401  # gives `input` editing and a history
    while True:
        try:
            yield input("> ")
        except EOFError:
            note("")
            return


def _asked(library: Library, question: str, turns: tuple[Turn, ...], where: Where | None) -> tuple[Turn, ...]:
    answer = library.ask(question, history=turns, where=where)
    paint([*answer_lines(answer), ()])
    return (*turns, Turn(question, answer))


def _command(line: str, turns: tuple[Turn, ...]) -> tuple[Turn, ...]:
    name, _, given = line.partition(" ")
    if name == "/help":
        note(HELP)
    elif name not in {"/sources", "/export"}:
        raise UsageError(f"there is no command {shorten(name)!r}", remedy=HELP)
    elif not turns:
        raise UsageError("nothing was asked yet", remedy="ask a question first")
    elif name == "/sources":
        paint([*source_lines(turns[-1].answer.citations), ()])
    else:
        _export(given.strip(), turns)
    return turns


def _export(name: str, turns: tuple[Turn, ...]) -> None:
    """Write the conversation to a file, in the form that its ending says, or to stdout as Markdown."""
    path = Path(name)
    if path.suffix == ".bib":
        text = export.bibtex(export.cited(turns))
    elif path.suffix == ".json":
        text = export.conversation_json(turns)
    else:
        text = export.conversation_markdown(turns)
    if not name:
        emit(text)
        return
    if path.exists():
        raise UsageError(f"the file {shorten(path, 200)} is there already", remedy="name another one")
    save(path, text)
    note(f"written to {path}")
