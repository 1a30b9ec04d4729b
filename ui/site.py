"""The page of a library as an application for a web server, with what its browser may load; listening is `app.py`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from .address import names_this_machine
from .context import Context
from .page import page
from .theme import HEADERS, head, theme

__all__ = ["site"]

LARGEST_UPLOAD = "200mb"
REFUSAL = PlainTextResponse(
    "This page answers only to names of its own machine. Behind a proxy, start rag-ui with --auth or --root-path.\n",
    421,
)


def site(context: Context, *, users: tuple[str, str] | None = None, root_path: str = "", mcp: bool = False) -> Any:  # noqa: ANN401
    """Return the ASGI application; `users` is the name and the password that it asks for.

    Without a password and a proxy before it, only requests that name this machine and come from it are answered: a page
    elsewhere could else ask in a visitor's name, or, when its own name was made to lead here, read along
    (https://en.wikipedia.org/wiki/DNS_rebinding).
    """
    inner = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page(context, mcp=mcp),
        path="",
        auth=users,
        root_path=root_path or None,
        blocked_paths=[str(context.library.path.resolve())],
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        pwa=False,
        enable_monitoring=False,
        max_file_size=LARGEST_UPLOAD,
        mcp_server=mcp,
        theme=theme(),
        head=head(),
        show_error=True,
    )
    return _Gate(inner, is_open=users is not None or bool(root_path))


class _Gate:
    """Turns away who asks for another machine, and sends the page's headers with every answer; a stream stays one."""

    def __init__(self, inner: Any, *, is_open: bool) -> None:  # noqa: ANN401
        self._inner = inner
        self._is_open = is_open
        self._headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        async def sending(message: Any) -> None:  # noqa: ANN401
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        known = self._is_open or scope["type"] == "lifespan" or _is_from_here(dict(scope["headers"]))
        await (self._inner if known else REFUSAL)(scope, receive, sending)


def _is_from_here(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a request names this machine, and comes from one of its pages or from none."""
    host, origin = (headers.get(name, b"").decode("latin-1") for name in (b"host", b"origin"))
    return names_this_machine(host) and (not origin or names_this_machine(origin.partition("://")[2]))
