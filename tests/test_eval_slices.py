"""Tests of eval/slices.py: typos that a person could make, and variants beside their base."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from eval.schema import Question
from eval.slices import misspell, paired, with_typos

TEXT = (
    "By how much does Tidewater-7B improve recall over Marlowe on the 23 languages of BabelSet when gpt-4 isn't used?"
)
BASE = Question(
    id="q1", category="numeric", answerable=True, history=(), question=TEXT, reference="", gold=(("T",),),
    ok_papers=(), nuggets=(), forbid=(), unanswerable_reason=None, cluster_id="c1", variant_of=None, variant=None,
)  # fmt: skip


def edits(left, right):
    """Return the number of insertions, deletions, replacements and swaps between two words (Damerau 1964)."""
    rows = [[max(i, j) if not i * j else 0 for j in range(len(right) + 1)] for i in range(len(left) + 1)]
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            cost = left[i - 1] != right[j - 1]
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    return rows[-1][-1]


@given(st.integers(0, 500))
def test_a_typo_is_one_slip_in_a_plain_word(seed):
    """Each changed word is one edit away and keeps its first letter; names, numbers and compounds stay as they are."""
    before, after = TEXT.split(), misspell(TEXT, seed).split()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == 1
    for old, new in changed:
        assert re.fullmatch(r"[a-z]{4,}\??", old)
        assert edits(old, new) == 1
        assert old[0] == new[0]


@given(st.lists(st.sampled_from(["recall", "Marlowe", "23", "layers", "the", "GPU"]), max_size=40), st.integers(0, 9))
def test_one_word_in_six_is_hit(tokens, seed):
    """At least one where there is a plain word, and none where there is not."""
    plain = sum(token in {"recall", "layers"} for token in tokens)
    after = misspell(" ".join(tokens), seed).split()
    assert sum(old != new for old, new in zip(tokens, after, strict=True)) == (max(1, plain // 6) if plain else 0)


def test_every_kind_of_slip_is_made():
    """Swapped, dropped, doubled and neighbouring letters all come up."""
    made = {misspell("recall", seed) for seed in range(200)}
    assert {"recla", "reacll", "ecall"} & made == {"reacll"}
    assert {"recal", "reecall", "rdcall"} & made == {"recal", "reecall", "rdcall"}


def test_typos_are_seeded():
    """The same seed gives the same text; another gives another."""
    assert misspell(TEXT, 1) == misspell(TEXT, 1)
    assert len({misspell(TEXT, seed) for seed in range(9)}) > 1


def test_a_typo_variant_belongs_to_its_base():
    """It keeps gold and cluster, and names what it varies; the base is unchanged."""
    made = with_typos(BASE, 3)
    assert (made.id, made.variant_of, made.variant, made.cluster_id) == ("q1~typo", "q1", "typo", "c1")
    assert made.question != BASE.question == TEXT
    assert made == with_typos(BASE, 3)


def test_variants_are_paired_with_their_base():
    """A variant whose base was not asked is left out."""
    made, orphan = with_typos(BASE), replace(BASE, id="q9p", variant_of="q9", variant="paraphrase")
    assert list(paired([made, orphan, BASE])) == [(BASE, made)]
