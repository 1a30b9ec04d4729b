"""all-MiniLM-L6-v2 through onnxruntime: texts -> unit vectors; where its files come from is left to `models.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EmbedderError, shorten
from .int8 import quantised

__all__ = ["DIMENSION", "LONGEST", "MiniLM"]

DIMENSION = 384
LONGEST = 128
"""Tokens of a text that count: as many as the model was trained on, and as its own tokenizer.json says.

Chroma raises it to 256. That takes twice as long, and measured worse or no better in every search (`embed.py`).
"""
BUDGET = 512
"""Tokens of a batch, padding included: on one core larger ones are slower, their matrices leave the cache."""
ALONE = 0
"""The budget under which every text is a batch of its own."""
REMEMBERED = 2048
"""Vectors that are kept, 1.5 kB each: a question is embedded more than once, and the same sentences come up again."""


class MiniLM:
    """A transformer of 6 layers; the mean of its last hidden states over a text's tokens (arXiv:1908.10084, 3).

    Its products are of 8-bit numbers (`int8.py`), which takes half the time; `exact` keeps the 32 bits of the file. No
    difference between the two was significant in any search that was measured. A batch runs on one thread and batches
    run side by side: no thread spins while another process works, questions of several users do not wait for each
    other, and a text's vector does not depend on how many cores there are.
    """

    def __init__(self, folder: Path, *, exact: bool = False) -> None:
        """Load `model.onnx` and `tokenizer.json` of a folder; raise EmbedderError when that fails."""
        try:
            import onnxruntime  # type: ignore[import-untyped]
            from tokenizers import Tokenizer
        except ImportError as error:
            raise EmbedderError(
                f"the embedder 'minilm' cannot be loaded ({shorten(error)})",
                remedy="pip install onnxruntime tokenizers",
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            file = folder / "model.onnx"
            model = str(file) if exact else quantised(file.read_bytes())
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # both libraries raise Exception itself or their own kinds of it
            raise EmbedderError(
                f"the files of the embedder 'minilm' in {shorten(folder, 200)} cannot be loaded ({shorten(error)})",
                remedy="fetch them with: rag models pull --again",
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        # a number is rounded to 8 bits as the least and the greatest of its batch allow
        self._budget = BUDGET if exact else ALONE
        self._workers = _cores()
        self._one = lru_cache(maxsize=REMEMBERED)(lambda ids: self._run([ids])[0])

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), 384), in the order of the texts."""
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        # a tokenizer takes no lone surrogates
        tokens = [self._tokenizer.encode(text.encode("utf-8", "replace").decode()).ids for text in texts]
        batches = list(_batches([len(ids) for ids in tokens], self._budget))
        if len(batches) == 1 or self._workers == 1:
            for batch in batches:
                vectors[batch] = self._rows([tokens[index] for index in batch])
            return vectors
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="minilm")
        try:
            made = pool.map(lambda batch: self._rows([tokens[index] for index in batch]), batches)
            for batch, rows in zip(batches, made, strict=True):
                vectors[batch] = rows
        finally:
            # Ctrl-C waits for the batches at work, not for all
            pool.shutdown(cancel_futures=True)
        return vectors

    def _rows(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the unit vectors of one batch; of a text alone, they may be remembered."""
        return self._run(tokens) if len(tokens) > 1 else self._one(tuple(tokens[0]))[None]

    def _run(self, tokens: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the unit vectors of one batch, padded to its longest text."""
        ids = np.zeros((len(tokens), max(map(len, tokens))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, known in enumerate(tokens):
            ids[row, : len(known)] = known
            mask[row, : len(known)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: NDArray[np.float32] = self._session.run(None, inputs)[0]
        # the mean and the sum point the same way
        pooled = np.einsum("btd,bt->bd", hidden, mask.astype(np.float32))
        return np.asarray(pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield the positions of texts in batches of like length, each within the budget when padded to its longest.

    A text that is longer than the budget is a batch of its own.
    """
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda position: lengths[position]):
        if batch and (len(batch) + 1) * lengths[index] > budget:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _cores() -> int:
    """Return how many cores this process may use."""
    allowed: Any = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    return len(allowed(0)) if allowed else os.cpu_count() or 1
