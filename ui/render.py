"""Answer -> HTML and Markdown that show text as it is and run nothing; pure, where it is put is left to the tabs.

What the chat shows is one line that begins with `<div`: Markdown leaves such a block alone, so that abstracts need no
other escape than HTML's. Only the visitor's own questions are Markdown, since they can be edited where they stand.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rag import Answer, Paper, PaperchatError, Sentence, Verdict
from rag.extract import NOT_SAID

__all__ = [
    "answer_html",
    "as_markdown",
    "error_html",
    "escape",
    "filter_label",
    "from_markdown",
    "header_html",
    "is_rewritten",
    "nearest",
    "note_html",
    "partial_html",
    "plural",
    "progress_html",
    "suggestions_html",
    "unique_papers",
]

MARKED = re.compile(r"[!-/:-@\[-`{-~]")
ESCAPED = re.compile(rf"\\({MARKED.pattern})")
MARKER = re.compile(r"\[(\d{1,3})\]")
# Controls, and what turns text around until it is ended: one that is left open would mirror all that follows it.
HIDDEN = dict.fromkeys(
    (*range(9), *range(11, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), None
)
NEAREST = 3
LONGEST = 8_000
"""Characters of one sentence that are shown."""
DOUBTS = {
    Verdict.WEAK: "weakly supported",
    Verdict.UNSUPPORTED: "not supported by its source",
    Verdict.UNCITED: "cites no source",
}
"""The verdicts that are marked on the sentence itself, and what is said of it."""


def escape(text: str) -> str:
    """Return a text as HTML on one line; control characters and marks that mirror what follows are left out."""
    return html.escape(_visible(text).replace("\n", " "))


def _visible(text: str) -> str:
    return text.translate(HIDDEN).encode("utf-8", "replace").decode("utf-8")


def as_markdown(text: str) -> str:
    """Return a text that Markdown shows as it is, on as many lines; `from_markdown` gives the text back."""
    return MARKED.sub(lambda found: f"\\{found[0]}", _visible(text))


def from_markdown(shown: str) -> str:
    """Return the text that `as_markdown` escaped; what was typed into it since may be escaped or not."""
    return ESCAPED.sub(r"\1", shown)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: "1 paper", "2,000 papers"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def filter_label(sources: list[str] | None, first_year: int | None, last_year: int | None) -> str:
    """Return what the filter says when it is folded: what is let through, so that nobody forgets it."""
    parts = [plural(len(sources), "source")] if sources else []
    parts += [f"from {first_year}"] if first_year else []
    parts += [f"until {last_year}"] if last_year else []
    return f"Filtered: {', '.join(parts)}" if parts else "Filter papers"


def unique_papers(answer: Answer) -> dict[int, Paper]:
    """Return the cited papers by their number, in the order of the numbers."""
    return {citation.number: citation.paper for citation in answer.citations}


def nearest(answer: Answer) -> list[Paper]:
    """Return the papers that were found and not cited, nearest first."""
    cited = {paper.id for paper in unique_papers(answer).values()}
    return list({piece.paper.id: piece.paper for piece in answer.evidence if piece.paper.id not in cited}.values())


def is_rewritten(answer: Answer) -> bool:
    """Tell whether another question was searched for than was asked."""
    return answer.standalone_question.split() != answer.question.split()


def answer_html(answer: Answer, turn: int) -> str:
    """Return an answer, the `turn`-th of its conversation from 1: its sentences with `[n]` that lead to `src-turn-n`.

    A refusal says so and leads to the nearest papers, `near-turn-n`.
    """
    parts = [_understood(answer)] if is_rewritten(answer) else []
    parts += _refusal(answer, turn) if answer.abstained else [_said(answer, turn), _proof(answer)]
    parts += [f'<p class="note">{escape(_cut(answer.notice))}</p>'] if answer.notice else []
    return f'<div class="answer">{"".join(parts)}</div>'


def _understood(answer: Answer) -> str:
    return f'<p class="understood">Understood as: <em>{escape(_cut(answer.standalone_question))}</em></p>'


def _said(answer: Answer, turn: int) -> str:
    titles = {number: paper.title for number, paper in unique_papers(answer).items()}
    shown = [_sentence(sentence, turn, titles) for sentence in answer.sentences]
    if not answer.text.startswith("- "):
        return f'<p class="said" dir="auto">{" ".join(shown)}</p>'
    # who asks for papers wants to read their titles
    first = [titles.get(sentence.citations[0], "") if sentence.citations else "" for sentence in answer.sentences]
    of = [f'<span class="of">{escape(_cut(title))}</span>' if title else "" for title in first]
    items = "".join(f"<li>{sentence}{title}</li>" for sentence, title in zip(shown, of, strict=True))
    return f'<ul class="said" dir="auto">{items}</ul>'


def _sentence(sentence: Sentence, turn: int, titles: Mapping[int, str]) -> str:
    cites = "".join(_cite(number, titles.get(number, ""), turn) for number in sentence.citations)
    text = f"<span>{escape(_cut(sentence.text))}</span>"
    if sentence.verdict in DOUBTS:
        said = DOUBTS[sentence.verdict] + (f": {_cut(sentence.why)}" if sentence.why else "")
        text = f'<mark class="doubt">{text}</mark> <small class="why">⚠ {escape(said)}</small>'
    # no line begins with a number: it stays with the word before it
    return f"{text}\u00a0{cites}" if cites else text


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _cite(number: int, title: str, turn: int) -> str:
    shown = f' title="{escape(title[:200])}"' if title else ""
    return f'<a class="cite" href="#src-{turn}-{number}"{shown}>[{number}]</a>'


def _proof(answer: Answer) -> str:
    """Say what the answer rests on, in one line."""
    counts = Counter(sentence.verdict for sentence in answer.sentences)
    papers = plural(len(unique_papers(answer)), "paper")
    total = len(answer.sentences)
    held = counts[Verdict.VERBATIM] + counts[Verdict.SUPPORTED]
    if counts[Verdict.VERBATIM] == total:
        line = f"✓ {plural(total, 'sentence')}, word for word from {papers}"
    elif held == total:
        line = f"✓ {plural(total, 'sentence')}, supported by {papers}"
    else:
        line = f"{held} of {plural(total, 'sentence')} supported by {papers}"
    if answer.mode != "extractive":
        line += f" · written by {answer.mode[:100]}"
    return f'<p class="proof">{escape(line)} <button type="button" class="copy">Copy</button></p>'


OTHERWISE = "Name a method, a dataset or a topic that one of these papers is about, or add papers."
WHOLE = "The whole paper may say it: open it from its abstract. Or ask in other words."


def _refusal(answer: Answer, turn: int) -> Iterator[str]:
    yield f'<p class="refusal" dir="auto">{escape(_cut(answer.reason or answer.text))}</p>'
    near = nearest(answer)
    if papers := near[:NEAREST]:
        items = (
            f'<li><a class="near" href="#near-{turn}-{place}">{escape(paper.title[:500])}</a></li>'
            for place, paper in enumerate(papers, 1)
        )
        yield f'<p class="nearest">Nearest papers</p><ul class="nearest" dir="auto">{"".join(items)}</ul>'
    left_out = any(answer.reason == NOT_SAID.format(paper.title) for paper in near)
    yield f'<p class="hint">{WHOLE if left_out else OTHERWISE}</p>'


def partial_html(sentences: Iterable[Sentence], tail: str, turn: int) -> str:
    """Return an answer that is still being written: the sentences checked so far, then text that is not checked yet."""
    done = [_sentence(sentence, turn, {}) for sentence in sentences]
    lines = [MARKER.sub(rf'<a class="cite" href="#src-{turn}-\1">[\1]</a>', escape(line)) for line in tail.split("\n")]
    said = " ".join([*done, "<br>".join(lines)])
    return f'<div class="answer writing"><p class="said" dir="auto">{said}</p></div>'


def progress_html(doing: str) -> str:
    """Return what is being done, in words."""
    return f'<div class="answer doing"><p role="status">{escape(doing)}…</p></div>'


def note_html(text: str) -> str:
    """Return a line in the place of an answer that says what became of it."""
    return f'<div class="answer"><p class="note">{escape(text)}</p></div>'


def error_html(error: PaperchatError) -> str:
    """Return an error in the place of an answer: what failed, and what to do next."""
    what = escape(error.what[:1].upper() + error.what[1:])
    remedy = f'<p class="hint">{escape(error.remedy[:1].upper() + error.remedy[1:])}</p>' if error.remedy else ""
    return f'<div class="answer error"><p class="refusal">{what}.</p>{remedy}</div>'


def suggestions_html(questions: Iterable[str]) -> str:
    """Return buttons, each with a question that could be asked next."""
    return "".join(f'<button type="button">{escape(question)}</button>' for question in questions)


def header_html(facts: Sequence[str], banner: str = "") -> str:
    """Return the head of the page: its name, what it talks about, and the switch between light and dark."""
    said = "".join(f"<span>{escape(fact)}</span>" for fact in facts)
    dismiss = '<button type="button" aria-label="Hide this note">✕</button>'
    note = f'<p class="banner"><span>{escape(banner)}</span>{dismiss}</p>' if banner else ""
    switch = '<button type="button" id="theme" aria-label="Switch between light and dark">◐</button>'
    return f'<header><h1>Paperchat</h1><p class="facts">{said}</p>{switch}</header>{note}'
