"""Read papers on their way in and decide what becomes of each; writing them is left to `writer.py`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .errors import SourceError
from .model import AddReport, Paper, Skipped
from .records import Known, Origin, content_hash
from .sources import read
from .text import paper_id, title_key

__all__ = ["Arrival", "Plan", "Progress", "arrivals", "batches", "left_behind", "plan"]

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
    """What to do with one batch: papers to embed and write, ids that a better one replaces, origins to note."""

    added: tuple[Paper, ...]
    updated: tuple[Paper, ...]
    unchanged: tuple[str, ...]
    replaced: Mapping[str, str]
    origins: tuple[Origin, ...]


def arrivals(files: Sequence[Path], progress: Progress) -> Iterator[Arrival | Skipped]:
    """Yield the papers of files, and what could not be read; a file that holds none is one Skipped.

    Progress is measured in bytes: nobody knows how many papers a file holds before it is read.
    """
    sizes = [max(1, path.stat().st_size) for path in files]
    total, before = sum(sizes), 0
    for path, size in zip(files, sizes, strict=True):
        within = 0
        origin = _kept_form(path.resolve())
        try:
            for item in read(path):
                if isinstance(item, Paper):
                    within += len(item.title) + len(item.abstract)
                    yield Arrival(item, origin)
                else:
                    yield item
                progress((before + min(within, size)) / total, path.name)
        except SourceError as error:
            yield Skipped(Path(origin).name, "", str(error))
        before += size
        progress(before / total, path.name)


def _kept_form(path: Path) -> str:
    r"""Return a path as it can be stored: bytes that are no UTF-8, which names of files may hold, as `\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _is_there(origin: str) -> bool:
    """Tell whether the file of an origin exists."""
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), origin.encode())
    return Path(origin).exists() or os.path.exists(raw)


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


def plan(arrivals: Sequence[Arrival], known: Mapping[str, Known], seen: set[str]) -> Plan:
    """Return what to do with a batch, given what the catalogue knows of it.

    A paper is known by its id; one whose id was made from its title is also known by its title, so that a text dump
    and a saved page of the same paper are one paper. What a source does not say (address, authors, date) stays as the
    library knows it. `seen` are ids that this run has met before, and is added to: of a paper met twice the first
    counts, and of the second only where it came from and what the first does not say.
    """
    by_title = {found.title_key: found for found in known.values() if found.title_key}
    better = _better_ids(arrivals)
    added: dict[str, Paper] = {}
    updated: dict[str, Paper] = {}
    unchanged: dict[str, None] = {}
    replaced: dict[str, str] = {}
    origins: dict[Origin, None] = {}
    for arrival in arrivals:
        paper, twin = _identify(arrival.paper, by_title, better)
        found = known.get(paper.id)
        if found is None or arrival.origin not in found.origins:
            origins[Origin(paper.id, arrival.origin, paper.source)] = None
        if paper.id in seen:
            for chosen in (added, updated):
                if paper.id in chosen:
                    chosen[paper.id] = _filled(chosen[paper.id], paper)
            continue
        seen.add(paper.id)
        for other in (found, twin):
            paper = paper if other is None else _filled(paper, other)
        if twin is not None:
            replaced[twin.id] = paper.id
            origins |= {Origin(paper.id, origin, source): None for origin, source in twin.origins.items()}
            updated[paper.id] = paper
        elif found is None:
            added[paper.id] = paper
        elif found.hash == content_hash(paper):
            unchanged[paper.id] = None
        else:
            updated[paper.id] = paper
    return Plan(tuple(added.values()), tuple(updated.values()), tuple(unchanged), replaced, tuple(origins))


def _filled(paper: Paper, other: Paper | Known) -> Paper:
    """Return a paper with what its source does not say taken from another record of it."""
    return replace(
        paper,
        url=paper.url or other.url,
        authors=paper.authors or other.authors,
        published=paper.published or other.published,
    )


def _better_ids(arrivals: Sequence[Arrival]) -> dict[str, str]:
    """Return, by title, the ids in a batch that were not made from a title."""
    found: dict[str, str] = {}
    for paper in (arrival.paper for arrival in arrivals):
        key = title_key(paper.title)
        if key and paper.id != paper_id(paper.title):
            found.setdefault(key, paper.id)
    return found


def _identify(paper: Paper, by_title: Mapping[str, Known], better: Mapping[str, str]) -> tuple[Paper, Known | None]:
    """Return the paper under the id it is to have, and the known one that it replaces, if any."""
    key, derived = title_key(paper.title), paper_id(paper.title)
    same = by_title.get(key)
    if paper.id == derived:  # only the title was known here; the library or another source may know a better id
        known = same is not None and same.id != derived
        paper = replace(paper, id=same.id if same is not None and known else better.get(key, derived))
    return paper, same if same is not None and same.id == derived != paper.id else None


def left_behind(
    folder: Path, known: Mapping[str, Collection[Origin]], report: AddReport
) -> tuple[list[str], list[Origin]]:
    """Return the papers that only came from `folder` and are not in it now, and the places in it others left.

    `known` has the origins of every paper that ever came from the folder, by id; `report` tells what was met in it
    just now. A file that could not be read may still hold what it held.
    """
    met = {*report.added, *report.updated, *report.unchanged}
    unread = {bad.source for bad in report.failed if not bad.entry}
    gone: list[str] = []
    left: list[Origin] = []
    for paper, origins in known.items():
        inside = [origin for origin in origins if Path(origin.origin).is_relative_to(folder)]
        past = [
            place
            for place in inside
            if Path(place.origin).name not in unread and (paper not in met or not _is_there(place.origin))
        ]
        if len(past) == len(origins):
            gone.append(paper)
        else:
            left += past
    return gone, left
