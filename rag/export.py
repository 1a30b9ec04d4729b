"""Papers and conversations -> BibTeX, Markdown, JSON, from their fields only; writing files is left to the caller."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from .model import Answer, Citation, Paper, Turn
from .sources.identifiers import arxiv_id
from .text import STOP_WORDS, squash

__all__ = [
    "as_json",
    "bibtex",
    "bibtex_key",
    "cited",
    "conversation_json",
    "conversation_markdown",
    "markdown",
    "paper_dict",
    "papers_json",
]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PLAIN_ID = re.compile(r"[a-z0-9][a-z0-9._/-]{0,59}")
# BibTeX counts braces even behind a backslash, so a brace of the text has to be spelt out.
LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "$": r"{\$}",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
    }
)
# What would end a field, start a macro, or be a comment, inside an address.
IN_ADDRESS = str.maketrans({character: f"%{ord(character):02X}" for character in '{}\\" <>^`|'})
IN_MARKDOWN = re.compile(r"[\\`*_\[\]<>$|~&]")
LINE_START = re.compile(r"^(?:[#+=-]|\d{1,9}[.)])")
MARKER = re.compile(r"\\\[(\d+)\\\](?!\()")
AND = re.compile(r"\band\b", re.I)


def as_json(value: object) -> str:
    """Return indented JSON in ASCII: the same bytes under every locale, and nothing in it that moves a terminal."""
    return json.dumps(value, indent=2) + "\n"


def paper_dict(paper: Paper) -> dict[str, Any]:
    """Return the stable JSON form of a paper; keys are only ever added to it."""
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "url": paper.url,
        "authors": list(paper.authors),
        "published": paper.published.isoformat() if paper.published else None,
        "source": paper.source,
    }


def papers_json(papers: Iterable[Paper]) -> str:
    """Return a JSON list of papers."""
    return as_json([paper_dict(paper) for paper in papers])


def cited(turns: Iterable[Turn]) -> list[Paper]:
    """Return the papers that a conversation cites, each once, in the order of their first citation."""
    papers = (citation.paper for turn in turns for citation in turn.answer.citations)
    return list({paper.id: paper for paper in papers}.values())


# BibTeX


def bibtex(papers: Iterable[Paper]) -> str:
    """Return one `@misc` entry a paper, with an empty line after it; its text is escaped."""
    return "".join(f"{_entry(paper)}\n" for paper in papers)


def bibtex_key(paper: Paper) -> str:
    """Return the citation key of a paper: a word of its title and its id, whatever else the library holds.

    An id with characters that a key cannot have, or with capitals (BibTeX takes keys in any case for the same), is
    replaced by 16 hex digits of its hash.
    """
    plain = unicodedata.normalize("NFKD", paper.title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z][a-z0-9]*", plain)
    word = next((word for word in words if word not in STOP_WORDS and len(word) > 1), "paper")
    ident = paper.id if PLAIN_ID.fullmatch(paper.id) else _digest(paper.id)
    return f"{word[:30]}-{ident}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _entry(paper: Paper) -> str:
    # doubled braces keep the capitals of a title
    fields = [("title", f"{{{_latex(paper.title)}}}")]
    if paper.authors:
        fields.append(("author", " and ".join(_author(name) for name in paper.authors)))
    if paper.published is not None:
        fields.append(("year", str(paper.published.year)))
    number = arxiv_id(paper.id)
    if number is not None:
        fields += [("eprint", number), ("archiveprefix", "arXiv")]
    if paper.url is not None:
        fields.append(("url", _visible(paper.url).translate(IN_ADDRESS)))
    fields.append(("abstract", _latex(paper.abstract)))
    lines = [f"  {name} = {{{value}}},\n" for name, value in fields]
    return f"@misc{{{bibtex_key(paper)},\n{''.join(lines)}{_month(paper)}}}\n"


def _month(paper: Paper) -> str:
    # a source that only knows the year is dated the first of January
    day = paper.published
    known = day is not None and (day.month, day.day) != (1, 1)
    return f"  month = {MONTHS[day.month - 1]},\n" if day is not None and known else ""


def _author(name: str) -> str:
    """Return a name; braces keep together one that BibTeX would take for two, or turn around."""
    text = _latex(name)
    return f"{{{text}}}" if AND.search(text) or "," in text else text


def _latex(text: str) -> str:
    return _visible(text).translate(LATEX)


def _visible(text: str) -> str:
    """Return a text on one line, without control characters and lone surrogates."""
    return squash("".join(" " if unicodedata.category(character) in {"Cc", "Cs"} else character for character in text))


# Markdown


def markdown(papers: Iterable[Paper]) -> str:
    """Return papers one after the other: title, authors, day and address, abstract; their text is escaped."""
    return "\n".join(_section(paper) for paper in papers)


def conversation_markdown(turns: Sequence[Turn]) -> str:
    """Return a conversation: each question, the answer with its `[1]`, and the papers and quotes under it."""
    return "\n".join(["# Conversation\n", *(_turn(turn) for turn in turns)])


def conversation_json(turns: Sequence[Turn]) -> str:
    """Return a JSON list of turns, each the question as it was asked and `Answer.to_dict()`."""
    return as_json([{"question": turn.question, "answer": turn.answer.to_dict()} for turn in turns])


def _section(paper: Paper) -> str:
    facts = [", ".join(_escaped(name) for name in paper.authors)]
    facts.append(paper.published.isoformat() if paper.published else "")
    facts.append(f"<{_address(paper.url)}>" if paper.url else "")
    line = " · ".join(filter(None, facts))
    parts = [f"## {_escaped(paper.title)}", line, _escaped(paper.abstract)]
    return "".join(f"{part}\n\n" for part in parts if part)[:-1]


def _turn(turn: Turn) -> str:
    answer = turn.answer
    parts = [f"## {_escaped(turn.question)}"]
    if squash(answer.standalone_question) != squash(turn.question):
        parts.append(f"*Understood as: {_escaped(answer.standalone_question)}*")
    parts.append(_answer_text(answer))
    parts += [_source(number, group) for number, group in _by_number(answer.citations).items()]
    return "".join(f"{part}\n\n" for part in parts)[:-1]


def _answer_text(answer: Answer) -> str:
    lines = []
    for line in answer.text.splitlines():
        bullet = "- " if line.startswith("- ") else ""
        lines.append(bullet + MARKER.sub(r"[\1]", _escaped(line.removeprefix("- "))))
    return "\n".join(lines)


def _by_number(citations: Iterable[Citation]) -> dict[int, list[Citation]]:
    groups: dict[int, list[Citation]] = {}
    for citation in citations:
        groups.setdefault(citation.number, []).append(citation)
    return groups


def _source(number: int, group: Sequence[Citation]) -> str:
    paper = group[0].paper
    link = f" <{_address(paper.url)}>" if paper.url else ""
    quotes = "".join(f"\n    > {_escaped(citation.quote)}\n" for citation in group)
    return f"{number}. {_escaped(paper.title)}{link}\n{quotes}".rstrip("\n")


def _address(url: str) -> str:
    return _visible(url).translate(IN_ADDRESS)


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it is: no markup, no HTML, no mathematics, no list or heading."""
    line = IN_MARKDOWN.sub(lambda found: f"\\{found[0]}", _visible(text))
    return LINE_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", line)
