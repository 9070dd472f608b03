"""One day above 12 decides the order of day and month for a source; where none does, the order is assumed and told."""

from __future__ import annotations

import pytest

from logproc.formats.engine import Format
from logproc.formats.times.calendar import iso
from tests.formats.readings import detected, read

SHAPES = [
    "{} 10:00:00 INFO ready\n",
    "[{} 10:00:00] INFO ready\n",
    '{{"time":"{} 10:00:00","level":"info","msg":"ready"}}\n',
    '{{"date":"{}","time":"10:00:00","level":"info","msg":"ready"}}\n',
    'time="{} 10:00:00" level=info msg=ready\n',
]
DATES = [
    (("07/03/2026", "27/03/2026"), ("2026-03-07", "2026-03-27"), ""),
    (("03/07/2026", "03/27/2026"), ("2026-03-07", "2026-03-27"), ""),
    (("07.03.2026", "27.03.2026"), ("2026-03-07", "2026-03-27"), ""),
    (("03-07-2026", "03-27-2026"), ("2026-03-07", "2026-03-27"), ""),
    (("7/3/2026", "8/3/2026"), ("2026-03-07", "2026-03-08"), "day first"),
    (("07.03.2026", "08.03.2026"), ("2026-03-07", "2026-03-08"), "day first"),
    (("2026/03/07", "2026/03/08"), ("2026-03-07", "2026-03-08"), ""),
    (("07/03/26", "27/03/26"), ("2026-03-07", "2026-03-27"), ""),
    (("03/07/26", "03/27/26"), ("2026-03-07", "2026-03-27"), ""),
    (("07/03/26", "07/03/26"), ("2026-03-07", "2026-03-07"), "day first"),
    (("26/03/07", "26/03/27"), ("2026-03-07", "2026-03-27"), ""),
    (("26/03/27", "26/03/27"), ("2026-03-27", "2026-03-27"), "year first"),
    (("07.03.26", "08.03.26"), ("2026-03-07", "2026-03-08"), ""),
]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("dates", "days", "assumed"), DATES)
def test_a_day_above_twelve_decides_for_the_source(
    shape: str, dates: tuple[str, str], days: tuple[str, str], assumed: str
) -> None:
    """Text, JSON and logfmt are read alike, and what was assumed is known."""
    log = "".join(map(shape.format, dates)).encode()
    form = detected(log)
    found = read(form, log)
    assert [iso(time) for time in found.time] == [f"{day}T10:00:00Z" for day in days]
    assert found.columns["level"] == ["info", "info"]
    assert isinstance(form, Format)
    assert form.order.assumed == assumed


@pytest.mark.parametrize(
    ("times", "first", "assumed"),
    [
        (("3/7/2026 1:00:00 PM", "3/8/2026 1:00:00 PM"), "2026-03-07T13:00:00Z", "month first"),
        (("7/3/2026 1:00:00 PM", "27/3/2026 1:00:00 PM"), "2026-03-07T13:00:00Z", ""),
        (("3/7/2026 1:00:00 AM", "3/27/2026 1:00:00 AM"), "2026-03-07T01:00:00Z", ""),
    ],
)
def test_with_am_or_pm_the_month_is_taken_to_be_first(times: tuple[str, str], first: str, assumed: str) -> None:
    """As it is in the United States, unless a day above 12 says otherwise."""
    log = "".join(f"{time} INFO ready\n" for time in times).encode()
    form = detected(log)
    assert iso(read(form, log).time[0]) == first
    assert isinstance(form, Format)
    assert form.order.assumed == assumed


def test_times_without_seconds_are_times_and_a_second_too_many_is_not_cut_off() -> None:
    """A log of minutes is read; in one of seconds, one that does not exist stays unreadable."""
    minutes = b"2026-03-07 10:00 INFO started\n2026-03-07 10:01 ERROR failed\n"
    found = read(detected(minutes), minutes)
    assert [iso(time) for time in found.time] == ["2026-03-07T10:00:00Z", "2026-03-07T10:01:00Z"]
    assert (found.columns["level"], found.columns["message"]) == (["info", "error"], ["started", "failed"])
    seconds = b"2026-03-07 10:00:00 up and running now\n2026-03-07 10:00:61 up and running\n2026-03-07 10:00:02 down we go\n"
    assert read(detected(seconds), seconds).account.records == 2
