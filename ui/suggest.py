"""Questions that the library in use can answer, made from titles and evidence alone; asking them is left to others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise

from rag import Answer, Evidence, Paper, Turn
from rag.text import terms

__all__ = ["EXAMPLES", "examples", "follow_ups", "name_of", "topics"]

EXAMPLES = 3
LOOKED_AT = 400
"""Papers of a large library that examples are made from."""
TRIED = 12
"""Candidates of one kind that are searched for before it is given up."""

Find = Callable[[str], Sequence[Evidence]]

# One word with a capital in it before the colon of a title: a name, and nothing that a title could hide in.
NAME = re.compile(r"(?=.*[A-Z])[A-Za-z][A-Za-z0-9-]{1,24}")
WORD = re.compile(r"[a-z][a-z-]{2,18}")
EMPTY = frozenset(
    """
    a about across against all an analysis and approach approaches are as at based be being better beyond by can case
    closer do does evaluating evaluation exploring for framework from good how improving in into is its language
    large learning less like look make matters method model models more multi need new not novel of on one only or
    over paper papers report show simple small some study survey task tasks technical than that the their them they
    this through to toward towards under understanding unified using via view we what when where which who why with
    without work works you your
    """.split()  # noqa: SIM905
)
"""Words that tell no topic."""
UNFINISHED = frozenset(
    """
    adaptive convolutional deep direct effective efficient expressive fast generative human learned low machine
    multilingual multimodal neural open optimal preference recurrent robust scalable source-free sparse
    """.split()  # noqa: SIM905
)
"""Words that wait for another: "deep neural" is half a topic."""
FORMS = ("What is {}?", "How does {} work?", "What does {} improve on?")
ABOUT = "Which papers are about {}?"


def name_of(paper: Paper) -> str:
    """Return the name that a paper gives to its work, as in "RegMix: data mixture as regression", or nothing."""
    name, colon, _ = paper.title.partition(":")
    name = name.strip()
    # "Many-for-Many" holds no term that a search could look for
    return name if colon and NAME.fullmatch(name) and terms(name) else ""


def topics(papers: Iterable[Paper]) -> list[str]:
    """Return pairs of words that stand in more than one title, the commonest first."""
    counts: Counter[str] = Counter()
    for paper in papers:
        counts.update(set(_pairs(paper.title)))
    return [pair for pair, count in counts.most_common() if count > 1]


def _pairs(title: str) -> Iterator[str]:
    words = re.split(r"[\s:;,?!()/]+", title.lower())
    for left, right in pairwise(words):
        if (
            {left, right}.isdisjoint(EMPTY)
            and right not in UNFINISHED
            and WORD.fullmatch(left)
            and WORD.fullmatch(right)
        ):
            yield f"{left} {right}"


def examples(papers: Sequence[Paper], find: Find) -> tuple[str, ...]:
    """Return up to three questions of different kinds; what `find` returns for each is led by the paper it is about."""
    sample = papers[:: max(1, len(papers) // LOOKED_AT)][:LOOKED_AT]
    named = [paper for paper in sample if name_of(paper)]
    # from the middle on: names at the front of the alphabet are often symbols and articles
    named = named[len(named) // 2 :] + named[: len(named) // 2]
    chosen: list[str] = []
    used: set[str] = set()
    for form in FORMS[:2]:
        found = next(_found(form, [paper for paper in named if paper.id not in used], find), None)
        if found is not None:
            used.add(found[0].id)
            chosen.append(found[1])
    about = (ABOUT.format(topic) for topic in topics(sample)[:TRIED])
    chosen += islice((question for question in about if find(question)), EXAMPLES - len(chosen))
    rest = [paper for paper in sample if paper.id not in used]
    chosen += [question for _, question in islice(_found(FORMS[2], rest, find), EXAMPLES - len(chosen))]
    chosen += [ABOUT.format(pair) for paper in rest for pair in islice(_pairs(paper.title), 1)]
    return tuple(dict.fromkeys(chosen))[:EXAMPLES]


def _found(form: str, papers: Iterable[Paper], find: Find) -> Iterator[tuple[Paper, str]]:
    """Yield papers with the question about each that finds it first."""
    for paper in islice((paper for paper in papers if name_of(paper)), TRIED):
        question = form.format(name_of(paper))
        found = find(question)
        if found and found[0].paper.id == paper.id:
            yield paper, question


def follow_ups(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Return up to three further questions after the last answer: about what it cites, what came near, and the topic.

    Nothing that was asked already is suggested, and no question is made of text that a paper could have chosen freely.
    """
    if not turns:
        return ()
    asked = {_plain(question) for turn in turns for question in (turn.question, turn.answer.standalone_question)}
    answer = turns[-1].answer
    new = [question for question in _candidates(answer) if _plain(question) not in asked]
    return tuple(dict.fromkeys(new))[:EXAMPLES]


def _candidates(answer: Answer) -> Iterator[str]:
    cited = list({citation.paper.id: citation.paper for citation in answer.citations}.values())
    found = [piece.paper for piece in answer.evidence]
    near = [paper for paper in found if paper.id not in {paper.id for paper in cited}]
    about = [ABOUT.format(topic) for topic in topics(found[:8])]
    deeper = [form.format(name_of(paper)) for paper in cited[:2] if name_of(paper) for form in reversed(FORMS)]
    other = [FORMS[0].format(name_of(paper)) for paper in near if name_of(paper)]
    # one of each sort before a second of any
    for group in zip(*(sort + [""] * 3 for sort in (deeper, about, other)), strict=False):
        yield from filter(None, group)


def _plain(question: str) -> str:
    return " ".join(re.findall(r"\w+", question.lower()))
