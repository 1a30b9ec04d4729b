"""What a text asserts (values, names, negations), in comparable form; judging by it is left to support.py."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .text import STOP_WORDS, normalise, squash, stem, words

__all__ = [
    "Value", "canonical", "grams", "holds_name", "initials", "names", "negated", "opposites", "show", "sizes", "stands",
    "values",
]  # fmt: skip

Value = tuple[float, str]
"""A number and its unit class: "%", "x" (a factor) or "" (anything else)."""

# Characters that are not seen (soft hyphen, zero width, direction marks) and marks that differ by style only.
UNSEEN = dict.fromkeys([0xAD, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A)])
STYLE = str.maketrans("", "", "'\"*«»")
MARKER = re.compile(r"\s?\[[1-9]\d{0,2}(?:\s?[,;-]\s?\d{1,3})*\]")
BULLET = re.compile(r"^(?:[-•·+]|\(?\d{1,2}[.)])\s")


def canonical(text: str) -> str:
    """Return the form in which a sentence is looked for in a text: normalised, without markers, quotes or emphasis."""
    plain = MARKER.sub("", normalise(squash(text.translate(UNSEEN))))
    return squash(BULLET.sub("", squash(plain.translate(STYLE))))


# Values. Everything below reads canonical text.
SCALES = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12}
SCALE_WORDS = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
DECADES = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: number for number, word in enumerate(f"zero {ONES} eighteen nineteen".split())}
TENS = {word: 10 * number for number, word in enumerate(DECADES.split(), 2)}
SPELLED = "|".join([*SMALL, *TENS, *SCALE_WORDS])
ORDINALS = frozenset({"st", "nd", "rd", "th"})
ENUMERATOR = re.compile(r"\(\d{1,2}\)")
# A digit run that begins a token, or follows "3x" or LaTeX residue ("ge10"); "gpt-4" and "v2" are names.
NUMBER = re.compile(
    r"(?:(?<![^\W_])(?<![^\W\d_]-)(?<!\d\.)|(?<=\dx)|(?<![^\W_])(?:ge|geq|le|leq|sim|approx|pm|gt|lt))"
    r"(\d{1,30}(?:\.\d{1,30})?)(?!\d)"
    r"(?:\s?(%|percent\b|per cent\b)|[\s-]?(hundred|thousand|million|billion|trillion)\b|([a-z]{1,12})|[\s-](fold)\b)?"
)
WORD_NUMBER = re.compile(
    r"(?<!\d )(?<!\d-)\b(?:(?:an?|one)[\s-](?=hundred|thousand|million|billion|trillion))?"
    rf"((?:{SPELLED})(?:[\s-](?:{SPELLED})){{0,7}})\b"
    r"(?:[\s-]?(times|fold|percent|per cent)\b)?"
)
# "Two of the papers": how many papers are cited is not a value that an abstract could hold.
ABOUT_PAPERS = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\d) "
    r"(?=(?:of )?(?:the |these )?(?:cited |retrieved )?(?:papers?|works|studies|abstracts?)\b)"
)


SIZE_IN_NAME = re.compile(r"(?<=[^\W_]-)(\d{1,9}(?:\.\d{1,9})?)([bm])\b")


def sizes(text: str) -> list[Value]:
    """Return the sizes inside the names of canonical text: what "llama-7b" lets a sentence say of "the 7B model"."""
    return [(float(number) * SCALES[scale], "") for number, scale in SIZE_IN_NAME.findall(text)]


def values(text: str) -> list[Value]:
    """Return the values of canonical text in order: digits and number words, scaled; no ordinals, no enumerators.

    "one" is a pronoun more often than a number and is no value unless a scale follows it.
    """
    text = ABOUT_PAPERS.sub(" ", ENUMERATOR.sub(" ", text))
    found = [(match.start(), _digits(match)) for match in NUMBER.finditer(text)]
    found += [(match.start(), value) for match in WORD_NUMBER.finditer(text) for value in _spelled(match)]
    return [value for _, value in sorted(found, key=lambda pair: pair[0]) if value is not None]


def _digits(match: re.Match[str]) -> Value | None:
    """Read one run of digits with what is glued to it; None for an ordinal."""
    digits, percent, scale, suffix, fold = match.groups()
    if suffix in ORDINALS:
        return None
    unit = "%" if percent else "x" if fold or suffix in {"x", "fold"} else ""
    factor = SCALE_WORDS.get(scale or "", 1.0) * SCALES.get(suffix or "", 1.0)
    return float(f"{float(digits) * factor:.12g}"), unit


def _spelled(match: re.Match[str]) -> list[Value]:
    """Read a run of number words: "two hundred fifty" is one value, "four two" is two."""
    after = match.group(2)
    unit = "" if after is None else "%" if after.startswith("per") else "x"
    total, part, done = 0.0, 0.0, []
    run = re.split(r"[\s-]", match.group(1))
    for word in run:
        if word in SCALE_WORDS:
            part = (part or 1.0) * SCALE_WORDS[word]
            if SCALE_WORDS[word] > 100:
                total, part = total + part, 0.0
            continue
        number = float(SMALL.get(word, TENS.get(word, 0)))
        if part % 100 and not (word in SMALL and 0 < number < 10 and part % 100 >= 20 and part % 10 == 0):
            done.append(total + part)
            total = part = 0.0
        part += number
    done.append(total + part)
    return [(value, unit) for value in done if run != ["one"]]


def show(value: Value) -> str:
    """Write a value for a person: 35%, 2.7x."""
    return f"{value[0]:.12g}{value[1]}"


def stands(value: Value, held: Iterable[Value]) -> bool:
    """Tell whether a value is among others; a percentage is no factor, an unmarked number may be either."""
    number, unit = value
    return any(number == other and (not unit or not its or unit == its) for other, its in held)


# Names. These read raw text, since case tells a name from a word.
TOKEN = re.compile(r"[^\W_]++(?:[-.‐‑'’][^\W_]++)*+")  # noqa: RUF001
INITIAL = re.compile(r"(?:^|[.!?:]\s|\n)[\s\"'“‘(*#\[-]*$")  # noqa: RUF001
RESIDUE = re.compile(r"(?:ge|geq|le|leq|sim|approx|pm|gt|lt|times|textit|textbf)\d*")


def names(text: str) -> list[str]:
    """Return the names of a raw sentence: mixed case, letters with digits, or a capital that begins no sentence."""
    text = squash(MARKER.sub("", text.translate(UNSEEN)))
    found = []
    for match in TOKEN.finditer(text):
        token = match.group()
        if token[0].isdigit() or token.lower() in STOP_WORDS or RESIDUE.fullmatch(token):
            continue
        if _is_name(token, initial=INITIAL.search(text[max(0, match.start() - 8) : match.start()]) is not None):
            found.append(token)
    return list(dict.fromkeys(found))


def _is_name(token: str, *, initial: bool) -> bool:
    if any(character.isdigit() for character in token):
        return True
    parts = re.split(r"[^\w]", token)
    if any(not part[1:].islower() and part[1:].lower() != part[1:] for part in parts):
        return True
    return not initial and token[0].isupper() and len(token) > 1


def grams(text: str, longest: int = 4) -> frozenset[str]:
    """Return every run of 1 to `longest` words of a text, joined without spaces: its names in hyphen-free form."""
    run = words(text)
    return frozenset("".join(run[i : i + n]) for n in range(1, longest + 1) for i in range(len(run) - n + 1))


def initials(text: str) -> str:
    """Return the first letters of a text's words, with a space for each stop word: where an acronym may stand."""
    return "".join(" " if word in STOP_WORDS else word[0] for word in words(text))


