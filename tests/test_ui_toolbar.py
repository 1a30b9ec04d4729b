"""Tests of the bar under the box; what its buttons do is tested in a browser."""

from __future__ import annotations

import pytest

from ui.toolbar import filter_label


@pytest.mark.parametrize(
    ("values", "label"),
    [
        (([], 0, 0), "Filter papers"),
        ((None, None, None), "Filter papers"),
        ((["a.csv"], 0, 0), "Filtered: 1 source"),
        ((["a.csv", "b.csv"], 2020, 2021), "Filtered: 2 sources, from 2020, until 2021"),
        (([], 0, 2021), "Filtered: until 2021"),
    ],
)
def test_a_folded_filter_says_what_it_lets_through(values: tuple[list[str] | None, int, int], label: str) -> None:
    """A filter that is set can be seen without opening it."""
    assert filter_label(*values) == label
