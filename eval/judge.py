"""What a judge model says of the answers of a run, beside the checker; calling it is left to `endpoint.py`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag.errors import shorten
from rag.model import Paper
from rag.settings import Settings

from .answers import Part
from .criteria import Item, items
from .endpoint import Desk, Endpoint, JudgeError, cached
from .schema import Question
from .stats import bootstrap

__all__ = ["Estimate", "JudgeError", "estimate", "judge"]

CHARACTERS_A_TOKEN = 4
TOKENS_A_REPLY = 12
WORKERS = 4
Rows = Sequence[Mapping[str, Any]]
Said = Mapping[Item, Sequence[bool | None]]
"""What was said of each item, one entry a repetition; None: no usable reply."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a judgement would cost: calls still to make, those answered from the cache, and roughly the tokens."""

    calls: int
    cached: int
    prompt_tokens: int
    completion_tokens: int

    def __str__(self) -> str:
        tokens = f"about {self.prompt_tokens:,} tokens in and {self.completion_tokens:,} out"
        return f"{self.calls:,} calls to the judge, {tokens}; {self.cached:,} more are cached"


def estimate(
    rows: Rows,
    questions: Iterable[Question],
    papers: Mapping[str, Paper],
    *,
    model: str,
    repeat: int = 3,
    cache: Path | None = None,
) -> Estimate:
    """Return what `judge` would cost for the same arguments, without calling; 4 characters count as a token."""
    calls = [(item, turn) for item in items(rows, questions, papers) if item.system for turn in range(repeat)]
    left = [item for item, turn in calls if cached(cache, model, item, turn) is None]
    tokens = sum(math.ceil((len(item.system) + len(item.data)) / CHARACTERS_A_TOKEN) for item in left)
    return Estimate(len(left), len(calls) - len(left), tokens, TOKENS_A_REPLY * len(left))


def judge(
    rows: Rows,
    questions: Iterable[Question],
    papers: Mapping[str, Paper],
    *,
    model: str,
    repeat: int = 3,
    cache: Path | None = None,
    required: bool = False,
    seed: int = 0,
    heard: Callable[[], None] = lambda: None,
    settings: Settings | None = None,
    timeout: float = 60.0,
    retries: int = 4,
) -> dict[str, Any]:
    """Ask a judge model about the answers of a run, `repeat` times each; return what `run.json` holds as "judge".

    `rows` are those of run.json, `papers` what their answers cite, by id; `cache` is a folder where usable replies are
    kept; `heard` is called after each call; for `timeout` and `retries` see `Endpoint`. A reply that does not parse is
    missing, never a no. Where the endpoint is down, the result has a "warning" and no figures (from a part of the
    replies they would mislead; the cache keeps them for the next time); with `required`, JudgeError is raised. Raises
    StoreError when the cache cannot be written.
    """
    found = items(rows, questions, papers)
    try:
        desk = Desk(Endpoint.of(model, settings, timeout=timeout, retries=retries), cache)
    except JudgeError as error:
        if required:
            raise
        return _result(found, {}, model, repeat, seed, [error.what])
    said = _replies(desk, found, repeat, heard)
    if desk.lost and required:
        raise JudgeError(f"the judge {shorten(model)!r} failed: {desk.lost}", remedy="look at the endpoint and the key")
    if desk.lost:
        told = _result(found, {}, model, repeat, seed, [f"the judge is down: {desk.lost}"])
    else:
        failed = [f"{desk.failed} calls failed"] if desk.failed else []
        told = _result(found, said, model, repeat, seed, [*failed, *_family_warning(model, rows)])
    tokens = {"prompt": desk.tokens["prompt_tokens"], "completion": desk.tokens["completion_tokens"]}
    return {**told, "calls": desk.calls, "cached": desk.cached, "tokens": tokens}


def _replies(desk: Desk, found: Sequence[Item], repeat: int, heard: Callable[[], None]) -> Said:
    """Ask everything that needs asking, `repeat` times, several calls at once."""
    calls = [(item, turn) for item in found if item.system for turn in range(repeat)]
    said: dict[Item, list[bool | None]] = {item: [] for item in found if item.system}
    with desk, ThreadPoolExecutor(WORKERS) as pool:
        for (item, _), reply in zip(calls, pool.map(lambda call: desk.ask(*call), calls), strict=True):
            said[item].append(reply)
            heard()
    return said


