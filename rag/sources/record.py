"""Turns loose fields into a Paper, or into a Skipped that says why not; finding the fields is left to the readers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from ..model import Paper, Skipped
from ..text import paper_id, squash
from .dates import parse_date
from .files import without_surrogates
from .identifiers import arxiv_id, shown_url

__all__ = ["natural_name", "record"]

LONGEST_TITLE = 1_000
LONGEST_ABSTRACT = 100_000
LONGEST_ID = 100
OPENING = 100
DATE_FIELDS = ("published", "publishedAt", "date", "year")
ID_FIELDS = ("arxiv_id", "arxivId", "id", "url")


def record(source: str, entry: str, fields: Mapping[str, object]) -> Paper | Skipped:
    """Return the paper that a record describes, or why it is left out.

    Takes `title`; `abstract`, `summary` or `text`; and, if there, `arxiv_id`, `id`, `_id` (BEIR), `url`, `authors` or
    `author`, `published`, `publishedAt`, `date` or `year`. Fields in a nested `paper` (Hugging Face) come first.
    """
    fields = _flat(fields)
    abstract = _first(fields, "abstract", "summary", "text")
    title = _first(fields, "title")
    if title is None and "_id" in fields and isinstance(abstract, str):
        title = _opening(abstract)
    title, title_fault = _checked("title", title, LONGEST_TITLE)
    abstract, abstract_fault = _checked("abstract", abstract, LONGEST_ABSTRACT)
    if title_fault or abstract_fault:
        return Skipped(source, entry, " and ".join(filter(None, (title_fault, abstract_fault))))
    known = next(filter(None, (arxiv_id(fields.get(name)) for name in ID_FIELDS)), None)
    return Paper(
        id=_beir_id(fields) or paper_id(title, known or _own_id(fields.get("id"))),
        title=title,
        abstract=abstract,
        url=_url(fields, known),
        authors=tuple(_authors(fields.get("authors") or fields.get("author"))),
        published=_published(fields),
        source=source,
    )


def natural_name(name: str) -> str:
    """Turn `Last, First` into `First Last`; any other name stays."""
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}".strip() if comma and "," not in first else name.strip()


def _flat(fields: Mapping[str, object]) -> Mapping[str, object]:
    nested = fields.get("paper")
    if not isinstance(nested, Mapping):
        return fields
    return {**fields, **{name: value for name, value in nested.items() if value not in (None, "")}}


def _first(fields: Mapping[str, object], *names: str) -> object:
    values = (fields.get(name) for name in names)
    return next((value for value in values if not (value is None or (isinstance(value, str) and _blank(value)))), None)


def _blank(value: str) -> bool:
    return not value or value.isspace()


def _checked(name: str, value: object, longest: int) -> tuple[str, str]:
    """Return a text fit to keep and an empty fault, or an empty text and its fault."""
    if value is None:
        return "", f"no {name}"
    if not isinstance(value, str):
        return "", f"the {name} is not text"
    text = _tidy(value)
    if len(text) > longest:
        return "", f"the {name} has {len(text):,} characters, more than {longest:,}"
    return text, ""


def _tidy(text: str) -> str:
    text = without_surrogates(text)
    # Most abstracts are tidy already, and seeing that is fast: of white space, only the plain space is printable.
    return text.strip() if text.isprintable() and "  " not in text else squash(text)


def _opening(text: str) -> str:
    """Return the first words of a text that has no title, for BEIR collections without titles."""
    start = squash(text[: 10 * OPENING])
    cut = start[:OPENING].rsplit(" ", 1)[0] if len(start) > OPENING and start[OPENING] != " " else start[:OPENING]
    return cut.strip()


def _beir_id(fields: Mapping[str, object]) -> str | None:
    value = fields.get("_id")
    # Judgements name these ids, so they stay even where an arXiv id is known; some collections write numbers.
    return _own_id(str(value) if isinstance(value, int) and abs(value) < 10**LONGEST_ID else value)


def _own_id(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    return text if 1 <= len(text) <= LONGEST_ID and text.isprintable() else None


def _url(fields: Mapping[str, object], known: str | None) -> str | None:
    shown = shown_url(fields.get("url")) or shown_url(fields.get("id"))
    return shown or (f"https://arxiv.org/abs/{known}" if known else None)


def _published(fields: Mapping[str, object]) -> date | None:
    return next(filter(None, (parse_date(fields.get(name)) for name in DATE_FIELDS)), None)


def _authors(value: object) -> Iterator[str]:
    """Yield names from a list of names, a list of objects with a `name` (Hugging Face), or one string."""
    names = _split(value) if isinstance(value, str) else value
    for item in names if isinstance(names, list | tuple) else ():
        name = item.get("name") if isinstance(item, Mapping) and not item.get("hidden") else item
        if isinstance(name, str) and not _blank(name):
            yield _tidy(name)


def _split(names: str) -> list[str]:
    if ";" in names:
        return [natural_name(name) for name in names.split(";")]
    parts = names.split(" and ")
    if len(parts) > 1 and all(part.count(",") == 1 for part in parts):
        return [natural_name(name) for name in parts]
    return names.replace(" and ", ",").split(",")
