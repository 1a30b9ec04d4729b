"""Tests of the map of topics: groups are found, neighbours stay near, and the same papers give the same map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.model import Paper
from ui.topics import MOST_TOPICS, TopicMap, topic_map

WORDS = ("quantisation", "translation", "retrieval", "robots")


def papers(count: int) -> list[Paper]:
    """Return papers, every fourth of which is about the same word."""
    return [Paper(f"p{place}", f"On {WORDS[place % 4]}", f"It is on {WORDS[place % 4]}.") for place in range(count)]


def groups(count: int, seed: int = 0, noise: float = 0.2) -> NDArray[np.float64]:
    """Return vectors in four groups about four axes of 30, every fourth in the same."""
    random = np.random.default_rng(seed)
    return np.eye(30)[np.arange(count) % 4] + noise * random.normal(size=(count, 30)) / np.sqrt(30)


def kept(near: NDArray[np.float64], places: NDArray[np.float64], count: int = 10) -> float:
    """Return how many of the nearest rows of one array are among the nearest of the other, as a share."""
    found = []
    for rows in (near, places):
        far = ((rows[:, None] - rows[None]) ** 2).sum(axis=2)
        np.fill_diagonal(far, np.inf)
        found.append(np.argsort(far, axis=1)[:, :count])
    return float(np.mean([len({*one} & {*other}) / count for one, other in zip(*found, strict=True)]))


def test_groups_become_topics_that_lie_apart() -> None:
    """Four groups of papers are four topics, named by their word, each in a place of its own."""
    drawn = topic_map(papers(64), groups(64))
    assert drawn.ids == tuple(f"p{place}" for place in range(64))
    assert [topic.size for topic in drawn.topics] == [16] * 4
    assert {topic.words[0] for topic in drawn.topics} == set(WORDS)
    assert all(drawn.topic_of[place] == drawn.topic_of[place % 4] for place in range(64))
    places = np.array(drawn.places)
    middles = np.array([places[np.array(drawn.topic_of) == topic].mean(axis=0) for topic in range(4)])
    spread = max(np.abs(places[np.array(drawn.topic_of) == topic] - middles[topic]).max() for topic in range(4))
    assert min(np.linalg.norm(middles[one] - middles[other]) for one in range(4) for other in range(one)) > spread


def test_the_same_papers_give_the_same_map() -> None:
    """The map is a function of papers, vectors and seed; another seed moves the papers."""
    vectors = groups(40)
    assert topic_map(papers(40), vectors) == topic_map(papers(40), vectors.copy())
    assert topic_map(papers(40), vectors, seed=1).places != topic_map(papers(40), vectors).places


def test_neighbours_stay_neighbours() -> None:
    """More of a paper's ten nearest stay among its ten nearest than on the first two principal components."""
    random = np.random.default_rng(3)
    vectors = np.repeat(random.normal(size=(12, 30)), 15, axis=0) + 0.6 * random.normal(size=(180, 30))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    centred = vectors - vectors.mean(axis=0)
    plain = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    drawn = topic_map(papers(180), vectors)
    assert kept(vectors, np.array(drawn.places)) > kept(vectors, plain) + 0.1


def test_one_paper_less_leaves_the_topics() -> None:
    """Nearly all pairs of papers that share a topic still do when one paper is gone."""
    vectors = groups(64, noise=0.9)
    whole = np.array(topic_map(papers(64), vectors).topic_of)[1:]
    fewer = np.array(topic_map(papers(64)[1:], vectors[1:]).topic_of)
    one, other = (of[:, None] == of[None] for of in (whole, fewer))
    assert (one & other).sum() > 0.8 * (one | other).sum()


def test_a_name_stands_over_its_papers() -> None:
    """A topic's label is in the middle of its papers, above four fifths of them."""
    drawn = topic_map(papers(64), groups(64))
    for number, topic in enumerate(drawn.topics):
        own = np.array([place for place, of in zip(drawn.places, drawn.topic_of, strict=True) if of == number])
        assert topic.label[0] == pytest.approx(np.median(own[:, 0]))
        assert (own[:, 1] <= topic.label[1]).sum() >= 0.75 * len(own)


@settings(max_examples=40)
@given(st.integers(0, 40), st.integers(1, 6), st.integers(0, 3), st.sampled_from(["normal", "same", "zero"]))
def test_any_vectors_make_a_map(count: int, dimension: int, seed: int, kind: str) -> None:
    """Whatever the vectors, every paper has a place in -1..1 and a topic; topics have papers, the largest first."""
    vectors = np.random.default_rng(seed).normal(size=(count, dimension))
    vectors = {"normal": vectors, "same": np.ones_like(vectors), "zero": np.zeros_like(vectors)}[kind]
    drawn = topic_map(papers(count), vectors, seed=seed)
    assert len(drawn.ids) == len(drawn.places) == len(drawn.topic_of) == count
    assert all(-1 <= number <= 1 for place in drawn.places for number in place)
    sizes = [topic.size for topic in drawn.topics]
    assert sizes == [drawn.topic_of.count(topic) for topic in range(len(sizes))]
    assert sizes == sorted(sizes, reverse=True)
    assert 0 not in sizes
    assert len(sizes) <= MOST_TOPICS
    assert all(topic.name for topic in drawn.topics)


def test_no_papers_make_an_empty_map() -> None:
    """An empty library has a map, with nothing on it."""
    assert topic_map([], np.zeros((0, 8))) == TopicMap()


def test_each_paper_needs_a_vector() -> None:
    """A number of rows other than that of the papers is refused."""
    with pytest.raises(ValueError, match="3 papers need as many rows"):
        topic_map(papers(3), np.zeros((2, 8)))
