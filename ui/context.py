"""What every tab of one running page shares; what a tab does with it is left to the tab."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rag import Library, Settings

__all__ = ["Context"]

_NOTES = "ui"


@dataclass(frozen=True)
class Context:
    """The settings and the open library of one running page, the same for every visitor.

    Tabs are functions that are called inside `with gr.Tab(...)`:

    - `library_tab.build(context, last_cited) -> LibraryTab`; `last_cited` is a `gr.State` with the ids of the papers
      that the session's last answer cites. `LibraryTab.changed` is a `gr.State` of int: a handler after which papers
      came or went puts `context.changed()` there, and the other tabs follow.
    - `evaluation_tab.build(context) -> None`.

    What belongs to one visitor is held in `gr.State`, never here.
    """

    settings: Settings
    library: Library
    is_new: bool = False
    """Whether the starter library was built for this start."""
    _versions: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False, compare=False)

    def changed(self) -> int:
        """Return a number that no other change was given: the value for `LibraryTab.changed`."""
        return next(self._versions)

    @property
    def notes(self) -> Path:
        """The folder in the library's own where the page keeps conversations and votes; it may not exist yet."""
        return self.library.path / _NOTES
