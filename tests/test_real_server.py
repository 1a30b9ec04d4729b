"""Answers by a server that nobody here wrote: llama.cpp's own, with a tiny model of random weights."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, STACK

from rag.doctor import examine
from rag.library import Library
from rag.model import Turn, Verdict
from rag.settings import Settings

pytest.importorskip("xllamacpp", reason="this machine has no wheel of it")
pytest.importorskip("gguf", reason="this machine has no wheel of it")

QUESTION = "To how many bits does Pebble quantise the weights of speech models?"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the server in a process of its own and give its address."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    program = ROOT / "tests" / "tiny_model.py"
    with (path.parent / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, str(program), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        assert server.stdout is not None
        found = next((line.strip() for line in server.stdout if line.startswith("http")), "")
        assert found, (path.parent / "log").read_text()
        yield found
    finally:
        server.communicate("", timeout=30)


def test_a_whole_streamed_answer(folder: Path, url: str) -> None:
    """What a random model says arrives in whole, comes out unsupported, and the quoting answer is given instead."""
    given = Settings(OPENAI_BASE_URL=url, answer_tokens=100)
    with Library.open(folder, settings=given) as library:
        events = list(library.stream(QUESTION))
        answer = events[-1].answer
        assert answer is not None
        assert "".join(event.text for event in events if event.kind == "text")
        judged = [event.sentence for event in events if event.kind == "sentence" and event.sentence]
        claims = [sentence for sentence in judged if sentence.verdict is not Verdict.EXEMPT]
        assert claims
        assert {sentence.verdict for sentence in claims} <= {Verdict.UNSUPPORTED, Verdict.UNCITED}
        assert answer.mode == "extractive"
        assert answer.notice is not None
        assert answer.notice.startswith(f"only 0 of {len(claims)} sentences by tiny.gguf are supported by the papers")
        assert {citation.paper for citation in answer.citations} == {STACK[1]}
        again = library.ask("And how many calibration clips does it need?", history=(Turn(QUESTION, answer),))
        assert "512" in again.text


def test_the_doctor_asks_it(folder: Path, url: str) -> None:
    """`rag doctor` reports which model answered, and what."""
    found = examine(Settings(OPENAI_BASE_URL=url, library=folder))["model"]
    assert (found["name"], found["answers"]) == ("tiny.gguf", True)
    assert found["told"]
