"""What can be set, by argument, variable or `.env`, in this order; what a setting does is left to the parts."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import UsageError, shorten

__all__ = ["Settings", "load_settings"]

ALIASES = {
    "openai_api_key": "OPENAI_API_KEY",
    "openai_base_url": "OPENAI_BASE_URL",
    "model": "RAG_MODEL",
    "embedding_model": "RAG_EMBEDDING_MODEL",
}
"""The settings that other programs name too."""


class Settings(BaseSettings):
    """Frozen settings; every field can be given as an argument or as the variable `RAG_<FIELD>`.

    Keys are held as secrets: they show as asterisks in `repr`, errors and logs.
    """

    model_config = SettingsConfigDict(
        env_prefix="RAG_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    library: Path = Path(".rag")
    """The folder that holds a library."""
    embedder: Literal["auto", "static", "minilm", "minilm-exact", "endpoint"] = "auto"
    """Which embedder a new library is made with; an opened one keeps its own."""
    models: Path | None = None
    """The folder of the files that `rag models pull` fetches; None: Chroma's own cache, below the home."""
    models_url: str | None = None
    """Where they are fetched from; None: from where Chroma fetches them."""
    models_sha256: str | None = None
    """The sum that the fetched archive must have; None: that of Chroma's."""
    catalogue_url: str | None = None
    """A Postgres database that many machines share, as in postgresql://user@host/name; None: SQLite in the folder."""
    chroma_url: str | None = None
    """A Chroma server, as in http://127.0.0.1:8000; None: Chroma embedded in the folder."""
    store_documents: bool = True
    """Whether Chroma holds the text of passages, so that other clients can read it."""
    lock_timeout: float = Field(default=30.0, ge=0)
    """Seconds that a second writer waits for the first."""
    server_timeout: float = Field(default=10.0, gt=0)
    """Seconds after which a server that does not answer counts as down."""
    candidates: int = Field(default=50, ge=10, le=1000)
    """How many passages each ranking proposes before they are fused."""
    exact_below: int = Field(default=400_000, ge=0)
    """Passages up to which a question is compared with every vector; above, Chroma's index is asked (0: always)."""
    dense_weight: float | None = Field(default=None, ge=0, le=1)
    """The share of the dense score in the fused one, the rest being BM25's; None: what suits the embedder."""
    feedback: int = Field(default=3, ge=0, le=50)
    """How many first results move the question's vector before the second scoring; 0 turns that off."""
    synonyms: float = Field(default=0.6, ge=0, le=1)
    """What BM25 gives a word that the static word vectors put near one of the question's, times their cosine."""
    openai_api_key: SecretStr | None = Field(default=None, validation_alias=AliasChoices("OPENAI_API_KEY"))
    openai_base_url: str | None = Field(default=None, validation_alias=AliasChoices("OPENAI_BASE_URL"))
    model: str | None = Field(default=None, validation_alias=AliasChoices("RAG_MODEL", "OPENAI_MODEL"))
    """The model that writes answers; None: the first one that OPENAI_BASE_URL serves, and with a key alone none."""
    embedding_model: str | None = Field(
        default=None, validation_alias=AliasChoices("RAG_EMBEDDING_MODEL", "OPENAI_EMBEDDING_MODEL")
    )
    """The model of the embedder `endpoint`."""
    grounding: Literal["mark", "strict", "repair"] = "mark"
    """What becomes of a model's unsupported sentences: marked, left out, or told to the model for a second try."""
    answer_timeout: float = Field(default=60.0, gt=0)
    """Seconds of silence after which a model is given up."""
    answer_retries: int = Field(default=2, ge=0, le=10)
    """Further attempts after a lost connection, 408, 409, 429 or 5xx."""
    answer_tokens: int = Field(default=800, ge=16, le=32_000)
    """Tokens that an answer may have; a model that thinks first needs more."""
    answer_papers: int = Field(default=6, ge=1, le=10)
    """Papers that a model is shown at most."""
    requests_at_once: int = Field(default=4, ge=1, le=64)
    """Requests to a model at the same time; further ones wait."""
    rewrite_followups: bool = False
    """Whether the model says a follow-up as a question of its own: one call more."""
    pseudo_abstracts: int = Field(default=0, ge=0, le=5)
    """How many abstracts the model makes up to search by as well: one call more."""
    split_comparisons: bool = False
    """Whether the model cuts a comparison into questions that are searched one by one: one call more."""
    rerank: int = Field(default=0, ge=0, le=50)
    """How many first results the model puts in order: one call more; 0 turns that off."""
    best_of: int = Field(default=1, ge=1, le=8)
    """How many answers are written, of which the best supported is given."""


def load_settings(**given: object) -> Settings:
    """Return the settings, `given` ones first (None: not given); raise UsageError naming what is wrong."""
    if unknown := sorted(set(given) - set(Settings.model_fields)):
        raise UsageError(
            f"there is no setting {shorten(unknown[0])!r}", remedy=f"take one of: {', '.join(Settings.model_fields)}"
        )
    # by its alias, or the variable of that name would win over the argument
    named = {ALIASES.get(name, name): value for name, value in given.items() if value is not None}
    try:
        return Settings(**named)  # type: ignore[arg-type]
    except ValidationError as error:
        raise _wrong(error) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the file .env cannot be read ({shorten(error)})", remedy="correct it or remove it") from None


def _wrong(error: ValidationError) -> UsageError:
    """Return what to tell about a setting that is not valid; never the value of a key."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]).upper()
    variable = name if name.startswith(("OPENAI", "RAG_")) else f"RAG_{name}"
    shown = "a value" if "KEY" in variable else repr(shorten(first["input"], 60))
    return UsageError(
        f"{variable} is set to {shown}, which is not valid ({first['msg']})",
        remedy="correct the argument, the variable or the line in .env",
    )
