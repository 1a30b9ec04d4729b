"""What a question asks for: whether it can be searched for, and its kind; what answers it is left to `extract.py`."""

from __future__ import annotations

import re
from enum import StrEnum
from itertools import dropwhile, takewhile

from .errors import QuestionError, shorten
from .text import squash, words

__all__ = ["LONGEST_QUESTION", "Kind", "asked_for", "checked", "is_quantity", "kind_of", "topic"]

LONGEST_QUESTION = 4_000
"""Characters; a longer text is not a question."""


class Kind(StrEnum):
    """What kind of answer a question wants."""

    NUMERIC = "numeric"
    YES_NO = "yes/no"
    LIST = "list"
    FIND = "find"
    """One work is looked for: the best few candidates serve better than one guess."""
    COMPARISON = "comparison"
    DEFINITION = "definition"
    HOW = "how"
    OTHER = "other"


def checked(question: str) -> str:
    """Return the question on one line; raise QuestionError when it is empty, endless or has no word in it."""
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question is {len(question):,} characters long ({shorten(question, 30)!r})",
            remedy=f"ask in at most {LONGEST_QUESTION:,}",
        )
    line = squash("".join(character if character.isprintable() else " " for character in question))
    if not line:
        raise QuestionError("the question is empty", remedy="ask in a few words, as in: which papers prune layers?")
    if not words(line):
        raise QuestionError(f"the question {shorten(line)!r} has no word in it", remedy="ask in a few words")
    return line


PAPER = r"(?:paper|work|study|survey|article|publication|report|project)"
PAPERS = r"(?:papers|works|studies|surveys|articles|publications|reports|projects)"
WORK = (
    rf"(?:{PAPER}|method|approach|technique|model|system|dataset|benchmark|algorithm|framework|architecture|tool|"
    r"embedder|corpus|metric|library)"
)
WORKS = (
    rf"(?:{PAPERS}|methods|approaches|techniques|models|systems|datasets|benchmarks|algorithms|frameworks|"
    r"architectures|teams|efforts|ones|tools|embedders|corpora|metrics|libraries)"
)
FIGURE = (
    r"(?:percentage|percent|fraction|share|proportion|number|size|score|accuracy|speed-?up|ratio|rate|figure|cost|"
    r"amount|factor|count|length|budget|perplexity|bleu|f1|value|total|dimension|resolution|reduction|improvement|gain|"
    r"increase|decrease|margin|error|latency|throughput|recall|precision|multiple|speed|acceleration|utilisation|"
    r"utilization|percentages|scores|rates|pass@1)"
)
BETTER = (
    r"(?:better|worse|best|worst|faster|slower|cheaper|smaller|larger|bigger|stronger|weaker|higher|lower|longer|"
    r"shorter|simpler|easier|harder|safer|greater)"
)
AUXILIARY = r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|must|may|might)"
BETWEEN = rf"(?:(?!(?:of|on|in|for|to|with|by|{AUXILIARY})\b)[\w'-]+ )"
"""A word that may stand between "which" and the noun it asks for."""
ASK = r"(?:find|show|give|list|name|enumerate|recommend|suggest|search)(?: me| for)*"
WHICH = rf"(?:which|what|any|some|all|do any|are there|{ASK})"
MEANS = (
    r"(?:methods?|techniques?|approach|approaches|algorithms?|mechanisms?|tricks?|procedures?|steps?|strateg(?:y|ies))"
)

WITH_IT = r" (?:is|are|was|were|do|does|did) .*\b(?:used?|uses|trained|evaluated?|tested?|compared?|run)\b"
"""How a question goes on that asks what a work used, and not for the work."""

