"""Comparisons of stretches of time, hours of the day and weekdays, against plain Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import UsageError
from logproc.questions.view import View
from logproc.questions.where.grammar import parse_where
from tests.questions.records import records

ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")])
START = int(datetime(2026, 2, 20, tzinfo=UTC).timestamp())
TIMES = st.lists(st.none() | st.integers(START, START + 40 * 86400), max_size=12)
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATOR = st.sampled_from(sorted(OPERATORS))
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FLOORS: dict[str, Callable[[datetime], datetime]] = {
    "second": lambda time: time,
    "minute": lambda time: time.replace(second=0),
    "every(15m)": lambda time: time.replace(second=0, minute=time.minute // 15 * 15),
    "hour": lambda time: time.replace(second=0, minute=0),
    "day": lambda time: time.replace(second=0, minute=0, hour=0),
    "week": lambda time: time.replace(second=0, minute=0, hour=0) - timedelta(days=time.weekday()),
    "month": lambda time: time.replace(second=0, minute=0, hour=0, day=1),
}
"""The beginning of each stretch that a local time is in."""


def passing(where: str, times: list[int | None], zone: Any) -> list[bool]:
    """Return which records pass a filter."""
    columns = records(times)
    return list(parse_where(where, zone).mask(columns, View(columns, zone).field).tolist())


def locals_of(times: list[int | None], zone: Any) -> list[datetime | None]:
    """Return the times by the clocks of a zone."""
    return [None if time is None else datetime.fromtimestamp(time, zone).replace(tzinfo=None) for time in times]


@given(st.sampled_from(sorted(FLOORS)), OPERATOR, TIMES, st.integers(0, 40 * 86400), ZONES)
def test_a_stretch_is_compared_by_its_beginning(name: str, sign: str, times: list[int | None], after: int, zone: Any) -> None:
    """In the zone of the report; a record without a time passes no comparison."""
    value = FLOORS[name](datetime.fromtimestamp(START + after, UTC).replace(tzinfo=None))
    texts = {"month": f"{value:%Y-%m}", "day": f"{value:%Y-%m-%d}", "week": f"{value:%G-W%V}"}
    expected = [time is not None and OPERATORS[sign](FLOORS[name](time), value) for time in locals_of(times, zone)]
    for text in (texts.get(name, f"{value:%Y-%m-%d %H:%M:%S}"), f"{value:%d/%b/%Y:%H:%M:%S}"):
        assert passing(f'{name} {sign} "{text}"', times, zone) == expected


@given(OPERATOR, TIMES, st.integers(0, 23), ZONES)
def test_an_hour_of_the_day_is_a_number(sign: str, times: list[int | None], hour: int, zone: Any) -> None:
    """With or without quotes and a leading zero."""
    expected = [time is not None and OPERATORS[sign](time.hour, hour) for time in locals_of(times, zone)]
    for text in (str(hour), f'"{hour:02}"', f'"{hour}:00"'):
        assert passing(f"hour_of_day {sign} {text}", times, zone) == expected


@given(OPERATOR, TIMES, st.sampled_from(WEEKDAYS), st.sampled_from([3, 4, 9]), ZONES)
def test_weekdays_are_in_their_order(sign: str, times: list[int | None], day: str, length: int, zone: Any) -> None:
    """Monday is the first; a name may be short, and in any case."""
    place = WEEKDAYS.index(day)
    expected = [time is not None and OPERATORS[sign](time.weekday(), place) for time in locals_of(times, zone)]
    assert passing(f'weekday {sign} "{day[:length].lower()}"', times, zone) == expected


@given(TIMES, ZONES)
def test_several_values_are_joined(times: list[int | None], zone: Any) -> None:
    """As with any other field; text can be searched for, too."""
    weekend = [time is not None and time.weekday() >= 5 for time in locals_of(times, zone)]
    work = [time is not None and time.weekday() < 5 for time in locals_of(times, zone)]
    assert passing('weekday in ("Saturday", "Sun")', times, zone) == weekend
    assert passing("weekday >= sat", times, zone) == weekend
    assert passing('weekday not in ("Sat", "Sun")', times, zone) == passing('weekday =~ "^[MTWF]"', times, zone) == work
    march = [time is not None and time.month == 3 for time in locals_of(times, zone)]
    assert passing('month in ("2026-03", "2025-03")', times, zone) == passing('day contains "-03-"', times, zone) == march


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("hour == 10", "hour_of_day == 9"),
        ('hour == "10:00"', "2026-03-07 10:00"),
        ('hour >= "2026-03-07 10:30"', "the beginning of one"),
        ('day == "2026-03-07 10:00"', '"2026-03-07"'),
        ('week == "2026-03-04"', '"2026-W10"'),
        ('month == "2026-03-07"', '"2026-03"'),
        ('every(5m) == "2026-03-07 10:03"', "the beginning of one"),
        ('every(5) == "2026-03-07 10:00"', "every(5m)"),
        ('every() == "2026-03-07 10:00"', "every(5m)"),
        ("query() == 1", "query(utm_source)"),
        ("hour_of_day == 9h", "write 9"),
        ('hour_of_day == "24"', "write 9"),
        ('hour_of_day =~ "1"', ""),
        ("weekday == 6", "Saturday"),
        ('weekday == "Sa"', "Saturday"),
    ],
)
def test_what_no_record_can_have_is_refused(where: str, hint: str) -> None:
    """An answer of no records would look like one; the error shows how to write it."""
    with pytest.raises(UsageError) as caught:
        parse_where(where)
    assert hint in caught.value.hint
