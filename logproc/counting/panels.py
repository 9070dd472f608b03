"""Counts → the panels of a report: keys as text, sorted, with the metrics asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.counting.buckets import middle
from logproc.counting.counts import Counts, rolled_up
from logproc.counting.overview.timeline import hours_of
from logproc.counting.rows import LOW_BITS
from logproc.counting.totals import NANOS
from logproc.counting.uniques import STANDARD_ERROR
from logproc.formats.columns.slices import arrow
from logproc.formats.columns.units import unit_of
from logproc.model.panel import Panel, Row
from logproc.questions.fields.stretches import stretch_of, with_offset
from logproc.questions.metrics import Metric
from logproc.questions.question import ACCESS_PANELS, PanelSpec, Question

if TYPE_CHECKING:
    from logproc.counting.measures import Totals
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Integers, Mask

Number = float | int | Decimal | str | None
EXACT_IN_A_FLOAT = 10**15
"""Fifteen digits come back from a float as they were."""
COUNT = Metric("count", "count")


def panels(tally: Tally, question: Question, top: int | tuple[int, ...]) -> dict[str, Panel]:
    """Return the panels of a report, each with its first `top` rows unless it is shown whole (0: all rows).

    Of several numbers, the first is of the values of a panel's first column, the next of the rows within each of them.

    Panels that were asked for are always there, the total with its one row. A usual panel is left out if no record has its
    columns, except that all panels of access logs are there if any source is one, or if there are no records at all.
    """
    span_s = 0 if tally.first is None or tally.last is None else tally.last - tally.first
    drawing = Drawing(question, (top,) if isinstance(top, int) else top, span_s, with_bytes="bytes" in tally.seen)
    # A panel without rows may be in the tally or not, depending on which filtered records are in the same chunk.
    held = {name: counts for name, counts in all_counts(tally, question) if len(counts) or counts.floor}
    access = not held or "status" in held
    found = {}
    for spec in question.panels:
        counts = held.get(spec.name)
        if counts is not None or question.asked_by or spec.title or not spec.by or (access and spec.name in ACCESS_PANELS):
            found[spec.name] = drawing.panel(spec, nothing(spec) if counts is None else counts)
    return found


def all_counts(tally: Tally, question: Question) -> Iterator[tuple[str, Counts]]:
    """Yield the counts by panel, those by hour made of the overview's."""
    yield from tally.panels.items()
    if tally.overview is not None and any(spec.is_hourly for spec in question.panels):
        yield "hour", hours_of(tally.overview, tally.first, tally.last)


