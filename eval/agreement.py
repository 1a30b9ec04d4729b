"""How much an answer changes when its question is only put otherwise; making such questions is left to `slices.py`."""

from __future__ import annotations

from collections.abc import Sequence, Set

from .answers import Outcome

__all__ = ["jaccard", "paired_change", "verdict_consistency"]


def paired_change(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Mean of variant - plain over pairs (plain, variant) of scores, each question its own control; None without."""
    return sum(variant - plain for plain, variant in pairs) / len(pairs) if pairs else None


def verdict_consistency(pairs: Sequence[tuple[Outcome, Outcome]]) -> float | None:
    """Share of pairs (plain, variant) with the same outcome, right or wrong; None without pairs."""
    return sum(plain is variant for plain, variant in pairs) / len(pairs) if pairs else None


def jaccard(plain: Set[str], variant: Set[str]) -> float:
    """Shared / all of the papers that two answers cite, 0..1; two answers that cite nothing agree (Jaccard 1901)."""
    union = plain | variant
    return len(plain & variant) / len(union) if union else 1.0
