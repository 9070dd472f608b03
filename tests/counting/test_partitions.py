"""Texts encoded in partitions are the same as texts encoded at once, but for the order of the dictionary."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting import rows
from logproc.counting.partitions import PARTITIONS, encoded_at_once, encoded_in_partitions, partition_of
from logproc.model.arrays import Integers

TEXTS = st.lists(st.lists(st.one_of(st.text("aé\0", max_size=3), st.text(min_size=6, max_size=20))), min_size=1, max_size=4)


@given(TEXTS, st.integers(0, 2))
def test_each_text_has_the_code_of_its_own_entry(parts: list[list[str]], cut: int) -> None:
    """The dictionary has each text once, and each text's code is the place of that text."""
    arrays = [pyarrow.array(part, pyarrow.string())[cut:] for part in parts]
    dictionary, codes = encoded_in_partitions(arrays)
    texts = [text for array in arrays for text in array.to_pylist()]
    assert dictionary.take(pyarrow.array(codes)).to_pylist() == texts
    assert sorted(dictionary.to_pylist()) == sorted(set(texts)) == sorted(encoded_at_once(arrays)[0].to_pylist())


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_what_stands_before_a_text_does_not_change_its_partition(text: bytes, before: bytes) -> None:
    """Equal texts are in one partition, wherever they lie in memory."""
    alone, behind = (partition_of(pyarrow.array(texts, pyarrow.binary())) for texts in ([text], [before, text]))
    assert alone[-1] == behind[-1]


def test_numbered_keys_fill_all_partitions_alike() -> None:
    """Keys that differ only in a number, the usual case, are spread evenly: no partition has twice its share."""
    found = partition_of(pyarrow.array([f"/item/{number}" for number in range(16_000)]))
    sizes = [int((found == number).sum()) for number in range(PARTITIONS)]
    assert max(sizes) < 2 * 16_000 / PARTITIONS


def test_many_texts_go_through_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and bytes do; numbers do not, nor a few texts."""
    monkeypatch.setattr(rows, "MANY_TEXTS", 3)
    taken: list[int] = []

    def noted(arrays: Sequence[pyarrow.Array]) -> tuple[pyarrow.Array, Integers]:
        taken.append(len(arrays))
        return encoded_in_partitions(arrays)

    monkeypatch.setattr(rows, "encoded_in_partitions", noted)
    for values in (["a", "b", "a"], [b"a", b"b", b"a"], [1, 2, 1], ["a"]):
        dictionary, codes = rows.encoded([pyarrow.array(values)])
        assert dictionary.take(pyarrow.array(codes)).to_pylist() == values
    assert taken == [1, 1]
