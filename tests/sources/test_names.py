"""Names on one line, without secrets."""

from __future__ import annotations

import random
from string import ascii_letters, digits, hexdigits

import pytest

from logproc.sources.names import secrets_in, shown_path, shown_url, without_secrets


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


RANDOM = "zyx57W2v1u123ew11Qm"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"


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
        ("http://me:canary", "http://me:***"),
        ("http://me:canary/log", "http://me:***/log"),
        ("http://host:80/@user/x", "http://host:80/@user/x"),
        ("http://[::1]:80/@user", "http://[::1]:80/@user"),
        (
            "http://h/?a=1&API_KEY=canary&X-Amz-Signature=canary;sig=canary",
            "http://h/?a=***&API_KEY=***&X-Amz-Signature=***;sig=***",
        ),
        ("http://h/?%74oken=canary&access_token=canary&code=canary", "http://h/?%74oken=***&access_token=***&code=***"),
        ("http://h/?session=canary&pwd=canary#auth=canary", "http://h/?session=***&pwd=***#auth=***"),
        ("http://h/?keyword=canary&token", "http://h/?keyword=***&***"),
        ("http://h/?otp=canary&pin=canary&k=canary&hash=canary", "http://h/?otp=***&pin=***&k=***&hash=***"),
        ("http://h/?canary", "http://h/?***"),
        ("http://h/?a=&raw&page=2&&b", "http://h/?a=&raw&page=2&&***"),
        ("http://h/?From=2026-03-07T00:00:00Z&to=now&lines=100", "http://h/?From=2026-03-07T00:00:00Z&to=now&lines=100"),
        ("http://h/?page=1%26token%3Dcanary&%6ftp=canary", "http://h/?page=***&%6ftp=***"),
        (f"http://h/?page={RANDOM}&{RANDOM}=1", "http://h/?page=***&***"),
        ("http://h/#canary", "http://h/#***"),
        ("http://h/log;jsessionid=canary;page=2?x=canary", "http://h/log;jsessionid=***;page=2?x=***"),
        ("http://h/webhook/T000/canary/canary", "http://h/webhook/***/***/***"),
        (f"http://h/services/T000/B000/{'X' * 24}", "http://h/services/T000/B000/***"),
        (f"http://h/bot1:{RANDOM}/log", "http://h/***/log"),
        (f"http://h/a/{JWT}/log", "http://h/a/***/log"),
        (f"http://h/a/%65{JWT[1:]}/log", "http://h/a/***/log"),
        ("http://h/AKIAIOSFODNN7EXAMPLE/a.log", "http://h/***/a.log"),
        ("http://h/6f1c2d3e-0000-4000-8000-0123456789AB/log", "http://h/***/log"),
        ("http://h/http://me:canary@other/log", "http://h/http://***/log"),
        ("http://h/api/v4/projects/12345/jobs/67890/trace", "http://h/api/v4/projects/12345/jobs/67890/trace"),
        ("http://h/logs/api-7d9f8b6c5d-x2x9k/a.log-20260307.gz", "http://h/logs/api-7d9f8b6c5d-x2x9k/a.log-20260307.gz"),
        ("http://h/MyApplicationServer01/AccessLog2026Production", "http://h/MyApplicationServer01/AccessLog2026Production"),
        ("http://h/\r\nX: \x1b", r"http://h/\x0d\x0aX: \x1b"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    """User, password and the values of secret parameters are masked, also in a URL that is broken by its password."""
    assert shown_url(url) == shown
    assert "canary" not in shown


def test_the_secrets_of_a_url_are_known() -> None:
    """What is masked is given as it is written there and decoded, the rest is not."""
    assert {"a%20b", "c+d", "a b", "c d", JWT} == {*secrets_in(f"http://h/{JWT}/log?day=3&token=a%20b;sig=c+d#no")}
    assert secrets_in("http://h/log?day=3") == []


@pytest.mark.parametrize(("alphabet", "length"), [(ascii_letters + digits, 20), (ascii_letters + digits, 43), (hexdigits, 32)])
def test_random_words_in_a_path_are_masked(alphabet: str, length: int) -> None:
    """Of random words, nearly all are found."""
    rng = random.Random(1)
    words = ["".join(rng.choices(alphabet, k=length)) for _ in range(500)]
    assert sum(shown_url(f"http://h/{word}/log") == "http://h/***/log" for word in words) >= 490


def test_what_a_server_sends_back_has_no_secret() -> None:
    """Each secret in a text is masked, the longest first; one of a few characters may stand there by chance."""
    assert without_secrets("404 no abcdef for abcd", ["abcd", "abcdef", "no"]) == "404 no *** for ***"
