"""How right the support checker is on sentences that people have labelled; the checker itself is left to `rag`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from rag.errors import shorten
from rag.model import Paper
from rag.support import Check, Idf, check
from rag.text import title_key

from .answers import Part
from .citations import SUPPORTED
from .marking import idf_of
from .schema import QuestionsError
from .stats import Estimate, bootstrap

__all__ = ["LABELS", "CheckerResult", "Judged", "Labelled", "Score", "evaluate", "load_labels", "render"]

LABELS = Path(__file__).with_name("labels.jsonl")
"""The sentences that come with the evaluation; they cite papers of the starter library."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A sentence, the exact titles that it cites, and whether a careful reader finds that they say it.

    `kind` says how it was written ("paraphrase", "number", ...); `readers` how many people agreed on the label.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)

    id: str
    sentence: str
    titles: tuple[str, ...]
    question: str
    kind: str
    label: Literal["supported", "unsupported"]
    readers: int = 1

    @property
    def is_supported(self) -> bool:
        """Whether the reader says so."""
        return self.label == "supported"


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled sentence and what the checker says of it."""

    labelled: Labelled
    found: Check

    def passes(self, *, flags_count: bool = False) -> bool:
        """Tell whether the checker lets it pass (EXEMPT does not); with `flags_count`, a flagged one does not."""
        return self.found.verdict in SUPPORTED and not (flags_count and self.found.flags)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of "supported", each with its interval; None when nothing passed, or nothing should."""

    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True, slots=True)
