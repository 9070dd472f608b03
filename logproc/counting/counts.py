"""The records and measures of each key of a panel, counted per chunk and then merged.

A key may consist of several columns. Its place is a number with a digit for each column, and the product of the columns' keys
may be any size: so places are numbered anew whenever there could be more than `DENSE` of them per record. Memory stays in
proportion to the records, and no product overflows.

A sum of bytes is two columns of int64, the lower 32 bits of each summand and the rest: `bincount` adds floats, and the halves
of `MOST_SUMMANDS` records stay below 2^53 and so exact.

With a limit on the keys (`fold`) those with the smallest counts are dropped, as in Misra and Gries, "Finding repeated
elements" (1982). Their records go to `other`, so the sum stays exact. The largest count dropped so far is the `floor`: a key
that appears later may have been dropped with up to that many records before, which is its `error`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting.measures import Buckets, Measure, Peaks, Totals, Uniques
from logproc.counting.rows import LOW_BITS, LOW_MASK, added, encoded, exact_sum, weight_of
from logproc.formats.columns.slices import arrow, mask
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Numbers
    from logproc.questions.metrics import Need

MEASURES: dict[str, Any] = {"totals": Totals, "buckets": Buckets, "uniques": Uniques, "peaks": Peaks}
DENSE = 4
"""Combined keys are counted in a table of all combinations while it has at most this many places per record."""
MOST_SUMMANDS = 1 << 21
"""As many halves, each below 2^32, have a sum that a float holds exactly."""


class Counts(Struct, frozen=True):
    """For each key how many records have it, and the bytes of their responses: `low + (high << 32)` with `0 <= low < 2**32`.

    keys: a pyarrow array for each column of the panel (text, or numbers for stretches of time), without nulls.
    errors: how many records each count may lack, None if it is exact. floor: the error of a key that is not here.
    other: records and bytes of the dropped keys.
    """

    keys: tuple[pyarrow.Array, ...]
    count: Integers
    low: Integers
    high: Integers
    measures: Mapping[Need, Measure] = field(default_factory=dict)
    errors: Integers | None = None
    floor: int = 0
    other: tuple[int, int] = (0, 0)

    def __len__(self) -> int:
        return len(self.count)

    @property
    def weight(self) -> int:
        """How many usual entries it is as large as: the cost of merging it, and of keeping it."""
        return weight_of(len(self), *self.keys) + sum(measure.weight for measure in self.measures.values())

    def select(self, rows: Integers) -> Counts:
        at = arrow(rows.astype(numpy.int64), pyarrow.int64())
        return replace(
            self,
            keys=tuple(keys.take(at) for keys in self.keys),
            count=self.count[rows],
            low=self.low[rows],
            high=self.high[rows],
            measures={need: measure.select(rows) for need, measure in self.measures.items()},
            errors=None if self.errors is None else self.errors[rows],
        )


Weights = tuple[Any, Any]
Subjects = Mapping["Need", "KeyColumn | Numbers"]


def weights_of(sizes: Integers | None) -> Weights | None:
    """Return the halves of sizes as weights for `bincount`, None without sizes; the upper half is None if it is all zero."""
    if sizes is None:
        return None
    low, high = sizes & LOW_MASK, sizes >> LOW_BITS
    return low.astype(numpy.float64), high.astype(numpy.float64) if high.any() else None


def count_columns(columns: Sequence[KeyColumn], records: int, weights: Weights | None, subjects: Subjects) -> Counts:
    """Count the records of each key. Records that lack one of the columns have no key; keys without records are left out.

    subjects: the columns to measure, by need.
    """
    index, size = combined(columns, records)
    count = numpy.bincount(index, minlength=size)
    used = count > 0
    keys, used = keys_of(columns, index, used)
    low, high = (numpy.zeros(size, numpy.int64) for _ in range(2))
    if weights is not None:
        low = summed(index, weights[0], size)
        high = low >> LOW_BITS if weights[1] is None else summed(index, weights[1], size) + (low >> LOW_BITS)
        low &= LOW_MASK
    measures: dict[Need, Measure] = {}
    if subjects:
        row = numpy.where(used, numpy.cumsum(used) - 1, -1)[index]  # the place of each record's key among the used ones
        measures = {need: MEASURES[need.kind].count(subject, row, int(used.sum())) for need, subject in subjects.items()}
    if used.all():
        return Counts(keys, count, low, high, measures)
    return Counts(keys, count[used], low[used], high[used], measures)


def summed(index: Integers, weights: Any, size: int) -> Integers:
    """Return the exact sum of the weights, which are halves, at each place."""
    sums = numpy.zeros(size, numpy.int64)
    for start in range(0, len(index), MOST_SUMMANDS):
        some = slice(start, start + MOST_SUMMANDS)
        sums += numpy.bincount(index[some], weights[some], size).astype(numpy.int64)
    return sums


def combined(columns: Sequence[KeyColumn], records: int) -> tuple[Integers, int]:
    """Return each record's place among the combined keys, shape (records,), and the number of places, most of them used.

    Of several columns there are at most `DENSE` places per record, whatever number of combinations is possible.
    """
    if not columns:
        return numpy.zeros(records, numpy.intp), 1
    index, size = columns[0].index.astype(numpy.intp), len(columns[0].keys)  # bincount would convert it at each call
    for column in columns[1:]:
        if size > DENSE * records:
            index, size = numbered(index)  # the first column has more keys than records, so that no product overflows
        index, size = index * len(column.keys) + column.index, size * len(column.keys)
        if size > DENSE * records:
            index, size = numbered(index)
    return index, size


def numbered(index: Integers) -> tuple[Integers, int]:
    """Return the places numbered anew, without those that no record has, and how many there are."""
    places, index = numpy.unique(index, return_inverse=True)
    return index, len(places)


def keys_of(columns: Sequence[KeyColumn], index: Integers, used: Mask) -> tuple[tuple[pyarrow.Array, ...], Mask]:
    """Return the combined keys without a null of the used places, and which places these are."""
    if len(columns) == 1:
        used = used & valid_keys(columns[0].keys)
        return (columns[0].keys if used.all() else columns[0].keys.filter(mask(used)),), used
    record = numpy.zeros(len(used), numpy.int64)
    record[index] = numpy.arange(len(index))  # a record of each place, which tells the place's key in each column
    for column in columns:
        if column.keys.null_count:
            used = used & valid_keys(column.keys)[column.index[record]]
    some = record[used]
    return tuple(column.keys.take(arrow(column.index[some].astype(numpy.int64), pyarrow.int64())) for column in columns), used


def valid_keys(keys: pyarrow.Array) -> Mask:
    if not keys.null_count:
        return numpy.ones(len(keys), bool)
    found: Mask = keys.is_valid().to_numpy(zero_copy_only=False)
    return found


def merge_counts(parts: Sequence[Counts]) -> Counts:
    kept = [part for part in parts if len(part) or part.floor] or list(parts[:1])
    return kept[0] if len(kept) == 1 else added_up(kept, *same_keys(kept))


def rolled_up(counts: Counts, depth: int) -> tuple[Counts, Integers]:
    """Return the counts by the first columns of the keys alone, and the place there of each key."""
    part = replace(counts, keys=counts.keys[:depth], errors=None, floor=0)
    keys, (row,) = same_keys([part])
    return added_up([part], keys, [row]), row


def added_up(kept: Sequence[Counts], keys: tuple[pyarrow.Array, ...], rows: Sequence[Integers]) -> Counts:
    """Return the sum of counts. keys: those of the result; rows: for each part, the place there of each of its keys."""
    size, index = len(keys[0]) if keys else 1, numpy.concatenate(rows)
    columns = (numpy.concatenate([getattr(part, name) for part in kept]) for name in ("count", "low", "high"))
    count, low, high = (added(index, size, column) for column in columns)
    measures: dict[Need, Measure] = {}
    for need in dict.fromkeys(need for part in kept for need in part.measures):
        having = [(part.measures[need], row) for part, row in zip(kept, rows, strict=True) if need in part.measures]
        measures[need] = MEASURES[need.kind].merge([measure for measure, _ in having], [row for _, row in having], size)
    return Counts(
        keys,
        count,
        low & LOW_MASK,
        high + (low >> LOW_BITS),
        measures,
        merged_errors(kept, rows, size),
        sum(part.floor for part in kept),
        (sum(part.other[0] for part in kept), sum(part.other[1] for part in kept)),
    )


def same_keys(parts: Sequence[Counts]) -> tuple[tuple[pyarrow.Array, ...], list[Integers]]:
    """Return the distinct keys of all parts, and for each part the place of each of its rows among them."""
    if not parts[0].keys:
        return (), [numpy.zeros(len(part), numpy.int64) for part in parts]
    bounds = numpy.cumsum([len(part) for part in parts])[:-1]
    columns = [KeyColumn(*encoded([part.keys[at] for part in parts])) for at in range(len(parts[0].keys))]
    if len(columns) == 1:
        return (columns[0].keys,), numpy.split(columns[0].index, bounds)
    index, size = combined(columns, len(columns[0].index))
    used = numpy.bincount(index, minlength=size) > 0
    keys, _ = keys_of(columns, index, used)
    return keys, numpy.split((numpy.cumsum(used) - 1)[index], bounds)


def merged_errors(parts: Sequence[Counts], rows: Sequence[Integers], size: int) -> Integers | None:
    """Return the error of each key: its error in each part, or that part's floor where the part lacks it."""
    if not any(part.floor for part in parts):
        return None
    total = numpy.full(size, sum(part.floor for part in parts), numpy.int64)
    for part, row in zip(parts, rows, strict=True):
        total[row] += (0 if part.errors is None else part.errors) - part.floor
    return total


