"""Papers without end, made of made-up words, the same for the same seed; realistic texts are left to `eval`."""

from __future__ import annotations

import random
from collections.abc import Iterator

SYLLABLES = ("ba", "cor", "del", "fen", "gra", "hol", "im", "jun", "kes", "lor", "mi", "nop", "ru", "sta", "ter", "vol")
WORDS = 3000


def abstracts(seed: int, sentences: int = 5) -> Iterator[tuple[str, str]]:
    """Yield titles, no two alike, with abstracts of which each holds the word `abstract`."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(WORDS)]
    number = 0
    while True:
        number += 1
        title = f"{' '.join(chance.choices(words, k=5)).title()} {seed}-{number}"
        text = [f"{' '.join(chance.choices(words, k=chance.randint(8, 24))).capitalize()}." for _ in range(sentences)]
        yield title, " ".join(["This abstract is made up.", *text])
