"""Two runs over the same questions, metric by metric, with p-values; what is too great a loss is left to `gates.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError, shorten

from .measures import METRICS
from .record import Figure, Row, Run, RunError, load_run, read_json
from .stats import RESAMPLES, Difference, compare, holm

__all__ = ["DECLARED", "LEVEL", "Base", "baseline_of", "check_same", "compared", "load_base"]

DECLARED = (
    "headline", "nugget_recall_vital", "over_refusal", "abstention_recall", "recall_at_10", "citation_f1",
    "support_recall", "fabricated_citation_rate",
)  # fmt: skip
"""The metrics that are compared, and that Holm's correction is over: each is a plain mean over questions."""
LEVEL = 0.05
BETTER = {metric.name: metric.better for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Base:
    """What a run is compared with: scores by metric and question id; `aggregates` are shown only."""

    name: str
    questions: str
    library: str
    scores: Mapping[str, Mapping[str, float | None]]
    aggregates: Mapping[str, Mapping[str, Any]]
    git: str | None = None
    created: str = ""

    @classmethod
    def of(cls, run: Run, name: str) -> Base:
        """Return a run as a base."""
        scores = {metric: {row.id: row.scores.get(metric) for row in run.rows} for metric in DECLARED}
        told = {split: {key: asdict(one) for key, one in of.items()} for split, of in run.aggregates.items()}
        return cls(name, run.questions["hash"], run.library["hash"], scores, told, run.git, run.created)


def baseline_of(run: Run) -> dict[str, Any]:
    """Return the small form of a run that is worth committing: its aggregates, and the headline of each question."""
    kept = ("schema", "git", "created", "seed", "library", "questions")
    told = run.to_dict()
    headline = {row.id: row.scores["headline"] for row in plain(run.rows)}
    return {"kind": "baseline", **{key: told[key] for key in kept}, "aggregates": told["aggregates"],
            "headline": headline}  # fmt: skip


def load_base(path: Path) -> Base:
    """Read a run.json, or the small form that `baseline_of` gives; raise RunError for anything else."""
    data = read_json(path)
    if data.get("kind") != "baseline":
        return Base.of(load_run(path), path.name)
    try:
        return Base(
            name=path.name,
            questions=str(data["questions"]["hash"]),
            library=str(data["library"]["hash"]),
            scores={"headline": {str(key): float(value) for key, value in data["headline"].items()}},
            aggregates={
                split: {key: asdict(Figure(**one)) for key, one in of.items()}
                for split, of in data["aggregates"].items()
            },
            git=data.get("git"),
            created=str(data.get("created", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{shorten(path, 200)} is no baseline ({error!r})", remedy="make one with: rag-eval baseline"
        ) from None


def plain(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of base questions, which all figures rest on; all rows when there are only variants."""
    return [row for row in rows if row.variant is None] or list(rows)


def check_same(questions: str, base: Base) -> None:
    """Raise UsageError when the set of questions of this hash is not the one that the base was asked."""
    if questions != base.questions:
        raise UsageError(
            f"{shorten(base.name)} was asked other questions ({shorten(base.questions, 12)}) than these "
            f"({shorten(questions, 12)})",
            remedy="run the base again on these questions, or make a baseline anew with: rag-eval baseline",
        )


def compared(new: Run, base: Base, *, seed: int = 0, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Return the paired comparison of a run with a base, as it stands in `run.json`.

    Raises UsageError when they were not asked the same questions: their sets have other hashes, or share none.
    """
    check_same(new.questions["hash"], base)
    rows = [row for row in plain(new.rows) if row.id in base.scores["headline"]]
    if not rows:
        raise UsageError(f"{shorten(base.name)} shares no question with this run", remedy="choose fewer filters")
    found = {name: _difference(rows, base, name, seed, resamples) for name in DECLARED if name in base.scores}
    there = {name: one for name, one in found.items() if one is not None}
    adjusted = holm({name: one.p for name, one in there.items()})
    base_scores = base.scores["headline"]
    return {
        "base": {"name": base.name, "git": base.git, "created": base.created, "library": base.library},
        "same_library": base.library == new.library["hash"],
        "n": len(rows),
        "metrics": {name: _told(name, one, adjusted[name], rows, base) for name, one in there.items()},
        "changed": [
            {"id": row.id, "base": base_scores[row.id], "new": row.scores["headline"]}
            for row in rows
            if base_scores[row.id] != row.scores["headline"]
        ],
    }


def _parts(scores: Sequence[float | None]) -> list[tuple[float, float]]:
    return [(0.0, 0.0) if score is None else (score, 1.0) for score in scores]


def _difference(rows: Sequence[Row], base: Base, name: str, seed: int, resamples: int) -> Difference | None:
    before = _parts([base.scores[name].get(row.id) for row in rows])
    after = _parts([row.scores.get(name) for row in rows])
    return compare(before, after, [row.cluster_id for row in rows], seed=seed, resamples=resamples)


def _told(name: str, one: Difference, adjusted: float, rows: Sequence[Row], base: Base) -> dict[str, Any]:
    lost = one.value if BETTER[name] == "lower" else -one.value
    return {
        "base": _mean([base.scores[name].get(row.id) for row in rows]),
        "new": _mean([row.scores.get(name) for row in rows]),
        **{key: round(getattr(one, key), 6) for key in ("value", "low", "high", "p")},
        "p_holm": round(adjusted, 6),
        "n": one.n,
        "is_worse": adjusted < LEVEL and lost > 0,
        "is_better": adjusted < LEVEL and lost < 0,
    }


def _mean(scores: Sequence[float | None]) -> float | None:
    there = [score for score in scores if score is not None]
    return round(sum(there) / len(there), 6) if there else None
