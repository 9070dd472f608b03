"""What servers write without quotes round it: values of several upstream servers, requests with blanks, times in pieces."""

from __future__ import annotations

import pytest

from logproc.formats.servers.formats import format_of_definition
from logproc.formats.servers.reading import definition_of
from tests.formats.readings import read

FIELDS = ("upstream_addr", "upstream_status", "req_id", "method", "path", "protocol", "host", "status")


def records(definition: str, *lines: str) -> list[dict[str, object]]:
    """Return the fields of the lines' records, those that are asked for here."""
    found = read(
        format_of_definition(definition_of(definition), "own"), "".join(line + "\n" for line in lines).encode(), FIELDS
    )
    assert found.account.records == len(lines)
    return [{name: column[at] for name, column in found.columns.items() if column[at] is not None} for at in range(len(lines))]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("10.3.0.1:8080", "200"),
        ("10.3.0.1:8080, 10.3.0.2:8080", "504, 200"),
        ("10.3.0.1:8080, 10.3.0.2:8080 : 10.4.0.1:80", "502, 502 : 201"),
        ("[2001:db8::7]:80, unix:/run/app.sock:/x", "-, 200"),
        ("backend", "502"),
    ],
)
@pytest.mark.parametrize(
    "form", ["{addr} {status} {id}", "{addr}|{status}|{id}", "[{addr}] [{status}] {id}", '"{addr}" "{status}" "{id}"']
)
def test_servers_asked_one_after_the_other_are_one_value(form: str, address: str, status: str) -> None:
    """However a definition separates them, `, ` and ` : ` are inside of an upstream's address and state."""
    definition = form.format(addr="$upstream_addr", status="$upstream_status", id="$req_id")
    (found,) = records(definition, form.format(addr=address, status=status, id="7f00"))
    assert found == {"upstream_addr": address, "upstream_status": status, "req_id": "7f00"}


@pytest.mark.parametrize("definition", ["$request $http_host $status", "%r %{Host}i %>s"])
def test_a_request_without_quotes_ends_with_its_protocol(definition: str) -> None:
    """A request of nginx and of Apache, one with a blank in its target, and one that is malformed."""
    first, second, third = records(
        definition,
        "DELETE /cart/7?x=1 HTTP/2.0 shop.example.org 204",
        "GET /red shoes.html HTTP/1.1 shop.example.org 200",
        r"\x16\x03\x01 shop.example.org 400",
    )
    assert first == {"method": "DELETE", "path": "/cart/7", "protocol": "HTTP/2.0", "host": "shop.example.org", "status": "204"}
    assert second == {
        "method": "GET",
        "path": "/red shoes.html",
        "protocol": "HTTP/1.1",
        "host": "shop.example.org",
        "status": "200",
    }
    assert third == {"host": "shop.example.org", "status": "400"}


@pytest.mark.parametrize(
    ("definition", "line"),
    [
        ("%{%Y-%m-%d}t %{%H:%M:%S}t %h", "2026-03-07 10:05:09 192.0.2.1"),
        ("[%{%d/%b/%Y}t] [%{%T}t] %h", "[07/Mar/2026] [10:05:09] 192.0.2.1"),
        ('%h "%{%F}t" "%{%T}t" %>s', '192.0.2.1 "2026-03-07" "10:05:09" 200'),
        ("%{%Y}t.%{%m}t.%{%d}t/%{%H}t:%{%M}t:%{%S}t %h", "2026.03.07/10:05:09 192.0.2.1"),
        ("%{%F}t %{%T}t %h %{%z}t", "2026-03-07 12:05:09 192.0.2.1 +0200"),
    ],
)
def test_a_time_in_pieces_is_one_time(definition: str, line: str) -> None:
    """Apache writes a date and a clock apart: with only text between them they are the time, and a zone behind it counts."""
    found = read(format_of_definition(definition_of(definition), "own"), line.encode() + b"\n")
    assert found.time == [1_772_877_909]


def test_pieces_that_are_not_a_time_stay_text() -> None:
    """A clock without a date, and a date whose clock is elsewhere, are not times."""
    for definition in ("%{%T}t %h", "%{%F}t %h %{%T}t"):
        assert "time" not in definition_of(definition).fields
