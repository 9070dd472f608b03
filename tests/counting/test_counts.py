"""Counts by one column or several: exact, mergeable in any order, and foldable in a fixed one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.counts import Counts, count_columns, fold, merge_counts, weights_of
from logproc.model.columns import KeyColumn, Numbers
from logproc.questions.metrics import Need
from tests.counting.numbers_of import bytes_of, sum_of

TEXTS = st.sampled_from(["a", "b", "é", "", None])
Records = list[tuple[str | None, str | None, int]]
RECORDS = st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 2**62)), max_size=30)
NEED = Need("totals", "size")


def column(values: list[Any]) -> KeyColumn:
    """Return values as a column."""
    keys = list(dict.fromkeys(values))
    return KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(value) for value in values], numpy.int64))


def counts_of(records: Sequence[tuple[str | None, str | None, int]], columns: int) -> Counts:
    """Return the counts of records by that many columns, with the totals of their sizes."""
    sizes = numpy.array([size for *_, size in records], numpy.int64)
    chosen = [column([record[at] for record in records]) for at in range(columns)]
    return count_columns(chosen, len(records), weights_of(sizes), {NEED: Numbers(sizes)})


def plain(counts: Counts) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    """Return counts by key as plain data: records, bytes, and the measured sum."""
    keys = list(zip(*(keys.to_pylist() for keys in counts.keys), strict=True)) if counts.keys else [()] * len(counts)
    measure: Any = counts.measures.get(NEED)
    return {
        key: (int(counts.count[at]), bytes_of(counts, at), int(sum_of(measure, at)) if measure else 0)
        for at, key in enumerate(keys)
        if counts.count[at]
    }


def expected(records: Records, columns: int) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    """Return the same by a plain loop."""
    number: Counter[Any] = Counter()
    size: Counter[Any] = Counter()
    for record in records:
        key = record[:columns]
        if None not in key:
            number[key] += 1
            size[key] += record[2]
    return {key: (number[key], size[key], size[key]) for key in number}


@given(RECORDS, st.integers(0, 2))
def test_counts_are_what_a_loop_counts(records: Records, columns: int) -> None:
    """By no, one or two columns; a record that lacks one of them has no key."""
    assert plain(counts_of(records, columns)) == expected(records, columns)


@given(st.lists(RECORDS, min_size=1, max_size=5), st.integers(0, 2), st.randoms(use_true_random=False))
def test_merging_in_any_order_is_counting_at_once(parts: list[Records], columns: int, random_: random.Random) -> None:
    """However parts are grouped and ordered, the sum is that of all records."""
    counted = [counts_of(part, columns) for part in parts]
    random_.shuffle(counted)
    while len(counted) > 1:
        at = random_.randrange(len(counted) - 1)
        counted[at : at + 2] = [merge_counts(counted[at : at + 2])]
    assert plain(counted[0]) == expected([record for part in parts for record in part], columns)


@given(st.lists(st.lists(st.integers(0, 40), max_size=60), min_size=1, max_size=8), st.integers(1, 12))
def test_what_is_given_up_is_accounted_for(parts: list[list[int]], most: int) -> None:
    """After each fold the keys are within the limit, the sum is exact, and each count is within its error."""
    total = counts_of([], 1)
    for part in parts:
        total = fold(merge_counts([total, counts_of([(str(key), None, key) for key in part], 1)]), most)
        assert len(total) <= most
    exact = Counter(str(key) for part in parts for key in part)
    found = dict(zip(total.keys[0].to_pylist(), total.count.tolist(), strict=True))
    errors = dict(zip(found, [0] * len(found) if total.errors is None else total.errors.tolist(), strict=True))
    assert sum(found.values()) + total.other[0] == exact.total()
    assert all(found[key] <= exact[key] <= found[key] + errors[key] for key in found)
    assert all(exact[key] <= total.floor for key in exact if key not in found)
    sizes = sum(bytes_of(total, at) for at in range(len(total))) + total.other[1]
    assert sizes == sum(int(key) * number for key, number in exact.items())


def test_of_equal_counts_the_first_keys_are_kept() -> None:
    """Ties are broken by UTF-8 bytes, so a fold does not depend on the order of keys."""
    folded = fold(counts_of([(key, None, 0) for key in ("é", "b", "a", "a", "z")], 1), 2)
    assert folded.keys[0].to_pylist() == ["b", "a"] or sorted(folded.keys[0].to_pylist()) == ["a", "b"]
    assert (folded.other, folded.floor) == ((2, 0), 1)


@pytest.mark.parametrize("most", [5, 6])
def test_no_fold_where_there_is_room(most: int) -> None:
    """Counts within the limit are unchanged."""
    counts = counts_of([(str(number), None, number) for number in range(5)], 1)
    assert fold(counts, most) is counts


def test_keys_of_many_combinations_need_no_table() -> None:
    """Two columns of thousands of keys each are counted only by the pairs that occur."""
    records = [(str(number), str(number % 4999), 1) for number in range(5000)]
    assert plain(counts_of(records, 2)) == {(first, second): (1, 1, 1) for first, second, _ in records}
