"""Reads BibTeX entries that have an abstract; decoding their LaTeX is left to `latex`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import SourceError, shorten
from ..model import Paper, Skipped
from .files import LONGEST_LINE, source_name, text_of
from .format import Format
from .latex import plain, without_braces
from .record import natural_name, record

if TYPE_CHECKING:
    from bibtexparser.library import Library
    from bibtexparser.model import Block

__all__ = ["FORMAT"]

ENTRY = re.compile(r"^[ \t]{0,50}@[A-Za-z]{1,50}[ \t]{0,50}\{[ \t]{0,50}[^\s,{}=()]{0,300},", re.MULTILINE)
ROUND_ENTRY = re.compile(r"^[ \t]{0,50}@(?:article|book|in\w{1,20}|misc|phdthesis|techreport)\(", re.MULTILINE | re.I)
LARGEST_BIBLIOGRAPHY = 50_000_000
AND = re.compile(r"\sand\s")


def _matches(head: str, path: Path) -> bool:
    named = path.suffix == ".bib" and "@" in head
    return named or ENTRY.search(head) is not None or ROUND_ENTRY.search(head) is not None


def _read(path: Path, encoding: str) -> Iterator[Paper | Skipped]:
    """Yield the entries. Raises SourceError if the file cannot be decoded or the parser gives up on it."""
    from bibtexparser.model import Entry

    source, library = source_name(path), _parsed(path, encoding)
    strings = {name.lower(): _bare(str(string.value), {}) for name, string in library.strings_dict.items()}
    for block in library.blocks:
        entry = getattr(block, "ignore_error_block", None) or block
        where = f"entry at line {(block.start_line or 0) + 1}"
        if isinstance(entry, Entry):
            fields = {field.key.lower(): _bare(str(field.value), strings) for field in reversed(entry.fields)}
            yield record(source, f"{where} ({shorten(entry.key)})", _loose(fields))
        elif _is_broken(block):
            yield Skipped(source, where, "broken BibTeX entry")


def _parsed(path: Path, encoding: str) -> Library:
    import logging

    from bibtexparser.entrypoint import parse_string

    # Broken entries are reported as Skipped; the parser would print them as well.
    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
    text = text_of(path, encoding, LARGEST_BIBLIOGRAPHY)
    # The parser takes seconds to find out that a line of this size is not BibTeX.
    if max(map(len, text.split("\n"))) > LONGEST_LINE:
        raise SourceError(
            f"{shorten(path, 200)} has a line of over {LONGEST_LINE:,} characters", remedy="export it again"
        )
    try:
        return parse_string(text, parse_stack=[])
    except Exception as error:
        raise SourceError(f"{shorten(path, 200)} is broken BibTeX: {error}", remedy="export it again") from error


def _is_broken(block: Block) -> bool:
    from bibtexparser.model import ParsingFailedBlock

    return isinstance(block, ParsingFailedBlock)


def _bare(value: str, strings: Mapping[str, str]) -> str:
    """Remove the braces or quotes around a value, or put in the text that an @string gives to its name."""
    text = value.strip()
    if text[:1] + text[-1:] in ("{}", '""') and len(text) > 1:
        return text[1:-1]
    return strings.get(text.lower(), text)


def _loose(fields: Mapping[str, str]) -> dict[str, object]:
    kind = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    doi = fields.get("doi", "").strip()
    return {
        "arxiv_id": fields.get("eprint") if kind.strip().lower() == "arxiv" else None,
        "title": without_braces(fields.get("title", "")),
        "abstract": plain(fields.get("abstract", "")),
        "url": fields.get("url") or (f"https://doi.org/{doi}" if doi and "://" not in doi else doi),
        "authors": [natural_name(_name(author)) for author in AND.split(fields.get("author", ""))],
        "published": fields.get("date"),
        "date": f"1 {fields.get('month', '')[:3]} {fields.get('year', '')}",
        "year": fields.get("year"),
    }


def _name(author: str) -> str:
    return " ".join(without_braces(author).replace("~", " ").split())


FORMAT = Format("bibtex", "BibTeX entries with an `abstract`", _matches, _read)
