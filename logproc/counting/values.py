"""The numbers of a panel's rows, from measures: exact sums as ints, floats or Decimals, quantiles, distinct values, times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from logproc.counting.counts import Counts
from logproc.counting.measures.buckets import middle
from logproc.counting.measures.totals import NANOS
from logproc.counting.rows import LOW_BITS
from logproc.questions.fields.stretches import stretch_of, with_offset
from logproc.questions.metrics import Metric
from logproc.questions.question import PanelSpec

if TYPE_CHECKING:
    from logproc.counting.measures import Totals
    from logproc.model.arrays import Integers

Number = float | int | Decimal | str | None
EXACT_IN_A_FLOAT = 10**15
"""Fifteen digits come back from a float as they were."""


def columns_of(totals: Totals, function: str) -> list[Integers]:
    """Return a number of each row as columns: whole and nanos of the min or max; high, low and nanos of the sum."""
    function = {"first": "min", "last": "max"}.get(function, function)
    if function in {"min", "max"}:
        return [getattr(totals, f"{function}_whole"), getattr(totals, f"{function}_nanos")]
    return [totals.high, totals.low, totals.nanos]


def seconds_of(spec: PanelSpec, counts: Counts, span_s: int) -> list[int]:
    """Return the seconds that each row's rate is of: those of its shortest stretch of time, or of the whole run."""
    found = [[span_s] * len(counts)]
    for name, keys in zip(spec.by, counts.keys, strict=True):
        if stretch := stretch_of(name):
            found.append([stretch.seconds(number) for number in keys.to_pylist()])
    return list(map(min, *found[1:])) if len(found) > 2 else found[-1]


def numbers(counts: Counts, metric: Metric, seconds: Sequence[int], zone: tzinfo = UTC) -> Sequence[Number]:
    """Return a metric of each row, None where no record has a value. seconds: the time that each row's rate divides by."""
    if metric.function == "rate":
        return [count / by if by else None for count, by in zip(counts.count.tolist(), seconds, strict=True)]
    measure: Any = counts.measures.get(metric.need) if metric.need else None
    if metric.function == "uniques":
        return [0] * len(counts) if measure is None else measure.numbers().tolist()
    if measure is None:
        return [None] * len(counts)
    if metric.function == "peak":
        return [number or None for number in measure.largest().tolist()]
    if metric.function in {"first", "last"}:
        ends = zip(*(column.tolist() for column in columns_of(measure, metric.function)), measure.number.tolist(), strict=True)
        return [with_offset(second, zone, nanos) if number else None for second, nanos, number in ends]
    if metric.function == "quantile":
        found, absent = measure.quantiles(metric.quantile)
        return [None if none else middle(bucket) for bucket, none in zip(found.tolist(), absent.tolist(), strict=True)]
    return totalled(measure, metric.function)


def totalled(totals: Totals, function: str) -> list[Number]:
    """Return the mean, sum, min or max of each row, None without numbers. Whole numbers are ints, except for means."""
    # Python's integers, divided once, so that 0.1 is 0.1. A million rows of five metrics take 8 s.
    exact = nanos_of(totals, function)
    number = totals.number.tolist()
    if function == "mean":
        return [mean_of(total, by * NANOS) if by else None for total, by in zip(exact, number, strict=True)]
    return [shortest(total) if some else None for total, some in zip(exact, number, strict=True)]


def mean_of(total: int, by: int) -> float | int:
    """Return a quotient, as an integer if it is one of more digits than a double is sure to hold."""
    whole, rest = divmod(total, by)
    return whole if not rest and abs(whole) >= EXACT_IN_A_FLOAT else total / by


def exactly(totals: Totals, function: str) -> list[Fraction | None]:
    """Return the mean, sum, min or max of each row in billionths, None without numbers."""
    numbers = zip(nanos_of(totals, function), totals.number.tolist(), strict=True)
    return [Fraction(total, by if function == "mean" else 1) if by else None for total, by in numbers]


def nanos_of(totals: Totals, function: str) -> list[int]:
    """Return the sum (for the mean, too), min or max of each row in billionths; anything for a row without numbers."""
    exact = list(map(in_nanos, *(column.tolist() for column in columns_of(totals, function))))
    for row, (number, total, smallest, largest) in totals.large.items():
        if function not in {"min", "max"}:
            exact[row] += total
            continue
        rest = [exact[row]] if number < totals.number[row] else []
        exact[row] = min([smallest, *rest]) if function == "min" else max([largest, *rest])
    return exact


def shortest(nanos: int) -> Number:
    """Return a number of billionths as an int if it is whole, as a float if that is written the same, else as a Decimal.

    >>> shortest(3 * 10**9), shortest(15 * 10**8), shortest(9007199254740993 * 10**9 + 5 * 10**8)
    (3, 1.5, Decimal('9007199254740993.5'))
    """
    whole, rest = divmod(nanos, NANOS)
    if not rest:
        return whole
    if abs(nanos) < EXACT_IN_A_FLOAT:
        return nanos / NANOS
    exact = Decimal(f"{nanos}e-9")
    return float(exact) if Decimal(repr(float(exact))) == exact else Decimal(f"{exact:f}".rstrip("0"))


def in_nanos(*parts: int) -> int:
    """Return a number in nanos from the columns of `columns_of`: whole and nanos, or high, low and nanos.

    >>> in_nanos(1, 500_000_000), in_nanos(1, 0, 0)
    (1500000000, 4294967296000000000)
    """
    *high, low, nanos = parts
    return ((sum(high) << LOW_BITS) + low) * NANOS + nanos
