"""Counts by one column or several: exact, mergeable in any order, and foldable in a fixed one."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.counting import rows
from logproc.counting.counts import Counts, count_columns, fold, merge_counts, weights_of
from logproc.counting.measures import Uniques
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


Wide = tuple[str | None, ...]


@st.composite
def wide_chunks(draw: st.DrawFn) -> list[list[Wide]]:
    """Return the records of a few chunks, with a text or None in each of up to 70 columns. Keys occur again now and then."""
    columns, kinds = draw(st.integers(1, 70)), draw(st.integers(1, 40))
    random_, absent = random.Random(draw(st.integers(0, 2**32))), draw(st.sampled_from([0, 0, 0.01, 0.5]))

    def record() -> Wide:
        return tuple(None if random_.random() < absent else str(random_.randrange(kinds)) for _ in range(columns))

    again = [record() for _ in range(8)]
    sizes = draw(st.lists(st.integers(1, 30), min_size=1, max_size=4))
    return [[random_.choice([record(), random_.choice(again)]) for _ in range(size)] for size in sizes]


def counts_of_wide(records: Sequence[Wide], unused: int = 0) -> Counts:
    """Return the counts of records by all their columns. unused: how many keys of each dictionary no record has."""
    with_more = [column([*values, *map(str, range(unused))]) for values in zip(*records, strict=True)]
    return count_columns([replace(each, index=each.index[: len(records)]) for each in with_more], len(records), None, {})


def numbers_in(counts: Counts) -> dict[Wide, int]:
    """Return the number of records of each key, which is there once."""
    found = plain(counts)
    assert len(found) == len(counts)
    return {key: number for key, (number, *_) in found.items()}


def numbers_of_wide(records: Sequence[Wide]) -> dict[Wide, int]:
    """Return the same by a plain loop."""
    return dict(Counter(record for record in records if None not in record))


@given(wide_chunks(), st.integers(0, 50), st.randoms(use_true_random=False))
def test_by_any_number_of_columns(chunks: list[list[Wide]], unused: int, random_: random.Random) -> None:
    """In each chunk, and merged in any order; also if more combinations are possible than an int64 has numbers."""
    parts = [counts_of_wide(chunk, unused) for chunk in chunks]
    assert [numbers_in(part) for part in parts] == [numbers_of_wide(chunk) for chunk in chunks]
    while len(parts) > 1:
        random_.shuffle(parts)
        parts[-2:] = [merge_counts(parts[-2:])]
    assert numbers_in(parts[0]) == numbers_of_wide([record for chunk in chunks for record in chunk])


@given(
    st.lists(wide_chunks(), min_size=1, max_size=3).map(lambda drawn: [chunk for chunks in drawn for chunk in chunks]),
    st.integers(1, 4),
    st.integers(0, 10_000),
)
def test_more_text_than_an_array_of_strings_holds(chunks: list[list[Wide]], columns: int, limit: int) -> None:
    """Merged keys may become wide strings, at any moment; they stay the same keys, and can be bounded and merged again."""
    records = [[(*record, *"abcd")[:columns] for record in chunk] for chunk in chunks]
    with patch.object(rows, "MOST_TEXT_BYTES", limit):
        total = counts_of_wide(records[0])
        for chunk in records[1:]:
            total = merge_counts([counts_of_wide(chunk), total])
        assert numbers_in(total) == numbers_of_wide([record for chunk in records for record in chunk])
        again = merge_counts([fold(total, 2), counts_of_wide(records[0])])
    assert int(again.count.sum()) + again.other[0] == len(
        [record for chunk in [*records, records[0]] for record in chunk if None not in record]
    )


def test_65_columns_of_two_values_in_three_chunks() -> None:
    """Of 2**65 combinations three occur, in 20, 10 and 5 records. The first two differ in the digit that is worth 2**64."""
    keys = [tuple(text) for text in ("a" * 65, "b" + "a" * 64, "a" + "b" * 64)]
    parts = [counts_of_wide([key] * 5) for key in (keys[0], keys[1], keys[0], keys[2], keys[1], keys[0], keys[0])]
    assert numbers_in(merge_counts([merge_counts(parts[:3]), merge_counts(parts[3:5]), *parts[5:]])) == {
        keys[0]: 20,
        keys[1]: 10,
        keys[2]: 5,
    }


BYTES_PER_RECORD = 300
"""What counting and merging may take at their peak for each record, keys not included: those are in Arrow's memory."""


@pytest.mark.parametrize(
    ("columns", "kinds"), [(2, 20_000), (3, 20_000), (2, 10_000), (30, 2), (8, 300)], ids=lambda number: f"{number}"
)
def test_memory_grows_with_the_records_and_not_with_the_combinations(columns: int, kinds: int) -> None:
    """Two chunks are counted and merged in so many bytes per record, however many pairs, triples and so on are possible."""
    random_, records = numpy.random.default_rng(1), 20_000
    keys = pyarrow.array([f"{number}" for number in range(kinds)])
    chunks = [[KeyColumn(keys, random_.integers(0, kinds, records)) for _ in range(columns)] for _ in range(2)]
    tracemalloc.start()
    parts = [count_columns(chunk, records, None, {}) for chunk in chunks]
    merged = merge_counts(parts)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert int(merged.count.sum()) == 2 * records
    assert peak < BYTES_PER_RECORD * 2 * records


