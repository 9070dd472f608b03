"""The usual spellings of ISO times, thousands of distinct ones at once: `2015-05-17T10:05:03`, with a fraction, in UTC.

With milliseconds nearly every line has a time of its own. So here nothing is done for each: the digits behind the day
are arithmetic, and what is left, the days, repeats. What is not exactly of this form is left to `reading`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.formats.columns.slices import digits_of, index_of, offsets_and_data, windows
from logproc.formats.times.calendar import FIRST_S, LAST_S
from logproc.formats.times.fractions import nanos_between
from logproc.model.columns import NO_TIME

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

DAY_BYTES, MIDNIGHT = 10, b"T00:00"
SECOND_BYTES = 19
MARKS = {4: b"-", 7: b"-", 10: b"T ", 13: b":", 16: b":"}
DIGITS = [place for place in range(SECOND_BYTES) if place not in MARKS]
UTC_MARK = ord("Z")
POINTS = b".,"


def iso_seconds(texts: pyarrow.Array, minute: Callable[[bytes], int | None], *, without_zone: bool) -> tuple[Integers, Mask]:
    """Return the seconds since 1970 of binary texts, NO_TIME where no such moment exists, and which of them are of the form.

    minute: what the first 16 bytes mean. without_zone: whether times that end without `Z` are in UTC as well.
    """
    offsets, data = offsets_and_data(texts)
    rows = rows_of_one_form(offsets, data)
    if rows is None:
        front, fits = fronts(offsets, data, without_zone=without_zone)
    else:  # all are of the form, or none is
        _, fits = fronts(offsets[:2], data[: offsets[1]], without_zone=without_zone)
        front, fits = rows[: fits[0] * len(rows), :SECOND_BYTES], numpy.full(len(rows), fits[0])
    found = numpy.full(len(texts), NO_TIME, numpy.int64)
    found[fits] = front_seconds(front, minute)
    return found, fits


def rows_of_one_form(offsets: Positions, data: Bytes) -> Bytes | None:
    """Return texts as rows of bytes, shape (texts, width), if they only differ in the values of their digits; else None.

    So are the times of nearly every log, and then one of them tells whether all are of a form.
    """
    width = int(offsets[1]) if len(offsets) > 1 else 0
    if width < SECOND_BYTES or not (offsets[1:] - offsets[:-1] == width).all():
        return None
    rows = data.reshape(-1, width)
    is_digit = digits_of(rows[0]) <= 9
    marks = (numpy.ascontiguousarray(rows[:, place]) == rows[0, place] for place in numpy.flatnonzero(~is_digit).tolist())
    return rows if ((digits_of(rows) <= 9) == is_digit).all() and all(found.all() for found in marks) else None


def fronts(offsets: Positions, data: Bytes, *, without_zone: bool) -> tuple[Bytes, Mask]:
    """Return the first 19 bytes of the texts that are of the form, shape (of these, 19), and which texts these are."""
    fits = offsets[1:] - offsets[:-1] >= SECOND_BYTES
    starts, ends = offsets[:-1][fits], offsets[1:][fits]
    front = windows(data, starts, SECOND_BYTES)
    good = has_tail(data, starts + SECOND_BYTES, ends, without_zone=without_zone)
    good &= (digits_of(front[:, DIGITS]) <= 9).all(axis=1)
    for place, marks in MARKS.items():
        good &= numpy.isin(front[:, place], list(marks))
    fits[fits] = good
    return front[good], fits


def iso_nanos(texts: pyarrow.Array, fits: Mask) -> Integers:
    """Return the billionths behind the second of those texts that are of the form; 0 for others."""
    offsets, data = offsets_and_data(texts)
    found = numpy.zeros(len(texts), numpy.int64)
    starts, ends = offsets[:-1][fits] + SECOND_BYTES, offsets[1:][fits]
    if len(starts):
        found[fits] = nanos_between(data, starts, ends - ((ends > starts) & (data[ends - 1] == UTC_MARK)))
    return found


def has_tail(data: Any, starts: Any, ends: Any, *, without_zone: bool) -> Mask:
    """Return where only an optional fraction and `Z` follow `starts`."""
    if not len(starts):
        return numpy.zeros(0, bool)
    utc = (ends > starts) & (data[ends - 1] == UTC_MARK)
    digits_end = ends - utc
    # How many bytes before each place are not digits: two sums tell how many are between two places.
    others = numpy.concatenate([[0], numpy.cumsum(digits_of(data) > 9)])
    first = data[numpy.minimum(starts, len(data) - 1)]
    fraction = (digits_end > starts + 1) & numpy.isin(first, list(POINTS)) & (others[digits_end] - others[starts] == 1)
    good: Mask = ((digits_end == starts) | fraction) & (utc | without_zone)
    return good


def front_seconds(front: Bytes, minute: Callable[[bytes], int | None]) -> Integers:
    """Return what the first 19 bytes of some times mean, NO_TIME where no such moment exists."""
    days = pyarrow.Array.from_buffers(
        pyarrow.binary(DAY_BYTES), len(front), [None, pyarrow.py_buffer(numpy.ascontiguousarray(front[:, :DAY_BYTES]))]
    ).dictionary_encode()
    begins = [minute(text + MIDNIGHT) for text in days.dictionary.to_pylist()]
    table = numpy.array([NO_TIME if begin is None else begin for begin in begins], numpy.int64)
    begin = table[index_of(days)] if len(front) else numpy.empty(0, numpy.int64)
    hours, minutes, seconds = (two_digits(front, place) for place in (11, 14, 17))
    total = begin + (hours.astype(numpy.int32) * 60 + minutes) * 60 + seconds
    exists = (begin != NO_TIME) & (hours <= 23) & (minutes <= 59) & (seconds <= 59) & (total >= FIRST_S) & (total <= LAST_S)
    return numpy.where(exists, total, NO_TIME)


def two_digits(rows: Bytes, place: int) -> Bytes:
    """Return the number that two digits of each row are."""
    found: Bytes = digits_of(rows[:, place]) * numpy.uint8(10) + digits_of(rows[:, place + 1])
    return found
