"""Tests of many visitors at once: everybody is answered, and nobody sees another's conversation."""

from __future__ import annotations

from typing import Any

from load_ui import questions, shared_out, visit

pytest_plugins = ["browser"]


def test_visitors_do_not_mix(server: Any) -> None:
    """Eight visitors ask two questions each at once; each one's conversation holds their own, in order."""
    asked = shared_out(questions(server.library), 8, 2)
    waits, told = visit(server.url, asked)
    assert len(waits) == 16
    assert told == asked