SIZES_NEAR_A_HALF = st.sampled_from([1, 2**31, 2**32 - 1, 2**32, 2**32 + 1])


@given(st.lists(st.lists(st.tuples(TEXTS, TEXTS, SIZES_NEAR_A_HALF), max_size=30), min_size=1, max_size=3))
def test_sums_of_bytes_compare_by_their_halves(parts: list[Records]) -> None:
    """Of each sum, merged or not, the lower half is below 2^32, so that `--sort bytes` may compare the halves."""
    for counts in (*(counts_of(part, 1) for part in parts), merge_counts([counts_of(part, 1) for part in parts])):
        order = numpy.lexsort((counts.low, counts.high))
        assert [bytes_of(counts, at) for at in order] == sorted(bytes_of(counts, at) for at in order)


def test_sums_of_millions_of_records_are_exact() -> None:
    """One chunk may hold more sizes than a float can add up without losing a digit."""
    records, size = (1 << 21) + 3, 2**63 - 1
    counts = count_columns([], records, weights_of(numpy.full(records, size, numpy.int64)), {})
    assert bytes_of(counts, 0) == records * size


def test_long_texts_weigh_as_much_as_many_short_ones() -> None:
    """Counts wait to be merged until there are many: of long keys fewer may wait, because they take as much memory."""
    short, long = ([(f"{number}" + text,) for number in range(100)] for text in ("", "é" * 3200))
    for of_kind in (counts_of_wide, lambda keys: Uniques.count(column([key for (key,) in keys]), numpy.zeros(100, int), 1)):
        weights = [of_kind(keys).weight for keys in (short, long)]
        assert (weights[0], weights[1] >= 100 * 100) == (100, True)


def errors_in(counts: Counts) -> dict[str, tuple[int, int]]:
    """Return for each key its count, and how many records that may lack."""
    errors = [0] * len(counts) if counts.errors is None else counts.errors.tolist()
    return dict(zip(counts.keys[0].to_pylist(), zip(counts.count.tolist(), errors, strict=True), strict=True))


def test_an_error_is_what_was_given_up_where_the_key_was_missing_and_no_more() -> None:
    """A key has the errors it had, and for each part that lacks it that part's floor; a key that was always kept is exact."""
    first, second = (
        fold(counts_of([(key, None, 0) for key in text], 1), 2)  # drops c with 1 record, and x with 2
        for text in ("aaaaabbbc", "aaaacccxx")
    )
    merged = merge_counts([first, second])
    assert errors_in(merged) == {"a": (9, 0), "b": (3, 2), "c": (3, 1)}
    assert (merged.floor, merged.other) == (3, (3, 0))
    folded = fold(merge_counts([merged, counts_of([("c", None, 0)], 1)]), 2)
    assert errors_in(folded) == {"a": (9, 0), "c": (4, 1)}
    assert (folded.floor, folded.other) == (5, (6, 0))  # b had 3 records, and up to 2 more
    assert errors_in(merge_counts([folded, folded])) == {"a": (18, 0), "c": (8, 2)}


def test_what_is_measured_weighs_too() -> None:
    """Merging it costs as much as merging keys, and it takes as much memory."""
    records = [(f"{number}", None, number) for number in range(20)]
    counts = counts_of(records, 1)
    bare = replace(counts, measures={})
    assert (bare.weight, counts.weight) == (20, 20 + counts.measures[NEED].weight)
    assert counts.weight > 20


@pytest.mark.parametrize("most", [1, 2, 7, 500, 1999])
def test_the_largest_counts_are_kept(most: int) -> None:
    """Wherever they stand, and however many there are; of equal ones those whose keys come first, and never a smaller one."""
    random_ = random.Random(3)
    numbers = {f"{key}": random_.randrange(1, 3000) for key in random_.sample(range(1000, 9000), 2000)}
    none = numpy.zeros(2000, numpy.int64)
    counts = Counts((pyarrow.array(list(numbers)),), numpy.array(list(numbers.values())), none, none)
    folded = fold(counts, most)
    order = sorted(numbers, key=lambda key: (-numbers[key], key))[:most]
    assert errors_in(folded) == {key: (numbers[key], 0) for key in order}
    assert folded.floor == max(numbers[key] for key in numbers if key not in order)


def test_a_smaller_count_is_not_kept_for_its_key() -> None:
    """A key that comes before those with equal counts, but has fewer records, is given up."""
    assert errors_in(fold(counts_of([(key, None, 0) for key in "abbccdd"], 1), 2)) == {"b": (2, 0), "c": (2, 0)}


def test_a_total_is_one_row_however_many_parts_it_has() -> None:
    """Counts by no column have one key, the empty one; where nothing was given up they are exact and say so."""
    parts = [counts_of([("a", None, size), ("b", None, size)], 0) for size in (1, 5, 9)]
    total = merge_counts(parts)
    assert (total.keys, total.count.tolist(), bytes_of(total, 0), total.errors) == ((), [6], 30, None)
    assert merge_counts([counts_of([], 0), counts_of([], 0)]).count.tolist() == []
