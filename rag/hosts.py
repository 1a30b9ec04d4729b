"""Which hosts of the web may be connected to: public ones only, unless told; connecting is left to `fetch.py`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from .errors import SourceError, shorten

__all__ = ["Resolve", "connectable", "is_public", "resolved"]

Resolve = Callable[[str, int], list[str]]
"""Returns the numeric addresses of a host's name; raises OSError when there are none."""
NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses that a gateway turns into the IPv4 address in their last four bytes (RFC 6052)."""
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")


def resolved(host: str, port: int) -> list[str]:
    """Return the numeric addresses of a name, as this machine knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[4][0]) for place in found))


def is_public(address: str) -> bool:
    """Tell whether a numeric address is one of the public internet: not private, loopback, link-local or reserved.

    An IPv6 address that carries an IPv4 one (mapped, 6to4, Teredo, NAT64) is what that is.
    """
    try:
        place = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if not place.is_global or place.is_multicast or place.is_reserved or place.is_unspecified:
        # mapped addresses are not global to all versions of Python, and never needed
        return False
    return isinstance(place, IPv4Address) or _carried_is_public(place)


def _carried_is_public(place: IPv6Address) -> bool:
    if place in NAT64_LOCAL or place.ipv4_mapped is not None:
        return False
    carried = [place.sixtofour, *(place.teredo or ())]
    if place in NAT64:
        carried.append(IPv4Address(int(place) & 0xFFFFFFFF))
    return all(one is None or is_public(str(one)) for one in carried)


def connectable(host: str, port: int, *, allow_private: bool, resolve: Resolve = resolved) -> str:
    """Return the numeric address to connect to, so that what was checked is what is met.

    A name that leads to several addresses is refused when one of them is not public. Raises SourceError.
    """
    bare = host.strip("[]")
    try:
        places = [str(ip_address(bare))]
    except ValueError:
        try:
            places = resolve(bare, port)
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise SourceError(
                f"the host {shorten(host)} is not known ({shorten(why)})",
                remedy="check the address and the network",
            ) from error
    private = [place for place in places if not is_public(place)]
    if private and not allow_private:
        raise SourceError(
            f"{shorten(host)} is not on the public internet ({shorten(private[0])})",
            remedy="say --allow-private if you trust it",
        )
    if not places:
        raise SourceError(f"the host {shorten(host)} has no address", remedy="check the address and the network")
    return places[0]
