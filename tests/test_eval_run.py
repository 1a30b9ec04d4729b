"""Tests of eval/run.py and eval/session.py: every command, every exit code, what is written and what is said."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from asked import SET, rag_eval, ran, refused, timeless, write_set
from commands import ended
from conftest import ROOT, STACK

from eval.answering import JOURNAL
from eval.record import dumped, load_run
from rag.library import Library
from rag.settings import Settings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a library of STACK, the questions about it, and a finished run `a`; only to be read."""
    place = tmp_path_factory.mktemp("evaluated")
    with Library.open(place / "library", create=True, settings=Settings()) as library:
        library.add(*STACK)
    write_set(place / "q.jsonl")
    ran("--questions", place / "q.jsonl", "--library", place / "library", out=place / "a")
    return place


@pytest.fixture
def given(home: Path) -> list[object]:
    """Return the options that name questions and library."""
    return ["--questions", home / "q.jsonl", "--library", home / "library"]


def altered(home: Path, path: Path, **headlines: float) -> Path:
    """Write the finished run with other headlines for some questions, each question a cluster of its own."""
    told = json.loads((home / "a" / "run.json").read_text())
    for row in told["rows"]:
        row["scores"]["headline"] = headlines.get(row["id"], row["scores"]["headline"])
        row["cluster_id"] = row["id"]
    path.write_text(dumped(told))
    return path


def test_a_run_writes_four_files_and_nothing_else(home: Path) -> None:
    """The answers that were kept for going on are let go once the run is whole."""
    assert sorted(path.name for path in (home / "a").iterdir()) == ["junit.xml", "report.html", "report.md", "run.json"]


def test_what_a_run_holds(home: Path) -> None:
    """Every question has its row; figures are of base questions, variants are in the slices."""
    run = load_run(home / "a" / "run.json")
    assert [row.id for row in run.rows] == [question.id for question in SET]
    assert {split: of["headline"].n for split, of in run.aggregates.items()} == {"all": 9, "dev": 3, "test": 6}
    assert set(run.slices) == {"paraphrase", "follow_up", "typos", "counterfactual", "poison"}
    assert set(run.baselines) == {"always_abstain", "top_sentence", "whole_abstract", "oracle"}
    assert (run.totals.correct, run.totals.wrong) == (8, 1)
    assert {row.id: row.why for row in run.rows}["rate"] == "answered, although the papers do not say it"
    assert run.library["papers"] == len(STACK)
    assert run.questions | {"hash": ""} == {"name": "q.jsonl", "hash": "", "n": 11, "partial": False, "sampled": False}


def test_nothing_secret_stands_in_a_run(
    home: Path, given: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a key nor an address nor a folder of this machine is written."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://10.1.2.3/v1")
    ran(*given, "--no-slices", out=tmp_path / "b")
    for path in (tmp_path / "b").iterdir():
        text = path.read_text()
        assert [secret for secret in ("sk-very-secret", "10.1.2.3", str(home)) if secret in text] == []


def test_the_same_seed_gives_the_same_run(home: Path, given: list[object], tmp_path: Path) -> None:
    """All of run.json but for times; slices and intervals too."""
    again = ran(*given, out=tmp_path / "b")
    assert timeless(again) == timeless(load_run(home / "a" / "run.json"))


def test_the_last_line_is_like_that_of_pytest(given: list[object], tmp_path: Path) -> None:
    """Counts and seconds, on stdout, at the end."""
    code, out, told = rag_eval("run", *given, "--no-slices", "--resamples", 100, "--out", tmp_path / "b")
    assert code == 0
    assert re.fullmatch(r"8 correct, 0 partial, 0 missing, 1 wrong in \d+s", out.splitlines()[-1])
    assert f"the report is in {tmp_path / 'b' / 'report.html'}" in told


def test_filters_choose_questions(given: list[object], tmp_path: Path) -> None:
    """Ids, category and split each narrow; the run then says that it is of a part."""
    run = ran(*given, "--no-slices", "--category", "numeric, single", "--split", "test", out=tmp_path / "b")
    assert [row.id for row in run.rows] == ["agree", "phones", "hearth", "gone"]
    run = ran(*given, "--no-slices", "--ids", "bits,bread", out=tmp_path / "c")
    assert [row.id for row in run.rows] == ["bits", "bread"]
    assert run.questions["partial"]


# Gates


