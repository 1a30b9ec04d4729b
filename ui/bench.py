"""What the events of the Evaluation tab do, as values; the components that show them are left to the tab."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from eval.evaluate import QUESTIONS
from eval.questions import load, title_ids
from eval.report import html
from eval.schema import Question
from rag import Library, PaperchatError
from rag.errors import UsageError
from rag.text import title_key

from .library_view import error_line
from .render import plural
from .run_history import BASELINE, History
from .run_view import NOTHING, progress, run_html
from .runs import Plan, Runs, Status

__all__ = ["OWN", "SAMPLE", "STARTER", "WHOLE", "Bench", "Shown", "about"]

OWN, STARTER = "The library in use", "The starter library"
LIMIT = 60
WHOLE, SAMPLE = "Every question, and harder conditions", f"A sample of {LIMIT}"
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A run that was read: its HTML, a line that says what could not be done, and the file of its report."""

    html: str = NOTHING
    fault: str = ""
    report: Path | None = None


class Bench:
    """The work of the tab for one library and one folder of runs; no method raises PaperchatError."""

    def __init__(self, library: Library, home: Path) -> None:
        self._library = library
        self.runs = Runs(home)
        self.history = History(self.runs.folder)

    def lacking(self) -> tuple[int, int]:
        """Return how many questions rest on papers that the library in use lacks, and how many there are."""
        questions = _questions()
        known = title_ids(self._library.papers()).keys()
        bad = [one for one in questions if any(title_key(title) not in known for title in one.gold_titles)]
        return len(bad), len(questions)

    def advice(self) -> tuple[str, str]:
        """Return which library to ask, and why, in words."""
        try:
            bad, total = self.lacking()
        except PaperchatError as error:
            return STARTER, str(error)
        calls = "" if self._library.model is None else " The model is asked to write each answer."
        if not bad:
            return OWN, f"It holds the papers that all {total} questions rest on.{calls}"
        return STARTER, f"The library in use lacks papers that {bad} of the {total} questions rest on.{calls}"

    def start(self, library: str, extent: str) -> str:
        """Start a run; return "", or a line that says why there is none."""
        try:
            bad, total = self.lacking()
            if library == OWN and bad:
                raise UsageError(
                    f"the library in use lacks papers that {bad} of the {total} questions rest on",
                    remedy="take the starter library, or add these papers",
                )
            own = self._library.path.resolve() if library == OWN else None
            self.runs.start(Plan(own, LIMIT if extent == SAMPLE else None, total))
        except PaperchatError as error:
            return error_line(error)
        return ""

    def go_on(self) -> str:
        """Go on with the run that was stopped; return "", or a line that says why not."""
        try:
            self.runs.go_on()
        except PaperchatError as error:
            return error_line(error)
        return ""

    def told(self, status: Status) -> str:
        """Return how a run stands, as HTML."""
        return progress(status)

    def choices(self) -> tuple[Choices, Choices]:
        """Return which runs can be shown, and which they can be compared with."""
        runs = [(self.history.label(name), name) for name in self.history.names()]
        return runs, [("nothing", ""), ("the shipped baseline", BASELINE), *runs]

    def show(self, name: str, base: str, folder: Path) -> Shown:
        """Read a run, compare it with another when one is named, and put its report into a folder of downloads."""
        fault = ""
        if base:
            try:
                return self._shown(name, base, folder)
            except PaperchatError as error:
                fault = error_line(error)
        try:
            shown = self._shown(name, "", folder)
        except PaperchatError as error:
            return Shown("", error_line(error))
        return Shown(shown.html, fault or shown.fault, shown.report)

    def _shown(self, name: str, base: str, folder: Path) -> Shown:
        run = self.history.load(name, base)
        place = folder / f"report-{name}{f'-{base}' if base else ''}" / f"grounding-{name}.html"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(html(run), "utf-8", errors="replace")
        except OSError as error:
            told = PaperchatError(f"the report cannot be written ({error.strerror or error})")
            return Shown(run_html(run), error_line(told))
        return Shown(run_html(run), "", place)


@lru_cache(maxsize=1)
def _questions() -> tuple[Question, ...]:
    return load(QUESTIONS)


def about() -> str:
    """Return what is measured here, in words."""
    return (
        f"{plural(len(_questions()), 'question')} are asked whose facts and sources are known, some of which no paper "
        "answers; fixed rules say how well the answers rest on the papers. It is what the command rag-eval does."
    )
