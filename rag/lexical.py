"""The BM25 index (tantivy), rebuilt from the catalogue at will; what a term is is decided in `text.py`."""

from __future__ import annotations

import math
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .errors import StoreError, shorten
from .records import Entry, Where
from .text import terms

__all__ = ["LexicalIndex"]

HEAP = 64_000_000
"""Bytes that a writer may fill before it starts a new segment."""
LONGEST_QUERY = 200
"""Different stems that are searched for at once."""


class LexicalIndex:
    """BM25 over title and passage as one field of stems, scored as tantivy does: k1 = 1.2, b = .75 (Lucene's defaults).

    It knows the revision of the catalogue that it holds, so it can be caught up. In a folder that cannot be written it
    is searched in a copy: tantivy takes a lock to read. StoreError is raised when a file fails.
    """

    def __init__(self, folder: Path, *, writable: bool = True) -> None:
        self._folder, self._writable = folder, writable
        self._copy: TemporaryDirectory[str] | None = None
        self._index: Any = None
        self._searcher: Any = None
        self._opening = threading.RLock()

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError) as error:
            cause = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StoreError(
                f"the BM25 index {shorten(self._folder, 120)} failed while {doing} ({shorten(cause, 160)})",
                remedy="check that the disk has room and the folder can be written, then run: rag rebuild",
            ) from error

    def _open(self) -> Any:  # noqa: ANN401
        import tantivy

        with self._opening, self._failures("opening"):
            if self._index is None:
                if self._exists():
                    index = tantivy.Index.open(str(self._folder) if self._writable else self._copied())
                else:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    index = tantivy.Index(_schema(), path=str(self._folder))
                index.register_tokenizer("stems", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
                self._index = index
            return self._index

    def _copied(self) -> str:
        self.close()
        self._copy = TemporaryDirectory(prefix="paperchat-")
        for file in self._folder.iterdir():
            shutil.copyfile(file, Path(self._copy.name) / file.name)
        return self._copy.name

    def close(self) -> None:
        """Let go of the files; the next call opens them anew."""
        with self._opening:
            self._index = self._searcher = None
            if self._copy is not None:
                self._copy.cleanup()
                self._copy = None

    def _exists(self) -> bool:
        import tantivy

        return self._folder.exists() and bool(tantivy.Index.exists(str(self._folder)))

    def revision(self) -> int:
        """Return the revision of the catalogue that the index holds; -1 when it does not say, or is damaged."""
        try:
            written = int((self._folder / "revision").read_text("ascii"))
            if not self._exists():
                return -1
            self.search({"a": 1.0}, 1)  # opens every file that a search reads
        except (OSError, ValueError, StoreError):
            return -1
        return written

    def reload(self) -> bool:
        """See what another process has committed since; False while one makes the index anew: what was open stays."""
        if not self._writable:
            self.close()
        elif self._index is not None:
            try:
                self._index.reload()
            except (ValueError, OSError):
                return False
            self._searcher = None
        return True

    def clear(self) -> None:
        """Remove the index from disk."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def write(
        self,
        entries: Sequence[Entry],
        removed: Sequence[str],
        revision: int,
        sources: dict[str, list[str]],
        *,
        anew: bool = False,
    ) -> None:
        """Index these papers (old versions go), forget the removed ones, and note the revision; one commit.

        `sources` holds the names of every source of a paper, for filtering. With `anew`, all else is forgotten.
        """
        old = [*removed, *(entry.paper.id for entry in entries)]
        self.fill([(entries, sources)], revision, old, anew=anew)

    def fill(
        self,
        batches: Iterable[tuple[Sequence[Entry], dict[str, list[str]]]],
        revision: int,
        removed: Sequence[str] = (),
        *,
        anew: bool = False,
    ) -> None:
        """Forget the removed papers, index batches of others as they come, and note the revision; one commit.

        The others must not be in the index, but as removed ones. Memory does not grow with the number of batches.
        """
        import tantivy

        index = self._open()
        with self._failures("writing"):
            writer = index.writer(heap_size=HEAP, num_threads=1)
            if anew:
                writer.delete_all_documents()
            for paper_id in removed:
                writer.delete_documents_by_term("paper_id", paper_id)
        try:
            for entries, sources in batches:
                with self._failures("writing"):
                    for entry in entries:
                        for row in _rows(entry, sources.get(entry.paper.id, [])):
                            writer.add_document(tantivy.Document(**row))
        except BaseException:
            with self._failures("writing"):
                writer.rollback()
                writer.wait_merging_threads()  # lets go of tantivy's lock
            raise
        with self._failures("writing"):
            writer.commit()
            writer.wait_merging_threads()
            _replace(self._folder / "revision", str(revision))
        self.reload()

    def _searching(self) -> Any:  # noqa: ANN401
        searcher = self._searcher  # another thread may drop it at any time
        if searcher is None:
            with self._failures("opening"):
                searcher = self._searcher = self._open().searcher()
        return searcher

    def count(self) -> int:
        """Return how many passages there are."""
        return int(self._searching().num_docs)

    def holds_any(self, paper_ids: Sequence[str]) -> bool:
        """Tell whether one of these papers is in the index."""
        import tantivy

        return bool(self._run(tantivy.Query.term_set_query(self._open().schema, "paper_id", list(paper_ids)), 1))

    def frequency(self, term: str) -> int:
        """Return in how many passages a stem stands."""
        return int(self._searching().doc_freq("body", term))

    def idf(self, term: str) -> float:
        """Return how telling a stem is: ln(1 + (n - df + .5) / (df + .5)), as in BM25 (Robertson and Zaragoza 2009)."""
        number, frequency = self.count(), self.frequency(term)
        return math.log1p((number - min(frequency, number) + 0.5) / (frequency + 0.5))

    def search(self, weights: Mapping[str, float], k: int, where: Where | None = None) -> list[tuple[str, float]]:
        """Return up to `k` (key, score) of the passages that hold a stem of `weights`, best first.

        The score is the sum of each stem's BM25 score times its weight.
        """
        query = self._query(weights)
        if query is None:
            return []
        return self._run(_filtered(query, self._open().schema, where) if where else query, k)

    def scores(self, weights: Mapping[str, float], keys: Sequence[str]) -> dict[str, float]:
        """Return the scores of given passages; those that hold none of the stems are left out."""
        import tantivy

        query = self._query(weights)
        if query is None or not keys:
            return {}
        among = tantivy.Query.term_set_query(self._open().schema, "key", list(keys))
        both = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0)), (tantivy.Occur.Must, query)]
        )
        return dict(self._run(both, len(keys)))

    def _query(self, weights: Mapping[str, float]) -> Any:  # noqa: ANN401
        import tantivy

        schema = self._open().schema
        parts = []
        for term, weight in list(weights.items())[:LONGEST_QUERY]:
            query = tantivy.Query.term_query(schema, "body", term)
            parts.append((tantivy.Occur.Should, query if weight == 1.0 else tantivy.Query.boost_query(query, weight)))
        return tantivy.Query.boolean_query(parts) if parts else None

    def _run(self, query: Any, k: int) -> list[tuple[str, float]]:  # noqa: ANN401
        searcher = self._searching()
        with self._failures("searching"):
            hits = searcher.search(query, limit=k, count=False).hits
            return [(searcher.doc(address)["key"][0], float(score)) for score, address in hits]


def _schema() -> Any:  # noqa: ANN401
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("paper_id", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_text_field("body", tokenizer_name="stems", index_option="freq")
    return builder.build()


def _rows(entry: Entry, sources: list[str]) -> Iterator[dict[str, Any]]:
    paper = entry.paper
    title = terms(paper.title)
    for passage in entry.passages:
        body = [*title, *terms(paper.abstract[passage.start : passage.end])]
        row: dict[str, Any] = {"key": passage.key, "paper_id": paper.id, "source": sources, "body": " ".join(body)}
        if paper.published is not None:
            day = paper.published
            row["published"] = day.year * 10_000 + day.month * 100 + day.day
        yield row


def _filtered(query: Any, schema: Any, where: Where) -> Any:  # noqa: ANN401
    """Return the query narrowed to a filter; the scores stay as they are."""
    import tantivy

    parts = [(tantivy.Occur.Must, query)]
    if where.sources is not None:
        named = tantivy.Query.term_set_query(schema, "source", list(where.sources))
        parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(named, 0.0)))
    if where.first_year is not None or where.last_year is not None:
        first, last = (where.first_year or 0) * 10_000, (where.last_year or 9999) * 10_000 + 9_999
        years = tantivy.Query.range_query(schema, "published", tantivy.FieldType.Integer, first, last)
        parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(years, 0.0)))
    return tantivy.Query.boolean_query(parts)


def _replace(path: Path, text: str) -> None:
    """Write a small file so that a reader sees the old or the new one, never half."""
    draft = path.with_suffix(".tmp")
    draft.write_text(text, "ascii")
    draft.replace(path)
