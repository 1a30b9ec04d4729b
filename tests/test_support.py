"""The support check rule by rule, by hand-worked examples and laws; catch rates are left to test_verify.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.facts import canonical, names, opposites, values
from rag.model import Paper, Verdict
from rag.support import best_span, check
from rag.text import sentences

ABSTRACT = (
    "We present Fernweh-7B, a lossless codec for the weights of language models. It shrinks checkpoints by 35% on "
    "1,000 models and decodes 2.7times faster than zip. "
    "It does not need retraining. Trained on 1.5B tokens of Nordic text, "
    "two variants reach state-of-the-art ratios."
)
PAPER = Paper("a", "Fernweh: packing weights with GPT-4 tables", ABSTRACT)
OTHER = Paper("b", "Bees in winter", "Bumble bees keep warm by shivering. Colonies of 40 workers survive the frost.")


@pytest.mark.parametrize(
    ("sentence", "verdict"),
    [
        ("## Weights of language models packed", Verdict.EXEMPT),
        ("Two kinds of codec shrink model checkpoints:", Verdict.UNSUPPORTED),
        ("How the codec shrinks model checkpoints:", Verdict.EXEMPT),
        ("Sources: Fernweh, packing weights, Bees", Verdict.EXEMPT),
        ("I could not find a paper that compares codecs for audio.", Verdict.EXEMPT),
        ("I could not find fault, but Fernweh beats every audio codec ever.", Verdict.UNSUPPORTED),
        ("It works well.", Verdict.EXEMPT),
        ("It shrinks checkpoints by 35% on 1000 models", Verdict.VERBATIM),
        ("Fernweh: packing weights with GPT‑4 tables", Verdict.VERBATIM),  # noqa: RUF001
        ("The codec shrinks checkpoints by 35 percent for 1k models.", Verdict.SUPPORTED),
        ("The codec shrinks checkpoints by 36% on 1000 models.", Verdict.UNSUPPORTED),
        ("It decodes 2.7 times faster than zip for checkpoints.", Verdict.SUPPORTED),
        ("It decodes 2.7% faster than zip for checkpoints.", Verdict.UNSUPPORTED),
        ("Trained with 1.5 billion tokens, 2 variants reach Nordic ratios.", Verdict.SUPPORTED),
        ("The second codec variants of Fernweh reach state-of-the-art ratios.", Verdict.SUPPORTED),
        ("Fernweh 7B is a codec for the weights of language models.", Verdict.SUPPORTED),
        ("The 8B codec for the weights of language models.", Verdict.UNSUPPORTED),
        ("The lossless codec for weights is Fernweh-7B.", Verdict.SUPPORTED),
        ("The lossless codec for weights is Fernweh-8B.", Verdict.WEAK),
        ("The lossless codec for weights is Mistral.", Verdict.WEAK),
        ("This lossless codec packs weights of LMs with tables.", Verdict.SUPPORTED),
        ("The codec weights cats, dogs, birds, horses.", Verdict.WEAK),
        ("Cats chase mice through dark gardens nightly.", Verdict.UNSUPPORTED),
    ],
)
def test_rules(sentence: str, verdict: Verdict) -> None:
    """Each rule gives the verdict worked out by hand."""
    assert check(sentence, [PAPER]).verdict is verdict


def test_uncited_and_why() -> None:
    """A claim without a paper is uncited, and a failed check says which value or name is missing."""
    assert check("Fernweh shrinks checkpoints of language models.", []).verdict is Verdict.UNCITED
    assert check("The codec shrinks checkpoints by 36%.", [PAPER]).why == "36% is not in the cited text"
    assert check("The lossless codec for weights is Mistral.", [PAPER]).why == "Mistral is not in the cited text"


def test_union_of_cited_papers() -> None:
    """Two cited papers support together what neither does alone; a quote must stand in one of them."""
    sentence = "Fernweh shrinks checkpoints by 35% while colonies of 40 bumble workers survive the frost."
    assert check(sentence, [PAPER, OTHER]).verdict is Verdict.SUPPORTED
    assert check(sentence, [PAPER]).verdict is Verdict.UNSUPPORTED
    across = "two variants reach state-of-the-art ratios. Bumble bees keep warm"
    assert check(across, [PAPER, OTHER]).verdict is not Verdict.VERBATIM


def test_question_holds_names() -> None:
    """A name that the question brought in is not the answer's invention."""
    sentence = "Unlike Mistral, the lossless codec shrinks checkpoints."
    assert check(sentence, [PAPER]).verdict is Verdict.WEAK
    assert check(sentence, [PAPER], question="Is it like Mistral?").verdict is Verdict.SUPPORTED


def test_idf_weighs_coverage() -> None:
    """Coverage of 3 of 4 equal stems is .75; where the fourth weighs 9 of 12 it is .25."""
    sentence = "A lossless codec weighs bananas."
    assert check(sentence, [PAPER]).verdict is Verdict.SUPPORTED
    found = check(sentence, [PAPER], idf=lambda key: 9.0 if key.startswith("banana") else 1.0)
    assert found.verdict is Verdict.UNSUPPORTED


