"""A table of records → columns, as the format of their log would give them: what `table` does, the other way round."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.account import joined_at
from logproc.formats.columns.fields import REQUEST, either, sought
from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.units import unit_of
from logproc.formats.times.reading import read_values
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME, Columns, KeyColumn, Large, Numbers
from logproc.questions.view import keys_of_numbers
from logproc.records.tables.cells import NANO, column_of
from logproc.records.tables.facts import Facts
from logproc.records.tables.layout import OTHER, OURS, TEXT, TIME, WHOLE, other_name, type_of

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

MOST_WHOLE = 2.0**63


def columns_of(table: pyarrow.Table, wanted: Collection[str], facts: Facts, context: Context) -> Columns:
    """Return the wanted columns of a table as the format of the log would give them."""
    records, names = len(table), set(table.column_names)
    fields = names - {TIME, *OURS, *([WHOLE] if facts.has_text else [])}
    typed = {name for name in fields if type_of(name) != TEXT}
    ours = {TIME, *typed, *([REQUEST] if facts.requests else [])}
    late = set(sought(wanted)) - fields - ours
    other = in_other(column_of(table, OTHER), late | ours) if OTHER in names else {}
    measured = fields.intersection(facts.numbers)
    # A key that is null in all records is not a field of theirs: in a log it would not be there either.
    fields -= {name for name in typed - measured if name not in other and table.column(name).null_count == records}
    keys = {name: keys_of(table, name) for name in fields - measured} | {name: other[name] for name in other.keys() & late}
    keys |= {name: either(other[name], keys[name]) for name in ((typed & fields) - measured) & other.keys()}
    numbers = {name: numbers_of(keys[name], unit) for name, unit in facts.units.items() if name in keys}
    for name in measured:
        found = numbers_in(column_of(table, name))
        numbers[name] = replace(found, unread=numbers_of(other[name], unit_of(name)).unread) if name in other else found
    time, nanos = times_of(column_of(table, TIME) if TIME in names else None, other.get(TIME), records, context)
    malformed = present(other[REQUEST]) if facts.requests and REQUEST in other else None
    searched = {}
    if facts.has_text and WHOLE in names and "message" in keys:
        searched["message"] = with_further_lines(keys["message"], keys_of(table, WHOLE))
    return Columns(records, time, keys, numbers, malformed, nanos, searched=searched)


def with_further_lines(message: KeyColumn, text: KeyColumn) -> KeyColumn:
    """Return messages with the further lines of their records. text: all lines of these, for records of several lines."""
    which = numpy.flatnonzero(present(text))
    rest = pyarrow.compute.replace_substring_regex(text.keys, r"^[^\n]*\n", "")
    return joined_at(message, which, KeyColumn(rest, text.index[which]))


def keys_of(table: pyarrow.Table, name: str) -> KeyColumn:
    """Return a column of a table as texts."""
    column = column_of(table, name)
    if pyarrow.types.is_floating(column.type):
        return keys_of_numbers(numbers_in(column))
    if not pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    return key_column(column.indices, column.dictionary.cast(pyarrow.string()))


def key_column(indices: pyarrow.Array, texts: pyarrow.Array) -> KeyColumn:
    """Return distinct texts, and the place of the text of each record among them, as a column. A null is a text, the last."""
    if not indices.null_count:
        return KeyColumn(texts, indices.to_numpy())
    return KeyColumn(pyarrow.concat_arrays([texts, pyarrow.nulls(1, texts.type)]), indices.fill_null(len(texts)).to_numpy())


def in_other(column: pyarrow.MapArray, names: Iterable[str]) -> dict[str, KeyColumn]:
    """Return those of some fields that any record has in `other`."""
    entries = column.keys.dictionary_encode()
    if not len(entries):
        return {}
    of = numpy.repeat(numpy.arange(len(column)), numpy.diff(column.offsets.to_numpy()))
    codes, found = entries.indices.to_numpy(), {}
    places = {key: place for place, key in enumerate(entries.dictionary.to_pylist())}
    for name in names:
        place = places.get(other_name(name))
        if place is not None:
            which = numpy.flatnonzero(codes == place)
            values = column.items.take(pyarrow.array(which)).dictionary_encode()
            index = numpy.full(len(column), len(values.dictionary), numpy.int64)
            index[of[which]] = values.indices.to_numpy()
            found[name] = KeyColumn(pyarrow.concat_arrays([values.dictionary, pyarrow.nulls(1, pyarrow.string())]), index)
    return found


def present(column: KeyColumn) -> Mask:
    found: Mask = column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
    return found


def times_of(
    column: pyarrow.Array | None, beyond: KeyColumn | None, records: int, context: Context
) -> tuple[Integers, Integers | None]:
    """Return the seconds of some records, and the nanoseconds behind them if they are needed.

    beyond: the times that do not fit the column, as RFC 3339 has them.
    """
    seconds, nanos = numpy.full(records, NO_TIME), numpy.zeros(records, numpy.int64)
    if column is not None:
        seconds, nanos = numpy.divmod(column.view(pyarrow.int64()).fill_null(0).to_numpy(), NANO)
        if column.null_count:
            absent = column.is_null().to_numpy(zero_copy_only=False)
            seconds[absent], nanos[absent] = NO_TIME, 0
    if beyond is not None:
        values = read_values(beyond.keys, context.reference_s, fractions=True)
        has = present(beyond)
        seconds[has] = values.seconds[beyond.index[has]]
        if values.nanos is not None:
            nanos[has] = values.nanos[beyond.index[has]]
    return seconds, nanos if context.fractions and nanos.any() else None


def numbers_in(column: pyarrow.Array) -> Numbers:
    """Return the whole numbers or the doubles of a column.

    A double with a decimal of nine digits behind the point, as long as it has 15 in all, becomes that decimal again.
    """
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    values = column.fill_null(0).to_numpy()
    if pyarrow.types.is_integer(column.type):
        return Numbers(values.astype(numpy.int64, copy=False), valid=None if valid.all() else valid)
    is_large = numpy.abs(values) >= MOST_WHOLE
    at = numpy.flatnonzero(is_large & numpy.isfinite(values))
    large = Large(at, numpy.array([int(value) * NANO for value in values[at].tolist()], object)) if len(at) else None
    valid = valid & numpy.isfinite(values) & ~is_large
    values = numpy.where(valid, values, 0.0)
    whole = numpy.floor(values)  # what is behind the point is exact then, and is rounded only once
    nanos = numpy.rint((values - whole) * NANO).astype(numpy.int64)
    whole = whole.astype(numpy.int64) + nanos // NANO
    nanos %= NANO
    return Numbers(whole, nanos if nanos.any() else None, None if valid.all() else valid, large)
