"""Tests of eval/matching.py: what counts as the body of an answer, and when a text holds a fact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.matching import body, forbidden, head, holds, holds_phrase
from eval.schema import Nugget


def number(value, *unit, tol=0.0):
    """Return a number nugget."""
    return Nugget("n", "number", vital=True, value=value, tol=tol, unit=unit)


def string(*any_of, all_of=()):
    """Return a string nugget."""
    return Nugget("n", "string", vital=True, any_of=any_of, all_of=all_of)


@pytest.mark.parametrize(
    ("nugget", "text"),
    [
        (number(28.4, "BLEU"), "It reaches 28.4 BLEU on the test set."),
        (number(28.4, "BLEU", tol=0.05), "It reaches 28.44 bleu."),
        (number(272356, "hours"), "Trained on 272,356 hours of audio."),
        (number(410, "parameters"), "The largest has 410M parameters."),
        (number(410e6, "parameters"), "The largest has 410M parameters."),
        (number(33, "billion", "33b"), "Up to 33 billion weights."),
        (number(33, "billion", "33b"), "Up to 33B weights."),
        (number(7e9), "We tune Llama-7B."),
        (number(45e6), "Of 45 million pairs."),
        (number(86, "%"), "In 86 percent of the cases."),
        (number(86, "percent"), "In 86% of the cases."),
        (number(3, "stages"), "There are three stages."),
        (number(1, "GPU"), "It fits on one GPU."),
        (number(12, "layers"), "Twelve layers are enough."),
        (number(31, "ms"), "Latency is 31ms."),
        (number(2.4), "It is 2.4x faster."),
        (number(0.1 + 0.2), "The rate is 0.3."),
        (string("label smoothing"), "They use Label-Smoothing here."),
        (string("dropout", "CC BY 4.0"), "Released under CC-BY-4.0."),
        (string(all_of=("depth", "width")), "Width matters more than depth."),
        (Nugget("n", "regex", vital=True, pattern=r"averag\w*\W+weights"), "AVERAGING  Weights helps."),
    ],
)
def test_facts_that_a_text_holds(nugget, text):
    """Scales, number words, per cent, commas, case and hyphens make no difference."""
    assert holds(nugget, text)


@pytest.mark.parametrize(
    ("nugget", "text"),
    [
        (number(28.4, "BLEU"), "It reaches 28.4 points. BLEU is not given."),
        (number(28.4, "BLEU"), "It reaches 128.4 BLEU."),
        (number(28.4, "BLEU"), "It reaches 28.45 BLEU."),
        (number(28, "BLEU"), "It reaches 28.4 BLEU."),
        (number(4), "We test GPT4 alone."),
        (number(31, "ms"), "31 terms and 9 alarms."),
        (number(31, "ms"), "31 msgs."),
        (number(1000), "On ImageNet-1K."),
        (string("rate"), "The generation is accurate."),
        (string("weight decay"), "The weight does not decay."),
        (string(all_of=("depth", "width")), "Depth matters."),
        (Nugget("n", "regex", vital=True, pattern=r"\bcat\b"), "category"),
    ],
)
def test_facts_that_a_text_does_not_hold(nugget, text):
    """Units stand in the same sentence, and words and numbers are whole."""
    assert not holds(nugget, text)


@given(st.integers(0, 10**9), st.sampled_from(["{:,}", "{}", "{}.0"]))
def test_a_whole_number_is_found_however_it_is_written(value, form):
    """Thousands separators and a trailing zero change nothing."""
    assert holds(number(float(value), "items"), f"It has {form.format(value)} items.")


@given(st.text(max_size=80))
def test_any_text_holds_no_fact_that_it_lacks(text):
    """Matching takes any text, and a word that is not in it is not found."""
    assert not holds(string("zyzzogeton"), text)
    assert not holds_phrase(text, "")


def test_forbidden_values_are_whole_words():
    """A forbidden 0.7% is not found in 10.7 %."""
    assert forbidden(("0.7%", "dropout"), "It is 10.7% without Dropout.") == ("dropout",)


QUESTION = "Does Tidewater need eight chips for long documents?"


def body_of(text, titles=("Tidewater: Sparse Routing for Long Documents",)):
    """Return the body of an answer to the question of this file."""
    return body(text, question=QUESTION, titles=titles)


def test_markers_are_removed():
    """Numbers of citations are not numbers of the answer."""
    assert body_of("It needs 16 GPUs [1]. It is fast [2, 3][4-6].") == "It needs 16 GPUs. It is fast."


@pytest.mark.parametrize(
    "sources", ["Sources: [1] A 99", "References:\n[1] A 99", "**Sources:** A 99", "- Sources: A 99"]
)
def test_the_source_list_is_removed(sources):
    """From its head to the end, on a line of its own."""
    assert body_of(f"It needs 16 GPUs.\n{sources}\n[2] B 98") == "It needs 16 GPUs."


def test_a_source_list_may_follow_in_the_same_line():
    """Answers are joined by spaces."""
    assert body_of("It needs 16 GPUs [1]. Sources: [1] A 99") == "It needs 16 GPUs."
    assert "sources" in body_of("It reads all open sources: books and code.")


def test_cited_titles_are_removed_however_they_are_spaced():
    """A title tells what is cited, not what was asked."""
    assert body_of("TIDEWATER - sparse  routing for long documents needs 16 GPUs.") == "needs 16 GPUs."


def test_the_echo_of_the_question_is_removed():
    """Word for word, or as a sentence that adds nothing."""
    assert body_of(f"You ask: {QUESTION} It needs sixteen.") == "You ask: It needs sixteen."
    assert body_of("Tidewater needs eight chips for long documents. It runs on 16.") == "It runs on 16."


@pytest.mark.parametrize(
    "said",
    ["Yes, it needs eight chips.", "Tidewater does not need eight chips.", "Tidewater needs sixteen chips."],
)
def test_a_sentence_that_adds_something_is_no_echo(said):
    """A yes, a negation or another number is an answer."""
    assert body_of(said) == said


def test_a_short_question_is_not_cut_out_of_the_answer():
    """Else a question of one name would take the name out of every sentence."""
    assert body("Tidewater needs 16 GPUs.", question="Tidewater?") == "Tidewater needs 16 GPUs."


def test_lists_keep_their_items():
    """Each line is cut into sentences by itself."""
    assert body_of("- Orchard prunes heads [1]\n- Pebble quantises [2]") == "- Orchard prunes heads - Pebble quantises"


def test_the_head_is_the_first_words():
    """A dumped abstract is read for 150 words only."""
    text = " ".join(f"w{n}" for n in range(200))
    assert head(text).split() == [f"w{n}" for n in range(150)]
    assert head("a b  c", 2) == "a b"
    assert head("a b", 5) == "a b"


@given(st.text(max_size=200), st.text(max_size=60), st.lists(st.text(max_size=30), max_size=3))
def test_any_answer_has_a_body(text, question, titles):
    """Nothing in an answer, a question or a title is taken for a pattern; the body never grows beyond NFKC."""
    import unicodedata

    made = body(text, question=question, titles=titles)
    assert len(made) <= len(unicodedata.normalize("NFKC", text)) + 1
