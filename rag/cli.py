"""The commands that read a library, and the app; those that change one are left to `keep.py`, looks to `show.py`.

Heavy imports stand inside the commands that need them: `rag ask` should answer before one looks away.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import UsageError, shorten
from .keep import add, rebuild, remove, sync
from .pull import models
from .show import answer_lines, evidence_lines, paper_lines, papers_lines
from .terminal import Commands, Folder, emit, is_interactive, note, opened_library, paint, prepare, save

if TYPE_CHECKING:
    from .library import Library
    from .records import Where

__all__ = ["app", "main"]

app = typer.Typer(
    name="rag",
    cls=Commands,
    help="Ask a stack of paper abstracts a question; every sentence of the answer says where it comes from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Question = Annotated[str, typer.Argument(metavar="QUESTION", help="A question, in quotes.", show_default=False)]
Sources = Annotated[
    list[str] | None, typer.Option("--source", metavar="NAME", help="Only papers from this file; may be repeated.")
]
Since = Annotated[int | None, typer.Option(metavar="YEAR", min=1, max=9999, help="Only papers from this year on.")]
Until = Annotated[int | None, typer.Option(metavar="YEAR", min=1, max=9999, help="Only papers up to this year.")]


def _where(library: Library, sources: list[str] | None, since: int | None, until: int | None) -> Where | None:
    from .records import Where

    if since is not None and until is not None and since > until:
        raise UsageError(f"no year is from {since} on and up to {until}", remedy="swap --since and --until")
    known = library.sources() if sources else {}
    for name in sources or []:
        if name not in known:
            few = ", ".join(shorten(source, 40) for source in sorted(known)[:5])
            more = f" and {len(known) - 5} more" if len(known) > 5 else ""
            raise UsageError(
                f"no paper came from a file named {shorten(name)!r}", remedy=f"the library has: {few or 'none'}{more}"
            )
    return Where(tuple(sources) if sources else None, since, until) or None


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if version:
        from .doctor import version_of

        emit(f"paperchat {version_of('paperchat')}\n")
        raise typer.Exit


app.command()(add)


@app.command()
def ask(
    question: Question,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    library: Folder = None,
) -> None:
    """Answer one question from the papers, or say that they do not answer it."""
    with opened_library(library) as opened:
        answer = opened.ask(question, where=_where(opened, source, since, until))
    if as_json:
        _emit_json(answer.to_dict())
    else:
        paint(answer_lines(answer))


@app.command()
def chat(source: Sources = None, since: Since = None, until: Until = None, library: Folder = None) -> None:
    """Ask one question after the other; a follow-up is understood. /sources, /export [FILE], /quit."""
    from .chat import converse

    with opened_library(library) as opened:
        where = _where(opened, source, since, until)
        failed = converse(opened, where, interactive=is_interactive())
    if failed:
        raise typer.Exit(1)


@app.command()
def search(
    question: Question,
    k: Annotated[int, typer.Option("-k", metavar="N", min=1, max=1000, help="How many papers at most.")] = 10,
    source: Sources = None,
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
    library: Folder = None,
) -> None:
    """List the papers that are nearest to a question."""
    with opened_library(library) as opened:
        found = opened.search(question, k, where=_where(opened, source, since, until))
    if as_json:
        _emit_json([piece.to_dict() for piece in found])
    else:
        paint(evidence_lines(found))
        if not found:
            note("no paper was found")


@app.command()
def papers(as_json: AsJson = False, library: Folder = None) -> None:
    """List every paper: id, day, title."""
    with opened_library(library) as opened:
        found = opened.papers()
    if as_json:
        from .export import paper_dict

        _emit_json([paper_dict(paper) for paper in found])
    else:
        paint(papers_lines(found))
        if not found:
            note("the library is empty: add papers with: rag add FILE...")


@app.command()
def show(paper_id: Annotated[str, typer.Argument(metavar="ID")], library: Folder = None) -> None:
    """Print one paper with its abstract."""
    with opened_library(library) as opened:
        paint(paper_lines(opened.paper(paper_id)))


for command in (remove, sync, rebuild):
    app.command()(command)
app.add_typer(models, name="models")


@app.command()
def export(
    bibtex: Annotated[bool, typer.Option("--bibtex", help="BibTeX entries.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")] = None,
    library: Folder = None,
) -> None:
    """Print every paper as BibTeX, Markdown or JSON."""
    from . import export as forms

    if bibtex + markdown + as_json != 1:
        raise UsageError("an export has one form", remedy="say one of --bibtex, --markdown, --json")
    with opened_library(library) as opened:
        found = opened.papers()
    form = forms.bibtex if bibtex else forms.markdown if markdown else forms.papers_json
    if output is None:
        emit(form(found))
    else:
        save(output, form(found))
        note(f"{len(found):,} papers written to {output}")


@app.command()
def doctor(as_json: AsJson = False, library: Folder = None) -> None:
    """Say what is installed, how the library is, what is set, and what would be called over the network.

    Ends with 1 when the library has a problem or a model that is set does not answer.
    """
    from .doctor import examine, report_of
    from .settings import load_settings

    found = examine(load_settings(library=library))
    if as_json:
        _emit_json(found)
    else:
        paint(report_of(found))
    model = found.get("model", {"name": None})
    if found["library"]["problems"] or (model["name"] and not model["answers"]):
        raise typer.Exit(1)


def _emit_json(value: object) -> None:
    from .export import as_json

    emit(as_json(value))


def main() -> None:
    """Run the command line; the entry point `rag`."""
    prepare()
    app(prog_name="rag")


if __name__ == "__main__":
    main()
