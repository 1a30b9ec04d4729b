"""Tests of bringing the evaluation in: it is there, or a line says what to install."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rag import Library
from ui.evaluating import Loaded, loaded


def test_the_evaluation_comes_whole(library: Library, tmp_path: Path) -> None:
    """With everything installed there are a bench, words and rules."""
    found = loaded(library, tmp_path)
    assert isinstance(found, Loaded)
    assert found.bench.runs.folder == tmp_path / ".eval" / "runs"
    assert found.about.startswith("240 questions")
    assert "#run" in found.style


def test_what_is_missing_is_said(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be imported is named, with what to install; nothing is raised."""
    monkeypatch.delitem(sys.modules, "ui.bench", raising=False)
    monkeypatch.setitem(sys.modules, "eval.evaluate", None)
    line = loaded(library, tmp_path)
    assert isinstance(line, str)
    assert "The evaluation cannot be loaded" in line
    assert "eval.evaluate" in line
    assert "paperchat[eval]" in line


def test_questions_that_cannot_be_read_are_told_of(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the shipped questions are gone, a line says so."""
    from ui import bench

    bench._questions.cache_clear()
    monkeypatch.setattr(bench, "QUESTIONS", tmp_path / "gone.jsonl")
    line = loaded(library, tmp_path)
    assert isinstance(line, str)
    assert "gone.js" in line
    bench._questions.cache_clear()
