"""What an endpoint's errors mean, each as one line of ours; calling it is left to `llm.py` and `endpoint.py`."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from .errors import ModelError, shorten

__all__ = ["OPENAI", "is_loopback", "public_address", "told"]

OPENAI = "https://api.openai.com/v1"
LONGEST_SAID = 160
"""Characters of a server's own words that are repeated."""
SHORTEST_SECRET = 8
"""Characters of a key in a row that may not be repeated."""
SILENT = frozenset({"APITimeoutError", "TimeoutException", "TimeoutError"})
UNSENDABLE = frozenset({"LocalProtocolError", "UnicodeEncodeError"})
NO_ADDRESS = frozenset({"UnsupportedProtocol", "InvalidURL"})
AWAY = frozenset({"APIConnectionError", "ConnectError"})
BROKEN_OFF = frozenset({"TransportError", "StreamError"})
TOO_LONG = ("context_length", "context length", "maximum context", "context size", "context window", "too long")
FILTERED = ("content_filter", "content filter", "content_policy", "content management policy")


def public_address(address: str | None) -> str:
    """Return an address without user, password and query, any of which may hold a key; None is OpenAI's."""
    try:
        parts = urlsplit(address or OPENAI)
    except ValueError:
        return "(not an address)"
    host = parts.netloc.rpartition("@")[2]
    shown = f"***@{host}" if "@" in parts.netloc else host
    return urlunsplit((parts.scheme, shown, parts.path, "***" if parts.query else "", ""))


def is_loopback(address: str | None) -> bool:
    """Tell whether an address is on this machine, where no proxy of the environment should stand in between."""
    try:
        host = urlsplit(address or OPENAI).hostname or ""
    except ValueError:
        return False
    return host in {"localhost", "::1"} or host.startswith("127.")


def _no_package(error: ImportError) -> ModelError:
    """Return what to tell when a package of the extra `model` is missing."""
    return ModelError(
        f"a model endpoint is set, but {error.name or 'a package'} is not installed",
        remedy='pip install "paperchat[model]", or unset OPENAI_BASE_URL and OPENAI_API_KEY',
    )


def told(error: BaseException, *, model: str, address: str | None, key: str) -> ModelError:
    """Return an error of the openai SDK, of httpx or of a reply without sense as one of ours; no key is in it.

    Errors are known by the names of their classes and by `status_code`, so that nothing has to be imported for it.
    """
    if isinstance(error, ModelError):
        return error
    if isinstance(error, ImportError):
        return _no_package(error)
    place = f"the endpoint {public_address(address)}"
    said = _said(error, key)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _of_status(status, place, model, said)
    if known := _of_words(place, model, said):
        return known
    return _of_kind({kind for one in _chain(error) for kind in _kinds(one)}, place, said)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__


def _kinds(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _of_status(status: int, place: str, model: str, said: str) -> ModelError:
    if status in {401, 403}:
        return ModelError(f"{place} refused the key ({status})", remedy="correct OPENAI_API_KEY")
    if status == 404:
        return ModelError(
            f"{place} knows no model {shorten(model)!r} (404)",
            remedy="set RAG_MODEL to one that it serves, or correct OPENAI_BASE_URL, which often ends in /v1",
        )
    if status == 429:
        return ModelError(f"{place} takes no more requests now (429)", remedy="ask again later, or raise its limit")
    if known := _of_words(place, model, said):
        return known
    if status >= 500 or status == 408:
        return ModelError(f"{place} failed ({status})", remedy="look at its log, or ask again later")
    return ModelError(
        f"{place} refused the request ({status}{f', {said}' if said else ''})",
        remedy="take another model with RAG_MODEL",
    )


def _of_words(place: str, model: str, said: str) -> ModelError | None:
    """Return the error that a server's own words tell of, if it is one of the known ones."""
    low = said.lower()
    if any(word in low for word in TOO_LONG):
        return ModelError(
            f"the papers and the question are too long for the model {shorten(model)!r}",
            remedy="lower RAG_ANSWER_PAPERS or RAG_ANSWER_TOKENS, or take a model with a longer context",
        )
    if any(word in low for word in FILTERED):
        return ModelError(f"{place} filtered the answer", remedy="put the question otherwise, or take another model")
    return None


def _of_kind(kinds: set[str], place: str, said: str) -> ModelError:
    if kinds & UNSENDABLE:
        return ModelError(f"the key for {place} cannot be sent", remedy="correct OPENAI_API_KEY")
    if kinds & NO_ADDRESS:
        return ModelError(f"{place} is no address", remedy="correct OPENAI_BASE_URL, as in http://127.0.0.1:8080/v1")
    if kinds & SILENT:
        return ModelError(f"{place} did not answer in time", remedy="raise RAG_ANSWER_TIMEOUT, or look at the server")
    if kinds & AWAY:
        return ModelError(f"{place} cannot be reached", remedy="start the server, or correct OPENAI_BASE_URL")
    if kinds & BROKEN_OFF:
        return ModelError(f"{place} broke the connection off", remedy="look at its log, or ask again")
    if "APIError" in kinds and said:
        return ModelError(f"{place} failed ({said})", remedy="look at its log, or ask again")
    return ModelError(
        f"{place} sent what is no reply of the OpenAI protocol",
        remedy="correct OPENAI_BASE_URL: it often ends in /v1",
    )


def _said(error: BaseException, key: str) -> str:
    """Return the server's own words in short, or "" when part of the key is in them."""
    body = getattr(error, "body", None)
    given = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(given, dict):
        given = " ".join(str(given[name]) for name in ("code", "message") if given.get(name))
    words = " ".join(given.split())[:1000] if isinstance(given, str) else ""
    parts = (key[at : at + SHORTEST_SECRET] for at in range(max(1, len(key) - SHORTEST_SECRET + 1)))
    return "" if key and any(part in words for part in parts) else shorten(words, LONGEST_SAID)
