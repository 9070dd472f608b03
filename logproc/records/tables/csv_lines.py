r"""Records as CSV (RFC 4180), lines end in LF, as Unix tools expect. An absent value is an empty cell, an empty text is `""`.

What the table has in `other` is a JSON object. As in the CSV report, a `'` precedes what a spreadsheet would run as a formula.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, constant, offsets_and_data
from logproc.records.tables.cells import (
    data_and_ends,
    entries_of,
    joined,
    odd_places,
    per_record,
    replaced,
    rows_of_cells,
    texts_of,
)
from logproc.records.tables.json_lines import quoted
from logproc.reports.csv_report import FORMULA, protect

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

SPECIAL = numpy.isin(numpy.arange(256), list(b'",\r\n'))
"""The bytes with which a cell is quoted."""
BEGINS = numpy.isin(numpy.arange(256), list("'=+-@\t\r\"\uff1d\uff0b\uff0d\uff20".encode()))
DIVIDES = numpy.isin(numpy.arange(256), list(b";\t\r\n"))
"""The bytes of the characters that FORMULA begins with, those of quotes before them included, and those it looks behind for."""
MAY_BE_FORMULA = re.sub(r"\(\?<=(\[.*?\])\)", r"\1", FORMULA.pattern).replace("(?=", "(?:")
"""What RE2 finds wherever FORMULA does: RE2 cannot look behind or ahead."""


def csv_header(schema: pyarrow.Schema, *, raw: bool = False) -> bytes:
    """Return the line with the names of the columns. raw: as for `csv_lines`."""
    names = cells(pyarrow.array(schema.names, pyarrow.string()), raw=raw).to_pylist()
    return ",".join(names).encode() + b"\n"


def csv_lines(table: pyarrow.Table, *, raw: bool = False) -> tuple[memoryview, Integers]:
    """Return the records of a table as rows of CSV in UTF-8, and where each row ends, shape (records,).

    raw: do not protect texts from being run as formulas by a spreadsheet.
    """

    def texts(column: pyarrow.Array) -> pyarrow.Array:
        if pyarrow.types.is_map(column.type):
            return cells(objects_of(column), raw=raw)
        return texts_of(column, partial(cells, raw=raw))

    return data_and_ends(rows_of_cells(table, texts, ",", ""))


def objects_of(column: pyarrow.MapArray) -> pyarrow.Array:
    """Return maps as objects of JSON, null where there is nothing."""
    keys, items = (quoted(part.dictionary).take(part.indices) for part in entries_of(column))
    members = pyarrow.compute.utf8_slice_codeunits(per_record(column, joined([",", keys, ":", items])), 1)
    return joined(["{", members, "}"], None)


def cells(texts: pyarrow.Array, *, raw: bool) -> pyarrow.Array:
    """Return texts as cells, quoted where that is needed. Nulls stay."""
    if not raw:
        texts = replaced(texts, formulas(texts), protect)
    quoted_texts = replaced(
        texts, odd_places(texts, lambda data: SPECIAL[data]), lambda text: '"' + text.replace('"', '""') + '"'
    )
    return pyarrow.compute.if_else(pyarrow.compute.equal(texts, constant("")), constant('""'), quoted_texts)


def formulas(texts: pyarrow.Array) -> Integers:
    """Return which texts a spreadsheet may run as a formula, ascending."""
    offsets, data = offsets_and_data(texts)
    begins = offsets[:-1][offsets[1:] > offsets[:-1]]
    first = numpy.zeros(len(data), bool)
    first[begins] = BEGINS[data[begins]]
    # A look at single bytes leaves few texts to the expression: those that begin like one, or could be divided by a program.
    some = odd_places(texts, lambda data: first | DIVIDES[data])
    fits = pyarrow.compute.match_substring_regex(texts.take(arrow(some, pyarrow.int64())), MAY_BE_FORMULA)
    found: Integers = some[fits.fill_null(False).to_numpy(zero_copy_only=False)]
    return found
