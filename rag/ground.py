"""Which papers a model's sentence rests on, and whether it is one to show; the verdicts are left to support.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from .exempt import exempt
from .model import Evidence, Paper, Verdict
from .orders import gives_orders
from .prompts import FIXED, NOT_HELD
from .support import Check, Idf, check
from .text import STOP_WORDS, sentences, squash, terms, title_key, words

__all__ = ["Grounded", "Grounder", "is_refusal"]

GOOD = frozenset({Verdict.VERBATIM, Verdict.SUPPORTED})
BAD = frozenset({Verdict.UNSUPPORTED, Verdict.UNCITED})
ORDER = (Verdict.VERBATIM, Verdict.SUPPORTED, Verdict.EXEMPT, Verdict.WEAK, Verdict.UNSUPPORTED, Verdict.UNCITED)
ECHO = 8
"""Words of the prompt in a row that make a sentence an echo of it."""
SHORT_ANSWERS = frozenset(
    terms(
        "yes both neither none sources evidence abstracts mention state report give contain provide include discuss "
        "address specify information answer details"
    )
)
"""What a sentence too short to check may say beside what the papers say."""
REFUSES = re.compile(
    r"\b(?:sources?|evidence|abstracts?|papers?|context|texts?)\b[^.;]{0,40}\b(?:do|does|did)(?: not|n't)\b[^.;]{0,20}"
    r"\b(?:say|state|mention|report|give|contain|answer|provide|include|discuss|address|specify)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Grounded:
    """What a sentence rests on, the check of it, and whether its citations were `attached` (it had none) or `moved`."""

    cites: tuple[Evidence, ...]
    check: Check
    attached: bool = False
    moved: bool = False

    @property
    def is_claim(self) -> bool:
        """Whether it says something that can be checked."""
        return self.check.verdict is not Verdict.EXEMPT

    @property
    def is_good(self) -> bool:
        """Whether the papers say it, and do not seem to say the opposite."""
        return self.check.verdict in GOOD and not self.check.flags

    @property
    def is_bad(self) -> bool:
        """Whether no paper says it, or one seems to say the opposite."""
        return self.check.verdict in BAD or "polarity" in self.check.flags


class Grounder:
    """Finds what the sentences of one answer rest on, among the evidence that the model was shown, by its keys."""

    def __init__(self, shown: Mapping[int, Evidence], *, asked: str, idf: Idf | None) -> None:
        self.shown = shown
        self.asked = asked
        self.idf = idf
        self._papers = {piece.paper.id: _without_orders(piece.paper) for piece in shown.values()}
        self._titles = {title_key(paper.title) for paper in self._papers.values()}
        self._known = SHORT_ANSWERS.union(*map(_stems, self._papers.values()))

    def ground(self, text: str, keys: Iterable[int]) -> Grounded:
        """Return what a sentence rests on: what it cites, less what adds nothing; or the paper that does support it.

        One paper is looked for that alone supports a sentence which has no citation or a wrong one. Papers are never
        added to those that it cites: two that each say half of a false sentence would seem to say it. What a paper says
        to models supports nothing, and what rests on that alone cites nothing.
        """
        cited = [self.shown[key] for key in keys if key in self.shown]
        found = self._check(text, cited)
        if found.verdict is Verdict.EXEMPT:
            return Grounded(tuple(cited), found)
        if found.verdict in BAD:
            for piece in self.shown.values():
                alone = self._check(text, [piece])
                if alone.verdict in GOOD and not alone.flags:
                    return Grounded((piece,), alone, attached=not cited, moved=bool(cited))
            obeys = any(self._papers[piece.paper.id] != piece.paper for piece in cited)
            return Grounded(() if obeys else tuple(cited), found)
        kept = self._needed(text, cited, found)
        return Grounded(tuple(kept), found if len(kept) == len(cited) else self._check(text, kept))

    def is_idle(self, text: str, *, cited: bool) -> bool:
        """Tell whether a sentence is none to show: an echo of the prompt, a bare title, or a scrap.

        What is too short to be checked may only say words of the papers, and must cite one; or it is a plain "yes".
        """
        if title_key(text) in self._titles or not title_key(text):
            return True
        found = words(text)
        runs = _echoes()
        if any(" ".join(found[at : at + ECHO]) in runs for at in range(len(found) - ECHO + 1)):
            return True
        length = sum(word not in STOP_WORDS for word in found)
        makes_no_claim = exempt(text, length, has_values=any(map(str.isdigit, text)))
        return bool(makes_no_claim) and not (self._known if cited else SHORT_ANSWERS).issuperset(terms(text))

    def _check(self, text: str, cited: Sequence[Evidence]) -> Check:
        papers = [self._papers[piece.paper.id] for piece in cited]
        return check(text, papers, question=self.asked, idf=self.idf)

    def _needed(self, text: str, cited: Sequence[Evidence], found: Check) -> list[Evidence]:
        """Return the citations without those that neither support the sentence alone nor are missed when left out.

        This is the citation precision of ALCE (Gao et al. 2023), used to correct instead of to measure.
        """
        kept = list(cited)
        for piece in reversed(cited):
            rest = [other for other in kept if other is not piece]
            if rest and self._check(text, [piece]).verdict in BAD:
                without = self._check(text, rest)
                if ORDER.index(without.verdict) <= ORDER.index(found.verdict) and without.flags == found.flags:
                    kept = rest
        return kept


def is_refusal(text: str) -> bool:
    """Tell whether a sentence says that the papers do not answer: in the words agreed on, or in others."""
    said = squash(text).replace("’", "'")  # noqa: RUF001
    return NOT_HELD.lower() in said.lower() or REFUSES.search(said) is not None


@lru_cache(maxsize=512)
def _without_orders(paper: Paper) -> Paper:
    """Return a paper without the sentences that speak to models; the paper itself where there are none."""
    spans = sentences(paper.abstract)
    said = [paper.abstract[start:end] for start, end in spans]
    kept = [text for text in said if not gives_orders(text)]
    return paper if len(kept) == len(said) else replace(paper, abstract=" ".join(kept))


@lru_cache(maxsize=512)
def _stems(paper: Paper) -> frozenset[str]:
    return frozenset(terms(f"{paper.title} {paper.abstract}"))


@lru_cache(maxsize=1)
def _echoes() -> frozenset[str]:
    """Return every run of words of the prompts that is long enough to be an echo."""
    found = [words(text) for text in FIXED]
    return frozenset(" ".join(run[at : at + ECHO]) for run in found for at in range(len(run) - ECHO + 1))
