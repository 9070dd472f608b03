"""Quantiles are within 1 % of the exact ones, and merge in any order."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.measures import Buckets
from logproc.counting.measures.buckets import ACCURACY, BOUNDS, GAMMA, buckets_of, middle
from logproc.model.columns import Numbers
from tests.counting.numbers_of import NANOS, NUMBERS, Number, by_row, column_of, exact, numbers_of
from tests.counting.orders import INDEX, KINDS, ROWS, SIZE, index_of, merged, result_rows

RECORDS = st.lists(st.tuples(INDEX, NUMBERS), max_size=12)
PARTS = st.lists(st.tuples(RECORDS, ROWS), max_size=6)
PER_MILLE = st.integers(0, 1000)
WITHIN = Fraction(1, 100)
Records = list[tuple[int, Number]]
DISTRIBUTIONS = {
    "uniform": lambda random_: random_.uniform(0, 5000, 1_000_000),
    "log-normal": lambda random_: random_.lognormal(-2, 2, 1_000_000),
    "Pareto": lambda random_: random_.pareto(1.1, 1_000_000) + 0.001,
}


def buckets_of_records(records: Records, size: int, kind: type[numpy.integer] = numpy.int64) -> Buckets:
    """Return the buckets of records of (row, number)."""
    return Buckets.count(numbers_of([value for _, value in records]), index_of([row for row, _ in records], kind), size)


def plain(buckets: Buckets) -> tuple[int, list[tuple[int, ...]]]:
    """Return buckets as plain data."""
    columns = (buckets.row.tolist(), buckets.bucket.tolist(), buckets.number.tolist())
    return buckets.size, list(zip(*columns, strict=True))


def quantiles_of(buckets: Buckets, q: float | Fraction) -> list[float | None]:
    """Return the quantile of each row, None without numbers. q: from 0 to 1, as its decimals say."""
    found, absent = buckets.quantiles(Fraction(str(q)))
    return [None if none else middle(bucket) for bucket, none in zip(found.tolist(), absent.tolist(), strict=True)]


def near(found: float | None, value: Fraction) -> bool:
    """Whether a quantile is as close to the number as promised, in exact arithmetic."""
    return found is not None and abs(Fraction(found) - value) <= WITHIN * abs(value)


@given(RECORDS, PER_MILLE, KINDS)
def test_a_quantile_is_near_the_number_of_its_rank(records: Records, per_mille: int, kind: type[numpy.integer]) -> None:
    """It is within 1 % of the number of rank ceil(q * n), the first for q = 0; 0 is exact; empty rows have none."""
    buckets = buckets_of_records(records, SIZE + 1, kind)
    for row in range(SIZE + 1):
        values = sorted(by_row([at for at, _ in records], [value for _, value in records], row))
        found = quantiles_of(buckets, per_mille / 1000)[row]
        if values:
            assert near(found, values[max(0, math.ceil(Fraction(per_mille, 1000) * len(values)) - 1)])
        else:
            assert found is None


@given(PARTS, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_counting_at_once(parts: list[tuple[Records, numpy.ndarray]], random_: random.Random) -> None:
    """However records are split and the parts merged, the buckets are the same."""
    rows = [row for records, to in parts for row in result_rows([row for row, _ in records], to)]
    at_once = buckets_of_records(list(zip(rows, [value for records, _ in parts for _, value in records], strict=True)), SIZE)
    apart = [(buckets_of_records(records, SIZE + 1), to) for records, to in parts]
    assert plain(merged(Buckets.merge, apart, SIZE, random_)) == plain(at_once)


@given(RECORDS, st.permutations(range(SIZE + 1)), st.integers(0, SIZE + 1))
def test_selected_rows_are_as_they_were(records: Records, order: list[int], kept: int) -> None:
    """Selecting keeps rows in the order asked for."""
    buckets = buckets_of_records(records, SIZE + 1)
    some = buckets.select(numpy.array(order[:kept], numpy.int64))
    _, entries = plain(buckets)
    assert plain(some) == (kept, [(new, *rest) for new, old in enumerate(order[:kept]) for row, *rest in entries if row == old])
    assert some.weight == len(some.row)


def test_numbers_at_the_bounds_of_buckets_are_near() -> None:
    """The numbers next to the bounds of buckets, where the error is largest, are within 1 %, and so are their negatives."""
    bounds = [math.floor(Fraction(float(bound)) * NANOS) for bound in BOUNDS]
    nanos = [value for bound in bounds for value in (bound - 1, bound, bound + 1) if 0 < value < 2**63 * NANOS]
    values: list[Number] = [divmod(sign * value, NANOS) for value in nanos for sign in (1, -1)]
    buckets = Buckets.count(numbers_of(values), numpy.arange(len(values)), len(values))
    found = quantiles_of(buckets, 1)
    assert [row for row, value in enumerate(exact(values)) if not near(found[row], value)] == []


@pytest.mark.parametrize("towards", [-numpy.inf, None, numpy.inf])
def test_bounds_belong_to_the_bucket_below(towards: float | None) -> None:
    """A bucket holds its upper bound and not its lower one, to the last bit of a float; negative numbers are mirrored."""
    inner = BOUNDS[2:-1]
    values = inner if towards is None else numpy.nextafter(inner, towards)
    assert (buckets_of(values) == numpy.arange(2, len(inner) + 2) + (towards == numpy.inf)).all()
    assert (buckets_of(-values) == -buckets_of(values)).all()


def test_a_bucket_is_the_one_of_the_formula() -> None:
    """Between bounds, buckets are numbered by the logarithm rounded up, and represent 2 * GAMMA**i / (GAMMA + 1)."""
    exponents = numpy.arange(-1000, 2000)
    found = buckets_of(GAMMA ** (exponents - 0.5))
    assert (numpy.diff(found) == 1).all()
    assert [middle(int(bucket)) for bucket in found] == pytest.approx(2 * GAMMA**exponents / (GAMMA + 1))


def test_buckets_are_in_the_order_of_numbers() -> None:
    """Buckets of numbers below, at and above 0 are in order, also at the ends of int64."""
    values: list[Number] = [(-(2**63), 0), (-5, 0), (-1, NANOS - 1), (0, 0), (0, 1), (1, 0), (2**63 - 1, NANOS - 1)]
    buckets = Buckets.count(numbers_of(values), numpy.zeros(len(values), numpy.int64), 1)
    assert buckets.number.tolist() == [1] * len(values)
    found = [quantiles_of(buckets, Fraction(rank, len(values)))[0] for rank in range(1, len(values) + 1)]
    assert all(near(quantile, value) for quantile, value in zip(found, exact(values), strict=True))
    assert found[3] == 0


def test_a_panel_may_have_many_rows() -> None:
    """A large row number in an index of 32 bits works."""
    buckets = Buckets.count(numbers_of([(5, 0)]), index_of([999_999], numpy.int32), 1_000_000)
    assert buckets.row.tolist() == [999_999]
    assert near(quantiles_of(buckets, 0.5)[999_999], Fraction(5))


@pytest.mark.parametrize(("q", "rank"), [(0, 1), (0.01, 1), (0.07, 7), (0.29, 29), (0.995, 100), (1, 100)])
def test_a_rank_is_that_of_the_decimals(q: float, rank: int) -> None:
    """The quantile is that of the decimal as written, not of the nearest float: 0.07 * 100 is 7."""
    values: list[Number] = [(sign * 2**number, 0) for number in range(50) for sign in (1, -1)]
    buckets = Buckets.count(numbers_of(values), numpy.zeros(len(values), numpy.int64), 1)
    assert near(quantiles_of(buckets, q)[0], sorted(exact(values))[rank - 1])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_million_numbers_have_their_percentiles(name: str) -> None:
    """All percentiles of a million numbers are within 1 %, however they are split and merged."""
    values: Any = DISTRIBUTIONS[name](numpy.random.default_rng(1))
    column = column_of(values)
    random_ = random.Random(1)
    cuts = sorted(random_.sample(range(len(values)), 15))
    parts = [
        (Buckets.count(Numbers(whole, nanos), numpy.zeros(len(whole), numpy.int64), 1), numpy.arange(1))
        for whole, nanos in zip(numpy.split(column.whole, cuts), numpy.split(column.nanos, cuts), strict=True)  # type: ignore[arg-type]
    ]
    buckets = merged(Buckets.merge, parts, 1, random_)
    assert plain(buckets) == plain(Buckets.count(column, numpy.zeros(len(values), numpy.int64), 1))
    ordered = numpy.sort(values)
    found = numpy.array([quantiles_of(buckets, Fraction(per_mille, 1000))[0] for per_mille in range(1, 1001)])
    expected = ordered[numpy.arange(1, 1001) * len(values) // 1000 - 1]
    assert (numpy.abs(found / expected - 1) <= ACCURACY).all()
