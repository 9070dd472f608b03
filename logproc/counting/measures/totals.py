"""The number, exact sum, smallest and largest of each row's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.counting.rows import LOW_BITS, LOW_MASK, added, counted, joined

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.model.columns import Numbers

NANOS = 10**9
LEAST = (-(2**63), 0)
GREATEST = (2**63 - 1, NANOS - 1)
"""The smallest and largest possible number, as whole and nanos."""
Extremes: TypeAlias = tuple[int, int, int, int]
"""How many numbers there are, their sum, the smallest and the largest, in billionths."""


class Totals(Struct, frozen=True):
    """Of the numbers of each row: how many there are, their sum, the smallest and the largest.

    The sum is `low + (high << 32) + nanos / 10**9` with `0 <= low < 2**32` and `0 <= nanos < 10**9`, so it never overflows and
    loses no digit. A row without numbers has GREATEST as its smallest and LEAST as its largest, which merging ignores.

    large: the same of the numbers that do not fit int64, for each row that has any. Of these the columns hold nothing, only
    `number` counts them too.
    """

    number: Integers
    low: Integers
    high: Integers
    nanos: Integers
    min_whole: Integers
    min_nanos: Integers
    max_whole: Integers
    max_nanos: Integers
    large: Mapping[int, Extremes] = field(default_factory=dict)

    @classmethod
    def count(cls, numbers: Numbers, index: Integers, size: int) -> Self:
        """Return the totals of each row. index: the row of each record, -1 for none."""
        kept = counted(index, numbers.valid)
        whole, row = numbers.whole[kept], index[kept]
        nanos = numpy.zeros_like(whole) if numbers.nanos is None else numbers.nanos[kept]
        each = cls(numpy.ones_like(whole), whole & LOW_MASK, whole >> LOW_BITS, nanos, whole, nanos, whole, nanos)
        found = cls.merge([each], [row], size)
        if numbers.large is None:
            return found
        rows = index[numbers.large.at].tolist()
        large = combined((row, (1, n, n, n)) for row, n in zip(rows, numbers.large.nanos.tolist(), strict=True) if row >= 0)
        numpy.add.at(found.number, [row for row in rows if row >= 0], 1)
        return replace(found, large=large)

    @classmethod
    def merge(cls, parts: Sequence[Self], rows: Sequence[Integers], size: int) -> Self:
        """Return the totals of all parts. `rows[i][r]` is the row of the result that row `r` of part `i` goes to."""
        row = joined(rows)
        number, low, high, nanos, *extremes = (joined([getattr(part, name) for part in parts]) for name in NAMES)
        number, low, high, nanos = (added(row, size, column) for column in (number, low, high, nanos))
        low += nanos // NANOS
        smallest = furthest(numpy.minimum, GREATEST, row, size, *extremes[:2])
        largest = furthest(numpy.maximum, LEAST, row, size, *extremes[2:])
        pairs = ((int(to[row]), large) for part, to in zip(parts, rows, strict=True) for row, large in part.large.items())
        return cls(number, low & LOW_MASK, high + (low >> LOW_BITS), nanos % NANOS, *smallest, *largest, combined(pairs))

    def select(self, rows: Integers) -> Self:
        large = {new: self.large[old] for new, old in enumerate(rows.tolist()) if old in self.large} if self.large else {}
        return replace(self, **{name: getattr(self, name)[rows] for name in NAMES}, large=large)

    @property
    def size(self) -> int:
        return len(self.number)

    @property
    def weight(self) -> int:
        return self.size


NAMES = tuple(name for name in Totals.__struct_fields__ if name != "large")
"""Its columns, each with an element for each row."""


def combined(pairs: Iterable[tuple[int, Extremes]]) -> dict[int, Extremes]:
    """Return the large numbers of each row, from pairs of a row and some of its numbers."""
    found: dict[int, Extremes] = {}
    for row, (number, total, smallest, largest) in pairs:
        old = found.get(row, (0, 0, smallest, largest))
        found[row] = (old[0] + number, old[1] + total, min(old[2], smallest), max(old[3], largest))
    return found


def furthest(
    compare: numpy.ufunc, start: tuple[int, int], row: Integers, size: int, whole: Integers, nanos: Integers
) -> tuple[Integers, Integers]:
    """Return the smallest or largest number of each row: by whole, then by nanos.

    compare: numpy.minimum or numpy.maximum. start: the value of a row without numbers.
    """
    wholes, rest = (numpy.full(size, part, numpy.int64) for part in start)
    compare.at(wholes, row, whole)
    tied = whole == wholes[row]  # only these can be the furthest by nanos
    compare.at(rest, row[tied], nanos[tied])
    return wholes, rest
