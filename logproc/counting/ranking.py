"""The order of a panel's rows: by exact integers, so that equal numbers are equal however they were added up."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.counting.counts import Counts
from logproc.counting.measures.totals import NANOS
from logproc.counting.rows import LOW_BITS
from logproc.counting.values import columns_of, exactly
from logproc.formats.columns.slices import arrow
from logproc.questions.metrics import Metric

if TYPE_CHECKING:
    from logproc.counting.measures import Totals
    from logproc.model.arrays import Integers, Mask


def ranked(counts: Counts, columns: Sequence[Any], limit: int, of_keys: str = "ascending") -> Integers:
    """Return the places of the first `limit` rows in ascending order of the columns, then of the keys.

    of_keys: the direction for the keys, which are compared by their UTF-8 bytes.
    """
    if len(counts) <= 1:
        return numpy.arange(min(limit, len(counts)))
    directions = ["ascending"] * len(columns) + [of_keys] * len(counts.keys)
    table = pyarrow.table([*map(without_asking, columns), *counts.keys], [str(at) for at in range(len(directions))])
    keys = list(zip(table.column_names, directions, strict=True))
    if limit < len(counts):
        places = pyarrow.compute.select_k_unstable(table, limit, keys)  # unstable is fine: keys differ, so no rows tie
    else:
        places = pyarrow.compute.sort_indices(table, keys)
    return numpy.asarray(places).astype(numpy.int64)


def without_asking(column: Any) -> Any:
    """Return a column of int64 as an Arrow array; others as they are: Arrow would import numpy.ma to ask about the array."""
    is_plain = isinstance(column, numpy.ndarray) and column.dtype == numpy.int64
    return arrow(numpy.ascontiguousarray(column), pyarrow.int64()) if is_plain else column


def ranks(counts: Counts, metric: Metric, *, descending: bool) -> list[Any]:
    """Return sort columns for `ranked` by a metric. Rows without a number come last in either direction.

    They are exact integers, so equal values are equal however they were added up.
    """
    absent, columns = comparable(counts, metric)
    columns = [~column for column in columns] if descending else columns
    return columns if absent is None or not absent.any() else [absent, *columns]


def comparable(counts: Counts, metric: Metric) -> tuple[Mask | None, list[Integers]]:
    """Return a mask of the rows without a number (None: all have one), and integer columns that compare the others."""
    if metric.function in {"count", "rate"}:
        return None, [counts.count]
    if metric.function == "bytes":
        return None, [counts.high, counts.low]
    measure: Any = counts.measures.get(metric.need) if metric.need else None
    if measure is None:
        return None, []
    if metric.function == "uniques":
        return None, [measure.numbers()]
    if metric.function == "peak":
        peaks = measure.largest()
        return peaks == 0, [peaks]
    if metric.function == "quantile":
        bucket, absent = measure.quantiles(metric.quantile)
        return absent, [bucket]  # buckets are numbered in the order of values
    if measure.large:
        return measure.number == 0, [places(exactly(measure, metric.function))]
    return measure.number == 0, means(measure) if metric.function == "mean" else columns_of(measure, metric.function)


def places(values: Sequence[Fraction | None]) -> Integers:
    """Return the place of each value among the distinct ones in ascending order: integers of any size as int64."""
    order = {value: place for place, value in enumerate(sorted({value for value in values if value is not None}))}
    return numpy.array([-1 if value is None else order[value] for value in values], numpy.int64)


def means(totals: Totals) -> list[Any]:
    """Return the means as columns of integers, most significant first, by long division.

    Each remainder is less than the number of values. The last column is the quotient of two exact integers, so equal means are
    equal there, too. Rows with 2**31 numbers or more may be out of order.
    """
    number = numpy.maximum(totals.number, 1)
    high, rest = numpy.divmod(totals.high, number)
    low, rest = numpy.divmod((rest << LOW_BITS) + totals.low, number)
    nanos, rest = numpy.divmod(rest * NANOS + totals.nanos, number)
    return [high, low, nanos, (rest / number * 2.0**53).astype(numpy.int64)]
