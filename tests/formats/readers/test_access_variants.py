"""Access logs in an order of their own: each field is right or absent."""

from __future__ import annotations

import pytest

from tests.formats.readings import detected, read

NAMES = ("client", "user", "host", "pid", "path", "status", "referrer", "user_agent", "front4", "extra1", "extra2", "ssl")
MOMENT = "07/Mar/2026:09:00:%02d"
SECOND = 1772874000
LINES = [
    ('[71] 192.0.2.%d - ann [{time} +0000] "GET /a?b=c HTTP/1.1" 200 42', {"pid": "71", "user": "ann"}),
    ('192.0.2.%d - - [{time} +0000] worker-7 "GET /a?b=c HTTP/1.1" 200 42 15', {"front4": "worker-7", "extra1": "15"}),
    ('192.0.2.%d - ann [{time} +0000] shop.example.com "GET /a HTTP/2" 200 42', {"host": "shop.example.com", "user": "ann"}),
    ('192.0.2.%d [{time} +0000] "GET /a HTTP/1.1" 200 42 0.015', {"extra1": "0.015"}),
    ('192.0.2.%d - - [{time} UTC] "GET /a HTTP/1.1" 200 42', {}),
    ('192.0.2.%d - - [{time}] "GET /a HTTP/1.1" 200 42 "-" "curl/8"', {"user_agent": "curl/8"}),
    ('[{time} +0000] 192.0.2.%d "GET /a HTTP/1.1" 200 42 "-" "curl/8"', {"user_agent": "curl/8"}),
    ('[httpd] 192.0.2.%d - ann [{time} +0000] "GET /a HTTP/1.1" 200 42 "-" "curl/8" 7f 12', {"user": "ann", "extra2": "12"}),
    (
        '192.0.2.%d - - [{time} +0000] shop.example.com "GET /a HTTP/1.1" 200 42 0.015 "-" "curl/8" 10.0.0.5:80',
        {"host": "shop.example.com", "extra1": "0.015"},
    ),
]


@pytest.mark.parametrize(("line", "fields"), LINES)
def test_each_field_is_right_or_absent(line: str, fields: dict[str, str]) -> None:
    """Tokens are called by what they are, wherever they are."""
    content = "".join(line.replace("{time}", MOMENT % at) % at + "\n" for at in range(1, 6)).encode()
    reading = read(detected(content), content, NAMES)
    assert reading.account.records == 5
    assert reading.time == [SECOND + at for at in range(1, 6)]
    expected = {"path": "/a", "status": "200", **fields}
    assert reading.columns["client"] == [f"192.0.2.{at}" for at in range(1, 6)]
    for name in ("user", "host", "pid", *expected):
        assert reading.columns.get(name, [None] * 5) == [expected.get(name)] * 5, name


def test_a_time_of_iso_in_brackets_is_the_time() -> None:
    """`$time_iso8601` in the place of `$time_local`."""
    content = b'192.0.2.7 - ann [2026-03-07T10:00:00+01:00] "GET /a HTTP/1.1" 200 42 "-" "curl/8"\n' * 3
    reading = read(detected(content), content)
    assert reading.time == [SECOND] * 3
    assert reading.columns["user"] == ["ann"] * 3


@pytest.mark.parametrize(
    "line",
    [
        'ann wrote [07/Mar/2026:09:00:00 +0000] "GET the milk" 200 42',
        '192.0.2.7 said [07/Mar/2026:09:00:00 +0000] "hello there" 200 42',
        'shop.example.com [07/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 42',
    ],
)
def test_what_has_no_client_or_no_request_is_not_an_access_log(line: str) -> None:
    """An address must be there, and requests."""
    content = f"{line}\n".encode() * 3
    columns = read(detected(content), content).columns
    assert "client" not in columns
    assert "status" not in columns


@pytest.mark.parametrize(
    ("front", "client", "forwarded_for"),
    [
        ("unknown, 198.51.100.9", "198.51.100.9", "unknown, 198.51.100.9"),
        ("2001:db8::5,10.0.0.1", "2001:db8::5", "2001:db8::5,10.0.0.1"),
        ("198.51.100.9", "198.51.100.9", None),
        ("unknown", None, None),
    ],
)
def test_the_first_address_of_a_list_is_the_client(front: str, client: str | None, forwarded_for: str | None) -> None:
    """X-Forwarded-For says `unknown` for what a proxy does not tell (RFC 7239, 6.2), and may have no blanks."""
    first = '198.51.100.7, 192.0.2.1 - - [07/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 42 "-" "curl/8"\n'
    content = (first + first.replace("198.51.100.7, 192.0.2.1", front)).encode()
    columns = read(detected(content), content).columns
    assert columns["client"] == ["198.51.100.7", client]
    assert columns["forwarded_for"] == ["198.51.100.7, 192.0.2.1", forwarded_for]


@pytest.mark.parametrize("front", ["17:192.0.2.7 - -", "09:00:00 web.1  | 192.0.2.7 - -", "192.0.2.7 -  -"])
def test_what_is_in_front_is_not_a_client_or_a_user(front: str) -> None:
    """Line numbers, times of day and the dashes of old servers."""
    content = (front + ' [07/Mar/2026:09:00:00 +0000] "GET /a HTTP/1.1" 200 42 "-" "curl/8"\n').encode() * 4
    columns = read(detected(content), content).columns
    assert columns["client"] == ["192.0.2.7"] * 4
    assert "user" not in columns
