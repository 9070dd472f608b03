"""Times and numbers: reading many at once gives the same as reading each separately, and invalid ones are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy
import pyarrow

from logproc.formats.columns.quantities import numbers_of, read
from logproc.formats.columns.units import Unit
from logproc.formats.times import access as times
from logproc.formats.times import calendar
from logproc.formats.times.forms import FORMS, TimeForm, compiled
from logproc.formats.times.reading import (
    divided,
    local_correction,
    read_values,
    second_of,
    seconds,
    to_seconds,
    value_seconds,
    values_seconds,
    zone_correction,
)
from logproc.model.columns import NO_TIME, KeyColumn
from logproc.model.errors import UsageError
from logproc.questions.timespan import parse_moment
from logproc.questions.where.values import moment_of
from logproc.questions.zones import parse_zone
from tests.formats.readings import REFERENCE_S
from tests.formats.readings import numbers_of as plain_numbers
from tests.support.oracle import EPOCH, moment
from tools.fuzz.target import MARK, Given, Target, text_of

ZONES: tuple[tzinfo, ...] = (
    UTC,
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("America/St_Johns"),
    timezone(timedelta(hours=23, minutes=59)),
    timezone(-timedelta(hours=23, minutes=59)),
)
FRACTION = re.compile(rb"[^.,]*:\d\d[.,](\d+)Z?")
PLAIN_ISO = re.compile(rb"\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)?")
"""Newer Pythons read 24:00:00 as well."""
REFERENCES = (REFERENCE_S, 0, -1, 951_825_600, calendar.FIRST_S, calendar.LAST_S)


def run(data: bytes) -> None:
    """Read texts as times of logs, of options and of filters, and as numbers."""
    given = Given(data)
    zone, reference, power = given.one_of(ZONES), given.one_of(REFERENCES), given.one_of((0, 3, 6))
    option, name = text_of(given.part()), text_of(given.part())
    lines = given.rest().split(b"\n")[:40]
    check_values(lines, reference, zone)
    check_access_times(lines)
    check_numbers(lines, power)
    check_option(option, name, zone)


def check_values(lines: list[bytes], reference: int, zone: tzinfo) -> None:
    """Check that the times of many values, overall and per form, equal those of each value by itself."""
    distinct = pyarrow.array(list(dict.fromkeys(lines)), pyarrow.binary())
    index = numpy.arange(len(distinct))
    alone = [value_seconds(text, reference, zone) for text in distinct.to_pylist()]
    together, exists = values_seconds(distinct, index, reference, zone)
    assert together.tolist() == [NO_TIME if second is None else second for second in alone]
    assert exists.tolist() == [second is not None for second in alone]
    assert all(second is None or calendar.FIRST_S <= second <= calendar.LAST_S for second in alone)
    for text, second in zip(distinct.to_pylist(), alone, strict=True):
        assert second is None or times.to_seconds(shown(second)) == second
        assert not PLAIN_ISO.fullmatch(text) or second == seconds_of_iso(text.decode(), zone)
    exact = read_values(distinct, reference, zone, fractions=True)
    assert exact.seconds.tolist() == together.tolist()
    assert exact.nanos is not None
    for text, second, nanos in zip(distinct.to_pylist(), alone, exact.nanos.tolist(), strict=True):
        assert second is None or 0 <= nanos < 10**9
        if second is not None and (match := FRACTION.fullmatch(text)):
            assert nanos == int(match[1][:9].ljust(9, b"0"))
    for form in FORMS:
        fits, groups = divided(form, distinct)
        assert fits.tolist() == [bool(compiled(form.expression).fullmatch(text)) for text in distinct.to_pylist()]
        some, _ = seconds(form, groups, reference, zone)
        expected = [to_seconds(form, text, reference, zone) for text in distinct.filter(pyarrow.array(fits)).to_pylist()]
        assert some.tolist() == [NO_TIME if second is None else second for second in expected]


def seconds_of_iso(text: str, zone: tzinfo) -> int | None:
    """Return the seconds of a time as Python's datetime reads it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = ((moment if moment.tzinfo else moment.replace(tzinfo=zone)) - EPOCH) // timedelta(seconds=1)
    return found if calendar.FIRST_S <= found <= calendar.LAST_S else None


def shown(second: int) -> bytes:
    """Return a time of a report as an access log has it."""
    text = calendar.iso(second)
    month = list(calendar.MONTHS)[int(text[5:7]) - 1].decode()
    return f"{text[8:10]}/{month}/{text[:4]}:{text[11:19]} +0000".encode()


