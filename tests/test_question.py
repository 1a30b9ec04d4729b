"""What a question asks for: what can be searched for, and its kind; answering it is left to test_extract.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import QuestionError
from rag.question import LONGEST_QUESTION, Kind, asked_for, checked, kind_of, topic

KINDS = {
    Kind.NUMERIC: (
        "How many languages does the corpus cover?",
        "How much faster is it than dense attention?",
        "And how much memory does that save?",
        "how large is the smallest model?",
        "By what factor does the upload shrink?",
        "What accuracy does Orchard keep on GLADE?",
        "What is the parameter count of the pruned network?",
        "What percentage of errors comes from position bias?",
        "Roughly how long does one query take?",
        "At which learning rate does training diverge?",
        "What score did the largest judge get?",
        "How well did the speech model do in word error rate?",
        "But how big was the gain?",
        "On how many GPUs was it trained?",
        "To what extent, in percent, does early stopping save energy?",
        "What was the average error of the forecasts?",
    ),
    Kind.YES_NO: (
        "Does pruning hurt accuracy?",
        "Is Orchard better than Espalier?",
        "Is label noise ever useful?",
        "And does it work for speech?",
        "Can a small model judge a large one?",
        "Has anyone released the code?",
        "Do the gains hold on other chips?",
        "Should I quantise the embeddings?",
        "So is the threshold transferable?",
        "Is there evidence that dropout helps tiny translators?",
        "Isn't dense attention slower?",
        "Did the authors publish their tool?",
        "Is it true that calibration needs labels?",
        "Does Pebble use models trained on labels?",
        "Are the maps of failures stable across seeds?",
    ),
    Kind.LIST: (
        "Which papers study federated learning?",
        "List the works on table questions.",
        "What methods prune attention heads?",
        "Are there any studies of household robots?",
        "Name some datasets for low-resource retrieval",
        "Show me papers about energy use",
        "Give me all approaches to abstention.",
        "And which papers measure carbon?",
        "What are the main benchmarks for judging models?",
        "Who else works on gradient compression?",
        "Which of the papers are about speech?",
        "Which models were trained on more than a trillion tokens?",
        "Can you list papers on calibration?",
        "What papers have looked at noisy labels?",
        "What are some ways to shrink a model?",
        "Which methods improve accuracy?",
        "Which papers compare dropout and label noise?",
        "Can you tell me which papers cut energy cost?",
    ),
    Kind.FIND: (
        "Which paper introduces a routing layer?",
        "What work maps model failures?",
        "Which method removes heads in cycles?",
        "Which model has the highest accuracy?",
        "And which paper meters training runs?",
        "Is there a paper that stores object sightings in a graph?",
        "Find the paper about shared codebooks.",
        "In which paper do small judges disagree?",
        "I am looking for a study of translators with label noise",
        "Which study compares 14 judges?",
    ),
    Kind.COMPARISON: (
        "What does Pebble compare to?",
        "How does Orchard compare with Espalier?",
        "What is the difference between Finch and Wren?",
        "Sparse versus dense routing?",
        "Which of the two is cheaper?",
        "Is pruning or quantisation better for phones?",
        "Which is faster, Scout or Hearth?",
        "Contrast label noise and dropout.",
        "How do small and large judges differ?",
        "What do Lantern and Sextant have in common?",
        "Two papers prune heads: which one needs a second optimiser?",
        "And compared to plain prompting?",
    ),
    Kind.DEFINITION: (
        "What is abstention?",
        "What does MoE stand for?",
        "Define position bias.",
        "What are gradient postcards?",
        "What is meant by harvest cycles?",
        "And what is a codebook?",
        "What's a routing layer?",
        "What does calibration mean?",
    ),
    Kind.HOW: (
        "How does Tidewater route tokens?",
        "How is the codebook shared?",
        "And how do they choose the tiles?",
        "In what way are heads removed?",
        "How can a robot remember where things are?",
        "How to prune a transformer?",
        "How would one quantise speech models?",
        "What technique does Mosaic use to read tables?",
        "By what means is the threshold learned?",
        "With few labels at hand, how can a threshold be learned?",
        "Explain how postcards compress gradients.",
    ),
    Kind.OTHER: (
        "What dataset is used to evaluate Orchard?",
        "Which corpus does Orchard use?",
        "Why do translators like noise?",
        "Where does Hearth fail?",
        "energy of training runs",
        "Tell me about Lantern.",
        "When should a system abstain?",
    ),
}  # fmt: skip
TABLE = [(question, kind) for kind, questions in KINDS.items() for question in questions]


@pytest.mark.parametrize(("question", "kind"), TABLE)
def test_kinds(question: str, kind: Kind) -> None:
    """A natural question is of the kind that a reader gives it."""
    assert kind_of(question) is kind


@given(st.sampled_from(TABLE), st.sampled_from(("", "And ", "So, ", "But ", "Ok, ", "Please: ", "also, ")))
def test_leads_do_not_change_the_kind(row: tuple[str, Kind], lead: str) -> None:
    """A lead-in such as "and" leaves the kind as it is, and so do capitals and white space."""
    question, kind = row
    assert kind_of(lead + question) is kind
    assert kind_of(f"  {question.upper()} ") is kind


@pytest.mark.parametrize(
    ("given", "kept"),
    [("  What\n is\tit? ", "What is it?"), ("What\x00 is \u202eit", "What is it"), ("7", "7"), ("何?", "何?")],
)
def test_checked_gives_one_clean_line(given: str, kept: str) -> None:
    """White space is collapsed, characters that do not print are dropped, the words stay."""
    assert checked(given) == kept


@pytest.mark.parametrize(
    ("bad", "said"),
    [("", "is empty"), (" \n\t\u200b", "is empty"), ("?!...", "'?!...' has no word"), ("x" * 4001, "4,001 characters")],
)
def test_bad_questions_are_refused(bad: str, said: str) -> None:
    """An empty, wordless or endless question is an error that says what to do."""
    with pytest.raises(QuestionError, match=r".+") as caught:
        checked(bad)
    assert said in str(caught.value)
    assert caught.value.remedy
    assert len(str(caught.value)) < 250


def test_the_longest_question_passes() -> None:
    """The limit itself is allowed."""
    assert len(checked("x" * LONGEST_QUESTION)) == LONGEST_QUESTION


@given(st.text(max_size=300))
def test_any_text_is_checked_or_refused(text: str) -> None:
    """Whatever is typed gives one line with a word in it and a kind, or a QuestionError."""
    try:
        line = checked(text)
    except QuestionError:
        return
    assert line == checked(line)
    assert "\n" not in line
    assert kind_of(line) in Kind


@pytest.mark.parametrize("part", ["which ", "how many ", "more than ", "what is the ", "a", "which a ", "is or than "])
def test_long_questions_are_no_trouble(part: str) -> None:
    """A question of the greatest length made of one phrase still gets a kind."""
    assert kind_of(part * (LONGEST_QUESTION // len(part))) in Kind


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What learning rate does RegMix use?", {"learning", "rate"}),
        ("How many GPUs were needed?", {"gpus"}),
        ("In which kind of hospital was it tried?", {"hospital"}),
        ("How does it work?", set()),
        ("Tell me of lamps", set()),
        ("What?", set()),
    ],
)
def test_the_words_that_name_what_is_asked_for(question: str, wanted: set[str]) -> None:
    """From the question word to the next verb or preposition, without articles and "kind of"."""
    assert asked_for(question) == wanted


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("Which papers study mixture of experts?", "mixture of experts?"),
        ("What papers are there on data pruning?", "data pruning?"),
        ("List papers on speculative decoding", "speculative decoding"),
        ("Are there any papers that deal with the energy use of training?", "energy use of training?"),
        ("What other papers examine why models hallucinate?", "models hallucinate?"),
        ("papers about RAG", "RAG"),
        ("Which study examines sleep in bees?", "sleep in bees?"),
        ("Which papers discuss?", "Which papers discuss?"),
        ("Which paper introduces Mamba?", "Which paper introduces Mamba?"),
        ("Which method improves on Mamba?", "Which method improves on Mamba?"),
        ("How do bees sleep?", "How do bees sleep?"),
    ],
)
def test_topics(question: str, about: str) -> None:
    """What papers are asked for about is left of a question for papers; any other stays, and so does one of nothing."""
    assert topic(question) == about


@given(st.text(max_size=60))
def test_a_topic_is_the_end_of_the_question(question: str) -> None:
    """A topic is never empty where the question is not, and nothing in it is new."""
    assert question.endswith(topic(question))
    assert bool(topic(question)) == bool(question)
