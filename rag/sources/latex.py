"""Turns the LaTeX of BibTeX fields into plain text, as far as titles and names need it; mathematics is left alone."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain", "without_braces"]

COMBINING = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "b": "\u0331",
    "d": "\u0323",
}  # fmt: skip
LETTERS = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "i": "\u0131", "j": "\u0237",
}  # fmt: skip
# `\"o`, `\"{o}`, `{\"o}`, `\'\i`; a letter as accent needs a brace or a space, or `\cite` would be a cedilla.
ACCENT = re.compile(
    r"""\{?\\(?:(?P<sign>[`'^~"=.])\s?|(?P<letter>[uvHckrbd])(?=[{\s])\s?)(?P<brace>\{)?(?P<base>[A-Za-z]|\\[ij](?![A-Za-z]))(?(brace)\})"""
)
BRACED_ACCENT = re.compile(r"\{" + ACCENT.pattern.removeprefix(r"\{?") + r"\}")
BARE_ACCENT = re.compile(ACCENT.pattern.removeprefix(r"\{?"))
BRACED_LETTER = re.compile(r"\{\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)\s?\}")
BARE_LETTER = re.compile(r"\\(ss|ae|AE|oe|OE|aa|AA|o|O|l|L|i|j)(?:\{\}|\s|(?![A-Za-z]))")
ESCAPE = re.compile(r"\{\\([&%#_$])\}|\\([&%#_])")
STYLE = re.compile(r"\\(?:textit|textbf|texttt|textsc|textrm|emph|mbox)(?=\{)")
BRACE = re.compile(r"(?<!\\)[{}]")


def plain(text: str) -> str:
    r"""Decode accents (`{\"o}`), letters (`{\ss}`) and escapes (`\&`); braces and mathematics stay."""
    if "\\" not in text:
        return text
    for pattern in (BRACED_ACCENT, BARE_ACCENT):
        text = pattern.sub(_accented, text)
    for pattern in (BRACED_LETTER, BARE_LETTER):
        text = pattern.sub(lambda match: LETTERS[match[1]], text)
    return ESCAPE.sub(lambda match: match[1] or match[2], text)


def without_braces(text: str) -> str:
    r"""Decode as `plain` does and remove what only styles a title: braces, `\emph` and the like."""
    return BRACE.sub("", STYLE.sub("", plain(text)))


def _accented(match: re.Match[str]) -> str:
    base = match["base"].removeprefix("\\")
    return unicodedata.normalize("NFC", base + COMBINING[match["sign"] or match["letter"]])
