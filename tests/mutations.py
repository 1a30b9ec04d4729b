"""Ways to make a true sentence false, or only different, to measure a checker with; the checker is left to its tests.

Every function is pure: the same sentence and the same state of `random.Random` give the same result; None means that
the mutation does not apply. The antonyms and verbs are this file's own, so that a checker cannot share its list with
its test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

__all__ = ["entities", "nearest_paper", "negate", "reword", "swap_antonym", "swap_entity", "swap_number"]

FUNCTION_WORDS = (
    (r"\bIn this (?:paper|work|study), we\b", "The authors"),
    (r"\b[Ww]e\b", "the authors"),
    (r"\b[Oo]ur\b", "their"),
    (r"\bwhich\b", "that"),
    (r"\bsuch as\b", "like"),
    (r"\bin order to\b", "to"),
    (r"\bdue to\b", "because of"),
    (r"\bThis\b", "The"),
    (r"\bHowever, ", "But "),
    (r"\bwhile\b", "whereas"),
    (r"\bas well as\b", "and"),
    (r"\bover\b", "more than"),
    (r"\busing\b", "with"),
    (r"\bvia\b", "by means of"),
    (r"\bthrough\b", "by way of"),
    (r"\balso\b", "additionally"),
    (r"\b(?:Moreover|Furthermore|Additionally), ", "Also, "),
)
CLAUSE = re.compile(r"^([^,()]{12,}), ([^,()]{12,})([.!?])$")


def reword(sentence: str, random: Random) -> str:
    """Reword lightly, keeping the meaning: other function words, clauses in another order, or a phrase in front."""
    text = sentence
    clause = CLAUSE.match(sentence)
    if clause is not None and random.random() < 0.5:
        first, second, mark = clause.groups()
        text = f"{second[0].upper()}{second[1:]}, {_lower_first(first)}{mark}"
    for pattern, other in FUNCTION_WORDS:
        text = re.sub(pattern, other, text)
    if text == sentence:
        text = f"According to the authors, {_lower_first(sentence)}"
    return text[0].upper() + text[1:]


def _lower_first(text: str) -> str:
    first = text.split(" ", 1)[0]
    return text if first[1:].lower() != first[1:] or any(c.isdigit() for c in first) else text[0].lower() + text[1:]


NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\d,-]|\.\d)(?!\)\s|st\b|nd\b|rd\b|th\b)")


def swap_number(sentence: str, random: Random) -> str | None:
    """Give one number of the sentence another value of the same kind."""
    found = list(NUMBER.finditer(sentence))
    if not found:
        return None
    match = random.choice(found)
    old = match.group().replace(",", "")
    taken = {other.group().replace(",", "") for other in found}
    factor = random.choice([0.3, 0.5, 0.7, 1.3, 1.7, 2.5])
    places = len(old.partition(".")[2])
    new = f"{float(old) * factor:.{places}f}"
    while new in taken:
        new = f"{float(new) + 1:.{places}f}"
    return sentence[: match.start()] + new + sentence[match.end() :]


ENTITY = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w.]*[A-Z0-9][\w.]*\w|[A-Z][a-z]{3,})(?:-[A-Z0-9]\w*)?(?![\w-])")


def entities(text: str) -> list[str]:
    """Return the names inside sentences of a text, as they are written."""
    return list(dict.fromkeys(ENTITY.findall(text)))


def swap_entity(sentence: str, random: Random, pool: Sequence[str], context: str) -> str | None:
    """Put a name from `pool` that `context` does not hold in the place of a name of the sentence."""
    found = list(ENTITY.finditer(sentence))
    others = [name for name in pool if name.lower() not in context.lower()]
    if not found or not others:
        return None
    match = random.choice(found)
    return sentence[: match.start()] + random.choice(others) + sentence[match.end() :]


AUXILIARY = re.compile(
    r"(?<!not )\b(is|are|was|were|can|could|will|would|has|have|should|must|may|might|does|do)\b(?! not| no)"
)
WE_VERB = re.compile(r"\b([Ww]e|[Tt]he authors) (?=[a-z]{3,}\b)")
VERB = re.compile(
    r"\b(achieve|outperform|improve|reduce|show|demonstrate|enable|require|provide|yield|use|remain|lead|allow|surpass|exhibit|"
    r"offer|suffer|make|depend|support|generate|learn|produce|exceed|match|need|reveal|introduce)(s?)\b"
)


def negate(sentence: str, random: Random) -> str | None:
    """Insert a negation at a verb."""
    choices: list[Callable[[], str]] = []
    if (match := AUXILIARY.search(sentence)) is not None:
        at = match.end()
        choices.append(lambda: f"{sentence[:at]} not{sentence[at:]}")
    if (subject := WE_VERB.search(sentence)) is not None and AUXILIARY.match(sentence, subject.end()) is None:
        after = subject.end()
        choices.append(lambda: f"{sentence[:after]}do not {sentence[after:]}")
    elif (verb := VERB.search(sentence)) is not None and not sentence[: verb.start()].endswith(("to ", "not ", "not")):
        helper = "does not " if verb.group(2) else "do not "
        start, end, base = verb.start(), verb.end(), verb.group(1)
        choices.append(lambda: sentence[:start] + helper + base + sentence[end:])
    return random.choice(choices)() if choices else None


OPPOSED = """
    improves/worsens improve/worsen improved/worsened improving/worsening reduces/increases reduce/increase
    reducing/increasing reduced/increased increases/decreases increase/decrease increasing/decreasing higher/lower
    lower/higher better/worse faster/slower slower/faster larger/smaller smaller/larger large/small small/large
    high/low low/high outperforms/underperforms outperform/underperform outperforming/underperforming
    efficient/inefficient effective/ineffective strong/weak simple/complicated complex/simple
    significant/insignificant significantly/insignificantly superior/inferior robust/fragile best/worst cheap/costly
    expensive/cheap first/last fewer/more accurate/inaccurate consistent/inconsistent success/failure
    successful/unsuccessful easily/hardly similar/dissimilar open/closed limited/unlimited new/old novel/known
    challenging/trivial difficult/easy crucial/irrelevant important/unimportant comprehensive/superficial
    diverse/uniform enhances/diminishes enhance/diminish enhancing/diminishing capable/incapable
    supervised/unsupervised public/private
"""
ANTONYMS = dict(pair.split("/") for pair in OPPOSED.split())
ANTONYM = re.compile(rf"\b(?:{'|'.join(ANTONYMS)})\b")


def swap_antonym(sentence: str, random: Random) -> str | None:
    """Put the opposite in the place of one word."""
    found = list(ANTONYM.finditer(sentence))
    if not found:
        return None
    match = random.choice(found)
    return sentence[: match.start()] + ANTONYMS[match.group()] + sentence[match.end() :]


def nearest_paper(place: int, bags: Sequence[dict[str, float]]) -> int:
    """Return the place of the bag of weighted terms with the largest cosine to that at `place`, which is left out."""

    def cosine(other: dict[str, float]) -> float:
        norm = sum(weight * weight for weight in other.values()) ** 0.5
        return sum(weight * other.get(key, 0.0) for key, weight in bags[place].items()) / (norm or 1.0)

    return max((i for i in range(len(bags)) if i != place), key=lambda i: cosine(bags[i]))