class CheckerResult:
    """What was measured.

    `plain` takes VERBATIM and SUPPORTED as passed, `strict` only those without a flag. `kinds` holds by kind how many
    there are and how many of them were judged rightly, plainly and strictly.
    """

    judged: tuple[Judged, ...]
    plain: Score
    strict: Score
    kinds: Mapping[str, tuple[int, int, int]]

    @property
    def false_alarms(self) -> tuple[Judged, ...]:
        """The sentences that are supported and do not pass, or pass with a flag."""
        return tuple(one for one in self.judged if one.labelled.is_supported and not one.passes(flags_count=True))

    @property
    def let_through(self) -> tuple[Judged, ...]:
        """The sentences that are unsupported and pass without a flag."""
        return tuple(one for one in self.judged if not one.labelled.is_supported and one.passes(flags_count=True))

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON."""
        scores = {name: asdict(score) for name, score in (("plain", self.plain), ("strict", self.strict))}
        names = ("n", "right", "right_with_flags")
        kinds = {name: dict(zip(names, row, strict=True)) for name, row in self.kinds.items()}
        return {"n": len(self.judged), **scores, "kinds": kinds}


def load_labels(path: str | Path = LABELS) -> tuple[Labelled, ...]:
    """Read labelled sentences, one JSON object a line; raise QuestionsError that names line and fault."""
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise QuestionsError(
            f"the labels {shorten(path)} cannot be read ({error.strerror or error})", remedy="give a .jsonl file"
        ) from error
    found: dict[str, Labelled] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            one = _parsed(line, f"{shorten(path)}, line {number}")
            if one.id in found:
                raise QuestionsError(f"{shorten(path)}, line {number}: the id {shorten(one.id)!r} was there before")
            found[one.id] = one
    if not found:
        raise QuestionsError(f"there are no labels in {shorten(path)}", remedy="give a file with one a line")
    return tuple(found.values())


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Labelled]:
    return TypeAdapter(Labelled)


def _parsed(line: bytes, where: str) -> Labelled:
    try:
        return _adapter().validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the line"
        raise QuestionsError(f"{where}: {shorten(place)}: {first['msg'].lower()}", remedy="correct it") from None


def evaluate(
    labels: Sequence[Labelled], papers: Iterable[Paper], *, idf: Idf | None = None, seed: int = 0
) -> CheckerResult:
    """Check labelled sentences against the papers they cite.

    `idf` are the weights of words (by default those of `papers`). Intervals are from the bootstrap, sentences on the
    same first paper together. Raises QuestionsError for a title that no paper has.
    """
    held = list(papers)
    by_key = {title_key(paper.title): paper for paper in held}
    weights = idf or idf_of(held)
    judged = tuple(
        Judged(one, check(one.sentence, _cited(one, by_key), question=one.question, idf=weights)) for one in labels
    )
    return CheckerResult(judged, _score(judged, False, seed), _score(judged, True, seed), _kinds(judged))


def _cited(one: Labelled, by_key: Mapping[str, Paper]) -> list[Paper]:
    for title in one.titles:
        if title_key(title) not in by_key:
            raise QuestionsError(
                f"{shorten(one.id)}: no paper has the title {shorten(title)!r}",
                remedy="give the library that was labelled",
            )
    return [by_key[title_key(title)] for title in one.titles]


def _score(judged: Sequence[Judged], flags_count: bool, seed: int) -> Score:
    """Return precision TP / passed, recall TP / supported and F1 = 2 TP / (passed + supported), van Rijsbergen 1979."""
    clusters = [title_key(one.labelled.titles[0]) if one.labelled.titles else one.labelled.id for one in judged]
    pairs = [(one.passes(flags_count=flags_count), one.labelled.is_supported) for one in judged]

    def rate(parts: list[Part]) -> Estimate | None:
        return bootstrap(parts, clusters, seed=seed)

    return Score(
        rate([(float(passed and true), float(passed)) for passed, true in pairs]),
        rate([(float(passed and true), float(true)) for passed, true in pairs]),
        rate([(2.0 * (passed and true), float(passed) + float(true)) for passed, true in pairs]),
    )


def _kinds(judged: Sequence[Judged]) -> dict[str, tuple[int, int, int]]:
    """Return by kind how many there are, and how many were judged rightly: without, and with, heed to flags."""
    found: dict[str, tuple[int, int, int]] = {}
    for one in sorted(judged, key=lambda one: (not one.labelled.is_supported, one.labelled.kind)):
        number, plain, strict = found.get(one.labelled.kind, (0, 0, 0))
        true = one.labelled.is_supported
        found[one.labelled.kind] = (
            number + 1,
            plain + (one.passes() is true),
            strict + (one.passes(flags_count=True) is true),
        )
    return found


def render(result: CheckerResult) -> str:
    """Return the result as text: both scores, the kinds, what was let through and the false alarms."""
    supported = {one.labelled.kind for one in result.judged if one.labelled.is_supported}
    number = sum(one.labelled.is_supported for one in result.judged)
    lines = [f"{len(result.judged)} labelled sentences, {number} supported"]
    lines += ["", f"{'supported, by the checker':<28}{'precision':>20}{'recall':>20}{'F1':>20}"]
    for name, score in (("VERBATIM or SUPPORTED", result.plain), ("the same without a flag", result.strict)):
        cells = "".join(f"{_shown(one):>20}" for one in (score.precision, score.recall, score.f1))
        lines.append(f"{name:<28}{cells}")
    lines += ["", f"{'kind':<28}{'n':>5}{'passed or caught':>20}{'with heed to flags':>20}"]
    for kind, (number, plain, strict) in result.kinds.items():
        said = f"{'passed' if kind in supported else 'caught'} {plain / number:.0%}"
        lines.append(f"{shorten(kind, 26):<28}{number:>5}{said:>20}{f'{strict / number:.0%}':>20}")
    for title, some in (("let through", result.let_through), ("false alarms", result.false_alarms)):
        lines += ["", f"{title} ({len(some)})", *(_line(one) for one in some)]
    return "\n".join(lines) + "\n"


def _shown(one: Estimate | None) -> str:
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]" if one else "none"


def _line(one: Judged) -> str:
    why = f" ({shorten(one.found.why, 120)})" if one.found.why else ""
    return f"  {one.labelled.id} {one.labelled.kind}: {one.found.verdict}{why}: {shorten(one.labelled.sentence, 400)}"