def nothing(spec: PanelSpec) -> Counts:
    """Return the counts of a panel without records: no keys, but one row for a total."""
    count = numpy.zeros(0 if spec.by else 1, numpy.int64)
    return Counts(tuple(pyarrow.array([], pyarrow.string()) for _ in spec.by), count, count, count)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to make panels from counts.

    tops: how many values of each column to show, 0 for all; the last number is of all columns that are left.
    span_s: from the first record to the last. with_bytes: whether any log has bytes.
    """

    question: Question
    tops: tuple[int, ...]
    span_s: int
    with_bytes: bool

    def panel(self, spec: PanelSpec, counts: Counts) -> Panel:
        """Return one panel: sorted by time if it counts by time, else by count and then by the key's UTF-8 bytes."""
        metrics = self.metrics(spec)
        sort, _ = self.sorting(spec)
        shown = counts.select(self.order(spec, counts))
        sketched = [need for need, measure in shown.measures.items() if getattr(measure, "sketches", None)]
        return Panel(
            spec.name,
            spec.by,
            distinct=len(counts),
            rows=self.rows(spec, shown, metrics),
            metrics=tuple(metric.name for metric in metrics),
            other=counts.other if counts.floor else None,
            estimated={metric.name: STANDARD_ERROR for metric in metrics if metric.need in sketched},
            sorted_by=sort.name if sort else None,
            kinds=self.kinds(metrics),
        )

    def kinds(self, metrics: Sequence[Metric]) -> dict[str, str]:
        """Return what metrics measure, as far as it is known from their fields or from `--map`."""
        mapped = dict(self.question.kinds)
        fields = {metric.name: metric.need.field for metric in metrics if metric.need and metric.need.measures_values}
        return {name: kind for name, field in fields.items() if (kind := mapped.get(field) or unit_of(field).kind)}

    def metrics(self, spec: PanelSpec) -> tuple[Metric, ...]:
        if spec.title:
            return (Metric("visitors", "uniques", spec.needs[0]),)
        if spec.usual:
            sort, _ = self.sorting(spec)
            return (sort,) if sort and sort in self.question.metrics else ()
        return tuple(metric for metric in self.question.metrics if metric.function not in {"count", "bytes"})

    def rows(self, spec: PanelSpec, counts: Counts, shown: Sequence[Metric]) -> tuple[Row, ...]:
        zone = self.question.zone
        columns = [numbers(counts, metric, seconds_of(spec, counts, self.span_s), zone) for metric in shown]
        metrics = zip(*columns, strict=True) if columns else [()] * len(counts)
        halves = zip(counts.high.tolist(), counts.low.tolist(), strict=True)
        sizes = [(high << LOW_BITS) + low for high, low in halves] if self.with_bytes else [None] * len(counts)
        errors = [0] * len(counts) if counts.errors is None else counts.errors.tolist()
        keys = key_texts(spec, counts, zone)
        return tuple(map(Row, keys, counts.count.tolist(), sizes, metrics, errors))

    def order(self, spec: PanelSpec, counts: Counts) -> Integers:
        sort, descending = self.sorting(spec)
        tops = self.tops[: max(len(spec.by), 1)]
        if len(tops) > 1 and not spec.whole:
            return self.nested(spec, counts, tops)
        limit = len(counts) if spec.whole or not tops[0] else tops[0]
        if sort is None and spec.in_order:
            return ranked(counts, (), len(counts), "descending" if descending else "ascending")
        if sort is not None and sort.function == "key":
            return ranked(counts, (), limit, "descending" if descending else "ascending")
        return ranked(counts, ranks(counts, sort or COUNT, descending=descending is not False), limit)

    def nested(self, spec: PanelSpec, counts: Counts, tops: Sequence[int]) -> Integers:
        """Return the places of the rows to show: the first values of the first column, the first rows within each, and so on.

        All are in order of what the panel is sorted by; a first column of time is whole, as in other panels.
        """
        sort, descending = self.sorting(spec)
        over_time = sort is None and spec.in_order
        rank = numpy.zeros(len(counts), numpy.int64)  # for each key, the place of its beginning among those shown; -1: none
        for depth, top in enumerate(tops, 1):
            part, row = (counts, numpy.arange(len(counts))) if depth == len(tops) else rolled_up(counts, depth)
            above = numpy.full(len(part), -1, numpy.int64)
            above[row] = rank
            by_key = sort is not None and sort.function == "key"
            if by_key or (over_time and depth == 1):
                columns, direction = [], "descending" if descending else "ascending"
            else:
                columns, direction = ranks(part, sort or COUNT, descending=over_time or descending is not False), "ascending"
            order = ranked(part, [above, *columns], len(part), direction)
            order = order[above[order] >= 0]
            group = above[order]
            within = numpy.arange(len(order)) - numpy.searchsorted(group, group)  # each one's place in its group
            if top and not (over_time and depth == 1):
                order = order[within < top]
            found = numpy.full(len(part), -1, numpy.int64)
            found[order] = numpy.arange(len(order))
            rank = found[row]
        return order

    def sorting(self, spec: PanelSpec) -> tuple[Metric | None, bool | None]:
        """Return the metric that a panel is sorted by and whether descending; None where the user's sort does not apply.

        The panels of visitors and the usual panels over time keep their own order.
        """
        sort, descending = self.question.sort, self.question.descending
        if spec.title or (spec.usual and spec.in_order):
            return None, None
        return (None if sort and sort.need and sort.need not in spec.needs else sort), descending


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
        return [total / (by * NANOS) if by else None for total, by in zip(exact, number, strict=True)]
    return [shortest(total) if some else None for total, some in zip(exact, number, strict=True)]


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


def key_texts(spec: PanelSpec, counts: Counts, zone: tzinfo = UTC) -> Sequence[tuple[str, ...]]:
    columns = [
        [stretch.label(key, zone) for key in keys.to_pylist()] if (stretch := stretch_of(name)) else keys.to_pylist()
        for name, keys in zip(spec.by, counts.keys, strict=True)
    ]
    return list(zip(*columns, strict=True)) if columns else [()] * len(counts)
