"""Counts by interval are what a loop over the records gives, however they are cut into chunks and merged."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.by_interval import LENGTHS_S, interval_s
from logproc.counting.counts import Counts
from logproc.counting.overview.counts import DURATIONS
from logproc.counting.tally import Tally, merge
from logproc.model.columns import NO_TIME
from logproc.questions.fields.shapes import shape_of_each
from logproc.questions.question import Question
from tests.counting.test_overview import Record, tally_of

QUESTION = Question(panels=(), compares=True)
RECORDS = st.lists(
    st.builds(
        Record,
        time=st.none() | st.integers(0, 50) | st.integers(0, 400_000),
        status=st.sampled_from([None, "200", "404", "500"]),
        level=st.sampled_from([None, "info", "error"]),
        path=st.sampled_from([None, "/a", "/b"]),
        client=st.sampled_from([None, "192.0.2.1", "192.0.2.2"]),
        message=st.sampled_from([None, "step 1", "step 22", "done"]),
        duration=st.sampled_from([None, 1, 2]),
    ),
    min_size=1,
    max_size=30,
)


def outcome(record: Record) -> str:
    return f"{record.status[0]}xx" if record.status else record.level or ""


def shape(message: str) -> str:
    import pyarrow

    return str(shape_of_each(pyarrow.array([message]))[0])


def expected(records: list[Record]) -> dict[str, Counter[tuple[Any, ...]]]:
    times = [record.time for record in records if record.time is not None]
    length = interval_s(min(times, default=None), max(times, default=None))
    found: dict[str, Counter[tuple[Any, ...]]] = {
        name: Counter() for name in ("outcome", "status", "message", "path", "client", "durations", "durations of paths")
    }
    for record in records:
        at = NO_TIME if record.time is None else record.time // length
        found["outcome"][at, outcome(record)] += 1
        if record.status:
            found["status"][at, record.status] += 1
        if record.message:
            found["message"][at, record.level or "", shape(record.message)] += 1
        if record.path:
            found["path"][at, outcome(record), record.path] += 1
        if record.client:
            found["client"][at, record.client] += 1
        if record.duration is not None:
            found["durations"][(at,)] += 1
            if record.path:
                found["durations of paths"][at, record.path] += 1
    return found


def counted(tally: Tally) -> dict[str, Counter[tuple[Any, ...]]]:
    assert tally.by_interval is not None
    found = {name: totals(part) for name, part in tally.by_interval.keys.items()}
    for name, title in (("", "durations"), ("path", "durations of paths")):
        if part := tally.by_interval.durations.get(name):
            buckets: Any = part.measures[DURATIONS]
            keys = list(zip(*(keys.to_pylist() for keys in part.keys), strict=True))
            entries: Counter[tuple[Any, ...]] = Counter()
            for row, number in zip(buckets.row.tolist(), buckets.number.tolist(), strict=True):
                entries[keys[row]] += number
            found[title] = entries
    return found


def totals(counts: Counts) -> Counter[tuple[Any, ...]]:
    return Counter(dict(zip(zip(*(keys.to_pylist() for keys in counts.keys), strict=True), counts.count.tolist(), strict=True)))


@given(RECORDS, st.integers(1, 8), st.randoms(use_true_random=False))
def test_any_cut_and_any_order_give_what_a_loop_gives(records: list[Record], pieces: int, random_: random.Random) -> None:
    """Counts of chunks, merged in any groups and order, are those of a loop over all records."""
    parts = [tally_of(records[at::pieces], QUESTION) for at in range(pieces) if records[at::pieces]]
    while len(parts) > 1:
        random_.shuffle(parts)
        taken = random_.randint(2, len(parts))
        parts = [merge(parts[:taken]), *parts[taken:]]
    found, wanted = counted(parts[0]), expected(records)
    assert {name: count for name, count in found.items() if count} == {name: count for name, count in wanted.items() if count}


def test_lengths_of_intervals_divide_one_another() -> None:
    """So counts of short intervals add up to those of long ones."""
    assert all(longer % shorter == 0 for shorter, longer in itertools.pairwise(LENGTHS_S))


def test_nothing_is_counted_by_interval_unless_logs_are_compared() -> None:
    """A usual run does not do this work."""
    tally = tally_of([Record(1, "200", path="/a")], Question())
    assert tally.by_interval is None
    compared = tally_of([Record(1, "200", path="/a")], QUESTION)
    assert (compared.overview, compared.panels) == (None, {})
