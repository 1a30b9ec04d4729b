"""Cut an abstract into passages that join back to it exactly; how they are embedded or found is left to others."""

from __future__ import annotations

from .model import Paper, Passage, Span
from .text import sentences

__all__ = ["LONGEST_PASSAGE", "split"]

LONGEST_PASSAGE = 350
"""Words. Nearly every abstract is one passage: whole abstracts measured better as the unit of search than sentences."""


def split(paper: Paper, longest: int = LONGEST_PASSAGE) -> tuple[Passage, ...]:
    """Return the passages of a paper: runs of whole sentences that cover `abstract[0:len]` without gap or overlap.

    LlamaIndex's sentence splitter proposes the cuts for abstracts of more than `longest` words; a cut that is not at
    the start of a sentence is moved there, so the offsets are true by construction.
    """
    text = paper.abstract
    starts = [0, *_cuts(text, longest)] if len(text.split()) > longest else [0]
    ends = [*starts[1:], len(text)]
    return tuple(
        Passage(paper.id, ordinal, start, end) for ordinal, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


def _cuts(text: str, longest: int) -> list[int]:
    """Return where to cut, in order: positions at which a sentence starts, never 0."""
    from llama_index.core.node_parser import SentenceSplitter

    spans = sentences(text)
    splitter = SentenceSplitter(
        chunk_size=longest,
        chunk_overlap=0,
        tokenizer=str.split,
        chunking_tokenizer_fn=lambda part: _pieces(part, sentences(part)),
        paragraph_separator="\n\n\n",
    )
    cuts, position = [], 0
    for chunk in splitter.split_text(text)[:-1]:
        found = text.find(chunk, position)
        if found < 0:
            continue  # the splitter changed white space inside: no cut is better than a false one
        position = found + len(chunk)
        after = next((start for start, _ in spans if start >= position), None)
        if after is not None and after not in cuts:
            cuts.append(after)
    return cuts


def _pieces(text: str, spans: list[Span]) -> list[str]:
    """Return a text cut at its sentences' starts, with the space between them kept."""
    starts = [0, *(start for start, _ in spans[1:])]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
