"""What a question compares, and that a search for each side brings its paper to the front."""

from __future__ import annotations

import pytest
from conftest import STACK
from hypothesis import given
from hypothesis import strategies as st

from rag.model import Evidence, Paper, Passage
from rag.sides import asks_for_all, joined, sides


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the difference between Mamba and RWKV?", ("Mamba", "RWKV")),
        ("How does ORPO differ from DPO in terms of memory?", ("ORPO", "DPO")),
        ("Compare RegMix, DoReMi and DSIR.", ("RegMix", "DoReMi", "DSIR")),
        ("Mamba vs. transformers: which is faster?", ("Mamba", "transformers")),
        ("Which is faster, speculative decoding or early exit?", ("speculative decoding", "early exit")),
        ("Is LoRA better than full fine-tuning?", ()),
        ("How do RetNet and Mamba differ?", ("RetNet", "Mamba")),
        ("What do BERT and GPT have in common?", ("BERT", "GPT")),
        ("What lies between layers and heads?", ()),
        ("Compare it with that.", ()),
        ("Compare A1, B2, C3, D4 and E5.", ()),
        ("How does training cost scale?", ()),
    ],
)
def test_what_is_compared(question: str, expected: tuple[str, ...]) -> None:
    """Two or three things that a comparison names plainly; else none."""
    assert sides(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is the difference between Mamba and RWKV?", True),
        ("Mamba vs RWKV", True),
        ("How does ORPO differ from DPO in terms of memory?", False),
        ("Which is faster, speculative decoding or early exit?", False),
        ("What is Mamba?", False),
    ],
)
def test_what_is_compared_in_no_one_respect(question: str, expected: bool) -> None:
    """A comparison that names its sides and nothing else asks what each is."""
    assert asks_for_all(question, sides(question)) is expected


@given(st.text(max_size=200))
def test_any_text_has_two_or_three_sides_or_none(text: str) -> None:
    """Whatever is asked, a side has words of the question, and is not said twice."""
    found = sides(text)
    assert len(found) in {0, 2, 3}
    assert len(set(found)) == len(found)
    assert all(side in " ".join(text.split()) for side in found)


def piece(paper: Paper, rank: int) -> Evidence:
    return Evidence(paper, Passage(paper.id, 0, 0, 9), rank, 1 / rank, {"lexical": 0.0, "dense": 0.5})


def test_each_side_is_in_front() -> None:
    """First come the sides' first papers, then all others in turn, each once, no more than the whole question found."""
    whole = [piece(paper, rank) for rank, paper in enumerate(STACK[:4], 1)]
    found = {"a": [piece(STACK[2], 1), piece(STACK[5], 2)], "b": [piece(STACK[6], 1)], "c": []}
    ranking = joined(("a", "b", "c"), whole, found.__getitem__)
    assert [one.paper for one in ranking] == [STACK[2], STACK[6], STACK[0], STACK[1]]
    assert [one.rank for one in ranking] == [1, 2, 3, 4]
