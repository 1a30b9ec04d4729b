"""A real server on loopback that serves pages of papers, well and badly; what is fetched is left to the tests."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from loopback import Loopback

ABSTRACT = "Umbrellas keep robots dry, and we measure by how much in 12 towns. " * 3
TOTAL = 250
"""Papers that the server's arXiv knows."""


def row(number: int) -> dict[str, object]:
    """Return one paper as Hugging Face's API tells it."""
    return {"id": f"2401.{number:05}", "title": f"Umbrella Number {number}", "summary": ABSTRACT}


def entry(number: int) -> str:
    """Return one paper as arXiv's API tells it."""
    return (
        f"<entry><id>http://arxiv.org/abs/2401.{number:05}v1</id><title>Umbrella Number {number}</title>"
        f"<summary>{ABSTRACT}</summary></entry>"
    )


class PageServer(Loopback):
    """Serves by path; a context manager. `asked` holds the targets in their order, `hosts` the Host header of each.

    `/api/query` is arXiv's API, `/api/daily_papers` Hugging Face's (two pages), `/list/cs.RO/recent` a list of 120 ids,
    `/one.json` one paper. Others are bad: `/moved`, `/loop`, `/to?URL`, `/busy` (429 once), `/busy-for-long`,
    `/hang`, `/drip` and `/drip-head` (a byte at a time, for ever), `/huge`, `/bomb` (gzip), `/packed` (gzip, good),
    `/odd` (packed otherwise), `/garbled`. After `fail_after` requests every answer is a 503.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hosts: list[str] = []
        self.fail_after = 10**9
        super().__init__(type("Mine", (Handler,), {"pages": self}))


def feed(query: dict[str, list[str]]) -> bytes:
    """Return what arXiv's API answers."""
    if "id_list" in query:
        numbers = [int(one.partition(".")[2]) for one in query["id_list"][0].split(",")]
    else:
        start, most = int(query.get("start", ["0"])[0]), int(query.get("max_results", ["10"])[0])
        numbers = list(range(start, min(start + most, TOTAL)))
    entries = "".join(map(entry, numbers))
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


def listing() -> bytes:
    """Return a list of arXiv's: ids and titles, no abstracts."""
    links = "".join(f'<a href="/abs/2401.{number:05}">arXiv</a>' for number in range(120))
    return f"<!doctype html><html><body>{links}</body></html>".encode()


def _good(path: str, query: dict[str, list[str]]) -> bytes | None:
    if path == "/api/query":
        return feed(query)
    if path == "/api/daily_papers":
        page = int(query.get("p", ["0"])[0])
        return json.dumps(
            [{"paper": row(number)} for number in range(3 * page, 3 * page + 3)] if page < 2 else []
        ).encode()
    if path == "/list/cs.RO/recent":
        return listing()
    if path in {"/one.json", "/busy", "/packed"}:
        return json.dumps([{"paper": row(1)}]).encode()
    return None


BAD = {
    "/moved": "_moved",
    "/to": "_moved",
    "/loop": "_loop",
    "/busy": "_busy",
    "/busy-for-long": "_busy_for_long",
    "/hang": "_hang",
    "/drip": "_drip",
    "/drip-head": "_drip_head",
    "/huge": "_huge",
    "/bomb": "_bomb",
    "/packed": "_packed",
    "/odd": "_odd",
    "/garbled": "_garbled",
}
"""What answers the bad paths."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request as the server that it belongs to says."""

    pages: PageServer

    def do_GET(self) -> None:
        """Answer."""
        server = self.pages
        server.asked.append(self.path)
        server.hosts.append(self.headers.get("Host", ""))
        parts = urlsplit(self.path)
        if len(server.asked) > server.fail_after:
            self._send(503, b"", **{"Retry-After": "9999"})
        elif parts.path in BAD:
            getattr(self, BAD[parts.path])(parts.query)
        elif (good := _good(parts.path, parse_qs(parts.query))) is not None:
            self._send(200, good)
        else:
            self._send(404, b"")

    def _send(self, status: int, body: bytes, **fields: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _moved(self, query: str) -> None:
        self._send(302, b"", Location=query or "/one.json")

    def _loop(self, query: str) -> None:
        self._send(301, b"", Location=f"/loop?{int(query or 0) + 1}")

    def _busy(self, _query: str) -> None:
        if sum(path == "/busy" for path in self.pages.asked) > 1:
            self._send(200, _good("/busy", {}) or b"")
        else:
            self._send(429, b"", **{"Retry-After": "1"})

    def _busy_for_long(self, _query: str) -> None:
        self._send(429, b"", **{"Retry-After": "86400"})

    def _hang(self, _query: str) -> None:
        self.pages.ended.wait(30)

    def _drip(self, _query: str) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.pages.ended.wait(0.05):
            self.wfile.write(b" ")

    def _drip_head(self, _query: str) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not self.pages.ended.wait(0.05):
            self.wfile.write(b"x")

    def _huge(self, _query: str) -> None:
        self.send_response(200)
        self.end_headers()
        while not self.pages.ended.is_set():
            self.wfile.write(bytes(1_000_000))

    def _bomb(self, _query: str) -> None:
        self._send(200, gzip.compress(bytes(50_000_000)), **{"Content-Encoding": "gzip"})

    def _packed(self, _query: str) -> None:
        self._send(200, gzip.compress(_good("/packed", {}) or b""), **{"Content-Encoding": "gzip"})

    def _odd(self, _query: str) -> None:
        self._send(200, b"xx", **{"Content-Encoding": "br"})

    def _garbled(self, _query: str) -> None:
        self.wfile.write(b"no HTTP at all\r\n\r\n")

    def handle(self) -> None:
        """Serve, and say nothing when the other end hangs up."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""
