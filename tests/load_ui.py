"""Many visitors at once: `python tests/load_ui.py [VISITORS QUESTIONS]` prints what they waited and what it took.

Each visitor speaks to the page as a browser does, without one; what must hold is left to `test_ui_load.py`.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from rag import Library
from ui.suggest import FORMS, name_of

PATIENCE = 300.0


class Caller:
    """One visitor: a session of its own, that asks one question after the other."""

    def __init__(self, url: str, config: dict[str, Any]) -> None:
        self.session = secrets.token_hex(6)
        self.keys = [secrets.token_urlsafe(24)]
        self.client = httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False)
        parts = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
        self.events = {tuple(target): one["id"] for one in config["dependencies"] for target in one["targets"]}
        self.asks = (parts["q"], "submit")
        self.saves = (parts["save-markdown"], "click")

    def ask(self, question: str) -> float:
        """Ask, wait for the last word, and return how many seconds that took."""
        started = time.perf_counter()
        self._call(self.asks, [question, self.keys, None, [], 0, 0])
        return time.perf_counter() - started

    def told(self) -> list[str]:
        """Return the questions of the conversation that the server knows as this visitor's, from its export."""
        (text,) = self._call(self.saves, [self.keys, None])
        return [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]

    def _call(self, event: tuple[int, str], data: list[Any]) -> list[Any]:
        asked = {"data": data, "fn_index": self.events[event], "trigger_id": event[0], "session_hash": self.session}
        joined = self.client.post("gradio_api/queue/join", json=asked).raise_for_status().json()
        for message in self._messages():
            if message["msg"] == "process_completed" and message.get("event_id") == joined["event_id"]:
                assert message["success"], message
                result: list[Any] = message["output"]["data"]
                return result
        raise AssertionError("the server said no last word")

    def _messages(self) -> Iterator[dict[str, Any]]:
        with self.client.stream("GET", "gradio_api/queue/data", params={"session_hash": self.session}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))


def questions(library: Path) -> list[str]:
    """Return questions that the papers of a library answer."""
    with Library.open(library) as opened:
        names = [name_of(paper) for paper in opened.papers() if name_of(paper)]
    return [form.format(name) for form in FORMS for name in names]


def visit(url: str, asked: Sequence[Sequence[str]]) -> tuple[list[float], list[list[str]]]:
    """Let one visitor for each list ask its questions, all at once; return the waits, and what each was told."""
    config = httpx.get(f"{url}config", timeout=PATIENCE, trust_env=False).json()

    def one(own: Sequence[str]) -> tuple[list[float], list[str]]:
        caller = Caller(url, config)
        with caller.client:
            return [caller.ask(question) for question in own], caller.told()

    with ThreadPoolExecutor(len(asked)) as visitors:
        done = list(visitors.map(one, asked))
    return [wait for waits, _ in done for wait in waits], [told for _, told in done]


def shared_out(asked: Sequence[str], visitors: int, each: int) -> list[list[str]]:
    """Return lists of questions, no two of which are alike."""
    return [[asked[(visitor * each + place) % len(asked)] for place in range(each)] for visitor in range(visitors)]


def memory(process: int) -> tuple[int, int]:
    """Return what a process takes and what it took at most, in megabytes."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    now, most = (int(status[key].split()[0]) // 1024 for key in ("VmRSS", "VmHWM"))
    return now, most


def work(process: int) -> float:
    """Return the seconds that a process kept a processor busy."""
    return sum(map(int, Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf(
        "SC_CLK_TCK"
    )


def main(visitors: int = 32, each: int = 10) -> None:
    """Measure, and print."""
    from browser import Server

    with tempfile.TemporaryDirectory() as home:
        server = Server(Path(home))
        server.start()
        try:
            asked = shared_out(questions(server.library), visitors, each)
            visit(server.url, asked[:1])
            before, busy = memory(server.process)[0], work(server.process)
            started = time.perf_counter()
            waits, told = visit(server.url, asked)
            took = time.perf_counter() - started
            busy = work(server.process) - busy
            after, most = memory(server.process)
        finally:
            server.kill()
    mixed = sum(own != said for own, said in zip(asked, told, strict=True))
    ranked = sorted(waits)
    sys.stdout.write(
        f"{visitors} visitors, {each} questions each: {took:.1f} s, {len(waits) / took:.1f} answers a second\n"
        f"wait: median {statistics.median(waits):.2f} s, p95 {ranked[int(len(ranked) * 0.95)]:.2f} s, "
        f"longest {ranked[-1]:.2f} s; server: {1000 * busy / len(waits):.0f} ms of work an answer\n"
        f"memory: {before} MB before, {after} MB after, {most} MB at most; conversations mixed up: {mixed}\n"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
