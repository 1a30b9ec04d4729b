"""A model server on loopback that streams chats and embeds texts, well and badly; what for is left to the tests."""

from __future__ import annotations

import hashlib
import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import Any

from loopback import Loopback

from rag.text import sentences, words

KEY = "sk-loopback-4711-do-not-tell"
SOURCE = re.compile(r'<source key="(\d+)">\n<title>(.*?)</title>\n<abstract>(.*?)</abstract>\n</source>', re.DOTALL)
QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
TOKENS = 200_000
"""Tokens of an endless answer."""
PATIENCE = 10.0
"""Seconds after which the server gives up waiting for a client to leave."""


@dataclass(frozen=True)
class Prompt:
    """What was asked: the messages, and what is found in them of question and sources."""

    messages: Sequence[dict[str, str]]

    @property
    def last(self) -> str:
        """The last message."""
        return self.messages[-1]["content"]

    @property
    def whole(self) -> str:
        """Every message."""
        return "\n".join(message["content"] for message in self.messages)

    @property
    def question(self) -> str:
        """The question."""
        found = QUESTION.findall(self.whole)
        return str(found[-1]) if found else ""

    @property
    def sources(self) -> dict[int, str]:
        """The abstracts by key."""
        return {int(key): text for key, _, text in SOURCE.findall(self.whole)}

    @property
    def titles(self) -> dict[int, str]:
        """The titles by key."""
        return {int(key): title for key, title, _ in SOURCE.findall(self.whole)}

    def best(self) -> tuple[int, str]:
        """Return the sentence of the sources that shares most words with the question, and its source's key."""
        asked = set(words(self.question))
        said = [(key, text[start:end]) for key, text in self.sources.items() for start, end in sentences(text)]
        return max(said, key=lambda one: len(asked & set(words(one[1]))))


Say = Callable[[Prompt], str]


def well(prompt: Prompt) -> str:
    """Answer with the best sentence and its right key."""
    key, said = prompt.best()
    return f"{said.rstrip('.')} [{key}]."


@dataclass(frozen=True)
class Way:
    """How to answer: what to say, and how it ends.

    Ends: `stop` (as it should), `drop` (the connection is closed), `fade` (the stream ends and says nothing of it),
    `hang` (nothing more comes), or another reason to finish. `before` is what is waited for before the first word.
    `status` other than 200 gives an error that repeats the key; `raw` is sent as it is.
    """

    say: Say = well
    end: str = "stop"
    status: int = 200
    body: str = ""
    raw: str = ""
    pause: float = 0.0
    before: threading.Event | None = None


HANG_FIRST = Way(raw="hang")
ENDLESS = Way(say=lambda _prompt: "endless")


class ModelServer(Loopback):
    """A server that answers each chat as the next of `ways` says, the last one from then on; a context manager.

    `chats` and `embedded` hold what was asked, `keys` the keys that came along. `left` is set when a client leaves
    before its answer is complete, and `sent` counts the pieces that went out, `first` when the first one did;
    `most_busy` is how many chats went on at a time.
    """

    def __init__(
        self, *ways: Way | Say, models: Sequence[str] = ("tiny",), dimension: int = 16, after: str = "0.2"
    ) -> None:
        self.ways = [way if isinstance(way, Way) else Way(way) for way in ways] or [Way()]
        self.models = list(models)
        self.dimension = dimension
        self.after = after
        self.chats: list[dict[str, Any]] = []
        self.embedded: list[list[str]] = []
        self.keys: set[str] = set()
        self.paths: list[str] = []
        self.left = threading.Event()
        self.sent = 0
        self.first = 0.0
        self.busy = self.most_busy = 0
        self._lock = threading.Lock()
        super().__init__(_handler(self))

    @property
    def url(self) -> str:
        """The base URL, as OPENAI_BASE_URL takes it."""
        return self.address("/v1")

    @property
    def prompts(self) -> list[Prompt]:
        """What was asked, chat by chat."""
        return [Prompt(chat["messages"]) for chat in self.chats]

    def next_way(self, request: dict[str, Any]) -> Way:
        """Note a chat, and return how to answer it."""
        with self._lock:
            self.chats.append(request)
            return self.ways.pop(0) if len(self.ways) > 1 else self.ways[0]

    def count(self, change: int) -> None:
        """Note that a chat began or ended."""
        with self._lock:
            self.busy += change
            self.most_busy = max(self.most_busy, self.busy)

    def vector(self, text: str) -> list[float]:
        """Return a vector made of a text's words, the same for the same words."""
        found = [0.0] * self.dimension
        for word in words(text):
            found[int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dimension] += 1.0
        return found


