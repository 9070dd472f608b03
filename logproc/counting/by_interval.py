"""Counts by interval of time, for comparing two logs: how much a key varies within a log tells what is chance between two.

Intervals and how they are merged are as in `overview/counts.py`, with lengths of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct

from logproc.counting.counts import Counts, Weights, count_columns, fold, merge_counts
from logproc.counting.overview.counts import DURATIONS, intervals, longer, shortest_s
from logproc.model.columns import KeyColumn
from logproc.questions.fields.outcomes import outcomes

if TYPE_CHECKING:
    from logproc.questions.view import View

LENGTHS_S = (1, 10, 60, 300, 900, 3600, 21_600, 86_400)
"""Each divides the next."""
MOST_INTERVALS = 240
"""Lengths grow by up to ten, so there are at least 24 where a log is long enough; a comparison needs no more."""
KEYS = {
    "outcome": (),
    "status": ("status",),
    "logger": ("logger",),
    "message": ("level", "shape(message)"),
    "path": ("outcome", "path"),
    "client": ("client",),
}
"""What is compared, by the columns counted for it besides the interval. An outcome is a status class or a level."""
FEW = {"outcome", "status"}


def interval_s(first: int | None, last: int | None) -> int:
    """Return the length of the intervals for records from a first to a last time, in seconds.

    >>> interval_s(0, 239), interval_s(0, 240), interval_s(0, 10**9)
    (1, 10, 86400)
    """
    return shortest_s(LENGTHS_S, MOST_INTERVALS, first, last)


class ByInterval(Struct, frozen=True):
    """The counts. The first column of each is the number of the interval since 1970 by the clocks of the zone.

    keys: by the names of KEYS; what a log lacks is not there. durations: buckets of `duration` by interval, and by interval and
    path; a log without them has none.
    """

    keys: Mapping[str, Counts]
    durations: Mapping[str, Counts]

    @property
    def parts(self) -> tuple[Counts, ...]:
        return (*self.keys.values(), *self.durations.values())

    def mapped(self, change: Callable[[Counts], Counts]) -> ByInterval:
        return ByInterval(
            {name: change(part) for name, part in self.keys.items()},
            {name: change(part) for name, part in self.durations.items()},
        )

    def folded(self, max_keys: int) -> ByInterval:
        """Return the counts with about `max_keys` keys of each kind: a key has an entry for each interval that it is in.

        Outcomes and statuses are few, so they stay exact.
        """
        limit = max_keys * MOST_INTERVALS
        return ByInterval(
            {name: part if name in FEW else fold(part, limit) for name, part in self.keys.items()},
            {name: fold(part, limit) if name else part for name, part in self.durations.items()},
        )

    def lengthened(self, times: int) -> ByInterval:
        """Return the counts with intervals that are some times as long."""
        return self if times == 1 else self.mapped(lambda part: longer(part, times))


def count_by_interval(view: View, first: int | None, last: int | None) -> ByInterval:
    """Count the records of a chunk. first, last: the ends of their times, None without times."""
    records = view.columns.records
    interval = intervals(view, f"every({interval_s(first, last)}s)")
    columns = {
        "outcome": outcomes(view.keys("status"), view.keys("level"), records),
        "level": with_text(view.keys("level"), records),
        **{name: view.keys(name) for name in ("status", "logger", "shape(message)", "path", "client")},
    }
    durations = view.numbers("duration")
    found = {}
    for name, fields in KEYS.items():
        column = columns["outcome"] if name == "outcome" else columns[fields[-1]]
        if column is not None:
            first_ones = [with_text(columns[field], records) for field in fields[:-1]]
            found[name] = count_columns([interval, *first_ones, column], records, NO_SIZES, {})
    measured = {}
    if durations is not None:
        path = columns["path"]
        measured[""] = count_columns([interval], records, NO_SIZES, {DURATIONS: durations})
        if path is not None:
            measured["path"] = count_columns([interval, path], records, NO_SIZES, {DURATIONS: durations})
    return ByInterval(found, measured)


NO_SIZES: Weights | None = None


def with_text(column: KeyColumn | None, records: int) -> KeyColumn:
    """Return a column with an empty text in place of null, so that a key is counted whatever it lacks."""
    if column is None:
        return KeyColumn(pyarrow.array([""]), numpy.zeros(records, numpy.int64))
    if not column.keys.null_count:
        return column
    filled = column.keys.fill_null("").dictionary_encode()
    return KeyColumn(filled.dictionary, filled.indices.to_numpy()[column.index])


def merge_by_interval(parts: Sequence[ByInterval]) -> ByInterval | None:
    """Return the sum of counts whose intervals have one length; None without any."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    return ByInterval(merged([part.keys for part in parts]), merged([part.durations for part in parts]))


def merged(parts: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: merge_counts([part[name] for part in parts if name in part]) for name in names}
