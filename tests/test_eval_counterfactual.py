"""Tests of eval/counterfactual.py: altered facts are true of the altered papers, and the old ones are not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.counterfactual import Followed, counterfactual, followed
from eval.matching import holds
from eval.schema import Nugget, Question
from tests.invented import PAPERS

ORCHARD, HEARTH, CALORIES = PAPERS[3], PAPERS[9], PAPERS[5]


def question(name, paper, *nuggets):
    """Return a question whose gold is one paper."""
    return Question(
        id=name, category="numeric", answerable=True, history=(), question="?", reference="", gold=((paper.title,),),
        ok_papers=(), nuggets=nuggets, forbid=("1",), unanswerable_reason=None, cluster_id=name, variant_of=None,
        variant=None,
    )  # fmt: skip


def number(value, *unit, name="n1"):
    """Return a vital number nugget."""
    return Nugget(name, "number", vital=True, value=value, unit=unit)


def string(*any_of):
    """Return a vital string nugget."""
    return Nugget("n1", "string", vital=True, any_of=any_of)


QUESTIONS = (
    question("percent", ORCHARD, number(97.5, "%")),
    question("two", ORCHARD, number(31, "ms"), number(18, "ms", name="n2")),
    question("again", ORCHARD, number(97.5, "accuracy")),
    question("name", HEARTH, string("Lark-VL", "LarkVL")),
    question("comma", HEARTH, number(10_000, "sightings")),
    question("scale", CALORIES, number(7e9, "parameters")),
    question("word", CALORIES, string("energy")),
    question("regex", CALORIES, Nugget("n1", "regex", vital=True, pattern="cools? the racks")),
)


@settings(max_examples=25)
@given(st.integers(0, 200))
def test_altered_facts_hold_in_the_altered_papers_only(seed):
    """Every altered nugget is in the new abstract and not in the old; every original the other way round."""
    made = counterfactual(QUESTIONS, PAPERS, seed)
    new, old = {one.title: one.abstract for one in made.papers}, {one.title: one.abstract for one in PAPERS}
    assert [one.question.id for one in made.questions] == ["percent", "two", "again", "name", "comma", "scale"]
    for one in made.questions:
        (title,) = one.question.gold_titles
        for nugget, original in zip(one.question.nuggets, one.originals, strict=True):
            assert holds(nugget, new[title])
            assert not holds(nugget, old[title])
            assert holds(original, old[title])
            assert not holds(original, new[title])
        assert one.question.forbid == ()


@settings(max_examples=25)
@given(st.integers(0, 200))
def test_only_the_facts_change(seed):
    """Titles, ids and every word but the altered ones stay; papers that nobody asks about are the same."""
    made = counterfactual(QUESTIONS, PAPERS, seed)
    for old, new in zip(PAPERS, made.papers, strict=True):
        assert (old.id, old.title) == (new.id, new.title)
        changed = sum(a != b for a, b in zip(old.abstract.split(), new.abstract.split(), strict=True))
        assert changed == {ORCHARD.id: 3, HEARTH.id: 2, CALORIES.id: 1}.get(old.id, 0)


def test_numbers_keep_their_form():
    """Decimals, thousands commas and scale words stay, and a share stays a share."""
    for seed in range(30):
        made = {paper.id: paper.abstract for paper in counterfactual(QUESTIONS, PAPERS, seed).papers}
        share = re.search(r"keeps (\d+\.\d)% of its accuracy", made[ORCHARD.id])
        assert 0 < float(share.group(1)) <= 100
        assert re.search(r"stores \d{1,2},\d{3} object", made[HEARTH.id])
        assert re.search(r"A run of \d+ billion parameters", made[CALORIES.id])


def test_questions_on_one_fact_agree():
    """Two questions about the same number are altered to the same number."""
    made = {one.question.id: one.question.nuggets[0].value for one in counterfactual(QUESTIONS, PAPERS).questions}
    assert made["percent"] == made["again"]


def test_it_is_seeded():
    """The same seed gives the same copy; another gives another."""
    assert counterfactual(QUESTIONS, PAPERS, 4) == counterfactual(QUESTIONS, PAPERS, 4)
    assert len({counterfactual(QUESTIONS, PAPERS, seed).papers for seed in range(5)}) > 1


def test_a_name_in_the_title_is_not_altered():
    """The title stays, so it would give the original away."""
    made = counterfactual([question("title", HEARTH, string("Hearth"))], PAPERS)
    assert made.questions == ()
    assert made.papers == PAPERS


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("altered", Followed.ALTERED),
        ("original", Followed.ORIGINAL),
        ("both", Followed.ORIGINAL),
        ("", Followed.NEITHER),
    ],
)
def test_what_an_answer_follows(said, expected):
    """An answer with an original fact follows memory, even if it has the altered one too."""
    one = counterfactual(QUESTIONS, PAPERS).questions[0]
    texts = {
        "altered": f"It keeps {one.question.nuggets[0].value}% of it.",
        "original": "It keeps 97.5% of it.",
        "": "No.",
    }
    texts["both"] = f"{texts['altered']} {texts['original']}"
    assert followed(one, texts[said]) is expected
