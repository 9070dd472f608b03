"""Panels: which rows, in which order, with which numbers, compared with a sort of plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from logproc.counting.counts import Counts, fold
from logproc.counting.measures import Buckets, Totals, Uniques
from logproc.counting.measures.buckets import middle
from logproc.counting.measures.uniques import EXACT_MOST
from logproc.counting.panels import panels
from logproc.counting.tally import Tally
from logproc.model.columns import KeyColumn, Numbers
from logproc.model.panel import Panel
from logproc.questions.metrics import Metric, Need, parse_metric, parse_metrics
from logproc.questions.question import Question, panels_for
from tests.counting.numbers_of import bytes_of, sum_of

METRICS = (
    "p50:duration",
    "p95:duration",
    "mean:duration",
    "sum:duration",
    "min:duration",
    "max:duration",
    "uniques:client",
    "rate",
)
NANOS = st.one_of(st.integers(-3, 3), st.integers(-(10**18), 10**18), st.sampled_from([10**9, 2 * 10**9, -(10**9)]))
RECORD = st.tuples(st.sampled_from(["a", "b", "é", "z", "\U0001f600", ""]), st.none() | NANOS, st.sampled_from(["x", "y", "z"]))
RECORDS = st.lists(RECORD, max_size=30)
Record = tuple[str, "int | None", str]
HOUR = 400_000
"""The number of an hour, 2015-08-19T16:00:00Z."""


def counts_of(records: Sequence[Record]) -> Counts:
    """Return records of a path, a duration in nanos and a client as counts with all measures."""
    keys = list(dict.fromkeys(path for path, _, _ in records))
    index = numpy.array([keys.index(path) for path, _, _ in records], numpy.int64)
    nanos = [nanos or 0 for _, nanos, _ in records]
    numbers = Numbers(
        numpy.array([number // 10**9 for number in nanos], numpy.int64),
        numpy.array([number % 10**9 for number in nanos], numpy.int64),
        numpy.array([nanos is not None for _, nanos, _ in records], bool),
    )
    clients = KeyColumn(
        pyarrow.array(["x", "y", "z"]), numpy.array(["xyz".index(client) for *_, client in records], numpy.int64)
    )
    measures: dict[Need, Any] = {
        Need("totals", "duration"): Totals.count(numbers, index, len(keys)),
        Need("buckets", "duration"): Buckets.count(numbers, index, len(keys)),
        Need("uniques", "client"): Uniques.count(clients, index, len(keys)),
    }
    count = numpy.bincount(index, minlength=len(keys)).astype(numpy.int64)
    return Counts((pyarrow.array(keys, pyarrow.string()),), count, count * 7 % 5, count * 0, measures)


def plain_counts(keys: Sequence[str | int], count: Sequence[int], size: Sequence[int] = ()) -> Counts:
    """Return counts and bytes of keys, without measures."""
    low = numpy.array(size or [0] * len(keys), numpy.int64)
    kind = pyarrow.int64() if all(isinstance(key, int) for key in keys) else pyarrow.string()
    return Counts((pyarrow.array(keys, kind),), numpy.array(count, numpy.int64), low, low * 0)


class Asked(Struct, frozen=True):
    """The options of one panel."""

    by: str = "path"
    metrics: str = ""
    sort: str | None = None
    descending: bool | None = None
    top: int = 0


def panel_of(counts: Counts, asked: Asked, *, seen: Sequence[str] = ("bytes",), last: int = 100, **changes: Any) -> Panel:
    """Return the panel that `--by` makes of counts."""
    metrics = parse_metrics(asked.metrics)
    sort = Metric("key", "key") if asked.sort == "key" else parse_metric(asked.sort) if asked.sort else None
    specs = panels_for([asked.by], metrics, sort, visitors=False)
    question = Question(panels=specs, metrics=metrics, sort=sort, descending=asked.descending, asked_by=True)
    tally = Tally(panels={asked.by: counts}, first=0, last=last, seen=frozenset(seen))
    return panels(tally, replace(question, **changes), asked.top)[asked.by]


def number_of(counts: Counts, metric: str, row: int) -> Fraction | None:
    """Return one number of one row, exactly, from the measures."""
    asked = parse_metric(metric)
    measure: Any = counts.measures[asked.need] if asked.need else None
    if metric == "rate":
        return Fraction(int(counts.count[row]), 100)
    if metric == "bytes":
        return Fraction(bytes_of(counts, row))
    if metric == "count":
        return Fraction(int(counts.count[row]))
    if asked.function == "uniques":
        return Fraction(int(measure.numbers()[row]))
    if asked.function == "quantile":
        entries = [at for at in range(len(measure.row)) if measure.row[at] == row]
        values = [middle(int(measure.bucket[at])) for at in entries for _ in range(measure.number[at])]
        return Fraction(values[max(1, math.ceil(asked.quantile * len(values))) - 1]) if values else None
    if not measure.number[row]:
        return None
    if asked.function in {"sum", "mean"}:
        return Fraction(sum_of(measure, row)) / (int(measure.number[row]) if asked.function == "mean" else 1)
    side = asked.function
    return int(getattr(measure, f"{side}_whole")[row]) + Fraction(int(getattr(measure, f"{side}_nanos")[row]), 10**9)


@given(RECORDS, st.sampled_from([None, "count", "bytes", *METRICS]), st.sampled_from([None, True, False]), st.integers(0, 7))
def test_rows_are_sorted_by_any_number(records: list[Record], sort: str | None, descending: bool | None, top: int) -> None:
    """Descending by default; keys without a number are last, ties are in order of the keys' UTF-8 bytes."""
    counts = counts_of(records)
    keys = counts.keys[0].to_pylist()

    def place(row: int) -> tuple[bool, Fraction, bytes]:
        number = number_of(counts, sort or "count", row)
        sign = 1 if descending is False else -1
        return number is None, sign * (number or Fraction(0)), keys[row].encode()

    expected = [keys[row] for row in sorted(range(len(keys)), key=place)]
    panel = panel_of(counts, Asked(sort=sort, descending=descending, top=top))
    assert [row.key[0] for row in panel.rows] == (expected[:top] if top else expected)
    assert panel.distinct == len(expected)