def check_access_times(lines: list[bytes]) -> None:
    """Check that the times of many access log values equal those of each by itself."""
    texts = [line[: times.WIDTH].ljust(times.WIDTH) for line in lines]
    rows = numpy.frombuffer(b"".join(texts), numpy.uint8).reshape(-1, times.WIDTH)
    found, valid = times.many_to_seconds(rows)
    alone = [times.to_seconds(text) for text in texts]
    assert [second if good else None for second, good in zip(found.tolist(), valid.tolist(), strict=True)] == alone
    plainly = [moment(text) for text in texts]
    assert alone == [None if found is None else (found - EPOCH) // timedelta(seconds=1) for found in plainly]


def check_numbers(lines: list[bytes], power: int) -> None:
    """Check that the numbers of a column equal those of each value by itself."""
    texts = list(dict.fromkeys(line.decode("utf-8", "replace") for line in lines))
    column = KeyColumn(pyarrow.array(texts, pyarrow.string()), numpy.arange(len(texts)))
    assert plain_numbers(numbers_of(column, Unit(power=power))) == [read(text, Unit(power=power))[0] for text in texts]


def check_option(option: str, name: str, zone: tzinfo) -> None:
    """Read a time and a zone as a person types them."""
    moment_of(option, zone)
    with suppress(UsageError):
        parse_moment("--since", option, zone, REFERENCE_S)
    with suppress(UsageError):
        parse_moment("--since", option, parse_zone(name), REFERENCE_S)


def form_agrees(form: TimeForm, groups: Mapping[str, bytes]) -> None:
    """Check that the time from the groups of an expression equals that of its parts."""
    columns = {name: (pyarrow.array([text], pyarrow.binary()), numpy.zeros(1, numpy.int64)) for name, text in groups.items()}
    (found,), (valid,) = (values.tolist() for values in seconds(form, columns, REFERENCE_S))
    start = form.minute(groups["minute"], REFERENCE_S)
    second = second_of(groups["second"]) if "second" in groups else 0
    zone = zone_correction(groups["zone"]) if groups.get("zone") else local_correction(form, start, UTC)
    parts = (start, second, zone)
    total = None if None in parts else sum(part for part in parts if part is not None)
    assert valid == (total is not None and calendar.FIRST_S <= total <= calendar.LAST_S)
    assert found == (total if valid else NO_TIME)


OPTIONS = (b"2026-03-07 10:00", b"2026-03-07", b"10:00:30", b"2h ago", b"@1772877600", b"now", b"0001-01-01T00:00:00.5+23:59")
NAMES = (b"Europe/Berlin", b"UTC", b"local", b"Etc/GMT+5")
TEXTS = b"""17/May/2015:10:05:03 +0000
2015-05-17T10:05:03,123Z
2016-12-31T23:59:60Z
31/Dec/2016:23:59:60 +0000
2026-02-29 10:00:00+00:00
0001-01-01T00:00:00+00:01
9999-12-31T23:59:59.9-00:01
2015-05-17 10:05:03.123456789+02:00
1431857103.123
1.431857103e9
May 17 08:10:40
Feb 29 23:59:59 EST
Jun 14 2015 15:16:01.123 UTC
Sun Dec 04 04:47:44.902022 2005
0507 12:04:17.597069
03-17 16:13:38.811
10.30 16:49:06
081109 203615
20171223T221529Z
20171223-22:16:0:119
2005-06-03-15.42.50.675872
17.05.2015 10:05:03,123
Sun, 17 May 2015 10:05:03 +0000
May 17, 2015 8:10:40.123 PM CEST
5/17/2015 10:05:03\xe2\x80\xafAM
17/06/09 20:10:40
1h2m3.5s
0.25, 0.5 : -
-1.5e-3
432.924\xc2\xb5s"""
TARGETS = (
    Target(
        "times",
        run,
        seeds=tuple(
            bytes([at, at, at]) + OPTIONS[at % len(OPTIONS)] + MARK + NAMES[at % len(NAMES)] + MARK + texts
            for at, texts in enumerate([TEXTS, *TEXTS.split(b"\n")])
        ),
        found={
            "a number of more than 28 digits was rounded up": b"\0\0\0" + MARK + MARK + b"1.4319999999999999999999999999999999",
            "a number beyond all numbers overflowed": b"\0\0\0" + MARK + MARK + b"1e9999999",
            "a zone of thousands of slashes was looked for as a package": b"\0\0\0" + MARK + b"G/" * 2000,
        },
        words=(
            *(b"+23:59", b"-2359", b" EST", b"Z", b"0001", b"9999", b"Feb 29", b"12:00:00 AM", b":60", b"24:00", b"00", b"1e9"),
            *(b"T", b" ", b".", b",", b"\n", b"/", b"-", b"W01-1", b"9" * 30, b"\xd9\xa3", b"ns", b" : ", MARK),
        ),
    ),
)
