"""The commands about embedders, `rag models` and `rag models pull`; where files lie is left to `models.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from .show import clean
from .terminal import bar, emit

__all__ = ["models"]

models = typer.Typer(invoke_without_command=True, help="Say which embedders are here, and fetch the better one.")


@models.callback()
def here(context: typer.Context) -> None:
    """Say which embedders are here, and fetch the better one."""
    if context.invoked_subcommand is not None:
        return
    from .embed import best
    from .models import folder_of, is_there
    from .settings import load_settings

    folder = load_settings().models
    place = clean(str(folder_of(folder)))
    told = f"in {place}" if is_there(folder) else f"not in {place}: fetch it with: rag models pull"
    emit(f"static: comes along\nminilm: {told}\nauto takes {best(folder)}\n")


@models.command()
def pull(
    again: Annotated[bool, typer.Option("--again", help="Also when the files are there, in place of them.")] = False,
) -> None:
    """Download the files of the embedder minilm (83 MB) to where Chroma keeps them, or to RAG_MODELS."""
    from .models import is_there
    from .models import pull as fetch
    from .settings import load_settings

    settings = load_settings()
    if is_there(settings.models) and not again:
        here_already = fetch(settings.models)
        emit(f"minilm is in {clean(str(here_already))} already\n")
        return
    with bar("downloading minilm") as progress:
        place = fetch(
            settings.models,
            url=settings.models_url,
            sha256=settings.models_sha256,
            again=again,
            progress=progress,
        )
    emit(f"minilm is in {clean(str(place))}; new libraries use it, others after: rag rebuild --embedder auto\n")
