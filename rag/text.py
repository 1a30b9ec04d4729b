"""The one place where text is normalised, cut into sentences and into terms; what they mean is left to retrieval."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

from .model import Span

__all__ = [
    "STOP_WORDS",
    "content",
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


def _set_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


STOP_WORDS = _set_of(
    """a about all also am an and any are as at be been being but by can could did do does doing done each else for
    from had has have having he her here him his how i if in into is it its itself just many may me might more most much
    must my no nor not of off on one only or other our ours out over own paper papers please s same say says shall she
    should show so some such t tell than that the their theirs them then there these they this those through to too
    under until up us use used uses using very was we were what when where whether which while who whom whose why will
    with within without work works would you your"""
)
"""Words that carry no topic: English function words, and the words that people wrap questions about papers in."""


def squash(text: str) -> str:
    """Collapse every run of white space to one space and strip the ends; nothing else changes."""
    return " ".join(text.split())


NOT_ALNUM = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def title_key(title: str) -> str:
    """Return the form under which two titles are the same: NFKC, lower case, letters and digits only."""
    return NOT_ALNUM.sub("", unicodedata.normalize("NFKC", title).casefold())


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
QUOTES = str.maketrans("‘’‚“”„`‐‑‒–—−", "'''\"\"\"'------")  # noqa: RUF001
LATEX_COMMAND = re.compile(r"\\?\b(?:text(?:it|bf|tt|sc|rm|sf)|emph|mathcal|mathbf|mathbb|mathrm|operatorname)\s?\{")
LATEX_ESCAPE = re.compile(r"\\([%&#_$])")
TIMES = re.compile(r"(?<=\d)\s?(?:\\?times|×)(?=\d|\b)", re.I)  # noqa: RUF001
DEGREES = re.compile(r"\^\s?\{?\\?circ(?:\}|\b)")
# "ge10", "sim 5", "pm0.3": what is left of a relation when its backslash is lost
RELATION = re.compile(r"\\?\b(ge|geq|le|leq|sim|approx|pm)\s?(?=\d)")
BEFORE_DIGIT = re.compile(r"[eqmx]\s?\d")
"""What every RELATION ends in: far cheaper to look for."""
RELATIONS = {"ge": "≥", "geq": "≥", "le": "≤", "leq": "≤", "sim": " ", "approx": " ", "pm": "±"}
LATEX_MACRO = re.compile(r"\\([A-Za-z]+)")
LATEX_MARKS = re.compile(r"[{}$]")
# P^2 Law is one name, but 10^3 is neither 103 nor one word
POWER = re.compile(r"(?<=\d)(?=[⁻⁰¹²³⁴-⁹])")
FLAT = re.compile(r"(?<!\d)\^|\^(?!-?\d)")
THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}(?!\d))")  # begun with what is rare: it is found far faster
SPACED_POINT = re.compile(r"(?<=\d) \. (?=\d)")


def normalise(text: str) -> str:
    """Return the form in which texts are compared: NFKC, plain quotes and dashes, no LaTeX residue, lower case."""
    # every abstract of a library comes through here: a pattern is only tried on a text that holds what it needs
    if not text.isascii():
        text = unicodedata.normalize("NFKC", POWER.sub("^", text)).translate(QUOTES)
    elif "`" in text:
        text = text.translate(QUOTES)
    text = THOUSANDS.sub("", _without_latex(text).replace("~", " "))
    if " . " in text:
        text = SPACED_POINT.sub(".", text)
    return squash(text).lower()


def _without_latex(text: str) -> str:
    if "{" in text:
        text = LATEX_COMMAND.sub("", text)
    if "\\" in text:
        text = LATEX_ESCAPE.sub(r"\1", text)
    if "×" in text or "times" in text.lower():  # noqa: RUF001
        text = TIMES.sub("x", text)
    if "circ" in text:
        text = DEGREES.sub("°", text)
    if BEFORE_DIGIT.search(text):
        text = RELATION.sub(lambda found: RELATIONS[found.group(1)], text)
    if "\\" in text:
        text = LATEX_MACRO.sub(r"\1", text)
    if "$" in text or "{" in text or "}" in text:
        text = LATEX_MARKS.sub("", text)
    return FLAT.sub("", text) if "^" in text else text


WORD = re.compile(r"[^\W_]+(?:\.\d+)*")
ASCII_WORD = re.compile(WORD.pattern, re.ASCII)


def words(text: str) -> list[str]:
    """Return the words of a text in order, normalised: runs of letters and digits, decimals kept whole."""
    plain = normalise(text)
    return (ASCII_WORD if plain.isascii() else WORD).findall(plain)


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
    return list(map(stem, content(text)))


def content(text: str) -> list[str]:
    """Return the words of a text but the stop words, in order, repeats kept."""
    return [word for word in words(text) if word not in STOP_WORDS]


# Sentence ends. The corpus glues sentences together ("tasks.This") and ends many abstracts in a URL, so an end is
# decided from what stands on both sides of the mark, not from white space alone. Runs are possessive, so that a text
# of nothing but marks takes linear time.
MARK = re.compile(r"[.!?…。！？]++[\"')\]”’»」』）]*+")  # noqa: RUF001
GLUED_NEXT = re.compile(r"[A-Z][a-z]*+[\s,'-]|\(\d{1,2}\)\s")
NEVER_LAST = _set_of("vs fig figs eq eqs eg ie cf dr mr mrs ms prof viz resp approx ca st yahoo")
"""Abbreviations that something always follows."""
MAY_BE_LAST = _set_of("al etc inc ltd co jr sr dept est ph.d m.sc b.sc")
"""Abbreviations that end a sentence only where a word that opens one follows: "et al. We show"."""
BEFORE_NUMBER = _set_of(
    "no nos vol pp p ch sec secs tab thm app ref refs ver def prop lem jan feb mar apr aug sept sep oct nov dec"
)
"""Words that are abbreviations only in front of a number."""
OPENERS = STOP_WORDS | _set_of(
    """additionally although because besides both code consequently despite existing experimental experiments extensive
    finally first following further furthermore given hence however inspired instead interestingly meanwhile moreover
    motivated nevertheless notably our overall previous prior project recent recently remarkably results second
    similarly since specifically surprisingly third thus therefore two three unlike unfortunately yet"""
)
INITIALS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]|[A-Z]")
ENUMERATOR = re.compile(r"\d{1,2}")
NUMBERED = re.compile(r"\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])\)")
FIRST_WORD = re.compile(r"[^\W_]+")
NAME = re.compile(r"[a-z]+-?[A-Z0-9^]")
OPENING = "([{\"'“‘«"  # noqa: RUF001
NOT_SPACE = re.compile(r"\S")
LOOK = 80
"""Characters on either side of a mark that decide about it."""


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences of a text; in order, without overlap, holding all but white space."""
    spans: list[Span] = []
    stop = len(text.rstrip())
    start = _skip_space(text, 0)
    for mark in MARK.finditer(text, 0, stop):
        after = _skip_space(text, mark.end())
        if after >= stop or _ends_sentence(text, start, mark, after):
            spans.append((start, mark.end()))
            start = after
    if start < stop:
        spans.append((start, stop))
    return spans


