"""What a run was made with: code, revision, versions, settings and papers; runs are made elsewhere."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rag.library import STARTER
from rag.model import Paper
from rag.settings import Settings

__all__ = ["code_hash", "papers_hash", "revision", "settings_told", "versions"]

CODE = STARTER.parent.parent
PACKAGES = ("paperchat", "chromadb", "numpy", "pydantic", "PyStemmer", "tantivy", "wordllama")
HIDDEN = ("library", "models", "_key", "_url", "_token", "_password")
"""Ends of names of settings that are secret, or that say where things are on one machine."""


def papers_hash(papers: Iterable[Paper]) -> str:
    """Return the SHA-256 (64 hex digits) of ids, titles and abstracts, whatever their order."""
    digest = hashlib.sha256()
    for paper in sorted(papers, key=lambda paper: paper.id):
        for part in (paper.id, paper.title, paper.abstract):
            digest.update(hashlib.sha256(part.encode("utf-8", "replace")).digest())
    return digest.hexdigest()


def code_hash() -> str:
    """Return the SHA-256 of the code of `rag` and of the starter papers: what answers depend on beside settings."""
    digest = hashlib.sha256(STARTER.read_bytes())
    for path in sorted(CODE.rglob("*.py")):
        digest.update(path.relative_to(CODE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def settings_told(settings: Settings) -> dict[str, Any]:
    """Return the settings that answers depend on; secrets, addresses and folders are left out."""
    return {name: value for name, value in settings.model_dump(mode="json").items() if not name.endswith(HIDDEN)}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that answers depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def revision() -> str | None:
    """Return the git revision of the checkout that this file stands in; None outside of one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], cwd=root, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
