"""Stretches of local time that records are counted by: second, minute, hour, day, week, month, and `every(5m)`.

All stretches of one name are numbered without gaps, so that they are counted as integers; `label` gives the text. Lengths of
a second to a day begin at midnight, `week` and whole weeks on a Monday, and other lengths count from 1 January 1970.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

import numpy
from msgspec import Struct

from logproc.formats.times.calendar import DAY_S, EPOCH_DAY, FIRST_S, HOUR_S, LAST_S, fraction, iso
from logproc.model.errors import UsageError
from logproc.model.patterns import regex
from logproc.questions.timespan import UNITS_S, absolute, divided

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

DURATION = regex(r"(?:[0-9]{1,9}(?:s|min|m|h|d|w))+")
PART = regex(r"([0-9]+)([a-z]+)")
EVERY = regex(r"every\((.*)\)", re.DOTALL)
MONDAY_S = 4 * DAY_S
"""The first Monday after 1970 began."""
MONTH_S = 30 * DAY_S
FIRST_MONTH = 12 * (1 - 1970)
MOST_S = 366 * DAY_S
UNIT_WORDS = (
    (DAY_S, "days", "day", "days"),
    (HOUR_S, "h", "hour", "hours"),
    (60, "min", "minute", "min"),
    (1, "s", "second", "s"),
)
SECOND_CHARACTERS = len("2026-03-07T11:00:00")
MONTH = regex(r"([0-9]{4})-([0-9]{2})")
WEEK = regex(r"([0-9]{4})-?W([0-9]{2})")


class Stretch(Struct, frozen=True):
    """One kind of stretch. length_s: 0 for months of the calendar. begin_s: where the stretch number 0 begins."""

    name: str
    length_s: int
    begin_s: int = 0

    @property
    def about_s(self) -> int:
        """How long a stretch is, months being 30 days."""
        return self.length_s or MONTH_S

    def numbers(self, local: Integers) -> Integers:
        """Return the number of the stretch that each local time is in. local: seconds since 1970 by the clocks of a zone."""
        if self.length_s:
            return (local - self.begin_s) // self.length_s
        return local.astype("datetime64[s]").astype("datetime64[M]").astype(numpy.int64)

    def beginning(self, number: int) -> int:
        """Return the local time that a stretch begins at; at the start of the calendar the first there is."""
        if self.length_s:
            return max(number * self.length_s + self.begin_s, FIRST_S)
        number = max(number, FIRST_MONTH)
        return (date(1970 + number // 12, number % 12 + 1, 1).toordinal() - EPOCH_DAY) * DAY_S

    def seconds(self, number: int) -> int:
        """Return how long a stretch is by the clocks."""
        if self.length_s:
            return self.length_s
        last = number == 12 * (9999 - 1970) + 11
        return (LAST_S + 1 if last else self.beginning(number + 1)) - self.beginning(number)

    def label(self, number: int, zone: tzinfo = UTC) -> str:
        """Return the beginning of a stretch as text, with `Z` only in UTC; of a day, week or month its name."""
        begin = self.beginning(number)
        if self.name == "week":
            year, week, _ = date.fromordinal(EPOCH_DAY + begin // DAY_S).isocalendar()
            return f"{year:04}-W{week:02}"
        text = iso(begin)
        if self.name in {"day", "month"}:
            return text[: len("2026-03-07" if self.name == "day" else "2026-03")]
        return text if zone is UTC else text[:-1]

    def labelled(self, text: str, zone: tzinfo) -> str | None:
        """Return the label of the stretch that a text of a filter names; None if none begins there.

        A time with an offset is taken to the zone.

        >>> STRETCHES["hour"].labelled("2026-03-07 10:00", UTC), STRETCHES["hour"].labelled("2026-03-07 10:30", UTC)
        ('2026-03-07T10:00:00Z', None)
        """
        begin = named_beginning(self.name, text, zone)
        if begin is None or not FIRST_S <= begin <= LAST_S:
            return None
        number = int(self.numbers(numpy.array([begin], numpy.int64))[0])
        return self.label(number, zone) if self.beginning(number) == begin else None


STRETCHES = {
    stretch.name: stretch
    for stretch in (
        Stretch("second", 1),
        Stretch("minute", UNITS_S["m"]),
        Stretch("hour", HOUR_S),
        Stretch("day", DAY_S),
        Stretch("week", UNITS_S["w"], MONDAY_S),
        Stretch("month", 0),
    )
}


@functools.lru_cache(256)
def stretch_of(name: str) -> Stretch | None:
    """Return the stretch that a field's name means, None if it is not one. Raises UsageError for a malformed `every(…)`.

    >>> stretch_of("every(1h30m)").length_s, stretch_of("path")
    (5400, None)
    """
    if name in STRETCHES:
        return STRETCHES[name]
    if not name.startswith("every("):
        return None
    match = EVERY.fullmatch(name)
    length_s = duration_s(match[1]) if match else None
    if length_s is None:
        raise UsageError(f"{name!r} is not a stretch of time", "write every(5m), every(30s), every(6h) or every(2d)")
    return Stretch(name, length_s, MONDAY_S if length_s % UNITS_S["w"] == 0 else 0)


def length_text(seconds: int, *, spoken: bool = False) -> str:
    """Return a length of time in its largest whole unit. spoken: as it follows "per", without a 1.

    >>> [length_text(seconds) for seconds in (10, 900, 3600, 86400, 604800, 172800)]
    ['10 s', '15 min', '1 h', 'day', 'week', '2 days']
    >>> [length_text(seconds, spoken=True) for seconds in (1, 900, 3600, 7200)]
    ['second', '15 min', 'hour', '2 hours']
    """
    if seconds == UNITS_S["w"]:
        return "week"
    unit_s, short, one, several = next(unit for unit in UNIT_WORDS if seconds % unit[0] == 0)
    if seconds == unit_s and (spoken or unit_s == DAY_S):
        return one
    return f"{seconds // unit_s} {several if spoken else short}"


def duration_s(text: str) -> int | None:
    """Return the seconds of a length of time, from one second to a year; None for any other text.

    >>> duration_s("5m"), duration_s("1h30m"), duration_s("0s"), duration_s("5")
    (300, 5400, None, None)
    """
    text = text.strip()
    if not DURATION.fullmatch(text):
        return None
    seconds = sum(int(number) * UNITS_S[unit] for number, unit in PART.findall(text))
    return seconds if 1 <= seconds <= MOST_S else None


def named_beginning(name: str, text: str, zone: tzinfo) -> int | None:
    """Return the local time that a text means, None if it is not a time: `2026-03`, `2026-W10`, or a date with its time."""
    text = text.strip()
    try:
        if name == "month" and (match := MONTH.fullmatch(text)):
            return (date(int(match[1]), int(match[2]), 1).toordinal() - EPOCH_DAY) * DAY_S
        if match := WEEK.fullmatch(text):
            return (date.fromisocalendar(int(match[1]), int(match[2]), 1).toordinal() - EPOCH_DAY) * DAY_S
        whole, nanos = divided(text)
        moment = None if nanos else absolute(whole)
        if moment is not None and moment.tzinfo is not None:
            moment = moment.astimezone(zone).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    if moment is None:
        return None
    return (moment.toordinal() - EPOCH_DAY) * DAY_S + moment.hour * HOUR_S + moment.minute * 60 + moment.second


def with_offset(seconds: int, zone: tzinfo, nanos: int = 0) -> str:
    """Return a moment as RFC 3339 has it, in a zone: `2026-03-07T11:00:00.500+01:00`, or with `Z` in UTC.

    nanos: billionths behind the second; see `calendar.fraction`.
    """
    try:
        text = iso(seconds) if zone is UTC else datetime.fromtimestamp(seconds, zone).isoformat()
    except (OverflowError, ValueError):  # the zone's time leaves the calendar
        text = iso(seconds)
    return text[:SECOND_CHARACTERS] + fraction(nanos) + text[SECOND_CHARACTERS:]
