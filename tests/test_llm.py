"""A chat model over a real server: which endpoint is asked, what arrives, how it ends; errors are in test_faults.py."""

from __future__ import annotations

import gc
import sys
import threading

import pytest
from model_server import ENDLESS, HANG_FIRST, KEY, ModelServer, Prompt, Way, away

from rag.errors import ModelError
from rag.llm import Endpoint, Model
from rag.settings import Settings

HELLO = [("system", "Be short."), ("user", "Hello?")]


def model(server: ModelServer, name: str | None = None, **given: float) -> Model:
    """Return the model of a server."""
    named = {"timeout": 20.0, "retries": 0, **given}
    return Model(Endpoint(name, server.url, KEY, **named))  # type: ignore[arg-type]


def say(text: str) -> Way:
    """Return the way of a server that says a text."""
    return Way(lambda _prompt: text)


def test_which_endpoint_is_set() -> None:
    """A base URL is enough; a key needs a model's name; the name is sent where it is given; the key is hidden."""
    assert Endpoint.of(Settings()) is None
    assert Endpoint.of(Settings(OPENAI_API_KEY=KEY)) is None
    assert Endpoint.of(Settings(RAG_MODEL="tiny")) is None
    local = Endpoint.of(Settings(OPENAI_BASE_URL="http://x/v1"))
    assert local is not None
    assert (local.model, local.base_url, local.api_key) == (None, "http://x/v1", "none")
    hosted = Endpoint.of(Settings(OPENAI_API_KEY=f" {KEY}\n", RAG_MODEL="tiny", answer_timeout=7, answer_retries=1))
    assert hosted is not None
    assert (hosted.model, hosted.base_url, hosted.api_key, hosted.timeout, hosted.retries) == (
        "tiny",
        None,
        KEY,
        7.0,
        1,
    )
    assert KEY not in repr(hosted) + str(hosted)


def test_pieces_arrive_as_they_are() -> None:
    """The pieces joined are what the server said; the request holds the messages, the limit and the key."""
    with ModelServer(say("Hello there, it is  fine.\nYes.")) as server:
        asked = model(server, "tiny")
        reply = asked.reply(HELLO, tokens=50, temperature=0.5)
        assert "".join(reply) == "Hello there, it is  fine.\nYes."
        assert reply.finish == "stop"
        assert 0 < reply.first <= reply.waited
        asked.close()
        (request,) = server.chats
        assert request["messages"] == [{"role": role, "content": content} for role, content in HELLO]
        assert (request["model"], request["max_tokens"], request["temperature"]) == ("tiny", 50, 0.5)
        assert server.keys == {KEY}


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        (["a", "b"], "a"),
        (["text-embed-3", "b"], "b"),
        (["embedder"], "embedder"),
        (["/models/x/tiny.gguf"], "tiny.gguf"),
    ],
)
def test_the_first_model_of_a_server(listed: list[str], name: str) -> None:
    """Without a name the first model listed is taken that does more than embed; of a path the file is shown."""
    with ModelServer(say("Hi"), models=listed) as server:
        asked = model(server)
        assert asked.name == "the model"
        for _ in range(2):
            assert "".join(asked.reply(HELLO, tokens=20)) == "Hi"
        assert asked.name == name
        assert server.chats[0]["model"].endswith(name)
        assert server.paths.count("/v1/models") == 1
        asked.close()


def test_a_server_without_models() -> None:
    """A server that lists none is told so."""
    with ModelServer(models=[]) as server:
        asked = model(server)
        with pytest.raises(ModelError, match="serves no model: load one there, or set RAG_MODEL"):
            list(asked.reply(HELLO, tokens=20))
        asked.close()


def test_thoughts_and_silence_are_empty_pieces() -> None:
    """While nothing is said an empty piece comes now and then, so that one can leave."""
    go = threading.Event()
    with ModelServer(Way(lambda _prompt: "Hi", before=go)) as server:
        asked = model(server, "tiny")
        pieces = iter(asked.reply(HELLO, tokens=20))
        assert [next(pieces) for _ in range(3)] == ["", "", ""]
        go.set()
        assert "".join(pieces) == "Hi"
        asked.close()


def test_the_limit_is_kept_here_too() -> None:
    """A server that does not obey the limit is left, and the reply says that it was cut off."""
    with ModelServer(ENDLESS) as server:
        asked = model(server, "tiny")
        reply = asked.reply(HELLO, tokens=20)
        assert len("".join(reply)) < 200
        assert reply.finish == "length"
        assert server.left.wait(5)
        asked.close()


