"""Tests of the looks: colours that can be read, rules that name what exists, a policy that lets nothing in."""

from __future__ import annotations

import re

import pytest

from ui.theme import CHALK, DARK, HEADERS, HERE, INK, LIGHT, NIGHT, PAPER, head


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_worked_as_the_standard_says() -> None:
    """Black on white is 21, a colour on itself 1, and #777777 on white just misses 4.5."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#123456", "#123456") == pytest.approx(1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(("colours", "ink", "ground"), [(LIGHT, INK, PAPER), (DARK, CHALK, NIGHT)])
def test_text_can_be_read(colours: dict[str, str], ink: str, ground: str) -> None:
    """Every colour of text has a contrast of 4.5 on every ground it stands on, in light and dark."""
    for text in (ink, colours["quiet"], colours["link"], colours["doubt"]):
        assert min(contrast(text, ground), contrast(text, colours["sheet"])) >= 4.5
    assert contrast(ink, colours["mark"]) >= 4.5
    assert contrast(colours["link"], colours["soft"]) >= 4.5


def test_both_modes_name_the_same_colours() -> None:
    """A colour that has a value in one mode has one in the other, and none is used that neither we nor Gradio set."""
    assert LIGHT.keys() == DARK.keys()
    used = {name for file in HERE.glob("*.css") for name in re.findall(r"var\(--([\w-]+)", file.read_text("utf-8"))}
    assert used <= {*LIGHT, "serif", "top", "font", "body-text-color"}


def test_the_policy_lets_nothing_in_from_elsewhere() -> None:
    """No source but the server itself, data and blobs is named for anything, and forms lead nowhere."""
    policy = dict(rule.split(" ", 1) for rule in HEADERS["Content-Security-Policy"].split("; "))
    own = {"'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "data:", "blob:"}
    assert {source for sources in policy.values() for source in sources.split()} <= own
    assert policy["default-src"] == "'self'"
    assert {policy[name] for name in ("form-action", "frame-ancestors", "object-src")} == {"'none'"}


def test_the_head_loads_nothing() -> None:
    """Rules and script stand in the page itself and name no address."""
    shown = head()
    assert shown.count("</script>") == shown.count("</style>") == 1
    assert not re.search(r"@import|url\(|https?:|src=", shown)
    assert all(f"--{name}: {value};" in shown for name, value in LIGHT.items())