def test_a_limit_that_is_kept_passes(given: list[object], tmp_path: Path) -> None:
    """The gates stand in run.json and on stdout."""
    limits = ["--fail-under", "headline=0.5", "--fail-under", "fabricated_citation_rate=0:max"]
    code, out, _ = rag_eval("run", *given, "--no-slices", *limits, "--resamples", 100, "--out", tmp_path / "b")
    assert code == 0
    assert "passed  headline 0.778 (at least 0.5)" in out
    assert [gate["passed"] for gate in load_run(tmp_path / "b" / "run.json").gates or []] == [True, True]


@pytest.mark.parametrize("limit", ["headline=0.9", "test.headline=1.1", "words=3:max", "recall_at_100=0.1"])
def test_a_limit_that_is_broken_ends_with_1(given: list[object], tmp_path: Path, limit: str) -> None:
    """Too little, too much, or never measured: the reports are written all the same."""
    code, out, _ = rag_eval(
        "run", *given, "--no-slices", "--fail-under", limit, "--resamples", 100, "--out", tmp_path / "b"
    )
    assert code == 1
    assert "FAILED" in out
    assert "<failure" in (tmp_path / "b" / "junit.xml").read_text().split("rag_eval.gates")[1]


def test_a_regression_ends_with_1(home: Path, given: list[object], tmp_path: Path) -> None:
    """A base that had one question more right is missed by .22; .3 may be lost, .2 may not."""
    base = altered(home, tmp_path / "base.json", rate=1.0)
    common = ["run", *given, "--no-slices", "--resamples", 100, "--out", tmp_path / "b", "--compare", base]
    assert rag_eval(*common, "--max-regression", "headline=0.3")[0] == 0
    code, out, _ = rag_eval(*common, "--max-regression", "headline=0.2")
    assert code == 1
    assert "FAILED  headline -0.222" in out


def test_a_sample_has_no_gates(home: Path, given: list[object], tmp_path: Path) -> None:
    """A limited run says that it is a sample and that gates are off."""
    options = ["--limit", 4, "--fail-under", "headline=2", "--compare", home / "a" / "run.json"]
    code, _, told = rag_eval("run", *given, "--no-slices", "--resamples", 100, *options, "--out", tmp_path / "b")
    assert code == 0
    assert "a sample of 4 questions: gates are off" in told
    run = load_run(tmp_path / "b" / "run.json")
    assert run.gates is None
    assert run.questions["partial"]
    assert run.comparison is not None


# Interruption


def test_an_interrupted_run_goes_on(home: Path, given: list[object], tmp_path: Path) -> None:
    """SIGINT ends with 2 and keeps answers; --resume asks the rest, and the run is what it would have been."""
    many = [replace(one, id=f"{one.id}{turn}", variant=None, variant_of=None) for turn in range(7) for one in SET]
    asked = ["--questions", write_set(tmp_path / "many.jsonl", *many), *given[2:], "--no-slices"]
    command = ["run", *asked, "--resamples", 100, "--out", tmp_path / "b"]
    journal = tmp_path / "b" / JOURNAL
    started = subprocess.Popen(
        [sys.executable, "-m", "eval.run", *map(str, command)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ended(started) as process:
        while process.poll() is None and (not journal.exists() or len(journal.read_bytes().splitlines()) < 4):
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        out, told = process.communicate(timeout=60)
    assert process.returncode == 2, told
    assert out == ""
    assert f"--resume --out {tmp_path / 'b'}" in told
    kept = len(journal.read_text().splitlines()) - 1
    assert 3 <= kept < len(many)
    first = json.loads(journal.read_text().splitlines()[1])
    code, _, told = rag_eval(*command, "--resume")
    assert code == 0, told
    run = load_run(tmp_path / "b" / "run.json")
    assert [row.id for row in run.rows] == [one.id for one in many]
    # timings tell that the answer is the one from before, not a new one
    assert run.rows[0].answer["timings"] == first["answer"]["timings"]


def test_nothing_to_resume(given: list[object], tmp_path: Path) -> None:
    """--resume without an unfinished run says so."""
    code, _, told = rag_eval("run", *given, "--resume", "--out", tmp_path / "none")
    assert code == 4
    assert "no unfinished run is in" in told


# Wrong usage


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--fail-under", "headlin=0.4"], "did you mean 'headline'?"),
        (["--fail-under", "headline"], "the limit 'headline' is not NAME=VALUE"),
        (["--fail-under", "headline=much"], "the limit 'headline=much' is not NAME=VALUE"),
        (["--max-regression", "headline=0.1"], "--max-regression needs a base"),
        (["--max-regression", "words=1", "--compare", "x"], "no way of 'words' is worse"),
        (["--compare", "gone.json"], "gone.json cannot be read"),
        (["--ids", "nobody"], "no question has the id 'nobody'"),
        (["--category", "poetry"], "no category is called 'poetry'"),
        (["--limit", "0"], "a sample of 0 questions"),
        (["--questions", "gone.jsonl"], "gone.jsonl cannot be read"),
        (["--library", "nowhere"], "there is no library in nowhere"),
        (["--dry-run"], "name one with --judge MODEL"),
        (["--no-such-option"], "--no-such-option"),
        (["--seed", "x"], "'--seed'"),
    ],
)
def test_wrong_usage_ends_with_4(given: list[object], options: list[str], fault: str) -> None:
    """The value at fault is named on stderr, and nothing stands on stdout."""
    code, out, told = rag_eval("run", *given, *options)
    assert (code, out) == (4, "")
    assert fault in told
    assert "Traceback" not in told


