"""The library that is asked when none is named: the starter library, built once and kept; asking is left to others."""

from __future__ import annotations

import shutil
from pathlib import Path

from rag.library import Library
from rag.settings import Settings
from rag.terminal import bar

from .provenance import code_hash

__all__ = ["CACHE", "starter_library"]

CACHE = Path(".eval") / "starter"


def starter_library(settings: Settings, folder: Path = CACHE) -> Path:
    """Return the folder of the starter library; it is built when it is not there or was built by other code."""
    mark = folder / "made-by"
    wanted = f"{code_hash()} {settings.embedder}\n"
    if mark.is_file() and mark.read_text("utf-8") == wanted:
        return folder
    if folder.exists():
        shutil.rmtree(folder)
    with bar("building the starter library") as progress, Library.open(folder, create=True, settings=settings) as made:
        made.add(starter=True, progress=progress)
    mark.write_text(wanted, "utf-8")
    return folder
