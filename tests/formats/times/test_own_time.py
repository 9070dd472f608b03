"""Lines with a time of their own, and lines that only hold one."""

from __future__ import annotations

import pyarrow
import pyarrow.compute
import pytest

from logproc.formats.detection.detect import detect
from logproc.formats.known import FORMATS
from logproc.formats.readers.expression import Expression
from logproc.formats.times.own_time import OWN_TIME
from tests.formats.readings import read

OWN = (
    b"<165>1 2026-03-07T10:00:00.003Z web1 app 12 - - disk is full",
    b"<34>Mar  7 10:00:00 web1 su: failed",
    b'level=error ts=2026-03-07T10:00:00Z msg="disk is full"',
    b"ts=1772877600.5 caller=main.go:7",
    b"ERROR 2026-03-07 10:00:00,123 disk is full",
    b"[GIN] 2026/03/07 - 10:00:00 | 200 |",
    b"03/07/2026 10:00:00 disk is full",
    b"3/7/2026 10:00:00 AM disk is full",
    b"20260307T100000Z disk is full",
    b"\x1b[90m2026-03-07T10:00:00Z\x1b[0m \x1b[32mINF\x1b[0m ready",
)
FURTHER = (
    b"  at 2026-03-07 10:00:00",
    b"started at 2026-03-07 10:00:00",
    b"DETAIL: Key (day)=(2026-03-07 10:00:00)",
    b"SET timestamp=1772877600;",
    b"Date: Sat, 07 Mar 2026 10:00:00 GMT",
    b"1772877600",
    b"100200 300400",
    b"HTTP/1.1 200 OK",
    b"10:00 is late",
)


def has_own_time(line: bytes) -> bool:
    found: bool = pyarrow.compute.match_substring_regex(pyarrow.scalar(line, pyarrow.binary()), OWN_TIME).as_py()
    return found


@pytest.mark.parametrize("line", OWN)
def test_a_time_at_the_beginning_is_that_of_the_line(line: bytes) -> None:
    """Brackets, a level, a priority or pairs may be in front."""
    assert has_own_time(line)


@pytest.mark.parametrize("line", FURTHER)
def test_a_time_in_a_message_is_not_that_of_the_line(line: bytes) -> None:
    """Nor are numbers."""
    assert not has_own_time(line)


@pytest.mark.parametrize("share", [1, 4])
@pytest.mark.parametrize("line", OWN)
def test_few_lines_of_another_layout_do_not_vanish_in_the_record_above(line: bytes, share: int) -> None:
    """However few they are: they are records or rejected, never further lines."""
    lines = [b"2026-03-07 10:00:%02d,001 INFO shop.pay: paid %d" % (at % 60, at) for at in range(100)]
    for at in range(share):
        lines.insert(50 + 10 * at, line)
    content = b"\n".join(lines) + b"\n"
    form = detect(content, whole=True)
    assert form
    assert read(form, content).account.continuation == 0


FAR_BEHIND = {
    *("apt", "aws_alb", "aws_flow", "aws_nlb", "bgl", "hpc", "thunderbird", "windows_event"),
    *("mysql_slow", "mysql_old_slow", "rails", "bunny", "uwsgi", "rabbitmq_old", "postgresql_client", "postgresql_epoch"),
}


def test_examples_of_the_catalogue_have_their_own_time() -> None:
    """But for those whose time is far behind the beginning."""
    timed = {form.name: form.example.encode() for form in FORMATS if isinstance(form.exact, Expression) and form.exact.time}
    assert {name for name, line in timed.items() if not has_own_time(line)} == FAR_BEHIND
