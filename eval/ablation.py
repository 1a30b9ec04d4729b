"""Each part of the offline answer switched off in turn: what it was worth on the questions, paired with all on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from rag import score
from rag.library import Library

from .answering import Journal, ask_all, inquiries
from .marking import Desk, Marked
from .measures import rate
from .schema import Question
from .stats import compare

__all__ = ["PARTS", "Part", "Row", "measure", "render"]

SHOWN = ("headline", "nugget_recall_vital", "citation_precision", "recall_at_1", "over_refusal")
Progress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """What is switched off: settings of the search, weights of the choice of sentences, or other names of a module."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[tuple[str, str], Any] = field(default_factory=dict)
    """By the module's name in `rag` and its own."""


def _no_sides(_question: str) -> tuple[str, ...]:
    return ()


def _all_papers(_question: str, evidence: Sequence[Any], _idf: object) -> Sequence[Any]:
    return evidence


def _always(*_given: object) -> bool:
    return True


PARTS = (
    Part("all on"),
    Part("BM25 alone", settings={"dense_weight": 0.0, "feedback": 0, "synonyms": 0.0}),
    Part("vectors alone", settings={"dense_weight": 1.0}),
    Part("no synonyms", settings={"synonyms": 0.0}),
    Part("no feedback", settings={"feedback": 0}),
    Part("no likeness of words", weights={"said": 0.0}),
    Part("no asked-for word", weights={"wanted": 0.0}),
    Part("no meaning of sentences", weights={"cosine": 0.0}),
    Part("no figure for a number", weights={"figure": 0.0}),
    Part("no method for a how", weights={"method": 0.0}),
    Part("no place in the abstract", weights={"position": 0.0, "opening": 0.0}),
    Part("no sentence that brings it up", names={("score", "INTRODUCED"): 0.0}),
    Part("no sentence that proposes", names={("score", "PROPOSED"): 0.0}),
    Part("releases are not set back", names={("score", "RELEASED"): 0.0}),
    Part("no score of the paper", weights={"paper_cosine": 0.0, "paper_terms": 0.0, "fused": 0.0}),
    Part("names single out no paper", names={("extract", "_named"): _all_papers}),
    Part("comparisons are not split", names={("score", "sides"): _no_sides, ("library", "sides"): _no_sides}),
    Part("what abstracts leave out is answered", names={("extract", "_is_told"): _always}),
    Part("nothing is refused", names={("extract", "is_answerable"): _always, ("extract", "_is_told"): _always}),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one part off, and how sure the change of the headline is (paired cluster sign-flip)."""

    part: str
    figures: Mapping[str, float]
    p: float | None


def measure(
    library: Library, questions: Sequence[Question], progress: Progress = lambda _done, _what: None, *, seed: int = 0
) -> list[Row]:
    """Ask all questions once for each part; the first row is that of all on. The library is only read."""
    desk, rows = Desk.of(library.papers()), list[Row]()
    base: list[Marked] = []
    for place, part in enumerate(PARTS):
        progress(place / len(PARTS), part.name)
        with _without(part, library):
            given = ask_all(library, inquiries(questions), Journal())
        marked = [desk.mark(one, desk.read(given[one.id].answer)) for one in questions]
        base = base or marked
        rows.append(_row(part, base, marked, seed))
    progress(1.0, "done")
    return rows


@contextmanager
def _without(part: Part, library: Library) -> Iterator[None]:
    """Switch a part off for as long as the context lasts."""
    swaps: dict[tuple[Any, str], Any] = {
        (import_module(f"rag.{module}"), name): value for (module, name), value in part.names.items()
    }
    swaps[library, "settings"] = library.settings.model_copy(update=dict(part.settings))
    if part.weights:
        swaps[score, "WEIGHTS"] = {name: replace(one, **part.weights) for name, one in score.WEIGHTS.items()}
    kept = {(module, name): getattr(module, name) for module, name in swaps}
    for (module, name), value in swaps.items():
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name), value in kept.items():
            setattr(module, name, value)


def _row(part: Part, base: Sequence[Marked], marked: Sequence[Marked], seed: int) -> Row:
    figures = {name: rate([one.scored.parts[name] for one in marked]) for name in SHOWN}
    before, now = ([one.scored.parts["headline"] for one in some] for some in (base, marked))
    told = compare(before, now, [one.question.cluster_id for one in marked], seed=seed) if base is not marked else None
    return Row(part.name, {name: one for name, one in figures.items() if one is not None}, told.p if told else None)


def render(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown; the headline also as the difference to all on."""
    heads = ("part off", *SHOWN, "headline's change", "p")
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    for row in rows:
        figures = [f"{row.figures[name]:.3f}" if name in row.figures else "" for name in SHOWN]
        change = row.figures["headline"] - rows[0].figures["headline"]
        last = ["", ""] if row.p is None else [f"{change:+.3f}", f"{row.p:.3f}"]
        lines.append(f"| {' | '.join([row.part, *figures, *last])} |")
    return "\n".join(lines) + "\n"
