"""Kill writing commands at random moments and look at what is left; `python tests/crash.py 200` runs it long.

Each command runs as from the shell, in a process of its own, which is forked from this one so that importing does not
take the time. What the library must be like afterwards is asked by a process of its own as well (`crash_check.py`),
since a store that is broken may take down whoever opens it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from crash_check import examined
from made_up import abstracts

from rag.embed import load_wordllama
from rag.text import paper_id

COMMANDS = ("add", "add", "remove", "sync", "sync", "rebuild", "rebuild --embedder")
PATIENCE = 600.0
"""Seconds after which a command, or the look afterwards, counts as hanging."""


class Forked:
    """A process that runs one function, with what it says in a file; killed at the end if it still runs."""

    def __init__(self, work: Callable[[], object], said: Path) -> None:
        self.said = said
        self.status: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            self._be(work)

    def _be(self, work: Callable[[], object]) -> None:
        """Run as the child, and never come back."""
        status = 1
        try:
            with self.said.open("wb") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            work()
            status = 0
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def poll(self) -> int | None:
        """Return the status once it has ended (negative: the signal), else None."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait(self) -> int:
        """Return the status at its end; raise AssertionError when it does not end."""
        until = time.monotonic() + PATIENCE
        while (status := self.poll()) is None:
            if time.monotonic() > until:
                raise AssertionError(f"still runs after {PATIENCE:g} s: {self.said.read_text()}")
            time.sleep(0.002)
        return status

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def load() -> None:
    """Import what the commands would, once for all of them."""
    for name in ("chromadb", "chromadb.api.rust", "tantivy", "rag.cli", "rag.library"):
        import_module(name)
    load_wordllama()


