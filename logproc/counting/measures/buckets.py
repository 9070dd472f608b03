"""Quantiles from buckets whose bounds grow by a constant factor, which bounds the relative error.

After Masson, Rim, Lee: "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", VLDB 2019,
section 2. Bucket `i` holds the values in `(GAMMA ** (i - 1), GAMMA ** i]` and represents them by `2 * GAMMA**i / (GAMMA + 1)`,
which has the same relative distance from both bounds. Buckets are never collapsed as in section 3: numbers in billionths
below 10^308 need at most 36,500 of each sign.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self

import numpy
from msgspec import Struct

from logproc.counting.rows import added, counted, distinct, joined, selected
from logproc.formats.columns.quantities import NANO, TOO_LARGE_FROM

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Numbers

ACCURACY = 0.01
"""The largest relative error of a quantile."""
SLACK = 1e-6
"""The part of it left for rounding: -1e-9 is -1 + 0.999999999, which as floats is off by 6e-8 of itself, the worst case."""
GAMMA = (1 + ACCURACY - SLACK) / (1 - ACCURACY + SLACK)
SMALLEST = 1e-9
"""The smallest magnitude except 0: one nano."""
FIRST = math.floor(math.log(SMALLEST, GAMMA)) - 1
LAST = math.ceil(math.log(TOO_LARGE_FROM, GAMMA)) + 1
BOUNDS = GAMMA ** numpy.arange(FIRST, LAST + 1, dtype=numpy.float64)
"""The bounds between buckets: bucket `k >= 1` holds `(BOUNDS[k - 1], BOUNDS[k]]`."""
SPAN = 2 * len(BOUNDS)
"""More than there are buckets, so that `row * SPAN + bucket + SPAN // 2` encodes both as one sortable integer."""


class Buckets(Struct, frozen=True):
    """How many numbers of each row are in each bucket.

    row, bucket, number: one entry for each pair of row and bucket that occurs, sorted by row and bucket. Buckets are numbered
    from 1 for positive numbers, negative for negative ones, and 0 for zero, so they are in the order of values.
    """

    size: int
    row: Integers
    bucket: Integers
    number: Integers

    @classmethod
    def count(cls, numbers: Numbers, index: Integers, size: int) -> Self:
        """Return the buckets of each row. index: the row of each record, -1 for none."""
        kept = counted(index, numbers.valid)
        some = numbers.keep(kept)
        values = some.whole.astype(numpy.float64) if some.nanos is None else some.whole + some.nanos / 1e9
        row = index[kept]
        if numbers.large is not None:
            values = numpy.concatenate([values, [value / NANO for value in numbers.large.nanos.tolist()]])
            row = numpy.concatenate([row, index[numbers.large.at]])
            values, row = values[row >= 0], row[row >= 0]
        codes, number = distinct(code(row, buckets_of(values)))
        return cls(size, *decoded(codes), number)

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int) -> Self:
        """Return the buckets of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        row = joined([to[part.row] for part, to in zip(parts, rows, strict=True)])
        codes, at = numpy.unique(code(row, joined([part.bucket for part in parts])), return_inverse=True)
        return cls(size, *decoded(codes), added(at, len(codes), joined([part.number for part in parts])))

    def select(self, rows: Integers) -> Self:
        """Return these rows, each given once, in this order."""
        order, row = selected(self.row, rows, self.size)
        return type(self)(len(rows), row, self.bucket[order], self.number[order])

    @property
    def weight(self) -> int:
        return len(self.row)

    def quantiles(self, quantile: Fraction) -> tuple[Integers, Mask]:
        """Return the bucket of each row's quantile (0 to 1), and a mask of the rows without numbers, whose bucket is 0.

        The quantile of n numbers is the one of rank `ceil(quantile * n)`, the first for 0.
        """
        number = added(self.row, self.size, self.number)
        absent = number == 0
        if not len(self.number):
            return number, absent
        rank = numpy.maximum(1, -(-number * quantile.numerator // quantile.denominator))  # -(-a // b) rounds up, exactly
        target = numpy.cumsum(number) - number + rank  # the rank among the numbers of all rows, which are sorted by row
        place = numpy.searchsorted(numpy.cumsum(self.number), target)
        return numpy.where(absent, 0, self.bucket[numpy.minimum(place, len(self.bucket) - 1)]), absent


def buckets_of(values: Any) -> Integers:
    # The logarithm is a guess, corrected by the bounds, because its rounding may differ between the vector code of processors.
    # A binary search in the bounds takes 2.5 times as long (77 to 30 ns each).
    magnitude = numpy.maximum(numpy.abs(values), SMALLEST)
    bucket: Integers = numpy.ceil(numpy.log(magnitude) / math.log(GAMMA)).astype(numpy.int64) - FIRST
    bucket = numpy.where(magnitude > BOUNDS[bucket], bucket + 1, bucket)
    bucket = numpy.where(magnitude <= BOUNDS[bucket - 1], bucket - 1, bucket)
    bucket[values < 0] *= -1
    bucket[values == 0] = 0
    return bucket


def middle(bucket: int) -> float:
    return math.copysign(float(BOUNDS[abs(bucket)]) / (GAMMA + 1) * 2, bucket) if bucket else 0.0


def code(row: Integers, bucket: Integers) -> Integers:
    return row * numpy.int64(SPAN) + bucket + SPAN // 2  # int64, because an index may be int32


def decoded(codes: Integers) -> tuple[Integers, Integers]:
    row, bucket = numpy.divmod(codes, SPAN)
    return row, bucket - SPAN // 2
