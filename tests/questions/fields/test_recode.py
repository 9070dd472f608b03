"""Recoded columns: each record has the new value of its key, and values are distinct."""

from __future__ import annotations

import numpy
import pyarrow
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.columns import KeyColumn
from logproc.questions.fields.recode import recode


@given(st.lists(st.sampled_from(["a", "b", "", None]), min_size=1, max_size=6), st.data())
def test_records_have_the_values_of_their_keys(values: list[str | None], data: st.DataObject) -> None:
    """Each record has its key's new value, and keys with equal values become one."""
    index = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=8))
    keys = pyarrow.array([str(key) for key in range(len(values))], pyarrow.string())
    column = recode(KeyColumn(keys, numpy.array(index, numpy.int32)), pyarrow.array(values, pyarrow.string()))
    found = column.keys.to_pylist()
    assert [found[at] for at in column.index] == [values[at] for at in index]
    assert len(set(found)) == len(found)
    assert column.keys.type == pyarrow.string()


def test_a_column_without_records_has_none_afterwards() -> None:
    """An empty column stays one."""
    nothing = pyarrow.array([], pyarrow.string())
    column = recode(KeyColumn(nothing, numpy.empty(0, numpy.int32)), nothing)
    assert (len(column.keys), len(column.index)) == (0, 0)
