"""Search alone, on any collection in BEIR format, by each ranking and by both; answers are left to `run.py`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rag.errors import QuestionError, SourceError, shorten
from rag.library import Library
from rag.model import Evidence, Paper
from rag.settings import Settings, load_settings

from .answers import Part
from .retrieval import Judged, judge_grades, ndcg, recall, reciprocal_rank
from .stats import Difference, Estimate, bootstrap, compare

__all__ = ["DEPTH", "LEGS", "MEASURES", "BeirResult", "Collection", "evaluate", "judge", "read_collection", "render"]

DEPTH = 100
LEGS = ("bm25", "dense", "hybrid")
MEASURES: Mapping[str, Callable[[Judged], float | None]] = {
    "nDCG@10": lambda judged: ndcg(judged, 10),
    "R@10": lambda judged: recall(judged, 10),
    "R@100": lambda judged: recall(judged, DEPTH),
    "MRR@10": lambda judged: reciprocal_rank(judged, 10),
}


@dataclass(frozen=True, slots=True)
class Collection:
    """Papers, queries by id, and grades by query id and paper id; only queries with a relevant paper are kept."""

    papers: tuple[Paper, ...]
    queries: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class BeirResult:
    """What was measured: `estimates` by leg and measure, `differences` of hybrid to each other leg and measure.

    `rankings` holds the paper ids found, best first, by leg and query id.
    """

    papers: int
    queries: int
    estimates: Mapping[str, Mapping[str, Estimate]]
    differences: Mapping[str, Mapping[str, Difference]]
    rankings: Mapping[str, Mapping[str, Sequence[str]]]


def read_collection(folder: str | Path, split: str | None = None, limit: int | None = None) -> Collection:
    """Read `corpus.jsonl`, `queries.jsonl` and `qrels/*.tsv` of a folder, the first `limit` queries of it.

    `split` names one file of qrels; without it `test` is taken, or all there are. Raises SourceError for a file that
    is missing or broken, and for a collection without a query to ask.
    """
    root = Path(folder)
    papers = tuple(
        Paper(str(row["_id"]), str(row.get("title") or ""), str(row["text"]), source="corpus.jsonl")
        for row in _rows(root / "corpus.jsonl", ("_id", "text"))
    )
    grades: dict[str, dict[str, int]] = {}
    for path in _qrels(root, split):
        for query, paper, grade in _judgements(path):
            grades.setdefault(query, {})[paper] = grade
    texts = {str(row["_id"]): str(row["text"]) for row in _rows(root / "queries.jsonl", ("_id", "text"))}
    asked = [query for query in texts if any(grade > 0 for grade in grades.get(query, {}).values())][:limit]
    if not asked or not papers:
        raise SourceError(f"{shorten(folder)} has no query with a relevant paper", remedy="check its qrels folder")
    return Collection(papers, {query: texts[query] for query in asked}, {query: grades[query] for query in asked})


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(path), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or any(name not in row for name in needed):
                raise SourceError(
                    f"{shorten(path)}, line {number}: not a JSON object with {' and '.join(needed)}",
                    remedy="give a folder in BEIR format",
                )
            yield row


def _qrels(root: Path, split: str | None) -> list[Path]:
    name = split or ("test" if (root / "qrels" / "test.tsv").is_file() else None)
    found = [root / "qrels" / f"{name}.tsv"] if name else sorted((root / "qrels").glob("*.tsv"))
    if not found or not all(path.is_file() for path in found):
        raise SourceError(f"{shorten(root)} has no qrels/{name or '*'}.tsv", remedy="give a folder in BEIR format")
    return found


def _judgements(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield query id, paper id and grade; the first line is a header when its grade is no number."""
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            query, paper, grade = line.split("\t")
            yield query, paper, int(grade)
        except ValueError:
            if number > 1:
                raise SourceError(
                    f"{shorten(path)}, line {number}: not a query id, a paper id and a whole grade, tab between",
                    remedy="give a folder in BEIR format",
                ) from None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{shorten(path)} cannot be read ({error})", remedy="give a folder in BEIR format") from error


