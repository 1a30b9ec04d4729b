"""Time a library of made-up papers beside its raw parts, in turn, in one run; peers and the report have own files."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rag.catalogue import Catalogue
from rag.embed import StaticEmbedder
from rag.errors import shorten
from rag.extract import draft_answer
from rag.lexical import LexicalIndex
from rag.library import Library
from rag.model import Paper, Turn
from rag.records import Where, paper_of
from rag.retrieve import wanted
from rag.settings import Settings
from rag.snapshot import Snapshot
from rag.verify import verify

from .speed_parts import COLD, RawParts, timed
from .synthetic import questions, synthetic

__all__ = ["SpeedOptions", "measure"]

FOLLOW_UP = "And how much does it improve?"
WINDOW = Where(first_year=2014, last_year=2015)
"""Two of the sixteen years of the made-up papers: one in eight."""
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SpeedOptions:
    """What to measure: sizes in papers, slices that each is added in, questions a round, rounds, cold starts."""

    sizes: tuple[int, ...] = (1_000, 10_000)
    seed: int = 0
    slices: int = 5
    questions: int = 20
    rounds: int = 5
    cold: int = 3
    children: bool = True
    """Whether to start processes, for cold questions and for the peak of memory."""


def measure(options: SpeedOptions, note: Callable[[str], None]) -> list[Figures]:
    """Return the figures of each size: seconds, milliseconds, papers a second, and ratios to the raw parts.

    A ratio is a list of one number a repetition: the library's time by the sum of the parts' in the same repetition.
    """
    found = []
    for size in options.sizes:
        with TemporaryDirectory(prefix="paperchat-speed-") as folder:
            note(f"{size:,} papers")
            found.append(_of_size(size, Path(folder), options, note))
    return found


def _of_size(size: int, home: Path, options: SpeedOptions, note: Callable[[str], None]) -> Figures:
    embedder = StaticEmbedder()
    embedder.embed(["warm"])
    papers = list(synthetic(size, options.seed))
    settings = Settings(embedder="static")
    raw = RawParts(home / "raw", embedder)
    figures: Figures = {"papers": size}
    files = _written(papers, home / "in", options.slices)
    with Library.open(home / "library", create=True, settings=settings) as library:
        library.embedder.embed(["warm"])
        note("  adding")
        figures["add"] = _adding(library, raw, files)
        figures["disk_mb"] = _megabytes(home / "library")
        note("  adding the same again")
        figures["unchanged_per_s"] = round(size / timed(lambda: library.add(home / "in")))
        figures["sync_unchanged_s"] = round(timed(lambda: library.sync(home / "in")), 4)
    figures["open_ms"] = _median_ms(
        timed(lambda: Library.open(home / "library").close()) for _ in range(options.rounds)
    )
    asked = questions(options.questions * options.rounds + 5, size, options.seed)
    with Library.open(home / "library", settings=settings) as library:
        note("  asking")
        figures["question"] = _asking(library, raw, asked, options)
        figures["recall_at_10"] = _recall(home / "library", raw, papers, asked)
        if options.children:
            note("  asking cold")
            figures["cold"] = _cold(home, asked, raw, options)
        note("  removing and rebuilding")
        gone = [paper.id for paper in papers[:: max(1, size // 10)]][:10]
        ours, parts = timed(lambda: library.remove(*gone)), raw.remove(gone)
        figures["remove"] = {"ms": round(ours * 1000, 1), "ratio": [ours / parts]}
        ours, bare = timed(library.rebuild), raw.upsert_anew(papers)
        figures["rebuild"] = {"seconds": round(ours, 3), "ratio": [ours / bare]}
    raw.close()
    if options.children:
        note("  memory")
        figures["peak_mb"] = _peak(home / "in", home / "again")
    return figures


def _written(papers: Sequence[Paper], folder: Path, slices: int) -> list[tuple[Path, Sequence[Paper]]]:
    """Write papers as files of one record a line, `slices` of them."""
    folder.mkdir()
    each = -(-len(papers) // slices)
    files = []
    for number in range(slices):
        some = papers[number * each : (number + 1) * each]
        path = folder / f"part-{number}.jsonl"
        rows = (
            {"id": one.id, "title": one.title, "abstract": one.abstract, "url": one.url}
            | {"authors": list(one.authors), "published": str(one.published)}
            for one in some
        )
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
        files.append((path, some))
    return files


def _adding(library: Library, raw: RawParts, files: Sequence[tuple[Path, Sequence[Paper]]]) -> Figures:
    ours: list[float] = []
    parts: list[dict[str, float]] = []
    for path, some in files:
        ours.append(timed(lambda path=path: library.add(path)))  # type: ignore[misc]
        parts.append(raw.add(some))
    # SQLite is no part that the limit counts: a vector store and a lexical index need no catalogue
    counted = [sum(seconds for name, seconds in one.items() if name != "SQLite") for one in parts]
    count = sum(len(some) for _, some in files)
    return {
        "per_s": round(count / sum(ours), 1),
        "parts_per_s": {name: round(count / sum(one[name] for one in parts), 1) for name in parts[0]},
        "ratio": [mine / other for mine, other in zip(ours, counted, strict=True)],
    }


def _asking(library: Library, raw: RawParts, asked: Sequence[str], options: SpeedOptions) -> Figures:
    lexical = LexicalIndex(library.path / "lexical")
    weights = {question: wanted(question, library.settings.synonyms) for question in asked}
    for question in asked[:5]:  # the first ones load what the others find loaded
        library.ask(question)
        library.search(question, where=WINDOW)
        raw.search(question, weights[question])
    times: dict[str, list[float]] = {}
    ratios, parts = [], []
    for number in range(options.rounds):
        mine, other = [], []
        for question in asked[5 + number * options.questions :][: options.questions]:
            mine.append(timed(lambda question=question: library.search(question)))  # type: ignore[misc]
            parts.append(raw.search(question, weights[question]))
            other.append(sum(parts[-1].values()))
            for name, seconds in _whole(library, question, lexical):
                times.setdefault(name, []).append(seconds)
        times.setdefault("search", []).extend(mine)
        ratios.append(statistics.median(mine) / statistics.median(other))
    lexical.close()
    return {
        "ms": {name: _median_ms(iter(seconds)) for name, seconds in times.items()},
        "parts_ms": {name: _median_ms(one[name] for one in parts) for name in parts[0]},
        "ratio": ratios,
    }


def _whole(library: Library, question: str, lexical: LexicalIndex) -> Iterator[tuple[str, float]]:
    """Yield what the steps of an answer take: choosing and checking apart, all of it, a follow-up, under a filter."""
    evidence = library.search(question)
    drafts = []
    yield "choose", timed(lambda: drafts.append(draft_answer(question, evidence, library.embedder, lexical.idf)))
    yield (
        "check",
        timed(lambda: verify(drafts[0], evidence, question=question, standalone_question=question, idf=lexical.idf)),
    )
    replies = []
    yield "ask", timed(lambda: replies.append(library.ask(question)))
    yield "follow-up", timed(lambda: library.ask(FOLLOW_UP, history=[Turn(question, replies[0])]))
    yield "filtered search", timed(lambda: library.search(question, where=WINDOW))


def _recall(folder: Path, raw: RawParts, papers: Sequence[Paper], asked: Sequence[str]) -> dict[str, float]:
    """Return which share of the ten nearest vectors is found, by the library and by Chroma as it comes."""
    vectors, ids = raw.vectors, [paper.id for paper in papers]
    embedded = StaticEmbedder().embed(list(asked))
    mine = other = 0
    with closing(Catalogue.in_folder(folder)) as catalogue:
        scan = Snapshot(folder / "vectors", catalogue).load()
        for vector in embedded:
            true = {ids[place] for place in np.argsort(-(vectors @ vector), kind="stable")[:10]}
            mine += len(true & {paper_of(key) for key, _ in scan.nearest(vector, 10)})
            other += len(true & set(raw.neighbours(vector, 10)))
    wanted_ = 10 * len(embedded)
    return {"library": round(mine / wanted_, 4), "Chroma": round(other / wanted_, 4)}


def _cold(home: Path, asked: Sequence[str], raw: RawParts, options: SpeedOptions) -> Figures:
    ours, parts = [], []
    for question in asked[: options.cold]:
        mine = [sys.executable, "-m", "rag", "ask", "--library", str(home / "library"), question]
        ours.append(timed(lambda command=mine: _run(command)))  # type: ignore[misc]
        other = [sys.executable, "-c", COLD, str(raw.folder), question, raw.words(question)]
        parts.append(timed(lambda command=other: _run(command)))  # type: ignore[misc]
    return {
        "ms": _median_ms(iter(ours)),
        "parts_ms": _median_ms(iter(parts)),
        "ratio": [mine / other for mine, other in zip(ours, parts, strict=True)],
    }


def _run(command: Sequence[str]) -> str:
    """Run a program of our own in a process of its own; return what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment())
    if done.returncode:
        raise RuntimeError(f"{shorten(command[2])} failed: {shorten(done.stderr, 400)}")
    return done.stdout


def _environment() -> dict[str, str]:
    home = str(Path(__file__).resolve().parent.parent)
    return os.environ | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}


PEAK = """
import resource, sys
from pathlib import Path
from rag.library import Library
from rag.settings import Settings
with Library.open(sys.argv[2], create=True, settings=Settings(embedder="static")) as library:
    library.add(sys.argv[1])
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
own = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
print(own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Adds files to a library, and prints the kilobytes held at most; Linux's `ru_maxrss` starts at the parent's."""


def _peak(files: Path, library: Path) -> float:
    """Return the megabytes that a process holds at most while it adds the files to a new library."""
    kilobytes = int(_run([sys.executable, "-c", PEAK, str(files), str(library)]))
    return round(kilobytes / 1000, 1)


def _median_ms(seconds: Iterator[float]) -> float:
    return round(statistics.median(seconds) * 1000, 3)


def _megabytes(folder: Path) -> float:
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)
