"""The commands that change a library: add, remove, sync, rebuild; the changes themselves are left to `library.py`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .errors import LibraryMissing, SourceError, UsageError, shorten
from .show import report_lines
from .terminal import Folder, bar, emit, is_interactive, note, opened_library, paint

if TYPE_CHECKING:
    from .model import AddReport, Paper

__all__ = ["add", "rebuild", "remove", "sync"]


def add(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="PATH...", help="Files, folders, patterns or addresses (https://...).")
    ] = None,
    starter: Annotated[bool, typer.Option("--starter", help="Add the starter library that comes along.")] = False,
    pages: Annotated[int, typer.Option(min=1, max=100, help="Pages of a Hugging Face list to fetch.")] = 1,
    private: Annotated[
        bool, typer.Option("--allow-private", help="Also fetch from this machine and private networks.")
    ] = False,
    library: Folder = None,
) -> None:
    """Add the papers of files, folders, patterns or addresses; what is known already is left alone."""
    from .fetch import Limits, is_address
    from .sources import expand

    if not paths and not starter:
        raise UsageError("nothing to add was named", remedy="name files or folders, or say --starter")
    on_disk = [path for path in paths or [] if not is_address(path)]
    files = expand(on_disk)  # a path that is missing is told before a library is made
    number = len(files) + starter
    asked = f"asking {', '.join(hosts)}" if (hosts := _hosts(paths or [])) else ""
    read = f"reading {number} file{'' if number == 1 else 's'}" if number or not asked else ""
    limits = Limits(pages=pages, allow_private=private)
    with opened_library(library, create=True) as opened, bar("; ".join(filter(None, (asked, read)))) as progress:
        report = opened.add(*(paths or []), starter=starter, progress=progress, limits=limits)
    _report(report)


def _hosts(sources: list[str]) -> list[str]:
    """Return the hosts that are asked over the network, each once."""
    from .fetch import is_address, shown

    return list(dict.fromkeys(shown(source).split("/")[2] for source in sources if is_address(source)))


def _report(report: AddReport) -> None:
    """Show a report; exit with 1 when a whole file could not be read."""
    paint(report_lines(report))
    if any(not bad.entry for bad in report.failed):
        raise typer.Exit(1)


def remove(ids: Annotated[list[str], typer.Argument(metavar="ID...")], library: Folder = None) -> None:
    """Remove papers, and wipe from the disk what they left."""
    with opened_library(library) as opened:
        opened.remove(*ids)
        opened.compact()
        emit(f"{len(set(ids))} removed; {len(opened):,} papers are in the library\n")


def sync(
    folder: Annotated[str, typer.Argument(metavar="DIR")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove without asking.")] = False,
    library: Folder = None,
) -> None:
    """Add what a folder holds, and remove what came from it and is not in it now."""
    if not Path(folder).exists():
        raise SourceError(f"there is no file or folder {shorten(folder, 200)}", remedy="check the path")
    kept: list[Paper] = []

    def confirm(gone: list[Paper]) -> bool:
        note(f"not in {folder} any more:")
        for paper in gone:
            note(f"  {paper.id}  {paper.title}")
        if not yes and not (is_interactive() and _agreed()):
            kept.extend(gone)
        return not kept

    with opened_library(library, create=Path(folder).is_dir()) as opened:
        note(f"reading {folder}")
        report = opened.sync(folder, confirm=confirm)
        if report.removed:
            opened.compact()
    if kept and not is_interactive():
        paint(report_lines(report))
        was = "paper was" if len(kept) == 1 else "papers were"
        raise UsageError(f"{len(kept)} {was} not removed, since nobody can be asked here", remedy="say --yes")
    _report(report)


def _agreed() -> bool:
    try:
        return typer.confirm("remove them?", err=True)
    except typer.Abort:
        raise KeyboardInterrupt from None


def rebuild(
    embedder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Embed every paper anew: auto, or an embedder's name.")
    ] = None,
    library: Folder = None,
) -> None:
    """Make both indexes anew from the catalogue; with --embedder, the vectors too."""
    if embedder is None:
        with opened_library(library) as opened:
            opened.rebuild()
            emit(f"rebuilt: {len(opened):,} papers\n")
        return
    from .library import rebuilt
    from .opening import is_there
    from .settings import load_settings

    settings = load_settings(library=library)
    if not is_there(settings.library, settings):
        raise LibraryMissing(f"there is no library in {shorten(settings.library)}", remedy="make one with: rag add")
    with bar("embedding") as progress:
        anew = rebuilt(settings.library, embedder, settings, progress=progress, tell=note)
    with anew:
        emit(f"rebuilt with {anew.embedder_name}: {len(anew):,} papers\n")
