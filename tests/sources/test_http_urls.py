"""Which URLs may be asked, how they go over the wire, and where redirects may lead."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from logproc.model.errors import SourceError, UsageError
from logproc.sources.http import HttpOptions, check_url
from logproc.sources.http.urls import is_private, parse_url
from tests.sources.http_fetch import CANARY, fetch
from tests.support.fault_server import Answer, FaultServer

LOG = b"a line of the log\n" * 20

ON_THE_WIRE = {
    "http://host": "http://host/",
    "HTTP://Host:80/A": "http://host:80/A",
    "https://host/a b?c d#e": "https://host/a%20b?c%20d",
    "http://host/%0d%0aX: 1": "http://host/%0D%0AX:%201",
    "http://host/ü": "http://host/%C3%BC",
    "http://bücher.example/": "http://xn--bcher-kva.example/",
    "http://[::1]:8080/log": "http://[::1]:8080/log",
    "http://me:pa%3Ass@host:8080/log": "http://host:8080/log",
}


@pytest.mark.parametrize("url", ON_THE_WIRE)
def test_urls_go_over_the_wire_quoted(url: str) -> None:
    """What no URL can hold is percent-encoded, names are ASCII, credentials and fragments stay here."""
    assert parse_url(url).url == ON_THE_WIRE[url]


UNFIT = "it contains a control character, or is not UTF-8"
BAD = {
    "http://host:99999/": "its port is not a number from 1 to 65535",
    "http://host:0/": "port 0 cannot be used",
    "http://host:word/": "its port is not a number from 1 to 65535",
    "http://host:-1/": "its port is not a number from 1 to 65535",
    "http:///log": "it has no host name",
    "http://": "it has no host name",
    "http:log": "it has no host name",
    "https://:80/": "it has no host name",
    "http://[::1/": "its host is not well formed",
    "http://ho st/": "its host is not well formed",
    "http://*.example/": "its host is not well formed",
    "http://host/\x00": UNFIT,
    "http://host/\r\nX-Evil: 1": UNFIT,
    "http://host/\x1b[31m": UNFIT,
    "http://ho\tst/": UNFIT,
    "ftp://host/": "it does not start with http:// or https://",
    "file:///etc/passwd": "it does not start with http:// or https://",
    "httpx://host/": "it does not start with http:// or https://",
    "host/log": "it does not start with http:// or https://",
    "": "it does not start with http:// or https://",
    "http://host/\udcff": UNFIT,
}


@pytest.mark.parametrize("url", BAD)
def test_bad_urls_are_usage_errors(url: str) -> None:
    """A URL that cannot be asked for is refused with its reason, and without being shown."""
    with pytest.raises(UsageError) as caught:
        check_url(url.replace("http://", f"http://me:{CANARY}@", 1))
    assert caught.value.what == f"bad URL: {BAD[url]}"
    assert CANARY not in str(caught.value)


PRIVATE = {
    **dict.fromkeys(
        ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "::1", "::ffff:127.0.0.1", "localhost", "a.localhost."], True
    ),
    **dict.fromkeys(
        ["10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "fe80::1", "fd00::1", "0.0.0.0", "100.64.0.1"], True
    ),
    **dict.fromkeys(["0x7f.1", "0177.0.0.1", "127.0.0.1.", "fe80::1%lo", "fe80::1%25lo", "::1%25lo", "0", "LOCALHOST."], True),
    **dict.fromkeys(["64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::8.8.8.8", "::ffff:0:10.0.0.1", "::127.0.0.1"], True),
    **dict.fromkeys(["2002:7f00:1::1", "2002:a00:1::1", "2001:0:7f00:1::80ff:fffe", "::", "fec0::1", "ff02::1"], True),
    **dict.fromkeys(["224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1", "3fff::1"], True),
    **dict.fromkeys(["example.org", "8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "localhost.example.org"], False),
    **dict.fromkeys(["64:ff9b::8.8.8.8", "2002:808:808::1", "::ffff:0:8.8.8.8", "::8.8.8.8", "134744072", "0x8.8.8.8"], False),
}


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_known_in_every_spelling(host: str) -> None:
    """Loopback, link-local and private addresses are recognised in any spelling."""
    assert is_private(host) is PRIVATE[host]


def moved(location: str, status: str = "302 Found", **changes: Any) -> Answer:
    """Return a redirect."""
    return Answer(b"moved\n", status, {"Location": location}, **changes)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed(status: str) -> None:
    """Each status of a redirect is followed, relative places too, quoted if they have to be."""
    with FaultServer() as server:
        server.on("/log", moved("there/b c", status)).on("/there/b%20c", Answer(LOG))
        assert fetch(server.url("/log")).data == LOG


def test_ten_redirects_are_followed_and_no_more() -> None:
    """A chain of ten works; of a longer one, and of a circle, the first eleven are asked."""
    with FaultServer() as server:
        for number in range(50):
            server.on(f"/{number}", moved(f"/{number + 1}"))
        server.on("/50", Answer(LOG)).on("/circle", moved("/circle"))
        assert fetch(server.url("/40")).data == LOG
        for path in ("/39", "/circle"):
            server.requests.clear()
            assert (fetch(server.url(path)).what, len(server.requests)) == ("too many redirects (10)", 11)


REFUSED = {
    "file:///etc/passwd": "refused redirect to file: URL",
    "ftp://host/": "refused redirect to ftp: URL",
    "data:text/plain,log": "refused redirect to data: URL",
    "unix:/run/socket": "refused redirect to unix: URL",
    "javascript:alert(1)": "refused redirect to javascript: URL",
    "http://host:99999/": "refused redirect: bad URL: its port is not a number from 1 to 65535",
    "http://:80/log": "refused redirect: bad URL: it has no host name",
    "http://[::1/log": "refused redirect: bad URL: its host is not well formed",
    "//e]:1/log": "refused redirect: bad URL: its host is not well formed",
}


@pytest.mark.parametrize("location", REFUSED)
def test_redirects_elsewhere_are_refused(location: str) -> None:
    """Only http and https are followed, and only to URLs that can be asked."""
    with FaultServer() as server:
        result = fetch(server.on("/log", moved(location)).url("/log"))
    assert (result.what, result.data, len(server.requests)) == (REFUSED[location], b"", 1)
    assert isinstance(result.error, SourceError)


def test_the_body_of_a_redirect_is_not_read() -> None:
    """A redirect whose body does not end is followed all the same."""
    with FaultServer() as server:
        server.on("/log", moved("/there", framing="close", ending="stall")).on("/there", Answer(LOG))
        assert fetch(server.url("/log"), HttpOptions(retries=0)).data == LOG


def test_another_server_gets_no_secrets_and_one_permit_is_held() -> None:
    """A redirect to another port carries neither credentials nor headers, not even back again; one permit is held."""
    options = HttpOptions(headers={"Cookie": CANARY, "X-Key": CANARY})
    with FaultServer() as first, FaultServer() as second:
        first.on("/log", moved("/here")).on("/here", moved(second.url("/there"))).on("/back", Answer(LOG))
        second.on("/there", moved(first.url("/back")))
        result = fetch(first.url("/log"), options)
    assert (result.data, result.most_held) == (LOG, 1)
    assert [origin[2] for origin in result.permits] == [first.port, first.port, second.port, first.port]
    carried = [CANARY in str(request.headers) for request in first.requests + second.requests]
    assert carried == [True, True, False, False]
    assert ["authorization" in request.headers for request in first.requests + second.requests] == carried


def test_credentials_in_a_redirect_are_not_used() -> None:
    """A server cannot make the program sign in somewhere."""
    with FaultServer() as first, FaultServer() as second:
        first.on("/log", moved(second.url("/log").replace("://", "://you:secret@")))
        assert fetch(first.url("/log"), HttpOptions(retries=0)).what == f"404 Not Found at {second.url('')}"
    assert "authorization" not in second.requests[0].headers


PUBLIC_NAME = "public.example"


@pytest.fixture
def public_name(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give this machine a name that looks like one of the public internet."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == PUBLIC_NAME and kwargs.get("flags") != socket.AI_NUMERICHOST:
            host = "127.0.0.1"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return PUBLIC_NAME


PUBLIC_ADDRESS = "127.0.0.2"
"""The only public address, in the tests with a public server."""


@pytest.fixture
def public_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultServer]:
    """Start a server at an address that counts as public."""
    monkeypatch.setattr(ipaddress.IPv4Address, "is_global", property(lambda address: str(address) == PUBLIC_ADDRESS))
    with FaultServer(host=PUBLIC_ADDRESS) as server:
        yield server


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "[::1]", "169.254.169.254"])
def test_a_public_host_cannot_point_inside(public_server: FaultServer, host: str) -> None:
    """A redirect from a public address to a private one is refused before anything is sent there."""
    with FaultServer() as inner:
        public_server.on("/log", moved(inner.url("/log", host)))
        result = fetch(public_server.url("/log", PUBLIC_ADDRESS))
    assert (result.what.partition(" at ")[0], inner.requests) == ("refused redirect to a private address", [])


@pytest.mark.parametrize("host", [PUBLIC_NAME, "127.0.0.1", "127.1", "2130706433", "localhost"])
def test_a_name_with_a_private_address_may_point_at_itself(public_name: str, host: str) -> None:
    """A host of an intranet redirects to its own name, another name, or its own address in any spelling."""
    with FaultServer() as server:
        server.on("/a", moved(server.url("/b", host))).on("/b", Answer(LOG))
        assert fetch(server.url("/a", public_name)).data == LOG


@pytest.mark.parametrize("host", ["127.0.0.2", "127.2", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_a_name_with_a_private_address_cannot_name_others(public_name: str, host: str) -> None:
    """Which of two private machines is meant, only the user knows."""
    with FaultServer() as server, FaultServer(host="127.0.0.2") as other:
        result = fetch(server.on("/a", moved(other.url("/b", host))).url("/a", public_name), HttpOptions(retries=0))
    assert (result.what.partition(" at ")[0], other.requests) == ("refused redirect to a private address", [])


def test_a_private_host_may_point_inside(public_name: str) -> None:
    """A start that is private itself may lead to a private address, and so may a name to a name."""
    with FaultServer() as first, FaultServer() as second:
        first.on("/log", moved(second.url("/log", "localhost"))).on("/name", moved(second.url("/log", public_name)))
        second.on("/log", Answer(LOG))
        assert fetch(first.url("/log")).data == LOG
        assert fetch(first.url("/name", public_name)).data == LOG


def test_a_name_cannot_point_inside_after_a_public_address(public_name: str, public_server: FaultServer) -> None:
    """After a public address, a name that resolves to a private one is refused, in this try and the next."""
    with FaultServer() as second:
        public_server.on("/log", Answer(status="503 Busy"), moved(second.url("/log", public_name)))
        result = fetch(public_server.url("/log", PUBLIC_ADDRESS))
        place = second.url("", public_name)
    assert (result.what, second.requests) == (f"refused redirect to a private address at {place}", [])


def test_a_name_that_changes_its_address_is_judged_by_the_one_in_use(
    public_server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is first looked up and private afterwards leads nowhere; it is looked up once a request."""
    look_up, asked = socket.getaddrinfo, []

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> Any:
        if host == PUBLIC_NAME and kwargs.get("flags") != socket.AI_NUMERICHOST:
            asked.append(host)
            host = PUBLIC_ADDRESS if len(asked) == 1 else "127.0.0.1"
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with FaultServer() as inner:
        public_server.on("/log", moved(inner.url("/log", PUBLIC_NAME)))
        result = fetch(public_server.url("/log", PUBLIC_NAME))
    assert (result.what.partition(" at ")[0], inner.requests) == ("refused redirect to a private address", [])
    assert len(asked) == 2


