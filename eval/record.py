"""What a run leaves behind, `run.json`, as frozen values that load and save; what stands in it is made by others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from rag.errors import StoreError, UsageError, shorten

__all__ = ["SCHEMA", "SPLITS", "Figure", "Row", "Run", "RunError", "Totals", "dumped", "load_run", "read_json", "save"]

SCHEMA = 1
SPLITS = ("all", "dev", "test")


class RunError(UsageError):
    """A file that should hold a run and does not (exit status 4)."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A rate with its 95 % interval, and how many questions it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Row:
    """One question, its answer (`Answer.to_dict()`), its score by metric (None: does not apply), and what became of it.

    `gold` is an AND of OR-groups of titles, `retrieved` the papers found, best first, `why` one line for a person.
    """

    id: str
    split: str | None
    category: str
    answerable: bool
    cluster_id: str
    variant: str | None
    variant_of: str | None
    question: str
    history: list[dict[str, str]]
    reference: str
    gold: list[list[str]]
    answer: dict[str, Any]
    retrieved: list[dict[str, Any]]
    scores: dict[str, float | None]
    outcome: Literal["correct", "partial", "missing", "wrong"]
    why: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Totals:
    """How many questions came out how, and the seconds that the run took."""

    correct: int
    partial: int
    missing: int
    wrong: int
    seconds: float

    @property
    def line(self) -> str:
        """The last line of a run, like pytest's."""
        counts = f"{self.correct} correct, {self.partial} partial, {self.missing} missing, {self.wrong} wrong"
        return f"{counts} in {self.seconds:.0f}s"


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run.

    `aggregates` holds figures by split ("all", "dev", "test") and metric, `by_category` by split, category and metric,
    `baselines` by baseline and metric. `comparison` is set when a base was given, `gates` when there were any.
    """

    schema: int
    git: str | None
    created: str
    seed: int
    versions: dict[str, str]
    settings: dict[str, Any]
    library: dict[str, Any]
    questions: dict[str, Any]
    rows: list[Row]
    aggregates: dict[str, dict[str, Figure]]
    by_category: dict[str, dict[str, dict[str, Figure]]]
    baselines: dict[str, dict[str, Figure]]
    slices: dict[str, dict[str, Any]]
    totals: Totals
    judge: dict[str, Any] | None = None
    comparison: dict[str, Any] | None = None
    gates: list[dict[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; keys are only ever added to it."""
        return asdict(self)


def load_run(path: Path) -> Run:
    """Read a `run.json`; raise RunError that names the file and the first field at fault."""
    data = read_json(path)
    try:
        return _adapter().validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"{shorten(path, 200)} is no run: {place or 'the whole'}: {first['msg'].lower()}",
            remedy="give the run.json that rag-eval run wrote",
        ) from None


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Run]:
    return TypeAdapter(Run)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object of this schema; raise RunError that names the file, and the line where it is broken."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RunError(
            f"{shorten(path, 200)} cannot be read ({error.strerror or error})", remedy="give a run.json"
        ) from error
    except ValueError as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise RunError(f"{shorten(path, 200)}{line}: not JSON ({error})", remedy="give a run.json") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else None
        raise RunError(
            f"{shorten(path, 200)} has the schema {shorten(repr(found), 20)}, not {SCHEMA}",
            remedy="give a run.json of this version of rag-eval",
        )
    return data


def dumped(data: Mapping[str, Any]) -> str:
    """Return JSON that a person can read and that is the same for the same data."""
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def save(path: Path, text: str) -> None:
    """Write a file in one piece, its folder too: a run that is cut off leaves no half of it. Raises StoreError."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, "utf-8", errors="replace")
        part.replace(path)
    except OSError as error:
        raise StoreError(
            f"{shorten(path, 200)} cannot be written ({error.strerror or error})", remedy="take another --out"
        ) from error