SIZE = re.compile(r"\d+(?:\.\d+)?[kmbt]")


def holds_name(name: str, known: frozenset[str], initials: str) -> bool:
    """Tell whether a name stands in a text, given by its `grams` and by the initials of its words.

    It does hyphen-free, in singular or plural, as an acronym, by 70 % of its letters, or part by part.
    """
    parts = words(name)
    whole = "".join(parts)
    if any(form in known for form in (whole, whole.removesuffix("s"), whole + "s", whole.removesuffix("es"))):
        return True
    letters = name.removesuffix("s")
    if letters.isupper() and letters.isalpha() and len(letters) > 1 and letters.lower() in initials:
        return True
    if whole.isalpha() and len(parts) == 1:
        head = whole[: -(-len(whole) * 7 // 10)]
        return len(head) >= 4 and any(word.startswith(head) for word in known)
    return _parts_hold(name, known)


def _parts_hold(name: str, known: frozenset[str]) -> bool:
    """Tell whether a hyphenated name holds by its parts: a known head, then plain or known words or known sizes."""
    parts = re.split(r"[-‐‑]", name)  # noqa: RUF001
    if len(parts) < 2:
        return False
    for cut in range(len(parts), 0, -1):
        if "".join(words(" ".join(parts[:cut]))) in known:
            return all(_tail_holds(part, known) for part in parts[cut:])
    return False


def _tail_holds(part: str, known: frozenset[str]) -> bool:
    plain = part.lower()
    if any(character.isdigit() for character in plain):
        return SIZE.fullmatch(plain) is not None and plain in known
    return part.islower() or plain in known


# Polarity.
NEGATORS = frozenset({"not", "no", "never", "neither", "nor", "none", "cannot", "without", "hardly", "rarely"})
NT_VERBS = "do does did is are was were wo would ca could should has have had"
NT_FORMS = frozenset(f"{verb}nt" for verb in NT_VERBS.split())
PAIRS = """
    increase/decrease increase/reduce increase/lower improve/degrade improve/worsen improve/impair improve/hurt
    better/worse best/worst higher/lower high/low faster/slower fast/slow larger/smaller large/small bigger/smaller
    outperform/underperform strong/weak stronger/weaker positive/negative gain/loss above/below before/after
    more/less more/fewer many/few most/least always/never maximize/minimize maximum/minimum rise/fall grow/shrink
    help/hurt benefit/harm cheap/expensive simple/complex simple/complicated easy/hard easier/harder short/long
    shorter/longer success/failure succeed/fail same/different similar/different sparse/dense local/global
    lossless/lossy upper/lower early/late earlier/later accelerate/slow robust/fragile robust/brittle accurate/wrong
    superior/inferior exceed/trail enable/prevent allow/prevent support/contradict include/exclude add/remove
    add/subtract strengthen/weaken new/old narrow/broad narrow/wide raise/lower raise/reduce boost/reduce
    enhance/reduce enhance/degrade expand/shrink common/rare frequent/rare frequently/rarely often/rarely
    static/dynamic sufficient/lacking public/private open/closed online/offline efficient/wasteful safe/harmful
    consistent/erratic true/false correct/wrong full/partial deep/shallow significant/negligible
    substantial/negligible effective/ineffective smooth/rough gain/drop
"""
NEGATIVE_PREFIXES = ("un", "in", "im", "non", "dis", "ir", "mis")
NOT_A_PREFIX = frozenset({"struct", "form", "vers", "tegrat", "teract", "tens", "vestig", "crease", "creas", "cours"})


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in PAIRS.split():
        left, right = (stem(word) for word in pair.split("/"))
        table.setdefault(left, set()).add(right)
        table.setdefault(right, set()).add(left)
    return {key: frozenset(found) for key, found in table.items()}


OPPOSITES = _opposites()


def opposites(stemmed: str) -> frozenset[str]:
    """Return the stems that mean the opposite of one: by the list, or by a negative prefix put on or taken off."""
    bare = {stemmed[len(prefix) :] for prefix in NEGATIVE_PREFIXES if stemmed.startswith(prefix)}
    made = {prefix + stemmed for prefix in NEGATIVE_PREFIXES} if len(stemmed) > 3 else set()
    bare = {word for word in bare if len(word) > 3} - NOT_A_PREFIX
    return OPPOSITES.get(stemmed, frozenset()) | (frozenset() if stemmed in NOT_A_PREFIX else made) | bare


def negated(text: str, reach: int = 2) -> frozenset[str]:
    """Return the stems that negations in canonical text bear on: `reach` content words after, or one before."""
    run = words(text)
    found: set[str] = set()
    for position, word in enumerate(run):
        if word not in NT_FORMS and word not in NEGATORS:
            continue
        after = [stem(near) for near in run[position + 1 : position + 8] if near not in STOP_WORDS][:reach]
        before = [stem(near) for near in run[max(0, position - 4) : position] if near not in STOP_WORDS][-1:]
        found.update(after or before)
    return frozenset(found)