@given(RECORDS, st.integers(0, 7))
def test_rows_tell_what_was_measured(records: list[Record], top: int) -> None:
    """Numbers are exact, an int if whole; means are the float nearest to it; None where no record has a value."""
    counts = counts_of(records)
    panel = panel_of(counts, Asked(metrics=",".join(("count", *METRICS, "bytes")), top=top))
    places = {key: at for at, key in enumerate(counts.keys[0].to_pylist())}
    assert panel.metrics == METRICS
    assert panel.estimated == {}
    for row in panel.rows:
        exact = [number_of(counts, metric, places[row.key[0]]) for metric in METRICS]
        for metric, number, told in zip(METRICS, exact, row.metrics, strict=True):
            if number is None or metric[:3] not in {"sum", "min", "max"}:
                assert told == (None if number is None else float(number))
            else:
                assert Fraction(str(told)) == number
        wholes = [number for metric, number in zip(METRICS, exact, strict=True) if metric[:3] in {"sum", "min", "max", "uni"}]
        found = [
            number for metric, number in zip(METRICS, row.metrics, strict=True) if metric[:3] in {"sum", "min", "max", "uni"}
        ]
        assert [isinstance(number, int) for number in found] == [
            number is not None and number.denominator == 1 for number in wholes
        ]
        assert (row.count, row.bytes) == (counts.count[places[row.key[0]]], bytes_of(counts, places[row.key[0]]))


@given(
    st.dictionaries(st.integers(-700_000, 10**6), st.integers(1, 99), max_size=9), st.sampled_from(["minute", "hour", "day"])
)
def test_stretches_of_time_follow_each_other(hours: dict[int, int], unit: str) -> None:
    """All are shown whatever `--top` says, unless they are sorted by something; `--order desc` reverses them."""
    counts = plain_counts(list(hours), list(hours.values()))
    forward = [row.count for row in panel_of(counts, Asked(unit, top=2)).rows]
    assert forward == [hours[hour] for hour in sorted(hours)]
    assert [row.count for row in panel_of(counts, Asked(unit, descending=True)).rows] == forward[::-1]
    largest = sorted(hours, key=lambda hour: (-hours[hour], hour))[:2]
    assert [row.count for row in panel_of(counts, Asked(unit, sort="count", top=2)).rows] == [hours[hour] for hour in largest]


@given(RECORDS, st.booleans())
def test_keys_sort_by_their_bytes(records: list[Record], descending: bool) -> None:
    """`--sort key` is ascending by default, by bytes and not by letters, and `--top` limits it."""
    counts = counts_of(records)
    expected = sorted(counts.keys[0].to_pylist(), key=str.encode, reverse=descending)
    panel = panel_of(counts, Asked(sort="key", descending=descending or None, top=3))
    assert [row.key[0] for row in panel.rows] == expected[:3]


def test_times_are_those_of_the_zone() -> None:
    """UTC has a Z, other zones have none; a day is a date."""
    counts = plain_counts([HOUR], [1])
    assert panel_of(counts, Asked("hour")).rows[0].key == ("2015-08-19T16:00:00Z",)
    assert panel_of(counts, Asked("hour"), zone=ZoneInfo("Europe/Berlin")).rows[0].key == ("2015-08-19T16:00:00",)
    assert panel_of(counts, Asked("day")).rows[0].key == ("3065-03-01",)


def test_a_rate_is_of_the_stretch_or_of_the_whole_run() -> None:
    """An hour's rate is by its seconds, a path's by those from first to last record; a single moment has none."""
    counts = plain_counts([HOUR], [1800])
    assert panel_of(counts, Asked("hour", "rate")).rows[0].metrics == (0.5,)
    paths = counts_of([("a", None, "x")] * 50)
    assert panel_of(paths, Asked(metrics="rate")).rows[0].metrics == (0.5,)
    assert panel_of(paths, Asked(metrics="rate"), last=0).rows[0].metrics == (None,)


