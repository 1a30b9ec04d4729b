"""What a command of `rag-eval` does, from options to files and lines; the options are left to `run.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.library import Library
from rag.settings import load_settings
from rag.terminal import bar, emit, note

from .answering import JOURNAL
from .comparison import baseline_of
from .evaluate import QUESTIONS, Options, choose, evaluate, rescore
from .folder import place, write
from .gates import Gate, Gates
from .markdown import summary
from .marking import idf_of
from .provenance import papers_hash
from .questions import QuestionsError, load
from .record import Run, RunError, dumped, load_run, save
from .starter import starter_library

__all__ = ["Judge", "asked", "finish", "rescored", "told_ablation", "told_checker", "told_comparison", "write_baseline"]

JUDGED = Path(".eval") / "judge"


@dataclass(frozen=True, slots=True)
class Judge:
    """Which judge model to ask, how often, whether it must answer, and whether to count its calls only."""

    model: str
    repeat: int = 3
    required: bool = False
    dry_run: bool = False


@contextmanager
def opened(folder: Path | None) -> Iterator[tuple[Library, str]]:
    """Open a library, or the starter library when none is named, and say what it is called in a run.

    An endpoint alone is the judge's: answers are written by a model only where RAG_MODEL names it.
    """
    settings = load_settings(library=folder)
    if settings.model is None:
        settings = settings.model_copy(update={"openai_base_url": None, "openai_api_key": None})
    where = folder if folder is not None else starter_library(settings)
    with Library.open(where, settings=settings, tell=note) as library:
        yield library, folder.resolve().name if folder is not None else "starter"


def asked(
    options: Options,
    folder: Path | None,
    gates: Gates,
    out: Path | None,
    *,
    judge: Judge | None = None,
    resume: bool = False,
) -> Run | None:
    """Make a run and write it; None after a dry run. An interruption tells how to go on."""
    chosen = choose(options)
    gates.check_same(chosen.hash)  # before the questions are asked, not after
    where = place(out, resume=resume)
    with opened(folder) as (library, name):
        try:
            with bar(f"asking {len(chosen.questions)} questions of the library {name}") as progress:
                run = evaluate(options, library, name, where / JOURNAL, resume=resume, progress=progress)
        except KeyboardInterrupt:
            note(f"interrupted; what was answered is kept, go on with the same options and: --resume --out {where}")
            raise
        if judge is not None:
            verdict = _judged(judge, run, options, library)
            if verdict is None:
                return None
            run = replace(run, judge=verdict)
    run = gates.applied(run, options.resamples)
    if options.limit is not None and (gates.wanted or gates.allowed or gates.base):
        note(f"a sample of {len(run.rows)} questions: gates are off")
    write(run, where)
    note(f"the report is in {where / 'report.html'}")
    return run


def _judged(judge: Judge, run: Run, options: Options, library: Library) -> dict[str, Any] | None:
    """Ask the judge and return what it says; None after a dry run, which tells what that would cost."""
    from .judge import estimate
    from .judge import judge as ask

    rows = run.to_dict()["rows"]
    papers = {paper.id: paper for paper in library.papers()}
    known = load(options.questions)
    told: dict[str, Any] = {"model": judge.model, "repeat": judge.repeat, "cache": JUDGED}
    cost = estimate(rows, known, papers, **told)
    note(str(cost))
    if judge.dry_run:
        return None
    verdict = ask(rows, known, papers, **told, required=judge.required, seed=options.seed, settings=library.settings)
    if verdict.get("warning"):
        note(f"warning: {verdict['warning']}")
    return verdict


def finish(run: Run | None) -> bool:
    """Print what came out, the totals last; return whether every gate was passed."""
    if run is None:
        return True
    emit(summary(run.to_dict()))
    passed = _told_gates(run)
    emit(f"{run.totals.line}\n")
    return passed


def _told_gates(run: Run) -> bool:
    gates = [Gate(**gate) for gate in run.gates or ()]
    for gate in gates:
        emit(f"{gate}\n")
    return all(gate.passed for gate in gates)


def told_comparison(run: Run) -> bool:
    """Print the comparison of a run, one line a metric; return whether nothing got worse than it may."""
    held = run.comparison or {}
    if not held["same_library"]:
        note("the two runs were asked of different libraries")
    emit(f"{held['n']} questions, {len(held['changed'])} came out otherwise\n")
    for name, one in held["metrics"].items():
        verdict = "  WORSE" if one["is_worse"] else "  better" if one["is_better"] else ""
        emit(
            f"{name:<26} {one['base']:>8.4f} -> {one['new']:>8.4f}  {one['value']:+.4f} "
            f"({one['low']:+.4f} to {one['high']:+.4f})  p {one['p_holm']:.4f}{verdict}\n"
        )
    return _told_gates(run)


def rescored(path: Path, questions: Path, folder: Path | None, out: Path, resamples: int) -> Run:
    """Score a run again and write it. Raises QuestionsError when the library is not the one that was asked."""
    before = load_run(path)
    known = load(questions)
    with opened(folder) as (library, _):
        papers = library.papers()
    if papers_hash(papers) != before.library["hash"]:
        raise QuestionsError(
            f"the library is not the one that the run was made with ({before.library['name']})",
            remedy="name that one with --library",
        )
    run = rescore(before, known, papers, resamples)
    write(run, out)
    note(f"the report is in {out / 'report.html'}")
    return run


def write_baseline(path: Path | None, out: Path, resamples: int) -> None:
    """Write the baseline of a run, or of one that is made now; raise RunError for a run of a part of the questions."""
    if path is not None:
        run = load_run(path)
    else:
        options = Options(QUESTIONS, slices=False, resamples=resamples)
        with opened(None) as (library, name), bar("asking the questions") as progress:
            run = evaluate(options, library, name, progress=progress)
    if run.questions["partial"]:
        raise RunError("this run asked a part of the questions only", remedy="give a run of all of them")
    save(out, dumped(baseline_of(run)))
    held = run.aggregates["all"]["headline"]
    emit(f"{out}: headline {held.value:+.4f} over {held.n} questions\n")


def told_ablation(questions: Path, folder: Path | None, split: str | None, limit: int | None, seed: int) -> None:
    """Print what each part of the offline answer is worth on these questions."""
    from .ablation import measure, render

    chosen = choose(Options(questions, limit, split=split, seed=seed)).questions
    with opened(folder) as (library, _), bar("switching parts off") as progress:
        found = measure(library, chosen, progress, seed=seed)
    emit(render(found))


def told_checker(labels: Path, folder: Path | None, seed: int) -> None:
    """Print how well the support checker does on labelled sentences about the papers of a library."""
    from .checker import evaluate as held
    from .checker import load_labels, render

    given = load_labels(labels)
    with opened(folder) as (library, _):
        papers = library.papers()
    emit(render(held(given, papers, idf=idf_of(papers), seed=seed)))
