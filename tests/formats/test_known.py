# ruff: noqa: E501 - a log's line is as long as the program wrote it
"""The known formats of text: their names and examples, and fields where a line is not the usual one."""

from __future__ import annotations

import pytest

from logproc.formats.detection.sample import generic, sample_of
from logproc.formats.engine import Format
from logproc.formats.known import FORMATS, PLAIN, timed
from logproc.formats.times.forms import EPOCH, TimeForm
from logproc.formats.times.forms import FORMS as TIMES
from logproc.model.columns import NO_TIME
from tests.formats.readings import STANDARD, read, time_of

BY_NAME = {form.name: form for form in FORMATS}
CONTENT = {"message", "method", "path", "extension", "bytes"}
"""A record has one of these at least."""
EACH = pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)


def test_names_stand_once() -> None:
    """A name is one format's, and none of those that stand for text of any kind."""
    assert len(BY_NAME) == len(FORMATS)
    assert not {"text", "plain"} & set(BY_NAME)


@EACH
def test_an_example_is_a_record_with_all_that_a_line_usually_has(form: Format) -> None:
    """The example that is shown is one record with a time, and with a message or what a request has."""
    reading = read(form, form.example.encode() + b"\n")
    assert reading.account.records == 1
    assert (reading.time[0] == NO_TIME) == ("time" not in form.fields)
    assert CONTENT & set(form.fields)
    assert any(reading.columns[name] != [None] for name in reading.columns if name in {*CONTENT, "client"})
    assert form.summary


@EACH
def test_no_group_is_called_by_a_name_that_is_not_used(form: Format) -> None:
    """All groups of a format are among its fields, and are found by these names in the records."""
    assert len(set(form.fields)) == len(form.fields)


