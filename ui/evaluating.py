"""Brings the evaluation in, or says in words why it cannot be had; what it shows is left to the tab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rag import Library, PaperchatError

from .library_view import error_line

if TYPE_CHECKING:
    from .bench import Bench

__all__ = ["Loaded", "loaded"]


@dataclass(frozen=True)
class Loaded:
    """The bench, what is measured in words, and the rules that dress a run."""

    bench: Bench
    about: str
    style: str


def loaded(library: Library, home: Path) -> Loaded | str:
    """Return the evaluation of a library, its runs in `home`; or a line of HTML that says what is missing."""
    try:
        from .bench import Bench, about
        from .run_view import style
    except ImportError as error:
        missing = PaperchatError(
            f"the evaluation cannot be loaded ({error})", remedy="install it with: pip install 'paperchat[eval]'"
        )
        return error_line(missing)
    try:
        return Loaded(Bench(library, home), about(), style())
    except PaperchatError as error:  # the shipped questions cannot be read
        return error_line(error)
