"""Stretches of time: seconds to months and any length, compared with the calendar of the standard library."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times.calendar import FIRST_S, LAST_S
from logproc.model.errors import UsageError
from logproc.questions.fields.stretches import STRETCHES, duration_s, stretch_of, with_offset
from logproc.questions.view import View
from tests.questions.records import records, values

BERLIN = ZoneInfo("Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECONDS = st.integers(FIRST_S, LAST_S)
NAMES = st.sampled_from(
    [*STRETCHES, "every(7s)", "every(5m)", "every(1h30m)", "every(6h)", "every(2d)", "every(1w)", "every(14d)"]
)


def local(seconds: int) -> datetime:
    """Return a moment of UTC in any year from 1 to 9999."""
    return (EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None)


@given(st.lists(SECONDS, min_size=1, max_size=9))
def test_weeks_months_and_hours_of_the_day_are_those_of_the_calendar(times: list[int]) -> None:
    """From the first day of the calendar to its last; a week is that of ISO 8601, whose year may be another."""
    view = View(records(times))
    moments = [local(time) for time in times]
    assert values(view.texts("second")) == [f"{time.isoformat()}Z" for time in moments]
    assert values(view.texts("month")) == [time.date().isoformat()[:7] for time in moments]
    weeks = [time.isocalendar() for time in moments]
    assert values(view.texts("week")) == [f"{year:04}-W{week:02}" for year, week, _ in weeks]
    assert values(view.texts("hour_of_day")) == [f"{time.hour:02}" for time in moments]


@given(st.lists(st.integers(0, 4 * 10**9), min_size=1, max_size=9), st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kathmandu")]))
def test_minutes_of_any_number_begin_at_midnight(times: list[int], zone: tzinfo) -> None:
    """Where their length divides a day they are alike on all days, by the clocks of the zone."""
    view = View(records(times), zone)
    moments = [datetime.fromtimestamp(time, zone) for time in times]
    mark = "Z" if zone is UTC else ""
    fives = [f"{time:%Y-%m-%dT%H}:{time.minute // 5 * 5:02}:00{mark}" for time in moments]
    assert values(view.texts("every(5m)")) == values(view.texts("every(300s)")) == fives
    assert values(view.texts("every(6h)")) == [f"{time:%Y-%m-%d}T{time.hour // 6 * 6:02}:00:00{mark}" for time in moments]
    weeks = [(time.date() - timedelta(days=time.weekday())).isoformat() for time in moments]
    assert values(view.texts("every(7d)")) == [f"{monday}T00:00:00{mark}" for monday in weeks]


@given(NAMES, SECONDS)
def test_a_stretch_holds_the_times_from_its_beginning_to_the_next(name: str, second: int) -> None:
    """Numbers follow each other without a gap, and lengths are those of the calendar."""
    stretch = stretch_of(name)
    assert stretch is not None
    number = int(stretch.numbers(numpy.array([second]))[0])
    begin = stretch.beginning(number)
    assert begin <= second < begin + stretch.seconds(number)
    ends = numpy.array([begin, begin + stretch.seconds(number) - 1])
    if begin > FIRST_S:
        assert set(stretch.numbers(ends).tolist()) == {number}
        assert stretch.numbers(ends + numpy.array([-1, 1])).tolist() == [number - 1, number + 1]


@given(NAMES, SECONDS, st.sampled_from([UTC, BERLIN]))
def test_a_label_names_its_stretch(name: str, second: int, zone: tzinfo) -> None:
    """A filter takes what a report shows, and a date in other notations; what is not a beginning names nothing."""
    stretch = stretch_of(name)
    assert stretch is not None
    number = int(stretch.numbers(numpy.array([second]))[0])
    begin, label = local(stretch.beginning(number)), stretch.label(number, zone)
    assert stretch.labelled(label, zone) == label
    assert stretch.labelled(begin.isoformat(sep=" "), zone) == label
    assert stretch.labelled(f"{begin.date().isoformat().replace('-', '/')} {begin.time().isoformat()}", zone) == label
    if name != "second":
        assert stretch.labelled((begin + timedelta(seconds=1)).isoformat(), zone) is None


def test_a_moment_with_an_offset_is_that_of_the_zone() -> None:
    """Nine o'clock in UTC is ten in Berlin."""
    assert STRETCHES["hour"].labelled("2026-03-07T09:00:00Z", BERLIN) == "2026-03-07T10:00:00"
    assert STRETCHES["day"].labelled("2026-03-07T23:00:00+00:00", BERLIN) == "2026-03-08"


@pytest.mark.parametrize("name", STRETCHES)
@pytest.mark.parametrize(
    "text", ["", "10:00", "10", "2026", "2026-13-01", "2026-W54", "2026-00", "yesterday", "2026-03-07 10:00:00.5"]
)
def test_what_is_not_a_beginning_names_no_stretch(name: str, text: str) -> None:
    """Neither does a time of day without its day."""
    assert STRETCHES[name].labelled(text, UTC) is None


@given(st.integers(1, 999), st.sampled_from(["s", "m", "min", "h"]))
def test_a_length_has_a_unit(number: int, unit: str) -> None:
    """Seconds, minutes, hours, days and weeks, which may be added."""
    assert duration_s(f"{number}{unit}") == number * {"s": 1, "m": 60, "min": 60, "h": 3600}[unit]
    assert duration_s(f" 1d{number}{unit}") == 86400 + number * {"s": 1, "m": 60, "min": 60, "h": 3600}[unit]


@pytest.mark.parametrize(
    "text", ["", "5", "m", "0s", "0m0s", "-5m", "1.5h", "500ms", "5 m", "1y", "367d", "9999999999s", "5M", "٥m"]
)
def test_other_lengths_are_refused(text: str) -> None:
    """The error shows how to write one; so for a name without its parenthesis."""
    for name in (f"every({text})", f"every({text}"):
        with pytest.raises(UsageError, match="not a stretch of time") as caught:
            stretch_of(name)
        assert "every(5m)" in caught.value.hint


def test_a_moment_is_shown_with_its_offset() -> None:
    """With `Z` in UTC; at the ends of the calendar, where a zone has no time, in UTC too."""
    assert with_offset(1772877600, UTC) == "2026-03-07T10:00:00Z"
    assert with_offset(1772877600, BERLIN) == "2026-03-07T11:00:00+01:00"
    assert with_offset(LAST_S, ZoneInfo("Asia/Tokyo")) == "9999-12-31T23:59:59Z"
    assert with_offset(1772877600, UTC, 120_000_000) == "2026-03-07T10:00:00.120Z"
    assert with_offset(1772877600, BERLIN, 123_456_000) == "2026-03-07T11:00:00.123456+01:00"
    assert with_offset(-1, UTC, 999_999_999) == "1969-12-31T23:59:59.999999999Z"
    assert date.fromisoformat(with_offset(0, UTC)[:10]) == EPOCH.date()


def test_nothing_begins_before_the_calendar() -> None:
    """Stretches that are put together to longer ones may begin before the year 1; then it is the calendar's first day."""
    assert {STRETCHES[name].beginning(-(10**12)) for name in ("hour", "week", "month")} == {FIRST_S}
