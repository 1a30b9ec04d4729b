"""Follow-ups are understood alone and new questions left alone; searching for them is left to test_library.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented import PAPERS

from rag.errors import QuestionError, UsageError
from rag.followup import standalone
from rag.model import Answer, Citation, Paper, Turn
from rag.question import LONGEST_QUESTION

ORCHARD, LANTERN = PAPERS[3], PAPERS[4]


def turn(asked: str, *papers: Paper) -> Turn:
    """Return a turn whose answer cites these papers."""
    cited = tuple(Citation(number, paper, paper.abstract[:9], 0, 9) for number, paper in enumerate(papers, 1))
    return Turn(asked, Answer(asked, asked, "", (), cited, (), abstained=not papers))


ASKED = "Which work removes heads of a transformer?"
ONE = (turn(ASKED, ORCHARD),)
TWO = (turn(ASKED, ORCHARD, LANTERN),)
TALK = (
    {"role": "user", "content": "How does RegMix choose data for GPT-4?"},
    {"role": "assistant", "content": "RegMix fits a regression to many small runs [1]. FlauBERT does not."},
)

NAMED = (
    ("how about its cost?", "How about Orchard's cost?"),
    ("And how much memory does that save?", "How much memory does that save (Orchard)?"),
    ("Is it faster than the other one?", "Is Orchard faster than the other one?"),
    ("what about for images?", "What about for images (Which work removes heads of a transformer; Orchard)?"),
    ("why?", "Why (Which work removes heads of a transformer; Orchard)?"),
    ("who made it?", "Who made Orchard?"),
    ("does this also hold for smaller models?", "Does this also hold for smaller models (Orchard)?"),
    ("And in German?", "In German (Orchard)?"),
    ("How much faster?", "How much faster (Orchard)?"),
    ("Do they release code?", "Do they release code (Orchard)?"),
    ("What is its licence?", "What is Orchard's licence?"),
    ("Which papers extend it?", "Which papers extend Orchard?"),
    ("How many GPUs were used there?", "How many GPUs were used there (Orchard)?"),
    ("And on GLADE?", "On GLADE (Orchard)?"),
    ("Does the method need labels?", "Does Orchard need labels?"),
    ("Is that true for vision as well?", "Is that true for vision as well (Orchard)?"),
    ("Can it be used to shrink speech models on phones?", "Can Orchard be used to shrink speech models on phones?"),
    ("But is it better to tune it twice?", "Is it better to tune Orchard twice?"),
    ("Thanks! How big is it?", "How big is Orchard?"),
    ("What did the authors train on?", "What did the authors train on (Orchard)?"),
    ("does the same hold for audio", "Does the same hold for audio (Orchard)"),
    ("What accuracy does this reach?", "What accuracy does this reach (Orchard)?"),
)  # fmt: skip


@pytest.mark.parametrize(("question", "alone"), NAMED)
def test_the_cited_paper_is_the_subject(question: str, alone: str) -> None:
    """Where the last answer rests on one paper, its name takes the pronoun's place or is added in brackets."""
    assert standalone(question, ONE) == alone


@pytest.mark.parametrize(
    "question",
    [
        "Which papers study galaxy clustering?",
        "And which papers study galaxy clustering in the early universe?",
        "Is it possible to prune a speech model without labels?",
        "Is it better to prune or to quantise a network?",
        "Is it known that label noise helps tiny translators?",
        "What does it take to train a model of seven billion parameters?",
        "Which models that are pruned keep their accuracy?",
        "Are there methods that compress gradients?",
        "What is federated learning?",
        "How does LoRA work?",
        "Which model reports its training data?",
        "Which paper introduces a routing layer that does not need a teacher?",
        "Fine-tuning methods for speech models in low-resource languages?",
        "Good benchmarks for household robots in real homes?",
        "How do language models keep facts when they are edited?",
        "How does the model size affect the accuracy of judges?",
        "Which papers train models and then prune them?",
        "Does one of the judges agree with human raters?",
        "Do small models such as Finch profit from label noise?",
        "Which methods handle both text and images?",
        "So far, which benchmarks cover low-resource languages?",
        "papers on pruning",
    ],
)
def test_a_complete_question_is_left_alone(question: str) -> None:
    """A new question, also one with "it", "that" or "their" of ordinary grammar, is searched for as it was typed."""
    assert standalone(question, ONE) == standalone(question, TWO) == standalone(question, TALK) == question


def test_several_papers_give_telling_words() -> None:
    """Where no single paper is known, words of the exchange are added in their order and spelling."""
    assert standalone("Is it cheaper?", TWO) == (
        "Is it cheaper (removes, heads, transformer, Orchard, Pruning, Harvest, Cycles, Lantern, Retrieval, "
        "Low-Resource)?"
    )


