"""How the page looks, and what its browser may load; what stands on it is left to the tabs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["HEADERS", "head", "theme"]

HERE = Path(__file__).parent
SERIF = '"Iowan Old Style", Charter, "Palatino Linotype", Georgia, "Liberation Serif", serif'
"""What a paper's own words are set in."""
SANS = ("IBM Plex Sans", (400, 700))
"""A font that comes with Gradio, in the weights that have every glyph (its semi-bold has none but a few)."""
MONO = ("ui-monospace", "Menlo", "Consolas", "Liberation Mono", "monospace")

HEADERS = {
    # Gradio needs inline scripts and styles, Plotly evaluates its templates; nothing at all comes from elsewhere
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'; base-uri 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer of the server is sent with."""

PAPER, INK, NIGHT, CHALK = "#faf9f6", "#1d1c1a", "#141519", "#eceae4"
LIGHT = {
    "ink": INK,
    "sheet": "#ffffff",
    "line": "#e3e0d9",
    "quiet": "#5d5a53",
    "soft": "#e9eef8",
    "link": "#1f4f9e",
    "mark": "#ffecad",
    "mark-edge": "#d9a400",
    "doubt": "#b3261e",
}
DARK = {
    "ink": CHALK,
    "sheet": "#1b1d21",
    "line": "#34373d",
    "quiet": "#a9a69e",
    "soft": "#25324a",
    "link": "#8fb7ff",
    "mark": "#5a4a12",
    "mark-edge": "#b98f1f",
    "doubt": "#ff9a8f",
}


def theme() -> Any:  # noqa: ANN401
    """Return Gradio's theme: paper and ink, one blue, fonts of the system."""
    import gradio as gr

    sans = (gr.themes.LocalFont(SANS[0], weights=SANS[1]), "system-ui", "sans-serif")
    base = gr.themes.Base(primary_hue="blue", neutral_hue="stone", font=sans, font_mono=MONO, radius_size="lg")
    return base.set(
        body_background_fill=PAPER,
        body_background_fill_dark=NIGHT,
        body_text_color=INK,
        body_text_color_dark=CHALK,
        block_background_fill=LIGHT["sheet"],
        block_background_fill_dark=DARK["sheet"],
        block_border_color=LIGHT["line"],
        block_border_color_dark=DARK["line"],
        background_fill_primary=LIGHT["sheet"],
        background_fill_primary_dark=DARK["sheet"],
        border_color_primary=LIGHT["line"],
        border_color_primary_dark=DARK["line"],
        body_text_color_subdued=LIGHT["quiet"],
        body_text_color_subdued_dark=DARK["quiet"],
        button_primary_background_fill=LIGHT["link"],
        button_primary_background_fill_dark="#2f5fb3",
        button_primary_text_color="#ffffff",
        input_background_fill=LIGHT["sheet"],
        input_background_fill_dark=DARK["sheet"],
        color_accent=LIGHT["link"],
        link_text_color=LIGHT["link"],
        link_text_color_dark=DARK["link"],
    )


def head() -> str:
    """Return what is put into the head of the page: its rules, with the colours of both modes, and its script.

    Gradio's own parameter for rules cuts selectors at every comma, also at one inside `:has(.a, .b)`.
    """
    style = (
        f":root {{ --serif: {SERIF}; {_variables(LIGHT)} }}\n"
        f".dark.dark {{ --color-accent: {DARK['link']}; {_variables(DARK)} }}\n{(HERE / 'page.css').read_text('utf-8')}"
    )
    return f"<style>\n{style}</style>\n<script>\n{(HERE / 'page.js').read_text('utf-8')}</script>"


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in colours.items())
