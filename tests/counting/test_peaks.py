"""Peaks are exact and merge in any order."""

from __future__ import annotations

import random
from collections import Counter

import numpy
import pyarrow
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.measures import Peaks
from logproc.model.columns import KeyColumn
from tests.counting.orders import INDEX, KINDS, ROWS, SIZE, index_of, merged, result_rows

STRETCH = st.none() | st.integers(-3, 3) | st.sampled_from([-(10**11), 10**11])
RECORDS = st.lists(st.tuples(INDEX, STRETCH), max_size=20)
PARTS = st.lists(st.tuples(RECORDS, ROWS), max_size=6)
Records = list[tuple[int, "int | None"]]


def peaks_of(records: Records, size: int, kind: type[numpy.integer] = numpy.int64) -> Peaks:
    """Return the peaks of records of (row, stretch)."""
    encoded = pyarrow.array([stretch for _, stretch in records], pyarrow.int64()).dictionary_encode("encode")
    column = KeyColumn(encoded.dictionary, encoded.indices.to_numpy())
    return Peaks.count(column, index_of([row for row, _ in records], kind), size)


def expected(records: Records, size: int) -> list[int]:
    """Return the largest number of records of each row in one stretch."""
    pairs = Counter((row, stretch) for row, stretch in records if stretch is not None)
    return [max((number for (at, _), number in pairs.items() if at == row), default=0) for row in range(size)]


def plain(peaks: Peaks) -> list[list[int]]:
    """Return peaks as plain data."""
    return [peaks.row.tolist(), peaks.stretch.tolist(), peaks.number.tolist()]


@given(RECORDS, KINDS)
def test_a_peak_is_what_a_loop_finds(records: Records, kind: type[numpy.integer]) -> None:
    """Of each row; records without a time or without a row do not count."""
    assert peaks_of(records, SIZE + 1, kind).largest().tolist() == expected(records, SIZE + 1)


@given(PARTS, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_counting_at_once(parts: list[tuple[Records, numpy.ndarray]], random_: random.Random) -> None:
    """A second that is split between chunks is one second."""
    rows = [row for records, to in parts for row in result_rows([row for row, _ in records], to)]
    all_records = list(zip(rows, [stretch for records, _ in parts for _, stretch in records], strict=True))
    apart = [(peaks_of(records, SIZE + 1), to) for records, to in parts]
    found = merged(Peaks.merge, apart, SIZE, random_)
    assert plain(found) == plain(peaks_of(all_records, SIZE))
    assert found.largest().tolist() == expected(all_records, SIZE)


@given(RECORDS, st.permutations(range(SIZE + 1)), st.integers(0, SIZE + 1))
def test_selected_rows_are_as_they_were(records: Records, order: list[int], kept: int) -> None:
    """Selecting keeps rows in the order asked for."""
    peaks = peaks_of(records, SIZE + 1)
    chosen = order[:kept]
    found = peaks.select(numpy.array(chosen, numpy.int64))
    assert found.largest().tolist() == [expected(records, SIZE + 1)[row] for row in chosen]
    assert found.weight == len(found.row)
