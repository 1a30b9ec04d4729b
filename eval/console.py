"""Turns what a command of `rag-eval` raises into one line and an exit code; the commands are in `run.py`.

0 done; 1 a gate failed, or significantly worse than the base; 2 interrupted; 3 a fault of the program or the machine;
4 wrong usage, or other questions than the base was asked; 5 nothing to ask.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from rag.errors import LibraryMismatch, LibraryMissing, PaperchatError, SourceError, UnknownPaper, UsageError
from rag.terminal import note

from .questions import NoQuestions

__all__ = ["FAILED", "INTERNAL", "INTERRUPTED", "NOTHING", "USAGE", "Commands"]

FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING = 1, 2, 3, 4, 5
ASKED_WRONG = (UsageError, SourceError, LibraryMissing, LibraryMismatch, UnknownPaper)
SIGNALLED = 130
"""What Typer makes of a Ctrl-C that comes before a command runs."""


class Commands(TyperGroup):
    """A group of commands with the exit codes of this file."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        """Run the command that was asked for."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a full disk or a closed pipe behind stdout shows here, not when Python ends
        except PaperchatError as error:
            complain(error)
            raise typer.Exit(code_of(error)) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            raise  # typer ends quietly
        except Exception as error:
            if is_foreign(error):
                traceback.print_exc()
                note(f"rag-eval: an internal error ({type(error).__name__}); this is a bug, please report it")
                raise typer.Exit(INTERNAL) from None
            raise
        return result

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:  # noqa: ANN401
        """Run from the arguments given; wrong options end with USAGE, where Typer would say 2."""
        if not standalone_mode:
            return super().main(*args, **{**extra, "standalone_mode": False})
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except typer.Abort:
            code = INTERRUPTED
        except Exception as error:
            if is_foreign(error):
                raise
            note(f"rag-eval: {error.format_message()}")  # type: ignore[attr-defined]
            code = USAGE
        sys.exit({SIGNALLED: INTERRUPTED, None: 0}.get(code, code))


def is_foreign(error: Exception) -> bool:
    """Tell whether an error is none of Typer's own, which carry the exit code that they mean."""
    return not hasattr(error, "exit_code")


def code_of(error: PaperchatError) -> int:
    """Return the exit code of an error."""
    if isinstance(error, NoQuestions):
        return NOTHING
    return USAGE if isinstance(error, ASKED_WRONG) else INTERNAL


def complain(error: PaperchatError) -> None:
    """Write an error to stderr: what failed, line by line, and what to do next."""
    for line in f"rag-eval: {error}".splitlines():
        note(line)
