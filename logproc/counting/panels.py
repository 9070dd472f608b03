"""Counts → the panels of a report: keys as text, in the order that was asked for, with the numbers that were asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.counting.buckets import middle
from logproc.counting.counts import LOW_BITS, Counts
from logproc.counting.totals import NANOS
from logproc.counting.uniques import STANDARD_ERROR
from logproc.model.snapshot import Panel, Row
from logproc.questions.metrics import Metric
from logproc.questions.question import ACCESS_PANELS, PanelSpec, Question
from logproc.questions.view import UNITS_S, label

if TYPE_CHECKING:
    from logproc.counting.measures import Buckets, Totals, Uniques
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Integers, Mask

Number = float | int | None
COUNT = Metric("count", "count")


def panels(tally: Tally, question: Question, top: int) -> dict[str, Panel]:
    """Return the panels of a report, with `top` rows where not all are shown (0: all).

    What was asked for by name is always there, the panel over all records with its one row. Of the usual panels those are left
    out whose columns no record has; but those of an access log are all there where any log is one, and where there is no
    record at all.
    """
    span_s = 0 if tally.first is None or tally.last is None else tally.last - tally.first
    drawing = Drawing(question, top, span_s, with_bytes="bytes" in tally.seen)
    access = not tally.panels or "status" in tally.panels
    found = {}
    for spec in question.panels:
        counts = tally.panels.get(spec.name)
        if counts is not None or question.asked_by or spec.title or not spec.by or (access and spec.name in ACCESS_PANELS):
            found[spec.name] = drawing.panel(spec, nothing(spec) if counts is None else counts)
    return found


def nothing(spec: PanelSpec) -> Counts:
    """Return the counts of no record: no key, but for a panel over all records, which has its one row."""
    count = numpy.zeros(0 if spec.by else 1, numpy.int64)
    return Counts(tuple(pyarrow.array([], pyarrow.string()) for _ in spec.by), count, count, count)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How panels are made of counts. span_s: from the first record to the last; with_bytes: whether any log has bytes."""

    question: Question
    top: int
    span_s: int
    with_bytes: bool

    def panel(self, spec: PanelSpec, counts: Counts) -> Panel:
        """Return one panel: stretches of time in their order, all others by count and then by the UTF-8 bytes of the key."""
        told = self.told(spec)
        sort, _ = self.sorting(spec)
        shown = counts.select(self.order(spec, counts))
        return Panel(
            spec.name,
            spec.by,
            distinct=len(counts),
            rows=self.rows(spec, shown, told),
            metrics=tuple(metric.name for metric in told),
            other=counts.other if counts.floor else None,
            estimated={metric.name: STANDARD_ERROR for metric in told if is_estimated(shown, metric)},
            sorted_by=sort.name if sort else None,
        )

    def told(self, spec: PanelSpec) -> tuple[Metric, ...]:
        """Return the metrics that a panel's rows have besides count and bytes."""
        if spec.title:
            return (Metric("visitors", "uniques", spec.needs[0]),)
        if spec.usual:
            sort, _ = self.sorting(spec)
            return (sort,) if sort and sort in self.question.metrics else ()
        return tuple(metric for metric in self.question.metrics if metric.function not in {"count", "bytes"})

    def rows(self, spec: PanelSpec, counts: Counts, told: Sequence[Metric]) -> tuple[Row, ...]:
        """Return the rows of counts that are in order."""
        seconds = length_s(spec) or self.span_s
        columns = [numbers(counts, metric, seconds) for metric in told]
        metrics = zip(*columns, strict=True) if columns else [()] * len(counts)
        halves = zip(counts.high.tolist(), counts.low.tolist(), strict=True)
        sizes = [(high << LOW_BITS) + low for high, low in halves] if self.with_bytes else [None] * len(counts)
        errors = [0] * len(counts) if counts.errors is None else counts.errors.tolist()
        keys = key_texts(spec, counts, self.question.zone)
        return tuple(map(Row, keys, counts.count.tolist(), sizes, metrics, errors))

    def order(self, spec: PanelSpec, counts: Counts) -> Integers:
        """Return the places of the rows to be shown, in order."""
        sort, descending = self.sorting(spec)
        limit = len(counts) if spec.whole or not self.top else self.top
        if sort is None and spec.in_order:
            return ranked(counts, (), len(counts), "descending" if descending else "ascending")
        if sort is not None and sort.function == "key":
            return ranked(counts, (), limit, "descending" if descending else "ascending")
        return ranked(counts, ranks(counts, sort or COUNT, descending=descending is not False), limit)

    def sorting(self, spec: PanelSpec) -> tuple[Metric | None, bool | None]:
        """Return what a panel is sorted by, and whether from large to small; None where nothing was said that is for it.

        The usual panels over time stay in its order, as do those of visitors.
        """
        sort, descending = self.question.sort, self.question.descending
        if spec.title or (spec.usual and spec.in_order):
            return None, None
        return (None if sort and sort.need and sort.need not in spec.needs else sort), descending


