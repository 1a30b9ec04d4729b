"""A real server on loopback that serves an archive, well and badly; what is fetched is left to the tests."""

from __future__ import annotations

import base64
import io
import tarfile
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


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


class ArchiveServer:
    """Serves one body; a context manager.

    By its path: `/good`, `/unsized` (no Content-Length), `/half` (hangs up in the middle), `/hang` (says nothing),
    `/stall` (says nothing after the first half), `/moved` (leads to /good), `/claims` (promises a terabyte),
    `/garbled` (does not speak HTTP); any other is a 404. `asked` holds the paths, `passwords` what was
    sent with each (`user:password`, or nothing).
    """

    def __init__(self, body: bytes) -> None:
        self.asked: list[str] = []
        self.passwords: list[str] = []
        self.ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, body))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def url(self, path: str) -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def __enter__(self) -> ArchiveServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


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
