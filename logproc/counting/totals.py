"""How many numbers each row has, their exact sum, the smallest and the largest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Self

import numpy

from logproc.counting.rows import added, counted, joined

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import Numbers

LOW_BITS = 32
LOW_MASK = (1 << LOW_BITS) - 1
NANOS = 10**9
"""How many nanos are one whole."""
LEAST = (-(2**63), 0)
GREATEST = (2**63 - 1, NANOS - 1)
"""The smallest and the largest number that there can be, as whole and nanos."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Of the numbers of each row: how many there are, their sum, the smallest and the largest.

    The sum is `low + (high << 32) + nanos / 10**9` with `0 <= low < 2**32` and `0 <= nanos < 10**9`: no sum of any real
    log overflows, and no digit of one is lost. A row without numbers has GREATEST as its smallest and LEAST as its
    largest, which change nothing when they are merged.
    """

    number: Integers
    low: Integers
    high: Integers
    nanos: Integers
    min_whole: Integers
    min_nanos: Integers
    max_whole: Integers
    max_nanos: Integers

    @classmethod
    def count(cls, numbers: Numbers, index: Integers, size: int) -> Self:
        """Return the totals of each row. index: the row of each record, -1 for none."""
        kept = counted(index, numbers.valid)
        whole, row = numbers.whole[kept], index[kept]
        nanos = numpy.zeros_like(whole) if numbers.nanos is None else numbers.nanos[kept]
        each = cls(numpy.ones_like(whole), whole & LOW_MASK, whole >> LOW_BITS, nanos, whole, nanos, whole, nanos)
        return cls.merge([each], [row], size)

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int) -> Self:
        """Return the totals of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        row = joined(rows)
        number, low, high, nanos, *extremes = (joined([getattr(part, name) for part in parts]) for name in NAMES)
        number, low, high, nanos = (added(row, size, column) for column in (number, low, high, nanos))
        low += nanos // NANOS
        smallest = furthest(numpy.minimum, GREATEST, row, size, *extremes[:2])
        largest = furthest(numpy.maximum, LEAST, row, size, *extremes[2:])
        return cls(number, low & LOW_MASK, high + (low >> LOW_BITS), nanos % NANOS, *smallest, *largest)

    def select(self, rows: Integers) -> Self:
        """Return these rows, in this order."""
        return type(self)(*(getattr(self, name)[rows] for name in NAMES))

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.number)

    @property
    def weight(self) -> int:
        """How many entries are held."""
        return self.size

    def sum(self, row: int) -> Fraction:
        """Return the exact sum of a row, 0 without numbers."""
        whole = int(self.low[row]) + (int(self.high[row]) << LOW_BITS)
        return whole + Fraction(int(self.nanos[row]), NANOS)

    def mean(self, row: int) -> float | None:
        """Return the mean of a row, None without numbers. It is rounded once, from the exact sum."""
        number = int(self.number[row])
        return float(self.sum(row) / number) if number else None

    def minimum(self, row: int) -> float | None:
        """Return the smallest number of a row, None without numbers; an int where it is a whole number."""
        return value(self.min_whole[row], self.min_nanos[row]) if self.number[row] else None

    def maximum(self, row: int) -> float | None:
        """Return the largest number of a row, None without numbers; an int where it is a whole number."""
        return value(self.max_whole[row], self.max_nanos[row]) if self.number[row] else None


NAMES = tuple(field.name for field in fields(Totals))


def furthest(
    compare: numpy.ufunc, start: tuple[int, int], row: Integers, size: int, whole: Integers, nanos: Integers
) -> tuple[Integers, Integers]:
    """Return the smallest or the largest number of each row: first by whole, among equal ones by nanos.

    compare: numpy.minimum or numpy.maximum; start: what a row without numbers has.
    """
    wholes, rest = (numpy.full(size, part, numpy.int64) for part in start)
    compare.at(wholes, row, whole)
    tied = whole == wholes[row]
    compare.at(rest, row[tied], nanos[tied])
    return wholes, rest


def value(whole: numpy.int64, nanos: numpy.int64) -> float:
    """Return a number as an int if it is whole, else as the nearest float."""
    # One division of integers, so that 0.1 is 0.1: adding a rounded fraction would round twice.
    return (int(whole) * NANOS + int(nanos)) / NANOS if nanos else int(whole)
