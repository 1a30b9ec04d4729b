"""A run from questions to `run.json`: choose, ask, score, sum up; wiring only, files and options are left to others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.errors import shorten
from rag.library import Library
from rag.model import Paper
from rag.settings import Settings

from . import aggregate, baselines, robust
from .answering import Given, Journal, ask_all, inquiries
from .marking import Desk, Marked
from .provenance import code_hash, papers_hash, revision, settings_told, versions
from .questions import NoQuestions, QuestionsError, content_hash, load, sample, select
from .record import SCHEMA, Run
from .schema import Question
from .stats import RESAMPLES

__all__ = ["QUESTIONS", "Chosen", "Options", "choose", "evaluate", "made_with", "rescore"]

QUESTIONS = Path(__file__).with_name("questions.jsonl")
MOST_SHOWN = 10
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked, and how: the questions file, filters, sample size, seed, and whether the slices are run too."""

    questions: Path = QUESTIONS
    limit: int | None = None
    ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    split: str | None = None
    seed: int = 0
    slices: bool = True
    resamples: int = RESAMPLES


@dataclass(frozen=True, slots=True)
class Chosen:
    """The questions that are asked, the hash of the set that they are from, and whether they are all of it."""

    questions: tuple[Question, ...]
    hash: str
    partial: bool


def choose(options: Options) -> Chosen:
    """Load, filter and sample the questions; raises QuestionsError and NoQuestions."""
    every = load(options.questions)
    some = select(every, ids=options.ids, categories=options.categories)
    if options.split is not None:
        some = tuple(one for one in some if one.split == options.split)
        if not some:
            raise NoQuestions(f"no question is of the split {shorten(options.split)!r}", remedy="choose fewer filters")
    if options.limit is not None:
        some = sample(some, options.limit, options.seed)
    return Chosen(some, content_hash(every), len(some) < len(every))


def made_with(chosen: Chosen, papers: Sequence[Paper], options: Options, settings: Settings) -> dict[str, str]:
    """Return what answers depend on: those of another run are only taken over when all of it is the same."""
    return {
        "questions": chosen.hash,
        "papers": papers_hash(papers),
        "settings": repr(sorted(settings_told(settings).items())),
        "seed": str(options.seed),
        "code": code_hash(),
    }


def evaluate(
    options: Options,
    library: Library,
    name: str,
    journal_path: Path | None = None,
    *,
    resume: bool = False,
    progress: Progress = lambda _done, _what: None,
) -> Run:
    """Ask a library every chosen question and return the run; `name` is what the library is called in it.

    Answers are kept in `journal_path` as they come; with `resume`, those that stand there are not asked again. Raises
    QuestionsError when the library lacks gold papers, and what asking raises.
    """
    started = time.perf_counter()
    chosen, papers = choose(options), library.papers()
    desk = Desk.of(papers)
    _check_gold(desk, chosen.questions, name)
    with Journal(journal_path, made_with(chosen, papers, options, library.settings), resume=resume) as journal:
        heard = _follow(progress, chosen, options)
        given = ask_all(library, inquiries(chosen.questions), journal, heard)
        marked = _marked(desk, chosen.questions, given)
        slices = _slices(options, library, desk, marked, journal, heard) if options.slices else {}
    progress(1.0, "summing up")
    run = Run(
        **_told(options, chosen, library, name),
        slices={**_pairs(marked, options), **slices},
        **_summed(desk, marked, given, options.seed, options.resamples),
    )
    return replace(run, totals=replace(run.totals, seconds=round(time.perf_counter() - started, 3)))


