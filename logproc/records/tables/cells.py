"""The columns of a table as text, one text for each record: what JSON, CSV and fields between TABs have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.slices import arrow, constant, offsets_and_data
from logproc.records.tables.moments import moment_texts

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

NANO = 10**9
Quote: TypeAlias = Callable[[pyarrow.Array], pyarrow.Array]
"""Makes texts what an output wants them to be. It gets distinct ones, without nulls."""


def column_of(table: pyarrow.Table, name: str) -> pyarrow.Array:
    """Return a column of a table in one piece."""
    return one_array(table.column(name))


def one_array(column: pyarrow.ChunkedArray) -> pyarrow.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def texts_of(column: pyarrow.Array, quote: Quote) -> pyarrow.Array:
    """Return the texts of a column, null where it is: text quoted, times in RFC 3339 and numbers as they are."""
    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        return quote(column.dictionary).take(column.indices)
    if not pyarrow.types.is_timestamp(kind):
        return column.cast(pyarrow.string())
    numbers = column.view(pyarrow.int64())
    seconds, nanos = numpy.divmod(numbers.fill_null(0).to_numpy(), NANO)
    texts = moment_texts(seconds, nanos)
    return pyarrow.compute.if_else(numbers.is_valid(), texts, None) if numbers.null_count else texts


def joined(pieces: Iterable[pyarrow.Array | str], null: str | None = "") -> pyarrow.Array:
    """Return texts joined record by record.

    pieces: arrays, and texts that all records have. null: in place of nulls; None if the whole text is null then.
    """
    parts: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(parts[-1], str):
            parts[-1] += piece
        elif not isinstance(piece, str) or piece:
            parts.append(piece)
    options = {"null_handling": "emit_null"} if null is None else {"null_handling": "replace", "null_replacement": null}
    arguments = [constant(part) if isinstance(part, str) else part for part in (*parts, "")]
    return pyarrow.compute.binary_join_element_wise(*arguments, **options)


def rows_of_cells(
    table: pyarrow.Table, cells: Callable[[pyarrow.Array], pyarrow.Array], separator: str, absent: str
) -> pyarrow.Array:
    """Return each record as a line of cells. cells: a column → its texts, null where it is. absent: what is there then."""
    columns = [column_of(table, name) for name in table.column_names]
    *front, last = [constant(absent) if column.null_count == len(column) else cells(column) for column in columns]
    if isinstance(last, pyarrow.Scalar):
        last = pyarrow.repeat(last, len(table))
    end = joined([last, "\n"], absent)
    options = {"null_handling": "replace", "null_replacement": absent}
    return pyarrow.compute.binary_join_element_wise(*front, end, constant(separator), **options)


def data_and_ends(texts: pyarrow.Array) -> tuple[memoryview, Integers]:
    """Return texts as the bytes of all, one after the other, and where each ends among them, shape (n,). Nothing is copied."""
    offsets, data = offsets_and_data(texts)
    return data.data, offsets[1:].astype(numpy.int64)


def per_record(values: pyarrow.MapArray, entries: pyarrow.Array) -> pyarrow.Array:
    """Return the texts of the entries of a map, joined for each record; null where it has none.

    entries: the text of each entry of all records, in order.
    """
    lists = pyarrow.ListArray.from_arrays(values.offsets, entries, mask=values.is_null() if values.null_count else None)
    return pyarrow.compute.binary_join(lists, "")


def entries_of(values: pyarrow.MapArray) -> tuple[pyarrow.Array, pyarrow.Array]:
    """Return the keys and the values of all entries of a map, each dictionary-encoded."""
    return values.keys.dictionary_encode(), values.items.dictionary_encode()


def odd_places(texts: pyarrow.Array, is_odd: Callable[[Any], Any]) -> Integers:
    """Return which texts hold a byte of some kind, ascending. is_odd: bytes → a mask of the same shape."""
    offsets, data = offsets_and_data(texts)
    odd = numpy.flatnonzero(is_odd(data))
    found: Integers = numpy.unique(numpy.searchsorted(offsets, odd, side="right") - 1)
    return found


def replaced(texts: pyarrow.Array, which: Integers, function: Callable[[str], str]) -> pyarrow.Array:
    """Return texts of which some are what a function makes of them."""
    if not len(which):
        return texts
    hits = numpy.zeros(len(texts), bool)
    hits[which] = True
    made = pyarrow.array([function(text) for text in texts.take(arrow(which, pyarrow.int64())).to_pylist()], pyarrow.string())
    return pyarrow.compute.replace_with_mask(texts, pyarrow.array(hits), made)