def fold(counts: Counts, max_keys: int) -> Counts:
    """Return the counts of the `max_keys` largest keys, ties broken by the keys' bytes; what the others had goes to `other`.

    Counts with no more keys than that are returned unchanged.
    """
    if len(counts) <= max_keys:
        return counts
    order = largest(counts, max_keys)
    given_up = numpy.ones(len(counts), bool)
    given_up[order] = False
    errors = numpy.zeros(len(counts), numpy.int64) if counts.errors is None else counts.errors
    lost = counts.count[given_up]
    lost_bytes = exact_sum(counts.low[given_up], counts.high[given_up])
    floor = max(counts.floor, int((lost + errors[given_up]).max()))
    kept = replace(counts, errors=errors).select(numpy.sort(order))
    return replace(kept, floor=floor, other=(counts.other[0] + int(lost.sum()), counts.other[1] + lost_bytes))


def largest(counts: Counts, number: int) -> Integers:
    """Return the rows of the largest counts. Keys are compared only for ties at the edge.

    Arrow sorts text by its UTF-8 bytes, and releases the GIL.
    """
    edge = int(numpy.partition(counts.count, -number)[-number])
    above = numpy.flatnonzero(counts.count > edge)
    equal = numpy.flatnonzero(counts.count == edge)
    at = arrow(equal, pyarrow.int64())
    names = [f"{place}" for place in range(len(counts.keys))]
    table = pyarrow.table([keys.take(at) for keys in counts.keys], names)
    order = pyarrow.compute.sort_indices(table, [(name, "ascending") for name in names]).to_numpy(zero_copy_only=False)
    return numpy.concatenate([above, equal[order[: number - len(above)]]])
