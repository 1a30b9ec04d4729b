"""A stream of a model's text as sentences: the same however it is cut up, and without anything to follow or run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.prose import LONGEST, Cutter, Said, plain, settled

TEXTS = {
    "It needs 12 labels [2]. It is fast.[1] Next, e.g. this works. [1][3] The end (2).": [
        "It needs 12 labels [2].", "It is fast. [1]", "Next, e.g. this works. [1][3]", "The end (2).",
    ],
    "Two works:\n- The first [1].\n* The second [2]\n3) The third\n\nReferences:\n[1] A title. More": [
        "Two works:", "The first [1].", "The second [2]", "The third",
    ],
    "<think>Hm. Is it?</think>It is 3.5 points [1].": ["It is 3.5 points [1]."],
    "Hm. Is it? Yes.</think>\n\nIt is 4 [1]. [2] says so.": ["It is 4 [1].", "[2] says so."],
    "```text\nIt is so.\n```\nSources: [1] and more. And more.": ["It is so."],
    "It is 38% [1]. then lower case goes on [2]. But no. 5 of them vs. 3 of those.": [
        "It is 38% [1].", "then lower case goes on [2].", "But no. 5 of them vs. 3 of those.",
    ],
    "<think>never ends. At all.": [],
}  # fmt: skip


def cut(pieces: list[str], *, whole: bool = True) -> list[Said]:
    """Return the sentences of a stream; what came before a restart does not count."""
    cutter, found = Cutter(), []
    for piece in pieces:
        for said in cutter.feed(piece):
            if cutter.restarted:
                cutter.restarted, found = False, []
            found.append(said)
        if cutter.restarted:
            cutter.restarted, found = False, []
    return [*found, *cutter.end(whole=whole)]


@pytest.mark.parametrize("text", TEXTS)
@given(data=st.data())
def test_sentences_do_not_depend_on_the_pieces(text: str, data: st.DataObject) -> None:
    """Cut up anywhere, a text has the same sentences, each with the citations behind it."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=12)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert [said.text for said in cut(pieces)] == TEXTS[text]


def test_every_character_alone() -> None:
    """One character at a time is no different."""
    for text, found in TEXTS.items():
        assert [said.text for said in cut(list(text))] == found


def test_items_of_a_list() -> None:
    """Bullets and numbers go, and are remembered."""
    assert [said.listed for said in cut(["Two works:\n- One [1].\n2. Two [2].\nEnd."])] == [False, True, True, False]


def test_half_a_sentence() -> None:
    """When a stream broke off, the last sentence is whole only if it looks so."""
    assert [said.whole for said in cut(["It is so [1]. It also redu"], whole=False)] == [True, False]
    assert [said.whole for said in cut(["It is so [1]. It is fast. [1]"], whole=False)] == [True, True]
    assert [said.whole for said in cut(["It is so"], whole=True)] == [True]


def test_a_sentence_without_end_is_cut() -> None:
    """A sentence has a longest length."""
    assert len(cut(["word "] * LONGEST)) > 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See [the paper](https://evil.example/x?q=1) now.", "See the paper now."),
        ("![figure](https://evil.example/p.png) It works.", "It works."),
        ("It <b>works</b> <script>alert(1)</script>.", "It works alert(1)."),
        ("It works <!-- hidden --> well <!-- open", "It works well"),
        ("Go to https://evil.example/a(b), www.evil.example or evil.example/x.", "Go to (b), or"),
        ("Write to mailto:a@evil.example and javascript:alert.", "Write to and"),
        ("**Bold**, _slanted_, `code` and snake_case, 3 * 4.", "Bold, slanted, code and snake_case, 3 * 4."),
        ("## Heading", "Heading"),
        ("It works [1](https://evil.example) and [2].", "It works [1] and [2]."),
        ("p < 0.05 and a > b in e.g. Qwen2.5 and i.e. node.js", "p < 0.05 and a > b in e.g. Qwen2.5 and i.e. node.js"),
        ("a\u202eb\x1b[31mc\u200b", "a b [31mc"),
    ],
)
def test_nothing_to_follow_or_run(text: str, shown: str) -> None:
    """Links lose their address, pictures, tags and addresses go, and so do marks and control characters."""
    assert plain(text) == shown


@pytest.mark.parametrize(
    "text", [*TEXTS, "See [a link](http://x.y/z) and ![p](http://a.b) at www.x.org, it is <b>so</b>."]
)
def test_what_is_shown_early_stays(text: str) -> None:
    """What is shown of an unfinished sentence is never taken back, and never holds an address or half a mark."""
    sentence = text.split("\n")[0]
    shown = [settled(sentence[:end]) for end in range(len(sentence) + 1)]
    assert not [one for one in shown if "http" in one or "www" in one or "![" in one or "](" in one or "[1" in one]
    words = plain(sentence).replace("[1]", "")
    assert all(words.startswith(one[:8]) for one in shown if one)


@pytest.mark.parametrize(
    "piece", ["[", "<", "![", "a.b.", "(", "*", "_a", "<!--", "a:", " ", "`", "[a](", "x.", "source "]
)
def test_hostile_repetition_is_no_harm(piece: str) -> None:
    """A long run of half a mark is read in linear time, or this test does not end."""
    text = piece * (LONGEST // len(piece))
    settled(text)
    plain(text * 5)
