"""Counts by interval → a log over time, in intervals whose length follows from the span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

import numpy
from msgspec.structs import replace

from logproc.counting.counts import Counts, rolled_up
from logproc.counting.measures.buckets import middle
from logproc.counting.overview.counts import FRACTIONS, LENGTHS_S, MOST_INTERVALS, buckets_of, interval_s
from logproc.counting.rows import LOW_BITS
from logproc.formats.columns.slices import arrow
from logproc.formats.times.calendar import HOUR_S
from logproc.model.columns import NO_TIME
from logproc.model.overview import Interval, Timeline
from logproc.questions.fields.outcomes import ERRORS, OUTCOMES
from logproc.questions.fields.stretches import STRETCHES, Stretch, length_text

if TYPE_CHECKING:
    from logproc.counting.overview.counts import OverviewCounts
    from logproc.model.arrays import Integers

LONGER = (Stretch("every(6h)", 6 * HOUR_S), STRETCHES["day"], STRETCHES["week"], STRETCHES["month"])
"""What hours are added up to where there would be more of them than fit."""
WEEKDAYS, HOURS = 7, 24


def timeline(counts: OverviewCounts, first: int, last: int, zone: tzinfo, *, with_bytes: bool) -> Timeline:
    """Return the records over time. first, last: the ends of the times of all records."""
    base, target = lengths(first, last)
    counted = in_stretches(counts.outcomes_by_interval, base, target)
    durations = None if counts.durations is None else in_stretches(counts.durations, base, target)
    numbers, place = numpy.unique(counted.keys[0].to_numpy(), return_inverse=True)
    found = set(counted.keys[1].to_pylist())
    outcomes = tuple(outcome for outcome in OUTCOMES if outcome in found)
    table = numpy.zeros((len(numbers), len(outcomes) + 1), numpy.int64)  # the last column: neither a status nor a level
    column = numpy.array([outcomes.index(text) if text in outcomes else len(outcomes) for text in counted.keys[1].to_pylist()])
    if len(counted):
        numpy.add.at(table, (place, column), counted.count)
    wrong = [at for at, outcome in enumerate(outcomes) if outcome in ERRORS]
    sizes = [0] * len(numbers)
    for at, high, low in zip(place.tolist(), counted.high.tolist(), counted.low.tolist(), strict=True):
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
    return Timeline(words_of(target), target.about_s, str(zone), outcomes, tuple(rows))


def lengths(first: int, last: int, most: int = MOST_INTERVALS) -> tuple[Stretch, Stretch]:
    """Return the stretch that was counted by, and the shortest one that gives at most `most` of it."""
    base = counted_by(first, last)
    for stretch in (*map(every, LENGTHS_S), *LONGER):
        if stretch.about_s >= base.length_s and (last - first) // stretch.about_s < most:
            return base, stretch
    return base, LONGER[-1]


def words_of(stretch: Stretch) -> str:
    return length_text(stretch.length_s) if stretch.length_s else stretch.name


def every(length_s: int) -> Stretch:
    return Stretch(f"every({length_s}s)", length_s)


def counted_by(first: int | None, last: int | None) -> Stretch:
    return every(interval_s(first, last))


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
    buckets = buckets_of(durations)
    if durations is None or buckets is None:
        return [()] * len(numbers)
    of = {number: row for row, number in enumerate(durations.keys[0].to_pylist())}
    rows = [of.get(number, -1) for number in numbers.tolist()]
    columns = [buckets.quantiles(fraction) for fraction in FRACTIONS.values()]
    return [tuple(None if row < 0 or absent[row] else middle(int(bucket[row])) for bucket, absent in columns) for row in rows]


def hours_of(counts: OverviewCounts, first: int | None, last: int | None) -> Counts:
    """Return the counts by hour, those of records without a time left out."""
    by_interval = rolled_up(counts.outcomes_by_interval, 1)[0]
    return in_stretches(by_interval, counted_by(first, last), STRETCHES["hour"])


def by_week(hours: Counts) -> tuple[tuple[int, ...], ...]:
    """Return the records by weekday (Monday first) and hour of the day from counts by hour; empty without any."""
    if not len(hours):
        return ()
    numbers = hours.keys[0].to_numpy()
    found = numpy.zeros((WEEKDAYS, HOURS), numpy.int64)
    numpy.add.at(found, ((numbers // HOURS + 3) % WEEKDAYS, numbers % HOURS), hours.count)  # 1 January 1970 was a Thursday
    return tuple(map(tuple, found.tolist()))