def away() -> str:
    """Return the address of a server that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def chunk(text: str | None = None, finish: str | None = None) -> str:
    """Return one event of a stream."""
    delta = {} if text is None else {"role": "assistant", "content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(event)}\n\n"


def _pieces(way: Way, prompt: Prompt) -> Iterator[str]:
    """Yield the events of a stream up to its end."""
    if way.raw:
        yield way.raw
        return
    said = way.say(prompt)
    if said == "endless":
        yield from (chunk("word ") for _ in range(TOKENS))
        return
    for word in re.findall(r"\S+\s*|\s+", said):
        yield chunk(word)
    if way.end not in {"drop", "fade", "hang"}:
        yield chunk(finish=way.end)
        yield "data: [DONE]\n\n"


def _handler(owner: ModelServer) -> type[BaseHTTPRequestHandler]:  # noqa: C901  # its methods, counted as one
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            owner.paths.append(self.path)
            self._send(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in owner.models]})

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            owner.keys.add(self.headers.get("Authorization", "").removeprefix("Bearer "))
            owner.paths.append(self.path)
            if self.path.endswith("/embeddings"):
                self._embed(request)
                return
            way = owner.next_way(request)
            owner.count(1)
            try:
                self._chat(way, Prompt(request["messages"]))
            except (BrokenPipeError, ConnectionResetError):
                owner.left.set()
                self.close_connection = True

        def _embed(self, request: dict[str, Any]) -> None:
            given = request["input"] if isinstance(request["input"], list) else [request["input"]]
            owner.embedded.append(given)
            way = owner.ways.pop(0) if len(owner.ways) > 1 else owner.ways[0]
            if way.status != 200:
                self._send(way.status, {"error": {"message": f"no, {KEY}", "type": "x"}})
                return
            data = [
                {"object": "embedding", "index": place, "embedding": owner.vector(text)}
                for place, text in enumerate(given)
            ]
            if way.raw:
                data = json.loads(way.raw)
            self._send(200, {"object": "list", "data": data, "model": "m", "usage": {}})

        def _chat(self, way: Way, prompt: Prompt) -> None:
            if way is HANG_FIRST:
                self._wait()
                return
            if way.status != 200:
                error = way.body or f"no, {prompt_key(self)}"
                self._send(way.status, {"error": {"message": error, "type": "x", "code": str(way.status)}})
                return
            if way.before is not None:
                way.before.wait(PATIENCE)
            if not owner.chats[-1].get("stream"):
                said = {"role": "assistant", "content": way.say(prompt)}
                self._send(200, {"id": "c", "choices": [{"index": 0, "message": said, "finish_reason": "stop"}]})
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in _pieces(way, prompt):
                owner.first = owner.first or time.monotonic()
                if piece.startswith("data: [DONE]"):
                    owner.count(-1)  # the client may ask the next at once
                data = piece.encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                owner.sent += 1
                if way.pause:
                    time.sleep(way.pause)
            if way.end == "hang":
                self._wait()
            if way.end in {"hang", "drop"}:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")

        def _wait(self) -> None:
            """Say nothing until the client leaves."""
            readable, _, _ = select.select([self.connection], [], [], PATIENCE)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                owner.left.set()
            self.close_connection = True

        def _send(self, status: int, body: object) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == 429:
                self.send_header("Retry-After", owner.after)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    return Handler


def prompt_key(handler: BaseHTTPRequestHandler) -> str:
    """Return the key that came with a request, as rude servers repeat it."""
    return str(handler.headers.get("Authorization", ""))


def refusing(status: int, body: str = "") -> Way:
    """Return the way of a server that answers with an error."""
    return replace(Way(), status=status, body=body)
