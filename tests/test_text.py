"""Normal form, terms and sentence spans, by the quirks of real abstracts and by laws; what searches is elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.model import Paper
from rag.sources import read
from rag.text import normalise, paper_id, real_hosts, sentences, squash, stem, terms, title_key, words

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("2.7times faster", "2.7x faster"),
        ("2.7 Times", "2.7x"),
        ("384times384", "384x384"),
        (r"3.3\% of", "3.3% of"),
        ("textit{O}bstacles", "obstacles"),
        (r"\textbf{Gain}", "gain"),
        (r"{\phi}", "phi"),
        ("D{=}2048", "d=2048"),
        ("10^{3}, 10$^{-5}$ and 10³", "10^3, 10^-5 and 10^3"),
        (r"\model wins", "model wins"),
        ("an unbalanced $x", "an unbalanced x"),
        ("Lamp~Arithmetic", "lamp arithmetic"),
        ("R$^2$ Law", "r2 law"),
        ("ge10, sim 7 and (le 11B) pm0.3", "≥10, 7 and (≤11b) ±0.3"),
        (r"70^circ and 9^{\circ}", "70° and 9°"),
        ("1,000,000 of 2 . 4", "1000000 of 2.4"),
        ("\u201cA\u201d \u2018b\u2019 `c` x\u2014y", "\"a\" 'b' 'c' x-y"),
        ("\ufb01ne\u00a0ﬁne", "fine fine"),
    ],
)
def test_normalise(raw: str, plain: str) -> None:
    """LaTeX residue, odd characters and spellings of numbers take one form."""
    assert normalise(raw) == plain


def test_words_and_terms() -> None:
    """Decimals stay whole, stop words go, the rest is stemmed in order with repeats."""
    assert words("GPT-4 reads 2.5 pages, isn't it?") == ["gpt", "4", "reads", "2.5", "pages", "isn", "t", "it"]
    assert terms("Which papers prune the pruned layers of layers?") == ["prune", "prune", "layer", "layer"]
    assert terms("Lamp~Arithmetic") == terms("lamp arithmetic")
    assert stem("studies") == stem("study")
    assert terms("the of and") == words("?!") == []


SPACES = st.text(
    st.sampled_from(" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2003\u2028\u2029\u202f\u3000\u200babé")
)


@given(st.text() | SPACES)
def test_squash_is_one_space_for_each_run(text: str) -> None:
    """White space of any alphabet is collapsed, everything else is kept."""
    assert squash(text) == re.sub(r"\s+", " ", text).strip()


@given(st.text())
def test_normal_form_has_no_residue(text: str) -> None:
    """No brace, dollar or tilde is left, white space is single, and words come from the normal form."""
    plain = normalise(text)
    assert not set("{}$~") & set(plain)
    assert plain == squash(plain)
    assert words(text) == words(squash(text))


def test_ids_and_hosts() -> None:
    """Titles that differ in case, marks or width are one paper; an arXiv id wins; mirrors are named by their host."""
    assert title_key("\uff2camps: a Study") == title_key("LAMPS - A study!") == "lampsastudy"
    assert paper_id("Lamps!") == paper_id("lamps") != paper_id("lamp")
    assert len(paper_id("???")) == 16
    assert paper_id("???") != paper_id("!!!")
    assert paper_id("Lamps", "2401.00001") == "2401.00001"
    assert real_hosts("https://huface.online/x and hf-proxy-cf.effarig.site/y") == (
        "https://huggingface.co/x and huggingface.co/y"
    )


CUTS = (
    "We use lamps, e.g. Glow, i.e. one kind. | It works.",
    "Rook et al. (2024) differ. | As in work.",
    "As shown by Rook et al. | However, it fails.",
    "Lamps, fires, etc. | We test both.",
    "Lamps vs. fires in Fig. 3 and Sec. 4. | Good.",
    "The U.S. Census counts lamps. | The U.S. and others do not.",
    "It costs 2.5 cents per v1.5 run. | Qwen2.5 is cheaper. | So is 3.",
    "We test on Dr.Spider and node.js. | Fine.",
    "It fits many tasks.|This is new. | It uses GPUs.|(2) We go on.",
    "See https://example.org/a.b/C. | It is public.",
    "Code: https://example.org/Lamp.Shade/x",
    "Two questions: (1). How to shine? | (2). How to dim?",
    "Three aims: 1. Shine. | 2. Dim. | 3. Rest.",
    "In 2024. | We measured 12. | The end.",
    'She said "it shines." | He left. | "B is A". | This holds.',
    "Lamps... fires ... and more. | Wait... | What?! | Yes!",
    "The map of G. | This is rational. | J. Doe agrees.",
    "Data (a.k.a. Context) w.r.t. Time. | Done.",
    "It adds little computation. | g^nConv shines. | xGlow too. | any4 as well.",
    "Approx. 5 lamps and no. 7 burn. | Is it no. | We see.",
    "(A first one.) | [A second one.] | Third",
    "The questions of Yahoo! Answers shine. | Good.",
    "灯が光る。|火も光る。|終わり",
    "Prof. Rook and Dr. Crane met. | They left.",
    "Use torch.Tensor.Shape now. | Ok.",
    "One. | ",
    "",
)


@pytest.mark.parametrize("marked", CUTS)
def test_cuts(marked: str) -> None:
    """Sentences are cut at the bars and nowhere else."""
    text = marked.replace("|", "").replace("  ", " ")
    found = [text[start:end] for start, end in sentences(text)]
    assert found == [part.strip() for part in marked.split("|") if part.strip()]


def check_spans(text: str) -> None:
    """Hold the laws of spans: in order, apart, stripped, and together all that is not white space."""
    spans = sentences(text)
    ends = [0, *(end for _, end in spans)]
    for (start, end), before in zip(spans, ends, strict=False):
        assert before <= start < end
        assert text[start:end] == text[start:end].strip()
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())


MARKS = st.lists(
    st.sampled_from([*".!?…。()[]\"' \n", "A", "b", "We ", "e.g.", "(2)", "3", "et al. ", "U.S.", "Tasks.This ", "é"])
).map("".join)


@given(MARKS | st.text(max_size=300))
def test_spans_hold_everything(text: str) -> None:
    """The laws of spans hold for any text."""
    check_spans(text)


HARD = (
    "." * 99_999 + "x", ".'" * 50_000, "e.g. " * 20_000, "Ab." * 33_333, "Tasks.This " * 9_000, ". " * 50_000,
    " " * 100_000, "." + ")" * 99_998 + "x", "x" * 100_000, "." + "A" + "a" * 99_998, "1. " * 33_333, "(1). " * 20_000,
    "。" * 100_000, "\\" * 100_000, "1,000" * 20_000, "1 . " * 25_000, "10^{3}" * 16_000, "textit{" * 14_000,
    "1" + "⁰" * 99_999, ("." + " " * 500) * 200, "\ud800" * 100_000, "\u0301" * 100_000,
)  # fmt: skip


@pytest.mark.parametrize("text", HARD, ids=lambda text: repr(text[:8]))
def test_long_inputs_end(text: str) -> None:
    """Texts made to trip a pattern are handled (a quadratic one would take minutes), and the laws of spans hold."""
    check_spans(text)
    assert squash(normalise(text)) == normalise(text)
    assert len(terms(text)) <= len(words(text)) <= len(text)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_the_corpus_is_cut_well() -> None:
    """Real abstracts are cut into whole sentences: none tiny, few that end without a mark."""
    papers = [paper for file in sorted(CORPUS.glob("*.txt")) for paper in read(file) if isinstance(paper, Paper)]
    assert len(papers) > 700
    pieces = []
    for paper in papers:
        check_spans(paper.abstract)
        pieces += [paper.abstract[start:end] for start, end in sentences(paper.abstract)]
    assert 7 < len(pieces) / len(papers) < 10
    assert sum(len(piece) < 15 for piece in pieces) < 0.002 * len(pieces)
    assert not [piece for piece in pieces if re.search(r"(?:\be\.g|\bi\.e|\bvs|\bFig|\bDr)\.$", piece)]
