"""Tests of eval/beir.py: collections in BEIR format, with ir-measures as the oracle of every figure."""

import json
from pathlib import Path

import ir_measures
import pytest

from eval.beir import LEGS, MEASURES, evaluate, judge, read_collection, render
from rag.errors import SourceError
from tests.invented import PAPERS

SHARED = Path(__file__).parents[2] / "shared" / "collections"
QUERIES = {
    "q1": ("sparse routing for long documents", {"i0": 3, "i3": 1}),
    "q2": ("energy of training runs", {"i5": 2}),
    "q3": ("abstain on unanswerable questions", {"i7": 1, "i11": 1, "i2": 1}),
    "q4": ("?!", {"i1": 1}),
    "q5": ("household robots", {"i9": 0}),
}


def write(folder, papers, queries, qrels="test"):
    """Write a collection in BEIR format: `queries` maps ids to (text, grades)."""
    (folder / "qrels").mkdir(parents=True)
    corpus = [json.dumps({"_id": one.id, "title": one.title, "text": one.abstract}) for one in papers]
    (folder / "corpus.jsonl").write_text("\n".join(corpus) + "\n", encoding="utf-8")
    asked = [json.dumps({"_id": name, "text": text}) for name, (text, _) in queries.items()]
    (folder / "queries.jsonl").write_text("\n".join(asked) + "\n", encoding="utf-8")
    rows = [f"{name}\t{paper}\t{grade}" for name, (_, grades) in queries.items() for paper, grade in grades.items()]
    (folder / "qrels" / f"{qrels}.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n")
    return folder


