"""Tests of eval/questions.py: sets of questions, their faults beside the papers, and choosing from them."""

import json
from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.questions import (
    Gold,
    NoQuestions,
    Nugget,
    Question,
    QuestionsError,
    check_against,
    content_hash,
    gold_of,
    load,
    sample,
    select,
    title_ids,
)
from rag.model import Paper

PAPERS = (
    Paper("p1", "Tide Tables", "Tide Tables scores 28.4 BLEU with label smoothing."),
    Paper("p2", "Pebble Counts", "Pebble Counts needs 3 chips."),
)
BLEU = Nugget("n1", "number", vital=True, value=28.4, unit=("BLEU",))


def question(name="q1", category="numeric", **changes):
    """Return an answerable question about the first paper, some of its fields changed."""
    plain = Question(
        id=name, category=category, answerable=True, history=(), question="How high is the score?", reference="",
        gold=(("Tide Tables",),), ok_papers=(), nuggets=(BLEU,), forbid=(), unanswerable_reason=None, cluster_id="c1",
        variant_of=None, variant=None,
    )  # fmt: skip
    return replace(plain, **changes)


def as_json(one):
    """Return a question as its line in a file."""
    return json.dumps(asdict(one))


def write(tmp_path, *lines):
    """Write lines to a file and return its path."""
    path = tmp_path / "q.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_set_is_loaded_in_order_and_blank_lines_are_skipped(tmp_path):
    """What was written comes back as the same values."""
    questions = (question("b"), question("a", variant_of="b", variant="paraphrase"))
    assert load(write(tmp_path, as_json(questions[0]), "", as_json(questions[1]))) == questions


def test_every_faulty_line_is_named(tmp_path):
    """The message tells line and fault of each, not only of the first."""
    path = write(tmp_path, as_json(question()), "{oops", as_json(question("q2")).replace('"forbid"', '"forbids"'))
    with pytest.raises(QuestionsError) as error:
        load(path)
    told = str(error.value)
    assert "line 2: bad JSON" in told
    assert "line 3: missing field 'forbid'" in told
    assert "unknown field 'forbids'" in told
    assert "line 1" not in told


def test_a_duplicate_id_names_both_lines(tmp_path):
    """Two questions of one id could not be told apart in a report."""
    with pytest.raises(QuestionsError, match=r"line 2: the id 'q1' is that of line 1"):
        load(write(tmp_path, as_json(question()), as_json(question())))


@pytest.mark.parametrize("base", ["gone", "q1", "q2"])
def test_a_variant_needs_its_base(tmp_path, base):
    """A variant of nothing, of another variant, or of itself cannot be paired."""
    first = question("q1", variant_of="q0", variant="typo")
    second = question("q2", variant_of=base, variant="paraphrase")
    with pytest.raises(QuestionsError, match=f"line 3: 'variant_of' names '{base}'"):
        load(write(tmp_path, as_json(question("q0")), as_json(first), as_json(second)))


def test_many_faults_are_cut_short(tmp_path):
    """Ten lines are told, the rest are counted."""
    with pytest.raises(QuestionsError, match="and 3 more lines with faults"):
        load(write(tmp_path, *["{"] * 13))


def test_an_empty_set_is_its_own_error(tmp_path):
    """No questions is another exit status than bad ones."""
    with pytest.raises(NoQuestions, match=r"no questions in"):
        load(write(tmp_path, "", " "))


def test_a_missing_file_is_told(tmp_path):
    """The path stands in the message."""
    with pytest.raises(QuestionsError, match=r"gone\.jsonl cannot be read"):
        load(tmp_path / "gone.jsonl")