@pytest.mark.parametrize(
    "sentence",
    [
        "It decodes 2.7x slower than zip on 1000 models.",
        "The codec does need retraining, which the authors report.",
        "It does not shrink checkpoints by 35% on 1000 models.",
        "A lossy codec for the weights of language models.",
    ],
)
def test_polarity_is_a_flag(sentence: str) -> None:
    """A negation or an antonym against a source sentence that covers the claim is flagged, not judged."""
    padded = Paper("c", "Codecs", f"{ABSTRACT} The codec does not need retraining, as reported.")
    assert check(sentence, [padded]).flags == ("polarity",)


def test_clipped_negation_is_flagged() -> None:
    """A quote cut so that its negation is lost stays verbatim, and is flagged."""
    paper = Paper("d", "T", "It is not true that deeper networks always learn faster.")
    found = check("deeper networks always learn faster", [paper])
    assert (found.verdict, found.flags) == (Verdict.VERBATIM, ("polarity",))


@pytest.mark.parametrize(
    "sentence",
    [
        "lossless codec for the weight",
        "It shrinks checkpoints by 35",
        "shrinks checkpoints by 35% on 1",
        "7B, a lossless codec for the weights of language",
    ],
)
def test_substring_on_word_boundaries(sentence: str) -> None:
    """A quote that cuts a word, a number, a percentage or a hyphenated name is no quote."""
    assert check(f"{sentence}", [PAPER]).verdict is not Verdict.VERBATIM


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two hundred fifty", [(250, "")]),
        ("twenty-five percent", [(25, "%")]),
        ("1.5b and 10k", [(1.5e9, ""), (1e4, "")]),
        ("384x384", [(384, "x"), (384, "")]),
        ("the 2nd (3) one gpt-4 qwen2.5", []),
        ("three million", [(3e6, "")]),
        ("1.5 billion", [(1.5e9, "")]),
        ("ge10 and 3-fold", [(10, ""), (3, "x")]),
        ("two of the papers", []),
        ("one hundred", [(100, "")]),
    ],
)
def test_values(text: str, found: list[tuple[float, str]]) -> None:
    """Values are read as a person reads them."""
    assert values(canonical(text)) == found


def test_names_and_opposites() -> None:
    """Names are told by case and digits, not by where the sentence begins; opposites go both ways."""
    assert names("We test LoRA and Qwen2.5 in Paris. Then on top-5 tasks.") == ["LoRA", "Qwen2.5", "Paris", "top-5"]
    assert "stabl" in opposites("unstabl")
    assert "unstabl" in opposites("stabl")


def test_short_value_is_flagged() -> None:
    """A sentence too short to check still says when its number is nowhere."""
    assert check("Accuracy is 99%.", [PAPER]).flags == ("unchecked_value",)


HOSTILE = [
    "a" * 100_000,
    "(.*)+[a-z]{9}\\" * 3_000,
    "\u202e" * 100_000,
    "",
    " ",
    "[1," * 20_000,
    "a-" * 50_000,
    "\0",
    "1" * 99_999,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input(text: str) -> None:
    """Endless, empty and malicious sentences, papers and questions are judged, not crashed on."""
    assert check(text, [PAPER], question=text).verdict in {Verdict.EXEMPT, Verdict.UNSUPPORTED, Verdict.WEAK}
    assert check("Cats chase mice through dark gardens.", [Paper("h", text, text)]).verdict is Verdict.UNSUPPORTED


PROSE = st.text("abc dDE.,%-'\"()0123é[]\u200f\n", max_size=200) | st.text(max_size=120)


@given(PROSE)
def test_own_sentences_are_verbatim(abstract: str) -> None:
    """Any sentence of an abstract that cites it is verbatim, or too short to check."""
    paper = Paper("p", "", abstract)
    for start, end in sentences(abstract):
        assert check(abstract[start:end], [paper]).verdict in {Verdict.VERBATIM, Verdict.EXEMPT}


OWN = [ABSTRACT[start:end] for start, end in sentences(ABSTRACT)]
STYLED = [
    *OWN,
    'The codec isn\'t "lossless" on 36% of models.',
    "A 'lossless' codec, say the authors, that shrinks bananas.",
]
SPACES = st.sampled_from(["  ", " \n ", "\t", "\u00a0 "])


@given(st.sampled_from(STYLED), SPACES, st.sampled_from(["“", "”", "«"]), st.sampled_from(["‘", "’", "`"]))  # noqa: RUF001
def test_spacing_and_quote_style_change_nothing(sentence: str, space: str, double: str, single: str) -> None:
    """White space and the style of quotes do not change a verdict."""
    restyled = space + sentence.replace(" ", space).replace('"', double).replace("'", single) + space
    assert check(restyled, [PAPER]).verdict is check(sentence, [PAPER]).verdict


def test_best_span() -> None:
    """The span is that of the covering sentence; without sentences it is empty."""
    start, end = best_span("No retraining is needed.", PAPER)
    assert ABSTRACT[start:end] == "It does not need retraining."
    assert best_span("Anything at all", Paper("e", "T", "")) == (0, 0)
