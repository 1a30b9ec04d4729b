"""Names groups of papers by the words that set them apart; pure, who belongs together is left to `topics.py`."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rag.model import Paper
from rag.text import STOP_WORDS, stem, title_key

__all__ = ["topic_names"]

WORDS = 3
PRIOR = 10.0
"""Papers' worth of doubt that a word is any topic's own."""
RARE, COMMON = 0.1, 0.33
"""A name's word stands in more of its topic's papers than this share, and in fewer of the others than that."""
PHRASE = 1.25
"""What two words side by side count beside one: "scaling law" says more than "law"."""
WORD = re.compile(r"[^\W\d_][^\W_]+(?:-[^\W_]+)*")
LONGEST_WORD = 30


def topic_names(papers: Sequence[Paper], labels: Sequence[int]) -> list[tuple[str, ...]]:
    """Return up to three words (or pairs of words) for each label 0, 1, ...; no two of all of them are alike.

    A word is letters, digits and inner hyphens only, whatever the abstracts hold.
    """
    texts = [_text(paper) for paper in papers]
    held = [frozenset(_terms(text)) for text in texts]
    titled = [frozenset(_terms(paper.title)) for paper in papers]
    everywhere, shown = Counter(term for terms in held for term in terms), _shown(texts)
    taken: set[str] = set()
    names = []
    for label in range(max(labels, default=-1) + 1):
        own = [place for place, other in enumerate(labels) if other == label]
        scores = _scores(_counts(held, own), _counts(titled, own), everywhere, len(own), len(held))
        words = _unlike(sorted(scores, key=lambda term: (-scores[term], term)), taken)
        names.append(tuple(" ".join(shown[part] for part in word.split()) for word in words) or (f"topic {label + 1}",))
    return names


def _text(paper: Paper) -> str:
    return f"{paper.title}. {paper.abstract}"


def _counts(held: Sequence[Iterable[str]], own: Iterable[int]) -> Counter[str]:
    return Counter(term for place in own for term in held[place])


def _terms(text: str) -> Iterator[str]:
    """Yield the stems of the words of a text, and of each two with only a space between them."""
    before, end = "", -1
    for found in WORD.finditer(text):
        low = found.group().lower()
        term = "" if low in STOP_WORDS or len(low) > LONGEST_WORD else stem(low)
        if term:
            yield term
        if term and before and text[end : found.start()] == " " and term != before:
            yield f"{before} {term}"
        before, end = term, found.end()


def _shown(texts: Iterable[str]) -> Mapping[str, str]:
    """Return for each stem the word that it is mostly written as, capitals and all."""
    forms = Counter(word for text in texts for word in WORD.findall(text) if len(word) <= LONGEST_WORD)
    for word in list(forms):
        if word[1:].islower() and word.lower() != word and word.lower() in forms:  # it only began a sentence or title
            forms[word.lower()] += forms.pop(word)
    shown: dict[str, str] = {}
    for word in sorted(forms, key=lambda word: (-forms[word], word)):
        shown.setdefault(stem(word.lower()), word)
    return shown


def _scores(
    inside: Counter[str], titled: Counter[str], everywhere: Counter[str], size: int, total: int
) -> dict[str, float]:
    """Return how sure it is of each term that more of a topic's papers hold it than of the others.

    That is the z-score of the log-odds ratio with an informative prior (Monroe, Colaresi and Quinn 2008, "Fightin'
    Words", equations 16 and 22), of papers in place of words, up to doubled for a term that stands in the titles.
    """
    scores = {}
    for term, count in inside.items():
        other = everywhere[term] - count
        if count < RARE * size or count == 1 < size or other > COMMON * (total - size):
            continue
        prior = PRIOR * everywhere[term] / total
        odds = math.log((count + prior) / (size + PRIOR - count - prior + 0.5))
        odds -= math.log((other + prior) / (total - size + PRIOR - other - prior + 0.5))
        sure = odds / math.sqrt(1 / (count + prior) + 1 / (other + prior))
        scores[term] = sure * (1 + titled[term] / count) * (PHRASE if " " in term else 1.0)
    return scores


def _unlike(ranked: Iterable[str], taken: set[str]) -> list[str]:
    """Return the first terms of which none holds another nor one that is `taken`; they are then taken, too.

    Terms are compared by letters and digits alone: "long-context" and "long context" are one.
    """
    words: list[str] = []
    for term in ranked:
        key = title_key(term)
        if not any(key in other or other in key for other in taken):
            words.append(term)
            taken.add(key)
        if len(words) == WORDS:
            break
    return words
