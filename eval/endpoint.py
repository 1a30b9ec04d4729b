"""Calls to a judge model over the OpenAI protocol, kept on disk; what it is asked is left to criteria.py."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING

from rag.errors import PaperchatError
from rag.settings import Settings, load_settings

from .criteria import Item, parse
from .record import save

if TYPE_CHECKING:
    from openai import OpenAI

__all__ = ["Desk", "Endpoint", "JudgeError", "cached"]

MOST_TOKENS = 400
"""What a reply may cost; an honest one needs a dozen."""
FAILURES = 3
"""Calls that fail in a row, further attempts and all, after which the endpoint counts as down."""
REFUSALS = frozenset({401, 403, 404})
"""What no second call would change: a bad key, no right, no such model or address."""


class JudgeError(PaperchatError):
    """A judge that was required and cannot be had."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the judge is; the key is not shown.

    `timeout` is in seconds for one attempt. `retries` further attempts follow a lost connection, a time-out, 408, 409,
    429 and 5xx: the SDK waits .5 s, then twice as long each time up to 8 s, or as long as Retry-After says.
    """

    model: str
    base_url: str | None
    api_key: str = field(repr=False)
    timeout: float = 60.0
    retries: int = 4

    @classmethod
    def of(cls, model: str, settings: Settings | None = None, *, timeout: float = 60.0, retries: int = 4) -> Endpoint:
        """Read OPENAI_BASE_URL and OPENAI_API_KEY; raise JudgeError for neither. A server of one's own needs no key."""
        held = settings or load_settings()
        key = held.openai_api_key.get_secret_value() if held.openai_api_key else ""
        if not key and not held.openai_base_url:
            raise JudgeError("no endpoint for a judge model is set", remedy="set OPENAI_BASE_URL or OPENAI_API_KEY")
        return cls(model, held.openai_base_url, key or "none", timeout, retries)


def cached(cache: Path | None, model: str, item: Item, turn: int) -> bool | None:
    """Return what an earlier run was told, or None; a file that cannot be read was never written."""
    if cache is None:
        return None
    try:
        held = json.loads(_file(cache, model, item, turn).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return parse(str(held.get("reply"))) if isinstance(held, dict) else None


def _file(cache: Path, model: str, item: Item, turn: int) -> Path:
    """Return where a reply is kept: by model, both messages and the number of the repetition, and nothing else."""
    digest = hashlib.sha256(json.dumps([model, item.system, item.data, turn]).encode()).hexdigest()
    return cache / digest[:2] / f"{digest}.json"


class Desk:
    """Asks a judge, from several threads at once, and stops when it is down; use it as a context manager.

    `lost` says why it stopped, or is "". `calls` counts those made, `failed` those of them that came to nothing, and
    `cached` those that were not needed; `tokens` counts what the endpoint reports.
    """

    def __init__(self, endpoint: Endpoint, cache: Path | None = None) -> None:
        self.endpoint = endpoint
        self.cache = cache
        self.lost = ""
        self.calls = self.cached = self.failed = 0
        self.tokens: Counter[str] = Counter()
        self._in_a_row = 0
        self._lock = Lock()
        self._client: OpenAI | None = None

    def __enter__(self) -> Desk:
        from openai import OpenAI

        place = self.endpoint
        self._client = OpenAI(
            api_key=place.api_key, base_url=place.base_url, timeout=place.timeout, max_retries=place.retries
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()

    def ask(self, item: Item, turn: int) -> bool | None:
        """Return what the judge says, for the `turn`-th time; None when there is no usable reply."""
        if (held := cached(self.cache, self.endpoint.model, item, turn)) is not None:
            with self._lock:
                self.cached += 1
            return held
        if self.lost:
            return None
        reply = self._call(item)
        said = None if reply is None else parse(reply)
        if self.cache is not None and said is not None:
            save(_file(self.cache, self.endpoint.model, item, turn), json.dumps({"reply": reply}) + "\n")
        return said

    def _call(self, item: Item) -> str | None:
        """Return the text of a reply ("" for one without), or None when the call failed."""
        from openai import OpenAIError

        assert self._client is not None, "use the desk as a context manager"
        try:
            found = self._client.chat.completions.create(
                model=self.endpoint.model,
                messages=[{"role": "system", "content": item.system}, {"role": "user", "content": item.data}],
                temperature=0,
                max_tokens=MOST_TOKENS,
            )
        except (OpenAIError, ValueError, RecursionError) as error:
            self._fail(error)
            return None
        with self._lock:
            self.calls += 1
            self._in_a_row = 0
            self._count(found)
        return _text(found)

    def _fail(self, error: Exception) -> None:
        """Count a failure, stop at one that will come again. What the server said may hold the key: it is not told."""
        status = getattr(error, "status_code", None)
        told = f"the endpoint answered {status}" if status else type(error).__name__
        with self._lock:
            self.calls += 1
            self.failed += 1
            self._in_a_row += 1
            if status in REFUSALS or self._in_a_row >= FAILURES:
                self.lost = self.lost or told

    def _count(self, found: object) -> None:
        usage = getattr(found, "usage", None)
        for name in ("prompt_tokens", "completion_tokens"):
            count = getattr(usage, name, None)
            self.tokens[name] += count if isinstance(count, int) else 0


def _text(found: object) -> str:
    """Return the text of a completion; a server may send anything, and the SDK does not check it."""
    choices = getattr(found, "choices", None)
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    content = getattr(message, "content", None)
    return content if isinstance(content, str) else ""
