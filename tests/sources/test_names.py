"""Names on one line, without secrets."""

from __future__ import annotations

import pytest

from logproc.sources.names import secret_parameters, shown_path, shown_url, without_secrets


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/var/log/café.log", "/var/log/café.log"),
        ("a b", "a b"),
        ("a\nb\r\t\x00\x7f", r"a\x0ab\x0d\x09\x00\x7f"),
        ("\x1b]0;x\x07", r"\x1b]0;x\x07"),
        ("\x9b31m", r"\xc2\x9b31m"),
        (b"\xff\x9bx", r"\xff\x9bx"),
        ("\udcffx", r"\xffx"),
        ("a\u202eb", r"a\xe2\x80\xaeb"),
        ("a\u2028b", r"a\xe2\x80\xa8b"),
        ("\ud800", r"\xed\xa0\x80"),
    ],
)
def test_a_path_is_one_printable_line(path: str | bytes, shown: str) -> None:
    """Controls, bidi marks, line separators and bytes that are not UTF-8 are escaped."""
    assert shown_path(path) == shown
    assert shown.isprintable()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host/a.log?day=3", "http://host/a.log?day=3"),
        ("http://canary:canary@host/?token=canary", "http://***@host/?token=***"),
        ("HTTPS://canary@host", "HTTPS://***@host"),
        ("http://can@ary@host/", "http://***@host/"),
        ("http://me:can/ary@host/", "http://***@host/"),
        ("http://me:can#ary@host/x", "http://***@host/x"),
        ("http://me:12?canary@host/x", "http://***@host/x"),
        ("http://host:80/@user/x", "http://host:80/@user/x"),
        ("http://[::1]:80/@user", "http://[::1]:80/@user"),
        (
            "http://h/?a=1&API_KEY=canary&X-Amz-Signature=canary;sig=canary",
            "http://h/?a=1&API_KEY=***&X-Amz-Signature=***;sig=***",
        ),
        ("http://h/?%74oken=canary&access_token=canary&code=canary", "http://h/?%74oken=***&access_token=***&code=***"),
        ("http://h/?session=canary&pwd=canary#auth=canary", "http://h/?session=***&pwd=***#auth=***"),
        ("http://h/?keyword=a&token", "http://h/?keyword=a&token"),
        ("http://h/\r\nX: \x1b", r"http://h/\x0d\x0aX: \x1b"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """User, password and the values of secret parameters are masked, also in a URL that is broken by its password."""
    assert shown_url(url) == shown
    assert "canary" not in shown


def test_the_secrets_of_a_query_are_known() -> None:
    """The values of secret parameters are given as they stand there and decoded, those of others are not."""
    assert secret_parameters("day=3&token=a%20b;sig=c+d") == ["a%20b", "c+d", "a b", "c d"]
    assert secret_parameters("day=3") == []


def test_what_a_server_sends_back_has_no_secret() -> None:
    """Each secret in a text is masked, the longest first; one of a few characters may stand there by chance."""
    assert without_secrets("404 no abcdef for abcd", ["abcd", "abcdef", "no"]) == "404 no *** for ***"
