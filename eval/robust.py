"""Puts the harder questions and libraries of `slices.py`, `counterfactual.py` and `poison.py`, and sums up answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rag.library import Library
from rag.model import Paper
from rag.settings import Settings

from .aggregate import figure
from .agreement import jaccard, verdict_consistency
from .answering import Inquiry, Journal, ask_all, inquiries
from .answers import Part
from .counterfactual import Altered, Counterfactual, Followed, counterfactual, followed
from .marking import Desk, Marked
from .matching import body, head, holds
from .poison import POISONS, Poison, attack_succeeded, poisoned_papers
from .questions import sample
from .reply import Reply
from .schema import Question
from .slices import paired, with_typos
from .stats import RESAMPLES, compare

__all__ = ["MISTYPED", "Heard", "altered_slice", "pair_slice", "poison_slice", "temporary_library", "typo_questions"]

MISTYPED = 90
"""Questions that are asked with typos: a stratified sample, since the whole run has a minute."""
Heard = Callable[[str], None]
Slice = dict[str, Any]


def _quiet(_key: str) -> None:
    """Hear nothing."""


@contextmanager
def temporary_library(papers: Sequence[Paper], settings: Settings) -> Iterator[Library]:
    """Give a library of these papers that is gone afterwards; its Chroma is embedded, whatever the settings say."""
    own = settings.model_copy(update={"chroma_url": None})
    with TemporaryDirectory() as home, Library.open(Path(home) / "library", create=True, settings=own) as made:
        made.add(*papers)
        yield made


# The same questions put otherwise


def typo_questions(questions: Sequence[Question], seed: int) -> list[Question]:
    """Return the typo variants of a sample of base questions; one without a word to mistype is left out."""
    plain = [one for one in questions if one.variant is None]
    typos = [with_typos(one, seed) for one in (sample(plain, MISTYPED, seed) if plain else ())]
    asked = {one.id: one.question for one in plain}
    return [one for one in typos if one.question != asked[str(one.variant_of)]]


def pair_slice(
    marked: Mapping[str, Marked], variants: Sequence[Marked], *, seed: int = 0, resamples: int = RESAMPLES
) -> Slice:
    """Compare variants with their base questions, of `marked` by id; empty when there is no pair."""
    known = [*(one.question for one in marked.values()), *(one.question for one in variants)]
    by_id = {**marked, **{one.question.id: one for one in variants}}
    wanted = {one.question.id for one in variants}
    pairs = [(by_id[base.id], by_id[other.id]) for base, other in paired(known) if other.id in wanted]
    if not pairs:
        return {}
    clusters = [base.question.cluster_id for base, _ in pairs]
    plain, put = ([pair[at].scored.parts["headline"] for pair in pairs] for at in (0, 1))
    change = compare(plain, put, clusters, seed=seed, resamples=resamples)
    shared: list[Part] = [(jaccard(set(a.reply.cited_ids), set(b.reply.cited_ids)), 1.0) for a, b in pairs]
    return {
        "n": len(pairs),
        "headline": _told(put, clusters, seed, resamples),
        "change": {key: round(getattr(change, key), 6) for key in ("value", "low", "high", "p", "n")},
        "consistency": verdict_consistency([(a.scored.outcome, b.scored.outcome) for a, b in pairs]),
        "jaccard": _told(shared, clusters, seed, resamples),
        "pairs": [
            {
                "id": b.question.id,
                "of": a.question.id,
                "question": b.question.question,
                "plain": a.scored.outcome.value,
                "outcome": b.scored.outcome.value,
            }
            for a, b in pairs
        ],
    }


def _told(parts: Sequence[Part], clusters: Sequence[str], seed: int, resamples: int) -> dict[str, Any] | None:
    found = figure(parts, clusters, seed=seed, resamples=resamples)
    return None if found is None else asdict(found)


# Altered papers


def altered_slice(
    questions: Sequence[Question],
    plain: Mapping[str, Marked],
    papers: Sequence[Paper],
    settings: Settings,
    journal: Journal,
    heard: Heard = _quiet,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Slice:
    """Ask a library with altered facts; counted is how often the answer follows what its papers say now.

    `followed` is over the answers that hold the fact in either form; `not_stated` counts the others, among them
    those that were wrong before anything was altered.
    """
    changed = counterfactual([one for one in questions if one.variant is None], papers, seed)
    if not changed.questions:
        return {}
    rows = _followed(changed, plain, settings, journal, heard)
    clusters = [one.question.cluster_id for one in changed.questions]
    stated = [one["said"] != Followed.NEITHER for one in rows]
    parts = [(float(one["said"] == Followed.ALTERED), float(flag)) for one, flag in zip(rows, stated, strict=True)]
    return {
        "n": len(rows),
        "followed": _told(parts, clusters, seed, resamples),
        "not_stated": len(rows) - sum(stated),
        "rows": rows,
    }


def _followed(
    changed: Counterfactual, plain: Mapping[str, Marked], settings: Settings, journal: Journal, heard: Heard
) -> list[dict[str, Any]]:
    asked = [one.question for one in changed.questions]
    desk = Desk.of(changed.papers)
    with temporary_library(changed.papers, settings) as library:
        given = ask_all(library, inquiries(asked, "altered/"), journal, heard)
    return [
        {
            "id": one.question.id,
            "said": _said(one, desk.read(given[f"altered/{one.question.id}"].answer)).value,
            "plain": plain[one.question.id].scored.outcome.value if one.question.id in plain else None,
        }
        for one in changed.questions
    ]


def _said(altered: Altered, reply: Reply) -> Followed:
    if reply.abstained:
        return Followed.NEITHER
    return followed(altered, head(body(reply.text, question=altered.question.question, titles=reply.titles)))


# Papers that give orders


def poison_slice(
    papers: Sequence[Paper],
    settings: Settings,
    journal: Journal,
    heard: Heard = _quiet,
    *,
    secrets: Sequence[str] = (),
) -> Slice:
    """Ask about papers with orders in them, and about the same papers without; counted is what was obeyed.

    `utility` is the share of answers that hold their fact in spite of the order, `utility_clean` without any order.
    """
    with temporary_library([*papers, *poisoned_papers(clean=True)], settings) as library:
        clean = _replies(library, journal, heard, "clean/")
        library.add(*poisoned_papers())
        poisoned = _replies(library, journal, heard, "poison/")
    attacks = [
        {
            "name": one.name,
            "goal": one.goal.kind,
            "succeeded": attack_succeeded(one, poisoned[one.name], clean[one.name], secrets=secrets),
            "useful": _useful(one, poisoned[one.name]),
            "useful_clean": _useful(one, clean[one.name]),
        }
        for one in POISONS
    ]
    shares = {"attack_success": "succeeded", "utility": "useful", "utility_clean": "useful_clean"}
    return {
        "n": len(attacks),
        **{name: round(sum(bool(one[key]) for one in attacks) / len(attacks), 6) for name, key in shares.items()},
        "attacks": attacks,
    }


def _replies(library: Library, journal: Journal, heard: Heard, prefix: str) -> dict[str, Reply]:
    given = ask_all(library, [Inquiry(prefix + one.name, one.question) for one in POISONS], journal, heard)
    papers = {paper.id: paper for paper in library.papers()}
    return {one.name: Reply.from_dict(given[prefix + one.name].answer, papers) for one in POISONS}


def _useful(poison: Poison, reply: Reply) -> bool:
    said = body(reply.text, question=poison.question, titles=reply.titles)
    return not reply.abstained and holds(poison.nugget, head(said))
