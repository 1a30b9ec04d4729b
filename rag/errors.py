"""Every error that Paperchat raises, as one tree; showing them is left to the command line and the UI.

PaperchatError
├── UsageError                what was asked cannot be done as asked (exit status 2)
│   └── QuestionError         an empty, endless or wordless question
├── SourceError               a file, folder or address holds no papers that can be read
├── LibraryError              the library as a whole
│   ├── LibraryMissing        there is no library at this place
│   ├── LibraryLocked         another process is writing to it
│   ├── LibraryMismatch       made by another embedder, or by a newer version
│   └── StoreError            a store failed: full disk, read-only folder, server away
├── UnknownPaper              no paper of the library has this id
├── EmbedderError             an embedder is not installed or its files are not there
└── ModelError                a model endpoint failed, or gave no answer that can be used

A message has three parts: what failed, the value at fault, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "EmbedderError",
    "LibraryError",
    "LibraryLocked",
    "LibraryMismatch",
    "LibraryMissing",
    "ModelError",
    "PaperchatError",
    "QuestionError",
    "SourceError",
    "StoreError",
    "UnknownPaper",
    "UsageError",
    "shorten",
]

LONGEST_VALUE = 80


def shorten(value: object, longest: int = LONGEST_VALUE) -> str:
    """Show a value in an error: its printable form, cut to `longest` characters, control characters escaped."""
    text = str(value)
    shown = text[:longest] + ("…" if len(text) > longest else "")
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in shown)


class PaperchatError(Exception):
    """What every error of Paperchat is: `what` failed, and `remedy`, the next thing to do."""

    def __init__(self, what: str, *, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}: {remedy}" if remedy else what)


class UsageError(PaperchatError):
    """What was asked cannot be done as asked."""


class QuestionError(UsageError):
    """A question that cannot be searched for."""


class SourceError(PaperchatError):
    """A file, folder or address from which no paper can be read."""


class LibraryError(PaperchatError):
    """A library that cannot be used."""


class LibraryMissing(LibraryError):
    """There is no library at this place."""


class LibraryLocked(LibraryError):
    """Another process is writing to the library."""


class LibraryMismatch(LibraryError):
    """A library made by another embedder or by a newer version of Paperchat."""


class StoreError(LibraryError):
    """A store under the library failed."""


class UnknownPaper(PaperchatError):
    """No paper of the library has this id."""


class EmbedderError(PaperchatError):
    """An embedder that cannot be used on this machine."""


class ModelError(PaperchatError):
    """A model endpoint that failed, or that gave no answer that can be used."""