LEAD = re.compile(
    r"^(?:(?:and|but|so|also|or|then|now|well|ok|okay|thanks|please|(?:can|could|would|will) you(?= \w+ )) "
    r"|(?:tell me|i (?:want|would like) to know|do you know) (?=(?:how|which|what|who|why|when|where|whether|if)\b))+"
)
# The first pattern that matches decides, so the more particular kinds stand first.
PATTERNS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        (
            Kind.LIST,
            rf"^{WHICH} {BETWEEN}{{0,3}}?{PAPERS}\b|^{PAPERS} (?:about|on)\b"
            rf"|^(?:which|what) of (?:the|these|those) {PAPERS}\b",
        ),
        (
            Kind.FIND,
            rf"^(?:in )?(?:which|what) {BETWEEN}{{0,2}}?{PAPER}\b"
            rf"|^is there (?:an?|any|one|some) {BETWEEN}{{0,3}}?{WORK}\b"
            rf"|(?:^{ASK}|\blooking for) (?:an?|the|one) {BETWEEN}{{0,3}}?{WORK}\b",
        ),
        (
            Kind.COMPARISON,
            r"\b(?:compare[ds]?|comparison|versus|vs|differences?|differ|contrast|in common)\b"
            r"|\b(?:do|does|of|are|have) both\b|\b(?:which|what) of the (?:two|three)\b"
            r"|^(?:two|three) \w+ "
            rf"|^(?:which|who|what) (?:\w+ ){{1,3}}?(?:{BETTER}|fewer|more|less)\b.* or "
            rf"|^(?:is|are|do|does|which|what)\b.* or .*\b{BETTER}\b",
        ),
        (
            Kind.HOW,
            rf"^(?:what|which) {BETWEEN}{{0,2}}?{MEANS} {AUXILIARY}\b(?!.*\b{PAPERS}\b)"
            r"|\bin what way\b|\bby (?:what|which) means\b|^(?:explain|describe) (?:to me )?how\b",
        ),
        (
            Kind.LIST,
            rf"^{WHICH} {BETWEEN}{{0,3}}?{WORKS}\b|^(?:list|name|enumerate|are there)\b|\bwho else\b"
            r"|^what are (?:some|the|all)\b",
        ),
        (Kind.FIND, rf"^(?:in )?(?:which|what) {BETWEEN}{{0,2}}?{WORK}\b(?! {FIGURE}\b)(?!{WITH_IT})"),
        (
            Kind.NUMERIC,
            r"\bhow (?:many|much|large|big|small|long|fast|often|far|high|low|old|accurate|expensive|deep|wide|few|"
            r"close|near|strong|well)\b"
            rf"|\b(?:what|which)(?: (?:is|are|was|were))? {BETWEEN}{{0,4}}?{FIGURE}\b|\bin percent\b"
            r"|\bwhat is the (?:highest|largest|lowest|smallest|greatest)\b",
        ),
        (
            Kind.DEFINITION,
            r"^(?:what|who) (?:is|are|was|were) |\bwhat does .*\b(?:mean|stand for)\b|^(?:define|explain)\b",
        ),
        (Kind.HOW, rf"^how (?:{AUXILIARY}|to)\b|^what (?:can be done|happens|remedy|trick)\b"),
        (Kind.YES_NO, rf"^(?:{AUXILIARY}(?:n't)?|can't|won't|whether)\b"),
        # a question that begins with its circumstances asks at its end
        (Kind.LIST, rf"\bwhich {PAPERS}\b|\b(?:looking for|need) {BETWEEN}{{0,3}}?(?:{WORKS}|ways)\b"),
        (Kind.HOW, rf"\bhow (?:{AUXILIARY}|to)\b|\bwhat (?:{BETWEEN})?{MEANS}\b"),
    )
)


def kind_of(question: str) -> Kind:
    """Return the kind of a question, decided from its words alone; lead-ins such as "and" do not count."""
    plain = question.replace("’", "'").lower()  # noqa: RUF001
    asked = LEAD.sub("", " ".join(re.findall(r"[\w'-]+", plain)))
    asked = re.sub(r"^(what|who|how)'(?:s|re)\b", r"\1 is", asked)
    return next((kind for kind, pattern in PATTERNS if pattern.search(asked)), Kind.OTHER)


ABOUT = re.compile(
    rf"^(?:(?:in )?{WHICH} |is there )?(?:(?:of )?(?:the|these|those|your|more|other|any|some|an?|one) )?"
    rf"(?:{PAPERS}|{PAPER})(?: (?:here|in (?:the|this|your) library|that|which|do|does|are there|there are))*"
    r" (?:(?:are |is )?(?:about|on|regarding|concerning|related to)|(?:deal|work|focus)(?:s|ing)? (?:with|on)"
    r"|(?:look|talk)(?:s|ing)? (?:at|into|about)|stud(?:y|ies|ying)"
    r"|(?:discuss|address|investigat|explor|examin|consider|describ|cover|tackl|mention|analy[sz])"
    r"(?:e|es|s|ing)?) (?:how |why |whether |the |a |an )*",
    re.I,
)
"""How a question begins that asks for papers about something."""


def topic(question: str) -> str:
    """Return what papers are asked for about, or the question: "Which papers study X?" is answered by X, not by study.

    Words for what papers do would find those that say of themselves that they do it.
    """
    rest = ABOUT.sub("", question, count=1)
    return rest if words(rest) else question


QUANTITY = re.compile(
    r"percent(?:ages?)?|fraction|shares?|proportion|number|size|amount|count|total|factor|fold|figure|value|ratio|times|"
    r"gains?|improvements?|reduction|increase|decrease|margin|multiple|level|degree|extent"
)


def is_quantity(word: str) -> bool:
    """Tell whether a word asks for how much and not of what: any figure answers "what share"."""
    return QUANTITY.fullmatch(word) is not None


WANTED = re.compile(r"\b(?:which|what|whose|how (?:many|much))\b((?: [\w'-]+)*)")
BEFORE = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "the",
        "a",
        "an",
        "kind",
        "kinds",
        "type",
        "types",
        "of",
        "sort",
        "sorts",
        "many",
        "much",
    ]
)
AFTER = frozenset(["in", "on", "for", "to", "with", "by", "when", "if", "than", "of"])


def asked_for(question: str) -> frozenset[str]:
    """Return the words that name what is asked for: from the question word up to the next verb or preposition.

    "What learning rate does it use?" asks for a learning rate; "How does it work?" names nothing.
    """
    match = WANTED.search(" ".join(re.findall(r"[\w'-]+", question.lower())))
    if match is None:
        return frozenset()
    rest = dropwhile(BEFORE.__contains__, match.group(1).split())
    return frozenset(takewhile(lambda word: word not in AFTER and not re.fullmatch(AUXILIARY, word), rest))
