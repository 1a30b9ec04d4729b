"""Paperchat: ask a stack of paper abstracts a question, and see for every sentence whether the abstract says it.

Names are loaded at their first use, so that `import rag` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import PaperchatError
    from .library import Library, answer
    from .model import AddReport, Answer, Citation, Event, Evidence, Paper, Sentence, Turn, Verdict
    from .records import Where
    from .settings import Settings

# name: the module it stands in
_PUBLIC = {
    "AddReport": "model",
    "Answer": "model",
    "Citation": "model",
    "Event": "model",
    "Evidence": "model",
    "Library": "library",
    "Paper": "model",
    "PaperchatError": "errors",
    "Sentence": "model",
    "Settings": "settings",
    "Turn": "model",
    "Verdict": "model",
    "Where": "records",
    "answer": "library",
}

__all__ = [
    "AddReport",
    "Answer",
    "Citation",
    "Event",
    "Evidence",
    "Library",
    "Paper",
    "PaperchatError",
    "Sentence",
    "Settings",
    "Turn",
    "Verdict",
    "Where",
    "answer",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