def test_messages_give_telling_words_as_they_were_spelled() -> None:
    """Names keep their capitals and hyphens, markers and repeats are dropped."""
    alone = standalone("And how much memory does that save?", TALK)
    assert alone.startswith("How much memory does that save (RegMix, ")
    assert {"GPT-4", "FlauBERT", "regression"} <= set(alone[alone.index("(") + 1 : -2].split(", "))
    assert "[1]" not in alone
    assert alone.count("RegMix") == 1


def test_rare_words_tell_more() -> None:
    """With document frequencies known, only the most telling words are kept."""
    talk = ({"role": "user", "content": " ".join(f"common{chr(97 + n)}" for n in range(20)) + " zyzzyva"},)
    alone = standalone("Is it old?", talk, lambda term: 9.0 if term.startswith("zyz") else 1.0)
    assert "zyzzyva" in alone
    assert alone.count(",") == 9


def test_the_last_question_tells_more_than_its_answer() -> None:
    """A common word of the question is kept before rare words of the titles that answered it."""
    asked = "Which papers study heads?"
    alone = standalone("why do they arise?", (turn(asked, *PAPERS[:6]),), lambda term: 1.0 if term == "head" else 2.0)
    assert alone.startswith("Why do they arise (")
    assert "heads" in alone


def test_a_long_title_is_added_not_put_in_place() -> None:
    """A title that is a sentence would not read well as a possessive."""
    alone = standalone("What is its cost?", (turn("Do judges agree?", PAPERS[2]),))
    assert alone == "What is its cost (Do Small Judges Agree with Large Ones)?"


def test_after_a_refusal_the_words_of_the_question_are_the_subject() -> None:
    """An answer without citations leaves only what had been asked."""
    assert standalone("why not?", (turn("Which paper grows turnips?"),)) == "Why not (Which paper grows turnips)?"


def test_without_history_nothing_changes() -> None:
    """The question alone is only put on one line."""
    assert standalone(" Is it\nfaster? ") == "Is it faster?"
    assert standalone("why?", ()) == "why?"
    assert standalone("why?", ({"role": "system", "content": "Be kind."},)) == "why?"


def test_the_question_itself_as_last_message_is_no_history() -> None:
    """Some chat windows hand over the present question as the last message."""
    now = {"role": "user", "content": "Is it faster?"}
    assert standalone("Is it faster?", (*TALK, now)) == standalone("Is it faster?", TALK)


def test_turns_and_messages_may_be_mixed() -> None:
    """A turn before a message counts as its question and its answer."""
    note = {"role": "assistant", "content": "Wattle meters clusters."}
    assert "Wattle" in standalone("Is it public?", (*ONE, note))


@pytest.mark.parametrize("bad", [({"role": "user"},), ({"content": 3},), ("text",), "text", {"content": "a"}, (None,)])
def test_a_bad_history_is_refused(bad: object) -> None:
    """A history of anything but turns and messages is a usage error that shows the form."""
    with pytest.raises(UsageError, match="a message of the history is") as caught:
        standalone("why?", bad)  # type: ignore[arg-type]
    assert '"role"' in caught.value.remedy


def test_a_bad_question_is_refused() -> None:
    """A follow-up is checked as any question is."""
    with pytest.raises(QuestionError):
        standalone("?", ONE)


WORDS = st.lists(
    st.sampled_from(
        ["it", "its", "that", "why", "and", "RegMix", "they", "the paper", "?", "(", "one", "é", "何", "-", "7"]
    )
)


@given(WORDS.map(" ".join), st.text(max_size=200), st.text(max_size=200))
def test_any_conversation_gives_a_question(question: str, asked: str, replied: str) -> None:
    """The result is again a question that can be asked, on one line, with all that was typed when it is left alone."""
    talk = ({"role": "user", "content": asked}, {"role": "assistant", "content": replied})
    try:
        alone = standalone(question, talk)
    except QuestionError:
        return
    assert standalone(alone) == alone


@pytest.mark.parametrize("size", [1, 300, 3990, 4000])
def test_the_result_is_never_too_long(size: int) -> None:
    """However long question, history and titles are, the result can be asked."""
    question = ("is it " * 700)[:size]
    long = Paper("l", "Title " * 900, "Abstract.")
    for history in ((turn("asked " * 650, long),), (turn("asked " * 600, long, ORCHARD),), TALK):
        assert len(standalone(question, history)) <= LONGEST_QUESTION


def test_a_conversation_of_follow_ups_keeps_its_subject() -> None:
    """What was rewritten once carries the subject on, without growing at every turn."""
    history: tuple[Turn, ...] = ONE
    sizes = []
    for _ in range(6):
        alone = standalone("what about for images?", history)
        assert "Orchard" in alone
        sizes.append(len(alone))
        history = (*history, Turn("what about for images?", turn(alone, ORCHARD).answer))
    assert max(sizes) < 450
