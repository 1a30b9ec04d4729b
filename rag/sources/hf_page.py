"""Reads saved pages of Hugging Face Papers (lists, searches, single papers); their JSON is left to `hf_json`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..model import Paper, Skipped
from .files import source_name
from .format import Format
from .hf_json import items_of, papers_in
from .identifiers import arxiv_id
from .json_text import parse
from .page import attribute, innermost, looks_like_html, meta, page_address, tree_of, words
from .record import record

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["FORMAT"]

SITE = "https://huggingface.co"
PUBLISHED = re.compile(r"Published on\s+([A-Z][a-z]{2,8}\s[0-9]{1,2},\s[0-9]{4})")


def _matches(head: str, path: Path) -> bool:
    return looks_like_html(head)


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield what a page shows. Raises SourceError if the file cannot be decoded, is too large or is broken."""
    source, tree = source_name(path), tree_of(path, encoding)
    items, fault = _embedded(tree)
    if items:
        yield from papers_in(source, items)
        return
    if fault:
        # The visible text may cut abstracts short, so falling back to it is worth a line in the report.
        yield Skipped(source, "embedded data", f"{fault}; the visible text was read instead")
    for entry, fields in (_listed(tree) or _single(tree)).items():
        yield record(source, f"paper {entry}", fields)


def _embedded(tree: BeautifulSoup) -> tuple[list[object], str]:
    """Return the papers in the JSON of a page, and what was wrong with that JSON. Classes drift: none is looked at."""
    fault = ""
    for target in ("PaperContent", "DailyPapers"):
        for element in tree.find_all(attrs={"data-target": target, "data-props": True}):
            try:
                props = parse(attribute(element, "data-props"))
            except ValueError as error:
                fault = str(error)
                continue
            if isinstance(props, dict):
                paper = props.get("paper")
                if items := ([paper] if paper else []) if target == "PaperContent" else items_of(props):
                    return items, ""
    return [], fault


def _listed(tree: BeautifulSoup) -> dict[str, dict[str, object]]:
    """Return the fields of each paper of a list by its id, from the fuller of its two articles (phone, desktop)."""
    found: dict[str, dict[str, object]] = {}
    for article in innermost(tree, "article"):
        link, known = _title_link(article)
        if link is None or known is None:
            continue
        fields = _article(article, link, known)
        if len(str(fields["abstract"])) >= len(str(found.get(known, {}).get("abstract", ""))):
            found[known] = fields
    return found


def _title_link(article: Tag) -> tuple[Tag | None, str | None]:
    """Return the first link in a heading that leads to a paper, and its id; lists by date and month hold no id."""
    for heading in innermost(article, "h3"):
        for link in heading.find_all("a", href=True):
            href = attribute(link, "href")
            # A browser that saves a page may make its links absolute.
            if known := arxiv_id(SITE + href if href.startswith("/") else href):
                return link, known
    return None, None


def _longest_paragraph(element: Tag) -> str:
    return max((words(paragraph) for paragraph in innermost(element, "p")), key=len, default="")


def _article(article: Tag, link: Tag, known: str) -> dict[str, object]:
    published = PUBLISHED.search(words(article))
    return {
        "arxiv_id": known,
        "title": words(link),
        "abstract": _longest_paragraph(article),
        "authors": [attribute(item, "title") for item in article.find_all("li", title=True)],
        "published": published[1] if published else None,
    }


def _single(tree: BeautifulSoup) -> dict[str, dict[str, object]]:
    """Return the fields of the one paper of a page without JSON: its heading, and the text under `Abstract`."""
    known = arxiv_id(page_address(tree))
    heading = next((tag for tag in tree.find_all(["h2", "h3"]) if words(tag).strip() == "Abstract"), None)
    if known is None or heading is None or heading.parent is None:
        return {}
    published = PUBLISHED.search(words(tree))
    return {
        known: {
            "arxiv_id": known,
            "title": words(tree.select_one("h1")) or next(iter(meta(tree, "og:title")), ""),
            "abstract": _longest_paragraph(heading.parent),
            "published": published[1] if published else None,
        }
    }


FORMAT = Format("hf-page", "saved pages of Hugging Face Papers (HTML)", _matches, _read)
