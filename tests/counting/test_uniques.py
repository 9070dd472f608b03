"""Distinct texts are exact up to a limit and estimated above it, with the same result in any order of merging."""

from __future__ import annotations

import functools
import random
import subprocess
import sys
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.measures import Uniques
from logproc.counting.measures.uniques import EXACT_MOST, SKETCH_WEIGHT, STANDARD_ERROR, sketch_from
from logproc.model.columns import KeyColumn
from tests.counting.orders import INDEX, KINDS, ROWS, SIZE, index_of, merged, result_rows

FEW = 4
"""The limit of these tests, so that rows just below, at and above it are common."""
TEXTS = st.none() | st.sampled_from(["", "é", *map(str, range(12))])
RECORDS = st.lists(st.tuples(INDEX, TEXTS), max_size=40)
PARTS = st.lists(st.tuples(RECORDS, ROWS), max_size=6)
Records = list[tuple[int, "str | None"]]
DISTRIBUTIONS = {
    "uniform": lambda random_, count: random_.uniform(0, 5000, count),
    "log-normal": lambda random_, count: random_.lognormal(-2, 2, count),
    "Pareto": lambda random_, count: random_.pareto(1.1, count),
}


def number_of(uniques: Uniques, row: int) -> tuple[int, bool]:
    """Return how many distinct texts a row has, and whether that is exact."""
    return int(uniques.numbers()[row]), row not in uniques.sketches


def uniques_of(records: Records, size: int, kind: type[numpy.integer] = numpy.int64, exact_most: int = FEW) -> Uniques:
    """Return the distinct texts of records of (row, text)."""
    keys = list(dict.fromkeys(text for _, text in records))
    texts = KeyColumn(pyarrow.array(keys, pyarrow.string()), numpy.array([keys.index(text) for _, text in records], kind))
    return Uniques.count(texts, index_of([row for row, _ in records], kind), size, exact_most=exact_most)


def plain(uniques: Uniques) -> tuple[int, list[tuple[int, str]], dict[int, bytes]]:
    """Return distinct texts as plain data, unordered within a row. Rows must be sorted."""
    rows = uniques.row.tolist()
    assert rows == sorted(rows)
    return uniques.size, sorted(zip(rows, uniques.value.to_pylist(), strict=True)), dict(uniques.sketches)


def column_of(values: Any) -> KeyColumn:
    """Return a column of the texts of numbers."""
    encoded = pyarrow.array(values).cast(pyarrow.string()).dictionary_encode()
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy())


merge = functools.partial(Uniques.merge, exact_most=FEW)


@given(RECORDS, KINDS)
def test_few_texts_are_counted_exactly(records: Records, kind: type[numpy.integer]) -> None:
    """Up to the limit the number is that of a set, above it close to that; null is not a text, an empty one is."""
    uniques = uniques_of(records, SIZE + 1, kind)
    for row in range(SIZE + 1):
        number = len({text for at, text in records if at == row and text is not None})
        assert number_of(uniques, row) == (number, number <= FEW)  # so few have registers of their own: the estimate is right


@given(PARTS, st.randoms(use_true_random=False))
def test_merging_in_any_order_is_counting_at_once(parts: list[tuple[Records, numpy.ndarray]], random_: random.Random) -> None:
    """However records are split and the parts merged, texts and registers are the same bytes."""
    rows = [row for records, to in parts for row in result_rows([row for row, _ in records], to)]
    at_once = uniques_of(list(zip(rows, [text for records, _ in parts for _, text in records], strict=True)), SIZE)
    apart = [(uniques_of(records, SIZE + 1), to) for records, to in parts]
    assert plain(merged(merge, apart, SIZE, random_)) == plain(at_once)


@given(st.integers(FEW - 1, FEW + 1), st.integers(1, 5), st.randoms(use_true_random=False))
def test_the_limit_is_that_of_the_whole(number: int, copies: int, random_: random.Random) -> None:
    """Whether a row is exact depends only on its number of texts, however often each part has them."""
    texts = [str(text) for text in range(number)] * copies
    random_.shuffle(texts)
    parts = [(uniques_of([(0, text) for text in texts[start::3]], 1), numpy.arange(1)) for start in range(3)]
    assert number_of(merged(merge, parts, 1, random_), 0) == (number, number <= FEW)


@given(RECORDS, st.permutations(range(SIZE + 1)), st.integers(0, SIZE + 1))
def test_selected_rows_are_as_they_were(records: Records, order: list[int], kept: int) -> None:
    """Selecting keeps rows in the order asked for, exact ones and sketches."""
    uniques = uniques_of(records, SIZE + 1)
    some = uniques.select(numpy.array(order[:kept], numpy.int64))
    assert [number_of(some, row) for row in range(kept)] == [number_of(uniques, row) for row in order[:kept]]
    _, entries, sketches = plain(uniques)
    expected = sorted((new, text) for new, old in enumerate(order[:kept]) for row, text in entries if row == old)
    kept_sketches = {new: sketches[old] for new, old in enumerate(order[:kept]) if old in sketches}
    assert plain(some) == (kept, expected, kept_sketches)


