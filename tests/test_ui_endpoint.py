"""Tests of `ask` for other programs: the example of the documentation, errors, and the MCP tool."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rag import Library

pytest_plugins = ["browser"]

EXAMPLE = """
from gradio_client import Client

client = Client(url, verbose=False)
answer = client.predict("What is RegMix?", api_name="/ask")
print(answer["text"])
follow_up = client.predict(
    "How much of the compute does it need?",
    [{"role": "user", "content": "What is RegMix?"}, {"role": "assistant", "content": answer["text"]}],
    api_name="/ask",
)
"""
"""As it stands in the documentation."""


@pytest.fixture(scope="module")
def client(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Connect a client to the page."""
    from gradio_client import Client

    opened = Client(server.url, verbose=False, download_files=tmp_path_factory.mktemp("client"))
    yield opened
    opened.close()


def test_the_example_runs(server: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The example gives the answer, and understands the follow-up from the messages."""
    names: dict[str, Any] = {"url": server.url}
    exec(EXAMPLE, names)
    names["client"].close()
    assert "RegMix" in capsys.readouterr().out
    assert "RegMix" in names["follow_up"]["standalone_question"]


def test_it_is_the_answer_of_the_library(server: Any, client: Any) -> None:
    """The endpoint gives `Answer.to_dict()` as the library itself does, a refusal too."""
    with Library.open(server.library) as library:
        for question in ("What is ORPO?", "best pizza topping for a rainy day"):
            given = client.predict(question, api_name="/ask")
            own = json.loads(json.dumps(library.ask(question).to_dict()))
            assert {**given, "timings": {}} == {**own, "timings": {}}


@pytest.mark.parametrize(("question", "told"), [("", "the question is empty"), ("why " * 2000, "characters long")])
def test_an_error_says_what_to_do(client: Any, question: str, told: str) -> None:
    """A question that cannot be asked is an error of the call, with its words."""
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=told):
        client.predict(question, api_name="/ask")


def test_a_bad_history_is_refused(client: Any) -> None:
    """Messages of another form are an error of the call."""
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match="history"):
        client.predict("What is ORPO?", [{"text": "no"}], api_name="/ask")


def test_nothing_else_is_offered(client: Any) -> None:
    """No event of the page is an endpoint beside it; with --mcp, its form as a tool is."""
    assert set(client.view_api(return_format="dict")["named_endpoints"]) == {"/ask", "/ask_json"}


def test_it_is_a_tool(server: Any) -> None:
    """Over MCP there is one tool, `ask`, that says what it needs and gives the answer as JSON."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def call() -> tuple[list[str], Any, Any]:
        async with (
            streamable_http_client(f"{server.url}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            result = await session.call_tool(tools[0].name, {"question": "What is RegMix?"})
            return [tool.name for tool in tools], tools[0], result

    names, tool, result = asyncio.run(call())
    assert names == ["ask"]
    assert "question" in tool.inputSchema["properties"]
    assert "abstracts" in tool.description
    assert json.loads(result.content[0].text)["citations"][0]["title"].startswith("RegMix")


def test_the_client_leaves_no_file(client: Any) -> None:
    """An answer is plain JSON: nothing is downloaded."""
    assert not list(Path(client.output_dir or ".").glob("*"))