def length_s(spec: PanelSpec) -> int:
    """Return the seconds of the stretches of time that a panel counts by, 0 if it does not."""
    return min((UNITS_S[name] for name in spec.by if name in UNITS_S), default=0)


def ranked(counts: Counts, columns: Sequence[Any], limit: int, of_keys: str = "ascending") -> Integers:
    """Return the places of the first `limit` rows: the smallest of the first column, where equal of the next, then by key.

    of_keys: the direction in which keys follow each other; text is compared by its UTF-8 bytes.
    """
    if len(counts) <= 1:
        return numpy.arange(min(limit, len(counts)))
    directions = ["ascending"] * len(columns) + [of_keys] * len(counts.keys)
    table = pyarrow.table([*columns, *counts.keys], [str(at) for at in range(len(directions))])
    keys = list(zip(table.column_names, directions, strict=True))
    if limit < len(counts):
        places = pyarrow.compute.select_k_unstable(table, limit, keys)  # no two rows are equal: their keys differ
    else:
        places = pyarrow.compute.sort_indices(table, keys)
    return numpy.asarray(places).astype(numpy.int64)


def ranks(counts: Counts, metric: Metric, *, descending: bool) -> list[Any]:
    """Return columns by which rows in ascending order have that of a metric; those without a number are last either way.

    They are exact integers, so that what is equal is equal, however it was added up.
    """
    absent, columns = comparable(counts, metric)
    columns = [~column for column in columns] if descending else columns
    return columns if absent is None or not absent.any() else [absent, *columns]


def comparable(counts: Counts, metric: Metric) -> tuple[Mask | None, list[Integers]]:
    """Return which rows have no number (None: all have one), and the columns of integers that compare the others."""
    if metric.function in {"count", "rate"}:
        return None, [counts.count]
    if metric.function == "bytes":
        return None, [counts.high, counts.low]
    measure: Any = counts.measures.get(metric.need) if metric.need else None
    if measure is None:
        return None, []
    if metric.function == "uniques":
        return None, [uniques(measure)]
    if metric.function == "quantile":
        bucket, absent = quantiles(measure, metric.quantile)
        return absent, [bucket]  # their numbers are in the order of values
    return measure.number == 0, means(measure) if metric.function == "mean" else columns_of(measure, metric.function)


def means(totals: Totals) -> list[Any]:
    """Return the means in pieces, the largest first: a long division, whose remainder is less than the number it is divided by.

    The last piece is the quotient of two exact integers, so equal means are equal there as well. Rows of 2**31 numbers and more
    may be out of order.
    """
    number = numpy.maximum(totals.number, 1)
    high, rest = numpy.divmod(totals.high, number)
    low, rest = numpy.divmod((rest << LOW_BITS) + totals.low, number)
    nanos, rest = numpy.divmod(rest * NANOS + totals.nanos, number)
    return [high, low, nanos, (rest / number * 2.0**53).astype(numpy.int64)]


