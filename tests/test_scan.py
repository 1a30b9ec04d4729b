"""Tests of comparing a question with every vector: exact where few, nearly so by the short form, filtered, in parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.embed import unit_rows
from rag.records import Where
from rag.scan import DIRECT, Part, Row, Scan, principal_axes, shortened

DIMENSION = 96


def vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    """Return unit vectors whose strength falls from axis to axis, as those of texts do; exact in half floats."""
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)) * np.linspace(1.0, 0.1, DIMENSION) ** 2
    return unit_rows(drawn).astype(np.float16).astype(np.float32)


def part(stored: NDArray[np.float32], name: str = "p") -> Part:
    """Return a part of one passage a paper; sources go round three names, years from 2010 on, each tenth undated."""
    return Part.of(
        [
            Row(
                f"{name}{place}#0",
                f"{name}{place}",
                0 if place % 10 == 9 else (2010 + place % 5) * 10_000 + 601,
                vector.astype(np.float16).tobytes(),
                frozenset({f"source{place % 3}"}),
            )
            for place, vector in enumerate(stored)
        ]
    )


def short(whole: Part) -> Part:
    """Return the same part with a short form."""
    from dataclasses import replace

    axes = principal_axes(np.asarray(whole.vectors, dtype=np.float32)[:2000])
    half = whole.vectors.astype(np.float16)
    return replace(whole, vectors=half, axes=axes, short=shortened(half, axes))


@settings(max_examples=20)
@given(count=st.integers(1, 60), k=st.integers(1, 70), seed=st.integers(0, 99))
def test_a_small_part_is_searched_exactly(count: int, k: int, seed: int) -> None:
    """The k largest scalar products, best first, and no more than there are."""
    stored, asked = vectors(count, seed), vectors(1, seed + 1)[0]
    found = part(stored).nearest(asked, k, None)
    order = np.argsort(-(stored @ asked), kind="stable")[:k]
    assert [key for key, _ in found] == [f"p{place}#0" for place in order]
    np.testing.assert_allclose([score for _, score in found], (stored @ asked)[order], atol=1e-6)


def test_the_short_form_finds_nearly_all() -> None:
    """Of the ten nearest among many, at least 99 % are found, with their exact scores."""
    stored = vectors(DIRECT + 2_000)
    shortened_part = short(part(stored))
    assert 0 < shortened_part.axes.shape[1] < DIMENSION
    hits = 0
    for asked in vectors(40, seed=7):
        true = np.argsort(-(stored @ asked), kind="stable")[:10]
        found = dict(shortened_part.nearest(asked, 10, None))
        hits += len({f"p{place}#0" for place in true} & set(found))
        for key, score in found.items():
            assert abs(score - float(stored[int(key[1:-2])] @ asked)) < 1e-5
    assert hits >= 0.99 * 400


def test_a_filter_lets_through_what_it_says() -> None:
    """By sources and years, whole or short: only what passes, and a paper without a date passes no filter by year."""
    stored, asked = vectors(3_000), vectors(1, seed=5)[0]
    for one in (part(stored), short(part(stored))):
        for where in (Where(sources=("source1",)), Where(first_year=2012, last_year=2013), Where(("source0",), 2014)):
            passing = {
                place
                for place in range(len(stored))
                if where.sources is None or f"source{place % 3}" in where.sources
                if (where.first_year is None and where.last_year is None)
                or (place % 10 != 9 and (where.first_year or 0) <= 2010 + place % 5 <= (where.last_year or 9999))
            }
            found = [int(key[1:-2]) for key, _ in one.nearest(asked, 50, where)]
            assert len(found) == 50
            assert set(found) <= passing
            assert found[0] == max(passing, key=lambda place: float(stored[place] @ asked))
        assert one.nearest(asked, 5, Where(sources=())) == []


def test_a_later_part_takes_over() -> None:
    """What a later part holds anew is dead in the earlier one; the best of both come first."""
    stored = vectors(20)
    before, after = part(stored).without(["p3", "nobody"]), part(stored[3:4], "new")
    found = Scan(2, (before, after)).nearest(stored[3], 20)
    assert found[0][0] == "new0#0"
    assert {key for key, _ in found} == {f"p{place}#0" for place in range(20) if place != 3} | {"new0#0"}
    assert before.without(["p3"]).nearest(stored[3], 20, None) == before.nearest(stored[3], 20, None)


def test_the_axes_of_a_plane() -> None:
    """Worked by hand: of vectors in a plane, the axes kept hold all of their length."""
    flat = np.zeros((50, 64), dtype=np.float32)
    flat[:, 5], flat[:, 9] = np.cos(np.arange(50)), np.sin(np.arange(50))
    axes = principal_axes(flat)
    assert axes.shape == (64, 32)
    np.testing.assert_allclose(np.linalg.norm(shortened(flat.astype(np.float16), axes), axis=1), 1.0, atol=1e-3)
