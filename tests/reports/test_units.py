"""Numbers, sizes and times as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


@pytest.mark.parametrize(("number", "text"), SIZES)
def test_sizes_are_decimal_with_one_digit(number: int, text: str) -> None:
    """A size has the largest unit that leaves it at least 1, rounded half up."""
    assert units.size(number) == text


@pytest.mark.parametrize(("first", "last", "text"), SPANS)
def test_a_span_says_nothing_twice(first: int, last: int, text: str) -> None:
    """The second time leaves out a day and a year that the first has told."""
    assert units.span(first, last) == text


@pytest.mark.parametrize(("seconds", "text"), DURATIONS)
def test_durations_have_the_unit_that_fits(seconds: float, text: str) -> None:
    """Seconds become minutes and hours where those are easier to read."""
    assert units.duration(seconds) == text


@given(st.integers(FIRST_SECOND, LAST_SECOND))
def test_iso_times_come_back(seconds: int) -> None:
    """Every second of the years 1 to 9999 has an ISO time of 20 characters that names it."""
    text = units.iso(seconds)
    assert len(text) == 20
    assert units.seconds_of(text) == seconds
