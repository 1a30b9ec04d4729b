"""Tests of eval/questions.jsonl, the shipped questions: no leakage, sound facts, baselines that come out as they must.

The bounds are those of GROUNDING.md 3. A question that quotes is tagged `named` by its writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from conftest import ROOT

from eval.answering import Journal, ask_all, inquiries
from eval.answers import Outcome
from eval.baselines import Bm25, abstaining, always_abstain, oracle, shuffled, whole_abstract
from eval.evaluate import QUESTIONS
from eval.marking import Desk, Marked
from eval.matching import forbidden, holds
from eval.measures import rate
from eval.questions import CATEGORIES, check_against, load
from eval.schema import Question
from rag.library import STARTER, Library
from rag.model import Paper, Verdict
from rag.settings import Settings
from rag.sources import read
from rag.text import stem, terms, title_key, words

SET = load(QUESTIONS)
BASE = tuple(one for one in SET if one.variant is None)
UNTAGGED = tuple(one for one in SET if "named" not in one.tags)
CORPUS = ROOT.parent / "shared" / "corpus"
LONGEST_RUN = 4
MOST_COVERED = 0.6


@lru_cache(maxsize=1)
def starter() -> dict[str, Paper]:
    """Return the starter papers by the key of their title."""
    return {title_key(paper.title): paper for paper in read(STARTER) if isinstance(paper, Paper)}


@lru_cache(maxsize=1)
def corpus() -> dict[str, Paper]:
    """Return the real abstracts by the key of their title; skip the test where they are not."""
    if not CORPUS.is_dir():
        pytest.skip("the real abstracts are not here")
    found = (paper for path in sorted(CORPUS.glob("*.txt")) for paper in read(path) if isinstance(paper, Paper))
    return {title_key(paper.title): paper for paper in found}


@lru_cache(maxsize=1)
def desk() -> Desk:
    """Return what scores answers from the starter papers."""
    return Desk.of(list(starter().values()))


def gold(question: Question, papers: dict[str, Paper]) -> list[Paper]:
    """Return the gold papers of a question."""
    return [papers[title_key(title)] for title in question.gold_titles]


def runs(text: str, length: int = LONGEST_RUN) -> set[tuple[str, ...]]:
    """Return every run of so many words."""
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


@lru_cache
def headline(name: str) -> float:
    """Return the headline of one way of answering the whole set."""
    ways = {"oracle": oracle, "whole": whole_abstract, "abstain": always_abstain}
    marked = [desk().mark(one, reply) for one, reply in zip(SET, ways[name](SET, desk()), strict=True)]
    return rate([one.scored.parts["headline"] for one in marked]) or 0.0


def faulty(found: Iterator[tuple[str, object]]) -> list[tuple[str, object]]:
    """Return what a check found, to be shown when it is not empty."""
    return [(name, fault) for name, fault in found if fault]


# The set


def test_the_set_is_as_large_as_it_says() -> None:
    """180 base questions and 60 variants, 60 to 120 in the splits, give or take what keeps a paper in one."""
    assert (len(BASE), len(SET) - len(BASE)) == (180, 60)
    assert sum(one.split == "dev" for one in BASE) in range(55, 66)
    assert {one.split for one in SET} == {"dev", "test"}


@pytest.mark.parametrize("split", ["dev", "test"])
def test_each_split_has_every_category(split: str) -> None:
    """Thresholds are set on dev for all that test asks."""
    assert {one.category for one in BASE if one.split == split} == set(CATEGORIES)


def test_no_paper_is_in_both_splits() -> None:
    """Neither a gold paper nor a cluster: what is tuned on one would help the other."""
    for named in (lambda one: map(title_key, one.gold_titles), lambda one: [one.cluster_id]):
        by_split = {
            split: {name for one in SET if one.split == split for name in named(one)} for split in ("dev", "test")
        }
        assert by_split["dev"] & by_split["test"] == set()


def test_facts_hold_on_the_starter_papers() -> None:
    """Titles are exact, vital nuggets stand in a gold digest, forbidden values do not, no string is in its question."""
    assert check_against(SET, starter().values()) == ()


def test_facts_hold_on_the_real_abstracts() -> None:
    """The same questions can be asked of the papers' own abstracts."""
    papers = corpus()
    found = []
    for one in SET:
        abstracts = [papers[title_key(title)].abstract for title in one.gold_titles if title_key(title) in papers]
        if len(abstracts) < len(one.gold_titles):
            found.append((one.id, "a title is missing"))
        found += [
            (one.id, nugget.id) for nugget in one.vital if not any(holds(nugget, abstract) for abstract in abstracts)
        ]
        found += [(one.id, value) for abstract in abstracts for value in forbidden(one.forbid, abstract)]
    assert found == []


# Leakage


def quoting(papers: dict[str, Paper]) -> list[tuple[str, object]]:
    """Return the questions that share a run of four words with an abstract of their gold."""
    return faulty(
        (one.id, runs(one.question) & {run for paper in gold(one, papers) for run in runs(paper.abstract)})
        for one in UNTAGGED
    )