def _family_warning(model: str, rows: Rows) -> list[str]:
    """Warn when the judge is of the family of a writer: models favour their own (Panickssery et al., NeurIPS 2024)."""
    own = _family(model)
    kin = sorted({mode for mode in (str(row["answer"]["mode"]) for row in rows) if own and _family(mode) == own})
    return [f"the judge is of the family of the writer {shorten(kin[0])!r}: take one of another"] if kin else []


def _family(model: str) -> str:
    """Return the letters that the name of a model begins with: "gpt" for "openai/gpt-4.1-mini"."""
    found = re.match(r"[^\W\d_]+", model.rsplit("/", 1)[-1])
    return found.group().lower() if found else ""


def _result(
    found: Sequence[Item], said: Said, model: str, repeat: int, seed: int, warnings: Sequence[str]
) -> dict[str, Any]:
    """Return the figures by metric, each with its interval, its value in each run, and how many replies are missing."""
    metrics = {}
    for metric in dict.fromkeys(item.metric for item in found):
        some = [item for item in found if item.metric == metric]
        if any(value is not None for item in some for value in said.get(item, ())):
            metrics[metric] = _figure(some, said, repeat, seed)
    if agreed := _agreement(found, said, seed):
        metrics["agreement"] = agreed
    usable = sum(value is not None for values in said.values() for value in values)
    missing = repeat * sum(bool(item.system) for item in found) - usable
    status = "unavailable" if missing and not usable else "partial" if missing else "ok"
    warning = "; ".join(warnings) or None
    return {"model": model, "repeat": repeat, "status": status, "warning": warning, "missing": missing,
            "metrics": metrics}  # fmt: skip


def _figure(some: Sequence[Item], said: Said, repeat: int, seed: int) -> dict[str, Any]:
    runs = []
    for turn in range(repeat):
        parts = _by_question(some, {item: _at(said, item, turn) for item in some})
        counted = sum(below for _, below in parts.values())
        runs.append(round(sum(above for above, _ in parts.values()) / counted, 6) if counted else None)
    had = [value for value in runs if value is not None]
    missing = sum(_at(said, item, turn) is None for item in some for turn in range(repeat))
    parts = _by_question(some, {item: _share(said, item) for item in some})
    return {**_estimate(parts, some, seed), "runs": runs, "spread": round(max(had) - min(had), 6), "missing": missing}


def _at(said: Said, item: Item, turn: int) -> float | None:
    """Return what was said of an item in one repetition as 0 or 1; an item that needs no judge is 0."""
    if not item.system:
        return 0.0
    value = said[item][turn] if item in said else None
    return None if value is None else float(value)


def _share(said: Said, item: Item) -> float | None:
    """Return the share of usable replies that say yes."""
    if not item.system:
        return 0.0
    usable = [value for value in said.get(item, ()) if value is not None]
    return sum(usable) / len(usable) if usable else None


def _by_question(some: Sequence[Item], shares: Mapping[Item, float | None]) -> dict[str, Part]:
    """Return the mean of the items of each question as its part of a plain mean; (0, 0) where every one is missing."""
    held: dict[str, list[float]] = {item.question_id: [] for item in some}
    for item in some:
        if (share := shares[item]) is not None:
            held[item.question_id].append(share)
    return {name: (sum(values) / len(values), 1.0) if values else (0.0, 0.0) for name, values in held.items()}


def _estimate(parts: Mapping[str, Part], some: Sequence[Item], seed: int) -> dict[str, Any]:
    cluster = {item.question_id: item.cluster_id for item in some}
    found = bootstrap(list(parts.values()), [cluster[name] for name in parts], seed=seed)
    if found is None:
        return {}
    return {name: round(value, 6) for name, value in asdict(found).items() if name != "clusters"}


def _agreement(found: Sequence[Item], said: Said, seed: int) -> dict[str, Any]:
    """Return the share of sentences on which most replies and the checker agree; nothing when there are none."""
    held: dict[str, list[float]] = {}
    some = [item for item in found if item.system and item.checker is not None]
    for item in some:
        if (share := _share(said, item)) is not None and share != 0.5:
            held.setdefault(item.question_id, []).append(float((share > 0.5) == item.checker))
    parts = {name: (sum(values), float(len(values))) for name, values in held.items()}
    return _estimate(parts, some, seed) if parts else {}
