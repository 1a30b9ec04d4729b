"""Fixture: a starter library that is made once for all tests that ask the shipped questions; to be read only."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Library, Settings


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the folder of the starter library."""
    folder = tmp_path_factory.mktemp("starter") / "library"
    with Library.open(folder, create=True, settings=Settings()) as library:
        library.add(starter=True)
    return folder
