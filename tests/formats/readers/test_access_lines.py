"""Access logs that nobody named: nothing before or behind the usual fields ends up in a wrong one."""

from __future__ import annotations

import pytest

from logproc.formats.detection.detect import detect
from tests.formats.readings import read

pytestmark = pytest.mark.usefixtures("quick_reader")

MIDDLE = '[07/Mar/2026:10:00:%02d +0000] "GET /a?b=c HTTP/1.1" 200 42'
QUOTES = ' "-" "curl/8.5 (x)"'
FRONTS = [
    ("192.0.2.%d - alice", {"client": "192.0.2.%d", "user": "alice"}),
    ("2001:db8::%d - -", {"client": "2001:db8::%d"}),
    ("gate%d.example.com - -", {"client": "gate%d.example.com"}),
    ("www%d.example.com 192.0.2.9 - alice", {"host": "www%d.example.com", "client": "192.0.2.9", "user": "alice"}),
    ("192.0.2.%d - 10.0.0.9 - alice", {"client": "192.0.2.%d", "user": "alice"}),
    ("192.0.2.%d, 10.0.0.9 - -", {"client": "192.0.2.%d", "forwarded_for": "192.0.2.%d, 10.0.0.9"}),
]
BEHINDS = [
    ("", {}),
    (QUOTES, {"user_agent": "curl/8.5 (x)"}),
    (QUOTES + ' "203.0.113.5"', {"user_agent": "curl/8.5 (x)", "forwarded_for": "203.0.113.5"}),
    (QUOTES + " 0.012", {"user_agent": "curl/8.5 (x)", "extra1": "0.012"}),
    (" 12345", {"extra1": "12345"}),
    (QUOTES + ' 17 "api" 22ms', {"extra1": "17", "extra2": "api", "extra3": "22ms"}),
    (QUOTES + ' "-" rt=0.012 uct="0.001"', {"user_agent": "curl/8.5 (x)", "rt": "0.012", "uct": "0.001"}),
]


@pytest.mark.parametrize(("behind", "more"), BEHINDS)
@pytest.mark.parametrize(("front", "fields"), FRONTS)
def test_each_field_is_right_or_absent(front: str, fields: dict[str, str], behind: str, more: dict[str, str]) -> None:
    """Whatever is in front of the time and behind the size."""
    lines = [((front % at if "%d" in front else front) + " " + MIDDLE % at + behind) for at in range(1, 9)]
    content = "".join(line + "\n" for line in lines).encode()
    form = detect(content, whole=True)
    assert form
    wanted = {"status": "200", "path": "/a", **more, **fields}
    names = ("host", "client", "user", "forwarded_for", *wanted)
    reading = read(form, content, names)
    assert reading.account.records == 8
    for name in set(names):
        value = wanted.get(name)
        expected = [None] * 8 if value is None else [value % at if "%d" in value else value for at in range(1, 9)]
        assert reading.columns.get(name, [None] * 8) == expected, name


@pytest.mark.parametrize("user", ["john doe", "al ex smith"])
def test_users_of_several_words_are_users(user: str) -> None:
    """No word of a user's name is a client or a host."""
    content = "".join(f"192.0.2.{at} - {user} {MIDDLE % at}{QUOTES}\n" for at in range(1, 9)).encode()
    form = detect(content, whole=True)
    assert form
    columns = read(form, content).columns
    assert columns["client"] == [f"192.0.2.{at}" for at in range(1, 9)]
    assert set(columns["user"]) == {user}
    assert "host" not in columns
