"""Tests of what the tabs of one page share."""

from __future__ import annotations

from rag import Library
from ui.context import Context


def test_every_change_has_a_number_of_its_own(library: Library) -> None:
    """No two changes give the same number, and the notes stand in the library's folder."""
    context = Context(library.settings, library)
    assert len({context.changed() for _ in range(100)}) == 100
    assert context.notes == library.path / "ui"
    assert not context.is_new
