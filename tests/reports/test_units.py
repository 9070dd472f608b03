"""Numbers, sizes and times as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times.calendar import iso, seconds_of
from logproc.reports import units

SIZES = [
    (0, "0 B"),
    (999, "999 B"),
    (1000, "1.0 kB"),
    (1049, "1.0 kB"),
    (1050, "1.1 kB"),
    (999_949, "999.9 kB"),
    (999_950, "1.0 MB"),
    (2**63, "9.2 EB"),
    (10**40, "10,000,000,000.0 QB"),
]
SPANS = [
    (0, 59, "1 Jan 1970 00:00 – 00:00 UTC"),
    (0, 86400, "1 Jan 1970 00:00 – 2 Jan 00:00 UTC"),
    (-60, 0, "31 Dec 1969 23:59 – 1 Jan 1970 00:00 UTC"),
]
DURATIONS = [(0.0, "0.00 s"), (0.314, "0.31 s"), (12.34, "12.3 s"), (65, "1 min 05 s"), (7380, "2 h 03 min")]
LATENCIES = [
    (1e-9, "1.00 ns"),
    (0.00012, "120 µs"),
    (0.0123, "12.3 ms"),
    (0.99949, "999 ms"),
    (0.9995, "1.00 s"),
    (59.94, "59.9 s"),
    (59.96, "1 min 00 s"),
    (36_000_000, "10,000 h 00 min"),
    (0, "0 s"),
    (-0.02, "-20.0 ms"),
]
PLAIN = [(1234567, "1,234,567"), (1234.5, "1,234"), (0.123456, "0.1235"), (12.0, "12"), (-1234, "-1,234")]
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


@pytest.mark.parametrize(("number", "text"), SIZES)
def test_sizes_are_decimal_with_one_digit(number: int, text: str) -> None:
    """A size has the largest unit in which it is at least 1, rounded half up."""
    assert units.size(number) == text


@pytest.mark.parametrize(("first", "last", "text"), SPANS)
def test_a_span_says_nothing_twice(first: int, last: int, text: str) -> None:
    """The second time leaves out a day and a year that it shares with the first."""
    assert units.span(first, last) == text


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_durations_have_the_unit_that_fits(seconds: float, text: str) -> None:
    """Long durations are in minutes and hours."""
    assert units.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), LATENCIES)
def test_latencies_have_three_digits(seconds: float, text: str) -> None:
    """Below a minute the unit is the one with one to three digits before the point."""
    assert units.latency(seconds) == text


@pytest.mark.parametrize(("number", "text"), PLAIN)
def test_plain_numbers_can_be_read(number: float, text: str) -> None:
    """Thousands have commas, fractions four digits."""
    assert units.plain(number) == text


def test_a_time_without_an_offset_is_one_of_utc() -> None:
    """The same goes for a date."""
    assert seconds_of("1970-01-02") == seconds_of("1970-01-02T00:00:00") == 86400


@given(st.integers(FIRST_SECOND, LAST_SECOND))
def test_iso_times_come_back(seconds: int) -> None:
    """Every second of the years 1 to 9999 has an ISO time of 20 characters that names it."""
    text = iso(seconds)
    assert len(text) == 20
    assert seconds_of(text) == seconds
