"""Adds addresses of the web: walks lists of Hugging Face and arXiv page by page, and goes on where it was cut off.

Fetching a page is left to `fetch.py`, reading it to `sources`.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from .errors import SourceError, shorten
from .fetch import Fetcher, Limits
from .hosts import Resolve, resolved
from .ingest import Arrival, Progress
from .model import Paper, Skipped
from .sources import read

__all__ = ["Walk", "walked"]

SLICE = 100
"""Papers that arXiv is asked for at once."""
MOST_PAPERS = 2_000
"""Papers that one address may lead to."""
FRESH = 86_400.0
"""Seconds for which a page that is kept from a walk that was cut off is not fetched again."""
LISTED = re.compile(r"/abs/([0-9]{4}\.[0-9]{4,5}|[a-z-]{2,20}(?:\.[A-Z]{2})?/[0-9]{7})")
ARXIV = "arxiv.org"
API = "export.arxiv.org"


@dataclass(frozen=True, slots=True)
class Page:
    """A page on disk, and its address."""

    path: Path
    address: str


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of some addresses: pages, those that belong to a walk that is done, and what could not be fetched."""

    pages: tuple[Page, ...] = ()
    failed: tuple[Skipped, ...] = ()
    done: tuple[Path, ...] = ()

    def arrivals(self) -> Iterator[Arrival | Skipped]:
        """Yield the papers of the pages, each with the address of its page as its origin, and what failed."""
        for page in self.pages:
            source = _source(page.address)
            try:
                for item in read(page.path):
                    named = replace(item, source=source)
                    yield Arrival(named, page.address) if isinstance(named, Paper) else named
            except SourceError as error:
                yield Skipped(source, "", str(error).replace(str(page.path), source))
        yield from self.failed

    def forget(self) -> None:
        """Remove the pages of walks that are done, once their papers are kept."""
        for path in self.done:
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()


def walked(
    addresses: Sequence[str],
    folder: Path,
    limits: Limits | None,
    progress: Progress,
    *,
    resolve: Resolve = resolved,
) -> Walk:
    """Fetch what some addresses lead to into a folder; what fails is told, and the rest kept.

    Of a list of arXiv's there are as many papers as its address asks for (`max_results`), at most 2,000. Pages that an
    earlier walk left are not fetched again.
    """
    limits = limits or Limits()
    fetcher = Fetcher(limits, resolve=resolve, tell=lambda what: progress(0.0, what))
    found: dict[Path, Page] = {}
    failed: list[Skipped] = []
    done: list[Path] = []
    for number, address in enumerate(dict.fromkeys(addresses)):
        steps = _Steps(folder, fetcher)
        try:
            for page in _pages(address, limits.pages, steps):
                found.setdefault(page.path, page)
                progress(number / len(addresses), _source(address))
            done += steps.taken
        except SourceError as error:
            failed.append(Skipped(_source(address), "", str(error)))
    return Walk(tuple(found.values()), tuple(failed), tuple(done))


class _Steps:
    """Gets the pages of one walk, from the disk where they are there."""

    def __init__(self, folder: Path, fetcher: Fetcher) -> None:
        self._folder, self._fetcher = folder, fetcher
        self.taken: list[Path] = []

    def get(self, address: str) -> Page:
        path = self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.page"
        if not path.is_file() or time.time() - path.stat().st_mtime > FRESH:
            body = self._fetcher.get(address)
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(".tmp")
            draft.write_bytes(body)
            draft.replace(path)
        self.taken.append(path)
        return Page(path, address)


def _pages(address: str, pages: int, steps: _Steps) -> Iterator[Page]:
    """Yield the pages that an address leads to: those of a list, or the one that it is."""
    path = urlsplit(address).path.rstrip("/")
    if path == "/api/query":
        yield from _slices(address, steps)
    elif path == "/api/daily_papers":
        yield from _days(address, pages, steps)
    elif re.match(r"/(?:list|search)(?:/|$)", path):
        yield from _listed(address, steps)
    else:
        yield steps.get(address)


def _slices(address: str, steps: _Steps) -> Iterator[Page]:
    """Yield a query of arXiv's API in slices, to its last entry."""
    start, wanted = _number(address, "start", 0), min(_number(address, "max_results", 10), MOST_PAPERS)
    for first in range(start, start + wanted, SLICE):
        rest = min(SLICE, start + wanted - first)
        page = steps.get(_with(address, start=first, max_results=rest))
        entries = page.path.read_bytes().count(b"<entry>")
        if entries or first == start:
            yield page
        if entries < rest:
            return


def _days(address: str, pages: int, steps: _Steps) -> Iterator[Page]:
    """Yield pages of Hugging Face's daily papers, to the first one that is empty."""
    first = _number(address, "p", 0)
    for number in range(first, first + pages):
        page = steps.get(_with(address, p=number) if pages > 1 else address)
        if number > first and page.path.read_bytes().strip() == b"[]":
            return
        yield page


def _listed(address: str, steps: _Steps) -> Iterator[Page]:
    """Yield what arXiv's API knows of the papers of a list or a search, whose pages hold no whole abstracts."""
    text = steps.get(address).path.read_text("utf-8", "replace")
    ids = list(dict.fromkeys(LISTED.findall(text)))[:MOST_PAPERS]
    if not ids:
        raise SourceError(f"{shorten(address, 200)} lists no papers", remedy="check the address in a browser")
    parts = urlsplit(address)
    host = API if (parts.hostname or "").removeprefix("www.") in {ARXIV, API} else parts.netloc
    for first in range(0, len(ids), SLICE):
        some = ids[first : first + SLICE]
        query = urlencode({"id_list": ",".join(some), "max_results": len(some)})
        yield steps.get(urlunsplit((parts.scheme, host, "/api/query", query, "")))


def _source(address: str) -> str:
    """Return the name under which the papers of an address are listed."""
    parts = urlsplit(address)
    return shorten(f"{parts.hostname or ''}{parts.path}{f'?{parts.query}' if parts.query else ''}", 120)


def _number(address: str, name: str, default: int) -> int:
    given = parse_qs(urlsplit(address).query).get(name, [""])[0]
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 7 else default


def _with(address: str, **values: int) -> str:
    """Return an address with these values in its query, in place of what it had."""
    parts = urlsplit(address)
    query = {name: given[0] for name, given in parse_qs(parts.query, keep_blank_values=True).items()}
    return urlunsplit(parts._replace(query=urlencode(query | {name: str(value) for name, value in values.items()})))