def test_bytes_are_none_where_no_log_has_them() -> None:
    """Not 0, because the bytes are unknown."""
    assert panel_of(counts_of([("a", None, "x")]), Asked(), seen=()).rows[0].bytes is None


@pytest.mark.parametrize("sort", [None, "key", "p95:duration", "rate", "bytes"])
def test_nothing_is_a_panel_without_rows(sort: str | None) -> None:
    """Panels asked for are there even if their columns are not."""
    panel = panel_of(counts_of([]), Asked(metrics=",".join(METRICS), sort=sort, top=10))
    assert (panel.rows, panel.distinct, panel.metrics) == ((), 0, METRICS)
    metrics = parse_metrics("mean:duration")
    question = Question(panels=panels_for(["path"], metrics, None, visitors=False), metrics=metrics, asked_by=True)
    assert panels(Tally(), question, 10) == {
        "path": Panel("path", ("path",), 0, (), ("mean:duration",), kinds={"mean:duration": "duration"})
    }


def test_the_total_of_nothing_is_a_row() -> None:
    """The total has one row even without records."""
    metrics = parse_metrics("sum:duration,uniques:client,rate")
    question = Question(panels=panels_for([], metrics, None, visitors=False), metrics=metrics)
    (row,) = panels(Tally(seen=frozenset({"bytes"})), question, 10)["total"].rows
    assert (row.key, row.count, row.bytes, row.metrics) == ((), 0, 0, (None, 0, None))


def test_usual_panels_are_those_that_a_log_has() -> None:
    """An access log has all of its panels, even empty ones, other logs only those with records; none has metrics."""
    status = plain_counts(["200"], [1])
    access = panels(Tally(panels={"status": status}), Question(), 10)
    assert set(access) == {"hour", "status", "method", "protocol", "path", "client", "user", "referrer", "user_agent"}
    assert set(panels(Tally(panels={"level": status}), Question(), 10)) == {"level"}
    metrics = parse_metrics("rate")
    asked = Question(panels=panels_for([], metrics, None, visitors=False), metrics=metrics)
    assert panels(Tally(panels={"level": status}), asked, 10)["level"].metrics == ()


def test_usual_panels_can_be_sorted_by_what_they_have() -> None:
    """By bytes, by key, or ascending; hours stay in order, and a measure that only the total has changes nothing."""
    paths = plain_counts(["a", "b"], [1, 2], [9, 5])
    hours = plain_counts([HOUR + 1, HOUR], [1, 2], [9, 5])

    def found(sort: Metric | None, *, descending: bool | None = None) -> list[list[int]]:
        tally = Tally(panels={"path": paths, "hour": hours})
        shown = panels(tally, Question(sort=sort, descending=descending), 10)
        return [[row.count for row in shown[name].rows] for name in ("hour", "path")]

    assert found(None) == [[2, 1], [2, 1]]
    assert found(None, descending=False) == [[2, 1], [1, 2]]
    assert found(parse_metric("bytes")) == [[2, 1], [1, 2]]
    assert found(Metric("key", "key")) == [[2, 1], [1, 2]]
    assert found(parse_metric("p95:duration")) == [[2, 1], [2, 1]]


def test_dropped_keys_are_reported() -> None:
    """Dropped keys make counts approximate; their sum is `other`."""
    counts = fold(counts_of([("a", 1, "x")] * 3 + [("b", 1, "x")] * 2 + [("z", 1, "y")]), 2)
    panel = panel_of(counts, Asked())
    assert (panel.approximate, panel.other) == (True, (1, 2))
    assert [(row.key, row.error) for row in panel.rows] == [(("a",), 0), (("b",), 0)]


def test_estimates_are_reported() -> None:
    """Distinct values above the exact limit have their standard error, if a shown row has them."""
    index = numpy.array([0] * (EXACT_MOST + 1) + [1] * 20_000)
    clients = KeyColumn(
        pyarrow.array([str(number) for number in range(EXACT_MOST + 1)]), numpy.arange(len(index)) % (EXACT_MOST + 1)
    )
    clients.index[EXACT_MOST + 1 :] = 0
    measures: dict[Need, Any] = {Need("uniques", "client"): Uniques.count(clients, index, 2)}
    counts = replace(plain_counts(["many", "one"], [EXACT_MOST + 1, 20_000]), measures=measures)
    asked = Asked(metrics="uniques:client")
    assert panel_of(counts, asked).estimated == {"uniques:client": pytest.approx(0.0057, rel=0.01)}
    assert panel_of(counts, replace(asked, top=1)).estimated == {}
    assert panel_of(counts, replace(asked, top=1, sort="uniques:client")).estimated
