"""Columns of numbers for tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy
from hypothesis import strategies as st

from logproc.counting.counts import Counts
from logproc.counting.measures import Totals
from logproc.model.columns import Numbers

NANOS = 10**9
WHOLES = st.one_of(
    st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1), st.sampled_from([-(2**63), 2**32 - 1, 2**53 + 1, 2**63 - 1])
)
NUMBERS = st.none() | st.tuples(WHOLES, st.sampled_from([0, 0, 1, NANOS // 2, NANOS - 1]) | st.integers(0, NANOS - 1))
"""Numbers as whole and nanos, and None for none."""
Number = tuple[int, int] | None


def numbers_of(values: Sequence[Number]) -> Numbers:
    """Return a column, without nanos or mask if it needs none."""
    whole, nanos = (numpy.array([(value or (7, 7))[part] for value in values], numpy.int64) for part in (0, 1))
    valid = numpy.array([value is not None for value in values], bool)
    return Numbers(whole, nanos if any(value and value[1] for value in values) else None, None if valid.all() else valid)


def column_of(values: Any) -> Numbers:
    """Return a column of floats, cut to nanos."""
    whole = numpy.floor(values)
    return Numbers(whole.astype(numpy.int64), ((values - whole) * NANOS).astype(numpy.int64))


def exact(values: Sequence[Number]) -> list[Fraction]:
    """Return the numbers that are not None."""
    return [value[0] + Fraction(value[1], NANOS) for value in values if value is not None]


def by_row(rows: Sequence[int], values: Sequence[Number], row: int) -> list[Fraction]:
    """Return the numbers of one row."""
    return exact([value for at, value in zip(rows, values, strict=True) if at == row])


def sum_of(totals: Totals, row: int) -> Fraction:
    """Return the exact sum of a row."""
    return int(totals.low[row]) + (int(totals.high[row]) << 32) + Fraction(int(totals.nanos[row]), NANOS)


def bytes_of(counts: Counts, row: int) -> int:
    """Return the sum of bytes of one key."""
    return int(counts.low[row]) + (int(counts.high[row]) << 32)