@dataclass
class Tally:
    """What became of the kills."""

    kills: int = 0
    doubled: int = 0
    """Kills of a command that was repairing what an earlier kill had left."""
    writing: int = 0
    """Kills that came while the lock was held."""
    told: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    def report(self) -> str:
        """Return the figures as lines."""
        lines = [
            f"kills: {self.kills} ({self.writing} while the library was being written, {self.doubled} during a repair)",
            "commands: " + ", ".join(f"{name} {count}" for name, count in sorted(self.commands.items())),
            *(f"told {count} times: {what}" for what, count in self.told.most_common()),
            f"lost: {len(self.lost)}",
            f"corrupt: {len(self.corrupt)}",
            *self.lost,
            *self.corrupt,
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Step:
    """One command: its words, and the papers that there must be after it, by title."""

    name: str
    words: tuple[str, ...]
    before: dict[str, str]
    after: dict[str, str]


class Crash:
    """One library that is written to, killed, looked at and written to again."""

    def __init__(self, home: Path, *, seed: int, size: int, tally: Tally) -> None:
        self.home, self.library, self.inbox = home, home / "library", home / "inbox"
        self.random = random.Random(seed)
        self.made = abstracts(seed)
        self.size, self.tally = size, tally
        self.held: dict[str, str] = {}
        self.inbox.mkdir()
        self.files = 0
        self.durations: dict[str, float] = {}

    # What is run

    def step(self, name: str) -> Step:
        """Make up the next command."""
        make = {"add": self._add, "remove": self._remove, "sync": self._sync}.get(name)
        if make is not None:
            return make()
        words = ("rebuild", "--embedder", "static") if "--" in name else ("rebuild",)
        return Step(name.replace("--embedder", "--embedder static"), words, dict(self.held), dict(self.held))

    def _add(self) -> Step:
        new = dict(next(self.made) for _ in range(self.size))
        known = self.random.sample(loose := self._loose(), min(len(loose), self.size // 5))
        new |= {title: f"{self.held[title]} It was revised." for title in known}
        return Step("add", ("add", self._write(self.home, new)), dict(self.held), self.held | new)

    def _remove(self) -> Step:
        chosen = self.random.sample(loose := self._loose(), min(len(loose) // 2, self.size))
        after = {title: text for title, text in self.held.items() if title not in chosen}
        return Step("remove", ("remove", *map(paper_id, chosen)), dict(self.held), after)

    def _loose(self) -> list[str]:
        """Return the papers that are in no file of the synced folder: what is, would come back, or stay."""
        lines = (line for file in self.inbox.iterdir() for line in file.read_text().splitlines())
        return sorted(self.held.keys() - {json.loads(line)["title"] for line in lines})

    def _sync(self) -> Step:
        """Return a sync of the folder with some files gone and one that is new."""
        after = dict(self.held)
        for file in sorted(self.inbox.iterdir())[: self.random.randrange(3)]:
            for line in file.read_text().splitlines():
                after.pop(json.loads(line)["title"], None)
            file.unlink()
        new = dict(next(self.made) for _ in range(self.size // 2))
        self._write(self.inbox, new)
        return Step("sync", ("sync", "--yes", str(self.inbox)), dict(self.held), after | new)

    def _write(self, folder: Path, papers: dict[str, str]) -> str:
        self.files += 1
        path = folder / f"{self.files:05}.jsonl"
        rows = (json.dumps({"title": title, "abstract": text}) for title, text in papers.items())
        path.write_text("".join(f"{row}\n" for row in rows))
        return str(path)

    @contextmanager
    def _started(self, step: Step) -> Iterator[Forked]:
        def command() -> None:
            from rag.cli import main

            os.environ |= {"RAG_EMBEDDER": "auto", "RAG_MODELS": str(self.home), "HOME": str(self.home)}
            os.chdir(self.home)
            sys.argv = ["rag", *step.words, "--library", str(self.library)]
            main()

        process = Forked(command, self.home / "said")
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def run(self, step: Step) -> None:
        """Run a command to its end, and remember how long it writes."""
        with self._started(step) as process:
            begun = self._until_writing(process)
            status = process.wait()
        self.durations[step.name] = time.monotonic() - begun
        if status:
            raise AssertionError(f"{step.name} failed: {(self.home / 'said').read_text()}")
        self.held = step.after

    def kill(self, step: Step) -> bool:
        """Kill a command at a random moment; tell whether it was done before."""
        with self._started(step) as process:
            begun = self._until_writing(process)
            moment = self.random.uniform(0, 1.1 * self.durations.get(step.name, 1.0))
            time.sleep(max(0.0, moment - (time.monotonic() - begun)))
            writing = (self.library / "writer.json").exists()
            process.kill()
            status = process.wait()
        if status == 0:
            self.held = step.after
            return True
        if status != -signal.SIGKILL:
            raise AssertionError(f"{step.name} failed: {(self.home / 'said').read_text()}")
        self.tally.kills += 1
        self.tally.commands[step.name] += 1
        self.tally.writing += writing
        return False

    def _until_writing(self, process: Forked) -> float:
        """Wait until a command holds the lock, or has ended; one kill in ten comes before, while it starts."""
        note = self.library / "writer.json"
        note.unlink(missing_ok=True)
        early = self.random.random() < 0.1
        while process.poll() is None and not note.exists() and not early:
            time.sleep(0.001)
        return time.monotonic()

    # What is left

    def look(self, step: Step, *, done: bool) -> None:
        """Hold the library against what may be in it; then run the command again to its end, and look again."""
        wanted = {"before": step.after if done else step.before, "after": step.after}
        found = self._check(wanted, step)
        if step.name == "add" and not done:
            self._check({"before": step.after, "after": step.after, "again": step.words[1]}, step)
        elif not done:
            self._finish(step, found)
            self._check({"before": step.after, "after": step.after}, step)
        self.held = step.after

    def _finish(self, step: Step, found: list[str]) -> None:
        words = step.words
        if step.name == "remove":  # what is gone already cannot be removed again
            words = ("remove", *(word for word in step.words[1:] if word in found))
        if len(words) > 1 or step.name.startswith("rebuild"):
            self.run(Step(step.name, words, step.before, step.after))

    def _check(self, wanted: dict[str, Any], step: Step) -> list[str]:
        result = self.home / "result.json"
        result.unlink(missing_ok=True)

        def look() -> None:
            os.environ |= {"RAG_MODELS": str(self.home), "HOME": str(self.home)}
            result.write_text(json.dumps(examined(self.library, wanted, unfinished="--" in step.name)))

        name = f"kill {self.tally.kills}, {step.name}"
        if status := Forked(look, self.home / "look").wait():
            self.tally.corrupt.append(f"{name}: the look ended with {status}: {(self.home / 'look').read_text()}")
            return []
        said = json.loads(result.read_text())
        self.tally.told.update(said["told"])
        self.tally.lost += [f"{name}: {what}" for what in said["lost"]]
        self.tally.corrupt += [f"{name}: {what}" for what in said["corrupt"]]
        return list(said["ids"])


def crash(home: Path, kills: int, *, seed: int = 7, size: int = 700, tell: bool = False) -> Tally:
    """Kill commands `kills` times over one library after the other, and return what became of them."""
    load()
    tally, round_number = Tally(), 0
    while tally.kills < kills and not tally.lost and not tally.corrupt:
        place = home / f"round{round_number}"
        place.mkdir()
        _round(Crash(place, seed=seed + round_number, size=size, tally=tally), min(kills, tally.kills + 25), tell)
        shutil.rmtree(place)
        round_number += 1
    return tally


def _round(one: Crash, until: int, tell: bool) -> None:
    """Go on with one library until there were so many kills; one kill in four is of the repair of another."""
    one.run(one.step("add"))
    names = list(COMMANDS)
    while one.tally.kills < until and not one.tally.lost and not one.tally.corrupt:
        if len(names) == len(COMMANDS):
            one.random.shuffle(names)
        step = one.step(names[0])
        names.append(names.pop(0))
        done = one.kill(step)
        if not done and step.name != "remove" and one.random.random() < 0.25:
            done = one.kill(step)
            one.tally.doubled += not done
        one.look(step, done=done)
        if tell:
            print(f"{one.tally.kills:4} {step.name:20} {len(one.held):6,} papers", flush=True)


def main() -> None:
    """Run the harness long, and fail when anything was lost or corrupt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--size", type=int, default=700, help="papers in one add")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="paperchat-crash-") as home:
        tally = crash(Path(home), given.kills, seed=given.seed, size=given.size, tell=True)
    print(tally.report())
    print(f"in {(time.monotonic() - started) / 60:.1f} minutes")
    raise SystemExit(bool(tally.lost or tally.corrupt))


if __name__ == "__main__":
    main()
