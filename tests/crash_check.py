"""Open a library that a kill has left, and say what is wrong with it; killing is left to `crash.py`.

It is asked about papers, abstract by title: `before`, those that had been reported, and `after`, those that there are
once the killed command is done; a paper must be as in one of both. With `again`, a file is added twice. A library whose
every paper was being embedded anew may refuse to open (`unfinished`), and must then say which command goes on.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import LibraryMismatch
from rag.library import Library, rebuilt
from rag.passages import split
from rag.records import paper_of
from rag.settings import Settings

SAMPLES = 100
LEAST_FOUND = 0.95
"""Chroma's index is approximate: without any kill it misses up to .01 of these made-up abstracts by their own vectors.

One that a kill has damaged misses most of what it holds.
"""


def examined(folder: Path, asked: dict[str, Any], *, unfinished: bool) -> dict[str, list[str]]:
    """Return what was told on opening, what is lost, what is corrupt, and the ids that there are."""
    told: list[str] = []
    with _opened(folder, told, unfinished=unfinished) as library:
        lost: list[str] = []
        corrupt: list[str] = []
        if "again" in asked:
            library.add(asked["again"])
            again = library.add(asked["again"])
            if again.added or again.updated or again.failed:
                corrupt.append("adding the same again was not all unchanged")
        lost += list(_lost(library, asked["before"], asked["after"]))
        corrupt += list(_disagreements(library))
        corrupt += list(_unanswered(library))
        return {"told": told, "lost": lost, "corrupt": corrupt, "ids": library._catalogue.ids()}


def _opened(folder: Path, told: list[str], *, unfinished: bool) -> Library:
    try:
        return Library.open(folder, tell=told.append)
    except LibraryMismatch as error:
        if not unfinished or "rag rebuild --embedder auto" not in str(error):
            raise
        told.append("refused to open: embedding anew was cut off")
        return rebuilt(folder, "static", Settings())


def _lost(library: Library, before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """Tell of papers that are missing, too many, or in a state that they never had."""
    held = {paper.title: paper.abstract for paper in library.papers()}
    for title in before.keys() & after.keys():
        if held.get(title) not in {before[title], after[title]}:
            yield f"{title!r} is {'changed' if title in held else 'gone'}"
    for title in held.keys() - before.keys() - after.keys():
        yield f"{title!r} is there, and should not be"
    for title in held.keys() & (before.keys() ^ after.keys()):
        if held[title] != {**before, **after}[title]:
            yield f"{title!r} has a text that it never had"


def _disagreements(library: Library) -> Iterator[str]:
    """Tell where catalogue, Chroma and BM25 index do not hold the same."""
    catalogue = library._catalogue
    entries = catalogue.entries(catalogue.ids())
    for entry in entries:
        if [(part.start, part.end) for part in entry.passages] != [(p.start, p.end) for p in split(entry.paper)]:
            yield f"{entry.paper.id} is there in part"
    wanted = {part.key: vector for entry in entries for part, vector in zip(entry.passages, entry.vectors, strict=True)}
    if catalogue.keys() != set(wanted):
        yield "the catalogue holds passages without a paper"
    revision, indexed = catalogue.revision()
    if not revision == indexed == library._lexical.revision():
        yield f"revisions differ: {revision}, {indexed}, {library._lexical.revision()}"
    yield from _chroma(library, wanted)
    rows = dict(library._lexical.search({"abstract": 1.0}, len(wanted) + 1000))
    if set(rows) != set(wanted) or library._lexical.count() != len(wanted):
        yield f"the BM25 index holds {len(rows)} passages, the catalogue {len(wanted)}"


def _chroma(library: Library, wanted: dict[str, Any]) -> Iterator[str]:
    got = library._vectors._open().get(include=["embeddings", "documents"])
    if set(got["ids"]) != set(wanted):
        yield f"Chroma holds {len(got['ids'])} passages, the catalogue {len(wanted)}"
        return
    texts = {paper.id: paper.abstract for paper in library.papers()}
    for key, vector, text in zip(got["ids"], got["embeddings"], got["documents"], strict=True):
        if not np.allclose(vector, wanted[key], atol=1e-3):
            yield f"Chroma holds another vector of {key}"
        if text not in texts[paper_of(key)]:
            yield f"Chroma holds another text of {key}"
    chosen = random.Random(1).sample(sorted(wanted), min(SAMPLES, len(wanted)))
    found = sum(key in dict(library._vectors.nearest(wanted[key], 20)) for key in chosen)
    if found < LEAST_FOUND * len(chosen):
        yield f"Chroma finds only {found} of {len(chosen)} passages by their own vectors"


def _unanswered(library: Library) -> Iterator[str]:
    """Tell of papers that a question of their own title does not find, or that are quoted wrongly."""
    papers = library.papers()
    for paper in random.Random(2).sample(papers, min(8, len(papers))):
        if paper.id not in [piece.paper.id for piece in library.search(paper.title, 5)]:
            yield f"{paper.id} is not found by its title"
        for quote in library.ask(f"What is {paper.title}?").citations:
            if quote.paper.abstract[quote.start : quote.end] != quote.quote:
                yield f"{quote.paper.id} is quoted wrongly"
