"""Which answer sentences make no claim (headings, source lists, refusals, scraps); checking is left to support.py."""

from __future__ import annotations

import re

__all__ = ["FEWEST_WORDS", "exempt"]

FEWEST_WORDS = 4
"""Content words from which a sentence says enough to be checked, and to be quoted."""
# Exempt forms. Each is kept narrow: what is exempt is not checked.
LONGEST_EXEMPT = 400
HEADING = re.compile(r"(?:#{1,6}\s(?:\S+\s?){1,12}|(?:\*\*|__)(?:[^\s*_]+\s?){1,8}(?:\*\*|__):?|[^.!?]{1,120}:)")
SOURCE_LIST = re.compile(r"(?:sources?|references?|citations?|(?:nearest|cited) papers?)\s?:", re.I)
REFUSAL = re.compile(
    r"(?:sorry\b|(?:i|we) (?:could not|cannot|can't|couldn't|did not|do not|don't) (?:find|answer|know|have)"
    r"|(?:the|this|your) library (?:does not|doesn't) (?:hold|contain|say|answer)"
    r"|(?:none|no one) of the (?:papers|abstracts|evidence)|no (?:paper|abstract|evidence|answer)s? (?:in|of|was|were)"
    r"|(?:the|these|those) (?:cited |retrieved )?(?:papers?|abstracts?|evidence|sources?) (?:do|does) not "
    r"(?:say|state|mention|report|give|contain|answer))\b",
    re.I,
)
TURN = re.compile(r"\b(?:but|however|although|though|yet|instead|while|whereas)\b|;", re.I)


def exempt(sentence: str, content_words: int, *, has_values: bool) -> str:
    """Return why a sentence is exempt from the check, or "" when it is not.

    It is with under 4 content words; and, when it holds no value, as a heading, a list of sources or a plain refusal.
    """
    if content_words < FEWEST_WORDS:
        return "too short to check"
    raw = sentence.strip()
    if len(raw) > LONGEST_EXEMPT or has_values:
        return ""
    if HEADING.fullmatch(raw):
        return "a heading"
    if SOURCE_LIST.match(raw):
        return "a list of sources"
    return "a refusal" if REFUSAL.match(raw) and TURN.search(raw) is None else ""
