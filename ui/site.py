"""The page of a library as an application for a web server, with what its browser may load; listening is `app.py`'s."""

from __future__ import annotations

from typing import Any

import gradio as gr
from fastapi import FastAPI

from .context import Context
from .page import page
from .theme import HEADERS, head, theme

__all__ = ["site"]

LARGEST_UPLOAD = "200mb"


def site(context: Context, *, users: tuple[str, str] | None = None, root_path: str = "", mcp: bool = False) -> Any:  # noqa: ANN401
    """Return the ASGI application; `users` is the name and the password that it asks for."""
    inner = gr.mount_gradio_app(
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        page(context, mcp=mcp),
        path="",
        auth=users,
        root_path=root_path or None,
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
    return _WithHeaders(inner)


class _WithHeaders:
    """Sends every answer with the page's own headers; what is streamed stays a stream."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401
        self._inner = inner
        self._headers = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        async def sending(message: Any) -> None:  # noqa: ANN401
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *self._headers]}
            await send(message)

        await self._inner(scope, receive, sending)
