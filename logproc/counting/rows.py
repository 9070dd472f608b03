"""Helpers of the measures: rows of many parts become rows of one result, and sums stay exact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.counting.partitions import encoded_at_once, encoded_in_partitions

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

LOW_BITS = 32
"""Sums are kept as two columns of int64, the lower 32 bits of each summand and the rest, so that none overflows."""
LOW_MASK = (1 << LOW_BITS) - 1
MOST_TEXT_BYTES = (1 << 31) - 1
"""The text that an array of Arrow's `string` can hold; more needs `large_string`."""
ENTRY_BYTES = 64
"""The text of one usual entry: an entry with more text weighs as much as several."""
MANY_TEXTS = 100_000
"""From so many on texts are encoded in partitions."""


def counted(index: Any, has_value: Mask | None) -> Mask:
    """Return a mask of the records that have a row and a value. has_value: None if all have one."""
    has_row: Mask = index >= 0
    return has_row if has_value is None else has_row & has_value


def joined(arrays: Sequence[Any]) -> Integers:
    """Return the arrays concatenated as int64; no arrays give an empty one."""
    return numpy.concatenate([numpy.empty(0, numpy.int64), *arrays]).astype(numpy.int64, copy=False)


def added(row: Integers, size: int, numbers: Integers) -> Integers:
    """Return the sum of the numbers of each row, in integers, so it is exact."""
    sums = numpy.zeros(size, numpy.int64)
    numpy.add.at(sums, row, numbers)
    return sums


def encoded(arrays: Sequence[pyarrow.Array]) -> tuple[pyarrow.Array, Integers]:
    """Return the distinct values of all arrays, and the place there of each value, the arrays one after the other.

    arrays: at least one, without nulls. Texts of more than 2 GiB together become a `large_string`.
    """
    kinds = {array.type for array in arrays}
    if len(kinds) > 1 or (pyarrow.string() in kinds and sum(array.nbytes for array in arrays) > MOST_TEXT_BYTES):
        arrays = [array.cast(pyarrow.large_string()) for array in arrays]
    if arrays[0].type in {pyarrow.string(), pyarrow.binary()} and sum(map(len, arrays)) >= MANY_TEXTS:
        return encoded_in_partitions(arrays)
    return encoded_at_once(arrays)


def weight_of(entries: int, *texts: pyarrow.Array) -> int:
    """Return the size of entries in memory as a number of usual ones."""
    size_bytes: int = sum(array.nbytes for array in texts)
    return max(entries, size_bytes // ENTRY_BYTES)


def exact_sum(low: Integers, high: Integers) -> int:
    return int(low.sum()) + (int(high.sum()) << LOW_BITS)


def distinct(codes: Integers) -> tuple[Integers, Integers]:
    """Return the distinct codes in ascending order, and how often each occurs."""
    # The counts make numpy.unique sort. Without them it hashes from numpy 2.3 on, which is 20 times slower (604 to 32 ns each).
    return numpy.unique(codes, return_counts=True)


def rows_of(sorted_row: Integers, row: int) -> slice:
    return slice(*numpy.searchsorted(sorted_row, [row, row + 1]).tolist())


def selected(row: Integers, rows: Integers, size: int) -> tuple[Integers, Integers]:
    """Return the places of the entries of the selected rows, sorted by new row, and the new row of each entry.

    row: the row of each entry. rows: the old rows to keep, each once. size: the number of old rows.
    """
    places = numpy.full(size, -1, numpy.int64)
    places[rows] = numpy.arange(len(rows))
    new = places[row]
    order = numpy.argsort(new, kind="stable")
    order = order[numpy.searchsorted(new[order], 0) :]
    return order, new[order]
