"""A model's reply on its way, which can be left at any time; asking for it is left to `llm.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from .errors import ModelError

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["END", "TICK", "Piece", "Reply"]

TICK = 0.25
"""Seconds of silence after which a listener is given a chance to stop."""
LONGEST_TOKEN = 6
"""Characters that a token has at most, on the average of a whole answer."""
THOUGHT = 8
"""Pieces that may come for each token allowed: a server may not obey the limit, and thoughts are not shown."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a reply: its text, and why the reply ends when it says so."""

    text: str = ""
    finish: str = ""


END = Piece()
"""What comes after the last piece."""


class Reply:
    """A reply on its way: iterate over its pieces, or `close` it, which cancels the request at the server.

    An empty piece comes four times a second while nothing else does. `finish` then says how it ended: `stop`, `length`
    (the server's limit or ours), another word of the server's, or "" when the stream ended without one. `waited` is how
    many seconds were spent waiting for pieces, `first` of them for the first one with text.
    """

    def __init__(
        self, start: Callable[[SimpleQueue[object]], Future[None]], name: str, tokens: int, patience: float
    ) -> None:
        self.finish = ""
        self.waited = self.first = 0.0
        self._name, self._tokens, self._patience = name, tokens, patience
        self._arriving: SimpleQueue[object] = SimpleQueue()
        self._future = start(self._arriving)

    def close(self) -> None:
        """Cancel the request; nothing happens when it has ended."""
        self._future.cancel()

    def __iter__(self) -> Iterator[str]:
        try:
            yield from self._pieces()
        finally:
            self.close()

    def _pieces(self) -> Iterator[str]:
        heard, characters, count = time.monotonic(), 0, 0
        while not self._future.cancelled():
            piece = self._next()
            if piece is None:
                if time.monotonic() - heard > self._patience:
                    raise _silent(self._name, self._patience)
                yield ""
                continue
            heard = time.monotonic()
            if isinstance(piece, ModelError):
                raise piece
            if piece is END or not isinstance(piece, Piece):
                return
            self.finish = piece.finish or self.finish
            characters, count = characters + len(piece.text), count + 1
            self.first = self.first or self.waited * bool(characters)
            yield piece.text
            if characters > self._tokens * LONGEST_TOKEN or count > self._tokens * THOUGHT:
                self.finish = "length"
                return
        raise ModelError("the connection to the model was closed", remedy="ask again")

    def _next(self) -> object:
        """Wait for what comes next; None when nothing did for a tick."""
        started = time.monotonic()
        try:
            return self._arriving.get(timeout=TICK)
        except Empty:
            return None
        finally:
            self.waited += time.monotonic() - started


def _silent(name: str, patience: float) -> ModelError:
    return ModelError(
        f"{name} said nothing for {patience:g} s", remedy="raise RAG_ANSWER_TIMEOUT, or look at the server"
    )
