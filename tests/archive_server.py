"""A real server on loopback that serves an archive, well and badly; what is fetched is left to the tests."""

from __future__ import annotations

import base64
import io
import tarfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler

from loopback import Loopback


def packed(members: Mapping[str, bytes], *, links: Mapping[str, str] | None = None) -> bytes:
    """Return a tar.gz of files by their path, and of symbolic links."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path, content in members.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for path, target in (links or {}).items():
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
    return made.getvalue()


class ArchiveServer(Loopback):
    """Serves one body; a context manager.

    By its path: `/good`, `/unsized` (no Content-Length), `/half` (hangs up in the middle), `/hang` (says nothing),
    `/stall` (says nothing after the first half), `/moved` (leads to /good), `/claims` (promises a terabyte),
    `/garbled` (does not speak HTTP); any other is a 404. `asked` holds the paths, `passwords` what was
    sent with each (`user:password`, or nothing).
    """

    def __init__(self, body: bytes) -> None:
        self.asked: list[str] = []
        self.passwords: list[str] = []
        super().__init__(_handler(self, body))


def _handler(server: ArchiveServer, body: bytes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            sent = self.headers.get("Authorization", "").removeprefix("Basic ")
            server.passwords.append(base64.b64decode(sent).decode())
            way = self.path.partition("?")[0]
            if way == "/garbled":
                self.wfile.write(b"no HTTP at all\r\n\r\n")
            elif way == "/hang":
                server.ended.wait(30)
            elif way == "/moved":
                self._head(302, {"Location": "/good", "Content-Length": "0"})
            elif way in {"/good", "/unsized", "/half", "/stall", "/claims"}:
                size = 10**12 if way == "/claims" else len(body)
                self._head(200, {} if way == "/unsized" else {"Content-Length": str(size)})
                self.wfile.write(body if way in {"/good", "/unsized"} else body[: len(body) // 2])
                self.wfile.flush()
                if way == "/stall":
                    server.ended.wait(30)
            else:
                self.send_error(404)

        def _head(self, status: int, fields: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in fields.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
