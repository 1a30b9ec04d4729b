"""Runs `rag-eval` beside the page, one run at a time; what was run is listed by `run_history.py`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

from rag.errors import PaperchatError, UsageError

__all__ = ["Plan", "Runs", "Status"]

JOURNAL = "answers.jsonl"
RESAMPLES = "2000"
PATIENCE = 5.0
"""Seconds that a run has to end in, once this process does."""
# below everything else that wants the processor: answering on the page comes first
PROGRAM = "import os; getattr(os, 'nice', int)(10); from eval.run import main; main()"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: on which library (None: the starter library), and whether only a sample of `limit` questions.

    A sample goes without the harder conditions. `questions` is how many there are, for the bar.
    """

    library: Path | None = None
    limit: int | None = None
    questions: int = 240

    @property
    def options(self) -> list[str]:
        """The options of `rag-eval run`."""
        library = ["--library", str(self.library)] if self.library else []
        sample = [] if self.limit is None else ["--limit", str(self.limit), "--no-slices", "--resamples", RESAMPLES]
        return library + sample

    @property
    def answers(self) -> int:
        """About how many answers there will be; with the harder questions, twice as many as questions."""
        return 2 * self.questions if self.limit is None else min(self.limit, self.questions)


@dataclass(frozen=True, slots=True)
class Status:
    """How the last run stands: answers so far, about how many are expected, what is being done or what went wrong."""

    kind: Literal["idle", "running", "done", "stopped", "failed"] = "idle"
    name: str = ""
    answers: int = 0
    expected: int = 0
    told: str = ""

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return min(0.99, self.answers / self.expected) if self.expected else 0.0


@dataclass(frozen=True, slots=True)
class _Job:
    plan: Plan
    name: str
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    is_stopped: bool = False


class Runs:
    """What starts, watches and stops runs, shared by all visitors of a page; at most one goes on.

    A run is a process of its own, so that asking goes on at full speed; it ends with this one. Its files go to
    `.eval/runs` in the folder `home`, as those of `rag-eval` do.
    """

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.folder = self.home / ".eval" / "runs"
        self._lock = threading.Lock()
        self._job: _Job | None = None

    def start(self, plan: Plan) -> None:
        """Start a run; raise UsageError while another one goes on, PaperchatError when none can be started."""
        with self._lock:
            self._start(plan, datetime.now().strftime("%Y%m%d-%H%M%S-%f")[:-3], [])

    def go_on(self) -> None:
        """Go on with the run that was stopped last; raise UsageError when there is none."""
        with self._lock:
            job = self._job
            if job is None or not job.is_stopped or not (self.folder / job.name / JOURNAL).is_file():
                raise UsageError("no stopped run is left to go on with", remedy="start a new one")
            self._start(job.plan, job.name, ["--resume"])

    def _start(self, plan: Plan, name: str, more: list[str]) -> None:
        if self._job is not None and self._job.process.poll() is None:
            raise UsageError("a run is going on already", remedy="wait for it, or stop it")
        said = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the run)
        options = ["run", *plan.options, *more, "--out", str(self.folder / name)]
        root = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *options],
                cwd=self.home,
                env=os.environ | {"PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        except OSError as error:
            raise PaperchatError(
                f"the run cannot be started ({error.strerror or error})", remedy="try: rag-eval run"
            ) from error
        weakref.finalize(self, _end, process, said)
        self._job = _Job(plan, name, process, said)

    def stop(self) -> None:
        """End the run that goes on, if any; its answers are kept."""
        with self._lock:
            if self._job is not None and self._job.process.poll() is None:
                self._job.process.terminate()
                self._job = replace(self._job, is_stopped=True)

    def wait(self, timeout: float) -> Status:
        """Return how the run stands once it has ended, or after `timeout` seconds."""
        job = self._job
        if job is not None:
            with suppress(subprocess.TimeoutExpired):
                job.process.wait(timeout)
        return self.status()

    def status(self) -> Status:
        """Return how the last run of this page stands."""
        job = self._job
        if job is None:
            return Status()
        lines = _lines(job.said)
        so_far = Status("running", job.name, self._answers(job.name), job.plan.answers, lines[-1] if lines else "")
        code = job.process.poll()
        if code is None:
            return so_far
        if code == 0:
            return replace(so_far, kind="done", told="")
        if job.is_stopped:
            return replace(so_far, kind="stopped", told="")
        return replace(so_far, kind="failed", told=_fault(lines))

    def _answers(self, name: str) -> int:
        """Return how many answers the journal of a run holds; its first line says what they were made with."""
        try:
            return max(0, (self.folder / name / JOURNAL).read_bytes().count(b"\n") - 1)
        except OSError:
            return 0


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    said.close()


def _lines(said: IO[bytes]) -> list[str]:
    """Return what a run has said so far, without moving its place in the file."""
    size = os.fstat(said.fileno()).st_size
    text = os.pread(said.fileno(), min(size, 20_000), max(0, size - 20_000)).decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _fault(lines: list[str]) -> str:
    """Return why a run failed: what `rag-eval` said, or the last line of a crash."""
    own = [place for place, line in enumerate(lines) if line.startswith("rag-eval: ")]
    if own:
        return " ".join(lines[own[0] : own[0] + 4]).removeprefix("rag-eval: ")
    missing = next((line for line in reversed(lines) if "No module named" in line), "")
    if missing:
        return f"{missing}: install what evaluating needs with: pip install 'paperchat[eval]'"
    return lines[-1] if lines else "the run ended without a word"
