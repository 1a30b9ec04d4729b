"""What errors of an endpoint become: one line each, with what to change, and without the key."""

from __future__ import annotations

import json

import httpx
import openai
import pytest

from rag.errors import ModelError
from rag.faults import is_loopback, public_address, told

KEY = "sk-faults-4711-secret"
URL = "http://me:word@127.0.0.1:8080/v1?token=t"
REQUEST = httpx.Request("POST", "http://127.0.0.1:8080/v1/chat/completions")


def status(code: int, message: str = "no", kind: str = "") -> openai.APIStatusError:
    """Return the SDK's error for a status."""
    body = {"error": {"message": message, "code": kind or None}}
    response = httpx.Response(code, request=REQUEST, json=body)
    return openai.OpenAI(api_key="x")._make_status_error_from_response(response)


CASES = [
    (status(401, f"bad key {KEY}"), "refused the key (401): correct OPENAI_API_KEY"),
    (status(403), "refused the key (403): correct OPENAI_API_KEY"),
    (status(404), "knows no model 'tiny' (404): set RAG_MODEL"),
    (status(429, "slow down"), "takes no more requests now (429)"),
    (status(400, "This model's maximum context length is 4096 tokens"), "are too long for the model 'tiny'"),
    (status(400, "filtered", "content_filter"), "filtered the answer"),
    (status(422, "temperature must be 1"), "refused the request (422, temperature must be 1): take another model"),
    (status(400, f"header Bearer {KEY} is odd"), "refused the request (400): take another model"),
    (status(503), "failed (503): look at its log"),
    (openai.APITimeoutError(request=REQUEST), "did not answer in time: raise RAG_ANSWER_TIMEOUT"),
    (openai.APIConnectionError(request=REQUEST), "cannot be reached: start the server"),
    (httpx.RemoteProtocolError("closed"), "broke the connection off"),
    (httpx.ReadError("closed"), "broke the connection off"),
    (httpx.ReadTimeout("slow"), "did not answer in time"),
    (httpx.UnsupportedProtocol("x"), "is no address: correct OPENAI_BASE_URL"),
    (httpx.InvalidURL("x"), "is no address"),
    (httpx.LocalProtocolError(f"Illegal header value {KEY}"), "the key for the endpoint"),
    (openai.APIError("x", request=REQUEST, body={"message": "out of memory"}), "failed (out of memory)"),
    (json.JSONDecodeError("x", "y", 0), "sent what is no reply of the OpenAI protocol"),
    (AttributeError("x"), "sent what is no reply of the OpenAI protocol"),
    (ImportError("x", name="openai"), "openai is not installed: pip install"),
]


@pytest.mark.parametrize(("error", "says"), CASES, ids=lambda value: type(value).__name__)
def test_each_error_is_one_line(error: Exception, says: str) -> None:
    """It says what failed, with which value, and what to change; neither key nor password is in it."""
    found = told(error, model="tiny", address=URL, key=KEY)
    assert says in str(found)
    assert found.remedy
    assert "\n" not in str(found)
    assert not [secret for secret in (KEY, KEY[4:14], "word", "token=t") if secret in str(found)]


@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 429, 500, 502, 503, 529])
def test_every_status_is_known(code: int) -> None:
    """Whatever the status, it is told, and never taken for a reply without sense."""
    found = str(told(status(code), model="m", address=URL, key=KEY))
    assert str(code) in found
    assert "no reply of the OpenAI protocol" not in found


def test_the_cause_counts() -> None:
    """An error that hides another is known by it; one of ours stays as it is."""
    error = openai.APIConnectionError(request=REQUEST)
    error.__cause__ = httpx.UnsupportedProtocol("x")
    assert "is no address" in str(told(error, model="m", address="nowhere", key=KEY))
    ours = ModelError("it is off", remedy="switch it on")
    assert told(ours, model="m", address=None, key=KEY) is ours


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        (None, "https://api.openai.com/v1"),
        (URL, "http://***@127.0.0.1:8080/v1?***"),
        ("http://[", "(not an address)"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str | None, shown: str) -> None:
    """User, password and query go; without an address it is OpenAI's."""
    assert public_address(address) == shown


def test_what_is_on_this_machine() -> None:
    """Names and numbers of loopback are; what only begins like one, OpenAI and no address are not."""
    assert all(map(is_loopback, ("http://localhost:1/v1", "http://127.0.0.1", URL, "http://[::1]:8080/v1")))
    assert not any(map(is_loopback, (None, "https://localhost.example/v1", "http://10.0.0.1", "http://[", "x")))