def _skip_space(text: str, position: int) -> int:
    found = NOT_SPACE.search(text, position)
    return found.start() if found else len(text)


def _ends_sentence(text: str, start: int, mark: re.Match[str], after: int) -> bool:
    """Tell whether a run of end marks ends the sentence that began at `start`; what follows begins at `after`."""
    if mark.group()[0] in "。！？":  # noqa: RUF001
        return True
    glued = after == mark.end()
    if glued and (len(mark.group()) > 1 or mark.group() == "…" or not GLUED_NEXT.match(text, after)):
        return False
    before = text[max(start, mark.start() - LOOK) : mark.start()]
    token = before.split()[-1] if before[-1:].strip() else ""
    rest = text[after : after + LOOK]
    word = FIRST_WORD.match(rest)
    opens = word is not None and rest[0].isupper() and word.group().lower() in OPENERS
    if glued:
        return _is_glued_end(token.lstrip(OPENING), rest, opens)
    if mark.group() in {".", "!"} and (
        _is_abbreviation(token.lstrip(OPENING), rest, opens) or _is_enumerator(before, token)
    ):
        return False
    return not rest[0].islower() or NAME.match(rest) is not None or NUMBERED.match(rest) is not None


def _is_glued_end(last: str, rest: str, opens: bool) -> bool:
    """Tell whether "last.Next" is two sentences: not for names ("Dr.Spider"), addresses or short abbreviations."""
    if len(last) <= 2 or "/" in last or last.lower() in NEVER_LAST | MAY_BE_LAST:
        return False
    if opens or rest[0] == "(":
        return "." not in last or last[-1].isdigit()
    return "." not in last and (last[-1].islower() or last[-1] in ")%")


def _is_abbreviation(last: str, rest: str, opens: bool) -> bool:
    """Tell whether a full stop belongs to the word before it and ends nothing."""
    low = last.lower()
    if low in NEVER_LAST:
        return True
    if low in BEFORE_NUMBER:
        return rest[0].isdigit() or rest[0] == "("
    if low in {"e.g", "i.e", "a.k.a", "w.r.t"}:
        return True
    return (low in MAY_BE_LAST or INITIALS.fullmatch(last) is not None) and not opens


def _is_enumerator(before: str, token: str) -> bool:
    """Tell whether "1." or "(2)." numbers what follows it: it stands first, or after a mark that begins a list."""
    if NUMBERED.fullmatch(token):
        return token[0] == "("
    lead = before[: len(before) - len(token)].rstrip()
    return ENUMERATOR.fullmatch(token) is not None and (not lead or lead[-1] in ":;,")
