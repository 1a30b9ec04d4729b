"""Tests of eval/starter.py and eval/provenance.py: what is asked by default, and what a run says it was made with."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from conftest import STACK
from pydantic import SecretStr

from eval.provenance import code_hash, papers_hash, revision, settings_told, versions
from eval.starter import starter_library
from rag.library import Library
from rag.settings import Settings


def test_the_starter_library_is_built_once(tmp_path: Path) -> None:
    """It is reused as long as code and papers are the same, and built anew otherwise."""
    folder = starter_library(Settings(), tmp_path / "starter")
    with Library.open(folder) as library:
        assert len(library) == 150
        library.remove(library.papers()[0].id)
    assert starter_library(Settings(), folder) == folder
    with Library.open(folder) as library:
        assert len(library) == 149
    (folder / "made-by").write_text("other code\n")
    starter_library(Settings(), folder)
    with Library.open(folder) as library:
        assert len(library) == 150


def test_papers_are_hashed_whatever_their_order() -> None:
    """Any change of an abstract shows, and text that moves between fields does too."""
    assert papers_hash(STACK) == papers_hash(STACK[::-1])
    changed = replace(STACK[0], abstract=STACK[0].abstract + ".")
    assert papers_hash([changed, *STACK[1:]]) != papers_hash(STACK)
    moved = replace(STACK[0], title=STACK[0].title + "L", abstract=STACK[0].abstract[1:])
    assert papers_hash([moved]) != papers_hash([STACK[0]])


def test_settings_are_told_without_secrets() -> None:
    """Neither keys, addresses nor folders."""
    settings = Settings(openai_api_key=SecretStr("sk"), chroma_url="http://10.0.0.1", library=Path("/home/me"))
    told = settings_told(settings)
    assert told["dense_weight"] == settings.dense_weight
    assert [name for name in told if name.endswith(("_key", "_url", "library"))] == []
    assert "10.0.0.1" not in str(told)


def test_versions_and_revision_are_told() -> None:
    """Python and what answers depend on; a revision in a checkout, None outside."""
    assert re.fullmatch(r"3\.\d+\.\d+", versions()["python"])
    assert "numpy" in versions()
    assert re.fullmatch(r"[0-9a-f]{12}", revision() or "0" * 12)
    assert re.fullmatch(r"[0-9a-f]{64}", code_hash())