def _told(options: Options, chosen: Chosen, library: Library, name: str) -> dict[str, Any]:
    """Return the fields of a run that say what it was made with."""
    papers = library.papers()
    return {
        "schema": SCHEMA,
        "git": revision(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": options.seed,
        "versions": versions(),
        "settings": {**settings_told(library.settings), **_options(options)},
        "library": {
            "name": name,
            "papers": len(papers),
            "hash": papers_hash(papers),
            "embedder": library.embedder_name,
        },
        "questions": {
            "name": options.questions.name,
            "hash": chosen.hash,
            "n": len(chosen.questions),
            "partial": chosen.partial,
            "sampled": options.limit is not None,
        },
    }


def rescore(run: Run, questions: Sequence[Question], papers: Sequence[Paper], resamples: int = RESAMPLES) -> Run:
    """Score the answers of a run again, by the questions and measures of now; what was asked may not have changed.

    The slices stay as they were. Raises QuestionsError when a question is gone or asks something else.
    """
    known = {one.id: one for one in questions}
    for row in run.rows:
        if row.id not in known or (known[row.id].question, known[row.id].messages) != (row.question, row.history):
            raise QuestionsError(
                f"the question {shorten(row.id)} of the run is not in the set, or asks something else there",
                remedy="give the questions of the run with --questions",
            )
    desk = Desk.of(papers)
    given = {row.id: Given(row.answer, row.latency_ms) for row in run.rows}
    marked = _marked(desk, [known[row.id] for row in run.rows], given)
    summed = _summed(desk, marked, given, run.seed, resamples)
    summed["totals"] = replace(summed["totals"], seconds=run.totals.seconds)
    asked = {**run.questions, "hash": content_hash(questions), "partial": len(run.rows) < len(questions)}
    return replace(run, questions=asked, comparison=None, gates=None, **summed)


def _check_gold(desk: Desk, questions: Sequence[Question], name: str) -> None:
    if lacking := desk.lacking(questions):
        more = f"\nand {len(lacking) - MOST_SHOWN} more" if len(lacking) > MOST_SHOWN else ""
        raise QuestionsError(
            f"the library {shorten(name)} lacks papers that the questions rest on\n"
            + "\n".join(lacking[:MOST_SHOWN])
            + more,
            remedy="add these papers, or choose other questions",
        )


def _marked(desk: Desk, questions: Sequence[Question], given: Mapping[str, Given]) -> list[Marked]:
    return [desk.mark(one, desk.read(given[one.id].answer)) for one in questions]


def _summed(
    desk: Desk, marked: Sequence[Marked], given: Mapping[str, Given], seed: int, resamples: int
) -> dict[str, Any]:
    """Return the fields of a run that follow from its answers."""
    plain = aggregate.plain(marked)
    how: dict[str, int] = {"seed": seed, "resamples": resamples}
    return {
        "rows": [desk.row(one, given[one.question.id]) for one in marked],
        "aggregates": aggregate.aggregates(plain, **how),
        "by_category": aggregate.by_category(plain, **how),
        "baselines": baselines.measured([one.question for one in plain], desk, **how),
        "totals": aggregate.totals([one.scored.outcome for one in plain], 0.0),
    }


def _pairs(marked: Sequence[Marked], options: Options) -> dict[str, dict[str, Any]]:
    """Return the slices that need no further question: variants that stand in the set."""
    plain = {one.question.id: one for one in marked if one.question.variant is None}
    kinds = dict.fromkeys(one.question.variant for one in marked if one.question.variant)
    found = {
        kind: robust.pair_slice(
            plain,
            [one for one in marked if one.question.variant == kind],
            seed=options.seed,
            resamples=options.resamples,
        )
        for kind in kinds
    }
    return {kind: one for kind, one in found.items() if one}


def _slices(
    options: Options, library: Library, desk: Desk, marked: Sequence[Marked], journal: Journal, heard: robust.Heard
) -> dict[str, dict[str, Any]]:
    """Ask what the slices ask."""
    questions = [one.question for one in marked]
    papers, how = list(desk.papers.values()), {"seed": options.seed, "resamples": options.resamples}
    plain = {one.question.id: one for one in marked}
    typos = robust.typo_questions(questions, options.seed)
    given = ask_all(library, inquiries(typos), journal, heard)
    found = {
        "typos": robust.pair_slice(plain, _marked(desk, typos, given), **how),
        "counterfactual": robust.altered_slice(questions, plain, papers, library.settings, journal, heard, **how),
        "poison": robust.poison_slice(papers, library.settings, journal, heard),
    }
    return {name: one for name, one in found.items() if one}


def _follow(progress: Progress, chosen: Chosen, options: Options) -> robust.Heard:
    """Return what counts answers; with slices there are about twice as many as questions."""
    expected = len(chosen.questions) * (2 if options.slices else 1)
    done: list[str] = []

    def heard(key: str) -> None:
        done.append(key)
        progress(min(0.99, len(done) / expected), f"{len(done)} answers")

    return heard


def _options(options: Options) -> dict[str, Any]:
    return {
        "split": options.split,
        "limit": options.limit,
        "ids": list(options.ids),
        "categories": list(options.categories),
        "slices": options.slices,
        "resamples": options.resamples,
    }
