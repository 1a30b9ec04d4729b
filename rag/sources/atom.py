"""Reads Atom feeds of the arXiv API; other XML is refused, and asking the API is left to the user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError, shorten
from ..model import Paper, Skipped
from ..text import squash
from .files import source_name, text_of
from .format import Format
from .identifiers import arxiv_id
from .page import looks_like_html
from .record import record

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["FORMAT"]

NAMESPACE = "{http://www.w3.org/2005/Atom}"
START = re.compile(r"\s{0,1000}<(?:\?xml|!DOCTYPE|feed|entry|[a-z]{1,20}:feed)\b", re.IGNORECASE)
TOO_FAST = "Rate exceeded."


def _matches(head: str, path: Path) -> bool:
    return _is_refusal(head) or (START.match(head) is not None and not looks_like_html(head))


def _is_refusal(head: str) -> bool:
    return head.strip().startswith(TOO_FAST)


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the entries. Raises SourceError if the file is no Atom feed, declares entities, or holds an API error."""
    text = text_of(path, encoding)
    if _is_refusal(text):
        raise SourceError(
            f"{shorten(path, 200)} holds no feed but arXiv's answer {TOO_FAST!r}",
            remedy="wait a minute, then download it again, one request every three seconds",
        )
    root = _parsed(text, path)
    entries = [root] if root.tag == f"{NAMESPACE}entry" else root.findall(f"{NAMESPACE}entry")
    for number, entry in enumerate(entries, 1):
        yield _paper(entry, number, path)


def _parsed(text: str, path: Path) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SourceError(
            f"{shorten(path, 200)} declares entities or a document type, which no feed of arXiv does",
            remedy="download the feed again from arXiv",
        ) from error
    except (ParseError, RecursionError, ValueError) as error:
        raise SourceError(f"{shorten(path, 200)} is broken XML: {error}", remedy="download the feed again") from error
    if root.tag not in (f"{NAMESPACE}feed", f"{NAMESPACE}entry"):
        raise SourceError(
            f"{shorten(path, 200)} is XML but no Atom feed: its root is {shorten(root.tag)}",
            remedy="save the answer of https://export.arxiv.org/api/query",
        )
    return root


def _paper(entry: Element, number: int, path: Path) -> Paper | Skipped:
    address = _text(entry, "id")
    title, summary = _text(entry, "title"), _text(entry, "summary")
    if squash(title) == "Error" and arxiv_id(address) is None:
        raise SourceError(
            f"{shorten(path, 200)} holds an error of the arXiv API: {shorten(squash(summary), 200)}",
            remedy="correct the query and download it again",
        )
    fields: dict[str, object] = {
        "id": address,
        "title": title,
        "summary": summary,
        "url": next((link.get("href") for link in entry.findall(f"{NAMESPACE}link[@rel='alternate']")), None),
        "authors": [_text(author, "name") for author in entry.findall(f"{NAMESPACE}author")],
        "published": _text(entry, "published"),
    }
    return record(source_name(path), f"entry {number}", fields)


def _text(element: Element, name: str) -> str:
    child = element.find(f"{NAMESPACE}{name}")
    return "".join(child.itertext()) if child is not None else ""


FORMAT = Format("atom", "Atom feeds of the arXiv API (XML)", _matches, _read)
