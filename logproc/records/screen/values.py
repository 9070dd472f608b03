"""What a painter has to know about each record besides its bytes: the values of a few fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from logproc.model.arrays import Integers, Mask
    from logproc.model.columns import Columns

MATCHES, PREFIX, FIRST_FIELD = 0, 1, 2
"""The columns of the table: whether the record matches the filter, what stands before each of its lines, then the fields."""
PAINTED = ("level", "raw_level", "status")


def values_of(
    columns: Columns | None, records: Integers, names: Sequence[str], passes: Mask | None = None, prefix: str = ""
) -> Any:
    """Return a table of objects, shape (records, FIRST_FIELD + names): see above; a field is a text, or None where absent.

    records: the numbers of the records in the columns; negative for a line that could not be read. passes: None if all match.
    The texts are shared: there is one for each distinct value, and no loop over records.
    """
    table = numpy.full((len(records), FIRST_FIELD + len(names)), None, object)
    table[:, MATCHES] = True if passes is None else passes
    table[:, PREFIX] = prefix
    known = records >= 0
    for at, name in enumerate(names, FIRST_FIELD):
        column = None if columns is None else columns.keys.get(name)
        if isinstance(column, KeyColumn) and len(column.keys):
            texts = numpy.array([*column.keys.to_pylist(), None], object)  # None keeps the array from being of strings
            table[known, at] = texts[column.index[records[known]]]
        elif columns is not None and name in columns.numbers:
            table[known, at] = whole_numbers(columns, name, records[known])
    return table


def whole_numbers(columns: Columns, name: str, records: Integers) -> Any:
    """Return the numbers of a field as texts; None for those with fractions, which a log may write in several ways."""
    numbers = columns.numbers[name].take(records)
    texts = pyarrow.array(numbers.whole).cast(pyarrow.string()).to_numpy(zero_copy_only=False).astype(object)
    if numbers.valid is not None:
        texts[~numbers.valid] = None
    if numbers.nanos is not None:
        texts[numbers.nanos != 0] = None
    return texts
