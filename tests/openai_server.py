"""A real server on loopback that speaks /v1/chat/completions, well and badly; what is asked is left to the tests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import Loopback

SLOW = 1.5
"""Seconds that a `slow` reply takes."""
KEY = "sk-test-do-not-tell"


class OpenAIServer(Loopback):
    """A server that answers each call as the next of `ways` says, the last one from then on; a context manager.

    Ways: `good`, `fenced`, `malformed` (no JSON in the reply), `broken` (no JSON at all), `empty` (no choices), `slow`,
    `dropped` (the connection is closed), or a status: `401` (which repeats the key), `429` (with Retry-After), `500`.
    `reply` makes the text of a good reply from the messages. `requests` holds what was asked and `times` when.
    """

    def __init__(
        self, *ways: str, reply: Callable[[list[dict[str, str]]], str] | None = None, after: str = "1"
    ) -> None:
        self.ways = list(ways) or ["good"]
        self.reply = reply or (lambda _messages: '{"holds": true}')
        self.after = after
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.times: list[float] = []
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    @property
    def url(self) -> str:
        """The base URL, as OPENAI_BASE_URL takes it."""
        return self.address("/v1")

    def next_way(self, request: dict[str, Any], key: str) -> str:
        """Note a request, and return how to answer it."""
        with self._lock:
            self.requests.append(request)
            self.keys.append(key)
            self.times.append(time.monotonic())
            return self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]


def refused_url() -> str:
    """Return the address of a server that is not there any more."""
    server = OpenAIServer()
    url = server.url
    server._server.server_close()
    return url


def completion(text: str) -> dict[str, Any]:
    """Return a reply in the form of the protocol."""
    return {
        "id": "c1", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107},
    }  # fmt: skip


def _body(way: str, good: str, key: str) -> str:
    if way == "broken":
        return "{<html>"
    if way == "empty":
        return json.dumps({"choices": []})
    if way.isdigit():
        return json.dumps({"error": {"message": f"no, {key}", "type": "x", "code": way}})
    texts = {"fenced": f"```json\n{good}\n```", "malformed": f"I would say that {good} fits."}
    return json.dumps(completion(texts.get(way, good)))


def _handler(owner: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers.get("Authorization", "").removeprefix("Bearer ")
            way = owner.next_way(request, key)
            if way == "dropped":
                self.close_connection = True
                return
            if way == "slow":
                time.sleep(SLOW)
            self._send(int(way) if way.isdigit() else 200, _body(way, owner.reply(request["messages"]), key))

        def _send(self, status: int, body: str) -> None:
            data = body.encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if status == 429:
                    self.send_header("Retry-After", owner.after)
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client did not wait

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    return Handler
