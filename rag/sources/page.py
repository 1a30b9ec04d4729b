"""Opens saved web pages as trees; which papers they show is left to `hf_page` and `arxiv_page`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError, shorten
from .files import text_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["attribute", "innermost", "looks_like_html", "meta", "page_address", "tree_of", "words"]

# A page of this size takes a second or two to parse; saved ones have 1 to 2 MB.
LARGEST_PAGE = 8_000_000
MOST_TAGS = 50_000
DEEPEST = 500
HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta|article)\b", re.IGNORECASE)
NOT_YET_HTML = 2_000
TAG = re.compile(r"<(/?)([A-Za-z]{1,20})|/>")
VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})


def looks_like_html(head: str) -> bool:
    """Tell whether the first tags of a text are those of a web page."""
    start = head[:NOT_YET_HTML].lstrip()
    return start.startswith("<") and HTML.search(start) is not None


def tree_of(path: Path, encoding: str) -> BeautifulSoup:
    """Parse a page. Raises SourceError if it cannot be decoded, is too large or is no HTML at all."""
    from bs4 import BeautifulSoup, ParserRejectedMarkup

    text = _closed(text_of(path, encoding, LARGEST_PAGE))
    if text.count("<") > MOST_TAGS:
        raise SourceError(f"{shorten(path, 200)} has over {MOST_TAGS:,} tags", remedy="save a page with fewer papers")
    # Building a tree of so many levels takes seconds, so the worst ones are told before that.
    if _looks_deep(text):
        raise _too_deep(path)
    try:
        tree = BeautifulSoup(text, "html.parser")
    except (ParserRejectedMarkup, RecursionError) as error:
        raise SourceError(f"{shorten(path, 200)} is broken HTML", remedy="save the page again") from error
    # Every search in a tree takes the longer, the deeper it is; real pages stay far below this.
    if _depth(tree) > DEEPEST:
        raise _too_deep(path)
    return tree


def _too_deep(path: Path) -> SourceError:
    return SourceError(f"{shorten(path, 200)} nests over {DEEPEST} elements", remedy="save the page again")


def _looks_deep(text: str) -> bool:
    """Tell whether a page seems to nest twice as deeply as it may; it is counted roughly, and rather too low."""
    depth = 0
    for tag in TAG.finditer(text):
        if tag[2] is None or tag[1]:
            depth = max(0, depth - 1)
        elif tag[2].lower() not in VOID:
            depth += 1
            if depth > 2 * DEEPEST:
                return True
    return False


def _depth(tree: BeautifulSoup) -> int:
    depths = {id(tree): 0}
    for element in tree.descendants:
        depths[id(element)] = depths[id(element.parent)] + 1
    return max(depths.values())


def _closed(text: str) -> str:
    """Take out what a page never needs and html.parser searches to the end of the file for, again and again."""
    text = text[: text.rfind(">") + 1].replace("<![", "&lt;![")
    end = text.rfind("-->") + 1
    text = text[:end] + text[end:].replace("<!--", "&lt;!--")
    # Processing instructions would make bs4 warn about XML.
    return text.replace("<?", "&lt;?")


def words(tag: Tag | None) -> str:
    """Return the text of an element. Words are not stripped one by one: a highlighted hit would run into the next."""
    return tag.get_text() if tag is not None else ""


def attribute(tag: Tag | None, name: str) -> str:
    """Return an attribute of an element as one string, empty if there is none."""
    value = tag.get(name) if tag is not None else None
    return value if isinstance(value, str) else ""


def innermost(tag: Tag, name: str) -> Iterator[Tag]:
    """Yield the elements of this name that hold no other of it; reading nested ones one by one would take for ever."""
    return (found for found in tag.find_all(name) if found.find(name) is None)


def meta(tree: BeautifulSoup, name: str) -> list[str]:
    """Return the contents of all `<meta>` elements of this name (or property), in order."""
    found = tree.find_all("meta", attrs={"name": name}) or tree.find_all("meta", attrs={"property": name})
    return [attribute(tag, "content") for tag in found]


def page_address(tree: BeautifulSoup) -> str:
    """Return the address that a page gives as its own, empty if it gives none."""
    return attribute(tree.select_one("link[rel=canonical]"), "href") or next(iter(meta(tree, "og:url")), "")