def evaluate(
    folder: str | Path,
    *,
    library: str | Path | None = None,
    split: str | None = None,
    limit: int | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _doing: None,
) -> BeirResult:
    """Search a collection by BM25, by the embedder and by both, and compare.

    A Library is built in the folder `library` (kept, and reused when it is there) or in a temporary one. `bm25` and
    `dense` are the plain rankings, without synonyms and feedback; BM25 results that share no word with the query are
    left out. Each ranking proposes at least 2 x 100 passages, for R@100. A query that cannot be searched for finds
    nothing. Raises SourceError for a bad folder, and what Library raises.
    """
    given = settings or load_settings()
    collection = read_collection(folder, split, limit)
    with ExitStack() as stack:
        home = Path(library) if library is not None else Path(stack.enter_context(TemporaryDirectory()))
        progress(f"indexing {len(collection.papers):,} papers")
        with Library.open(home, create=True, settings=given) as built:
            built.add(*collection.papers)
        rankings: dict[str, dict[str, tuple[str, ...]]] = {}
        for leg in LEGS:
            progress(f"asking {len(collection.queries):,} queries: {leg}")
            with Library.open(home, settings=_leg_settings(given, leg)) as opened:
                rankings[leg] = {query: _found(opened, leg, text) for query, text in collection.queries.items()}
    return judge(collection, rankings, seed=seed)


def _leg_settings(settings: Settings, leg: str) -> Settings:
    alone: dict[str, object] = {"synonyms": 0.0, "feedback": 0}
    parts = {"bm25": {"dense_weight": 0.0, **alone}, "dense": {"dense_weight": 1.0, **alone}, "hybrid": {}}
    deep = {"candidates": max(settings.candidates, 2 * DEPTH), "embedder": "auto"}
    return settings.model_copy(update={**deep, **parts[leg]})


def _found(library: Library, leg: str, text: str) -> tuple[str, ...]:
    try:
        evidence: list[Evidence] = library.search(text, k=DEPTH)
    except QuestionError:
        return ()
    return tuple(piece.paper.id for piece in evidence if leg != "bm25" or piece.scores["lexical"] > 0)


def judge(collection: Collection, rankings: Mapping[str, Mapping[str, Sequence[str]]], *, seed: int = 0) -> BeirResult:
    """Score rankings (by leg and query id), each query a cluster of its own; hybrid is compared with the others."""
    queries = list(collection.queries)
    parts: dict[str, dict[str, list[Part]]] = {}
    for leg, ranking in rankings.items():
        judged = [judge_grades(ranking[query], collection.grades[query]) for query in queries]
        parts[leg] = {name: [(of(one) or 0.0, 1.0) for one in judged] for name, of in MEASURES.items()}
    estimates = {leg: _estimates(by, queries, seed) for leg, by in parts.items()}
    hybrid = parts.get("hybrid")
    others = {leg: by for leg, by in parts.items() if leg != "hybrid" and hybrid is not None}
    differences = {leg: _differences(by, hybrid or {}, queries, seed) for leg, by in others.items()}
    return BeirResult(len(collection.papers), len(queries), estimates, differences, rankings)


def _estimates(by: Mapping[str, list[Part]], queries: list[str], seed: int) -> dict[str, Estimate]:
    found = {name: bootstrap(rows, queries, seed=seed) for name, rows in by.items()}
    return {name: one for name, one in found.items() if one is not None}


def _differences(
    by: Mapping[str, list[Part]], hybrid: Mapping[str, list[Part]], queries: list[str], seed: int
) -> dict[str, Difference]:
    found = {name: compare(rows, hybrid[name], queries, seed=seed) for name, rows in by.items()}
    return {name: one for name, one in found.items() if one is not None}


def render(result: BeirResult) -> str:
    """Return the result as a text table: one line a leg, then one for hybrid against each other leg with p."""
    wide = max(len(name) for name in ("hybrid - dense", *result.estimates))
    lines = [f"{result.papers:,} papers, {result.queries:,} queries", ""]
    lines.append(" ".join([" " * wide, *(f"{name:>17}" for name in MEASURES)]))
    for leg, by in result.estimates.items():
        lines.append(" ".join([f"{leg:<{wide}}", *(f"{by[name].value:>17.4f}" for name in MEASURES)]))
    for leg, differences in result.differences.items():
        cells = (f"{differences[name].value:+.4f} p {differences[name].p:.4f}" for name in MEASURES)
        lines.append(" ".join([f"{'hybrid - ' + leg:<{wide}}", *(f"{cell:>17}" for cell in cells)]))
    return "\n".join(lines) + "\n"
