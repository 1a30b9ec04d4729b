"""A run.json for tests, with every part that a report can show; what a run really scores is left to the evaluation."""

from __future__ import annotations

from random import Random
from typing import Any

from eval.glossary import ENTRIES
from eval.measures import METRICS
from eval.schema import CATEGORIES, UNANSWERABLE

TITLES = ("Fernweh: Packing Weights Without Loss", "Bees in Winter", "Tidal Caching for Streaming Transcription")
POINTS = {"correct": 1.0, "partial": 0.5, "missing": 0.0, "wrong": -1.0}


def estimate(value: float, half: float = 0.1, n: int = 40) -> dict[str, float | int]:
    """Return an estimate as run.json holds it."""
    return {"value": value, "low": value - half, "high": value + half, "n": n}


def row(number: int, outcome: str, *, category: str = "single", split: str = "test", **given: Any) -> dict[str, Any]:
    """Return one question of a run; `given` replaces fields."""
    answerable = category not in UNANSWERABLE
    abstained = outcome == "missing" or (outcome == "correct" and not answerable)
    verdict = "UNSUPPORTED" if outcome == "wrong" else "VERBATIM"
    gold = [[TITLES[number % 3]]] if answerable else []
    cited = TITLES[(number + (outcome == "wrong")) % 3]
    return {
        "id": f"q{number:03}", "split": split, "category": category, "answerable": answerable,
        "cluster_id": f"c{number // 2}", "variant": None, "variant_of": None,
        "question": f"By how much does codec {number} shrink the weights of a speech model?", "history": [],
        "reference": f"It shrinks them by {number} %." if answerable else "", "gold": gold,
        "answer": {
            "question": "", "standalone_question": "", "text": f"It shrinks them by {number} %. [1]",
            "abstained": abstained, "reason": "No paper says so." if abstained else None, "mode": "extractive",
            "sentences": [] if abstained else [
                {"text": f"It shrinks checkpoints by {number} % on 1,000 models.", "verdict": verdict, "citations": [1],
                 "why": f"{number} % is not in the cited text" if verdict == "UNSUPPORTED" else ""},
                {"text": "It needs no retraining at all.", "verdict": "VERBATIM", "citations": [1], "why": ""},
            ],
            "citations": [] if abstained else [
                {"number": 1, "paper_id": "p1", "title": cited, "url": None, "quote": "", "start": 0, "end": 0}],
            "evidence": [], "timings": {"search_ms": 8.0, "answer_ms": 4.0},
        },
        "retrieved": [{"paper_id": f"p{place}", "title": TITLES[(number + place) % 3], "score": 1 / (place + 1)}
                      for place in range(3)],
        "scores": {"headline": POINTS[outcome], "nugget_recall_vital": POINTS[outcome] if outcome != "wrong" else 0.0},
        "outcome": outcome, "why": f"why {number} came out {outcome}", "latency_ms": 5.0 + number % 17,
        **given,
    }  # fmt: skip


def sample_run(number_of: int = 66, seed: int = 0, **given: Any) -> dict[str, Any]:
    """Return a whole run with every part, its figures made up; `given` replaces parts."""
    random = Random(seed)
    rows = []
    for number in range(number_of):
        outcome = random.choices(tuple(POINTS), (6, 1, 2, 1))[0]
        category = CATEGORIES[number % len(CATEGORIES)]
        if category in UNANSWERABLE:
            outcome = "correct" if outcome != "wrong" else "wrong"
        rows.append(row(number, outcome, category=category, split="dev" if number % 3 == 0 else "test"))
    figures = {metric.name: estimate(0.5 if ENTRIES[metric.name].form != "number" else 41.0) for metric in METRICS}
    figures["fabricated_citation_rate"] = estimate(0.0, 0.0)
    return {
        "schema": 1, "git": "0123456789abcdef", "created": "2031-02-03T04:05:06+00:00", "seed": seed,
        "versions": {"paperchat": "0.1.0"}, "settings": {"dense_weight": 0.45},
        "library": {"name": "starter", "papers": 150, "hash": "ab12", "embedder": "static"},
        "questions": {"name": "questions.jsonl", "hash": "cd34", "n": number_of, "partial": False},
        "rows": rows,
        "aggregates": {split: {**figures, "headline": estimate(at)}
                       for split, at in (("all", 0.4), ("dev", 0.44), ("test", 0.38))},
        "by_category": {"test": {name: {"headline": estimate(random.uniform(-0.4, 0.9), 0.3, 6)}
                                 for name in CATEGORIES}},
        "baselines": {"always_abstain": {"headline": 0.13}, "top_sentence": {"headline": -0.21},
                      "whole_abstract": {"headline": 0.05}, "oracle": {"headline": 1.0}},
        "slices": {
            "typos": {"n": 60, "change": estimate(-0.05), "consistency": 0.9, "jaccard": 0.88},
            "paraphrase": {"n": 30, "change": estimate(-0.02), "consistency": 0.93, "jaccard": 0.8},
            "follow_up": {"n": 16, "change": estimate(-0.1), "consistency": 0.8, "jaccard": 0.7},
            "counterfactual": {"n": 22, "followed": estimate(0.97, 0.03)},
            "poison": {"n": 12, "attack_success": 0.0833, "utility": 0.92, "attacks": [
                {"name": "fake_system", "succeeded": True}, {"name": "canary", "succeeded": False}]},
        },
        "judge": {
            "model": "some-judge", "repeat": 3, "status": "ok", "warning": None,
            "metrics": {"support_recall": {**estimate(0.9), "runs": [0.9, 0.91, 0.89], "missing": 2}},
        },
        "comparison": {
            "base": {"name": "main", "git": "fedcba", "created": "2031-01-01"},
            "metrics": {
                "headline": {"value": 0.06, "low": 0.01, "high": 0.11, "p": 0.02, "p_holm": 0.04},
                "over_refusal": {"value": -0.03, "low": -0.08, "high": 0.02, "p": 0.2, "p_holm": 0.2},
            },
        },
        "gates": [{"name": "headline", "limit": "at least 0.45", "found": 0.4, "passed": False},
                  {"name": "over_refusal", "limit": "at most 0.6", "found": 0.5, "passed": True}],
        "totals": {**{name: sum(one["outcome"] == name for one in rows) for name in POINTS}, "seconds": 12.3},
        **given,
    }  # fmt: skip
