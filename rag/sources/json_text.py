"""Parses JSON so that hostile input gives one kind of error; what the values mean is left to the readers."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..errors import SourceError, shorten
from .files import text_of

__all__ = ["document", "looks_like_json", "parse"]

START = re.compile(r"\s{0,1000}(?:\{\s{0,1000}[\"}]|\[\s{0,1000}[{\]])")
# Python refuses to convert longer ones (sys.set_int_max_str_digits), and no field needs them.
LONGEST_INTEGER = 4_000


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float("inf")


DECODER = json.JSONDecoder(parse_int=_integer)


def looks_like_json(head: str) -> bool:
    """Tell whether a text starts like a JSON object, or an array of objects."""
    return START.match(head) is not None


def parse(text: str) -> object:
    """Return the value of a JSON text. Raises ValueError, with words for the user, for whatever is wrong with it."""
    try:
        value: object = DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"broken JSON at {place}: {shorten(error.msg)}") from error
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error
    return value


def document(path: Path, encoding: str) -> object:
    """Return the value of a JSON file. Raises SourceError if it cannot be decoded or is broken."""
    try:
        return parse(text_of(path, encoding))
    except ValueError as error:
        raise SourceError(f"{shorten(path, 200)}: {error}", remedy="download or export it again") from error
