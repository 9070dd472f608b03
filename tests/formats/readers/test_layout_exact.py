"""One line by the exact reader of a layout: its fields, or the reason why it is rejected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.columns.printable import shown
from logproc.formats.readers.layout import LAYOUTS, Layout
from logproc.formats.readers.quotes import format_of_layout
from tests.formats.readings import exactly, read
from tests.support import logs

BY_NAME = {layout.name: layout for layout in LAYOUTS}
GOOD = logs.line()
TIME = b"[17/May/2015:10:05:03 +0000]"
REASONS = [
    ("combined", b"not a log line at all", "bad-time"),
    ("combined", b"word", "no-match"),
    ("combined", b"192.0.2.7 -", "no-match"),
    ("combined", b" " + GOOD, "no-match"),
    ("combined", logs.line(client=b""), "no-match"),
    ("combined", logs.line(client=b"a\tb"), "no-match"),
    ("combined", logs.line(ident=b""), "no-match"),
    ("combined", logs.line(time=b"99/Foo/2025:00:00:00 +0000"), "bad-time"),
    ("combined", logs.line(time=b"17/May/2015:24:00:00 +0000"), "bad-time"),
    ("combined", logs.line(time=b"2015-05-17T10:05:03Z"), "bad-time"),
    ("combined", GOOD.replace(b"] ", b"]"), "bad-time"),
    ("combined", GOOD.replace(b"] ", b"]  "), "missing-quote"),
    ("combined", GOOD.replace(b'"GET', b"GET"), "missing-quote"),
    ("combined", b"c - u " + TIME, "missing-quote"),
    ("combined", b"c - u " + TIME + b' "GET / HTTP/1.1', "unterminated-quote"),
    ("combined", b"c - u " + TIME + rb' "GET / HTTP/1.1\"', "unterminated-quote"),
    ("combined", logs.line(request=b'GET "/" HTTP/1.1'), "bad-status"),
    ("combined", logs.line(status=b"20"), "bad-status"),
    ("combined", logs.line(status=b"-"), "bad-status"),
    ("combined", logs.line(status=b"2000"), "bad-status"),
    ("combined", logs.line(status=b"999999"), "bad-status"),
    ("combined", logs.line(status=b""), "bad-status"),
    ("combined", logs.line(status=b"+20"), "bad-status"),
    ("combined", logs.line(bytes=b""), "bad-size"),
    ("combined", logs.line(bytes=b"x"), "bad-size"),
    ("combined", logs.line(bytes=b"-1"), "bad-size"),
    ("combined", logs.line(bytes=b"1.5"), "bad-size"),
    ("common", logs.line("common", bytes=b"--"), "bad-size"),
    ("combined", logs.line(bytes=b"9223372036854775808"), "bad-size"),
    ("combined", logs.line(bytes=b"9" * 5000), "bad-size"),
    ("combined", GOOD[: GOOD.rindex(b";")], "unterminated-quote"),
    ("combined", GOOD[: GOOD.index(b' "https')], "missing-quote"),
    ("combined", GOOD[: GOOD.index(b' "Mozilla')], "missing-quote"),
    ("combined", GOOD + b" ", "text-after-end"),
    ("combined", GOOD + b' "203.0.113.9"', "text-after-end"),
    ("combined", logs.line(user_agent=b'a" b'), "text-after-end"),
    ("common", logs.line(), "text-after-end"),
    ("common", logs.line("common")[:-5], "bad-size"),
    ("vhost_combined", GOOD, "bad-time"),
    ("combined_forwarded", GOOD, "missing-quote"),
    ("combined_forwarded", GOOD + b' "203', "unterminated-quote"),
]


def match(layout: Layout, line: bytes) -> dict[str, object] | str:
    """Return the columns of a line, or the reason why it is rejected."""
    form = exactly(format_of_layout(layout))
    reading = read(form, line + b"\n", form.fields)
    if reading.rejected:
        return reading.rejected[0][1]
    return {"time": reading.time[0]} | {name: values[0] for name, values in reading.columns.items()}


@pytest.mark.parametrize(("name", "text", "reason"), REASONS)
def test_a_line_that_is_not_a_record_has_a_reason(name: str, text: bytes, reason: str) -> None:
    """The reason names what is wrong behind the longest good beginning."""
    assert match(BY_NAME[name], text) == reason


@pytest.mark.parametrize("name_", logs.NAMES)
def test_the_fields_of_a_line(name_: str) -> None:
    """A good line gives its text unchanged, its time in seconds, its status and its size."""
    written = {
        name: value.decode() for name, value in logs.USUAL.items() if b"%(" + name.encode() + b")b" in logs.TEMPLATES[name_]
    }
    expected = {field: value for field, value in written.items() if field not in {"time", "bytes", "ident", "request"}}
    found = match(BY_NAME[name_], logs.line(name_))
    assert isinstance(found, dict)
    assert expected.items() <= found.items()
    assert (found["time"], found["bytes as a number"]) == (1431857103, 4263 * 10**9)
    assert (found["method"], found["path"], found["query"]) == ("GET", "/cart", "id=7")


@pytest.mark.parametrize(
    ("line", "user"),
    [
        (logs.line(user=b"john doe"), b"john doe"),
        (logs.line(user=b"a " + TIME + b" b"), b"a " + TIME + b" b"),
        (logs.line(user=b'"'), b'"'),
        (logs.line(user=b"\v\t"), b"\v\t"),
        (logs.line(user=b" "), b" "),
    ],
)
def test_a_user_is_what_stands_before_the_time(line: bytes, user: bytes) -> None:
    """The user may hold anything: it is what stands between the ident and the first time that a request follows."""
    found = match(BY_NAME["combined"], line)
    assert isinstance(found, dict)
    assert found["user"] == shown(user)


@pytest.mark.parametrize("text", [rb"\"", rb"a \"b\" c", rb"\\", rb"\\\"", rb"\x16\x03", b"[]", b"\\\xff"])
def test_quoted_text_ends_at_a_quote_that_is_not_escaped(text: bytes) -> None:
    """A backslash takes the next byte with it, whatever that is, and all stays as it was written."""
    found = match(BY_NAME["combined"], logs.line(user_agent=text))
    assert isinstance(found, dict)
    assert found["user_agent"] == shown(text)


@given(st.binary(max_size=40))
def test_any_quoted_text_without_quote_and_backslash_is_kept(text: bytes) -> None:
    """All other bytes can stand between quotes, line feeds aside, and come out unchanged."""
    text = text.replace(b'"', b"'").replace(b"\\", b"/").replace(b"\n", b"/")
    found = match(BY_NAME["combined"], logs.line(referrer=text))
    assert isinstance(found, dict)
    assert found.get("referrer") == (None if text in {b"", b"-"} else shown(text))
