"""Tests of eval/schema.py: what a question is, and how a faulty one is refused."""

import json
from dataclasses import FrozenInstanceError

import pytest

from eval.schema import CATEGORIES, QuestionsError, parse

NUMBER = {"id": "n1", "type": "number", "value": 28.4, "tol": 0.05, "unit": ["BLEU"], "vital": True}
PLAIN = {
    "id": "num-1", "category": "numeric", "answerable": True, "history": [], "question": "How high is the score?",
    "reference": "28.4 BLEU.", "gold": [["Exact title"]], "ok_papers": [], "nuggets": [NUMBER], "forbid": ["41.8"],
    "unanswerable_reason": None, "cluster_id": "c1", "variant_of": None, "variant": None,
}  # fmt: skip
REFUSED = {
    "answerable": False, "category": "near_miss", "gold": [], "nuggets": [], "forbid": [],
    "unanswerable_reason": "not in the abstract",
}  # fmt: skip


def line(**changes):
    """Return a question as a line of JSON, some of its fields changed; None as name's value stays null."""
    return json.dumps(PLAIN | changes)


def test_a_whole_question_is_read():
    """Every field arrives, tuples stand for lists, and the optional ones may be left out."""
    question = parse(line(history=[{"role": "user", "content": "Hello"}], gold=[["A"], ["B", "C"]]))
    assert question.id == "num-1"
    assert question.gold == (("A",), ("B", "C"))
    assert question.gold_titles == ("A", "B", "C")
    assert question.messages == [{"role": "user", "content": "Hello"}]
    assert question.nuggets[0].value == 28.4
    assert question.nuggets[0].unit == ("BLEU",)
    assert (question.split, question.tags, question.readers) == (None, (), None)


def test_extra_notes_are_allowed():
    """Tags, readers and the split are known fields."""
    question = parse(line(tags=["named"], readers=2, split="dev"))
    assert (question.tags, question.readers, question.split) == (("named",), 2, "dev")


def test_vital_and_okay_nuggets_are_told_apart():
    """A nugget is one or the other."""
    other = {"id": "n2", "type": "string", "any_of": ["smoothing"], "vital": False}
    question = parse(line(nuggets=[NUMBER, other]))
    assert [nugget.id for nugget in question.vital] == ["n1"]
    assert [nugget.id for nugget in question.okay] == ["n2"]


def test_questions_are_frozen():
    """A question that was read cannot be changed."""
    with pytest.raises(FrozenInstanceError):
        parse(line()).id = "other"


def test_an_unanswerable_question_is_read():
    """It has neither gold nor nuggets, but a reason."""
    assert not parse(line(**REFUSED)).answerable


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "bad JSON"),
        ("[1]", "the line is [1]"),
        (json.dumps({key: value for key, value in PLAIN.items() if key != "gold"}), "missing field 'gold'"),
        (line(colour="red"), "unknown field 'colour'"),
        (line(category="riddle"), "category is 'riddle'"),
        (line(answerable="yes"), "answerable is 'yes'"),
        (line(id=7), "id is 7"),
        (line(id=" "), "'id' is empty"),
        (line(question="?!"), "no word"),
        (line(history=[{"role": "robot", "content": "x"}]), "history.0.role is 'robot'"),
        (line(gold=[[]]), "empty group"),
        (line(gold=[["Exact title"], ["exact  TITLE"]]), "one title twice"),
        (line(ok_papers=["Exact title"]), "in 'gold' and in 'ok_papers'"),
        (line(forbid=["%"]), "'forbid'"),
        (line(nuggets=[NUMBER, NUMBER]), "two nuggets have one id"),
        (line(nuggets=[]), "needs a vital nugget"),
        (line(gold=[]), "needs gold"),
        (line(variant="paraphrase"), "go together"),
        (line(category="near_miss"), "cannot be answerable"),
        (line(**(REFUSED | {"unanswerable_reason": None})), "needs an 'unanswerable_reason'"),
        (line(**(REFUSED | {"nuggets": [NUMBER]})), "neither nuggets nor gold"),
    ],
)
def test_a_faulty_question_is_refused_by_name(text, fault):
    """The message names the field and what is wrong with it."""
    with pytest.raises(QuestionsError) as error:
        parse(text)
    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("nugget", "fault"),
    [
        ({"type": "string"}, "either 'any_of' or 'all_of'"),
        ({"type": "string", "any_of": ["a"], "all_of": ["b"]}, "either 'any_of' or 'all_of'"),
        ({"type": "string", "any_of": ["--"]}, "without a word"),
        ({"type": "string", "any_of": "label"}, "nuggets.0.any_of is 'label'"),
        ({"type": "string", "any_of": ["a"], "pattern": "b"}, "fields of a regex"),
        ({"type": "number"}, "finite 'value'"),
        ({"type": "number", "value": 1.0, "tol": -1}, "'tol' of 0 or more"),
        ({"type": "number", "value": 1.0, "unit": [" "]}, "empty unit"),
        ({"type": "number", "value": 1.0, "any_of": ["one"]}, "fields of a string"),
        ({"type": "regex"}, "needs a 'pattern'"),
        ({"type": "regex", "pattern": "x*"}, "empty text does not match"),
        ({"type": "regex", "pattern": "("}, "bad pattern"),
        ({"type": "poem"}, "nuggets.0.type is 'poem'"),
        ({"type": "regex", "pattern": "a", "weight": 2}, "unknown field 'nuggets.0.weight'"),
    ],
)
def test_a_bad_nugget_is_refused_by_name(nugget, fault):
    """The message names the nugget or its place."""
    with pytest.raises(QuestionsError) as error:
        parse(line(nuggets=[{"id": "n1", "vital": True, **nugget}]))
    assert fault in str(error.value)


def test_all_faults_of_a_line_are_told_together():
    """Nobody should have to run the reader once for every mistake."""
    with pytest.raises(QuestionsError) as error:
        parse(line(id="", cluster_id="", nuggets=[]))
    assert all(name in str(error.value) for name in ("'id'", "'cluster_id'", "vital nugget"))


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_is_known(category):
    """Each name of `CATEGORIES` is accepted by the type."""
    changes = REFUSED | {"category": category} if category in {"near_miss", "out_of_domain"} else {"category": category}
    assert parse(line(**changes)).category == category