def test_leaving_cancels() -> None:
    """A reply that is closed, or no longer read, is cancelled at the server; closing twice is no harm."""
    with ModelServer(HANG_FIRST) as server:
        asked = model(server, "tiny")
        for leave in ("close", "drop"):
            server.left.clear()
            reply = asked.reply(HELLO, tokens=20)
            pieces = iter(reply)
            while len(server.chats) < (1 if leave == "close" else 2):
                next(pieces)
            if leave == "close":
                reply.close()
                reply.close()
                with pytest.raises(ModelError, match="was closed"):
                    list(pieces)
            del pieces
            assert server.left.wait(5)
        asked.close()


def test_a_closed_model_can_be_asked_again() -> None:
    """Closing lets go of the thread; the next request begins anew."""
    with ModelServer(say("Hi")) as server:
        asked = model(server, "tiny")
        for _ in range(2):
            assert "".join(asked.reply(HELLO, tokens=20)) == "Hi"
            asked.close()
            assert not [thread for thread in threading.enumerate() if thread.name == "model"]
        asked.close()


def test_a_forgotten_model_leaves_nothing_behind() -> None:
    """A model that nobody closes ends its thread when it is no longer used."""
    with ModelServer(say("Hi")) as server:
        asked = model(server, "tiny")
        assert "".join(asked.reply(HELLO, tokens=20)) == "Hi"
        del asked
        gc.collect()
        assert not [thread for thread in threading.enumerate() if thread.name == "model"]


def test_no_place_is_kept_by_who_left() -> None:
    """Of one place, those who leave before their turn or in it take nothing from the next."""
    with ModelServer(HANG_FIRST, say("Hi")) as server:
        asked = model(server, "tiny", at_once=1)
        first, second = asked.reply(HELLO, tokens=20), asked.reply(HELLO, tokens=20)
        pieces = iter(first)
        while not server.chats:
            next(pieces)
        second.close()
        first.close()
        assert "".join(asked.reply(HELLO, tokens=20)) == "Hi"
        asked.close()


def test_silence_has_an_end() -> None:
    """After the seconds allowed the model is given up, whose name and setting are told."""
    with ModelServer(HANG_FIRST) as server:
        asked = model(server, "tiny", timeout=0.5)
        with pytest.raises(ModelError, match=r"tiny said nothing for 0\.5 s: raise RAG_ANSWER_TIMEOUT"):
            list(asked.reply(HELLO, tokens=20))
        asked.close()


@pytest.mark.parametrize("url", ["", "nowhere", "http://", "ftp://x/v1"], ids=["away", "no-scheme", "no-host", "ftp"])
def test_an_address_that_is_none(url: str) -> None:
    """An address where nothing is, or that is none, is an error that names it."""
    asked = Model(Endpoint("tiny", url or away(), KEY, timeout=20, retries=0))
    with pytest.raises(ModelError, match="OPENAI_BASE_URL"):
        list(asked.reply(HELLO, tokens=20))
    asked.close()


@pytest.mark.parametrize("key", ["schlüssel", "a\nb"])
def test_a_key_that_cannot_be_sent(key: str) -> None:
    """A key with characters that no header holds is told of, and not shown."""
    with ModelServer() as server:
        asked = Model(Endpoint("tiny", server.url, key, retries=0))
        with pytest.raises(ModelError, match="correct OPENAI_API_KEY") as caught:
            list(asked.reply(HELLO, tokens=20))
        assert key not in str(caught.value)
        asked.close()


def test_a_proxy_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a proxy in the environment, a server on loopback is asked directly."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, away())
    with ModelServer(say("Hi")) as server:
        asked = model(server, "tiny")
        assert "".join(asked.reply(HELLO, tokens=20)) == "Hi"
        asked.close()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says which package is missing and what to install."""
    monkeypatch.setitem(sys.modules, "openai", None)
    asked = Model(Endpoint("tiny", "http://127.0.0.1:9/v1"))
    with pytest.raises(ModelError, match=r'openai is not installed: pip install "paperchat\[model\]"'):
        asked.prepare()


def test_a_prompt_can_be_read_by_the_tests() -> None:
    """The test server finds the question and the sources in a prompt."""
    messages = [{"role": "user", "content": "<question>Why?</question>"}]
    assert (Prompt(messages).question, Prompt(messages).sources) == ("Why?", {})
