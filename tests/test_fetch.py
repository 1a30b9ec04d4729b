"""Tests of fetching: bounds of time and size, rate, redirects, and which hosts are connected to."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from page_server import PageServer

from rag.errors import SourceError
from rag.fetch import Fetcher, Limits, is_address
from rag.hosts import connectable, is_public

QUICK = Limits(pause=0.0, silence=10.0, longest=20.0, largest=2_000_000, allow_private=True)


@pytest.fixture
def server() -> Iterator[PageServer]:
    """Start a server of pages."""
    with PageServer() as started:
        yield started


def fault(server: PageServer, path: str, limits: Limits = QUICK) -> str:
    """Return the error of a page."""
    with pytest.raises(SourceError) as caught:
        Fetcher(limits).get(server.address(path))
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize("path", ["/one.json", "/packed", "/moved", "/moved?/moved"])
def test_a_page_is_fetched(server: PageServer, path: str) -> None:
    """Plain, packed by gzip, or after redirects."""
    assert json.loads(Fetcher(QUICK).get(server.address(path)))[0]["paper"]["id"] == "2401.00001"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/none", "answers 404"),
        ("/hang", "said nothing for 0.4 s"),
        ("/drip", "did not come whole in 1 s"),
        ("/drip-head", "did not come whole in 1 s"),
        ("/huge", "more than 2,000,000 bytes"),
        ("/bomb", "more than 2,000,000 bytes"),
        ("/odd", "is packed as br"),
        ("/garbled", "cannot be fetched"),
        ("/loop", "leads on and on"),
        ("/busy-for-long", "wait 86400 s, then run the same command again"),
        ("/to?ftp://127.0.0.1/x", "not an address of the web"),
        ("/to?file:///etc/passwd", "not an address of the web"),
        ("/to?http://a:b@127.0.0.1/x", "holds a password"),
        ("/to?http://127.0.0.1:99999/", "not an address of the web"),
    ],
)
def test_what_goes_wrong_is_told(server: PageServer, path: str, says: str) -> None:
    """Each fault of a server ends within the bounds, in one error that says what to do."""
    limits = replace(QUICK, silence=0.4) if path == "/hang" else QUICK
    assert says in fault(server, path, replace(limits, longest=1.0) if "drip" in path else limits)


def test_a_server_that_asks_to_wait_is_waited_for(server: PageServer) -> None:
    """Retry-After is kept, and told; then the page comes."""
    told: list[str] = []
    started = time.monotonic()
    assert Fetcher(QUICK, tell=told.append).get(server.address("/busy"))
    assert time.monotonic() - started >= 1.0
    assert server.asked == ["/busy", "/busy"]
    assert "trying again in 1 s" in told[0]


def test_a_server_that_stays_busy_is_left_alone(server: PageServer) -> None:
    """After three attempts it is given up."""
    server.fail_after = 0
    assert "takes no more requests now (503)" in fault(server, "/one.json", replace(QUICK, longest_wait=10))
    assert len(server.asked) == 1  # it asked for more patience than there is


def test_requests_to_a_host_keep_their_distance(server: PageServer) -> None:
    """Between two of them lies the pause, redirects included."""
    fetcher = Fetcher(replace(QUICK, pause=0.3))
    started = time.monotonic()
    fetcher.get(server.address("/moved"))
    fetcher.get(server.address("/one.json"))
    assert len(server.asked) == 3
    assert time.monotonic() - started >= 0.6


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.1.2.3", "169.254.169.254", "[fe80::1]", "0.0.0.0"])
def test_private_addresses_are_refused(host: str) -> None:
    """Unless told, nothing of this machine or of a private network is connected to."""
    with pytest.raises(SourceError, match=r"not on the public internet.*--allow-private"):
        Fetcher(replace(QUICK, allow_private=False)).get(f"http://{host}/")


def test_a_name_that_leads_to_a_private_address_is_refused(server: PageServer) -> None:
    """It is the address that counts; one private one among public ones is enough."""
    for found in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:10.0.0.1"]):
        with pytest.raises(SourceError, match="not on the public internet"):
            Fetcher(replace(QUICK, allow_private=False), resolve=lambda *_, found=found: found).get(
                f"http://papers.example:{server.port}/one.json"
            )
    assert server.asked == []


def test_each_place_on_the_way_is_checked(server: PageServer) -> None:
    """A redirect's host is looked up and checked as the first one is, before anything is sent to it."""
    looked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if host == "first.example" else []

    with pytest.raises(SourceError, match=r"second\.example has no address"):
        Fetcher(QUICK, resolve=resolve).get(f"http://first.example:{server.port}/to?http://second.example/x")
    assert looked == ["first.example", "second.example"]
    assert len(server.asked) == 1


def test_a_name_is_looked_up_once_and_what_was_checked_is_met(server: PageServer) -> None:
    """A name that changes its address between the check and the connection cannot: there is no second look."""
    looked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["192.0.2.1"]

    assert Fetcher(QUICK, resolve=resolve).get(f"http://papers.example:{server.port}/one.json")
    assert looked == ["papers.example"]
    assert server.hosts == [f"papers.example:{server.port}"]


def test_a_name_that_is_not_known() -> None:
    """It is told, with the name."""

    def nothing(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SourceError, match=r"nowhere\.example is not known"):
        Fetcher(QUICK, resolve=nothing).get("https://nowhere.example/")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.8.8.8", False),
        ("192.168.1.1", False),
        ("172.20.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("0.0.0.0", False),
        ("::", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::7f00:1", False),
        ("2001:0:0:0:0:0:80ff:fffe", False),
        ("no address", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Also when an IPv6 address carries a private IPv4 one."""
    assert is_public(address) is public


def test_odd_numbers_are_looked_up_and_then_checked() -> None:
    """`2130706433` and `0x7f.1` are 127.0.0.1 to a resolver: what it says is checked."""
    for host in ("2130706433", "0x7f.1", "017700000001"):
        with pytest.raises(SourceError, match="not on the public internet"):
            connectable(host, 80, allow_private=False, resolve=lambda *_: ["127.0.0.1"])
    assert connectable("x.example", 80, allow_private=False, resolve=lambda *_: ["93.184.216.34"]) == "93.184.216.34"
    with pytest.raises(SourceError, match="has no address"):
        connectable("x.example", 80, allow_private=True, resolve=lambda *_: [])


def test_what_is_an_address() -> None:
    """Only http and https; a path is none, and neither is a paper."""
    assert is_address("https://arxiv.org/abs/2401.00001")
    assert is_address("HTTP://x")
    assert not any(map(is_address, ("httpx/", "/tmp/https://", "ftp://x", "file:///x", 3)))
