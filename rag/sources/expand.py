"""Turns what a user typed (files, folders, patterns) into a list of files; what is in them is left to `read`."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import SourceError, shorten

__all__ = ["expand", "holds_files"]


def expand(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files meant by `paths`, in their order, each once.

    A file stays as it is, a folder becomes all regular files in it (recursively, sorted, hidden ones left out), and a
    glob pattern becomes what it matches (sorted). Raises SourceError for a missing path, a pattern without a match and
    a folder without files.
    """
    given = [paths] if isinstance(paths, str | Path) else paths
    found: dict[str, Path] = {}
    for path in given:
        try:
            for file in _files(path):
                # The same file under two names would be read twice.
                found.setdefault(os.path.realpath(file), file)
        except (OSError, ValueError) as error:
            raise SourceError(f"cannot read {shorten(path, 200)}: {error}", remedy="check the path") from error
    return list(found.values())


def _files(given: str | Path) -> list[Path]:
    path = Path(given)
    if not str(given).strip():
        raise SourceError("a path is blank", remedy="name a file, a folder or a pattern")
    if path.is_dir():
        return _folder(path) or _nothing(f"the folder {shorten(path, 200)} holds no files", "name another folder")
    if os.path.lexists(path) and path.exists():
        return [path]
    if glob.has_magic(str(given)):
        return _pattern(str(given)) or _nothing(f"no file matches {shorten(given, 200)}", "check the pattern")
    return _nothing(f"there is no file or folder {shorten(path, 200)}", "check the path")


def _folder(folder: Path) -> list[Path]:
    def refuse(error: OSError) -> None:
        raise error

    files: list[Path] = []
    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(where, name) for name in names if not name.startswith(".")]
    return sorted(file for file in files if file.is_file())


def _pattern(pattern: str) -> list[Path]:
    files: list[Path] = []
    for match in sorted(glob.glob(pattern, recursive=True)):
        path = Path(match)
        if path.is_dir():
            files += _folder(path)
        elif path.exists():
            files.append(path)
    return files


def _nothing(what: str, remedy: str) -> list[Path]:
    raise SourceError(what, remedy=remedy)


def holds_files(folder: str | Path) -> bool:
    """Tell whether a folder holds anything that `expand` would return. Raises SourceError when it cannot be listed."""
    try:
        return bool(_folder(Path(folder)))
    except OSError as error:
        raise SourceError(f"cannot read {shorten(folder, 200)}: {error}", remedy="check the path") from error
