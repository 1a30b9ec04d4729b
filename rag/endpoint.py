"""The embedder `endpoint`: vectors of a model behind the OpenAI protocol; the choice of it is left to `embed.py`."""

from __future__ import annotations

import hashlib
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import EmbedderError, ModelError
from .faults import is_loopback, public_address, told
from .settings import Settings

__all__ = ["EndpointEmbedder", "fingerprint"]

BATCH = 64
"""Texts in one request."""
LONGEST = 8000
"""Characters of a text that are sent."""
RETRIED = frozenset({408, 409, 429})
"""Statuses that a second attempt may change, beside 5xx and a lost connection."""
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds before the second attempt, doubled each time, and at most; Retry-After goes before."""


def fingerprint(settings: Settings) -> str:
    """Return what changes with the model; nothing is called for it. Raises EmbedderError when no model is named."""
    name = settings.embedding_model
    if not name:
        raise EmbedderError(
            "the embedder 'endpoint' has no model", remedy="set RAG_EMBEDDING_MODEL to one that OPENAI_BASE_URL serves"
        )
    return f"endpoint-{hashlib.sha256(name.encode()).hexdigest()[:6]}-{name[:16]}"


class EndpointEmbedder:
    """A model that embeds, asked in batches; what was embedded before a failure is not asked for again.

    The dimension is that of the first reply.
    """

    name = "endpoint"

    def __init__(self, settings: Settings) -> None:
        """Load LlamaIndex's client; raise EmbedderError when it, the model's name or the endpoint is missing."""
        self.fingerprint = fingerprint(settings)
        self._model_name = settings.embedding_model or ""
        self._address = settings.openai_base_url
        self._key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
        if not self._address and not self._key:
            raise EmbedderError(
                "the embedder 'endpoint' has no endpoint", remedy="set OPENAI_BASE_URL or OPENAI_API_KEY"
            )
        self._retries = settings.answer_retries
        self._held: dict[str, NDArray[np.float32]] = {}
        self._width = 0
        self._lock = threading.Lock()
        self._client = self._made(settings)

    def _made(self, settings: Settings) -> Any:  # noqa: ANN401
        try:
            import httpx
            from llama_index.embeddings.openai_like import OpenAILikeEmbedding
        except ImportError as error:
            raise self._wrong(error) from None
        connections = httpx.Client(trust_env=not is_loopback(self._address), follow_redirects=True)
        weakref.finalize(self, connections.close)  # an embedder is never closed, only forgotten
        # it logs what it tries again together with the server's words, which may hold the key: so it tries once
        return OpenAILikeEmbedding(
            model_name=self._model_name,
            api_base=self._address or public_address(None),
            api_key=self._key or "none",
            embed_batch_size=BATCH,
            max_retries=0,
            timeout=settings.answer_timeout,
            http_client=connections,
        )

    @property
    def dimension(self) -> int:
        """The length of its vectors; one short text is embedded to learn it."""
        if not self._width:
            self.embed(["dimension"])
        return self._width

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors of shape (len(texts), dimension); a text without a word has a row of zeros.

        Raises EmbedderError when the endpoint fails; the vectors that came before are kept for the next call.
        """
        sent = [" ".join(text.encode("utf-8", "replace").decode().split())[:LONGEST] for text in texts]
        with self._lock:
            missing = [text for text in dict.fromkeys(sent) if text and text not in self._held]
            for first in range(0, len(missing), BATCH):
                batch = missing[first : first + BATCH]
                self._held |= zip(batch, self._asked(batch), strict=True)
            zero = np.zeros(self._width, dtype=np.float32)
            rows = [self._held.get(text, zero) for text in sent]
            self._held.clear()
        return np.stack(rows) if rows else np.zeros((0, self._width), dtype=np.float32)

    def _asked(self, batch: list[str]) -> NDArray[np.float32]:
        """Return the unit vectors of a batch, trying again where that may help."""
        for attempt in range(self._retries + 1):
            try:
                return self._checked(self._client.get_text_embedding_batch(batch), len(batch))
            except EmbedderError:
                raise
            except Exception as error:
                status = getattr(error, "status_code", None)
                lost = "APIConnectionError" in {kind.__name__ for kind in type(error).__mro__}
                again = lost or (isinstance(status, int) and (status in RETRIED or status >= 500))
                if not again or attempt == self._retries:
                    raise self._wrong(error) from None
                time.sleep(_wait(error, attempt))
        raise AssertionError("the last attempt returns or raises")

    def _checked(self, given: object, count: int) -> NDArray[np.float32]:
        """Return what a server sent as unit vectors; raise EmbedderError where it is no such thing."""
        try:
            with np.errstate(over="ignore"):
                vectors = np.asarray(given, dtype=np.float64).astype(np.float32)
        except (TypeError, ValueError):
            vectors = np.zeros(0, dtype=np.float32)
        self._width = self._width or (vectors.shape[1] if vectors.ndim == 2 else 0)
        if vectors.shape != (count, self._width) or not self._width or not np.isfinite(vectors).all():
            raise EmbedderError(
                f"{self._model_name} at {public_address(self._address)} sent vectors of the shape {vectors.shape}, "
                f"not ({count}, {self._width or 'any'})",
                remedy="take a model that embeds with RAG_EMBEDDING_MODEL; after a change run: rag rebuild --embedder "
                "endpoint",
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))

    def _wrong(self, error: Exception) -> EmbedderError:
        fault: ModelError = told(error, model=self._model_name, address=self._address, key=self._key)
        return EmbedderError(fault.what, remedy=fault.remedy.replace("RAG_MODEL", "RAG_EMBEDDING_MODEL"))


def _wait(error: Exception, attempt: int) -> float:
    """Return how many seconds to wait: as many as the server says, else twice as many each time."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        return min(LONGEST_WAIT, max(0.0, float(headers.get("retry-after", ""))))
    except ValueError:
        return float(min(LONGEST_WAIT, FIRST_WAIT * 2**attempt))
