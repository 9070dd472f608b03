"""Counts → the panels of a report: keys as text, sorted, with the metrics asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.counting.counts import Counts, rolled_up
from logproc.counting.measures.uniques import STANDARD_ERROR
from logproc.counting.overview.timeline import hours_of
from logproc.counting.ranking import ranked, ranks
from logproc.counting.rows import LOW_BITS
from logproc.counting.values import numbers, seconds_of
from logproc.formats.columns.units import unit_of
from logproc.model.panel import Panel, Row
from logproc.questions.fields.stretches import stretch_of
from logproc.questions.metrics import Metric
from logproc.questions.question import ACCESS_PANELS, PanelSpec, Question

if TYPE_CHECKING:
    from logproc.counting.tally import Tally
    from logproc.model.arrays import Integers

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


class Drawing(Struct, frozen=True):
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
            whole=spec.whole or (sort is None and spec.in_order),
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


def key_texts(spec: PanelSpec, counts: Counts, zone: tzinfo = UTC) -> Sequence[tuple[str, ...]]:
    columns = [
        [stretch.label(key, zone) for key in keys.to_pylist()] if (stretch := stretch_of(name)) else keys.to_pylist()
        for name, keys in zip(spec.by, counts.keys, strict=True)
    ]
    return list(zip(*columns, strict=True)) if columns else [()] * len(counts)