def test_a_faulty_line_is_named(given: list[object], tmp_path: Path) -> None:
    """File, line and fault."""
    path = write_set(tmp_path / "q.jsonl")
    path.write_text(path.read_text() + "{oops\n")
    code, _, told = rag_eval("run", *given, "--questions", path)
    assert code == 4
    assert f"line {len(SET) + 1}: bad JSON" in told


def test_a_library_without_the_gold_papers_is_refused(given: list[object], tmp_path: Path) -> None:
    """Which question lacks which title."""
    path = write_set(tmp_path / "q.jsonl", replace(SET[0], gold=(("A Paper That Is Not There",),)))
    code, _, told = rag_eval("run", *given, "--questions", path)
    assert code == 4
    assert "tide: no paper has the title 'A Paper That Is Not There'" in told


def test_other_questions_than_the_base_was_asked(home: Path, given: list[object], tmp_path: Path) -> None:
    """The hashes differ: nothing is asked, and it ends with 4."""
    path = write_set(tmp_path / "q.jsonl", *SET[:5])
    common = ["--questions", path, *given[2:], "--out", tmp_path / "b", "--compare", home / "a" / "run.json"]
    code, _, told = rag_eval("run", *common)
    assert code == 4
    assert "was asked other questions" in told
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("options", [["--split", "train"], ["--category", "list"]])
def test_nothing_to_ask_ends_with_5(given: list[object], options: list[str]) -> None:
    """Filters that leave no question."""
    assert rag_eval("run", *given, *options)[0] == 5


def test_an_empty_set_ends_with_5(given: list[object], tmp_path: Path) -> None:
    """A file without a line."""
    (tmp_path / "q.jsonl").write_text("\n")
    assert rag_eval("run", *given, "--questions", tmp_path / "q.jsonl")[0] == 5


def test_a_folder_that_cannot_be_written_ends_with_3(given: list[object], tmp_path: Path) -> None:
    """The machine is at fault, not the question."""
    (tmp_path / "file").write_text("")
    code, _, told = rag_eval("run", *given, "--no-slices", "--out", tmp_path / "file" / "b")
    assert code == 3
    assert "cannot be written" in told


def test_a_fault_of_the_program_ends_with_3(home: Path, tmp_path: Path) -> None:
    """An answer in run.json without its evidence breaks the program: the traceback and where to report it are shown."""
    told = json.loads((home / "a" / "run.json").read_text())
    del told["rows"][0]["answer"]["citations"]
    (tmp_path / "broken.json").write_text(dumped(told))
    code, _, said = rag_eval(
        "rescore", tmp_path / "broken.json", "--questions", home / "q.jsonl", "--library", home / "library"
    )
    assert code == 3
    assert "KeyError" in said
    assert "please report it" in said


def test_help_is_no_fault() -> None:
    """Asked for help, every command says what it does."""
    for command in ([], ["run"], ["rescore"], ["compare"], ["beir"], ["baseline"], ["checker"]):
        code, out, _ = rag_eval(*command, "--help")
        assert (code, "Usage" in out) == (0, True)


# The other commands


