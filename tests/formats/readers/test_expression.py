"""Lines of text by one expression: what opens a record, what goes on with it, and what the groups mean."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.engine import Format
from logproc.formats.readers.expression import Expression, narrowed
from logproc.formats.times import forms as moments
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME, Account
from tests.formats.readings import CONTEXT, MAX_LINE_BYTES, by_expression, bytes_of, read, reading_of

TIME = moments.ISO.expression
EXPRESSION = rf"(?s)^{TIME} (?:(?P<level>[A-Z]+)|\[(?P<level_2>[a-z]+)\]) (?P<message>.*)$"
FORM = by_expression(
    "entries",
    EXPRESSION,
    moments.ISO,
    multi_line=True,
    further=r" \((?P<logger>[\w.]+)\)$",
)
SINGLE = by_expression("single", EXPRESSION, moments.ISO)
WHOLE = by_expression("whole", r"(?s)\b" + TIME + "|$", moments.ISO, further=r"\b(?P<level>WARN|INFO)\b", head_bytes=40)
WANTED = ("raw_level", "logger", "message")
ENTRY = b"2026-03-07 10:00:00 INFO started (a.b)\n"
LINES = st.sampled_from(
    [
        ENTRY,
        ENTRY.replace(b"03-07", b"02-30"),
        b"\tat x\n",
        b"\n",
        b" \t\r\n",
        b"x" * 80 + b"\n",
        ENTRY[:-1] + b"y" * 80 + b"\n",
    ]
)


def test_groups_are_fields() -> None:
    """A group is a field, with a number at its end another place of it; a message ends before what is found behind it."""
    reading = read(FORM, ENTRY + b"2026-03-07 11:00:01+01:00 [warn] (late) end\n", WANTED)
    assert reading.time == [1772877600, 1772877601]
    assert reading.columns == {"raw_level": ["INFO", "warn"], "logger": ["a.b", None], "message": ["started", "(late) end"]}


def test_only_what_is_wanted_is_captured() -> None:
    """Groups that nobody asks for are not captured, and the expression means the same without them."""
    assert read(FORM, ENTRY, ("logger",)).columns == {"logger": ["a.b"]}
    assert narrowed("(?P<a>x)(?P<b>y)", frozenset({"b"})) == "(?:x)(?P<b>y)"


def test_lines_that_do_not_fit_go_on_with_a_record() -> None:
    """What stands before the first entry is rejected, what comes behind one belongs to it, a blank line is blank in it too."""
    content = b"begin\n\n" + ENTRY + b"\tat x\n\n\tat y\n" + ENTRY
    reading = read(FORM, content, WANTED)
    assert reading.account == Account(lines=7, records=2, rejected=1, blank=2, continuation=2)
    assert reading.rejected == [(0, "no-record-start", (0, 5))]
    single = read(SINGLE, content, WANTED)
    assert single.account == Account(lines=7, records=2, rejected=3, blank=2)
    assert {reason for _, reason, _ in single.rejected} == {"no-match"}


def test_an_entry_whose_time_does_not_exist_is_rejected_with_its_lines_behind_it() -> None:
    """It opens an entry that is not a record; its lines do not belong to the entry before it."""
    reading = read(FORM, ENTRY + ENTRY.replace(b"03-07", b"02-30") + b"\tat x\n", WANTED)
    assert reading.account == Account(lines=3, records=1, rejected=1, continuation=1)
    assert reading.rejected[0][:2] == (1, "bad-time")


def test_a_chunk_may_begin_within_an_entry() -> None:
    """Whether it does is what the context says, and what the lines before it leave."""
    assert not FORM.follow(CONTEXT, bytes_of(b"begin\n\n"), MAX_LINE_BYTES).in_record
    context = FORM.follow(CONTEXT, bytes_of(b"begin\n" + ENTRY), MAX_LINE_BYTES)
    assert context.in_record
    assert FORM.follow(context, bytes_of(b"more\n"), MAX_LINE_BYTES) == context
    assert not SINGLE.follow(CONTEXT, bytes_of(ENTRY), MAX_LINE_BYTES).in_record
    assert read(FORM, b"\tat x\n", WANTED, context).account == Account(lines=1, continuation=1)


@given(st.lists(LINES, max_size=8), st.integers(0, 8), st.integers(20, 100))
def test_the_limit_and_the_cut_do_not_matter_to_each_other(lines: list[bytes], cut: int, limit: int) -> None:
    """A line over the limit opens nothing and goes on with nothing, on either side of a cut."""
    parts = [b"".join(lines[:cut]), b"".join(lines[cut:])]
    context, accounts = CONTEXT, []
    for part in parts:
        accounts.append(reading_of(FORM.parse(bytes_of(part), context, WANTED, limit)).account)
        context = FORM.follow(context, bytes_of(part), limit)
    whole = reading_of(FORM.parse(bytes_of(b"".join(parts)), CONTEXT, WANTED, limit))
    assert whole.account == accounts[0] + accounts[1]
    too_long = [line for line, reason, _ in whole.rejected if reason == "line-too-long"]
    assert too_long == [at for at, line in enumerate(lines) if len(line.removesuffix(b"\n").removesuffix(b"\r")) > limit]


def test_the_head_of_a_line_is_looked_at_and_all_of_it_is_the_message() -> None:
    """Time and level are found where they stand among the first bytes, and not behind them."""
    lines = [
        b"WARN at 2026-03-07 10:00:00",
        b"nothing",
        b"x" * 40 + b" INFO 2026-03-07 10:00:00",
        b"2026-03-07 10:00:00 INFO and WARN",
    ]
    reading = read(WHOLE, b"".join(line + b"\n" for line in lines), WANTED)
    assert reading.time == [1772877600, NO_TIME, NO_TIME, 1772877600]
    assert reading.columns["raw_level"] == ["WARN", None, None, "INFO"]
    assert reading.columns["message"] == [line.decode() for line in lines]


def test_an_empty_group_is_absent_or_empty() -> None:
    """What matched nothing is absent in the known formats, and an empty field in definitions of a user's own."""
    for empty_is_absent, expected in ((True, [None, "x", None]), (False, ["", "x", None])):
        form = by_expression("own", "^a(?P<b>x?|-)$", empty_is_absent=empty_is_absent)
        assert read(form, b"a\nax\na-\n", ("b",)).columns["b"] == expected


