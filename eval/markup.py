"""HTML that cannot be broken out of: whatever is not made here is escaped; what is shown is left to the report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

__all__ = ["Html", "el", "join"]

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]")
"""Control characters and lone surrogates: no HTML holds the former, and no UTF-8 file the latter."""
VOID = frozenset({"meta", "br", "hr", "rect", "line", "circle"})
"""Elements without an end tag in HTML, and SVG shapes, which need none here."""


class Html(str):
    """Markup made by `el`; any other text is escaped where it is put in."""

    __slots__ = ()


def el(name: str, /, *children: object, **attributes: object) -> Html:
    """Return an element; `name` and the names of attributes are ours, every value and child may be hostile.

    A child may be Html, text or a number (escaped), an iterable of children, or None (left out). In the name of an
    attribute an underscore at the end is dropped and any other becomes a hyphen; one whose value is None is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    opened = f"<{name}{given}{'/' if name in VOID else ''}>"
    return Html(opened) if name in VOID else Html(f"{opened}{join(children)}</{name}>")


def join(children: Iterable[object]) -> Html:
    """Return children one after the other, escaped as in `el`."""
    return Html("".join(_shown(child) for child in children))


def _shown(child: object) -> str:
    if child is None or isinstance(child, Html):
        return child or ""
    if isinstance(child, Iterable) and not isinstance(child, str | bytes):
        return join(child)
    return _escaped(child)


def _escaped(value: object) -> str:
    return escape(UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)), quote=True)
