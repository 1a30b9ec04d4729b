"""Tests of eval/junit.py: a build server can read it, whatever an answer says."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eval.junit import junit


def row(outcome: str, text: str = "so", name: str = "q1") -> dict[str, Any]:
    """Return what of a row is read."""
    return {"id": name, "category": "single", "outcome": outcome, "why": text, "question": text,
            "answer": {"text": text}, "latency_ms": 1500.0}  # fmt: skip


def test_outcomes_become_cases() -> None:
    """Wrong is a failure, missing is skipped, correct and partial pass; seconds are told."""
    run = {"rows": [row(outcome) for outcome in ("correct", "partial", "missing", "wrong")], "gates": None}
    suite = ET.fromstring(junit(run)).find("testsuite")
    assert suite is not None
    assert {name: suite.get(name) for name in ("tests", "failures", "skipped")} == {
        "tests": "4", "failures": "1", "skipped": "1",
    }  # fmt: skip
    assert [[part.tag for part in case] for case in suite] == [[], [], ["skipped"], ["failure"]]
    assert suite[0].get("time") == "1.500"


def test_gates_are_a_suite() -> None:
    """One case each, with what was found where it failed."""
    gate = {"name": "headline", "limit": "at least 0.5", "found": 0.25, "passed": False}
    missing = {"name": "over_refusal", "limit": "at most 0.1", "found": None, "passed": False}
    root = ET.fromstring(junit({"rows": [], "gates": [gate, missing, gate | {"passed": True}]}))
    messages = [failure.get("message") for failure in root.iter("failure")]
    assert messages == ["headline is 0.2500: at least 0.5", "over_refusal is not measured: at most 0.1"]


@given(st.text())
def test_any_text_can_be_read_back(text: str) -> None:
    """Markup, line ends and characters that XML cannot hold do not break it, and text does not count as a failure."""
    suite = ET.fromstring(junit({"rows": [row("missing", text, name=text)], "gates": []}).encode()).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("0", "1")


def test_words_of_an_answer_are_no_failure() -> None:
    """Only elements are counted."""
    suite = ET.fromstring(junit({"rows": [row("missing", "<failure")], "gates": []})).find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "0"
