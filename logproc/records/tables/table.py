"""The kept records of one chunk as a typed Arrow table: what every output but the log's own lines is made of.

Text stays dictionary-encoded, so that each distinct value is escaped, quoted and compressed once. A dictionary has only the
values of the records that are written, each once, and absent is a null of the index, never of the dictionary.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import REQUEST
from logproc.formats.columns.slices import arrow, mask
from logproc.model.columns import NO_TIME, KeyColumn, Numbers
from logproc.questions.question import SOURCE
from logproc.questions.view import View, keys_of_numbers
from logproc.records.tables.layout import LINE, OTHER, OURS, TIME, TYPES, WHOLE, Layout, other_name, type_of
from logproc.records.tables.moments import moment_texts

if TYPE_CHECKING:
    from logproc.model.arrays import Integers, Mask

NANO = 10**9
FIRST_NS_S, LAST_NS_S = -(2**63) // NANO + 1, (2**63 - 1) // NANO - 1
"""The seconds whose every nanosecond fits a timestamp in nanoseconds: 1677 to 2262."""
ENTRY = [TYPES[OTHER].key_field, TYPES[OTHER].item_field]
AS_NUMBER = "^(?:0|-?[1-9][0-9]*)$"
EXACT_S = 2**53 // NANO - 1
"""Seconds below this are an integer of nanoseconds that a double holds, so that one division rounds once."""


def in_order(kept: Mask, record_lines: Integers) -> Integers:
    """Return the positions of the kept records among the columns, in the order of their lines.

    The columns of a chunk are in the order in which readers found the records. record_lines: the line of each, in that order.
    """
    which = numpy.flatnonzero(kept)
    lines = record_lines[which]
    return which if (lines[1:] >= lines[:-1]).all() else which[numpy.argsort(lines, kind="stable")]


def table_of(view: View, records: Integers, lines: Integers, source: KeyColumn | str, layout: Layout) -> pyarrow.Table:
    """Return some records of a chunk as a table with the columns of a layout, in the order in which they are given.

    records: their positions among the columns of the view, shape (n,). lines: the number of the first line of each in its
    source, from 1, shape (n,). source: the name of the source of all, or of each record of the view.
    """
    names = source if isinstance(source, KeyColumn) else one_name(source, view.columns.records)
    rest: list[tuple[str, KeyColumn]] = []
    columns = []
    for name in layout.names:
        if name == LINE:
            column, unfit = arrow(numpy.ascontiguousarray(lines, numpy.int64), pyarrow.int64()), None
        elif name == SOURCE:
            column, unfit = dictionary_of(names, records), None
        elif name == WHOLE and layout.has_text and WHOLE not in view.columns.keys:
            column, unfit = texts_of_several_lines(view, records), None
        else:
            column, unfit = typed(view, name, records)
            if layout.exact and name in view.columns.keys and pyarrow.types.is_integer(column.type):
                unfit = spelled_otherwise(view.columns.keys[name].take(records), column)
        columns.append(column)
        rest += [(name, unfit)] if unfit is not None else []
    if layout.other:
        rest += [(shown, column.take(records)) for shown, column in later_fields(view, names, layout)]
        columns.append(others(rest + malformed_requests(view, records, layout), len(records)))
    return pyarrow.table(columns, schema=layout.schema)


def texts_of_several_lines(view: View, records: Integers) -> pyarrow.DictionaryArray:
    """Return the whole text of the records that have several lines, with the line feeds between these."""
    text, further = view.columns.searched.get(WHOLE), view.columns.further
    if text is None or further is None:
        return pyarrow.nulls(len(records), type_of(WHOLE))
    return dictionary_of(only(text.take(records), further[records] > 0), numpy.arange(len(records)))


def one_name(name: str, records: int) -> KeyColumn:
    return KeyColumn(pyarrow.array([name], pyarrow.string()), numpy.zeros(records, numpy.int32))


def later_fields(view: View, source: KeyColumn, layout: Layout) -> Iterator[tuple[str, KeyColumn]]:
    """Yield the fields of a chunk that are in no column: those that the layout does not know.

    What a log itself calls `source`, `line` or `other` is `log.source` and so on, because our columns have these names.
    Where nothing may be lost, what it calls `log.source` is `log.log.source`.
    """
    known = {*layout.names, *layout.known} - OURS
    for name in dict.fromkeys((*view.columns.keys, *view.columns.numbers)):
        column = None if name in known else view.texts(name)
        if column is None or (name == SOURCE and column.keys.equals(source.keys)):
            continue
        yield (other_name(name) if layout.exact or name in OURS else name), column


def malformed_requests(view: View, records: Integers, layout: Layout) -> list[tuple[str, KeyColumn]]:
    """Return the requests of which no parts are shown, if requests are left out because of their parts."""
    malformed, request = view.columns.malformed, view.columns.keys.get(REQUEST)
    if REQUEST not in layout.known or malformed is None or request is None or not malformed[records].any():
        return []
    if layout.exact and request.keys.null_count:
        request = KeyColumn(request.keys.fill_null("-"), request.index)
    return [(REQUEST, only(request.take(records), malformed[records]))]


def typed(view: View, name: str, records: Integers) -> tuple[pyarrow.Array, KeyColumn | None]:
    """Return a column of some records, and as text the values that do not fit its type; None if all fit."""
    kind = type_of(name)
    if name == TIME:
        return times_of(view, records)
    if pyarrow.types.is_dictionary(kind):
        column = view.texts(name)
        found = pyarrow.nulls(len(records), kind) if column is None else dictionary_of(column, records)
        return found, None
    numbers = view.numbers(name)
    if numbers is None:
        return pyarrow.nulls(len(records), kind), None
    numbers = numbers.take(records)
    found = doubles_of(numbers) if pyarrow.types.is_floating(kind) else integers_of(numbers, kind)
    return found, unfit_of(view, name, records, numbers, found)


def unfit_of(view: View, name: str, records: Integers, numbers: Numbers, found: pyarrow.Array) -> KeyColumn | None:
    """Return the values that are not in a column of numbers as text, None if all are."""
    missing = numpy.zeros(len(records), bool)
    if not found.null_count:
        return None
    absent = found.is_null().to_numpy(zero_copy_only=False)
    if numbers.valid is None:  # all are numbers, so these do not fit
        missing |= absent
    else:
        missing |= absent & numbers.valid
    for unread in numbers.unread.values():
        missing |= absent & unread
    if numbers.large is not None:
        missing[numbers.large.at] = absent[numbers.large.at]
    if not missing.any():
        return None
    text = view.columns.keys.get(name)
    column = keys_of_numbers(numbers) if text is None else text.take(records)
    return only(column, missing)


def spelled_otherwise(column: KeyColumn, numbers: pyarrow.Array) -> KeyColumn | None:
    """Return the texts that are not what their numbers are written as, such as `000`, None if all are."""
    as_numbers = pyarrow.compute.match_substring_regex(column.keys, AS_NUMBER).fill_null(True).to_numpy(zero_copy_only=False)
    other = ~as_numbers[column.index]
    if numbers.null_count:
        other |= numbers.is_null().to_numpy(zero_copy_only=False)
    return only(column, other) if other.any() else None


def only(column: KeyColumn, these: Mask) -> KeyColumn:
    """Return a column in which only some records have a value."""
    keys = pyarrow.concat_arrays([column.keys, pyarrow.nulls(1, column.keys.type)])
    return KeyColumn(keys, numpy.where(these, column.index, len(column.keys)))


def times_of(view: View, records: Integers) -> tuple[pyarrow.Array, KeyColumn | None]:
    """Return the times of some records, null where they have none, and as text those before 1677 or after 2262."""
    seconds = view.columns.time[records]
    nanos = None if view.columns.nanos is None else view.columns.nanos[records]
    fits = (seconds >= FIRST_NS_S) & (seconds <= LAST_NS_S)
    all_fit = bool(fits.all())
    moments = (seconds if all_fit else numpy.where(fits, seconds, 0)) * NANO
    if nanos is not None:
        moments += nanos if all_fit else numpy.where(fits, nanos, 0)
    column = with_nulls(moments, TYPES[TIME], None if all_fit else fits)
    beyond = ~fits & (seconds != NO_TIME)
    if all_fit or not beyond.any():
        return column, None
    texts = moment_texts(seconds[beyond], None if nanos is None else nanos[beyond])
    index = numpy.full(len(records), len(texts), numpy.int64)
    index[beyond] = numpy.arange(len(texts))
    return column, KeyColumn(pyarrow.concat_arrays([texts, pyarrow.nulls(1, texts.type)]), index)


def integers_of(numbers: Numbers, kind: pyarrow.DataType) -> pyarrow.Array:
    """Return the whole numbers of a column; null for others, and for those that do not fit the type."""
    fits = numpy.ones(len(numbers.whole), bool) if numbers.valid is None else numbers.valid.copy()
    if numbers.nanos is not None:
        fits &= numbers.nanos == 0
    if kind == pyarrow.int32():
        fits &= numbers.whole == numbers.whole.astype(numpy.int32)
        return with_nulls(numbers.whole.astype(numpy.int32), kind, fits)
    return with_nulls(numbers.whole, kind, fits)


def doubles_of(numbers: Numbers) -> pyarrow.Array:
    """Return a column of numbers as the doubles nearest to them."""
    valid = numbers.valid
    # The nanoseconds are an integer that a double holds, so the division rounds once. That of large numbers, which are rare,
    # is left to the reading of their text.
    small = numpy.abs(numbers.whole) < EXACT_S
    whole = numpy.where(small, numbers.whole, 0)
    values = (whole * NANO + (0 if numbers.nanos is None else numbers.nanos)) / NANO if numbers.nanos is not None else whole / 1
    odd = ~small if valid is None else ~small & valid
    if numbers.large is not None:
        odd[numbers.large.at] = True
        valid = valid.copy() if valid is not None else numpy.ones(len(whole), bool)
        valid[numbers.large.at] = True
    if odd.any():
        at = numpy.flatnonzero(odd)
        column = keys_of_numbers(numbers.take(at))
        exact = column.keys.cast(pyarrow.float64()).to_numpy(zero_copy_only=False)
        values[at] = exact[column.index]
    return with_nulls(values, pyarrow.float64(), valid)


def with_nulls(values: Any, kind: pyarrow.DataType, valid: Mask | None) -> pyarrow.Array:
    """Return numbers as an Arrow array over the same memory. valid: which of them are there, None for all."""
    values = numpy.ascontiguousarray(values)
    bits = None if valid is None or valid.all() else mask(valid).buffers()[1]
    return pyarrow.Array.from_buffers(kind, len(values), [bits, pyarrow.py_buffer(values)])


def dictionary_of(column: KeyColumn, records: Integers) -> pyarrow.DictionaryArray:
    """Return a column of some records, with a dictionary of just the values that they have, without a null."""
    index = column.index[records]
    keys = column.keys
    if pyarrow.types.is_integer(keys.type):
        keys = keys.cast(pyarrow.string())
    used = numpy.zeros(len(keys), bool)
    used[index] = True
    valid = None
    if keys.null_count:
        present = keys.is_valid().to_numpy(zero_copy_only=False)
        valid, used = present[index], used & present
    if not used.all():
        place = numpy.cumsum(used, dtype=numpy.int32) - 1
        place[~used] = 0
        keys, index = keys.filter(mask(used)), place[index]
    indices = with_nulls(index.astype(numpy.int32, copy=False), pyarrow.int32(), valid)
    return pyarrow.DictionaryArray.from_arrays(indices, keys, safe=False)


def others(rest: list[tuple[str, KeyColumn]], records: int) -> pyarrow.MapArray:
    """Return for each record a map of what is in no column of its own, null where that is nothing.

    rest: names, and the texts of all records.
    """
    found = list(entries(rest))
    if not found:
        return pyarrow.nulls(records, TYPES[OTHER])
    at = numpy.concatenate([which for _, which, _ in found])
    order = numpy.argsort(at, kind="stable")
    names = numpy.repeat(numpy.arange(len(found)), [len(which) for _, which, _ in found])[order]
    keys = pyarrow.array([name for name, _, _ in found], pyarrow.string()).take(arrow(names, pyarrow.int64()))
    values = pyarrow.concat_arrays([texts for _, _, texts in found]).take(arrow(order, pyarrow.int64()))
    counts = numpy.bincount(at, minlength=records)
    offsets = numpy.concatenate([[0], numpy.cumsum(counts)]).astype(numpy.int32)
    entry = pyarrow.StructArray.from_arrays([keys, values], fields=ENTRY)
    bits = mask(counts > 0).buffers()[1]
    return pyarrow.Array.from_buffers(TYPES[OTHER], records, [bits, pyarrow.py_buffer(offsets)], children=[entry])


def entries(rest: list[tuple[str, KeyColumn]]) -> Iterator[tuple[str, Integers, pyarrow.Array]]:
    """Yield each name with the records that have a value, and these values."""
    for name, column in rest:
        present = column.keys.is_valid().to_numpy(zero_copy_only=False)[column.index]
        which = numpy.flatnonzero(present)
        if len(which):
            index = column.index[which].astype(numpy.int64)
            yield name, which, column.keys.take(arrow(index, pyarrow.int64())).cast(pyarrow.string())
