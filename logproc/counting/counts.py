"""The records and measures of each key of a panel, counted per chunk and then merged.

A key may consist of several columns. A sum of bytes is two columns of int64, the lower 32 bits of each summand and the rest:
`bincount` adds floats, and the halves stay below 2^53 and so exact.

With a limit on the keys (`fold`) those with the smallest counts are dropped, as in Misra and Gries, "Finding repeated
elements" (1982). Their records go to `other`, so the sum stays exact. The largest count dropped so far is the `floor`: a key
that appears later may have been dropped with up to that many records before, which is its `error`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.counting.measures import Buckets, Measure, Totals, Uniques
from logproc.counting.rows import LOW_BITS, LOW_MASK, added, exact_sum
from logproc.formats.columns.slices import arrow, mask

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import KeyColumn, Numbers
    from logproc.questions.metrics import Need

MEASURES: dict[str, Any] = {"totals": Totals, "buckets": Buckets, "uniques": Uniques}
DENSE = 4
"""Combined keys are counted in a table of all combinations while it has at most this many places per record."""


@dataclass(frozen=True, slots=True)
class Counts:
    """For each key how many records have it, and the bytes of their responses: `low + (high << 32)`.

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
        """How many entries it holds: the cost of merging it."""
        return len(self) + sum(measure.weight for measure in self.measures.values())

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
    index, size, keys, valid = combined(columns, records)
    count = numpy.bincount(index, minlength=size)
    low, high = (numpy.zeros(size, numpy.int64) for _ in range(2))
    if weights is not None:
        low = numpy.bincount(index, weights[0], size).astype(numpy.int64)
        high = high if weights[1] is None else numpy.bincount(index, weights[1], size).astype(numpy.int64)
    used = (count > 0) & valid
    measures: dict[Need, Measure] = {}
    if subjects:
        row = numpy.where(used, numpy.cumsum(used) - 1, -1)[index]  # the place of each record's key among the used ones
        measures = {need: MEASURES[need.kind].count(subject, row, int(used.sum())) for need, subject in subjects.items()}
    if used.all():
        return Counts(keys, count, low, high, measures)
    return Counts(tuple(part.filter(mask(used)) for part in keys), count[used], low[used], high[used], measures)


def combined(columns: Sequence[KeyColumn], records: int) -> tuple[Integers, int, tuple[pyarrow.Array, ...], Mask]:
    """Return each record's place among the combined keys, the number of places, the keys, and a mask of those without null."""
    if not columns:
        return numpy.zeros(records, numpy.intp), 1, (), numpy.ones(1, bool)
    index, size = columns[0].index.astype(numpy.intp), len(columns[0].keys)  # bincount would convert it at each call
    if len(columns) == 1:
        return index, size, (columns[0].keys,), valid_keys(columns[0].keys)
    for column in columns[1:]:  # a combined key is a number whose digits are the keys' places in their columns
        index, size = index * len(column.keys) + column.index, size * len(column.keys)
    places = numpy.arange(size)
    if size > DENSE * records:
        places, index = numpy.unique(index, return_inverse=True)
    parts, valid, rest = [], numpy.ones(len(places), bool), places
    for column in columns[::-1]:
        rest, at = numpy.divmod(rest, max(len(column.keys), 1))
        parts.append(column.keys.take(arrow(at.astype(numpy.int64), pyarrow.int64())))
        valid &= valid_keys(parts[-1])
    return index, len(places), tuple(parts[::-1]), valid


def valid_keys(keys: pyarrow.Array) -> Mask:
    if not keys.null_count:
        return numpy.ones(len(keys), bool)
    found: Mask = keys.is_valid().to_numpy(zero_copy_only=False)
    return found


def merge_counts(parts: Sequence[Counts]) -> Counts:
    kept = [part for part in parts if len(part) or part.floor] or list(parts[:1])
    if len(kept) == 1:
        return kept[0]
    keys, rows = same_keys(kept)  # rows: for each part, the place of each of its keys in the result
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
    sizes = numpy.cumsum([len(part) for part in parts])[:-1]
    if not parts[0].keys:
        return (), [numpy.zeros(len(part), numpy.int64) for part in parts]
    # Arrow makes one dictionary for all chunks of an array, so equal keys of different parts get the same code.
    encoded = [pyarrow.chunked_array([part.keys[at] for part in parts]).dictionary_encode() for at in range(len(parts[0].keys))]
    dictionaries = [column.chunk(0).dictionary for column in encoded]
    codes = [numpy.concatenate([chunk.indices.to_numpy() for chunk in column.chunks]) for column in encoded]
    if len(codes) == 1:
        return (dictionaries[0],), numpy.split(codes[0], sizes)
    index = codes[0].astype(numpy.int64)
    for dictionary, code in zip(dictionaries[1:], codes[1:], strict=True):
        index = index * len(dictionary) + code
    _, first, place = numpy.unique(index, return_index=True, return_inverse=True)
    keys = tuple(
        dictionary.take(arrow(code[first].astype(numpy.int64), pyarrow.int64()))
        for dictionary, code in zip(dictionaries, codes, strict=True)
    )
    return keys, numpy.split(place, sizes)


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
