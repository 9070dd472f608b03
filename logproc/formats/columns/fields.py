"""From the raw fields of a record to the columns of the standard: one rule for all formats whose fields have names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.requests import COLUMNS as REQUEST_COLUMNS
from logproc.formats.columns.requests import request_columns
from logproc.formats.columns.slices import index_of
from logproc.formats.times.forms import values_seconds
from logproc.model import NO_TIME, Columns, Context, KeyColumn, Numbers

if TYPE_CHECKING:
    from logproc.model import Integers, Mask

TARGET_COLUMNS = ("path", "query")


def columns_of(fields: Collection[str]) -> tuple[str, ...]:
    """Return the columns that records with these fields have."""
    found = [name for name in fields if name != "request"]
    derived = [*(REQUEST_COLUMNS if "request" in fields else ()), *(TARGET_COLUMNS if "target" in fields else ())]
    return tuple(dict.fromkeys([*found, *derived]))


def raw_fields(fields: Collection[str], wanted: Collection[str]) -> tuple[str, ...]:
    """Return the fields to take out of the records so that `complete` has all it needs for the columns that are wanted."""
    needed = set(wanted) | {"request"}
    if needed & {"path", "query"}:
        needed.add("target")
    return tuple(name for name in fields if name in needed)


def complete(
    raw: Mapping[str, KeyColumn],
    time: Integers,
    units: Mapping[str, int],
    wanted: Collection[str],
    *,
    optional: bool = False,
) -> Columns:
    """Return the columns of records: what is derived from a request or a target is added, and numbers are made of texts.

    units: of the columns that hold a number, the power of ten by which it is to be divided.
    optional: whether there are records of other things than requests. Where one has no request, it is not malformed then.
    """
    keys, malformed = dict(raw), None
    if "request" in keys:
        column = keys.pop("request")
        parts, malformed = of_requests(column, wanted)
        if optional:
            malformed &= column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
        keys = filled(keys, parts)
    if "target" in keys:
        missing = [name for name in TARGET_COLUMNS if name in wanted and not (name in keys and is_full(keys[name]))]
        keys = filled(keys, {name: part_of_target(keys["target"], TARGET_COLUMNS.index(name)) for name in missing})
    numbers = {name: numbers_of(keys[name], power) for name, power in units.items() if name in keys}
    if "bytes" in numbers:
        numbers["bytes"] = without_gaps(numbers["bytes"])
        del keys["bytes"]
    return Columns(len(time), time, {name: keys[name] for name in keys if name in wanted}, numbers, malformed)


def times_of(column: KeyColumn | None, records: int, context: Context) -> Integers:
    """Return the time of each record, given those that have one of any known form as text; NO_TIME where there is none."""
    if column is None:
        return numpy.full(records, NO_TIME, numpy.int64)
    return values_seconds(column.keys, column.index, context.reference_s, context.zone)[0]


def filled(columns: Mapping[str, KeyColumn], others: Mapping[str, KeyColumn]) -> dict[str, KeyColumn]:
    """Return columns, in which the records that have nothing get what the others have.

    Record by record, so that it does not matter which other records are in the same chunk.
    """
    found = {**others, **columns}
    for name in columns.keys() & others.keys():
        if not is_full(columns[name]):
            found[name] = either(columns[name], others[name])
    return found


def is_full(column: KeyColumn) -> bool:
    """Return whether all records surely have a column."""
    return not column.keys.null_count


def either(first: KeyColumn, second: KeyColumn) -> KeyColumn:
    """Return the values of the first column, and where it has none those of the second."""
    has = first.keys.is_valid().to_numpy(zero_copy_only=False)[first.index]
    index = numpy.where(has, first.index, len(first.keys) + second.index.astype(numpy.int64))
    return again(pyarrow.concat_arrays([first.keys, second.keys]), index)


def of_requests(column: KeyColumn, wanted: Collection[str]) -> tuple[dict[str, KeyColumn], Mask]:
    """Return the columns of requests, and which are malformed, as an absent one is."""
    texts = pyarrow.compute.fill_null(column.keys, "-").cast(pyarrow.binary())
    encoded = texts.dictionary_encode()
    index = encoded.indices.to_numpy(zero_copy_only=False)[column.index]
    return request_columns(encoded.dictionary, index, wanted)


def part_of_target(column: KeyColumn, part: int) -> KeyColumn:
    """Return the path (0) or the query (1) of targets."""
    found = pyarrow.compute.extract_regex(column.keys, pattern=r"(?s)^(?P<path>[^?]*)(?P<query>\?.*)?$").field(part)
    found = pyarrow.compute.if_else(column.keys.is_valid(), found, None)
    if part:
        found = pyarrow.compute.if_else(pyarrow.compute.equal(found, ""), None, pyarrow.compute.utf8_slice_codeunits(found, 1))
    return again(found, column.index)


def with_absent(dictionary: pyarrow.Array) -> tuple[pyarrow.Array, int]:
    """Return distinct binary texts with `-`, which is absent, among them, and its position."""
    found = pyarrow.compute.index(dictionary, pyarrow.scalar(b"-", pyarrow.binary())).as_py()
    if found >= 0:
        return dictionary, found
    return pyarrow.concat_arrays([dictionary, pyarrow.array([b"-"], pyarrow.binary())]), len(dictionary)


def absent_once(texts: pyarrow.Array, index: Any) -> tuple[pyarrow.Array, Any]:
    """Return distinct binary texts and the index of each record, where several may have become `-`, with one of it."""
    if (pyarrow.compute.sum(pyarrow.compute.equal(texts, b"-")).as_py() or 0) < 2:
        return texts, index
    encoded = texts.dictionary_encode()
    return encoded.dictionary, index_of(encoded)[index]


def again(values: pyarrow.Array, index: numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]) -> KeyColumn:
    """Return the column whose n-th record has `values[index[n]]`, with each value once in its dictionary."""
    encoded = values.dictionary_encode("encode")
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)[index])


def without_gaps(numbers: Numbers) -> Numbers:
    """Return numbers of bytes: whole, and 0 where a log has none, as a response without a body has."""
    return Numbers(numbers.whole)
