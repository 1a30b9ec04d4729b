"""`Library`: open, add, sync, remove, search, ask; wiring only, what is wired stands in the files it imports."""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any

from .catalogue import Catalogue
from .embed import choose, fingerprint
from .errors import LibraryMismatch, LibraryMissing, SourceError, StoreError, UnknownPaper, UsageError, shorten
from .extract import draft_answer
from .fetch import Limits, is_address
from .followup import standalone
from .indexes import Indexes, Tell
from .ingest import Arrival, Progress, arrivals, left_behind
from .lexical import LexicalIndex
from .llm import Endpoint, Model
from .lock import is_writable
from .model import AddReport, Answer, Draft, Embedder, Event, Evidence, Paper, Turn
from .records import Where
from .retrieve import Stores, retrieve
from .scan import Scan
from .settings import Settings, load_settings
from .sides import joined, sides
from .snapshot import Snapshot
from .sources import expand, holds_files
from .vectors import VectorStore, collection_name
from .verify import verify
from .walk import walked
from .writer import Writer

__all__ = ["STARTER", "Library", "answer"]

STARTER = Path(__file__).parent / "starter" / "papers.jsonl"
"""The starter library: digests, in our own words, of 150 papers."""
EVIDENCE = 10
"""Papers that are looked at for one answer."""
OF_EACH = 3
"""Papers that are looked at for each side of a comparison."""
NEVER = (-1, -1)
"""No state of a catalogue: the next question looks again."""
History = Sequence[Turn | Mapping[str, Any]]


def _quiet(*_what: object) -> None:
    """Hear nothing."""


