"""A chat model behind the OpenAI protocol, streamed and cancellable; prompts and checks are left to others."""

from __future__ import annotations

import asyncio
import re
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from .errors import ModelError, shorten
from .faults import OPENAI, is_loopback, told
from .reply import END, TICK, Piece, Reply
from .settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

    from openai import AsyncOpenAI

__all__ = ["Endpoint", "Message", "Model", "Reply"]

Message = tuple[str, str]
"""A role (`system`, `user` or `assistant`) and what it says."""
PATH = re.compile(r"^(?:/|[A-Za-z]:\\)(?:.*[/\\])?(?=.)")
"""The folders of a model that a server calls by its file."""
CONNECT = 10.0
"""Seconds that a connection may take."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is and how it is asked; the key is not shown. `timeout` is in seconds of silence."""

    model: str | None
    base_url: str | None = None
    api_key: str = field(default="none", repr=False)
    timeout: float = 60.0
    retries: int = 2
    at_once: int = 4

    @classmethod
    def of(cls, settings: Settings) -> Endpoint | None:
        """Return the endpoint that is set, or None: a key needs a model's name beside it, a base URL does not."""
        key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
        url = (settings.openai_base_url or "").strip() or None
        if not url and not (key and settings.model):
            return None
        return cls(
            settings.model,
            url,
            key or "none",
            settings.answer_timeout,
            settings.answer_retries,
            settings.requests_at_once,
        )


class Model:
    """The model of an endpoint; it may be asked from several threads at once. `close` it.

    Nothing is imported and nothing called before the first request.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._name = endpoint.model or ""
        self._lock = threading.Lock()
        self._line: _Line | None = None

    @property
    def name(self) -> str:
        """The model's name, of a path its last part; until the server was asked for it, words that stand for it."""
        return shorten(PATH.sub("", self._name)) or "the model"

    def prepare(self) -> None:
        """Load what the first request needs: that takes seconds, which a server may spend before it is asked.

        Raises ModelError when a package is missing, or the address is none.
        """
        self._opened()

    def _opened(self) -> _Line:
        with self._lock:
            try:
                self._line = self._line or _Line(self.endpoint)
            except Exception as error:
                raise self._told(error) from None
            return self._line

    def _told(self, error: Exception) -> ModelError:
        return told(error, model=self._name, address=self.endpoint.base_url, key=self.endpoint.api_key)

    def reply(self, messages: Sequence[Message], *, tokens: int, temperature: float = 0.0) -> Reply:
        """Ask for a reply of so many tokens at most; its errors are raised as ModelError while it is read."""
        line = self._opened()

        def start(arriving: SimpleQueue[object]) -> Future[None]:
            asked = partial(_ask, line.client, messages=tuple(messages), tokens=tokens, temperature=temperature)
            return line.run(self._read(line, asked, arriving))

        return Reply(start, self.name, tokens, self.endpoint.timeout)

    def close(self) -> None:
        """Cancel what is on its way and let go of the connections; a later request opens new ones."""
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    async def _read(self, line: _Line, ask: Callable[[str], Awaitable[Any]], arriving: SimpleQueue[object]) -> None:
        try:
            async with line.places:
                arriving.put(Piece())  # its turn has come: silence counts from here
                self._name = self._name or await _first_model(line.client)
                async for part in await ask(self._name):
                    arriving.put(Piece(part.delta or "", _finish(part.raw)))
        except Exception as error:
            arriving.put(self._told(error))
        else:
            arriving.put(END)


async def _ask(client: AsyncOpenAI, name: str, *, messages: Sequence[Message], tokens: int, temperature: float) -> Any:  # noqa: ANN401
    """Return LlamaIndex's stream of a chat; the SDK's client does the retries, with backoff and Retry-After."""
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    model = OpenAILike(
        model=name,
        is_chat_model=True,
        temperature=temperature,
        max_retries=0,
        api_base=str(client.base_url),
        api_key="held by the client",
        async_openai_client=client,
    )
    said = [ChatMessage(role=role, content=content) for role, content in messages]
    return await model.astream_chat(said, max_tokens=tokens)


def _finish(raw: object) -> str:
    """Return why a stream ended, if this part of it says so; a server may send anything."""
    choices = getattr(raw, "choices", None)
    reason = getattr(choices[0], "finish_reason", None) if isinstance(choices, list) and choices else None
    return reason if isinstance(reason, str) else ""


async def _first_model(client: AsyncOpenAI) -> str:
    """Return the first model that a server lists, one that embeds only when there is no other."""
    listed = [str(model.id) for model in (await client.models.list()).data]
    if not listed:
        raise ModelError("the endpoint serves no model", remedy="load one there, or set RAG_MODEL")
    return next((name for name in listed if "embed" not in name.lower()), listed[0])


class _Line:
    """An event loop in a thread of its own, and the client that lives on it: so that a request can be cancelled."""

    def __init__(self, endpoint: Endpoint) -> None:
        import openai
        from httpx import Timeout
        from llama_index.llms import openai_like  # noqa: F401

        self.client = openai.AsyncOpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url or OPENAI,
            timeout=Timeout(endpoint.timeout + 2 * TICK, connect=CONNECT),
            max_retries=endpoint.retries,
            http_client=openai.DefaultAsyncHttpxClient(trust_env=not is_loopback(endpoint.base_url)),
        )
        # these load modules, for seconds: now, and not while the silence of a server is timed
        _ = self.client.chat.completions, self.client.models
        self.places = asyncio.Semaphore(endpoint.at_once)
        self.loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self.loop.run_forever, name="model", daemon=True)
        thread.start()
        # also when nobody closes it, and before Python ends
        self._end = weakref.finalize(self, _hang_up, self.loop, thread, self.client)

    def run(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self) -> None:
        self._end()


def _hang_up(loop: asyncio.AbstractEventLoop, thread: threading.Thread, client: AsyncOpenAI) -> None:
    async def end() -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await loop.shutdown_asyncgens()
        await client.close()

    with suppress(Exception):
        asyncio.run_coroutine_threadsafe(end(), loop).result(CONNECT)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(CONNECT)
    loop.close()