def proxied(monkeypatch: pytest.MonkeyPatch, proxy: FaultServer) -> HttpOptions:
    """Return options with which requests go through a proxy."""
    monkeypatch.setenv("http_proxy", proxy.url(""))
    monkeypatch.setenv("no_proxy", "direct.example")
    return HttpOptions(trust_env=True, retries=0)


@pytest.mark.parametrize(
    ("start", "location", "is_followed"),
    [
        ("http://name.example/a", "http://name.example/b", True),
        ("http://name.example/a", "http://other.example/b", True),
        ("http://name.example/a", "http://127.0.0.1/b", False),
        ("http://name.example/a", "http://0x7f.1/b", False),
        ("http://name.example/a", "http://localhost./b", False),
        ("http://name.example/a", "http://[64:ff9b::7f00:1]/b", False),
        ("http://10.0.0.1/a", "http://10.0.0.1/b", True),
        ("http://10.0.0.1/a", "http://127.0.0.1/b", True),
    ],
)
def test_through_a_proxy_only_what_is_written_is_known(
    start: str, location: str, monkeypatch: pytest.MonkeyPatch, *, is_followed: bool
) -> None:
    """The proxy looks names up, and its own address says nothing: a private address is refused as it is written."""
    with FaultServer() as proxy:
        options = proxied(monkeypatch, proxy)
        proxy.on(start, moved(location)).on(location, Answer(LOG))
        result = fetch(start, options)
    refused = "" if is_followed else "refused redirect to a private address"
    assert (result.what.partition(" at ")[0], len(proxy.requests)) == (refused, 2 if is_followed else 1)


def test_from_a_proxy_no_redirect_leads_to_a_private_address_without_it(
    public_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the sender of a redirect is behind a proxy, its address is unknown: it may not point inside, past the proxy."""
    with FaultServer() as proxy, FaultServer() as inner:
        options = proxied(monkeypatch, proxy)
        monkeypatch.setenv("no_proxy", public_name)
        proxy.on("http://name.example/a", moved(inner.url("/log", public_name)))
        result = fetch("http://name.example/a", options)
    assert (result.what.partition(" at ")[0], inner.requests) == ("refused redirect to a private address", [])
