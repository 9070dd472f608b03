"""`--top 10,3`: so many values of the first column, and so many rows within each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pyarrow
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.counts import Counts
from logproc.counting.measures import Totals
from logproc.counting.panels import panels
from logproc.counting.tally import Tally
from logproc.model.columns import Numbers
from logproc.questions.metrics import Metric, Need, parse_metric
from logproc.questions.question import Question, panels_for

BY = ("path", "user", "method")
KEY = st.tuples(st.sampled_from(["a", "b", "é", "z"]), st.sampled_from(["x", "y", "\U0001f600"]), st.sampled_from("mn"))
RECORDS = st.dictionaries(KEY, st.tuples(st.integers(1, 4), st.integers(0, 3)), max_size=16)
TOPS = st.lists(st.integers(0, 3), min_size=1, max_size=4).map(tuple)
Key = tuple[str, ...]
Records = dict[Key, tuple[int, int]]
"""The number of records of each key, and the duration that each of them has."""


def counts_of(records: Records) -> Counts:
    """Return records as counts."""
    keys = tuple(pyarrow.array([key[at] for key in records], pyarrow.string()) for at in range(len(BY)))
    count = numpy.array([number for number, _ in records.values()], numpy.int64)
    seconds = Numbers(numpy.array([value for number, value in records.values() for _ in range(number)], numpy.int64))
    totals = Totals.count(seconds, numpy.repeat(numpy.arange(len(records)), count), len(records))
    return Counts(keys, count, count * 0, count * 0, {Need("totals", "duration"): totals})


def shown(keys: Sequence[Key], tops: Sequence[int], depth: int, weight: Callable[[Sequence[Key]], Any]) -> list[Key]:
    """Return the keys to show, in order: sort the values of a column, take the first, and do the same within each."""
    last = len(tops) == 1 or depth == len(BY)
    groups: dict[Key, list[Key]] = defaultdict(list)
    for key in keys:
        groups[key if last else key[:depth]].append(key)
    order = sorted(groups, key=lambda front: (weight(groups[front]), [part.encode() for part in front]))
    chosen = order[: tops[0] or len(order)]
    return chosen if last else [key for front in chosen for key in shown(groups[front], tops[1:], depth + 1, weight)]


def rows_of(records: Records, tops: tuple[int, ...], by: Sequence[str] = BY, **options: Any) -> list[Key]:
    """Return the keys of the panel that is shown."""
    sort = options.get("sort")
    specs = panels_for([",".join(by)], [sort] if sort and sort.need else [], sort, visitors=False)
    tally = Tally(panels={",".join(by): counts_of(records)}, first=0, last=1)
    panel = panels(tally, Question(panels=specs, asked_by=True, **options), tops)[",".join(by)]
    assert panel.distinct == len(records)
    return [row.key for row in panel.rows]


@given(RECORDS, TOPS, st.sampled_from([None, "sum:duration", "key"]), st.sampled_from([None, True, False]))
def test_rows_are_the_first_within_the_first(
    records: Records, tops: tuple[int, ...], sort: str | None, down: bool | None
) -> None:
    """By whatever they are sorted: a value of the first column has the sum of its rows; 0 is for all."""
    sign = 1 if down is False else -1

    def weight(keys: Sequence[Key]) -> int:
        if sort == "key":
            return 0
        return sign * sum(number * (value if sort else 1) for number, value in map(records.__getitem__, keys))

    metric = Metric("key", "key") if sort == "key" else parse_metric(sort) if sort else None
    found = rows_of(records, tops, sort=metric, descending=None if sort == "key" else down)
    assert found == shown(list(records), tops, 1, weight)


def test_all_stretches_of_time_are_shown() -> None:
    """They are in order, and `--top` limits what is within each of them."""
    records: Records = {
        (hour, path, "m"): (number, 0) for hour, path, number in (("09", "x", 1), ("09", "y", 3), ("10", "x", 1))
    }
    by = ("hour_of_day", "user", "method")
    assert rows_of(records, (1, 1), by) == [("09", "y", "m"), ("10", "x", "m")]
    assert rows_of(records, (1, 1), by, descending=True) == [("10", "x", "m"), ("09", "y", "m")]
