"""Whether an answer cites the right papers, and whether they say what it says; the check itself is left to `rag`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass

from rag.facts import canonical, values
from rag.model import Paper, Verdict
from rag.support import Check, Idf, check
from rag.text import title_key, words

from .matching import SOURCE_HEAD

__all__ = [
    "Claim", "Support", "citation_f1", "citation_precision", "citation_recall", "fabricated", "failed_values",
    "support_precision", "support_recall", "supports",
]  # fmt: skip

SUPPORTED = frozenset({Verdict.VERBATIM, Verdict.SUPPORTED})


# Cited papers against gold


def citation_recall(cited: Iterable[str], groups: Sequence[frozenset[str]]) -> float | None:
    """Share of the gold groups of which at least one paper is cited; None without gold."""
    met = set(cited)
    return sum(not group.isdisjoint(met) for group in groups) / len(groups) if groups else None


def citation_precision(cited: Iterable[str], groups: Sequence[frozenset[str]], neutral: Set[str]) -> float | None:
    """Share of the cited papers that are gold; every paper of an OR-group is.

    Neutral papers (`ok_papers`) count neither way; None when no other is cited.
    """
    counted = set(cited) - neutral
    gold = frozenset[str]().union(*groups)
    return len(counted & gold) / len(counted) if counted else None


def citation_f1(cited: Collection[str], groups: Sequence[frozenset[str]], neutral: Set[str]) -> float | None:
    """Harmonic mean of citation precision and recall; 0 when nothing that counts is cited, None without gold."""
    if (found := citation_recall(cited, groups)) is None:
        return None
    right = citation_precision(cited, groups, neutral) or 0.0
    return 2 * right * found / (right + found) if right + found else 0.0


# Sentences against what they cite


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence of an answer and the papers that it cites."""

    text: str
    cited: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Support:
    """What the checker says of a claim, and which of its citations it needs (`needed`, one entry a cited paper)."""

    claim: Claim
    found: Check
    needed: tuple[bool, ...]

    @property
    def is_claim(self) -> bool:
        """Whether the sentence claims anything (headings, source lists and scraps do not)."""
        return self.found.verdict is not Verdict.EXEMPT

    @property
    def is_supported(self) -> bool:
        """Whether the union of what it cites supports it."""
        return self.found.verdict in SUPPORTED


def supports(claims: Iterable[Claim], *, question: str = "", idf: Idf | None = None) -> tuple[Support, ...]:
    """Check every claim against the union of what it cites, and each citation by leaving it out.

    A citation is needed when the union supports the claim and either it does so alone or the others without it do not
    (ALCE: Gao et al., EMNLP 2023, section 3). `question` is the stand-alone question, `idf` that of the library.
    """

    def holds(text: str, papers: Sequence[Paper]) -> bool:
        return check(text, papers, question=question, idf=idf).verdict in SUPPORTED

    done = []
    for claim in claims:
        found = check(claim.text, claim.cited, question=question, idf=idf)
        needed = [
            found.verdict in SUPPORTED
            and (holds(claim.text, [paper]) or not holds(claim.text, [*claim.cited[:at], *claim.cited[at + 1 :]]))
            for at, paper in enumerate(claim.cited)
        ]
        done.append(Support(claim, found, tuple(needed)))
    return tuple(done)


def support_recall(checked: Iterable[Support]) -> float | None:
    """ALCE citation recall: supported sentences / claim sentences; None without claims."""
    claims = [one for one in checked if one.is_claim]
    return sum(one.is_supported for one in claims) / len(claims) if claims else None


def support_precision(checked: Iterable[Support]) -> float | None:
    """ALCE citation precision: needed citations / citations of claim sentences.

    0 when there are claims and no citation, as in ALCE; None without claims.
    """
    claims = [one for one in checked if one.is_claim]
    needed = [flag for one in claims for flag in one.needed]
    return (sum(needed) / len(needed) if needed else 0.0) if claims else None


def failed_values(checked: Iterable[Support]) -> tuple[str, ...]:
    """Return the sentences with a number that what they cite does not hold, or that cite nothing for a number.

    The first is the checker's rule 4 (GROUNDING.md 1): it tells a missing number from few common words by its reason.
    """
    return tuple(one.claim.text for one in checked if _failed(one))


def _failed(one: Support) -> bool:
    if one.found.verdict is Verdict.UNCITED:
        return bool(values(canonical(one.claim.text)))
    missing = one.found.verdict is Verdict.UNSUPPORTED and one.found.why.endswith(" is not in the cited text")
    return missing or "unchecked_value" in one.found.flags


# Titles and markers that stand for nothing

MARK = re.compile(r"\[(\d{1,3}(?:\s?[,;]\s?\d{1,3})*)\]")
QUOTED = re.compile(
    r"[\"“]([^\"“”\n]{12,250})[\"”]|(?<![\w*])\*{1,2}([^*\n]{12,250})\*{1,2}(?![\w*])|(?<!\w)_([^_\n]{12,250})_(?!\w)"
)
ENTRY = re.compile(r"\n|;|(?=\[\d{1,3}\])|(?<=\.)\s+(?=[A-Z])")
LEAD = re.compile(r"^[\s\-•*#\d.)(\[\]]+")
FEWEST_TITLE_WORDS = 4
SHORTEST_KEY = 8


def fabricated(
    text: str, *, cited: Iterable[str], numbers: Collection[int], known: Collection[str], context: str = ""
) -> tuple[str, ...]:
    """Return what an answer cites and is not there: titles that no paper has, and markers without a citation.

    Looked at are the titles it cites; every entry of its source list; and what it puts in quotes or emphasis and writes
    like a title (four words and more, most long ones capitalised), unless it stands in `context` (the question and the
    cited texts). `known` holds the `title_key` of every paper of the library, `numbers` those of its citations.
    """
    keys, around = {key for key in known if key}, title_key(context)
    wrong = [title for title in cited if title_key(title) not in keys]
    wrong += [
        f"[{number}]"
        for mark in MARK.finditer(text)
        for number in re.findall(r"\d+", mark.group(1))
        if int(number) not in numbers
    ]
    wrong += [name for name in _listed(text) if not _is_known(title_key(name), keys)]
    for name in _quoted(text):
        key = title_key(name)
        if key not in around and not _is_known(key, keys):
            wrong.append(name)
    return tuple(dict.fromkeys(wrong))


def _listed(text: str) -> list[str]:
    """Return the entries of the source list that could be titles."""
    if (start := SOURCE_HEAD.search(text)) is None:
        return []
    entries = [LEAD.sub("", entry).strip(' .*_"“”') for entry in ENTRY.split(text[start.end() :])]
    return [entry for entry in entries if len(words(entry)) >= FEWEST_TITLE_WORDS]


def _quoted(text: str) -> list[str]:
    """Return what stands in quotes or emphasis and is written like a title."""
    found = ["".join(filter(None, match.groups())).strip() for match in QUOTED.finditer(text)]
    return [name for name in found if _looks_like_title(name)]


def _looks_like_title(name: str) -> bool:
    tokens = re.findall(r"[^\W\d_]+", name)
    long = [token for token in tokens if len(token) > 3]
    return len(tokens) >= FEWEST_TITLE_WORDS and sum(token[0].isupper() for token in long) > len(long) / 2


def _is_known(key: str, known: Collection[str]) -> bool:
    """Tell whether a name is a title, the beginning of one, or holds one (as "Doe et al., Title, 2024" does)."""
    if key in known or len(key) < SHORTEST_KEY:
        return True
    return any(other.startswith(key) or (len(other) >= SHORTEST_KEY and other in key) for other in known)
