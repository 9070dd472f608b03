"""Which server gets a header that the user gives, and which does not."""

from __future__ import annotations

import pytest

from logproc.model.errors import UsageError
from logproc.sources.http import headers_by_url

A, A_TOO, A_PORT, A_TLS, B, SIX = (
    "http://a.example/log",
    "http://a.example/other?x=1",
    "http://a.example:8080/log",
    "https://a.example/log",
    "http://me:pass@b.example/log",
    "http://[2001:db8::1]:81/log",
)
ALL = [A, A_TOO, A_PORT, A_TLS, B, SIX]


def receivers(key: str, urls: list[str]) -> list[str]:
    """Return the URLs whose servers get a header."""
    found = headers_by_url({key: "value"}, urls)
    assert all(headers in ({}, {"X-Key": "value"}) for headers in found.values())
    return [url for url in urls if found[url]]


@pytest.mark.parametrize("urls", [[], [A], [A, A_TOO], ["http://a.example:80/x", "HTTP://A.example/y"]])
def test_without_a_host_the_only_server_gets_it(urls: list[str]) -> None:
    """Several URLs of one server need no host."""
    assert receivers("X-Key", urls) == urls


@pytest.mark.parametrize("others", [[B], [A_PORT], [A_TLS], ["http://a.example.org/log"], ["http://www.a.example/log"]])
def test_without_a_host_several_servers_are_refused(others: list[str]) -> None:
    """Another host, port or scheme is another server; the message says how to name one of them."""
    with pytest.raises(UsageError) as caught:
        headers_by_url({"X-Key": "canary"}, [A, *others])
    assert str(caught.value) == (
        "--header X-Key: the URLs are of several servers: name its host: --header 'HOST X-Key: env:VARIABLE'"
    )


@pytest.mark.parametrize(
    ("host", "urls"),
    [
        ("a.example", [A, A_TOO, A_PORT, A_TLS]),
        ("A.Example", [A, A_TOO, A_PORT, A_TLS]),
        ("a.example:8080", [A_PORT]),
        ("a.example:80", [A, A_TOO]),
        ("a.example:443", [A_TLS]),
        ("https://a.example", [A_TLS]),
        ("http://a.example", [A, A_TOO]),
        ("http://a.example:8080", [A_PORT]),
        ("b.example", [B]),
        ("[2001:db8::1]", [SIX]),
        ("[2001:db8::1]:81", [SIX]),
    ],
)
def test_a_host_says_who_gets_it(host: str, urls: list[str]) -> None:
    """The host is compared as a whole, with its port and scheme if these are given."""
    assert receivers(f"{host} X-Key", ALL) == urls
    assert receivers(f"  {host}   X-Key ", ALL) == urls


@pytest.mark.parametrize(
    "host", ["example", "aa.example", "a.example.org", "a.example:81", "https://b.example", "b", "*", "[::1", "a:b"]
)
def test_a_host_that_no_url_has_is_refused(host: str) -> None:
    """A header that would go nowhere is a mistake. It is not shown, for it may be the value."""
    with pytest.raises(UsageError) as caught:
        headers_by_url({f"{host} canary": "canary"}, ALL)
    assert caught.value.what == "--header: no URL is of the host that it names"
    assert "canary" not in str(caught.value)


def test_each_server_may_have_its_own() -> None:
    """One name for two hosts, and two names for one."""
    found = headers_by_url({"a.example X-Key": "1", "b.example X-Key": "2", "b.example Cookie": "3"}, [A, B, SIX])
    assert found == {A: {"X-Key": "1"}, B: {"X-Key": "2", "Cookie": "3"}, SIX: {}}