def test_rescoring_changes_nothing_by_itself(home: Path, given: list[object], tmp_path: Path) -> None:
    """The same questions and measures give the same figures, without asking again."""
    code, _, told = rag_eval("rescore", home / "a" / "run.json", *given, "--resamples", 200, "--out", tmp_path / "b")
    assert code == 0, told
    assert load_run(tmp_path / "b" / "run.json") == load_run(home / "a" / "run.json")


def test_rescoring_by_other_nuggets(home: Path, given: list[object], tmp_path: Path) -> None:
    """A fact corrected in the questions moves the score of its row."""
    nugget = replace(SET[0].nuggets[0], value=7.3)
    path = write_set(tmp_path / "q.jsonl", replace(SET[0], nuggets=(nugget,)), *SET[1:])
    common = ["rescore", home / "a" / "run.json", "--questions", path, *given[2:], "--out", tmp_path / "b"]
    assert rag_eval(*common, "--resamples", 100)[0] == 0
    row = load_run(tmp_path / "b" / "run.json").rows[0]
    assert (row.outcome, row.why) == ("wrong", "0 of 1 vital facts, without 7.3; a gold paper is cited")


@pytest.mark.parametrize("change", ["question", "library"])
def test_rescoring_needs_what_was_asked(home: Path, tmp_path: Path, change: str) -> None:
    """Another question under the same id, or another library, is refused."""
    first = replace(SET[0], question="Something else?") if change == "question" else SET[0]
    path = write_set(tmp_path / "q.jsonl", first, *SET[1:])
    folder = home / "library"
    if change == "library":
        folder = Path(shutil.copytree(folder, tmp_path / "library"))
        with Library.open(folder) as library:
            library.remove(STACK[6].id)
    code, _, told = rag_eval("rescore", home / "a" / "run.json", "--questions", path, "--library", folder)
    assert code == 4
    assert change in told


def test_comparing_two_runs(home: Path, tmp_path: Path) -> None:
    """Each declared metric is told with its interval and p; a run does not differ from itself."""
    run = home / "a" / "run.json"
    code, out, _ = rag_eval("compare", run, run, "--resamples", 100)
    assert code == 0
    assert "9 questions, 0 came out otherwise" in out
    assert re.search(r"headline +0\.7778 -> +0\.7778  \+0\.0000 \(\+0\.0000 to \+0\.0000\)  p 1\.0000\n", out)


def test_a_significant_loss_ends_with_1(home: Path, tmp_path: Path) -> None:
    """Nine clusters all lost: p is 2 / 2^9, and 8 times that after Holm; the other way round it is a gain."""
    worse = altered(home, tmp_path / "worse.json", **{question.id: -1.0 for question in SET})
    better = altered(home, tmp_path / "better.json", **{question.id: 1.0 for question in SET})
    code, out, _ = rag_eval("compare", better, worse, "--resamples", 100)
    assert code == 1
    assert re.search(r"^headline .* p 0\.0312  WORSE$", out, re.MULTILINE)
    code, out, _ = rag_eval("compare", worse, better, "--resamples", 100)
    assert code == 0
    assert "better" in out


def test_a_baseline_is_small_and_compares(home: Path, given: list[object], tmp_path: Path) -> None:
    """It holds figures and headlines, no answers, and a run can be held to it."""
    base = tmp_path / "baseline.json"
    code, out, _ = rag_eval("baseline", home / "a" / "run.json", "--out", base)
    assert code == 0
    assert "headline +0.7778" in out
    held = json.loads(base.read_text())
    assert set(held) == {
        "kind", "schema", "git", "created", "seed", "library", "questions", "aggregates", "headline",
    }  # fmt: skip
    assert held["headline"] == {one.id: -1.0 if one.id == "rate" else 1.0 for one in SET if one.variant is None}
    options = ["--compare", base, "--max-regression", "headline=0"]
    run = ran(*given, "--no-slices", *options, out=tmp_path / "b")
    assert run.comparison is not None
    assert (run.comparison["metrics"]["headline"]["value"], run.comparison["same_library"]) == (0.0, True)


