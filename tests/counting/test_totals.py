"""Totals are exact and merge in any order."""

from __future__ import annotations

import random
from fractions import Fraction

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.measures import Totals
from logproc.counting.measures.totals import NAMES
from logproc.counting.values import totalled
from logproc.model.columns import Numbers
from tests.counting.numbers_of import NANOS, NUMBERS, Number, by_row, numbers_of, sum_of
from tests.counting.orders import INDEX, KINDS, ROWS, SIZE, index_of, merged, result_rows

RECORDS = st.lists(st.tuples(INDEX, NUMBERS), max_size=12)
PARTS = st.lists(st.tuples(RECORDS, ROWS), max_size=6)
Records = list[tuple[int, Number]]


def totals_of(records: Records, size: int, kind: type[numpy.integer] = numpy.int64) -> Totals:
    """Return the totals of records of (row, number)."""
    return Totals.count(numbers_of([value for _, value in records]), index_of([row for row, _ in records], kind), size)


def plain(totals: Totals) -> list[list[int]]:
    """Return totals as plain data."""
    return [getattr(totals, name).tolist() for name in NAMES]


@given(RECORDS, KINDS)
def test_totals_are_what_a_loop_finds(records: Records, kind: type[numpy.integer]) -> None:
    """Number, sum, mean, smallest and largest of each row equal those of exact fractions."""
    totals = totals_of(records, SIZE + 1, kind)
    for row in range(SIZE + 1):
        values = by_row([at for at, _ in records], [value for _, value in records], row)
        assert (totals.number[row], sum_of(totals, row)) == (len(values), sum(values))
        assert totalled(totals, "mean")[row] == (float(sum(values) / len(values)) if values else None)
        for function, expected in (("sum", sum), ("min", min), ("max", max)):
            found = totalled(totals, function)[row]
            assert found is None if not values else Fraction(str(found)) == expected(values)


@given(PARTS, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_counting_at_once(parts: list[tuple[Records, numpy.ndarray]], random_: random.Random) -> None:
    """However records are split and the parts merged, the totals are the same integers."""
    rows = [row for records, to in parts for row in result_rows([row for row, _ in records], to)]
    at_once = totals_of(list(zip(rows, [value for records, _ in parts for _, value in records], strict=True)), SIZE)
    apart = [(totals_of(records, SIZE + 1), to) for records, to in parts]
    assert plain(merged(Totals.merge, apart, SIZE, random_)) == plain(at_once)


@given(RECORDS, st.permutations(range(SIZE + 1)), st.integers(0, SIZE + 1))
def test_selected_rows_are_as_they_were(records: Records, order: list[int], kept: int) -> None:
    """Selecting keeps rows in the order asked for."""
    totals = totals_of(records, SIZE + 1)
    some = totals.select(numpy.array(order[:kept], numpy.int64))
    assert (some.size, some.weight) == (kept, kept)
    assert plain(some) == [[column[row] for row in order[:kept]] for column in plain(totals)]


def test_sums_stay_exact_over_many_merges() -> None:
    """The largest numbers, added a million times, lose no digit."""
    largest = (2**63 - 1, NANOS - 1)
    totals = totals_of([(0, largest), (0, largest), (0, (0, 1))], 1)
    for _ in range(20):
        totals = Totals.merge([totals, totals], [numpy.arange(1)] * 2, 1)
    assert sum_of(totals, 0) == 2**20 * (2 * (largest[0] + Fraction(largest[1], NANOS)) + Fraction(1, NANOS))


def test_a_million_of_the_largest_numbers_are_exact() -> None:
    """A column whose sum is far beyond int64 is summed exactly."""
    number = 1_000_000
    column = Numbers(numpy.full(number, 2**63 - 1), numpy.full(number, NANOS - 1))
    totals = Totals.count(column, numpy.zeros(number, numpy.int64), 1)
    assert sum_of(totals, 0) == number * (2**63 - 1 + Fraction(NANOS - 1, NANOS))


@pytest.mark.parametrize(
    ("value", "expected"), [((3, 0), "3"), ((0, 100_000_000), "0.1"), ((-1, 900_000_000), "-0.1"), ((-1, NANOS - 1), "-1e-09")]
)
def test_whole_numbers_are_shown_whole(value: tuple[int, int], expected: str) -> None:
    """A whole number is an int, any other the float with the fewest digits."""
    totals = totals_of([(0, value)], 1)
    assert (str(totalled(totals, "min")[0]), str(totalled(totals, "max")[0])) == (expected, expected)
