"""Reads the dates of papers in the forms that sources use; which field holds one is left to `record`."""

from __future__ import annotations

import re
from datetime import date

__all__ = ["parse_date"]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NUMBERS = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?(?=$|[t\s])")
NAMED = re.compile(
    r"(?:\b(?P<before>[0-9]{1,2})[\s-])?\b(?P<month>[a-z]{3})[a-z]{0,6}\.?[\s-]"
    r"(?:(?P<after>[0-9]{1,2})(?:st|nd|rd|th)?,?\s)?(?P<year>[0-9]{4})\b"
)
LONGEST_DATE = 80


def parse_date(value: object) -> date | None:
    """Return the day in `2020-06-28T10:00:00Z`, `2020/06/28`, `2020`, `Jun 28, 2020`, `28 June 2020` ..., or None.

    What a source leaves out is 1: the year 2020 is 2020-01-01. A year outside 1500-2999 is no date.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return _day(value, 1, 1)
    text = value.strip().lower()[:LONGEST_DATE]
    if match := NUMBERS.match(text):
        year, month, day = match.groups()
        return _day(int(year), int(month or 1), int(day or 1))
    for match in NAMED.finditer(text):
        if match["month"] in MONTHS:
            day = match["before"] or match["after"] or 1
            return _day(int(match["year"]), MONTHS.index(match["month"]) + 1, int(day))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    if not 1500 <= year <= 2999:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None
