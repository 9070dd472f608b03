"""The time of an access log, `17/May/2015:10:05:03 +0000` (26 characters), as seconds since 1970 in UTC.

`to_seconds` is the definition, for one time; `many_to_seconds` is the same for thousands at once. Days repeat,
so the calendar is asked once for each distinct day and zone of a chunk; hours, minutes and seconds are arithmetic.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy
import pyarrow

from logproc.formats.columns.slices import digits_of
from logproc.formats.times.calendar import DAY_S, EPOCH_DAY, FIRST_S, HOUR_S, LAST_S, MONTHS
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers

TIME = regex(rb"(\d\d/[A-Z][a-z][a-z]/\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d{4})")
NO_DAY = numpy.iinfo(numpy.int64).min // 2
WIDTH = 26


def to_seconds(text: bytes) -> int | None:
    """Return the seconds since 1970 of one time, None if it is not of the form or no such moment exists.

    A day must be in the calendar, a time of day from 00:00:00 to 23:59:59, and the moment in the years 1 to 9999.

    >>> to_seconds(b"17/May/2015:10:05:03 +0000")
    1431857103
    """
    match = TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = int(match[2]), int(match[3]), int(match[4])
    midnight = midnight_seconds(match[1], match[5])
    if midnight is None or hour > 23 or minute > 59 or second > 59:
        return None
    seconds = midnight + hour * HOUR_S + minute * 60 + second
    return seconds if FIRST_S <= seconds <= LAST_S else None


def midnight_seconds(day: bytes, zone: bytes) -> int | None:
    """Return when the day `17/May/2015` begins in the zone `+0530`, None if the day or zone does not exist."""
    month = MONTHS.get(day[3:6])
    digits = day[:2] + day[7:] + zone[1:]
    if month is None or day[2:3] + day[6:7] != b"//" or zone[:1] not in (b"+", b"-") or not digits.isdigit():
        return None
    try:
        ordinal = date(int(day[7:]), month, int(day[:2])).toordinal()
    except ValueError:
        return None
    zone_hours, zone_minutes = int(zone[1:3]), int(zone[3:])
    if zone_hours > 23 or zone_minutes > 59:
        return None
    offset = zone_hours * HOUR_S + zone_minutes * 60
    return (ordinal - EPOCH_DAY) * DAY_S - (offset if zone[:1] == b"+" else -offset)


def many_to_seconds(times: Bytes) -> tuple[Integers, numpy.typing.NDArray[numpy.bool_]]:
    """Return the seconds of each row of `times`, shape (n, 26), and which of them are valid."""
    midnights = midnights_of(times)
    valid = (midnights != NO_DAY) & (times[:, 11] == ord(":")) & (times[:, 20] == ord(" "))
    seconds = midnights
    # Columns of single bytes, shape (n,): hour, minute and second are two digits each, with a mark behind them.
    for position, unit_s, end, mark in ((12, HOUR_S, 24, ":"), (15, 60, 60, ":"), (18, 1, 60, " ")):
        tens, ones = (digits_of(times[:, position + place]) for place in (0, 1))
        number = tens * numpy.uint8(10) + ones
        valid &= (tens <= 9) & (ones <= 9) & (number < end) & (times[:, position + 2] == ord(mark))
        seconds += number * numpy.int64(unit_s)
    valid &= (seconds >= FIRST_S) & (seconds <= LAST_S)
    return seconds, valid


def midnights_of(times: Bytes) -> Integers:
    """Return when the day of each time begins, NO_DAY if there is no such day.

    Neighbours in a log are of the same day: only where a day or a zone differs from the line before is it looked at.
    """
    differs = numpy.zeros(len(times), bool)
    differs[:1] = True
    for place in (*range(11), *range(21, WIDTH)):
        differs[1:] |= times[1:, place] != times[:-1, place]
    # `heads` are the rows that begin a run of equal days. Their 16 bytes become one Arrow array of fixed width without a copy.
    heads = differs.nonzero()[0]
    days = numpy.concatenate([times[heads, :11], times[heads, 21:]], axis=1)
    encoded = pyarrow.Array.from_buffers(pyarrow.binary(16), len(days), [None, pyarrow.py_buffer(days)]).dictionary_encode()
    found = [midnight_seconds(day[:11], day[11:]) for day in encoded.dictionary.to_pylist()]
    table = numpy.array([NO_DAY if midnight is None else midnight for midnight in found], numpy.int64)
    return numpy.repeat(table[encoded.indices.to_numpy()], numpy.diff(heads, append=len(times)))
