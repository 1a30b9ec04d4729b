"""The command `rag-ui`: reads its options, opens the library, listens; what is served is left to `site.py`."""

from __future__ import annotations

import socket
import threading
import webbrowser
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from rag import Library, PaperchatError, Settings
from rag.errors import UsageError, shorten
from rag.opening import is_there
from rag.settings import load_settings
from rag.terminal import bar, complain, note, prepare

from .address import is_loopback
from .context import Context

__all__ = ["app", "main"]

app = typer.Typer(
    name="rag-ui",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def serve(
    library: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The library's folder (default: RAG_LIBRARY, or .rag).")
    ] = None,
    host: Annotated[str, typer.Option(help="The address to listen on; any but this machine's own needs --auth.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 7860,
    auth: Annotated[
        str | None,
        typer.Option(metavar="USER:PASSWORD", envvar="RAG_UI_AUTH", help="Ask visitors for this name and password."),
    ] = None,
    root_path: Annotated[str, typer.Option(metavar="PATH", help="Where a proxy in front of this puts it.")] = "",
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer `ask` as an MCP tool too.")] = False,
) -> None:
    """Chat with the papers of a library in the browser; the first time, with the starter library."""
    try:
        _serve(library, host, port, users=_users(auth), root_path=root_path, open_page=open_page, mcp=mcp)
    except PaperchatError as error:
        complain(error)
        raise typer.Exit(2 if isinstance(error, UsageError) else 1) from None
    except KeyboardInterrupt:
        note("ended")


def _serve(
    folder: Path | None,
    host: str,
    port: int,
    *,
    users: tuple[str, str] | None,
    root_path: str,
    open_page: bool,
    mcp: bool,
) -> None:
    if not is_loopback(host) and users is None:
        raise UsageError(
            f"{shorten(host)} can be reached from other machines, and nobody would be asked for a password",
            remedy="say --auth USER:PASSWORD, or leave --host away",
        )
    with _listening(host, port) as listening:
        settings = load_settings(library=folder)
        library, is_new = _library(settings)
        with library:
            note("starting the page")
            from .site import site

            context = Context(settings, library, is_new)
            threading.Thread(target=_warm, args=(library,), name="warm", daemon=True).start()
            _run(site(context, users=users, root_path=root_path, mcp=mcp), listening, host, open_page=open_page)


def _users(auth: str | None) -> tuple[str, str] | None:
    if auth is None:
        return None
    name, colon, password = auth.partition(":")
    if not (name and colon and password):
        raise UsageError("--auth has no name or no password", remedy="say --auth USER:PASSWORD")
    return name, password


def _listening(host: str, port: int) -> socket.socket:
    """Take the port before anything slow is done, so that a port in use is told at once."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with ExitStack() as unless_it_works:
            listening = unless_it_works.enter_context(socket.socket(family, socket.SOCK_STREAM))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(128)
            unless_it_works.pop_all()
    except OSError as error:
        raise UsageError(
            f"cannot listen on {shorten(host)}:{port} ({error.strerror or error})",
            remedy="take another port with --port, or 0 for a free one",
        ) from None
    return listening


def _library(settings: Settings) -> tuple[Library, bool]:
    """Open the library; on a machine without one, make it with the starter papers. Tell whether that was done."""
    is_new = not is_there(settings.library, settings)
    library = Library.open(settings.library, create=True, settings=settings, tell=note)
    if is_new:
        with bar("making the starter library") as progress:
            library.add(starter=True, progress=progress)
    return library, is_new


def _warm(library: Library) -> None:
    """Load what the first question needs while nobody waits for it yet."""
    try:
        library.search("what the first question needs", 1)
        if library.model is not None:
            library.model.prepare()
    except PaperchatError as error:
        complain(error)  # whoever asks is told too, and gets what can be had without


def _run(served: Any, listening: socket.socket, host: str, *, open_page: bool) -> None:  # noqa: ANN401
    import uvicorn

    port = listening.getsockname()[1]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    note(f"the page is at {url} (Ctrl-C ends it)")
    if open_page:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    uvicorn.Server(uvicorn.Config(served, log_level="warning", timeout_graceful_shutdown=2)).run(sockets=[listening])


def main() -> None:
    """Run the command; the entry point `rag-ui`."""
    prepare()
    app(prog_name="rag-ui")


if __name__ == "__main__":
    main()
