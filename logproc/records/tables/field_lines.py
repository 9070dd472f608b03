"""Chosen fields of records as lines: values between TABs, `-` for what a record does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow

from logproc.records.tables.cells import data_and_ends, odd_places, replaced, rows_of_cells, texts_of
from logproc.records.tables.csv_lines import objects_of
from logproc.reports.safe import printable

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

ABSENT = "-"
FIRST_PRINTABLE, DELETE = 0x20, 0x7F


def field_lines(table: pyarrow.Table) -> tuple[memoryview, Integers]:
    r"""Return the records of a table as lines in UTF-8, and where each ends, shape (records,). Controls are `\xNN`."""

    def texts(column: pyarrow.Array) -> pyarrow.Array:
        if pyarrow.types.is_map(column.type):
            return without_controls(objects_of(column))
        return texts_of(column, without_controls)

    return data_and_ends(rows_of_cells(table, texts, "\t", ABSENT))


def without_controls(texts: pyarrow.Array) -> pyarrow.Array:
    odd = odd_places(texts, lambda data: (data < FIRST_PRINTABLE) | (data >= DELETE))
    return replaced(texts, odd, printable)
