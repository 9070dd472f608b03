"""Counts by interval → the course of a log over time, in intervals whose length follows from the span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import TYPE_CHECKING

import numpy

from logproc.counting.buckets import middle
from logproc.counting.counts import Counts, rolled_up
from logproc.counting.overview.counts import DURATIONS, FRACTIONS, MOST_INTERVALS, interval_s
from logproc.counting.rows import LOW_BITS
from logproc.formats.columns.slices import arrow
from logproc.formats.times.calendar import DAY_S, HOUR_S
from logproc.model.columns import NO_TIME
from logproc.model.overview import Interval, Timeline
from logproc.questions.fields.outcomes import ERRORS, OUTCOMES
from logproc.questions.fields.stretches import STRETCHES, Stretch, stretch_of

if TYPE_CHECKING:
    from logproc.counting.overview.counts import Overview
    from logproc.model.arrays import Integers

WORDS = {1: "1 s", 10: "10 s", 60: "1 min", 300: "5 min", 900: "15 min", HOUR_S: "1 h", 6 * HOUR_S: "6 h"}
LONGER = ("every(6h)", "day", "week", "month")
"""What hours are added up to where there would be more of them than fit."""
MONTH_S = 30 * DAY_S
WEEKDAYS, HOURS = 7, 24


def timeline(counts: Overview, first: int, last: int, zone: tzinfo, *, with_bytes: bool) -> Timeline:
    """Return the course over time. first, last: the ends of the times of all records."""
    base, target = lengths(first, last)
    course = in_stretches(counts.course, base, target)
    durations = None if counts.durations is None else in_stretches(counts.durations, base, target)
    numbers, place = numpy.unique(course.keys[0].to_numpy(), return_inverse=True)
    found = set(course.keys[1].to_pylist())
    outcomes = tuple(outcome for outcome in OUTCOMES if outcome in found)
    table = numpy.zeros((len(numbers), len(outcomes) + 1), numpy.int64)  # the last column: neither a status nor a level
    column = numpy.array([outcomes.index(text) if text in outcomes else len(outcomes) for text in course.keys[1].to_pylist()])
    if len(course):
        numpy.add.at(table, (place, column), course.count)
    wrong = [at for at, outcome in enumerate(outcomes) if outcome in ERRORS]
    sizes = [0] * len(numbers)
    for at, high, low in zip(place.tolist(), course.high.tolist(), course.low.tolist(), strict=True):
        sizes[at] += (high << LOW_BITS) + low
    quantiles = quantiles_of(durations, numbers)
    rows = (
        Interval(
            begin=target.label(number, zone),
            begin_s=target.beginning(number),
            count=int(table[at].sum()),
            bytes=sizes[at] if with_bytes else None,
            errors=int(table[at, wrong].sum()),
            outcomes=tuple(table[at, : len(outcomes)].tolist()),
            quantiles=quantiles[at],
        )
        for at, number in enumerate(numbers.tolist())
    )
    return Timeline(words_of(target), target.length_s or MONTH_S, str(zone), outcomes, tuple(rows))


def lengths(first: int, last: int, most: int = MOST_INTERVALS) -> tuple[Stretch, Stretch]:
    """Return the stretch that was counted by, and the shortest one that gives at most `most` of it."""
    base = counted_by(first, last)
    longer = (stretch_of(name) for name in (*(f"every({seconds}s)" for seconds in WORDS), *LONGER))
    for stretch in filter(None, longer):
        length_s = stretch.length_s or MONTH_S
        if length_s >= base.length_s and (last - first) // length_s < most:
            return base, stretch
    return base, STRETCHES["month"]


def words_of(stretch: Stretch) -> str:
    return WORDS.get(stretch.length_s, stretch.name)


def counted_by(first: int | None, last: int | None) -> Stretch:
    found = stretch_of(f"every({interval_s(first, last)}s)")
    assert found is not None  # noqa: S101 - for the type checker: the name is one of a stretch
    return found


def in_stretches(counts: Counts, base: Stretch, target: Stretch) -> Counts:
    """Return counts by longer stretches, without the records that have no time."""
    numbers = counts.keys[0].to_numpy()
    timed = counts.select(numpy.flatnonzero(numbers != NO_TIME))
    if target.length_s == base.length_s:
        return timed
    local = timed.keys[0].to_numpy() * base.length_s
    return rolled_up(replace(timed, keys=(arrow(target.numbers(local), timed.keys[0].type), *timed.keys[1:])), len(timed.keys))[
        0
    ]


def quantiles_of(durations: Counts | None, numbers: Integers) -> Sequence[tuple[float | None, ...]]:
    """Return the quantiles of the numbered intervals in the order of QUANTILES; empty tuples without any duration."""
    if durations is None or DURATIONS not in durations.measures:
        return [()] * len(numbers)
    of = {number: row for row, number in enumerate(durations.keys[0].to_pylist())}
    rows = [of.get(number, -1) for number in numbers.tolist()]
    columns = [durations.measures[DURATIONS].quantiles(fraction) for fraction in FRACTIONS.values()]  # type: ignore[union-attr]
    return [tuple(None if row < 0 or absent[row] else middle(int(bucket[row])) for bucket, absent in columns) for row in rows]


def hours_of(counts: Overview, first: int | None, last: int | None) -> Counts:
    """Return the counts by hour, those of records without a time left out."""
    by_interval = rolled_up(counts.course, 1)[0]
    return in_stretches(by_interval, counted_by(first, last), STRETCHES["hour"])


def by_week(hours: Counts) -> tuple[tuple[int, ...], ...]:
    """Return the records by weekday (Monday first) and hour of the day from counts by hour; empty without any."""
    if not len(hours):
        return ()
    numbers = hours.keys[0].to_numpy()
    found = numpy.zeros((WEEKDAYS, HOURS), numpy.int64)
    numpy.add.at(found, ((numbers // HOURS + 3) % WEEKDAYS, numbers % HOURS), hours.count)  # 1 January 1970 was a Thursday
    return tuple(map(tuple, found.tolist()))