class Library:
    """An opened stack of papers in a folder; use it as a context manager, or `close()` it.

    It may be asked from several threads at once. One process at a time writes; the others see what it wrote at their
    next question.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        settings: Settings | None = None,
        tell: Tell | None = None,
        anew: Embedder | None = None,
    ) -> None:
        """Open the library in a folder; `anew` is the embedder that is about to embed every paper again."""
        self.settings = settings or load_settings()
        self.path = Path(path) if path is not None else self.settings.library
        if not is_there(self.path, self.settings):
            raise LibraryMissing(
                f"there is no library in {shorten(self.path)}",
                remedy="make one with: rag add --starter, or: rag add FILE...",
            )
        self.is_writable = is_writable(self.path)
        self._pages = self.path / "pages"
        self._catalogue = catalogue_of(self.path, self.settings, writable=self.is_writable)
        try:
            self.embedder_name = anew.name if anew else self._checked_embedder()
        except LibraryMismatch:
            self._catalogue.close()
            raise
        self._lock, self._loading = threading.Lock(), threading.Lock()
        self._scan: Scan | None = None
        self._count: tuple[int, int] | None = None
        self._beside = ThreadPoolExecutor(1, "search")
        self._embedder = anew
        endpoint = Endpoint.of(self.settings)
        self.model = Model(endpoint) if endpoint else None
        self._wire(tell or _quiet)

    @classmethod
    def open(
        cls,
        path: str | Path | None = None,
        *,
        create: bool = False,
        settings: Settings | None = None,
        tell: Tell | None = None,
    ) -> Library:
        """Open the library in a folder (default: `settings.library`); `create` makes an empty one where there is none.

        Raises LibraryMissing, LibraryMismatch (another embedder, a newer version) or StoreError. `tell` hears, in
        words, when something that an interrupted write left is repaired.
        """
        settings = settings or load_settings()
        folder = Path(path) if path is not None else settings.library
        if create and not is_there(folder, settings):
            _create(folder, settings)
        return cls(folder, settings=settings, tell=tell)

    def _wire(self, tell: Tell) -> None:
        settings = self.settings
        shared = self._catalogue.get("library") or "" if settings.chroma_url else ""
        name = collection_name(fingerprint(self.embedder_name, self.settings), shared)
        folder = None if settings.chroma_url else self.path / "chroma"
        self._vectors = VectorStore(
            folder=folder,
            url=settings.chroma_url,
            name=name,
            store_documents=settings.store_documents,
            timeout=settings.server_timeout,
        )
        self._lexical = LexicalIndex(self.path / "lexical", writable=self.is_writable)
        self._seen = self._catalogue.revision()
        self._idf = lru_cache(maxsize=50_000)(self._lexical.idf)
        self._snapshot = Snapshot(self.path / "vectors", self._catalogue)
        embedded = None if folder is None else (folder, name)
        self._writer = Writer(
            self.path,
            self._catalogue,
            Indexes(self._catalogue, self._vectors, self._lexical, embedded),
            self._snapshot,
            lambda: self.embedder,
            timeout=settings.lock_timeout,
            tell=tell,
            changed=self._changed,
        )
        if self.is_writable:
            self._writer.repair_leftovers()

    def _checked_embedder(self) -> str:
        """Return the name of the embedder that made the library; raise LibraryMismatch when it cannot serve."""
        name, made = self._catalogue.get("embedder") or "static", self._catalogue.get("fingerprint")
        if self.settings.embedder not in {"auto", name}:
            raise LibraryMismatch(
                f"the library {shorten(self.path)} was made by the embedder {name!r}, not {self.settings.embedder!r}",
                remedy=f"run: rag rebuild --embedder {self.settings.embedder}",
            )
        if made != (here := fingerprint(name, self.settings)):
            raise LibraryMismatch(
                f"the library {shorten(self.path)} holds vectors of {made!r}, this machine makes {here!r}",
                remedy="run: rag rebuild --embedder auto",
            )
        return name

    @property
    def embedder(self) -> Embedder:
        """The embedder that the library was made with; loaded at the first use."""
        with self._lock:
            if self._embedder is None:
                self._embedder = choose(self.embedder_name, self.settings)
            return self._embedder

    def close(self) -> None:
        """Let go of every store, and of the model."""
        if self.model is not None:
            self.model.close()
        self._beside.shutdown()
        self._vectors.close()
        self._lexical.close()
        self._catalogue.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        state, _ = self._catalogue.revision()
        if self._count is None or self._count[0] != state:
            self._count = state, self._catalogue.counts()[0]
        return self._count[1]

    # Asking

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
        yield Event("progress", f"searching {len(self):,} abstracts")
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

    def _stores(self) -> Stores:
        small = self._lexical.count() <= self.settings.exact_below
        # Chroma cannot even be read in a folder that cannot be written
        exact = self.settings.chroma_url is None and (small or not self.is_writable)
        return Stores(self._catalogue, self._vectors, self._lexical, self.embedder, self._scanned, exact, self._beside)

    def _scanned(self) -> Scan:
        """Return every vector as of the last refresh: mapped, or read, once a revision."""
        with self._loading:
            if self._scan is None or self._scan.revision != self._seen[0]:
                self._scan = self._snapshot.load(self._scan)
            return self._scan

    def _refresh(self) -> None:
        """See what other processes wrote since the last question: neither Chroma nor tantivy does so by itself."""
        with self._lock:
            # a write shows twice: as it begins, and when both indexes hold it
            state = self._catalogue.revision()
            if state != self._seen:
                self._vectors.close()
                self._writer.catch_up()
                is_whole = self._lexical.reload()
                self._changed(state[0])
                self._seen = state if is_whole else NEVER

    def _changed(self, revision: int) -> None:
        self._seen = (revision, revision)
        self._idf.cache_clear()

    # Writing

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
        walk = walked([str(one) for one in sources if is_address(one)], self._pages, limits, progress or _quiet)
        report = self._writer.add(chain(papers, walk.arrivals(), arrivals(files, progress or _quiet)))
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

    def _check_writable(self) -> None:
        if not self.is_writable:
            raise StoreError(
                f"the library {shorten(self.path)} cannot be written",
                remedy="make the folder writable, or take another",
            )


def rebuilt(
    path: Path, embedder: str, settings: Settings, *, progress: Progress = _quiet, tell: Tell = _quiet
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
    with Library.open(library, settings=settings) as opened:
        return opened.ask(question, history=history)


def is_there(folder: Path, settings: Settings) -> bool:
    """Tell whether a library is in a folder, or, when its catalogue is shared, whether this machine has its part."""
    return (folder / "lexical").is_dir() if settings.catalogue_url else (folder / "catalogue.sqlite").is_file()


def catalogue_of(folder: Path, settings: Settings, *, writable: bool = True) -> Catalogue:
    """Open the catalogue that these settings name: the database that is shared, or the file in the folder."""
    if settings.catalogue_url is None:
        return Catalogue.in_folder(folder, writable=writable)
    if settings.chroma_url is None:
        raise UsageError("RAG_CATALOGUE_URL is set without RAG_CHROMA_URL", remedy="machines share both, or neither")
    return Catalogue.at(settings.catalogue_url, settings.server_timeout)


def _create(folder: Path, settings: Settings) -> None:
    """Make an empty library, and fix its embedder."""
    made = choose(settings.embedder, settings)
    try:
        (folder / "lexical" if settings.catalogue_url else folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the folder {shorten(folder)} cannot be made ({error.strerror or error})",
            remedy="take another one with --library",
        ) from error
    catalogue = catalogue_of(folder, settings)
    if catalogue.get("fingerprint") is None:  # another machine may have made a shared one
        catalogue.put(embedder=made.name, fingerprint=made.fingerprint)
    catalogue.close()
