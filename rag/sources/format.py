"""Says what a format is: a name, words for the user, a test and a reader; the formats are left to their own files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..model import Paper, Skipped

__all__ = ["Format"]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file that papers come in.

    `matches` gets the first characters of a file and its path; the path only breaks ties.
    `read` gets the path and the encoding of the file, and may raise SourceError while it is iterated.
    """

    name: str
    what: str
    matches: Callable[[str, Path], bool]
    read: Callable[[Path, str], Iterator[Paper | Skipped]]
