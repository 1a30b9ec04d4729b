"""Tests of the measures of eval/ (retrieval, citations, answers, agreement) and of all of them on one answer."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.agreement import jaccard, paired_change, verdict_consistency
from eval.answers import (
    POINTS,
    Outcome,
    abstention_f1,
    abstention_precision,
    abstention_recall,
    nugget_recall,
    outcome,
    over_refusal,
    points,
    refusal_rate,
    sentence_density,
)
from eval.citations import (
    Claim,
    citation_f1,
    citation_precision,
    citation_recall,
    fabricated,
    failed_values,
    support_precision,
    support_recall,
    supports,
)
from eval.measures import METRICS, measure, rate
from eval.questions import gold_of, title_ids
from eval.reply import Reply
from eval.retrieval import Judged, judge_grades, judge_groups, ndcg, recall, reciprocal_rank
from eval.schema import Nugget, Question, QuestionsError
from rag.model import Draft, DraftSentence, Evidence, Passage
from rag.text import title_key
from rag.verify import verify
from tests.invented import PAPERS

A, B, C = (frozenset({name}) for name in "abc")

# Retrieval


def test_retrieval_by_hand():
    """Gold a and c, ranking b a c: gains 0 1 1, and the figures follow from the definitions."""
    judged = judge_groups(["b", "a", "c"], [A, C])
    assert judged == Judged((0.0, 1.0, 1.0), (1.0, 1.0))
    assert recall(judged, 1) == 0.0
    assert recall(judged, 2) == 0.5
    assert recall(judged, 5) == 1.0
    assert reciprocal_rank(judged, 10) == 0.5
    assert reciprocal_rank(judged, 1) == 0.0
    assert ndcg(judged, 10) == pytest.approx((1 / math.log2(3) + 1 / 2) / (1 + 1 / math.log2(3)))


def test_an_or_group_is_one_relevant_thing():
    """Of {a, b} the first found gains; the second gains nothing and takes up a place; c is a group of its own."""
    judged = judge_groups(["b", "a", "c"], [A | B, C])
    assert judged.gains == (1.0, 0.0, 1.0)
    assert recall(judged, 2) == 0.5
    assert ndcg(judged, 10) == pytest.approx((1 + 1 / 2) / (1 + 1 / math.log2(3)))


def test_grades_by_hand():
    """Gain is linear: grades 3 and 1 found at ranks 2 and 1; 0 and less are not relevant; a duplicate is left out."""
    judged = judge_grades(["x", "x", "y", "z"], {"x": 1, "y": 3, "z": -1, "w": 0, "v": 2})
    assert judged == Judged((1.0, 3.0, 0.0), (3.0, 2.0, 1.0))
    assert ndcg(judged, 2) == pytest.approx((1 + 3 / math.log2(3)) / (3 + 2 / math.log2(3)))
    assert recall(judged, 10) == pytest.approx(2 / 3)


def test_nothing_relevant_is_left_out_and_nothing_found_is_zero():
    """Unanswerable questions have no figure; an empty ranking has 0; a group without papers cannot be found."""
    assert [of(judge_groups(["a"], []), 10) for of in (recall, reciprocal_rank, ndcg)] == [None, None, None]
    assert [of(judge_groups([], [A]), 10) for of in (recall, reciprocal_rank, ndcg)] == [0.0, 0.0, 0.0]
    assert recall(judge_groups(["a"], [A, frozenset()]), 10) == 0.5


RANKINGS = st.lists(st.sampled_from([f"d{n}" for n in range(12)]), unique=True, max_size=12)
GRADES = st.dictionaries(st.sampled_from([f"d{n}" for n in range(12)]), st.integers(0, 3), min_size=1)


@given(RANKINGS, GRADES.filter(lambda grades: any(grades.values())), st.sampled_from([1, 5, 10]))
def test_retrieval_equals_ir_measures(ranked, grades, k):
    """The oracle is ir-measures, to 1e-9."""
    import ir_measures

    judged = judge_grades(ranked, grades)
    qrels = [ir_measures.Qrel("q", name, grade) for name, grade in grades.items()]
    run = [ir_measures.ScoredDoc("q", name, -float(place)) for place, name in enumerate(ranked)]
    wanted = [ir_measures.nDCG @ k, ir_measures.R @ k, ir_measures.RR @ k]
    oracle = ir_measures.calc_aggregate(wanted, qrels, run) if run else dict.fromkeys(wanted, 0.0)
    ours = [ndcg(judged, k), recall(judged, k), reciprocal_rank(judged, k)]
    assert ours == pytest.approx([oracle[name] for name in wanted], abs=1e-9)


@given(RANKINGS, st.sets(st.sampled_from([f"d{n}" for n in range(12)]), min_size=1), st.integers(1, 12))
def test_groups_of_one_are_binary_relevance(ranked, gold, k):
    """With one paper a group, groups and grades agree, and every figure lies in 0..1."""
    groups = judge_groups(ranked, [frozenset({name}) for name in sorted(gold)])
    assert groups == judge_grades(ranked, dict.fromkeys(gold, 1))
    assert all(0.0 <= of(groups, k) <= 1.0 for of in (recall, reciprocal_rank, ndcg))


# Citations against gold


def test_citation_figures_by_hand():
    """Gold {a or b} and {c}; cited a, b, x and the neutral n: 2 of 3 are gold, 1 of 2 groups is met."""
    groups, cited = [A | B, C], ["a", "b", "x", "n"]
    assert citation_precision(cited, groups, {"n"}) == pytest.approx(2 / 3)
    assert citation_recall(cited, groups) == 0.5
    assert citation_f1(cited, groups, {"n"}) == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))


def test_citation_figures_at_the_edges():
    """Nothing counted has no precision but an F1 of 0; without gold there is neither recall nor F1."""
    assert citation_precision(["n"], [A], {"n"}) is None
    assert citation_f1(["n"], [A], {"n"}) == 0.0
    assert citation_f1(["x"], [A], set()) == 0.0
    assert citation_recall([], [A]) == 0.0
    assert (citation_recall(["a"], []), citation_f1(["a"], [], set())) == (None, None)


# Citations against what the papers say

TIDE, PEBBLE, JUDGES = PAPERS[:3]
FACT = "Training of Tidewater is 2.4 times faster than dense attention on 16 GPUs."
BOTH = (
    "Tidewater outperforms Marlowe-XL on the Harbour benchmark by 6.3 points, "
    "whereas Pebble quantises the weights of Echolalia-300M to 3 bits per weight."
)


def test_support_by_hand():
    """Two supported sentences of three claims; of four citations, one is not needed and one supports nothing."""
    claims = [
        Claim(FACT, (TIDE, JUDGES)),  # Tidewater alone supports it: the second citation is idle
        Claim("Pebble reduces memory by 78% for speech models.", (PEBBLE,)),
        Claim("Small judges agree with human raters in 99% of cases.", (JUDGES,)),
        Claim("In short:", ()),
    ]
    checked = supports(claims)
    assert [one.is_claim for one in checked] == [True, True, True, False]
    assert [one.is_supported for one in checked[:3]] == [True, True, False]
    assert [one.needed for one in checked[:3]] == [(True, False), (True,), (False,)]
    assert support_recall(checked) == pytest.approx(2 / 3)
    assert support_precision(checked) == pytest.approx(2 / 4)


def test_two_papers_may_be_needed_together():
    """Neither paper holds the whole sentence: leaving either out breaks it, so both are needed."""
    (one,) = supports([Claim(BOTH, (TIDE, PEBBLE))])
    assert one.is_supported
    assert one.needed == (True, True)


def test_support_without_citations_and_without_claims():
    """Uncited claims have recall and precision 0, as in ALCE; without claims there is no figure."""
    checked = supports([Claim(FACT)])
    assert (support_recall(checked), support_precision(checked)) == (0.0, 0.0)
    assert (support_recall(()), support_precision(())) == (None, None)


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        (Claim(FACT, (TIDE,)), False),
        (Claim(FACT.replace("2.4", "3.1"), (TIDE,)), True),
        (Claim("Yes, 99%.", (TIDE,)), True),
        (Claim("Yes, 16.", (TIDE,)), False),
        (Claim(FACT), True),
        (Claim("Nobody knows whether sparse routing helps speech models on phones."), False),
        (Claim("Volcanic islands erode quickly under monsoon rain.", (TIDE,)), False),
        (Claim("Tidewater outperforms Zanzibar-9 on the Harbour benchmark by 6.3 points.", (TIDE,)), False),
    ],
)
def test_numbers_that_the_cited_text_lacks_are_failed(claim, fails):
    """A swapped or an uncited number fails; too few common words, or a wrong name, is no failed number."""
    assert failed_values(supports([claim])) == ((claim.text,) if fails else ())


KNOWN = frozenset(title_key(paper.title) for paper in PAPERS)


def made_up(text, cited=(), numbers=(1,), context=""):
    """Return what is fabricated in a text."""
    return fabricated(text, cited=cited, numbers=numbers, known=KNOWN, context=context)


@pytest.mark.parametrize(
    "text",
    [
        "Tidewater is fast [1].",
        'As "Pebble: Quantising Speech Models to Three Bits" says [1].',
        'As "Quantising Speech Models to Three Bits" says, "Gradient Postcards for Federated" helps.',
        'They call it "a very plain method that works".',
        "Sources:\n[1] Do Small Judges Agree with Large Ones?\n[2] Doe, Hearth: Memory for Household Robots, 2024",
        "It takes [0.3, 0.5] as its range.",
    ],
)
def test_what_is_there_is_not_fabricated(text):
    """Titles in full or from their beginning, plain quotes, and brackets that are no markers."""
    known = KNOWN | {title_key("Quantising Speech Models to Three Bits")}
    assert fabricated(text, cited=[TIDE.title], numbers={1, 2}, known=known) == ()


def test_what_is_not_there_is_fabricated():
    """A cited title, a marker, an entry of the source list and a quoted title that no paper has."""
    assert made_up("Fine.", cited=["No Such Paper At All"]) == ("No Such Paper At All",)
    assert made_up("It is fast [1, 7].") == ("[7]",)
    assert made_up('As "Invisible Gardens of the Deep Web" shows [1].') == ("Invisible Gardens of the Deep Web",)
    assert made_up("As *Invisible Gardens of the Deep Web* shows.") == ("Invisible Gardens of the Deep Web",)
    assert made_up("It is so.\nSources:\n[1] Invisible gardens of the deep web") == (
        "Invisible gardens of the deep web",
    )


def test_a_quote_from_the_cited_text_is_not_fabricated():
    """What the cited paper or the question itself writes like a title is a quote."""
    text = 'The "Great Barrier Reef Acoustic Survey" is used.'
    assert made_up(text) == ("Great Barrier Reef Acoustic Survey",)
    assert made_up(text, context="We use the Great Barrier Reef acoustic survey.") == ()


# What an answer says

FAST = Nugget("n1", "number", vital=True, value=2.4)
CHIPS = Nugget("n2", "number", vital=True, value=16, unit=("GPU",))
NAME = Nugget("n3", "string", vital=False, any_of=("Harbour",))


def test_nugget_recall_by_hand():
    """One of two facts is half."""
    assert nugget_recall([FAST, CHIPS], "It is 2.4 times faster.") == 0.5
    assert nugget_recall([FAST, CHIPS], FACT) == 1.0
    assert nugget_recall([], FACT) is None


def test_sentence_density_by_hand():
    """One of three sentences holds a fact that was asked for."""
    assert sentence_density([FAST], "It is 2.4 times faster. It is nice. It is new.") == pytest.approx(1 / 3)
    assert sentence_density([], FACT) is None
    assert sentence_density([FAST], "") is None


# Five questions (answerable, abstained): one kept, one over-refused, two rightly refused, one wrongly answered.
FIVE = [(True, False), (True, True), (False, True), (False, True), (False, False)]


@pytest.mark.parametrize(
    ("measured", "value"),
    [
        (abstention_precision, 2 / 3),
        (abstention_recall, 2 / 3),
        (abstention_f1, 2 / 3),
        (over_refusal, 1 / 2),
    ],
)
def test_abstention_by_hand(measured, value):
    """TP 2, FP 1, FN 1 and one of two answerable questions refused."""
    parts = [measured(answerable=answerable, abstained=abstained) for answerable, abstained in FIVE]
    assert rate(parts) == pytest.approx(value)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_f1_is_the_harmonic_mean(flags):
    """The ratio of sums equals 2 PR / (P + R) wherever that is defined."""
    p, r, f1 = (
        rate([of(answerable=answerable, abstained=abstained) for answerable, abstained in flags])
        for of in (abstention_precision, abstention_recall, abstention_f1)
    )
    if p and r:
        assert f1 == pytest.approx(2 * p * r / (p + r))
    else:
        assert not f1


def test_refusal_rate_counts_its_own_kind_only():
    """Near misses and questions out of domain are told apart."""
    kinds = [("near_miss", True), ("near_miss", False), ("out_of_domain", True)]
    parts = [
        refusal_rate("near_miss", category=kind, answerable=False, abstained=abstained) for kind, abstained in kinds
    ]
    assert rate(parts) == 0.5
    assert refusal_rate("near_miss", category="single", answerable=True, abstained=True) == (0.0, 0.0)


def became(**changes):
    """Return the outcome of a perfect answer to an answerable question, with changes."""
    perfect = {
        "category": "single", "answerable": True, "abstained": False,
        "vital": 1.0, "grounded": True, "gold_cited": True,
    }  # fmt: skip
    return outcome(**(perfect | changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Outcome.CORRECT),
        ({"vital": 0.5}, Outcome.PARTIAL),
        ({"vital": 0.49}, Outcome.WRONG),
        ({"vital": 0.0}, Outcome.WRONG),
        ({"grounded": False}, Outcome.WRONG),
        ({"gold_cited": False}, Outcome.WRONG),
        ({"vital": 0.5, "gold_cited": False}, Outcome.WRONG),
        ({"abstained": True, "vital": 0.0}, Outcome.MISSING),
        ({"category": "false_premise"}, Outcome.CORRECT),
        ({"category": "false_premise", "vital": 0.5}, Outcome.WRONG),
        ({"category": "false_premise", "abstained": True}, Outcome.MISSING),
        ({"category": "near_miss", "answerable": False, "abstained": True, "vital": None}, Outcome.CORRECT),
        ({"category": "near_miss", "answerable": False, "vital": None}, Outcome.WRONG),
    ],
)
def test_the_headline_as_it_is_written(changes, expected):
    """Each clause of the definition."""
    assert became(**changes) is expected


def test_points_of_the_headline():
    """+1, +.5, 0, -1; without credit, only the abstention that was due is worth 0."""
    assert [POINTS[one] for one in Outcome] == [1.0, 0.5, 0.0, -1.0]
    assert points(Outcome.CORRECT, answerable=False, credit_abstention=False) == 0.0
    assert points(Outcome.CORRECT, answerable=True, credit_abstention=False) == 1.0
    assert points(Outcome.WRONG, answerable=False, credit_abstention=False) == -1.0


# Agreement


def test_agreement_by_hand():
    """Half of the score lost on one of two, one of two outcomes kept, one of three papers shared."""
    assert paired_change([(1.0, 0.5), (1.0, 1.0)]) == -0.25
    assert verdict_consistency([(Outcome.WRONG, Outcome.WRONG), (Outcome.CORRECT, Outcome.PARTIAL)]) == 0.5
    assert jaccard({"a", "b"}, {"b", "c"}) == pytest.approx(1 / 3)
    assert jaccard(set(), set()) == 1.0
    assert (paired_change([]), verdict_consistency([])) == (None, None)


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_laws_of_jaccard(left, right):
    """It is symmetric, in 0..1, and 1 for equal sets only."""
    assert jaccard(left, right) == jaccard(right, left)
    assert (jaccard(left, right) == 1.0) == (left == right)


# All of them on one answer

QUESTION = Question(
    id="q1", category="numeric", answerable=True, history=(), question="How much quicker does the router train?",
    reference="", gold=((TIDE.title,),), ok_papers=(JUDGES.title,), nuggets=(FAST, CHIPS, NAME), forbid=("3.1",),
    unanswerable_reason=None, cluster_id="c", variant_of=None, variant=None,
)  # fmt: skip
EVIDENCE = [
    Evidence(paper, Passage(paper.id, 0, 0, len(paper.abstract)), rank, 1.0 / rank, {"lexical": 1.0, "dense": 0.5})
    for rank, paper in enumerate((PEBBLE, TIDE, JUDGES), start=1)
]
ALL = {paper.id: paper for paper in PAPERS}


def answered(*sentences):
    """Return the answer that `verify` makes of (text, places in the evidence)."""
    draft = Draft(tuple(DraftSentence(text, tuple(EVIDENCE[at] for at in places)) for text, places in sentences))
    return verify(draft, EVIDENCE, question=QUESTION.question)


def scored(answer, question=QUESTION):
    """Score an answer against the invented library."""
    return measure(question, Reply.of(answer), gold_of(question, title_ids(PAPERS)), KNOWN)


def rates(done):
    """Return the metrics that apply to one question."""
    return {name: rate([part]) for name, part in done.parts.items() if part[1]}


GOOD = answered((FACT, (1,)))


def test_a_good_answer_scores_full_marks():
    """All vital facts, the gold paper, nothing made up; the okay fact is missed."""
    done = scored(GOOD)
    found = rates(done)
    assert done.outcome is Outcome.CORRECT
    assert done.missed == ("n3",)
    assert done.body == FACT
    ones = ("headline", "citation_f1", "support_recall", "support_precision", "nugget_recall_vital", "sentence_density")
    assert all(found[name] == 1.0 for name in ones)
    assert (found["recall_at_1"], found["recall_at_5"], found["mrr_at_10"]) == (0.0, 1.0, 0.5)
    assert (found["nugget_recall_okay"], found["over_refusal"], found["words"]) == (0.0, 0.0, 13.0)
    assert (found["fabricated_citation_rate"], found["failed_number_rate"], found["forbidden_value_rate"]) == (0, 0, 0)
    assert "recall_at_100" not in found
    assert "abstention_precision" not in found


def test_every_metric_is_given_in_order():
    """The parts of a question are those of `METRICS`, and each name stands once."""
    assert list(scored(GOOD).parts) == [metric.name for metric in METRICS]
    assert len({metric.name for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ([("Training of the router is 2.4 times faster than dense attention.", (1,))], Outcome.PARTIAL),
        ([(FACT, (1,)), (FACT.replace("2.4", "5.5"), (1,))], Outcome.WRONG),
        ([(FACT, (1,)), ("It is not 3.1.", (1,))], Outcome.WRONG),
        ([(FACT, (0,))], Outcome.WRONG),
        ([(FACT, (1,)), ('See "Invisible Gardens of the Deep Web" for more of it.', (1,))], Outcome.WRONG),
    ],
)
def test_what_spoils_an_answer(sentences, expected):
    """A missing fact, a failed number, a forbidden value, no gold paper, a title that no paper has."""
    assert scored(answered(*sentences)).outcome is expected


def test_facts_past_the_first_150_words_do_not_count():
    """Dumping text in front of the fact must not win."""
    padding = "Tidewater reads long documents with a routing layer that is robust to noisy input. " * 12
    done = scored(answered((padding + FACT, (1,))))
    assert done.missed == ("n1", "n2", "n3")
    assert done.outcome is Outcome.WRONG


def test_an_abstention_is_missing_on_the_answerable_and_right_on_the_rest():
    """What a refusal says is never read as an answer, nor the papers it names as citations."""
    refusal = verify(Draft((), reason="Nothing was found."), EVIDENCE, question=QUESTION.question)
    unanswerable = replace(
        QUESTION, category="near_miss", answerable=False, gold=(), nuggets=(), forbid=(), unanswerable_reason="omitted"
    )
    missing, right = scored(refusal), scored(refusal, unanswerable)
    assert (missing.outcome, right.outcome) == (Outcome.MISSING, Outcome.CORRECT)
    assert rates(missing)["citation_recall"] == rates(missing)["nugget_recall_vital"] == 0.0
    assert rates(missing)["over_refusal"] == 1.0
    assert "support_recall" not in rates(missing)
    assert "fabricated_citation_rate" not in rates(missing)
    found = rates(right)
    assert (found["refusal_near_miss"], found["headline"], found["headline_uncredited"]) == (1.0, 1.0, 0.0)
    assert not {"recall_at_1", "citation_recall", "nugget_recall_vital", "over_refusal"} & set(found)
    assert scored(GOOD, unanswerable).outcome is Outcome.WRONG


def test_a_longer_ranking_may_be_given():
    """Recall at 100 is given when 100 results were asked for."""
    ranked = [f"x{n}" for n in range(60)] + [TIDE.id]
    reply = Reply.of(GOOD, ranked)
    done = measure(QUESTION, reply, gold_of(QUESTION, title_ids(PAPERS)), KNOWN, depth=100)
    assert (rates(done)["recall_at_10"], rates(done)["recall_at_100"]) == (0.0, 1.0)


def test_a_reply_is_the_same_from_the_answer_and_from_its_json():
    """What `run.json` keeps is enough to score it again."""
    answer = answered((FACT, (1,)), ("Pebble reduces memory by 78%.", (0, 1)))
    reply = Reply.of(answer)
    assert reply == Reply.from_dict(answer.to_dict(), ALL)
    assert reply.cited_ids == (TIDE.id, PEBBLE.id)
    assert reply.retrieved == (PEBBLE.id, TIDE.id, JUDGES.id)
    assert reply.claims[1].cited == (PEBBLE, TIDE)


def test_a_reply_of_another_library_is_refused():
    """A citation of a paper that is not there cannot be checked."""
    with pytest.raises(QuestionsError, match="does not hold"):
        Reply.from_dict(GOOD.to_dict(), {})


def test_rate_is_a_ratio_of_sums():
    """(1 + 0) / (1 + 3), and nothing of nothing."""
    assert rate([(1.0, 1.0), (0.0, 3.0)]) == 0.25
    assert rate([(0.0, 0.0)]) is None
