"""Reads saved arXiv abstract pages; lists and searches of arXiv are left out, as they hold no whole abstracts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import Paper, Skipped
from .files import source_name
from .format import Format
from .page import innermost, looks_like_html, meta, page_address, tree_of, words
from .record import natural_name, record

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

__all__ = ["FORMAT"]

SIGNS = re.compile(r"""name=["']?citation_(?:title|arxiv_id)|<blockquote class=["']abstract\b""")


def _matches(head: str, path: Path) -> bool:
    # Pages of Hugging Face carry this word in each of their parts, arXiv's never.
    return looks_like_html(head) and "SVELTE_HYDRATER" not in head and SIGNS.search(head) is not None


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the paper of a page. Raises SourceError if the file cannot be decoded, is too large or is broken."""
    tree = tree_of(path, encoding)
    for label in tree.select("span.descriptor"):
        label.decompose()
    fields: dict[str, object] = {
        "arxiv_id": _one(tree, "citation_arxiv_id"),
        "url": page_address(tree),
        "title": _one(tree, "citation_title") or words(tree.select_one("h1.title")),
        "abstract": _one(tree, "citation_abstract") or words(tree.select_one("blockquote.abstract")),
        "authors": [natural_name(name) for name in meta(tree, "citation_author")] or _visible_authors(tree),
        "published": _one(tree, "citation_date") or words(tree.select_one("div.dateline")),
    }
    if fields["title"] or fields["abstract"]:
        yield record(source_name(path), "abstract page", fields)


def _visible_authors(tree: BeautifulSoup) -> list[str]:
    authors = tree.select_one("div.authors")
    return [words(link) for link in innermost(authors, "a")] if authors is not None else []


def _one(tree: BeautifulSoup, name: str) -> str:
    return next(iter(meta(tree, name)), "")


FORMAT = Format("arxiv-page", "saved arXiv abstract pages (HTML)", _matches, _read)