def test_no_question_quotes_its_digest() -> None:
    """No run of four words stands in question and gold digest, unless the question is tagged `named`."""
    assert quoting(starter()) == []


def test_no_question_quotes_the_real_abstract() -> None:
    """Nor in the papers' own abstracts."""
    assert quoting(corpus()) == []


def test_no_question_quotes_a_title() -> None:
    """A title of four words and more does not stand in a question, unless it is tagged `named`."""
    papers = starter()

    def quoted(one: Question) -> list[str]:
        asked = f" {' '.join(words(one.question))} "
        titles = [words(paper.title) for paper in gold(one, papers)]
        return [" ".join(run) for run in titles if len(run) >= LONGEST_RUN and f" {' '.join(run)} " in asked]

    assert faulty((one.id, quoted(one)) for one in UNTAGGED) == []


def coverage(question: Question, paper: Paper) -> float:
    """Return the share of a question's stemmed content words that stand in one paper, its title included."""
    asked = set(terms(question.question))
    return len(asked & set(terms(f"{paper.title} {paper.abstract}"))) / max(1, len(asked))


def test_questions_are_in_other_words() -> None:
    """At most 60 % of a question's content words stand in any gold paper, but for named ones and false premises.

    Papers are looked at one by one, as a search does: two works that are compared share the words of the question.
    """
    asked = [one for one in UNTAGGED if one.category != "false_premise"]
    shares = ((one.id, coverage(one, paper)) for one in asked for paper in gold(one, starter()))
    assert faulty((name, share if share > MOST_COVERED + 1e-9 else None) for name, share in shares) == []


def test_bm25_alone_finds_some_and_not_all() -> None:
    """Gold comes first for 50 to 70 % of the answerable base questions that stand alone."""
    papers = list(starter().values())
    index = Bm25([f"{paper.title} {paper.abstract}" for paper in papers])
    asked = [one for one in BASE if one.answerable and not one.history]
    first = [papers[place].id if (place := index.best(one.question)) is not None else "" for one in asked]
    hits = [paper in {held.id for held in gold(one, starter())} for one, paper in zip(asked, first, strict=True)]
    assert 0.5 <= sum(hits) / len(hits) <= 0.7


# Scoring


def test_the_oracle_has_full_marks() -> None:
    """The references with their gold papers come out right, every one."""
    marked = [desk().mark(one, reply) for one, reply in zip(SET, oracle(SET, desk()), strict=True)]
    wrong = [(one.question.id, one.scored.missed) for one in marked if one.scored.outcome is not Outcome.CORRECT]
    assert wrong == []
    assert headline("oracle") == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_shuffled_answers_score_nothing(seed: int) -> None:
    """Right answers to other questions are no better than silence."""
    replies = shuffled(SET, desk(), seed)
    marked = [desk().mark(one, reply) for one, reply in zip(SET, replies, strict=True)]
    assert (rate([one.scored.parts["headline"] for one in marked]) or 0.0) <= 0.0


def test_always_abstaining_scores_the_unanswerable() -> None:
    """26 of 240 questions have no answer."""
    assert sum(not one.answerable for one in SET) == 26
    assert headline("abstain") == pytest.approx(26 / 240)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> list[Marked]:
    """Return the answers of the starter library to the whole set, scored."""
    with Library.open(tmp_path_factory.mktemp("starter") / "library", create=True, settings=Settings()) as library:
        library.add(starter=True)
        given = ask_all(library, inquiries(SET), Journal())
    return [desk().mark(one, desk().read(given[one.id].answer)) for one in SET]


def test_offline_answers_quote_and_make_nothing_up(ours: list[Marked]) -> None:
    """Every sentence is word for word in its paper; no citation, number or title comes from nowhere."""
    verdicts = {one.found.verdict for marked in ours for one in marked.scored.checked}
    assert verdicts == {Verdict.VERBATIM}
    for name in ("fabricated_citation_rate", "failed_number_rate"):
        assert rate([one.scored.parts[name] for one in ours]) == 0.0
    assert rate([one.scored.parts["support_recall"] for one in ours]) == 1.0


def test_we_beat_a_dump_of_abstracts(ours: list[Marked]) -> None:
    """Choosing sentences is worth more than showing all of the first abstract."""
    assert (rate([one.scored.parts["headline"] for one in ours]) or 0.0) > headline("whole")


def test_a_dump_of_abstracts_does_not_win() -> None:
    """Citing the whole first abstract is far from the oracle, and scores less than saying nothing."""
    assert headline("whole") < headline("abstain") < headline("oracle")


def test_a_refusal_is_never_half_right() -> None:
    """Each question refused is worth 0 or 1, whatever its facts."""
    marked = [desk().mark(one, abstaining(one)) for one in SET]
    assert {one.scored.outcome for one in marked} == {Outcome.MISSING, Outcome.CORRECT}
    assert all((one.scored.outcome is Outcome.CORRECT) is not one.question.answerable for one in marked)


def test_stems_are_those_of_the_search() -> None:
    """The leakage bounds count what the search counts."""
    assert terms("weights of Transformers") == [stem("weights"), stem("transformers")]
