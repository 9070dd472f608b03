"""Times in a form that somebody gives: what it says is read, everything else is not a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.formats.times.given import given_form
from logproc.model.columns import NO_TIME
from logproc.model.errors import UsageError

REFERENCE = int(datetime(2026, 3, 10, tzinfo=UTC).timestamp())
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read(form: str, *texts: str, zone: str = "UTC") -> list[str | None]:
    """Return the moments of some texts, None for those that are not times."""
    local = UTC if zone == "UTC" else ZoneInfo(zone)
    found = given_form(form, "--map").read(pyarrow.array([text.encode() for text in texts], pyarrow.binary()), REFERENCE, local)
    return [None if at == NO_TIME else str(EPOCH + timedelta(seconds=at))[:19] for at in found.seconds.tolist()]


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%d/%m/%Y %H:%M:%S", "09/11/2025 07:05:06", "2025-11-09 07:05:06"),
        ("%d/%m/%Y %H:%M:%S", "9/11/2025 7:05:06.123", "2025-11-09 07:05:06"),
        ("%m/%d/%Y %H:%M:%S", "09/11/2025 07:05:06", "2025-09-11 07:05:06"),
        ("%d/%m/%Y %H:%M:%S", "31/04/2025 07:05:06", None),
        ("%d/%m/%Y %H:%M:%S", "09/13/2025 07:05:06", None),
        ("%d/%m/%Y %H:%M:%S", "09/11/2025 24:05:06", None),
        ("%d/%m/%Y %H:%M:%S", "09/11/2025 07:05:06 x", None),
        ("%d/%m/%Y %H:%M:%S", "", None),
        ("%d.%m.%y", "29.02.24", "2024-02-29 00:00:00"),
        ("%d.%m.%y", "29.02.99", None),
        ("%b %d, %Y %I:%M %p", "Nov 9, 2025 12:05 am", "2025-11-09 00:05:00"),
        ("%B %e %Y %l:%M:%S %p", "november  9 2025  1:05:06 PM", "2025-11-09 13:05:06"),
        ("%B %e %Y %l:%M:%S %p", "Novembre 9 2025 13:05:06 PM", None),
        ("%Y%m%dT%H%M%S%z", "20251109T070506+0130", "2025-11-09 05:35:06"),
        ("%a, %d %b %Y %T %Z", "Sun, 09 Nov 2025 07:05:06 EST", "2025-11-09 12:05:06"),
        ("%a, %d %b %Y %T %Z", "Sun, 09 Nov 2025 07:05:06 XYZ", None),
        ("%T.%f %F", "07:05:06.250 2025-11-09", "2025-11-09 07:05:06"),
        ("%d %b %H:%M", "09 Nov 07:05", "2025-11-09 07:05:00"),
        ("%d %b %H:%M", "09 Mar 07:05", "2026-03-09 07:05:00"),
        ("%s", "1762671906.5", "2025-11-09 07:05:06"),
        ("s", "1762671906", "2025-11-09 07:05:06"),
        ("ms", "1762671906250", "2025-11-09 07:05:06"),
        ("us", "1762671906250000", "2025-11-09 07:05:06"),
        ("ns", "1762671906250000000", "2025-11-09 07:05:06"),
        ("ms", "86400000", "1970-01-02 00:00:00"),
        ("ms", "x", None),
        ("ms", "99999999999999999999", None),
    ],
)
def test_a_time_is_what_the_form_says(form: str, text: str, moment: str | None) -> None:
    """Each conversion has its meaning, days are those of the calendar, and nothing may be left over."""
    assert read(form, text) == [moment]


@given(
    st.lists(st.datetimes(EPOCH.replace(year=1900, tzinfo=None), EPOCH.replace(year=2200, tzinfo=None)), min_size=1, max_size=9)
)
def test_what_strftime_writes_is_read_back(times: list[datetime]) -> None:
    """Many at once, as Python writes them."""
    for form in ("%d/%m/%Y %H:%M:%S", "%b %d, %Y %I:%M:%S %p", "%Y%m%d%H%M%S", "%A %e %B %Y, %T"):
        texts = [time.strftime(form) for time in times]
        assert read(form, *texts) == [str(time)[:19] for time in times], form


def test_times_without_a_zone_are_local() -> None:
    """A zone in the form goes first; without one `--tz` says what the clock shows, in winter as in summer."""
    assert read("%F %H:%M", "2025-07-01 12:00", "2025-12-01 12:00", zone="Europe/Berlin") == [
        "2025-07-01 10:00:00",
        "2025-12-01 11:00:00",
    ]
    assert read("%F %H:%M %z", "2025-07-01 12:00 +0000", zone="Europe/Berlin") == ["2025-07-01 12:00:00"]


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ("%H:%M", "has no date"),
        ("%d %b %d", "has the day twice"),
        ("%d/%m/%Y %I:%M", "%I and %p go together"),
        ("%d/%m/%Y %Q", "%Q in '%d/%m/%Y %Q' is unknown"),
        ("words", "has no date"),
    ],
)
def test_a_form_that_is_not_a_time_is_refused(form: str, fault: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(UsageError, match=fault.replace("%", "%")):
        given_form(form, "--map")
