"""Read papers on their way in and decide what becomes of each; writing them is left to `writer.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import SourceError
from .model import Paper, Skipped
from .records import Known, Origin, content_hash
from .sources import read
from .text import paper_id, title_key

__all__ = ["Arrival", "Plan", "Progress", "arrivals", "batches", "plan"]

Progress = Callable[[float, str], None]
"""Hears how much is done, 0 to 1, and what is being done."""

BATCH = 500
"""Papers in one transaction: what an interruption can cost."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A paper on its way in, and the whole path or address that it came from."""

    paper: Paper
    origin: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with one batch: papers to embed and write, ids to remove because a better id came, origins to note."""

    added: tuple[Paper, ...]
    updated: tuple[Paper, ...]
    unchanged: tuple[str, ...]
    replaced: tuple[str, ...]
    origins: tuple[Origin, ...]


def arrivals(files: Sequence[Path], progress: Progress) -> Iterator[Arrival | Skipped]:
    """Yield the papers of files, and what could not be read; a file that holds none is one Skipped.

    Progress is measured in bytes: nobody knows how many papers a file holds before it is read.
    """
    sizes = [max(1, path.stat().st_size) for path in files]
    total, before = sum(sizes), 0
    for path, size in zip(files, sizes, strict=True):
        within = 0
        origin = str(path.resolve())
        try:
            for item in read(path):
                if isinstance(item, Paper):
                    within += len(item.title) + len(item.abstract)
                    yield Arrival(item, origin)
                else:
                    yield item
                progress((before + min(within, size)) / total, path.name)
        except SourceError as error:
            yield Skipped(path.name, "", str(error))
        before += size
        progress(before / total, path.name)


def batches(items: Iterable[Arrival | Skipped], size: int = BATCH) -> Iterator[tuple[list[Arrival], list[Skipped]]]:
    """Yield arrivals `size` at a time, each time with the records that were left out on the way."""
    arrivals: list[Arrival] = []
    skipped: list[Skipped] = []
    for item in items:
        if isinstance(item, Skipped):
            skipped.append(item)
        else:
            arrivals.append(item)
        if len(arrivals) >= size:
            yield arrivals, skipped
            arrivals, skipped = [], []
    if arrivals or skipped:
        yield arrivals, skipped


def plan(arrivals: Iterable[Arrival], known: Mapping[str, Known], seen: set[str]) -> Plan:
    """Return what to do with a batch, given what the catalogue knows of it.

    A paper is known by its id; one whose id was made from its title is also known by its title, so that a text dump
    and a saved page of the same paper are one paper. What a source does not say (address, authors, date) stays as the
    library knows it. `seen` are ids that this run has met before, and is added to: of a paper met twice the first
    counts, and of the second only where it came from.
    """
    by_title = {found.title_key: found for found in known.values()}
    added: dict[str, Paper] = {}
    updated: dict[str, Paper] = {}
    unchanged: dict[str, None] = {}
    replaced: dict[str, None] = {}
    origins: dict[Origin, None] = {}
    for arrival in arrivals:
        paper, twin = _identify(arrival.paper, known, by_title)
        found = known.get(paper.id)
        if found is None or arrival.origin not in found.origins:
            origins[Origin(paper.id, arrival.origin, paper.source)] = None
        if paper.id in seen:
            continue
        seen.add(paper.id)
        if found is not None:
            paper = replace(
                paper,
                url=paper.url or found.url,
                authors=paper.authors or found.authors,
                published=paper.published or found.published,
            )
        if twin is not None:
            replaced[twin] = None
            updated[paper.id] = paper
        elif found is None:
            added[paper.id] = paper
        elif found.hash == content_hash(paper):
            unchanged[paper.id] = None
        else:
            updated[paper.id] = paper
    return Plan(tuple(added.values()), tuple(updated.values()), tuple(unchanged), tuple(replaced), tuple(origins))


def _identify(paper: Paper, known: Mapping[str, Known], by_title: Mapping[str, Known]) -> tuple[Paper, str | None]:
    """Return the paper under the id it is to have, and the id that it replaces, if any."""
    same = by_title.get(title_key(paper.title))
    if same is None or same.id == paper.id or paper.id in known:
        return paper, None
    derived = paper_id(paper.title)
    if paper.id == derived:
        return replace(paper, id=same.id), None  # only the title was known here; the library knows a better id
    return paper, same.id if same.id == derived else None