@given(st.lists(st.lists(st.integers(0, 3000)), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_sketch_of_many_texts_does_not_tell_its_history(parts: list[list[int]], random_: random.Random) -> None:
    """Thousands of texts give the same bytes and estimate for every tree of merges."""
    texts = [[str(start + number) for start in part for number in range(100)] for part in parts]
    apart = [(uniques_of([(0, text) for text in part], 1), numpy.arange(1)) for part in map(dict.fromkeys, texts)]
    whole = uniques_of([(0, text) for text in dict.fromkeys(text for part in texts for text in part)], 1)
    found = merged(merge, apart, 1, random_)
    assert (plain(found), number_of(found, 0)) == (plain(whole), number_of(whole, 0))


def test_the_empty_text_is_a_text_of_a_sketch() -> None:
    """A row above the limit counts its empty text."""
    texts = ["", *map(str, range(FEW))]
    assert number_of(uniques_of([(0, text) for text in texts], 1), 0) == (len(texts), False)


def test_a_panel_may_have_many_rows() -> None:
    """A large row number in an index of 32 bits works."""
    column = KeyColumn(pyarrow.array([str(key) for key in range(5000)]), numpy.array([4999], numpy.int32))
    uniques = Uniques.count(column, index_of([999_999], numpy.int32), 1_000_000)
    assert (uniques.row.tolist(), uniques.value.to_pylist()) == ([999_999], ["4999"])


def test_nothing_merged_is_nothing() -> None:
    """No parts, and parts without texts, have no texts."""
    for uniques in (Uniques.merge([], [], 2), Uniques.merge([uniques_of([], 1)] * 2, [numpy.array([1])] * 2, 2)):
        assert plain(uniques) == (2, [], {})
        assert (uniques.weight, number_of(uniques, 1)) == (0, (0, True))


def test_a_sketch_outweighs_texts() -> None:
    """A sketch weighs as much as many texts, however few it contains."""
    uniques = uniques_of([*((0, str(number)) for number in range(FEW + 1)), (1, "a")], 2)
    assert uniques.weight == SKETCH_WEIGHT + 1


def test_an_estimate_is_the_same_in_every_process() -> None:
    """The hash is fixed: the estimate of 20,000 texts does not depend on PYTHONHASHSEED."""
    assert number_of(Uniques.count(column_of(numpy.arange(20_000)), numpy.zeros(20_000, numpy.int64), 1), 0) == (20_022, False)


@pytest.mark.parametrize("number", [EXACT_MOST, EXACT_MOST + 1])
def test_the_limit_is_ten_thousand(number: int) -> None:
    """Ten thousand texts are exact, one more is estimated."""
    uniques = Uniques.count(column_of(numpy.arange(number)), numpy.zeros(number, numpy.int64), 1)
    found, exact = number_of(uniques, 0)
    assert exact is (number == EXACT_MOST)
    assert abs(found - number) <= (0 if exact else 4 * STANDARD_ERROR * number)


@pytest.mark.parametrize("count", [100_000, pytest.param(1_000_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_many_texts_are_estimated(name: str, count: int) -> None:
    """The estimate of many texts is within 2 %, and the same in any order of merging."""
    values = DISTRIBUTIONS[name](numpy.random.default_rng(1), count)
    random_ = random.Random(1)
    pieces = numpy.split(values, sorted(random_.sample(range(len(values)), 15)))
    parts = [(Uniques.count(column_of(piece), numpy.zeros(len(piece), numpy.int64), 1), numpy.arange(1)) for piece in pieces]
    column = column_of(values)
    whole = Uniques.count(column, numpy.zeros(len(values), numpy.int64), 1)
    found = merged(Uniques.merge, parts, 1, random_)
    assert plain(found) == plain(whole)
    estimate, exact = number_of(found, 0)
    assert not exact
    assert abs(estimate / len(column.keys) - 1) < 0.02


def test_registers_survive_their_bytes() -> None:
    """A sketch made from its bytes has the same bytes and the same estimate."""
    registers = uniques_of([(0, str(number)) for number in range(5000)], 1).sketches[0]
    again = sketch_from(registers)
    assert again.serialize_compact() == registers
    assert sketch_from(again.serialize_compact()).get_estimate() == again.get_estimate()


def test_the_library_is_imported_only_for_sketches() -> None:
    """Rows within the limit do not need the library."""
    script = (
        "import sys, numpy, pyarrow\n"
        "from logproc.counting.measures import Uniques\n"
        "from logproc.model.columns import KeyColumn\n"
        "column = KeyColumn(pyarrow.array(['a', 'b']), numpy.array([0, 1]))\n"
        "for limit in (2, 1):\n"
        "    Uniques.count(column, numpy.array([0, 0]), 1, exact_most=limit)\n"
        "    print('datasketches' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout.split(), run.stderr) == (["False", "True"], "")
