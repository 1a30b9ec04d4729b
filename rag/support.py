"""One sentence against the papers it cites: do they say it; turning a draft into an answer is left to verify.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from .exempt import exempt
from .facts import Value, canonical, grams, holds_name, initials, names, negated, opposites, show, sizes, stands, values
from .model import Paper, Span, Verdict
from .text import STOP_WORDS, sentences, stem, words

__all__ = ["Check", "Idf", "best_span", "check"]

Idf = Callable[[str], float]
"""Stem -> weight > 0; how much a word tells."""

SUPPORTED_AT = 0.50
WEAK_AT = 0.30
POLARITY_AT = 0.85
REPORTING = frozenset(stem(word) for word in ("abstract", "author", "state", "report", "describe", "according", "note"))


@dataclass(frozen=True, slots=True)
class Check:
    """The verdict on a sentence, in short words why it is not better, and flags: `polarity`, `unchecked_value`."""

    verdict: Verdict
    why: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Unit:
    """One sentence of a source: its span in the abstract, its canonical form and what it asserts."""

    span: Span
    text: str
    stems: frozenset[str]
    values: tuple[Value, ...]
    negated: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A paper as sentences are checked against it: `units` are its title (of span (0, 0)), then its sentences."""

    units: tuple[_Unit, ...]
    whole: str
    grams: frozenset[str]
    initials: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """The sentence to check: `weights` by content stem, `joined` the compound that a stem is part of ("" for none)."""

    unit: _Unit
    length: int
    weights: dict[str, float]
    joined: dict[str, str]

    def held(self, unit: _Unit) -> frozenset[str]:
        """Return the stems of the claim that a sentence of a source holds."""
        stems = unit.stems
        return frozenset(key for key, joined in self.joined.items() if key in stems or joined in stems)

    def share(self, held: Iterable[str]) -> float:
        """Return the weight of some of its stems as a share of all, 0..1."""
        total = sum(self.weights.values())
        return sum(self.weights[key] for key in held) / total if total else 0.0


HYPHENATED = re.compile(r"(?<![^\W_])[^\W_]++(?:-[^\W_]++)++")


def _content(text: str) -> dict[str, str]:
    """Return the content stems of canonical text, each with the stem of the compound it is part of, or ""."""
    found = {stem(word): "" for word in words(text) if word not in STOP_WORDS}
    for match in HYPHENATED.finditer(text):
        joined = stem(match.group().replace("-", ""))
        found.update({part: joined for part in map(stem, words(match.group())) if part in found})
    return {key: joined for key, joined in found.items() if key not in REPORTING} or found


def _unit(text: str, span: Span, content: dict[str, str]) -> _Unit:
    stems = frozenset(content).union(filter(None, content.values()))
    return _Unit(span, text, stems, tuple(values(text)), negated(text))


@lru_cache(maxsize=512)
def _prepare(paper: Paper) -> _Prepared:
    abstract = paper.abstract
    texts = [((0, 0), canonical(paper.title))]
    texts += [((start, end), canonical(abstract[start:end])) for start, end in sentences(abstract)]
    plain = [_unit(text, span, _content(text)) for span, text in texts]
    units = tuple(replace(unit, values=(*unit.values, *sizes(unit.text))) for unit in plain)
    text = f"{paper.title} \n {abstract}"
    return _Prepared(units, canonical(abstract), grams(text), initials(text))


def _claim(sentence: str, idf: Idf | None) -> _Claim:
    text = canonical(sentence)
    content = _content(text)
    length = sum(word not in STOP_WORDS for word in words(text))
    weights = {key: idf(key) if idf else 1.0 for key in content}
    return _Claim(_unit(text, (0, 0), content), length, weights, content)


def check(sentence: str, cited: Sequence[Paper], *, question: str = "", idf: Idf | None = None) -> Check:
    """Judge one sentence against the union of the titles and abstracts it cites.

    The rules in order: exempt, uncited, verbatim, values, names, coverage, polarity. Coverage is the share of the
    sentence's distinct content stems, weighted by `idf` (1 each without it), that the cited text holds: >= .50 is
    SUPPORTED, >= .30 WEAK, else UNSUPPORTED. The thresholds are provisional until set on labelled sentences.
    """
    claim = _claim(sentence, idf)
    papers = [_prepare(paper) for paper in cited]
    if why := exempt(sentence, claim.length, has_values=bool(claim.unit.values)):
        return _flag_value(Check(Verdict.EXEMPT, why), claim, papers)
    if not papers:
        return Check(Verdict.UNCITED, "no citation")
    for paper in papers:
        if (place := _verbatim(claim.unit.text, paper)) is not None:
            return _clipped(claim, place)
    if missing := _missing_value(claim, papers):
        return Check(Verdict.UNSUPPORTED, f"{missing} is not in the cited text")
    held = frozenset[str]().union(*(claim.held(unit) for paper in papers for unit in paper.units))
    found = _by_coverage(claim.share(held))
    if found.verdict is not Verdict.UNSUPPORTED and (name := _missing_name(sentence, papers, question)):
        found = Check(Verdict.WEAK, f"{name} is not in the cited text")
    return _flag_polarity(found, claim, papers)