NGINX_REQUEST = (
    ', client: 192.0.2.7, server: a.example, request: "PUT /p?q=1 HTTP/2.0", upstream: "http://app/p", host: "b.example:8080"'
    ', referrer: "https://c.example/"'
)
LINES = [
    ("syslog", "Mar  7 10:00:00 host last message repeated 3 times", {"program": None, "message": "last message repeated 3 times"}),
    ("syslog", "<34>Oct 11 22:14:15 2001:db8::7 su: x", {"host": "2001:db8::7", "program": "su"}),
    ("syslog", "Mar  7 10:00:00 mac com.apple.xpc.launchd[1] (com.apple.x[511]): y", {"program": "com.apple.xpc.launchd", "pid": "1"}),
    ("syslog", "Mar  7 10:00:00 mac Microsoft Word[612]: y", {"program": "Microsoft Word", "pid": "612", "message": "y"}),
    ("syslog_5424", "<13>1 - - - - - - only a text", {"host": None, "program": None, "message": "only a text"}),
    ("syslog_5424", r'<13>1 2026-03-07T10:00:00Z h p 7 I [a@1 q="\] x"][b@1] text', {"data": r'[a@1 q="\] x"][b@1]', "message": "text"}),
    ("nginx_error", "2026/03/07 10:00:00 [crit] 3#4: x, client: 192.0.2.7, server: _", {"client": "192.0.2.7", "message": "x"}),
    (
        "nginx_error",
        "2026/03/07 10:00:00 [error] 3#4: *9 no live upstreams" + NGINX_REQUEST,
        {
            "message": "no live upstreams",
            "client": "192.0.2.7", "server": "a.example", "upstream": "http://app/p", "host": "b.example:8080",
            "request": "PUT /p?q=1 HTTP/2.0", "method": "PUT", "path": "/p", "referrer": "https://c.example/",
        },
    ),
    (
        "nginx_error",
        '2026/03/07 10:00:00 [error] 3#4: *9 x, client: 192.0.2.7, server: , request: "GET /a", host: "b" HTTP/1.1", host: "c"',
        {"server": None, "request": 'GET /a", host: "b" HTTP/1.1', "host": "c", "upstream": None},
    ),
    (
        "nginx_error",
        '2026/03/07 10:00:00 [error] 3#4: *9 x, client: 192.0.2.7, server: s, upstream: "10.0.0.1:443", bytes from/to client:0/0',
        {"client": "192.0.2.7", "server": "s", "upstream": "10.0.0.1:443", "request": None, "message": "x"},
    ),
    (
        "nginx_error",
        '2026/03/07 10:00:00 [error] 3#4: *9 x, client: 192.0.2.7, server: s, request: "GET /cut off',
        {"client": "192.0.2.7", "server": "s", "request": None, "host": None},
    ),
    ("nginx_error", "2026/03/07 10:00:00 [crit] 3#4: x, y", {"client": None, "message": "x, y", "pid": "3", "thread": "4"}),
    ("apache_error", "[Sat Mar 07 10:00:00 2026] [error] [client 192.0.2.7] x", {"raw_level": "error", "logger": None, "client": "192.0.2.7"}),
    ("apache_error", "[Sat Mar 07 10:00:00.1 2026] [ssl:trace3] [pid 8] x", {"raw_level": "trace3", "logger": "ssl", "pid": "8"}),
    ("apache_error", "[Sat Mar 07 10:00:00 2026] [error] [client 2001:db8::2] x", {"client": "2001:db8::2", "message": "x"}),
    ("apache_error", "[Sat Mar 07 10:00:00 2026] [error] [client ::1] x", {"client": "::1", "message": "x"}),
    ("apache_error", "[Sat Mar 07 10:00:00 2026] [a:error] [pid 8] [client ::1:5000] x", {"client": "::1", "message": "x"}),
    ("kafka", "[2026-03-07 10:00:00,123] INFO (a) b (c.D$)", {"logger": "c.D$", "message": "(a) b"}),
    ("kafka", "[2026-03-07 10:00:00,123] INFO x (a b)", {"logger": None, "message": "x (a b)"}),
    ("logcat", "03-07 10:00:00.1  root 12 34 W Example App: x", {"logger": "Example App", "raw_level": "W", "pid": "12", "thread": "34"}),
    ("logcat_year", "2026-03-07 10:00:00.123 +0100 12 34 F libc    : x", {"logger": "libc", "raw_level": "F"}),
    ("glog", "W20260307 10:00:00.75 139871 cache.cc:101] x", {"raw_level": "W", "thread": "139871", "logger": "cache.cc"}),
    ("spring_boot", "2026-03-07T10:00:00.1Z  WARN 1 --- [a] [ main] o.C.[.[/] : x", {"thread": "main", "logger": "o.C.[.[/]"}),
    ("spring_boot", "2026-03-07 10:00:00.112  INFO 4 --- [ main] a.B : x", {"thread": "main", "logger": "a.B", "pid": "4"}),
    ("mysql_error", "2026-03-07 10:00:00 0 [Note] InnoDB: x", {"raw_level": "Note", "logger": None, "message": "InnoDB: x"}),
    ("mysql_error", "2026-03-07T10:00:00.1Z 9 [ERROR] [MY-012574] [InnoDB] x", {"raw_level": "ERROR", "logger": "InnoDB", "code": "MY-012574"}),
    ("redis", "1:signal-handler (1772878000) Received SIGTERM", {"raw_level": None, "message": "Received SIGTERM", "pid": "1"}),
    ("redis", "1:M 07 Mar 2026 10:00:00.010 # x", {"raw_level": "#", "role": "M"}),
    ("ruby", "A, [2026-03-07T10:00:00.1 #42]   ANY -- : x", {"raw_level": "ANY", "program": None, "pid": "42"}),
    ("zap_console", "2026-03-07T10:00:00.1+0100\t\x1b[34mINFO\x1b[0m\tmain.go:1\tx\t{}", {"raw_level": "INFO", "caller": "main.go:1", "logger": None}),
    ("heroku", "2026-03-07T10:00:00.1+00:00 app[api]: x", {"program": "app", "pid": "api", "message": "x"}),
    ("bracketed", "[2026-03-07 10:00:00 +0000] [7] [INFO] x", {"raw_level": "INFO", "pid": "7", "message": "x"}),
    ("monolog", "[2026-03-07T10:00:00+00:00] app.NOTICE: x", {"raw_level": "NOTICE", "logger": "app", "message": "x"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line", "expected"), LINES)
def test_a_line_has_its_fields(name: str, line: str, expected: dict[str, str | None]) -> None:
    """What a manual says stands in a line is found there, also where it is not the usual line."""
    reading = read(BY_NAME[name], line.encode() + b"\n", (*STANDARD, *expected))
    assert reading.account.records == 1
    assert {field: reading.columns.get(field, [None])[0] for field in expected} == expected


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (b"2026-03-07 10:00:00 UTC [1] LOG:  x", "LOG"),
        (b"2026-03-07 10:00:00 [error] x", "error"),
        (b"2026-03-07 10:00:00 <info> x", "info"),
        (b"2026-03-07 10:00:00\tinfo\tx", "info"),
        (b"2026-03-07 10:00:00 level=warn x", "warn"),
        (b'2026-03-07 10:00:00 severity="ERROR" x', "ERROR"),
        (b"2026-03-07 10:00:00 no error and no warning", None),
        (b"2026-03-07 10:00:00 INFORMATION", None),
        (b"2026-03-07 10:00:00 " + b"x" * 128 + b" ERROR", None),
    ],
)
def test_a_level_is_told_where_it_is_surely_one(line: bytes, level: str | None) -> None:
    """In capitals, in brackets, between TABs or behind its name, near the beginning; a word in a sentence is not a level."""
    for form in (timed(TIMES[0], leading=True), timed(TIMES[0], leading=False)):
        assert read(form, line + b"\n", ("raw_level", "message")).columns.get("raw_level", [None]) == [level]


def test_any_line_is_plain_text() -> None:
    """Every line that is not blank is a record with a message and without a time."""
    reading = read(PLAIN, b"a\n\n \xff\n[ERROR] b\n")
    assert (reading.account.records, reading.account.blank) == (3, 1)
    assert reading.columns["message"] == ["a", r" \xff", "[ERROR] b"]
    assert set(reading.time) == {NO_TIME}


TEXTS = {
    "iso": "2026-03-07T10:00:00.123Z",
    "epoch": "1772877600",
    "syslog": "Mar  7 10:00:00",
    "clf": "07/Mar/2026:10:00:00 +0000",
    "slashes": "2026/03/07 10:00:00",
    "minutes": "2026-03-07 10:00",
    "year-month-name": "2026 Mar  7 10:00:00",
    "day-first": "07/03/2026 10:00:00",
    "short-year": "26/03/07 10:00:00",
    "ctime": "Sat Mar  7 10:00:00 2026",
    "ctime-zone": "Sat Mar 7 10:00:00 2026 +0000",
    "klog": "0307 10:00:00.123456",
    "logcat": "03-07 10:00:00.123",
    "month-point-day": "03.07 10:00:00",
    "six-digits": "260307 100000",
    "basic": "20260307T100000Z",
    "eight-digits": "20260307-10:0:0:123",
    "points": "2026-03-07-10.00.00.123456",
    "day-point-month": "07.03.2026 10:00:00",
    "day-month-year": "07 Mar 2026 10:00:00",
    "month-day-year": "Mar 7, 2026 10:00:00 AM",
    "us": "3/7/2026 10:00:00 AM",
    "iso-long-zone": "2026-03-07T11:00:00+01:00[Europe/Berlin]",
    "ordinal": "2026-066T10:00:00Z",
    "unpadded": "2026-3-7 10:00:00",
    "day-month-short-year": "Saturday, 07-Mar-26 10:00:00 GMT",
    "year-half": "2026-03-07 10:00:00 AM",
    "points-half": "07-MAR-26 10.00.00.123456 AM",
    "weekday-first": "Sat Mar 07 2026 10:00:00 GMT+0000 (Coordinated Universal Time)",
    "day-point-short": "07.03.26 10:00:00",
    "us-short": "3/7/26 10:00:00 AM",
    "fourteen-digits": "20260307100000",
}


@pytest.mark.parametrize("form", [form for form in TIMES if not form.epoch], ids=lambda form: form.name)
@pytest.mark.parametrize(
    ("line", "leading"), [("%s disk is full", True), ("[%s] disk is full", True), ("disk: %s", False), ("(a %s)", False)]
)
def test_a_text_has_a_time_of_any_form(form: TimeForm, line: str, *, leading: bool) -> None:
    """A time at the beginning is asked for, one further on is looked for, and either is the form that is detected."""
    content = (line % TEXTS[form.name]).encode() + b"\n"
    assert read(timed(form, leading=leading), content).time == [1772877600]
    found = generic(sample_of(content, 1, whole=True), 0.1)
    assert found
    assert (time_of(found), found.multi_line) == (form, leading)


def test_ten_digits_alone_are_not_a_time() -> None:
    """Seconds since 1970 begin nearly all lines of a log, and are close together; in a sentence they are any number."""
    for line in (b"1772877600 disk is full\n", b"user 3014770123 left\n", b"1234567890 a\n2234567890 b\n"):
        assert generic(sample_of(line, 9, whole=True), 0.1) is None
    found = generic(sample_of(b"1772877600 disk is full\n1772877900 disk is empty\n", 9, whole=True), 0.1)
    assert found
    assert time_of(found) is EPOCH
