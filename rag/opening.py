"""Where a library is, its catalogue and the embedder it was made with; what is done with it is left to `library.py`."""

from __future__ import annotations

from pathlib import Path

from .catalogue import Catalogue
from .embed import choose, fingerprint
from .errors import LibraryMismatch, LibraryMissing, StoreError, UsageError, shorten
from .settings import Settings

__all__ = ["catalogue_of", "create", "embedder_of", "is_there", "opened"]


def opened(folder: Path, settings: Settings, *, writable: bool) -> Catalogue:
    """Open the catalogue of a library that is there; raise LibraryMissing when none is."""
    if not is_there(folder, settings):
        raise LibraryMissing(
            f"there is no library in {shorten(folder)}",
            remedy="make one with: rag add --starter, or: rag add FILE...",
        )
    return catalogue_of(folder, settings, writable=writable)


def embedder_of(catalogue: Catalogue, folder: Path, settings: Settings) -> str:
    """Return the name of the embedder that made a library; raise LibraryMismatch when it cannot serve."""
    name, made = catalogue.get("embedder") or "static", catalogue.get("fingerprint")
    if settings.embedder not in {"auto", name}:
        raise LibraryMismatch(
            f"the library {shorten(folder)} was made by the embedder {name!r}, not {settings.embedder!r}",
            remedy=f"run: rag rebuild --embedder {settings.embedder}",
        )
    if made != (here := fingerprint(name, settings)):
        raise LibraryMismatch(
            f"the library {shorten(folder)} holds vectors of {made!r}, this machine makes {here!r}",
            remedy="run: rag rebuild --embedder auto",
        )
    return name


def is_there(folder: Path, settings: Settings) -> bool:
    """Tell whether a library is in a folder, or, when its catalogue is shared, whether this machine has its part."""
    return (folder / "lexical").is_dir() if settings.catalogue_url else (folder / "catalogue.sqlite").is_file()


def catalogue_of(folder: Path, settings: Settings, *, writable: bool = True) -> Catalogue:
    """Open the catalogue that these settings name: the database that is shared, or the file in the folder."""
    if settings.catalogue_url is None:
        return Catalogue.in_folder(folder, writable=writable)
    if settings.chroma_url is None:
        raise UsageError("RAG_CATALOGUE_URL is set without RAG_CHROMA_URL", remedy="machines share both, or neither")
    return Catalogue.at(settings.catalogue_url, settings.server_timeout)


def create(folder: Path, settings: Settings) -> None:
    """Make an empty library, and fix its embedder."""
    made = choose(settings.embedder, settings)
    try:
        (folder / "lexical" if settings.catalogue_url else folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {shorten(folder)} cannot be made ({error.strerror or error})",
            remedy="take another one with --library",
        ) from error
    catalogue = catalogue_of(folder, settings)
    if catalogue.get("fingerprint") is None:  # another machine may have made a shared one
        catalogue.put(embedder=made.name, fingerprint=made.fingerprint)
    catalogue.close()