def test_a_part_is_no_baseline(given: list[object], tmp_path: Path) -> None:
    """Later runs could not be held to the rest."""
    ran(*given, "--no-slices", "--limit", 3, out=tmp_path / "b")
    code, _, told = rag_eval("baseline", tmp_path / "b" / "run.json", "--out", tmp_path / "base.json")
    assert code == 4
    assert "a part of the questions only" in told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "line 1: not JSON"),
        ('{"schema": 2}', "has the schema 2, not 1"),
        ("[]", "has the schema None, not 1"),
        ('{"schema": 1}', "is no run: git: "),
        ('{"schema": 1, "kind": "baseline"}', "is no baseline (KeyError('questions'))"),
    ],
)
def test_a_file_that_is_no_run(home: Path, tmp_path: Path, text: str, fault: str) -> None:
    """File and fault are named."""
    (tmp_path / "x.json").write_text(text)
    code, _, told = rag_eval("compare", tmp_path / "x.json", home / "a" / "run.json")
    assert code == 4
    assert "x.json" in told
    assert fault in told


def test_search_alone_is_measured(tmp_path: Path) -> None:
    """A BEIR folder gives a table of the three rankings; a folder that is none ends with 4."""
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": paper.id, "title": paper.title, "text": paper.abstract} for paper in STACK]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "queries.jsonl").write_text(json.dumps({"_id": "1", "text": "quantising speech models"}) + "\n")
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n1\t{STACK[1].id}\t1\n")
    code, out, _ = rag_eval("beir", folder)
    assert code == 0
    assert re.search(r"^hybrid +1\.0000 ", out, re.MULTILINE)
    assert rag_eval("beir", tmp_path)[0] == 4


def test_the_checker_is_measured(home: Path, tmp_path: Path) -> None:
    """Labelled sentences about the library give a table; without any file it ends with 4."""
    label = {"id": "1", "sentence": "Pebble quantises the weights to 3 bits per weight.", "titles": [STACK[1].title],
             "question": "", "kind": "paraphrase", "label": "supported", "readers": 2}  # fmt: skip
    (tmp_path / "labels.jsonl").write_text(json.dumps(label) + "\n")
    asked = ["checker", "--library", home / "library", "--labels"]
    code, out, told = rag_eval(*asked, tmp_path / "labels.jsonl")
    assert code == 0, told
    assert "1 labelled sentences, 1 supported" in out
    assert rag_eval(*asked, tmp_path / "gone.jsonl")[0] == 4


def test_a_judge_that_cannot_be_had_is_a_warning_or_a_fault(given: list[object], tmp_path: Path) -> None:
    """Without an endpoint the run stands; with --require-judge it fails."""
    asked = ["run", *given, "--no-slices", "--resamples", 100, "--ids", "bits", "--judge", "some-model"]
    code, _, told = rag_eval(*asked, "--out", tmp_path / "b")
    assert code == 0
    assert "warning" in told
    assert rag_eval(*asked, "--out", tmp_path / "c", "--require-judge")[0] == 3


def test_a_dry_run_counts_calls(given: list[object], tmp_path: Path) -> None:
    """Nothing is sent and nothing written but what the judge would cost."""
    asked = ["run", *given, "--no-slices", "--resamples", 100, "--ids", "bits", "--judge", "some-model", "--dry-run"]
    code, out, told = rag_eval(*asked, "--out", tmp_path / "b")
    assert (code, out) == (0, "")
    assert "calls to the judge" in told
    assert not (tmp_path / "b" / "run.json").exists()


def test_hostile_text_stays_text(home: Path, given: list[object], tmp_path: Path) -> None:
    """Markup and control characters in a question reach no report as such."""
    evil = "How do I bake <script>alert(1)</script> | `bread` \x1b[31m\x00 ]]> & so on?"
    path = write_set(tmp_path / "q.jsonl", *SET[:2], refused("evil", "near_miss", evil))
    ran("--questions", path, *given[2:], "--no-slices", out=tmp_path / "b")
    for name in ("report.md", "report.html", "junit.xml"):
        text = (tmp_path / "b" / name).read_text()
        assert "<script>alert" not in text
        assert "\x1b" not in text


def runs_of(folder: Path) -> Iterator[Path]:
    """Yield the runs that stand in a working folder."""
    yield from (folder / ".eval" / "runs").glob("*/run.json")


def test_a_run_has_a_folder_of_its_own(given: list[object]) -> None:
    """Without --out, two runs stand beside each other under .eval/runs."""
    for _ in range(2):
        assert rag_eval("run", *given, "--no-slices", "--ids", "bits", "--resamples", 100)[0] == 0
    assert len(list(runs_of(Path()))) == 2
