"""Answers, results and reports as lines of styled text (pure); writing them is left to `terminal.py`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from .errors import PaperchatError
from .model import AddReport, Answer, Citation, Evidence, Paper, Sentence, Verdict
from .text import squash

__all__ = [
    "Line",
    "answer_lines",
    "clean",
    "error_line",
    "evidence_lines",
    "paper_lines",
    "papers_lines",
    "plain",
    "report_lines",
    "source_lines",
]

Line = tuple[tuple[str, str], ...]
"""One line: pieces of text, each with the name of a style of rich, or an empty one."""

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x07|\x1b\\|\Z)|\x1b[ -/]*[0-~]", re.DOTALL)
BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What turns the direction of text around: a title could show another name than it has."""
MARKER = re.compile(r"(\[\d+\])")
FAILURES = 20
"""Records that failed and are named; the others are counted."""
NEAREST = 3
STYLES = {
    Verdict.WEAK: "yellow",
    Verdict.UNSUPPORTED: "bold red",
    Verdict.UNCITED: "bold red",
    Verdict.EXEMPT: "dim",
}
"""The verdicts that are marked, and how."""


def clean(text: str) -> str:
    """Return a text on one line that cannot move, colour or retitle a terminal."""
    kept = []
    for character in ESCAPES.sub("", text):
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}:
            kept.append(" " if character.isspace() else "")
        elif character not in BIDI:
            kept.append(character)
    return squash("".join(kept))


def plain(lines: Iterable[Line]) -> str:
    """Return lines without their styles, each with its newline."""
    return "".join("".join(text for text, _ in line) + "\n" for line in lines)


def answer_lines(answer: Answer) -> list[Line]:
    """Return the question if it was rewritten, the answer, and its papers; for a refusal, the nearest papers."""
    lines: list[Line] = []
    if clean(answer.standalone_question) != clean(answer.question):
        lines += [((f"understood as: {clean(answer.standalone_question)}", "dim"),), ()]
    if answer.notice:
        lines += [((clean(answer.notice), "yellow"),), ()]
    if answer.abstained:
        return [*lines, *_refusal(answer)]
    lines += [_marked(line) for line in answer.text.splitlines()]
    lines.append(())
    for number, paper in {citation.number: citation.paper for citation in answer.citations}.items():
        lines += _titled(f"[{number}]", paper)
    doubtful = [sentence for sentence in answer.sentences if sentence.verdict in STYLES]
    if doubtful:
        lines += [(), *(_doubt(sentence) for sentence in doubtful)]
    if answer.mode != "extractive":
        lines += [(), ((f"written by {clean(answer.mode)}", "dim"),)]
    return lines


def _refusal(answer: Answer) -> Iterator[Line]:
    yield ((clean(answer.reason or answer.text), "yellow"),)
    nearest = list({piece.paper.id: piece.paper for piece in answer.evidence}.values())[:NEAREST]
    if nearest:
        yield ()
        yield (("nearest papers:", "dim"),)
    for paper in nearest:
        yield from _titled("-", paper)


def _marked(text: str) -> Line:
    return tuple(
        (piece, "bold cyan" if MARKER.fullmatch(piece) else "") for piece in MARKER.split(clean(text)) if piece
    )


def _titled(mark: str, paper: Paper) -> Iterator[Line]:
    yield ((mark, "bold cyan"), (f" {clean(paper.title)}", "bold"))
    if paper.url:
        yield ((f"{' ' * len(mark)} {clean(paper.url)}", "dim"),)


def _doubt(sentence: Sentence) -> Line:
    why = f" ({clean(sentence.why)})" if sentence.why else ""
    return ((f"{sentence.verdict}:", STYLES[sentence.verdict]), (f" {clean(sentence.text)}{why}", ""))


def source_lines(citations: Sequence[Citation]) -> list[Line]:
    """Return what an answer rests on: title, address and quotes of each cited paper."""
    lines: list[Line] = []
    shown: set[int] = set()
    for citation in citations:
        if citation.number not in shown:
            shown.add(citation.number)
            lines += _titled(f"[{citation.number}]", citation.paper)
        lines.append(((f"    “{clean(citation.quote)}”", ""),))
    return lines or [(("the last answer cites nothing", "dim"),)]


def evidence_lines(found: Sequence[Evidence]) -> list[Line]:
    """Return search results: rank, title, score, address and passage."""
    lines: list[Line] = []
    for piece in found:
        lines.append(
            ((f"{piece.rank}.", "bold cyan"), (f" {clean(piece.paper.title)}", "bold"), (f"  {piece.score:.3f}", "dim"))
        )
        if piece.paper.url:
            lines.append(((f"   {clean(piece.paper.url)}", "dim"),))
        lines.append(((f"   {clean(piece.text)}", ""),))
    return lines


def papers_lines(papers: Sequence[Paper]) -> list[Line]:
    """Return one line a paper: id, day, title."""
    width = max((len(clean(paper.id)) for paper in papers), default=0)
    return [
        (
            (clean(paper.id).ljust(width), "cyan"),
            (f"  {paper.published.isoformat() if paper.published else '-':<10}  ", "dim"),
            (clean(paper.title), ""),
        )
        for paper in papers
    ]


def paper_lines(paper: Paper) -> list[Line]:
    """Return everything that is known of one paper."""
    facts = {
        "id": paper.id,
        "authors": ", ".join(paper.authors),
        "published": paper.published.isoformat() if paper.published else "",
        "url": paper.url or "",
        "source": paper.source,
    }
    return [
        ((clean(paper.title), "bold"),),
        *(((f"{name}: ", "dim"), (clean(value), "")) for name, value in facts.items() if value),
        (),
        ((clean(paper.abstract), ""),),
    ]


def report_lines(report: AddReport) -> list[Line]:
    """Return what became of the papers given to a library, and what failed: the first 20 records, then a count."""
    counts = {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "failed": report.failed,
    }
    line = ", ".join(f"{len(what)} {name}" for name, what in counts.items())
    if report.removed:
        line += f", {len(report.removed)} removed"
    lines: list[Line] = [((line, "bold"),)]
    if report.unchanged and not (report.added or report.updated or report.removed):
        lines.append((("nothing new: the library holds these papers already", "dim"),))
    lines += [(("failed: ", "red"), (clean(str(bad)), "")) for bad in report.failed[:FAILURES]]
    if len(report.failed) > FAILURES:
        lines.append(((f"and {len(report.failed) - FAILURES} more failed", "red"),))
    return lines


def error_line(error: PaperchatError) -> str:
    """Return an error as its one line: what failed, and what to do next."""
    return f"rag: {clean(error.what)}" + (f": {clean(error.remedy)}" if error.remedy else "")
