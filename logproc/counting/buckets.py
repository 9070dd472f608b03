"""Quantiles from counts of buckets whose bounds grow by a constant factor, so that the relative error is bounded.

After Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019,
section 2. Bucket `i` holds what is in `(GAMMA ** (i - 1), GAMMA ** i]` and stands for `2 * GAMMA**i / (GAMMA + 1)`, from which
both bounds are equally far. Buckets are never collapsed as in section 3: int64 and nanos give 3,223 of each sign at the most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy

from logproc.counting.rows import added, counted, distinct, joined, rows_of, selected

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import Numbers

ACCURACY = 0.01
"""How far a quantile is off at the most, as a part of itself."""
SLACK = 1e-6
"""What rounding may take of it: -1e-9 is -1 + 0.999999999, which as floats is wrong by 6e-8 of itself; all else is less."""
GAMMA = (1 + ACCURACY - SLACK) / (1 - ACCURACY + SLACK)
SMALLEST = 1e-9
"""The smallest magnitude but 0: one nano."""
FIRST = math.floor(math.log(SMALLEST, GAMMA)) - 1
LAST = math.ceil(math.log(2.0**63, GAMMA)) + 1
BOUNDS = GAMMA ** numpy.arange(FIRST, LAST + 1, dtype=numpy.float64)
"""The bounds between buckets: bucket `k`, from 1 on, holds what is in `(BOUNDS[k - 1], BOUNDS[k]]`."""
SPAN = 2 * len(BOUNDS)
"""More than there are buckets: a row and a bucket make one integer, `row * SPAN + bucket + SPAN // 2`."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """How many numbers of each row are in each bucket.

    row, bucket, number: one entry for each pair of row and bucket that occurs, sorted by these. A bucket's number is
    from 1 on for numbers above 0, its negative for those below, and 0 for 0 itself: buckets are in the order of values.
    """

    size: int
    row: Integers
    bucket: Integers
    number: Integers

    @classmethod
    def count(cls, numbers: Numbers, index: Integers, size: int) -> Self:
        """Return the buckets of each row. index: the row of each record, -1 for none."""
        kept = counted(index, numbers.valid)
        codes, number = distinct(code(index[kept], buckets_of(floats(numbers.keep(kept)))))
        return cls(size, *decoded(codes), number)

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int) -> Self:
        """Return the buckets of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        row = joined([to[part.row] for part, to in zip(parts, rows, strict=True)])
        codes, at = numpy.unique(code(row, joined([part.bucket for part in parts])), return_inverse=True)
        return cls(size, *decoded(codes), added(at, len(codes), joined([part.number for part in parts])))

    def select(self, rows: Integers) -> Self:
        """Return these rows, each named once, in this order."""
        order, row = selected(self.row, rows, self.size)
        return type(self)(len(rows), row, self.bucket[order], self.number[order])

    @property
    def weight(self) -> int:
        """How many entries are held."""
        return len(self.row)

    def quantile(self, row: int, q: float | Fraction) -> float | None:
        """Return the number of a row whose rank is `ceil(q * n)` of `n`, within ACCURACY of itself; None without numbers.

        q: from 0 to 1, taken as its decimals say: the 0.07-quantile of 100 numbers has the rank 7, not 8.
        """
        entries = rows_of(self.row, row)
        ranks = numpy.cumsum(self.number[entries])
        if not len(ranks):
            return None
        rank = max(1, math.ceil(Fraction(str(q)) * int(ranks[-1])))
        return middle(int(self.bucket[entries][numpy.searchsorted(ranks, rank)]))


def floats(numbers: Numbers) -> Any:
    """Return numbers as floats: the same number is the same float, wherever it stands."""
    return numbers.whole.astype(numpy.float64) if numbers.nanos is None else numbers.whole + numbers.nanos / 1e9


def buckets_of(values: Any) -> Integers:
    """Return the bucket of each value."""
    # The logarithm is a guess which the bounds put right, so nothing depends on how it is rounded, which may differ between
    # the vector code of processors. A search among the bounds takes 2.5 times as long (77 to 30 ns each).
    magnitude = numpy.maximum(numpy.abs(values), SMALLEST)
    bucket: Integers = numpy.ceil(numpy.log(magnitude) / math.log(GAMMA)).astype(numpy.int64) - FIRST
    bucket += magnitude > BOUNDS[bucket]
    bucket -= magnitude <= BOUNDS[bucket - 1]
    bucket[values < 0] *= -1
    bucket[values == 0] = 0
    return bucket


def middle(bucket: int) -> float:
    """Return the number that a bucket stands for."""
    return math.copysign(2 * float(BOUNDS[abs(bucket)]) / (GAMMA + 1), bucket) if bucket else 0.0


def code(row: Integers, bucket: Integers) -> Integers:
    """Return row and bucket as one integer, in the order of both."""
    return row * numpy.int64(SPAN) + bucket + SPAN // 2  # an index of 32 bits becomes one of 64


def decoded(codes: Integers) -> tuple[Integers, Integers]:
    """Return the rows and the buckets of integers made by `code`."""
    row, bucket = numpy.divmod(codes, SPAN)
    return row, bucket - SPAN // 2
