"""The tolerant reading of citations: every form that models use, and what is none."""

# ruff: noqa: RUF001
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import Cited, leading, parse

KEYS = {1, 2, 3}


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        ("[1]", (1,)), ("[1, 2]", (1, 2)), ("[1][2]", (1, 2)), ("[1], [3]", (1, 3)), ("[1-3]", (1, 2, 3)),
        ("[2; 1]", (2, 1)), ("[1 2]", (1, 2)), ("[1 and 2]", (1, 2)), ("(1)", (1,)), ("(1, 2)", (1, 2)),
        ("【1】", (1,)), ("［3］", (3,)), ("〔2〕", (2,)), ("（2）", (2,)), ("【1†source】", (1,)),
        ("[^1]", (1,)), ("[^1][^2]", (1, 2)), ("[#2]", (2,)), ("[S1]", (1,)), ("[[1]]", (1,)), (r"\[1\]", (1,)),
        ("[Source 1]", (1,)), ("[Source: 2]", (2,)), ("[source 1, source 3]", (1, 3)), ("(Source 1)", (1,)),
        ("(sources 1 and 2)", (1, 2)), ("(see source 3)", (3,)), ("[1](https://x.example/a)", (1,)), ("[doc 2]", (2,)),
    ],
)  # fmt: skip
def test_forms_of_a_citation(form: str, keys: tuple[int, ...]) -> None:
    """Whatever the form, the sentence loses it, before or behind its full stop, and the keys are known in order."""
    assert parse(f"It needs 12 labels {form}.", KEYS) == Cited("It needs 12 labels.", keys)
    assert parse(f"It needs 12 labels. {form}", KEYS) == Cited("It needs 12 labels.", keys)


@pytest.mark.parametrize(
    ("sentence", "text", "keys"),
    [
        ("[1] shows that it works.", "The source shows that it works.", (1,)),
        ("[1] and [2] show that it works.", "The sources show that it works.", (1, 2)),
        ("According to [2], it works.", "According to the source, it works.", (2,)),
        ("As [3] says, it works.", "As the source says, it works.", (3,)),
        ("Source 1 says it works.", "The source says it works.", (1,)),
        ("Source 1, Source 2 and Source 3 agree.", "The sources agree.", (1, 2, 3)),
        ("A reads 128k tokens [1] and B reads 4k [2].", "A reads 128k tokens and B reads 4k.", (1, 2)),
    ],
)
def test_a_citation_that_is_a_noun(sentence: str, text: str, keys: tuple[int, ...]) -> None:
    """Where a citation stands for a noun, words for it stay behind."""
    assert parse(sentence, KEYS) == Cited(text, keys)


@pytest.mark.parametrize(
    "sentence",
    [
        "There are (1) cats and (2) dogs.", "In f(1) it is 2.", "The range is [0, 1].", "It fell in [2020].",
        "It drops [SEP] tokens.", "It is 10² times it.", "It takes source 2 tokens.", "Table 1 has 3 rows.",
    ],
)  # fmt: skip
def test_what_is_no_citation(sentence: str) -> None:
    """Counts, ranges, years, powers and other brackets stay as they are."""
    assert parse(sentence, KEYS) == Cited(sentence)


def test_unknown_keys_are_counted() -> None:
    """Keys of no source are removed; each counts once."""
    assert parse("It works [1, 7, 9, 7].", KEYS) == Cited("It works.", (1,), 2)
    assert parse("It works [9].", ()) == Cited("It works.", (), 1)


def test_citations_of_the_sentence_before() -> None:
    """Citations at the start belong to the sentence before, unless they are its subject."""
    assert leading("[1][2] Next it works.") == "[1][2]"
    assert leading("(Source 1) Next") == "(Source 1)"
    assert leading("[1]") == "[1]"
    assert leading("[1] shows it") == leading("[1") == leading("Next [1]") == ""


@given(st.text(alphabet="ab .,[]()1234567890-^【】sourceS\\", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing breaks it, only known keys come out, and what is left holds no citation of one."""
    found = parse(text, KEYS)
    assert set(found.keys) <= KEYS
    assert len(set(found.keys)) == len(found.keys)
    assert "[1]" not in found.text


@pytest.mark.parametrize("piece", ["[", "[1", "[1,", "(1", "[1 and ", "Source 1 ", "see ", "¹", "[source source "])
def test_hostile_repetition_is_no_harm(piece: str) -> None:
    """A long run of half a citation is read in linear time, or this test does not end."""
    parse(piece * (20_000 // len(piece)), KEYS)
    leading(piece * (20_000 // len(piece)))
