"""Whether an answer says what it should, and abstains when it should; what it cites is left to `citations.py`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from rag.text import sentences

from .matching import holds
from .schema import Nugget

__all__ = [
    "POINTS", "Outcome", "Part", "abstention_f1", "abstention_precision", "abstention_recall", "nugget_recall",
    "outcome", "over_refusal", "points", "refusal_rate", "sentence_density",
]  # fmt: skip

Part = tuple[float, float]
"""What one question adds to a rate: (numerator, denominator); the rate of a set is the sum of the one by the other."""


def nugget_recall(nuggets: Sequence[Nugget], text: str) -> float | None:
    """Share of nuggets that a text holds; None without nuggets.

    Give it the vital or the okay ones, and `head(body(...))` for the text. Nugget recall as in Voorhees, TREC QA 2003,
    and Pradeep et al., AutoNuggetizer 2024, with matching in place of an assessor.
    """
    return sum(holds(nugget, text) for nugget in nuggets) / len(nuggets) if nuggets else None


def sentence_density(nuggets: Sequence[Nugget], text: str) -> float | None:
    """Conciseness: share of the sentences of a body that hold any nugget; None without nuggets or sentences."""
    spans = sentences(text)
    if not nuggets or not spans:
        return None
    return sum(any(holds(nugget, text[start:end]) for nugget in nuggets) for start, end in spans) / len(spans)


# Abstention: positive means "should abstain", so a true positive abstains on an unanswerable question.


def abstention_precision(*, answerable: bool, abstained: bool) -> Part:
    """Abstained and unanswerable / abstained."""
    return float(abstained and not answerable), float(abstained)


def abstention_recall(*, answerable: bool, abstained: bool) -> Part:
    """Abstained and unanswerable / unanswerable."""
    return float(abstained and not answerable), float(not answerable)


def abstention_f1(*, answerable: bool, abstained: bool) -> Part:
    """Harmonic mean of both, in the form 2 TP / (2 TP + FP + FN), which is again a sum over a sum."""
    return 2.0 * (abstained and not answerable), float(abstained) + float(not answerable)


def over_refusal(*, answerable: bool, abstained: bool) -> Part:
    """Abstained and answerable / answerable: what abstaining costs."""
    return float(abstained and answerable), float(answerable)


def refusal_rate(kind: str, *, category: str, answerable: bool, abstained: bool) -> Part:
    """Abstained / asked, of the unanswerable questions of one category (`near_miss` or `out_of_domain`)."""
    counted = category == kind and not answerable
    return float(counted and abstained), float(counted)


# The headline


class Outcome(StrEnum):
    """What became of a question."""

    CORRECT = "correct"
    PARTIAL = "partial"
    MISSING = "missing"
    WRONG = "wrong"


POINTS = {Outcome.CORRECT: 1.0, Outcome.PARTIAL: 0.5, Outcome.MISSING: 0.0, Outcome.WRONG: -1.0}
"""Points of the headline, -1..1, as in CRAG (Yang et al., NeurIPS 2024): a wrong answer is worse than none."""


def outcome(
    *, category: str, answerable: bool, abstained: bool, vital: float | None, grounded: bool, gold_cited: bool
) -> Outcome:
    """Return what became of one question (GROUNDING.md 2, headline).

    Unanswerable: CORRECT when abstained, else WRONG. Otherwise abstained is MISSING. An answer that is `grounded` (no
    forbidden value, no fabricated citation, no failed number) and cites a gold paper is CORRECT with all its `vital`
    nuggets and PARTIAL with at least half of them; any other is WRONG. A false premise is corrected or it is not:
    what would be PARTIAL is WRONG.
    """
    if not answerable:
        return Outcome.CORRECT if abstained else Outcome.WRONG
    if abstained:
        return Outcome.MISSING
    share = vital or 0.0
    if not grounded or not gold_cited or share < 0.5:
        return Outcome.WRONG
    if share == 1.0:
        return Outcome.CORRECT
    return Outcome.WRONG if category == "false_premise" else Outcome.PARTIAL


def points(became: Outcome, *, answerable: bool, credit_abstention: bool = True) -> float:
    """Return the points of one question; without `credit_abstention`, abstaining on an unanswerable one gives 0."""
    return 0.0 if not answerable and became is Outcome.CORRECT and not credit_abstention else POINTS[became]
