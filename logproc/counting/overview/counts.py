"""The counts behind the overview of a report: records over time, what failed, and the clients that are bots.

Intervals of time are as long as the span asks for, and the span is not known before the end. So each chunk takes the shortest
length that gives its own records at most MOST_INTERVALS, and merging takes the shortest that does so for all records together,
which is as long as that of any part or longer. Lengths are nested, so that counts of short intervals add up to those of long
ones exactly: the result does not depend on how records are cut into chunks, or on the order of merging.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.counting.counts import Counts, Weights, count_columns, fold, merge_counts, rolled_up
from logproc.counting.measures.buckets import Buckets
from logproc.formats.columns.slices import arrow
from logproc.model.columns import NO_TIME, KeyColumn
from logproc.model.overview import QUANTILES
from logproc.questions.fields.agents import are_bots
from logproc.questions.fields.outcomes import erring, failing, outcomes
from logproc.questions.metrics import Need

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.questions.view import View

LENGTHS_S = (1, 10, 60, 300, 900, 3600)
"""Each divides the next, and all divide a day. Longer ones are made of hours when the report is made."""
MOST_INTERVALS = 400
"""Of more intervals none would be a pixel of its own, and the page would grow."""
DURATIONS = Need("buckets", "duration")
FRACTIONS = {name: Fraction(int(name[1:]), 100) for name in QUANTILES}
"""The quantiles of a report as exact numbers."""
NONE_AT_ALL = numpy.zeros(0, numpy.int64)
NO_KEYS = pyarrow.array([], pyarrow.string())


def interval_s(first: int | None, last: int | None) -> int:
    """Return the length of the intervals for records from a first to a last time, in seconds.

    >>> interval_s(0, 399), interval_s(0, 400), interval_s(0, 86_400), interval_s(0, 10**9)
    (1, 10, 300, 3600)
    """
    return shortest_s(LENGTHS_S, MOST_INTERVALS, first, last)


def shortest_s(lengths_s: Sequence[int], most: int, first: int | None, last: int | None) -> int:
    """Return the first length that gives at most so many intervals from a first to a last time, else the last length."""
    if first is None or last is None:
        return lengths_s[0]
    return next((length for length in lengths_s if (last - first) // length < most), lengths_s[-1])


def buckets_of(counts: Counts | None) -> Buckets | None:
    """Return the durations of each row of counts, None if none were counted."""
    found = None if counts is None else counts.measures.get(DURATIONS)
    return found if isinstance(found, Buckets) else None


class OverviewCounts(Struct, frozen=True):
    """The counts. Keys of time are numbers of intervals since 1970 by the clocks of the zone; NO_TIME without a time.

    outcomes_by_interval: by interval and outcome. durations: by interval, with buckets of `duration`; None if no record has
    one. failed: by status, from 400 on, and path. messages: by level, from error on, and shape of the message. bots: by client,
    of the records whose user agent is a declared bot's.
    """

    outcomes_by_interval: Counts
    durations: Counts | None
    failed: Counts
    messages: Counts
    bots: Counts

    @property
    def parts(self) -> tuple[Counts, ...]:
        some = () if self.durations is None else (self.durations,)
        return (self.outcomes_by_interval, *some, self.failed, self.messages, self.bots)

    def folded(self, max_keys: int) -> OverviewCounts:
        """Return the overview with at most `max_keys` keys for each of what may have any number of them."""
        failed, messages, bots = (fold(part, max_keys) for part in (self.failed, self.messages, self.bots))
        return replace(self, failed=failed, messages=messages, bots=bots)

    def lengthened(self, times: int) -> OverviewCounts:
        """Return the overview with intervals that are some times as long."""
        if times == 1:
            return self
        durations = None if self.durations is None else longer(self.durations, times)
        return replace(self, outcomes_by_interval=longer(self.outcomes_by_interval, times), durations=durations)


def longer(counts: Counts, times: int) -> Counts:
    numbers = counts.keys[0].to_numpy()
    numbers = numpy.where(numbers == NO_TIME, NO_TIME, numbers // times)
    return rolled_up(replace(counts, keys=(arrow(numbers, pyarrow.int64()), *counts.keys[1:])), len(counts.keys))[0]


def count_overview(view: View, weights: Weights | None, first: int | None, last: int | None) -> OverviewCounts:
    """Count the records of a chunk. first, last: the ends of their times, None without times."""
    records = view.columns.records
    status, level, path = view.keys("status"), view.keys("level"), view.keys("path")
    message, agent, client = view.keys("shape(message)"), view.keys("user_agent"), view.keys("client")
    interval = intervals(view, f"every({interval_s(first, last)}s)")
    durations = view.numbers("duration")
    failed = NONE_AT_ALL if status is None or path is None else failing(status)
    erred = NONE_AT_ALL if level is None or message is None else erring(level)
    of_bots = NONE_AT_ALL if agent is None or client is None else numpy.flatnonzero(are_bots(agent.keys)[agent.index])
    return OverviewCounts(
        count_columns([interval, outcomes(status, level, records)], records, weights, {}),
        None if durations is None else count_columns([interval], records, None, {DURATIONS: durations}),
        count_some([status, path], failed, weights),
        count_some([level, message], erred, weights),
        count_some([client], of_bots, weights),
    )


def intervals(view: View, name: str) -> KeyColumn:
    """Return the interval of each record; NO_TIME of one without a time, so that it is counted, too."""
    found = view.keys(name)
    if found is None:
        return KeyColumn(arrow(numpy.array([NO_TIME]), pyarrow.int64()), numpy.zeros(view.columns.records, numpy.int64))
    return KeyColumn(found.keys.fill_null(NO_TIME), found.index)


def count_some(columns: Sequence[KeyColumn | None], records: Integers, weights: Weights | None) -> Counts:
    """Count some of the records by columns, which may only be missing if there are none of these records."""
    if not len(records):
        return Counts((NO_KEYS,) * len(columns), NONE_AT_ALL, NONE_AT_ALL, NONE_AT_ALL)
    some = None if weights is None else (weights[0][records], None if weights[1] is None else weights[1][records])
    taken = [small(column.take(records)) for column in columns if column is not None]
    return count_columns(taken, len(records), some, {})


def small(column: KeyColumn) -> KeyColumn:
    """Return a column with only the keys that some record has: of few records most keys of a chunk would be unused."""
    places, index = numpy.unique(column.index, return_inverse=True)
    return KeyColumn(column.keys.take(arrow(places.astype(numpy.int64), pyarrow.int64())), index)


def merge_overviews(parts: Sequence[OverviewCounts]) -> OverviewCounts | None:
    """Return the sum of overviews whose intervals have one length; None without any."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    durations = [part.durations for part in parts if part.durations is not None]
    return OverviewCounts(
        merge_counts([part.outcomes_by_interval for part in parts]),
        merge_counts(durations) if durations else None,
        *(merge_counts([getattr(part, name) for part in parts]) for name in ("failed", "messages", "bots")),
    )
