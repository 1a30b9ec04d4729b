"""`Library`: open, add, sync, remove, search, ask; wiring only, what is wired stands in the files it imports."""

from __future__ import annotations

import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from .embed import choose
from .errors import SourceError, UnknownPaper, shorten
from .extract import draft_answer
from .fetch import Limits, is_address
from .followup import standalone
from .indexes import Tell
from .ingest import Arrival, Progress, arrivals, left_behind
from .model import AddReport, Answer, Draft, Event, Evidence, Paper, Turn
from .records import Where
from .retrieve import retrieve
from .settings import Settings
from .shelf import Shelf, quiet
from .sides import joined, sides
from .sources import expand, holds_files
from .verify import verify
from .walk import walked

__all__ = ["STARTER", "Library", "answer"]

STARTER = Path(__file__).parent / "starter" / "papers.jsonl"
"""The starter library: digests, in our own words, of 150 papers."""
EVIDENCE = 10
"""Papers that are looked at for one answer."""
OF_EACH = 3
"""Papers that are looked at for each side of a comparison."""
History = Sequence[Turn | Mapping[str, Any]]


class Library(Shelf):
    """An opened stack of papers in a folder; use it as a context manager, or `close()` it.

    It may be asked from several threads at once. One process at a time writes; the others see what it wrote at their
    next question.
    """

    def ask(self, question: str, *, history: History = (), where: Where | None = None) -> Answer:
        """Answer a question from the papers, or abstain; with `history`, a follow-up is understood.

        Raises QuestionError for a question that is empty, endless or without a word.
        """
        last = deque(self.stream(question, history=history, where=where), maxlen=1).pop()
        assert last.answer is not None
        return last.answer

    def stream(self, question: str, *, history: History = (), where: Where | None = None) -> Iterator[Event]:
        """Yield what `ask` does as it goes: `progress`, the text piece by piece, and last the `answer`.

        With a model set, the model writes, unless nothing that is found answers the question: then no call is made.
        Closing the iterator cancels a call. Raises as `ask` does.
        """
        started = time.perf_counter()
        self._refresh()
        asked = standalone(question, history, self._idf)
        yield Event("progress", f"searching {self._size(self._seen[0]):,} abstracts")
        if self.model is not None and self.settings.rewrite_followups:
            from .better import rewritten

            asked = yield from rewritten(question, history, asked, self.model)
        evidence = self._search(where, asked, EVIDENCE)
        searched = time.perf_counter()
        draft = self._quoted(asked, evidence)
        if self.model is not None and draft.sentences:
            from .generate import Task, answered  # what only a model needs is loaded with its first question

            task = Task(question, asked, evidence, draft, self._idf)
            search, quote = partial(self._search, where), partial(self._quoted, asked)
            reply = yield from answered(task, search, quote, self.model, self.settings)
        else:
            reply = verify(draft, evidence, question=question, standalone_question=asked, idf=self._idf)
            yield from (Event("text", piece) for piece in reply.text.splitlines(keepends=True))
        done = time.perf_counter()
        timings = {"search_ms": (searched - started) * 1000, "answer_ms": (done - searched) * 1000}
        yield Event("answer", answer=replace(reply, timings={**timings, **reply.timings}))

    def _search(self, where: Where | None, asked: str, k: int) -> list[Evidence]:
        found = retrieve(asked, self._stores(), self.settings, k=k, where=where)
        compared = sides(asked)
        return joined(compared, found, partial(self._search, where, k=OF_EACH)) if compared else found

    def _quoted(self, asked: str, evidence: Sequence[Evidence]) -> Draft:
        return draft_answer(asked, evidence, self.embedder, self._idf)

    def search(self, question: str, k: int = 10, *, where: Where | None = None) -> list[Evidence]:
        """Return up to `k` papers for a question, best first. Raises QuestionError as `ask` does."""
        self._refresh()
        return retrieve(standalone(question), self._stores(), self.settings, k=k, where=where)

    def papers(self) -> list[Paper]:
        """Return every paper, in the order of titles."""
        return self._catalogue.papers()

    def paper(self, paper_id: str) -> Paper:
        """Return one paper; raise UnknownPaper when there is none of that id."""
        found = self._catalogue.papers([paper_id])
        if not found:
            raise UnknownPaper(
                f"the library {shorten(self.path)} has no paper with the id {shorten(paper_id)!r}",
                remedy="list the ids with: rag papers",
            )
        return found[0]

    def sources(self) -> dict[str, int]:
        """Return the names of the files that papers came from, with how many each gave."""
        return self._catalogue.sources()

    def add(
        self,
        *sources: str | Path | Paper,
        starter: bool = False,
        progress: Progress | None = None,
        limits: Limits | None = None,
    ) -> AddReport:
        """Add papers from files, folders, globs, addresses or `Paper` values; with `starter`, the starter library.

        Only what an address (`https://...`) leads to is asked over the network, within `limits` (default: `Limits()`).
        What is known already is left alone, what changed is updated, what cannot be read is reported in `failed` and
        the rest kept. Raises SourceError for a path that is missing, LibraryLocked while another process writes, and
        StoreError. Ctrl-C keeps every batch that was finished.
        """
        self._check_writable()
        papers = [Arrival(source, f"code:{source.id}") for source in sources if isinstance(source, Paper)]
        paths = [source for source in sources if not isinstance(source, Paper) and not is_address(source)]
        files = [*(expand(paths) if paths else []), *([STARTER] if starter else [])]
        # before the lock is taken: a list comes slowly
        walk = walked([str(one) for one in sources if is_address(one)], self._pages, limits, progress or quiet)
        report = self._writer.add(chain(papers, walk.arrivals(), arrivals(files, progress or quiet)))
        walk.forget()
        return report

    def sync(
        self,
        folder: str | Path,
        *,
        confirm: Callable[[list[Paper]], bool] | None = None,
        progress: Progress | None = None,
    ) -> AddReport:
        """Add what a folder holds, then remove what came from it and is not in it now.

        `confirm` is asked before anything is removed. A paper that also came from elsewhere stays, and so does one
        whose file could not be read. Raises as `add` does.
        """
        if not Path(folder).is_dir():
            raise SourceError(f"{shorten(folder)} is not a folder", remedy="sync takes the folder that holds the pages")
        report = self.add(folder, progress=progress) if holds_files(folder) else AddReport()
        place = Path(folder).resolve()
        ids, left = left_behind(place, self._catalogue.from_origins(f"{place}/"), report)
        gone = self._catalogue.papers(ids)
        if gone and confirm is not None and not confirm(gone):
            return report
        removed = tuple(paper.id for paper in gone)
        if removed or left:
            self._writer.remove(removed, left)
        return replace(report, removed=removed)

    def remove(self, *paper_ids: str) -> None:
        """Remove papers from the catalogue, Chroma and the BM25 index; `compact` then wipes what is left on disk.

        Raises UnknownPaper, before anything is removed, when one of the ids is not there.
        """
        self._check_writable()
        for paper_id in paper_ids:
            self.paper(paper_id)
        self._writer.remove(list(dict.fromkeys(paper_ids)))

    def compact(self) -> None:
        """Overwrite on disk what removed papers left behind, and give the room back."""
        self._check_writable()
        shutil.rmtree(self._pages, ignore_errors=True)
        self._writer.compact()

    def rebuild(self) -> None:
        """Make Chroma and the BM25 index anew from the catalogue; nothing is embedded."""
        self._check_writable()
        self._writer.rebuild()


def rebuilt(
    path: Path, embedder: str, settings: Settings, *, progress: Progress = quiet, tell: Tell = quiet
) -> Library:
    """Return the library in a folder with every paper embedded anew by `embedder`, whatever embedder made it."""
    made = choose(embedder, settings)
    library = Library(path, settings=settings, tell=tell, anew=made)
    library._writer.embed_again(made, lambda done: progress(done, "embedding"))
    return library


def answer(
    question: str,
    *,
    library: Library | str | Path | None = None,
    history: History = (),
    settings: Settings | None = None,
) -> Answer:
    """Answer one question from a library: an open one, the folder of one, or the default folder.

    Raises LibraryMissing, and what `Library.ask` raises.
    """
    if isinstance(library, Library):
        return library.ask(question, history=history)
    with Library.open(library, settings=settings) as found:
        return found.ask(question, history=history)