def test_a_time_may_be_a_group_of_any_form() -> None:
    """Without a form of its own, the group `time` holds a time of whatever form it has, or the line is rejected."""
    form = by_expression("own", "^(?P<time>.*) x$")
    reading = read(form, b"2026-03-07 10:00:00 x\n1772877601 x\nnever x\n- x\n", ())
    assert reading.time == [1772877600, 1772877601, NO_TIME]
    assert [(at, reason) for at, reason, _ in reading.rejected] == [(2, "bad-time")]


def test_names_and_units() -> None:
    """Groups can have other names than their fields, and fields a unit."""
    reader = Expression(r"^(?P<g0>\d+) (?P<g1>\w+)$", names=(("g0", "duration"), ("g1", "user-name")))
    form = Format("own", reader, units=(("duration", 3),))
    assert form.fields == ("duration", "user-name")
    reading = read(form, b"250 x\n", form.fields)
    assert reading.columns == {"duration": ["250"], "user-name": ["x"], "duration as a number": [250_000_000]}


@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=6))
def test_an_expression_means_the_same_in_python(lines: list[bytes]) -> None:
    """RE2 over bytes takes the lines that `re` takes: any byte is a character."""
    expression = r"(?s)^(?P<a>[^ ]*)(?P<b>.*)$"
    reading = read(
        by_expression("own", expression, empty_is_absent=False), b"".join(line + b"\n" for line in lines), ("a", "b")
    )
    expected = [
        re.search(expression.encode(), line)
        for line in (line.removesuffix(b"\r") for line in lines)
        if line.strip(b" \t\r\v\f")
    ]
    assert reading.account.records == sum(match is not None for match in expected)


HOSTILE = r"""
import numpy
from logproc.formats.times.forms import FORMS as TIMES
from logproc.formats.known import FORMATS, PLAIN, timed
from logproc.model.chunk import Context

PIECES = [b'[', b' [', b'] ', b'(', b' (', b': ', b', client: ', b'"', b'\\"', b' ', b'-', b'a', b'0', b'\t', b'INFO ']
PIECES += [b'level=', b'2026-03-07 10:00:00']
forms = [*FORMATS, PLAIN, *(timed(form, leading=leading) for form in TIMES for leading in (True, False))]
for form in forms:
    front = form.example.encode()[:40]
    for piece in PIECES:
        line = (front + piece * (1 << 17))[: 1 << 17] + b'\n'
        data = numpy.frombuffer(line, numpy.uint8)
        assert form.parse(data, Context(), form.fields, 1 << 20).account.closes
"""


@pytest.mark.soak  # every format has a line of 1 MiB in test_linear
@pytest.mark.timeout(150)
def test_a_hostile_line_costs_no_more_than_another() -> None:
    """Lines of 128 KiB, made against expressions that go back, take milliseconds in every format.

    What would be quadratic here takes hours, what is linear seconds: a deadline of two minutes is far from both.
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", HOSTILE], timeout=120, capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reference_is_the_year_of_times_without_one() -> None:
    """Times without a year are the latest ones before the reference."""
    form = by_expression("syslog", f"^{moments.SYSLOG.expression} (?P<message>.*)$", moments.SYSLOG)
    for reference, time in ((1772877600, 1772877600), (1772877600 - 90 * 86400, 1741341600)):
        assert read(form, b"Mar  7 10:00:00 x\n", (), Context(reference_s=reference)).time == [time]
