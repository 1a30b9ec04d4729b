"""Tests of eval/stats.py against examples worked by hand and laws of resampling."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.stats import bootstrap, compare, holm


def means(*values):
    """Return values as parts of a plain mean."""
    return [(value, 1.0) for value in values]


def test_two_clusters_by_hand():
    """Clusters of value 0 and 1: draws give 0, .5, 1 with 1/4, 1/2, 1/4, so the 50 % interval is about 0..1."""
    found = bootstrap(means(0.0, 1.0), ["a", "b"], level=0.6)
    assert (found.value, found.low, found.high, found.n, found.clusters) == (0.5, 0.0, 1.0, 2, 2)
    narrow = bootstrap(means(0.0, 1.0), ["a", "b"], level=0.3)
    assert (narrow.low, narrow.high) == (0.5, 0.5)


def test_the_interval_is_that_of_all_draws():
    """For 4 clusters all 4^4 draws can be listed; the percentile interval is theirs."""
    values = [0.0, 0.2, 0.5, 1.0]
    draws = [float(np.mean(draw)) for draw in product(values, repeat=4)]
    found = bootstrap(means(*values), "abcd", resamples=40_000, level=0.9)
    assert [found.low, found.high] == pytest.approx(np.quantile(draws, [0.05, 0.95]), abs=0.026)


def test_a_cluster_is_drawn_whole():
    """Ten copies in one cluster are no more evidence than one; as ten clusters they would be."""
    parts = means(*[0.0] * 10, *[1.0] * 10)
    together = bootstrap(parts, ["a"] * 10 + ["b"] * 10)
    apart = bootstrap(parts, range(20))
    assert (together.low, together.high, together.clusters) == (0.0, 1.0, 2)
    assert 0.2 < apart.low < apart.high < 0.8


def test_a_ratio_is_a_sum_over_a_sum():
    """(1 + 0) / (1 + 3) = .25, and questions without a denominator are not counted."""
    found = bootstrap([(1.0, 1.0), (0.0, 3.0), (0.0, 0.0)], ["a", "b", "c"])
    assert (found.value, found.n, found.clusters) == (0.25, 2, 2)
    assert bootstrap([(0.0, 0.0)], ["a"]) is None
    assert bootstrap([], []) is None


def test_the_normal_interval_is_met():
    """For 400 independent values the percentile interval is near the textbook's mean +- 1.96 s / sqrt(n)."""
    values = np.random.default_rng(7).normal(size=400)
    found = bootstrap(means(*values), range(400))
    half = 1.96 * values.std(ddof=0) / 20
    assert [found.low, found.high] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.01)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 4)), min_size=1, max_size=20), st.integers(0, 9))
def test_laws_of_the_bootstrap(rows, seed):
    """The interval is seeded, ordered, and within the values."""
    parts, clusters = means(*(value for value, _ in rows)), [cluster for _, cluster in rows]
    found = bootstrap(parts, clusters, seed=seed, resamples=300)
    assert found == bootstrap(parts, clusters, seed=seed, resamples=300)
    values = [value for value, _ in rows]
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_sign_flip_by_hand():
    """Differences 1, 1, 1: of 8 patterns two are as far off, so p = 1/4; with 1, 1, -1 six are, and all... so p = 1."""
    base = means(0.0, 0.0, 0.0)
    assert compare(base, means(1.0, 1.0, 1.0), "abc").p == 0.25
    assert compare(base, means(1.0, 1.0, -1.0), "abc").p == 1.0
    assert compare(base, means(3.0, 2.0, -1.0), "abc").p == 0.5


def test_a_cluster_flips_whole():
    """Two questions of one paper are one sign: 2 patterns, both as far off."""
    assert compare(means(0.0, 0.0), means(1.0, 1.0), "aa").p == 1.0
    assert compare(means(0.0, 0.0), means(1.0, 1.0), "ab").p == 0.5


def test_many_clusters_are_sampled():
    """With 20 equal gains 2 of 2^20 patterns are as far off: p is the smallest that 10,000 draws can show."""
    found = compare(means(*[0.0] * 20), means(*[1.0] * 20), range(20))
    assert found.p == pytest.approx(1 / 10_001)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_sampled_and_exact_agree():
    """The same 13 differences, listed and then sampled among clusters that do not differ."""
    gains = [0.9, -0.2, 0.4, 0.1, 0.7, -0.5, 0.3, 0.2, 0.6, -0.1, 0.5, 0.05, 0.8]
    exact = compare(means(*[0.0] * 13), means(*gains), range(13)).p
    sampled = compare(means(*[0.0] * 20), means(*gains, *[0.0] * 7), range(20)).p
    signs = np.array(list(product([1, -1], repeat=13)))
    assert exact == np.mean(np.abs(signs @ gains) >= sum(gains) - 1e-9)
    assert sampled == pytest.approx(exact, abs=0.01)


def test_runs_change_places_for_ratios():
    """Of base 1/2 + 0/1 and new 1/1 + 1/1, two of four patterns are as far off as 1 - 1/3."""
    base, new = [(1.0, 2.0), (0.0, 1.0)], [(1.0, 1.0), (1.0, 1.0)]
    found = compare(base, new, "ab")
    assert found.value == pytest.approx(2 / 3)
    # b changed places: base (1 + 1) / (2 + 1) against new (1 + 0) / (1 + 1), a difference of 1/6 only
    assert found.p == 0.5


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 20)), min_size=1, max_size=25))
def test_laws_of_the_comparison(rows):
    """Changing the runs' places changes the sign and not p; a run against itself does not differ."""
    base, new = means(*(a for a, _, _ in rows)), means(*(b for _, b, _ in rows))
    clusters = [cluster for _, _, cluster in rows]
    one, other = (compare(*pair, clusters, resamples=400) for pair in ((base, new), (new, base)))
    assert one.value == pytest.approx(-other.value)
    assert one.p == pytest.approx(other.p)
    assert 0 < one.p <= 1
    same = compare(base, base, clusters, resamples=400)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_a_comparison_with_nothing_is_none():
    """A metric that no question of one run counts for cannot be compared."""
    assert compare([(0.0, 0.0)], [(1.0, 1.0)], ["a"]) is None


def test_questions_and_clusters_must_match():
    """A missing cluster is a bug of the caller."""
    with pytest.raises(ValueError, match="give one each"):
        bootstrap(means(1.0, 2.0), ["a"])


def test_holm_by_hand():
    """Holm's own steps: .01 * 3, .02 * 2 -> .04, .04 * 1 -> .04; order kept, never over 1."""
    found = holm({"c": 0.04, "a": 0.01, "b": 0.02})
    assert list(found) == ["c", "a", "b"]
    assert found == pytest.approx({"a": 0.03, "b": 0.04, "c": 0.04})
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_laws_of_holm(p_values):
    """It is never smaller than p, never larger than Bonferroni's, and keeps the order of p."""
    found = holm(p_values)
    for name, p in p_values.items():
        assert p <= found[name] <= min(1.0, len(p_values) * p) + 1e-12
    ordered = sorted(p_values, key=p_values.__getitem__)
    assert [found[name] for name in ordered] == sorted(found.values())
