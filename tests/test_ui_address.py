"""Tests of which addresses and names are this machine's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.address import is_loopback, names_this_machine


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback(host: str) -> None:
    """Addresses of this machine are loopback, and names that begin or end like one are not."""
    assert is_loopback(host)
    assert not is_loopback(f"{host}.example.org")
    assert not is_loopback(f"x{host}")


@pytest.mark.parametrize("host", ["", "0.0.0.0", "::", "192.0.2.7", "example.org", "127.1", "2130706433"])
def test_not_loopback(host: str) -> None:
    """Every other address or name may be reached from elsewhere."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "header", ["127.0.0.1", "127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "[::1]"]
)
def test_own_names(header: str) -> None:
    """A request for this machine names it, with a port or without."""
    assert names_this_machine(header)


@pytest.mark.parametrize(
    "header", ["", "evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example", "[", "::1]"]
)
def test_other_names(header: str) -> None:
    """A request for another machine does not."""
    assert not names_this_machine(header)


@given(st.text())
def test_whatever_is_sent(header: str) -> None:
    """No header raises; it is a name of this machine's own or it is not."""
    assert names_this_machine(header) in {True, False}
