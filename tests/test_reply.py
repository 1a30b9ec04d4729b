"""A reply on its way, without a network: what is yielded, and how it ends."""

from __future__ import annotations

from concurrent.futures import Future
from queue import SimpleQueue

import pytest

from rag.errors import ModelError
from rag.reply import END, LONGEST_TOKEN, THOUGHT, Piece, Reply


def reply(*arriving: object, tokens: int = 10, patience: float = 5.0) -> Reply:
    """Return a reply of which all has arrived."""

    def start(queue: SimpleQueue[object]) -> Future[None]:
        for one in arriving:
            queue.put(one)
        return Future()

    return Reply(start, "tiny", tokens, patience)


def test_pieces_in_their_order() -> None:
    """Texts come as they arrived, up to the end; the last reason to finish counts."""
    given = reply(Piece("a"), Piece(), Piece("b", "stop"), END, Piece("c"))
    assert list(given) == ["a", "", "b"]
    assert given.finish == "stop"


def test_an_error_comes_in_its_place() -> None:
    """What arrived before an error is yielded first."""
    pieces = iter(reply(Piece("a"), ModelError("it broke")))
    assert next(pieces) == "a"
    with pytest.raises(ModelError, match="it broke"):
        next(pieces)


@pytest.mark.parametrize("piece", [Piece("x" * LONGEST_TOKEN), Piece()])
def test_the_limit(piece: Piece) -> None:
    """Too much text, and too many pieces without any, end it."""
    given = reply(*[piece] * 500, tokens=10)
    assert len(list(given)) in {11, 10 * THOUGHT + 1}
    assert given.finish == "length"


def test_silence_and_closing() -> None:
    """Nothing for longer than allowed is an error; so is being closed elsewhere."""
    with pytest.raises(ModelError, match="tiny said nothing"):
        list(reply(patience=0.1))
    given = reply(Piece("a"))
    given.close()
    with pytest.raises(ModelError, match="was closed"):
        list(given)
