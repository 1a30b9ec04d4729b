"""The commands of `rag-eval`, and the app; what they do is left to the files that they import.

Heavy imports stand inside the commands that need them: `rag-eval --help` should answer before one looks away.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import UsageError
from rag.terminal import emit, note, prepare

from .console import FAILED, Commands

__all__ = ["app", "main"]

QUESTIONS = Path(__file__).with_name("questions.jsonl")
LABELS = Path(__file__).with_name("labels.jsonl")
BASELINE = Path(__file__).with_name("baseline.json")

app = typer.Typer(
    name="rag-eval",
    cls=Commands,
    help="Measure how well answers rest on their papers: facts, citations, refusals, with intervals.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Questions = Annotated[Path, typer.Option("--questions", metavar="F", help="The questions, one JSON object a line.")]
Folder = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="The library to ask (default: the starter library).")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where to write (default: .eval/runs/<time>).")]
Seed = Annotated[int, typer.Option(help="Decides sample, typos, alterations and intervals.")]
Resamples = Annotated[int, typer.Option(min=100, help="Draws of the bootstrap and of the sign-flip test.")]
Allowed = Annotated[
    list[str] | None,
    typer.Option("--max-regression", metavar="NAME=VALUE", help="Fail when a metric is worse than the base by more."),
]


@app.command()
def run(
    questions: Questions = QUESTIONS,
    library: Folder = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="A stratified sample; turns gates off.")] = None,
    ids: Annotated[str, typer.Option(metavar="A,B", help="Only these questions.")] = "",
    category: Annotated[str, typer.Option(metavar="A,B", help="Only these categories.")] = "",
    split: Annotated[str | None, typer.Option(metavar="dev|test", help="Only this split.")] = None,
    seed: Seed = 0,
    slices: Annotated[bool, typer.Option("--slices/--no-slices", help="Typos, altered facts, hidden orders.")] = True,
    judge: Annotated[str | None, typer.Option(metavar="MODEL", help="Ask a judge model too.")] = None,
    judge_repeat: Annotated[int, typer.Option(min=1, max=20, help="Times that each judgement is asked.")] = 3,
    require_judge: Annotated[bool, typer.Option("--require-judge", help="Fail when the judge cannot be had.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Answer, but only count what a judge would cost.")] = False,
    out: Out = None,
    compare: Annotated[Path | None, typer.Option(metavar="BASE.json", help="A run or baseline to hold it to.")] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option("--fail-under", metavar="NAME=VALUE[:max]", help="Fail under (or over) this.")
    ] = None,
    max_regression: Allowed = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was interrupted.")] = False,
    resamples: Resamples = 10_000,
) -> None:
    """Ask the questions, score the answers, write run.json, report.md, report.html and junit.xml."""
    from .evaluate import Options
    from .gates import Gates
    from .session import Judge, asked, finish

    options = Options(
        questions, limit, _split(ids), _split(category), split, seed=seed, slices=slices, resamples=resamples
    )
    gates = Gates.of(fail_under or (), max_regression or (), compare)
    if not judge and (dry_run or require_judge):
        raise UsageError("--dry-run and --require-judge are about a judge", remedy="name one with --judge MODEL")
    model = Judge(judge, judge_repeat, required=require_judge, dry_run=dry_run) if judge else None
    _end(finish(asked(options, library, gates, out, judge=model, resume=resume)))


@app.command()
def rescore(
    path: Annotated[Path, typer.Argument(metavar="RUN.json", help="A run that was made before.")],
    questions: Questions = QUESTIONS,
    library: Folder = None,
    out: Out = None,
    resamples: Resamples = 10_000,
) -> None:
    """Score the answers of a run again, by the questions and measures of now; without --out, in its own folder."""
    from .session import finish, rescored

    _end(finish(rescored(path, questions, library, out or path.parent, resamples)))


@app.command()
def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE.json", help="A run, or a baseline.")],
    new: Annotated[Path, typer.Argument(metavar="NEW.json", help="The run that is held to it.")],
    max_regression: Allowed = None,
    resamples: Resamples = 10_000,
) -> None:
    """Compare two runs over the same questions; significant losses end with 1."""
    from .gates import Gates
    from .record import load_run
    from .session import told_comparison

    _end(told_comparison(Gates.of((), max_regression or (), base).applied(load_run(new), resamples)))


@app.command()
def beir(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="corpus.jsonl, queries.jsonl and qrels/*.tsv.")],
    library: Annotated[Path | None, typer.Option("--library", metavar="DIR", help="Keep the index here.")] = None,
    split: Annotated[str | None, typer.Option(metavar="NAME", help="Which qrels (default: test, or all).")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", min=1, help="Only the first queries.")] = None,
    seed: Seed = 0,
) -> None:
    """Measure search alone on any collection in BEIR format: BM25, the embedder, and both."""
    from .beir import evaluate, render

    emit(render(evaluate(folder, library=library, split=split, limit=limit, seed=seed, progress=note)))


@app.command()
def baseline(
    path: Annotated[
        Path | None, typer.Argument(metavar="RUN.json", help="A whole run (default: make one now).")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it.")] = BASELINE,
    resamples: Resamples = 10_000,
) -> None:
    """Write the small form of a run that later ones are held to: its figures and the headline of each question."""
    from .session import write_baseline

    write_baseline(path, out, resamples)


@app.command()
def checker(
    labels: Annotated[
        Path, typer.Option("--labels", metavar="F", help="Labelled sentences, one JSON object a line.")
    ] = LABELS,
    library: Folder = None,
    seed: Seed = 0,
) -> None:
    """Measure the support checker itself on sentences that people have labelled."""
    from .session import told_checker

    told_checker(labels, library, seed)


@app.command()
def ablate(
    questions: Questions = QUESTIONS,
    library: Folder = None,
    split: Annotated[str | None, typer.Option(metavar="dev|test", help="Only this split.")] = None,
    limit: Annotated[int | None, typer.Option(metavar="N", help="A stratified sample.")] = None,
    seed: Seed = 0,
) -> None:
    """Switch each part of the offline answer off in turn, and print what it was worth."""
    from .session import told_ablation

    told_ablation(questions, library, split, limit, seed)


@app.command()
def speed(
    size: Annotated[list[int] | None, typer.Option(metavar="N", min=100, help="Papers (default: 1000, 10000).")] = None,
    collection: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Compare with peers on this collection, in BEIR format.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")] = Path(".eval") / "speed",
    seed: Seed = 0,
) -> None:
    """Time libraries of made-up papers beside their raw parts; write speed.json, speed.md and speed.svg."""
    from .speed import SpeedOptions, measure
    from .speed_report import write

    peers = {}
    if collection:
        from .speed_peers import compare_peers

        peers = compare_peers(collection, note)
    sizes = measure(SpeedOptions(tuple(size or (1_000, 10_000)), seed=seed), note)
    emit(write(sizes, peers, out))


def _split(listed: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in listed.split(",") if part.strip())


def _end(passed: bool) -> None:
    if not passed:
        raise typer.Exit(FAILED)


def main() -> None:
    """Run the command line; the entry point `rag-eval`."""
    prepare()
    # build servers end a job with SIGTERM: what was answered by then is kept, as after Ctrl-C
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app(prog_name="rag-eval")


if __name__ == "__main__":
    main()