def assert_equals_oracle(result, collection):
    """Assert that every figure is that of ir-measures, to 1e-9; a query without results counts 0."""
    names = {name: ir_measures.parse_measure(name.replace("MRR", "RR")) for name in MEASURES}
    qrels = [
        ir_measures.Qrel(query, paper, grade)
        for query, grades in collection.grades.items()
        for paper, grade in grades.items()
    ]
    for leg, ranking in result.rankings.items():
        run = [
            ir_measures.ScoredDoc(query, paper, -float(place))
            for query, papers in ranking.items()
            for place, paper in enumerate(papers)
        ]
        sums = dict.fromkeys(names, 0.0)
        for metric in ir_measures.iter_calc(names.values(), qrels, run):
            (name,) = (name for name, measure in names.items() if measure == metric.measure)
            sums[name] += metric.value
        for name in names:
            assert result.estimates[leg][name].value == pytest.approx(sums[name] / len(ranking), abs=1e-9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a small collection on disk."""
    return write(tmp_path_factory.mktemp("beir") / "small", PAPERS, QUERIES)


@pytest.fixture(scope="module")
def result(folder):
    """Return the figures of the small collection."""
    return evaluate(folder)


def test_a_collection_is_read(folder):
    """Only queries with a relevant paper are kept; the header and empty lines are none."""
    collection = read_collection(folder)
    assert list(collection.queries) == ["q1", "q2", "q3", "q4"]
    assert collection.grades["q1"] == {"i0": 3, "i3": 1}
    assert [paper.title for paper in collection.papers] == [paper.title for paper in PAPERS]
    assert list(read_collection(folder, limit=2).queries) == ["q1", "q2"]


def test_every_figure_equals_the_oracle(result, folder):
    """Three legs by four measures, graded relevance and a query that finds nothing included."""
    assert tuple(result.estimates) == LEGS
    assert (result.papers, result.queries) == (12, 4)
    assert_equals_oracle(result, read_collection(folder))


def test_what_cannot_be_searched_for_finds_nothing(result):
    """The query without a word has an empty ranking on every leg, and counts."""
    assert [result.rankings[leg]["q4"] for leg in LEGS] == [(), (), ()]
    assert result.estimates["hybrid"]["R@100"].n == 4


def test_the_legs_differ(result):
    """BM25 leaves out what shares no word with the query; the embedder ranks every paper."""
    assert result.rankings["bm25"]["q2"][0] == "i5"
    assert len(result.rankings["bm25"]["q2"]) < len(result.rankings["dense"]["q2"]) == len(PAPERS)


def test_hybrid_is_compared_with_each_leg(result):
    """Each difference is that of the estimates, with a p in 0..1."""
    assert set(result.differences) == {"bm25", "dense"}
    for leg, by in result.differences.items():
        for name, found in by.items():
            gain = result.estimates["hybrid"][name].value - result.estimates[leg][name].value
            assert found.value == pytest.approx(gain)
            assert 0 < found.p <= 1


def test_figures_by_hand(folder):
    """A ranking given by hand: q1 finds its grade 1 first and its grade 3 third, the others nothing."""
    collection = read_collection(folder)
    nothing = dict.fromkeys(collection.queries, ())
    found = judge(collection, {"hybrid": nothing | {"q1": ("i3", "x", "i0")}})
    ndcg = (1 + 3 / 2) / (3 + 1 / 1.5849625007211562)
    assert found.estimates["hybrid"]["nDCG@10"].value == pytest.approx(ndcg / 4)
    assert found.estimates["hybrid"]["MRR@10"].value == 0.25
    assert found.differences == {}


def test_the_result_is_shown_as_a_table(result):
    """One line a leg and one a comparison, under the names of the measures."""
    lines = render(result).splitlines()
    assert lines[0] == "12 papers, 4 queries"
    assert lines[2].split() == list(MEASURES)
    assert [line.split("  ")[0] for line in lines[3:]] == [*LEGS, "hybrid - bm25", "hybrid - dense"]
    assert f"{result.estimates['dense']['nDCG@10'].value:.4f}" in lines[4]
    assert all(line.count(" p ") == len(MEASURES) for line in lines[6:])


def test_a_library_folder_is_kept_and_used_again(folder, tmp_path, result):
    """The second run finds the papers there and gives the same rankings."""
    home = tmp_path / "library"
    first = evaluate(folder, library=home)
    told = []
    assert evaluate(folder, library=home, progress=told.append).rankings == first.rankings == result.rankings
    assert (home / "catalogue.sqlite").is_file()
    assert told[0] == "indexing 12 papers"


def test_other_qrels_can_be_named(tmp_path):
    """Without a test file all there are count; a name picks one."""
    folder = write(tmp_path / "c", PAPERS, QUERIES, qrels="train")
    assert list(read_collection(folder).queries) == list(read_collection(folder, "train").queries)
    with pytest.raises(SourceError, match=r"no qrels/dev\.tsv"):
        read_collection(folder, "dev")


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("corpus.jsonl", '{"_id": "a"}', "line 1: not a JSON object with _id and text"),
        ("queries.jsonl", "[]", "line 1: not a JSON object"),
        ("qrels/test.tsv", "q\tc\ts\nq1\ti0\tx\n", "line 2: not a query id"),
        ("qrels/test.tsv", "q\tc\ts\nq1\ti0\t0\n", "no query with a relevant paper"),
    ],
)
def test_a_broken_collection_is_told(tmp_path, name, text, fault):
    """File, line and fault stand in the message."""
    folder = write(tmp_path / "c", PAPERS, QUERIES)
    (folder / name).write_text(text)
    with pytest.raises(SourceError, match=fault):
        read_collection(folder)


def test_a_missing_collection_is_told(tmp_path):
    """A folder without a corpus is no collection."""
    with pytest.raises(SourceError, match="cannot be read"):
        read_collection(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared collections are not there")
@pytest.mark.parametrize("name", ["cranfield", "scifact"])
def test_a_public_collection_equals_the_oracle(name, tmp_path):
    """A part of it, for time: twelve queries, what is relevant to them, and 150 other papers."""
    whole = read_collection(SHARED / name, limit=12)
    relevant = {paper for grades in whole.grades.values() for paper in grades}
    others = [paper for paper in whole.papers if paper.id not in relevant][:150]
    papers = [paper for paper in whole.papers if paper.id in relevant] + others
    queries = {query: (text, whole.grades[query]) for query, text in whole.queries.items()}
    part = write(tmp_path / "part", papers, queries)
    result = evaluate(part)
    assert result.papers == len(papers)
    assert result.estimates["hybrid"]["nDCG@10"].value > 0.4
    assert_equals_oracle(result, read_collection(part))
