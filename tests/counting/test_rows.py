"""Rows of parts become rows of a result."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.rows import added, counted, distinct, joined, rows_of, selected

ROWS = st.lists(st.integers(0, 5)).map(sorted)


@pytest.mark.parametrize(("has_value", "expected"), [(None, [True, False, True]), ([False, True, True], [False, False, True])])
def test_what_counts_has_a_row_and_a_value(has_value: list[bool] | None, expected: list[bool]) -> None:
    """A record without a row or without a value does not count."""
    mask = None if has_value is None else numpy.array(has_value)
    assert counted(numpy.array([0, -1, 3]), mask).tolist() == expected


def test_joined_integers_are_wide() -> None:
    """Any integers give int64, and so do no arrays."""
    both = joined([numpy.array([1], numpy.int32), numpy.array([2**40])])
    assert both.tolist() == [1, 2**40]
    assert joined([]).tolist() == []
    assert both.dtype == joined([]).dtype == numpy.int64


def test_sums_are_exact() -> None:
    """Sums are of integers, exact beyond the 53 bits of a float."""
    sums = added(numpy.array([1, 1, 2]), 4, numpy.array([2**53, 1, -1]))
    assert sums.tolist() == [0, 2**53 + 1, -1, 0]


def test_distinct_codes_are_sorted_and_counted() -> None:
    """Each code is there once, with its count."""
    codes, number = distinct(numpy.array([3, 1, 3]))
    assert (codes.tolist(), number.tolist()) == ([1, 3], [1, 2])


@given(ROWS, st.integers(0, 5))
def test_the_entries_of_a_row_lie_together(rows: list[int], row: int) -> None:
    """In sorted rows, the entries of one row are a slice."""
    found = rows_of(numpy.array(rows, numpy.int64), row)
    assert rows[found] == [row] * rows.count(row)


@given(ROWS, st.permutations(range(6)), st.integers(0, 6))
def test_selected_entries_follow_the_new_rows(rows: list[int], order: list[int], kept: int) -> None:
    """Only entries of kept rows remain, sorted by new row, stable within a row."""
    at, new = selected(numpy.array(rows, numpy.int64), numpy.array(order[:kept], numpy.int64), 6)
    expected = [(entry, place) for place, row in enumerate(order[:kept]) for entry, old in enumerate(rows) if old == row]
    assert list(zip(at.tolist(), new.tolist(), strict=True)) == expected
