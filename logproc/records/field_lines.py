"""Chosen fields of records as lines: values between TABs, `-` for what a record does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow

from logproc.records.cells import column_of, data_and_ends, joined, odd_places, replaced, texts_of
from logproc.records.csv_lines import objects_of
from logproc.reports.safe import printable

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

ABSENT = "-"
FIRST_PRINTABLE, DELETE = 0x20, 0x7F


def field_lines(table: pyarrow.Table) -> tuple[memoryview, Integers]:
    r"""Return the records of a table as lines in UTF-8, and where each ends, shape (records,). Controls are `\xNN`."""
    pieces: list[pyarrow.Array | str] = []
    for name in table.column_names:
        column = column_of(table, name)
        is_map = pyarrow.types.is_map(column.type)
        texts = without_controls(objects_of(column)) if is_map else texts_of(column, without_controls)
        pieces += ["\t", texts.fill_null(ABSENT) if texts.null_count else texts]
    return data_and_ends(joined([*pieces[1:], "\n"]))


def without_controls(texts: pyarrow.Array) -> pyarrow.Array:
    odd = odd_places(texts, lambda data: (data < FIRST_PRINTABLE) | (data >= DELETE))
    return replaced(texts, odd, printable)
