"""From the raw fields of a record to the columns of the standard: one rule for all formats whose fields have names."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.quantities import numbers_of
from logproc.formats.request import COLUMNS as REQUEST_COLUMNS
from logproc.formats.request import request_columns
from logproc.model import Columns, KeyColumn, Numbers

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


def complete(raw: Mapping[str, KeyColumn], time: Integers, units: Mapping[str, int], wanted: Collection[str]) -> Columns:
    """Return the columns of records: what is derived from a request or a target is added, and numbers are made of texts.

    units: of the columns that hold a number, the power of ten by which it is to be divided.
    """
    keys, malformed = dict(raw), None
    if "request" in keys:
        column = keys.pop("request")
        parts, malformed = of_requests(column, wanted)
        keys = first_of(keys, parts)
    if "target" in keys:
        column = keys["target"]
        keys = first_of(keys, {name: part_of_target(column, at) for at, name in enumerate(TARGET_COLUMNS) if name in wanted})
    numbers = {name: numbers_of(keys[name], power) for name, power in units.items() if name in keys}
    if "bytes" in numbers:
        numbers["bytes"] = without_gaps(numbers["bytes"])
        del keys["bytes"]
    return Columns(len(time), time, {name: keys[name] for name in keys if name in wanted}, numbers, malformed)


def of_requests(column: KeyColumn, wanted: Collection[str]) -> tuple[dict[str, KeyColumn], Mask]:
    """Return the columns of requests, and which records have a malformed one; an absent request is none."""
    texts = pyarrow.compute.fill_null(column.keys, "-").cast(pyarrow.binary())
    encoded = texts.dictionary_encode()
    index = encoded.indices.to_numpy(zero_copy_only=False)[column.index]
    parts, malformed = request_columns(encoded.dictionary, index, wanted)
    present = column.keys.is_valid().to_numpy(zero_copy_only=False)
    return parts, malformed & present[column.index]


def first_of(keys: Mapping[str, KeyColumn], others: Mapping[str, KeyColumn]) -> dict[str, KeyColumn]:
    """Return the columns of both; a record that has none of the first is given that of the other."""
    both = {name: filled(keys[name], column) if name in keys else column for name, column in others.items()}
    return {**keys, **both}


def filled(column: KeyColumn, other: KeyColumn) -> KeyColumn:
    """Return a column with another one's values where it has none."""
    if not column.keys.null_count:
        return column
    absent = column.keys.is_null().to_numpy(zero_copy_only=False)[column.index]
    index = numpy.where(absent, other.index.astype(numpy.int64) + len(column.keys), column.index)
    return again(pyarrow.concat_arrays([column.keys, other.keys]), index)


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


def again(values: pyarrow.Array, index: numpy.ndarray[tuple[int], numpy.dtype[numpy.int64]]) -> KeyColumn:
    """Return the column whose n-th record has `values[index[n]]`, with each value once in its dictionary."""
    encoded = values.dictionary_encode("encode")
    return KeyColumn(encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False)[index])


def without_gaps(numbers: Numbers) -> Numbers:
    """Return numbers of bytes: whole, and 0 where a log has none, as a response without a body has."""
    return Numbers(numbers.whole)
