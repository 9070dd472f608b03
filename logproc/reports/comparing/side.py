"""One side of a comparison: counts of keys by blocks of time, from the counts of a log or from a report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting.counts import Counts
from logproc.counting.overview.counts import buckets_of
from logproc.counting.rows import encoded
from logproc.model.columns import NO_TIME
from logproc.model.comparison import Compared
from logproc.questions.fields.outcomes import ERRORS

if TYPE_CHECKING:
    from logproc.counting.measures.buckets import Buckets
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Integers
    from logproc.reports.comparing.difference import Floats

BLOCKS = 24
"""Long enough that a burst is within one or two, many enough for a variance."""
MOST_UNTIMED = 0.1
"""If a larger share of records has no time, blocks of time say too little."""


class Keyed(Struct, frozen=True):
    """How many records each key has in each block, as entries: for each the place of its key, its block, and its number.

    complete: whether a key that is not here has no record; if not, it is unknown. blocks: 1 if only sums are known.
    outcomes: the outcomes that occur, and outcome: the place there of each entry's; none if they were not counted.
    """

    keys: pyarrow.Array
    row: Integers
    block: Integers
    number: Integers
    blocks: int
    complete: bool = True
    outcomes: tuple[str, ...] = ()
    outcome: Integers | None = None

    @classmethod
    def empty(cls, keys: pyarrow.Array, blocks: int, *, complete: bool = True) -> Keyed:
        """Return counts without any entry; keys: an empty array."""
        none = numpy.zeros(0, numpy.int64)
        return cls(keys, none, none, none, blocks, complete)

    @property
    def errors(self) -> Integers | None:
        """How many records of each entry are errors; None if no record has an outcome."""
        if self.outcome is None or not any(self.outcomes):
            return None
        wrong = numpy.array([text in ERRORS for text in self.outcomes], bool)
        return numpy.where(wrong[self.outcome], self.number, 0)


class Latencies(Struct, frozen=True):
    """The durations of each key by block, as entries: the place of the key, the block, the bucket, and their number."""

    keys: pyarrow.Array
    row: Integers
    block: Integers
    bucket: Integers
    number: Integers
    blocks: int
    block_s: float = 0.0


class Side(Struct, frozen=True):
    """What is compared of a log or a report.

    records: by block, in order of time. keyed: by field. latencies: of all records ("") and by path; only of logs.
    summary: quantiles of all durations by name, in seconds, and quantiles by interval with their weights, of reports.
    """

    about: Compared
    records: Floats
    keyed: Mapping[str, Keyed] = field(default_factory=dict)
    latencies: Mapping[str, Latencies] = field(default_factory=dict)
    quantiles: Mapping[str, float] = field(default_factory=dict)
    quantiles_by_interval: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def length_of(self, blocks: int) -> float:
        """Return how many seconds one of so many blocks is long; 0 if there is only one."""
        return self.about.seconds / blocks if blocks > 1 else 0.0


def side_of_log(name: str, tally: Tally) -> Side:
    """Return the side of a log that was counted by interval."""
    counts = tally.by_interval
    about = Compared(name, "log", tally.account.records, tally.first, tally.last, 1)
    if counts is None:
        return Side(about, numpy.zeros(1))
    blocking = Blocking.of(counts.keys["outcome"])
    records = blocking.sums(counts.keys["outcome"])
    about = Compared(name, "log", tally.account.records, tally.first, tally.last, len(records))
    keyed = {field: keyed_of(blocking, part) for field, part in counts.keys.items()}
    block_s = about.seconds / len(records) if len(records) > 1 else 0.0
    latencies = {
        field: latencies_of(blocking, part, buckets, block_s)
        for field, part in counts.durations.items()
        if (buckets := buckets_of(part)) is not None and not part.floor
    }
    folded = [field for field, part in counts.keys.items() if part.floor]
    notes = tuple(f"{name}: each {field} is not compared: there are more of them than --max-keys" for field in folded)
    return Side(about, records, keyed, latencies, notes=notes)


class Blocking(Struct, frozen=True):
    """How intervals are put together to blocks: `blocks` of equal length from the interval `first` on. 1: there is only one."""

    first: int
    intervals: int
    blocks: int

    @classmethod
    def of(cls, counts: Counts) -> Blocking:
        """Return the blocks for counts by interval. Records without a time are left to the first block, if they are few."""
        numbers = counts.keys[0].to_numpy()
        timed = numbers != NO_TIME
        if not timed.any() or counts.count[~timed].sum() > MOST_UNTIMED * counts.count.sum():
            return cls(0, 1, 1)
        first, last = int(numbers[timed].min()), int(numbers[timed].max())
        intervals = last - first + 1
        return cls(first, intervals, min(BLOCKS, intervals))

    def blocks_of(self, numbers: Integers) -> Integers:
        if self.blocks == 1:
            return numpy.zeros(len(numbers), numpy.int64)
        return numpy.where(numbers == NO_TIME, 0, (numbers - self.first) * self.blocks // self.intervals)

    def sums(self, counts: Counts) -> Floats:
        block = self.blocks_of(counts.keys[0].to_numpy())
        found: Floats = numpy.bincount(block, counts.count, self.blocks).astype(numpy.float64)
        return found


def keyed_of(blocking: Blocking, counts: Counts) -> Keyed:
    """Return counts by interval, perhaps an outcome, and a key as counts by key and block."""
    block = blocking.blocks_of(counts.keys[0].to_numpy())
    if counts.floor:  # some were dropped, and any count may be too small
        return Keyed.empty(counts.keys[-1].slice(0, 0), blocking.blocks, complete=False)
    keys, row = encoded([counts.keys[-1]])
    row = row.astype(numpy.int64)
    found = Keyed(keys, row, block, counts.count, blocking.blocks)
    if len(counts.keys) < 3:
        return found
    outcomes, outcome = encoded([counts.keys[1]])
    return replace(found, outcomes=tuple(outcomes.to_pylist()), outcome=outcome.astype(numpy.int64))


def latencies_of(blocking: Blocking, counts: Counts, buckets: Buckets, block_s: float) -> Latencies:
    block = blocking.blocks_of(counts.keys[0].to_numpy())
    keys, row = (
        encoded([counts.keys[1]]) if len(counts.keys) == 2 else (pyarrow.array([""]), numpy.zeros(len(counts), numpy.int64))
    )
    row = row.astype(numpy.int64)[buckets.row]
    return Latencies(keys, row, block[buckets.row], buckets.bucket, buckets.number, blocking.blocks, block_s)
