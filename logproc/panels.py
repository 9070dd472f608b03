"""Counts → the panels of a report: keys as text, in the order that was asked for, with the numbers that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any

import numpy

from logproc.counts import Counts
from logproc.model import Panel, Row
from logproc.questions.metrics import Metric
from logproc.questions.question import ACCESS_PANELS, DEFAULT_PANELS, PanelSpec, Question
from logproc.questions.view import UNITS_S, label

if TYPE_CHECKING:
    from logproc.model import Integers
    from logproc.tally import Tally

Number = float | int | None


def panels(tally: Tally, question: Question, top: int) -> dict[str, Panel]:
    """Return the panels of a report, with `top` rows where not all are shown (0: all).

    A panel whose columns no log has is left out; but those of an access log are all there where any log is one, and where
    there is no record at all.
    """
    span_s = 0 if tally.first is None or tally.last is None else tally.last - tally.first
    drawing = Drawing(question, top, span_s, with_bytes="bytes" in tally.seen or not tally.panels)
    access = not tally.panels or "status" in tally.panels
    found = {}
    for spec in question.panels:
        counts = tally.panels.get(spec.name)
        if counts is not None:
            found[spec.name] = drawing.panel(spec, counts)
        elif access and (question.asked_by or spec.name in ACCESS_PANELS):
            found[spec.name] = Panel(spec.name, spec.by, 0, (), tuple(metric.name for metric in drawing.told(spec)))
    return found


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
        numbers = Told(counts, self.span_s, [length_s(spec)] if length_s(spec) else [])
        order = self.order(spec, counts, numbers)
        texts = key_texts(spec, counts, order, self.question.zone)
        rows = tuple(self.row(counts, at, key, told, numbers) for at, key in zip(order, texts, strict=True))
        given_up = counts.floor > 0
        estimated = {metric.name: numbers.standard_error for metric in told if numbers.is_estimated(metric, order)}
        names = tuple(metric.name for metric in told)
        return Panel(spec.name, spec.by, len(counts), rows, names, counts.other if given_up else None, estimated)

    def told(self, spec: PanelSpec) -> tuple[Metric, ...]:
        """Return the metrics that a panel's rows have besides count and bytes."""
        if spec.title:
            return (Metric("visitors", "uniques", spec.needs[0]),)
        if spec in DEFAULT_PANELS and not spec.needs and not self.question.asked_by:
            return ()
        return tuple(metric for metric in self.question.metrics if metric.function not in {"count", "bytes"})

    def row(self, counts: Counts, at: int, key: tuple[str, ...], told: Sequence[Metric], numbers: Told) -> Row:
        """Return one row."""
        size = counts.row_bytes(at) if self.with_bytes else None
        error = int(counts.errors[at]) if counts.errors is not None else 0
        return Row(key, int(counts.count[at]), size, tuple(numbers.of(metric, at) for metric in told), error)

    def order(self, spec: PanelSpec, counts: Counts, numbers: Told) -> list[int]:
        """Return the rows to be shown, in order."""
        limit = len(counts) if spec.whole or not self.top else min(self.top, len(counts))
        sort, descending = self.question.sort, self.question.descending
        if spec.title or not self.question.asked_by:
            sort, descending = None, None
        if (sort is None and spec.in_order) or (sort and sort.function == "key"):
            rows = sorted(range(len(counts)), key=keys_of(counts).__getitem__, reverse=bool(descending))
            return rows[: len(counts) if sort is None else limit]
        if sort is None and descending is not False:
            return by_count(counts, limit)
        chosen = sort or Metric("count", "count")
        values = [numbers.of(chosen, at) for at in range(len(counts))]
        keys, sign = keys_of(counts), -1 if descending is not False else 1
        ranked = sorted(range(len(counts)), key=lambda at: (values[at] is None, sign * (values[at] or 0), keys[at]))
        return ranked[:limit]


class Told:
    """The numbers of the rows of one panel."""

    def __init__(self, counts: Counts, span_s: int, length_s: Sequence[int]) -> None:
        self._counts = counts
        self._seconds = length_s[0] if length_s else span_s

    @property
    def standard_error(self) -> float:
        """The relative standard error of numbers that are estimated."""
        from logproc.measures.uniques import STANDARD_ERROR

        return float(STANDARD_ERROR)

    def is_estimated(self, metric: Metric, rows: Sequence[int]) -> bool:
        """Return whether any row's number is an estimate."""
        measure: Any = self._counts.measures.get(metric.need) if metric.need and metric.function == "uniques" else None
        return measure is not None and not all(measure.number(at)[1] for at in rows)

    def of(self, metric: Metric, at: int) -> Number:
        """Return one number of one row, None if none of its records has what it is about."""
        if metric.function == "count":
            return int(self._counts.count[at])
        if metric.function == "bytes":
            return self._counts.row_bytes(at)
        if metric.function == "rate":
            return int(self._counts.count[at]) / self._seconds if self._seconds else None
        measure: Any = self._counts.measures.get(metric.need) if metric.need else None
        if measure is None:
            return 0 if metric.function == "uniques" else None
        if metric.function == "uniques":
            return int(measure.number(at)[0])
        if metric.function == "quantile":
            found: Number = measure.quantile(at, metric.quantile)
            return found
        functions: dict[str, Callable[[int], Number]] = {
            "mean": measure.mean,
            "min": measure.minimum,
            "max": measure.maximum,
            "sum": measure.sum,
        }
        return functions[metric.function](at)


def length_s(spec: PanelSpec) -> int:
    """Return the seconds of the stretches of time that a panel counts by, 0 if it does not."""
    return min((UNITS_S[name] for name in spec.by if name in UNITS_S), default=0)


def by_count(counts: Counts, limit: int) -> list[int]:
    """Return the rows of the largest counts in order; only the keys that may be among them are compared."""
    candidates = numpy.arange(len(counts))
    if 0 < limit < len(counts):
        candidates = numpy.flatnonzero(counts.count >= numpy.partition(counts.count, -limit)[-limit])
    keys = keys_of(counts.select(candidates))
    ranked = sorted(range(len(candidates)), key=lambda at: (-int(counts.count[candidates[at]]), keys[at]))
    return [int(candidates[at]) for at in ranked[:limit]]


def keys_of(counts: Counts) -> list[tuple[Any, ...]]:
    """Return the keys of all rows so that they can be compared: text by its UTF-8 bytes."""
    columns = [[key.encode() if isinstance(key, str) else key for key in keys.to_pylist()] for keys in counts.keys]
    return list(zip(*columns, strict=True)) if columns else [()] * len(counts)


def key_texts(spec: PanelSpec, counts: Counts, rows: Sequence[int], zone: tzinfo = UTC) -> list[tuple[str, ...]]:
    """Return the keys of some rows as text."""
    some = counts.select(numpy.array(rows, numpy.int64))
    columns = [
        [label(name, key, zone) if name in UNITS_S else key for key in keys.to_pylist()]
        for name, keys in zip(spec.by, some.keys, strict=True)
    ]
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)
