"""A comparison -> what is compared, and one list of papers from a search for each; what is quoted is left to others."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from .model import Evidence
from .question import Kind, kind_of
from .text import content

__all__ = ["asks_for_all", "joined", "sides"]

MOST = 3
BETTER = r"(?:better|worse|faster|slower|cheaper|smaller|larger|stronger|weaker|more|less|easier|harder|safer)"
FORMS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"\bbetween (?P<a>.+?) and (?P<b>.+)",
        r"\b(?:compare|contrast)s? (?P<a>.+?) (?:and|with|to|against|versus|vs\.?) (?P<b>.+)",
        r"\bhow (?:do|does|did|is|are) (?P<a>.+?) (?:differ|different|compare[ds]?)\b (?:from|to|with) (?P<b>.+)",
        r"\bhow (?:do|did|are) (?P<a>.+?) and (?P<b>.+?) (?:differ|different|compared?)\b",
        r"\bwhat (?:do|have|did) (?P<a>.+?) and (?P<b>.+?) (?:have |share )?in common\b",
        rf"\b(?:which|what|who)\b.{{0,40}}?\b{BETTER}\b[^,:]{{0,60}}[,:] (?P<a>.+?),? or (?P<b>.+)",
        r"^(?:[^,:]{0,60}[,:] )?(?P<a>.+?) (?:versus|vs\.?) (?P<b>.+)",
    )
)
END = re.compile(r"[?!.;:,](?=\s|$).*$|\s+\b(?:in terms of|with respect to|when it comes to|regarding)\b.*$", re.S)


def sides(question: str) -> tuple[str, ...]:
    """Return what a question compares, two or three things, or nothing when it does not say so plainly.

    "How does Mamba differ from RWKV in terms of memory?" compares "Mamba" and "RWKV".
    """
    plain = " ".join(question.split())
    if kind_of(plain) is not Kind.COMPARISON:
        return ()
    for form in FORMS:
        if match := form.search(plain):
            named = [*re.split(r", (?:and )?", match["a"]), END.sub("", match["b"])]
            found = tuple(dict.fromkeys(side.strip() for side in named if content(side)))
            return found if 2 <= len(found) <= MOST else ()
    return ()


COMPARING = re.compile(r"between|compared?|comparison|contrast|differ(?:ences?|ent)?|versus|vs")


def asks_for_all(question: str, compared: Sequence[str]) -> bool:
    """Tell whether things are to be `compared` as such, not in one respect: it is then told what each of them is."""
    named = [word for side in compared for word in content(side)]
    return bool(named) and all(COMPARING.fullmatch(word) for word in set(content(question)).difference(named))


def joined(
    parts: Sequence[str], whole: Sequence[Evidence], search: Callable[[str], Sequence[Evidence]]
) -> list[Evidence]:
    """Return as many papers as the `whole` question found, the first of each side in front, each paper once.

    Then come, in turn, what the whole question found and what each side found. The scores of a paper are those of the
    search that brought it here.
    """
    by_side = [search(part) for part in parts]
    in_turn = chain.from_iterable(zip_longest(whole, *by_side))
    found: dict[str, Evidence] = {}
    for piece in chain((evidence[0] for evidence in by_side if evidence), filter(None, in_turn)):
        found.setdefault(piece.paper.id, piece)
    return [replace(piece, rank=rank) for rank, piece in enumerate(found.values(), 1)][: len(whole)]
