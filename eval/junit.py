"""A run as JUnit XML, which build servers show; figures with intervals are left to the other reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

__all__ = ["junit"]

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, even escaped."""


def junit(run: Mapping[str, Any]) -> str:
    """Return a run (the object of run.json): a suite a category, a case a question, and a suite of gates.

    Wrong is a failure, and an answerable question that was not answered is skipped; both say why.
    """
    suites: dict[str, list[str]] = {}
    for row in run["rows"]:
        suites.setdefault(row["category"], []).append(_case(row))
    if run.get("gates"):
        suites["gates"] = [_gate(gate) for gate in run["gates"]]
    body = "".join(_suite(name, cases) for name, cases in suites.items())
    count = sum(map(len, suites.values()))
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="rag-eval" tests="{count}">\n{body}</testsuites>\n'
    )


def _suite(name: str, cases: list[str]) -> str:
    failed, skipped = (sum(f"<{kind}" in case for case in cases) for kind in ("failure", "skipped"))
    counts = f'tests="{len(cases)}" failures="{failed}" skipped="{skipped}" errors="0"'
    return f"<testsuite name={_attribute(name)} {counts}>\n{''.join(cases)}</testsuite>\n"


def _case(row: Mapping[str, Any]) -> str:
    head = f"name={_attribute(row['id'])} classname={_attribute('rag_eval.' + row['category'])}"
    told = {"wrong": "failure", "missing": "skipped"}.get(row["outcome"])
    detail = f"{row['question']}\n\n{row['answer']['text']}"
    inside = f"<{told} message={_attribute(row['why'])}>{_text(detail)}</{told}>" if told else ""
    return f'<testcase {head} time="{row["latency_ms"] / 1000:.3f}">{inside}</testcase>\n'


def _gate(gate: Mapping[str, Any]) -> str:
    found = "not measured" if gate["found"] is None else f"{gate['found']:.4f}"
    message = _attribute(f"{gate['name']} is {found}: {gate['limit']}")
    inside = "" if gate["passed"] else f"<failure message={message}/>"
    return f'<testcase name={_attribute(gate["name"])} classname="rag_eval.gates">{inside}</testcase>\n'


def _attribute(value: object) -> str:
    return quoteattr(FORBIDDEN.sub("\ufffd", str(value)))


def _text(value: object) -> str:
    return escape(FORBIDDEN.sub("\ufffd", str(value)))
