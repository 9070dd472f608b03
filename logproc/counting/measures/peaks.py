"""The largest number of records that each row has in one stretch of time.

Exact, and so one entry for each pair of a row and a stretch with records: 24 bytes for each second that a key was active in.
Memory grows with these, not with the records; longer stretches (`peak(1m)`) and `--max-keys` bound it further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy
from msgspec import Struct

from logproc.counting.rows import added, joined, selected

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import KeyColumn


class Peaks(Struct, frozen=True):
    """How many records of each row are in each stretch of time.

    row, stretch, number: one entry for each pair of row and stretch that occurs, sorted by both. Stretches are numbers.
    """

    size: int
    row: Integers
    stretch: Integers
    number: Integers

    @classmethod
    def count(cls, stretches: KeyColumn, index: Integers, size: int) -> Self:
        """Return the records of each row and stretch. index: the row of each record, -1 for none."""
        has_time = stretches.keys.is_valid().to_numpy(zero_copy_only=False)[stretches.index]
        kept = has_time & (index >= 0)
        numbers = stretches.keys.fill_null(0).to_numpy()[stretches.index[kept]]
        return cls._of(size, joined([index[kept]]), numbers, numpy.ones(len(numbers), numpy.int64))

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int) -> Self:
        """Return the numbers of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        row = joined([to[part.row] for part, to in zip(parts, rows, strict=True)])
        return cls._of(size, row, joined([part.stretch for part in parts]), joined([part.number for part in parts]))

    @classmethod
    def _of(cls, size: int, row: Integers, stretch: Integers, number: Integers) -> Self:
        distinct, place = numpy.unique(stretch, return_inverse=True)
        most = max(len(distinct), 1)  # the places of stretches, not their numbers, so that no product overflows
        codes, at = numpy.unique(row * most + place, return_inverse=True)
        rows, places = numpy.divmod(codes, most)
        return cls(size, rows, distinct[places] if len(distinct) else stretch, added(at, len(codes), number))

    def select(self, rows: Integers) -> Self:
        """Return these rows, each given once, in this order."""
        order, row = selected(self.row, rows, self.size)
        return type(self)(len(rows), row, self.stretch[order], self.number[order])

    @property
    def weight(self) -> int:
        return len(self.row)

    def largest(self) -> Integers:
        """Return the largest number of each row, 0 for a row without times."""
        found = numpy.zeros(self.size, numpy.int64)
        numpy.maximum.at(found, self.row, self.number)
        return found