def columns_of(totals: Totals, function: str) -> list[Integers]:
    """Return the parts of a number of each row: whole and nanos of the smallest or largest, halves and nanos of the sum."""
    if function in {"min", "max"}:
        return [getattr(totals, f"{function}_whole"), getattr(totals, f"{function}_nanos")]
    return [totals.high, totals.low, totals.nanos]


def quantiles(buckets: Buckets, quantile: Fraction) -> tuple[Integers, Mask]:
    """Return the bucket of a quantile in each row, and which rows have none: what `Buckets.quantile` finds, for all at once."""
    number = numpy.zeros(buckets.size, numpy.int64)
    numpy.add.at(number, buckets.row, buckets.number)
    absent = number == 0
    if not len(buckets.number):
        return number, absent
    rank = numpy.maximum(1, -(-number * quantile.numerator // quantile.denominator))
    target = numpy.cumsum(number) - number + rank
    place = numpy.searchsorted(numpy.cumsum(buckets.number), target)
    return buckets.bucket[numpy.minimum(place, len(buckets.bucket) - 1)], absent


def uniques(measure: Uniques) -> Integers:
    """Return how many distinct texts each row has."""
    found = numpy.bincount(measure.row, minlength=measure.size).astype(numpy.int64)
    for row in measure.sketches:
        found[row] = measure.number(row)[0]
    return found


def is_estimated(counts: Counts, metric: Metric) -> bool:
    """Return whether the number of any row is an estimate."""
    measure: Any = counts.measures.get(metric.need) if metric.need and metric.function == "uniques" else None
    return bool(measure is not None and measure.sketches)


def numbers(counts: Counts, metric: Metric, seconds: int) -> Sequence[Number]:
    """Return a metric of each row, None where none of its records has what it is about. seconds: what a rate is of."""
    if metric.function == "rate":
        return [count / seconds if seconds else None for count in counts.count.tolist()]
    measure: Any = counts.measures.get(metric.need) if metric.need else None
    if metric.function == "uniques":
        return [0] * len(counts) if measure is None else uniques(measure).tolist()
    if measure is None:
        return [None] * len(counts)
    if metric.function == "quantile":
        found, absent = quantiles(measure, metric.quantile)
        return [None if none else middle(bucket) for bucket, none in zip(found.tolist(), absent.tolist(), strict=True)]
    return totalled(measure, metric.function)


def totalled(totals: Totals, function: str) -> list[Number]:
    """Return what `Totals` tells of one row, of all: the mean, the sum, the smallest or the largest number.

    But for the mean, a whole number is an int, and a row without numbers has no sum.
    """
    # Python's integers, divided once: a million rows of five metrics take 8 s, and 17 s where each row is asked for.
    exact = list(map(in_nanos, *(column.tolist() for column in columns_of(totals, function))))
    number = totals.number.tolist()
    if function == "mean":
        return [total / (by * NANOS) if by else None for total, by in zip(exact, number, strict=True)]
    return [quotient(total) if some else None for total, some in zip(exact, number, strict=True)]


def in_nanos(*parts: int) -> int:
    """Return a number in nanos. parts: the upper half of a sum if it is one, the whole or the lower half, and the nanos.

    >>> in_nanos(1, 500_000_000), in_nanos(1, 0, 0)
    (1500000000, 4294967296000000000)
    """
    *high, low, nanos = parts
    return ((sum(high) << LOW_BITS) + low) * NANOS + nanos


def quotient(nanos: int) -> Number:
    """Return a number that is given in nanos as an int if it is whole, else as the nearest float."""
    return nanos / NANOS if nanos % NANOS else nanos // NANOS


def key_texts(spec: PanelSpec, counts: Counts, zone: tzinfo = UTC) -> Sequence[tuple[str, ...]]:
    """Return the keys of counts as text."""
    columns = [
        [label(name, key, zone) if name in UNITS_S else key for key in keys.to_pylist()]
        for name, keys in zip(spec.by, counts.keys, strict=True)
    ]
    return list(zip(*columns, strict=True)) if columns else [()] * len(counts)