def best_span(sentence: str, paper: Paper, *, idf: Idf | None = None) -> Span:
    """Return the span of the abstract's sentence that covers a sentence best, the earliest of equals.

    Of equal coverage the one with more of its values wins; an abstract without sentences gives (0, 0).
    """
    claim = _claim(sentence, idf)

    def rank(unit: _Unit) -> tuple[float, int]:
        return claim.share(claim.held(unit)), sum(stands(value, unit.values) for value in claim.unit.values)

    return max(_prepare(paper).units[1:], key=rank, default=_prepare(paper).units[0]).span


def _flag_value(found: Check, claim: _Claim, papers: Sequence[_Prepared]) -> Check:
    """Say so when a sentence too short to judge holds a value that no cited paper does: it may still mislead."""
    held = [value for paper in papers for unit in paper.units for value in unit.values]
    missing = next((value for value in claim.unit.values if not stands(value, held)), None)
    if missing is None:
        return found
    return Check(found.verdict, f"{found.why}; {show(missing)} is not in the cited text", ("unchecked_value",))


def _verbatim(text: str, paper: _Prepared) -> _Unit | None:
    """Return the unit that holds the text word for word; for a text of several sentences, a unit of just itself."""
    needle = text.strip(" .!?:;,")
    for unit in paper.units:
        if _stands_in(needle, unit.text):
            return unit
    return _Unit((0, 0), needle, frozenset(), (), frozenset()) if _stands_in(needle, paper.whole) else None


# What may not touch a quote's edge: a letter or digit, a hyphen or decimal point that binds one, a percent sign.
BOUND_LEFT = re.compile(r"(?:[^\W_]|[^\W_]-|\d\.|(?:^|[\s(])[-.])$")
BOUND_RIGHT = re.compile(r"[^\W_]|-[^\W_]|\.\d|\s?%")


def _stands_in(needle: str, text: str) -> bool:
    """Tell whether the needle is a substring on word boundaries."""
    at = text.find(needle) if needle else -1
    while at >= 0:
        end = at + len(needle)
        if not BOUND_LEFT.search(text[max(0, at - 2) : at]) and not BOUND_RIGHT.match(text[end : end + 2]):
            return True
        at = text.find(needle, at + 1)
    return False


def _clipped(claim: _Claim, place: _Unit) -> Check:
    """Return VERBATIM, flagged when the quote is a fragment that leaves out the negation on its words."""
    if (place.negated - claim.unit.negated) & claim.unit.stems:
        return Check(Verdict.VERBATIM, "cut out of a sentence that negates it", ("polarity",))
    return Check(Verdict.VERBATIM)


def _missing_value(claim: _Claim, papers: Sequence[_Prepared]) -> str:
    """Return the first value that stands neither in a title nor in a best-matching window of two sentences, or ""."""
    if not claim.unit.values:
        return ""
    held: list[Value] = []
    for paper in papers:
        for unit in (paper.units[0], *_best_window(claim, paper.units[1:])):
            held.extend(unit.values)
    return next((show(value) for value in claim.unit.values if not stands(value, held)), "")


def _best_window(claim: _Claim, units: tuple[_Unit, ...]) -> tuple[_Unit, ...]:
    """Return the two neighbouring sentences that cover the claim best; of equals, those with more of its values."""
    held = [claim.held(unit) for unit in units]

    def rank(place: int) -> tuple[float, int]:
        found = [value for unit in units[place : place + 2] for value in unit.values]
        covered = frozenset[str]().union(*held[place : place + 2])
        return claim.share(covered), sum(stands(value, found) for value in claim.unit.values)

    best = max(range(max(1, len(units) - 1)), key=rank)
    return units[best : best + 2]


def _missing_name(sentence: str, papers: Sequence[_Prepared], question: str) -> str:
    known = grams(question).union(*(paper.grams for paper in papers))
    letters = " ".join(paper.initials for paper in papers)
    return next((name for name in names(sentence) if not holds_name(name, known, letters)), "")


def _by_coverage(share: float) -> Check:
    if share >= SUPPORTED_AT:
        return Check(Verdict.SUPPORTED)
    verdict = Verdict.WEAK if share >= WEAK_AT else Verdict.UNSUPPORTED
    return Check(verdict, f"only {share:.0%} of its words are in the cited text")


def _flag_polarity(found: Check, claim: _Claim, papers: Sequence[_Prepared]) -> Check:
    """Flag a sentence that one source sentence covers, when a negation or an antonym differs."""
    against = {key: opposites(key) - claim.unit.stems for key in claim.weights}
    for unit in (unit for paper in papers for unit in paper.units):
        held = claim.held(unit)
        opposed = {key for key in claim.weights if key not in held and not against[key].isdisjoint(unit.stems)}
        if claim.share(held | opposed) < POLARITY_AT:
            continue
        turned = (claim.unit.negated & (unit.stems - unit.negated)) | (unit.negated & (held - claim.unit.negated))
        if opposed or turned:
            word = _word(claim, min(opposed or turned))
            why = found.why or f'the abstract may say the opposite at "{word}"'
            return replace(found, why=why, flags=(*found.flags, "polarity"))
    return found


def _word(claim: _Claim, stemmed: str) -> str:
    """Return the first word of the claim with this stem, for showing."""
    return next((word for word in words(claim.unit.text) if stem(word) == stemmed), stemmed)