def test_a_good_set_has_no_faults():
    """Gold titles are compared as `title_key` does."""
    assert check_against([question(gold=(("tide tables!",),))], PAPERS) == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"gold": (("Tide Tales",),)}, "no paper has the title 'Tide Tales'"),
        ({"ok_papers": ("Nothing",)}, "no paper has the title 'Nothing'"),
        ({"gold": (("Pebble Counts",),)}, "no gold abstract holds the vital nugget 'n1'"),
        ({"forbid": ("Label smoothing",)}, "a gold abstract holds the forbidden 'Label smoothing'"),
        (
            {"nuggets": (BLEU, Nugget("n2", "string", vital=False, any_of=("score",)))},
            "the nugget 'n2' stands in the question",
        ),
    ],
)
def test_what_does_not_fit_the_papers_is_told(changes, fault):
    """Each fault names the question and the value."""
    faults = check_against([question(), question("q2", **changes)], PAPERS)
    assert [str(one) for one in faults] == [f"q2: {fault}"]


def test_gold_becomes_paper_ids():
    """Groups stay groups; a title that the library lacks leaves its group poorer, at last empty."""
    ids = title_ids(PAPERS)
    one = question(gold=(("Tide tables", "Gone"), ("Also gone",)), ok_papers=("Pebble Counts", "Gone too"))
    assert gold_of(one, ids) == Gold((frozenset({"p1"}), frozenset()), frozenset({"p2"}))
    assert gold_of(one, ids).ids == {"p1"}


def test_the_hash_reads_content_only():
    """Order, tags, readers and split do not change it; anything that is scored does."""
    one, two = question("a"), question("b")
    plain = content_hash([one, two])
    assert len(plain) == 64
    assert content_hash([replace(two, tags=("named",), readers=2, split="dev"), one]) == plain
    assert content_hash([one]) != plain
    assert content_hash([one, replace(two, forbid=("7",))]) != plain
    assert content_hash([one, replace(two, nuggets=(replace(BLEU, tol=0.1),))]) != plain


def test_select_filters_by_id_and_category():
    """Both filters together must let a question through; without any, all pass."""
    questions = (question("a"), question("b", "single"), question("c", "single"))
    assert select(questions) == questions
    assert [one.id for one in select(questions, ids=["c", "a"])] == ["a", "c"]
    assert [one.id for one in select(questions, ids=["a", "b"], categories=["single"])] == ["b"]
    with pytest.raises(NoQuestions):
        select(questions, ids=["a"], categories=["single"])
    with pytest.raises(QuestionsError, match="no question has the id 'z'"):
        select(questions, ids=["z"])
    with pytest.raises(QuestionsError, match="no category is called 'riddle'"):
        select(questions, categories=["riddle"])


SET = tuple(question(f"s{n}", "single") for n in range(30)) + tuple(question(f"m{n}", "method") for n in range(10))
VARIANTS = tuple(question(f"v{n}", "single", variant_of=f"s{n}", variant="typo") for n in range(5))


def test_a_sample_is_stratified():
    """Of 30 single and 10 method questions, 12 are drawn 9 to 3."""
    drawn = sample(SET, 12, seed=3)
    assert Counter(one.category for one in drawn) == {"single": 9, "method": 3}


@given(limit=st.integers(1, 60), seed=st.integers(0, 99))
def test_laws_of_the_sample(limit, seed):
    """It has the size asked for, keeps the order, is nested, repeats by seed and takes variants last."""
    questions = VARIANTS + SET
    drawn = sample(questions, limit, seed)
    assert len(drawn) == min(limit, len(questions))
    assert list(drawn) == [one for one in questions if one in drawn]
    assert drawn == sample(questions, limit, seed)
    assert set(drawn) <= set(sample(questions, limit + 1, seed))
    assert sum(one.variant is not None for one in drawn) == max(0, min(limit - len(SET), len(VARIANTS)))


def test_another_seed_draws_another_sample():
    """The seed decides."""
    assert len({sample(SET, 8, seed) for seed in range(5)}) > 1


def test_a_sample_of_nothing_is_refused():
    """A limit of 0 is a mistake, not an empty run."""
    with pytest.raises(QuestionsError, match="a sample of 0"):
        sample(SET, 0)
