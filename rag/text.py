"""The one place where text is normalised, cut into sentences and into terms; what they mean is left to retrieval."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from .model import Span

__all__ = [
    "STOP_WORDS",
    "normalise",
    "paper_id",
    "real_hosts",
    "sentences",
    "squash",
    "stem",
    "terms",
    "title_key",
    "words",
]

SPACE = re.compile(r"\s+")

STOP_WORDS = frozenset(
    """a about all also am an and any are as at be been being but by can could did do does doing done each else for
    from had has have having he her here him his how i if in into is it its itself just many may me might more most much
    must my no nor not of off on one only or other our ours out over own paper papers please s same say says shall she
    should show so some such t tell than that the their theirs them then there these they this those through to too under
    until up us use used uses using very was we were what when where whether which while who whom whose why will with
    within without work works would you your""".split()
)
"""Words that carry no topic: English function words, and the words that people wrap questions about papers in."""


def squash(text: str) -> str:
    """Collapse every run of white space to one space and strip the ends; nothing else changes."""
    return SPACE.sub(" ", text).strip()


def title_key(title: str) -> str:
    """Return the form under which two titles are the same: NFKC, lower case, letters and digits only."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    return "".join(character for character in folded if character.isalnum())


def paper_id(title: str, arxiv_id: str | None = None) -> str:
    """Return the id of a paper: its arXiv id where known, else 16 hex digits of a hash of its normalised title."""
    return arxiv_id or hashlib.sha256((title_key(title) or title).encode()).hexdigest()[:16]


MIRROR_HOSTS = ("huface.online", "hf-proxy-2.923828430.workers.dev", "hf-proxy-cf.effarig.site")
"""Hosts that copies of Hugging Face pages were saved from; the papers are the same."""


def real_hosts(text: str) -> str:
    """Return a text with mirror hosts named by the host they copy, for comparing and for display, never for quoting."""
    for host in MIRROR_HOSTS:
        text = text.replace(host, "huggingface.co")
    return text


# Normal form for comparing and searching: one kind of dash and quote, LaTeX residue out. Never shown, never quoted.
QUOTES = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "`": "'",
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "–": "-",
        "—": "-",
        "−": "-",
    }  # noqa: RUF001
)
LATEX_COMMAND = re.compile(r"\\?\b(?:text(?:it|bf|tt|sc|rm|sf)|emph|mathcal|mathbf|mathbb|mathrm|operatorname)\s?\{")
LATEX_ESCAPE = re.compile(r"\\([%&#_$])")
LATEX_MACRO = re.compile(r"\\([A-Za-z]+)")
LATEX_MARKS = re.compile(r"[{}$^~]")
TIMES = re.compile(r"(?<=\d)\s?(?:times|\\times|×)(?=\d|\b)")  # noqa: RUF001
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
SPACED_POINT = re.compile(r"(?<=\d) \. (?=\d)")


def normalise(text: str) -> str:
    """Return the form in which texts are compared: NFKC, plain quotes and dashes, no LaTeX residue, lower case."""
    text = unicodedata.normalize("NFKC", text).translate(QUOTES)
    text = LATEX_COMMAND.sub("", text)
    text = LATEX_ESCAPE.sub(r"\1", text)
    text = TIMES.sub("x", text)
    text = LATEX_MACRO.sub(r"\1", text)
    text = LATEX_MARKS.sub("", text)
    text = SPACED_POINT.sub(".", THOUSANDS.sub("", text))
    return squash(text).lower()


WORD = re.compile(r"[^\W_]+(?:\.\d+)*", re.UNICODE)


def words(text: str) -> list[str]:
    """Return the words of a text in order, normalised: runs of letters and digits, decimals kept whole."""
    return WORD.findall(normalise(text))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return the Snowball (English) stem of one normalised word."""
    return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer():  # type: ignore[no-untyped-def]  # noqa: ANN202
    from Stemmer import Stemmer  # PyStemmer: the C library behind Snowball

    return Stemmer("english")


def terms(text: str) -> list[str]:
    """Return what a text is searched by: the stems of its words but the stop words, in order, repeats kept."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


# Sentence ends. The corpus glues sentences together ("tasks.This") and ends many abstracts in a URL, so an end is
# decided from what stands on both sides of the mark, not from white space alone.
END = re.compile(r"[.!?]+[\"')\]”’]*(?=\s|$)|(?<=[a-z0-9)%])[.!?](?=[A-Z][a-z]*[\s,'-])")  # noqa: RUF001
ABBREVIATIONS = frozenset(
    "e.g i.e etc vs al fig figs eq eqs sec no approx resp cf dr mr mrs ms prof st dept est inc ltd co viz ca".split()
)
INITIALS = re.compile(r"(?:[A-Za-z]\.)*[A-Z]")
LAST_TOKEN = re.compile(r"[^\s(\[\"'“‘]+$")  # noqa: RUF001


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of a text; they are in order, do not overlap, and hold all that is not space."""
    spans: list[Span] = []
    start = _skip_space(text, 0)
    for mark in END.finditer(text):
        if mark.start() >= start and _ends_sentence(text, start, mark):
            spans.append((start, mark.end()))
            start = _skip_space(text, mark.end())
    if start < len(text.rstrip()):
        spans.append((start, len(text.rstrip())))
    return spans


def _skip_space(text: str, position: int) -> int:
    found = re.compile(r"\S").search(text, position)
    return found.start() if found else len(text)


def _ends_sentence(text: str, start: int, mark: re.Match[str]) -> bool:
    """Tell whether a run of end marks ends the sentence that began at `start`."""
    rest = text[mark.end() : mark.end() + 80].lstrip()
    if not rest:
        return True
    glued = not text[mark.end()].isspace()
    token = LAST_TOKEN.search(text[start : mark.start()])
    last = token.group().lower() if token else ""
    if glued:
        return _is_glued_end(last)
    if mark.group() == "." and (last in ABBREVIATIONS or _is_initial(token)):
        # "et al. We show": an abbreviation may still end a sentence, when a capitalised function word follows it
        return last in {"al", "etc"} and rest.split()[0].lower() in STOP_WORDS and rest[0].isupper()
    return not rest[0].islower()


def _is_glued_end(last: str) -> bool:
    """Tell whether "last.Next" is two sentences: not for names ("Dr.Spider"), addresses or short abbreviations."""
    return len(last) > 2 and "/" not in last and "." not in last and last not in ABBREVIATIONS


def _is_initial(token: re.Match[str] | None) -> bool:
    return token is not None and INITIALS.fullmatch(token.group()) is not None
