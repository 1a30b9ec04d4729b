"""Fetches a page of the web within bounds of time, size, rate and place; which pages those are is left to `walk.py`."""

from __future__ import annotations

import asyncio
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from .errors import SourceError, shorten
from .faults import public_address
from .hosts import Resolve, connectable, resolved

if TYPE_CHECKING:
    import httpx

__all__ = ["Fetcher", "Limits", "is_address", "shown"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
LATER = frozenset({429, 500, 502, 503, 504})
AGENT = "paperchat (a reader of abstracts; one request at a time)"


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be asked for, and what one page may cost: bytes (unpacked), seconds, redirects, attempts."""

    pause: float = 3.0
    """Seconds between two requests to a host: what arXiv asks for (https://info.arxiv.org/help/api/tou.html)."""
    silence: float = 10.0
    """Seconds after which a server that says nothing is given up."""
    longest: float = 60.0
    """Seconds after which a page that has not come whole is given up, however busily it comes."""
    longest_wait: float = 120.0
    """Seconds that a server may ask to wait (Retry-After) before it is asked again."""
    pages: int = 1
    """Pages of a list of Hugging Face's API; arXiv's lists say themselves how many papers are wanted."""
    largest: int = 20_000_000
    redirects: int = 5
    attempts: int = 3
    allow_private: bool = False
    """Whether addresses of this machine and of private networks may be asked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: its status, its body, where it points to, how long it asks to wait (None: not said)."""

    status: int
    body: bytes
    location: str
    wait: float | None


def is_address(source: object) -> bool:
    """Tell whether a source is an address of the web, not a path."""
    return isinstance(source, str) and source[:8].lower().startswith(("http://", "https://"))


class Fetcher:
    """Gets pages one after the other. Raises SourceError for whatever goes wrong, with what to do next."""

    def __init__(
        self, limits: Limits, *, resolve: Resolve = resolved, tell: Callable[[str], None] = lambda _what: None
    ) -> None:
        self._limits, self._resolve, self._tell = limits, resolve, tell
        self._asked: dict[str, float] = {}

    def get(self, address: str) -> bytes:
        """Return the body of a page."""
        wait = 0.0
        for attempt in range(self._limits.attempts):
            time.sleep(wait)
            reply = self._followed(address)
            if reply.status == 200:
                return reply.body
            if reply.status not in LATER:
                raise SourceError(
                    f"{shown(address)} answers {reply.status}", remedy="check the address in a browser, then try again"
                )
            wait = max(self._limits.pause * 2**attempt, 0.0) if reply.wait is None else reply.wait
            if wait > self._limits.longest_wait:
                break
            self._tell(f"{shown(address)} asks to wait: trying again in {wait:.0f} s")
        raise SourceError(
            f"{shown(address)} takes no more requests now ({reply.status})",
            remedy=f"wait {wait:.0f} s, then run the same command again: it goes on where this one stopped",
        )

    def _followed(self, address: str) -> Reply:
        """Return the reply at the end of the redirects; each place is checked before it is connected to."""
        import httpx

        url = _url(address)
        for _ in range(self._limits.redirects + 1):
            place = connectable(url.host, _port(url), allow_private=self._limits.allow_private, resolve=self._resolve)
            self._be_polite(url.host)
            reply = self._asked_once(url, place)
            if reply.status not in REDIRECTS or not reply.location:
                return reply
            try:
                onward = _url(str(url.join(reply.location)))
            except httpx.InvalidURL:
                raise SourceError(f"{shown(address)} leads to no address", remedy="check the address") from None
            if url.scheme == "https" and onward.scheme != "https":
                raise SourceError(f"{shown(address)} leads away from https", remedy="check the address")
            url = onward
        raise SourceError(f"{shown(address)} leads on and on", remedy="check the address in a browser")

    def _be_polite(self, host: str) -> None:
        last = self._asked.get(host)
        if last is not None:
            time.sleep(max(0.0, last + self._limits.pause - time.monotonic()))
        self._asked[host] = time.monotonic()

    def _asked_once(self, url: httpx.URL, place: str) -> Reply:
        import httpx

        address = str(url)
        try:
            return asyncio.run(self._request(url, place))
        except TimeoutError:
            what = f"{shown(address)} did not come whole in {self._limits.longest:g} s"
        except httpx.TimeoutException:
            what = f"{shown(address)} said nothing for {self._limits.silence:g} s"
        except ssl.SSLError as error:
            what = f"{shown(address)} cannot be trusted ({shorten(error.reason)})"
        except zlib.error:
            what = f"{shown(address)} sends broken gzip"
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            what = f"{shown(address)} cannot be fetched ({shorten(str(error) or type(error).__name__)})"
        raise SourceError(what, remedy="run the same command again: it goes on where this one stopped")

    async def _request(self, url: httpx.URL, place: str) -> Reply:
        """Ask the checked address itself for the page, under the host's name: a name is never looked up twice."""
        import httpx

        # with a proxy of the environment, the address connected to would be the proxy's choice
        async with (
            asyncio.timeout(self._limits.longest),
            httpx.AsyncClient(trust_env=False, timeout=self._limits.silence, verify=url.scheme == "https") as client,
        ):
            request = client.build_request(
                "GET",
                url.copy_with(host=place),
                headers={
                    "Host": url.netloc.decode("ascii"),
                    "User-Agent": AGENT,
                    "Accept": "text/html,application/atom+xml,application/json;q=0.9,*/*;q=0.5",
                    "Accept-Encoding": "identity",
                    "Connection": "close",
                },
                extensions={"sni_hostname": url.raw_host.decode("ascii")},
            )
            reply = await client.send(request, stream=True)
            try:
                body = await self._body(reply) if reply.status_code == 200 else b""
            finally:
                await reply.aclose()
        wait = _seconds(reply.headers.get("Retry-After", ""))
        return Reply(reply.status_code, body, reply.headers.get("Location", ""), wait)

    async def _body(self, reply: httpx.Response) -> bytes:
        """Return what a page holds, unpacked, and give up as soon as it is too much."""
        packing = reply.headers.get("Content-Encoding", "identity").strip().lower()
        if packing not in {"identity", "", "gzip"}:
            raise SourceError(f"the page is packed as {shorten(packing)}", remedy="save it with a browser instead")
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if packing == "gzip" else None
        body, largest = bytearray(), self._limits.largest
        async for chunk in reply.aiter_raw():
            body += unpack.decompress(chunk, largest + 1 - len(body)) if unpack else chunk
            if len(body) > largest:
                raise SourceError(
                    f"the page has more than {largest:,} bytes", remedy="save it with a browser, and add the file"
                )
        return bytes(body)


def shown(address: str) -> str:
    """Return an address as it is shown: without secrets, and short."""
    return shorten(public_address(address), 200)


def _url(address: str) -> httpx.URL:
    """Return the parts of an address, or raise SourceError for what is none of the web."""
    import httpx

    try:
        url = httpx.URL(address)
        port = url.port
    except (httpx.InvalidURL, ValueError, TypeError):
        raise SourceError(f"{shown(address)} is not an address", remedy="as in https://arxiv.org/abs/...") from None
    if url.scheme not in {"http", "https"} or not url.host or (port is not None and not 0 < port < 65536):
        raise SourceError(f"{shown(address)} is not an address of the web", remedy="take http:// or https://")
    if url.userinfo:
        raise SourceError(f"{shown(address)} holds a password", remedy="save the page with a browser instead")
    return url.copy_with(fragment=None)


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _seconds(said: str) -> float | None:
    """Return how long a Retry-After header asks to wait: seconds, or until a date (RFC 9110, 10.2.3)."""
    text = said.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        day = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (day.replace(tzinfo=day.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
