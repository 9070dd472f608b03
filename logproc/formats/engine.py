"""One engine for every kind of log: a chunk of lines → columns, and an account of all lines.

Logs differ in how lines become raw fields: that is the job of a Reader. Everything else is here, once:

    lines ─ quick readers ─ exact reader ─ times ─ requests, targets ─ made printable ─ numbers ─→ Columns
                 └ claim what they can  └ claims the rest, gives reasons ─→ Account

The exact reader defines a format. Quick readers take regular lines, many at once, and leave all others; tests check
that they agree, field by field.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.account import Claimed, parsed, starts_in
from logproc.formats.columns.coalesce import with_date
from logproc.formats.columns.fields import (
    EMPTY,
    TARGET_COLUMNS,
    absent_once,
    asks_for_others,
    columns_of,
    complete,
    sought,
    with_absent,
)
from logproc.formats.columns.levels import leveled
from logproc.formats.columns.lines import Lines, plain_lines
from logproc.formats.columns.printable import absent_as_null
from logproc.formats.columns.slices import ABSENT, encoded, offsets_and_data
from logproc.formats.columns.units import unit_of
from logproc.formats.maps import Map, widened, with_sources
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.times.order import KNOWN, Order
from logproc.formats.times.reading import read_values
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME, KeyColumn, Numbers, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.columns import Columns

LOOK_LINES = 4096


class Format(Struct, frozen=True):
    """One format of lines. Frozen, so threads can share it.

    exact: the definition of its records. quick: the readers that are asked first, in turn.
    units: the columns that hold numbers, each with the power of ten to divide by: 3 for milliseconds.
    multi_line: whether a line that does not fit belongs to the record before it.
    mixed: whether some records are not requests. open_fields: whether records may have any fields.
    order: whether the day or the month is first in dates of numbers.
    empty_is_absent: whether an empty field counts as absent. levels: how the records write their level (see `columns.levels`).
    maps: fields that have another source (see `maps`).
    keeps_untimed: whether a record whose time cannot be read is one without a time. Otherwise its line is rejected.
    in_parts: whether a line may be only a part of what a program wrote; its field `tag` is P then (see `split_lines`).
    has_requests: whether the field `request` is a method, a target and a protocol. Otherwise it is what the log calls so.
    has_targets: whether the field `target` is one of a request, with a path. Otherwise it is what the log calls so.
    unnamed_time: a key of the records that looks like their time, but does not have the name of one.
    """

    name: str
    exact: Reader
    quick: tuple[Reader, ...] = ()
    summary: str = ""
    example: str = ""
    units: tuple[tuple[str, int], ...] = ()
    multi_line: bool = False
    mixed: bool = False
    open_fields: bool = False
    empty_is_absent: bool = True
    levels: str = "words"
    maps: tuple[Map, ...] = ()
    keeps_untimed: bool = False
    order: Order = KNOWN
    has_requests: bool = True
    has_targets: bool = True
    in_parts: bool = False
    unnamed_time: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of the records, as far as they are known before reading."""
        fields = (*self.exact.fields, *(found.field for found in self.maps))
        return columns_of(fields, has_requests=self.splits_requests, has_targets=self.splits_targets)

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns without what others say as well: a request in parts, a target, keys that a column is taken from."""
        fields, parts = self.fields, set(self.exact.held)
        is_split = self.splits_requests and "request" in fields
        if self.splits_targets:
            parts.difference_update(TARGET_COLUMNS)  # a target in a key `path`: its column is the target without the query
        if is_split:
            parts.add("request")
        if "path" in fields and (self.splits_targets or (is_split and "target" not in self.exact.fields)):
            parts.add("target")
        return tuple(name for name in fields if name not in parts)

    @property
    def readers(self) -> tuple[Reader, ...]:
        return (*self.quick, self.exact)

    @property
    def whole_records(self) -> bool:
        """Whether chunks must begin with a record."""
        return False

    @property
    def by_line(self) -> bool:
        """Whether nothing goes on from one line to the next but a record of several lines.

        The header of a W3C log tells what its later lines hold. Where it ends, another file may begin with other fields.
        """
        return all(type(reader).follow is Reader.follow for reader in self.readers) and not self.in_parts

    @property
    def splits_requests(self) -> bool:
        """Whether the field `request` is a request, by itself or because the user says so."""
        return self.has_requests or any(found.field == "request" for found in self.maps)

    @property
    def splits_targets(self) -> bool:
        """Whether the field `target` is one of a request, by itself or because the user says so."""
        return self.has_targets or any(found.field == "target" for found in self.maps)

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines start a record."""
        return self.exact.fits(texts)

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines, given the one before them.

        Where any of the lines opens a record, the record may go on in the next chunk. So such logs are cut at any line,
        and the longest entry needs no memory.
        """
        context = self.exact.follow(context, data, max_line_bytes)
        if not self.multi_line or context.in_record:
            return context
        lines = plain_lines(data)
        short = lines.ends - lines.starts <= max_line_bytes
        for start in range(0, len(lines), LOOK_LINES):
            some = numpy.arange(start, min(start + LOOK_LINES, len(lines)))
            if (self.fits(lines.texts(some)) & short[some]).any():
                return replace(context, in_record=True)
        return context

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return the wanted columns of a chunk of whole lines, and the account of all its lines."""
        lines = self.lines(data)
        claim = partial(self.claimed, lines, wanted=wanted, context=context)
        otherwise = "no-record-start" if self.multi_line else "no-match"
        return parsed(lines, claim, context, wanted, max_line_bytes, otherwise=otherwise, order=self.order.assumed)

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines the records begin, in ascending order."""
        lines = self.lines(data)
        return starts_in(lines, partial(self.claimed, lines, wanted=(), context=context), max_line_bytes)

    def lines(self, data: Bytes) -> Lines:
        """Return the lines of a chunk, with the marks that the readers need."""
        return self.readers[0].lines(data)

    def claimed(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Claimed:
        """Return what the readers find in the lines that `left` names, and take these lines out of it."""
        parts: list[Found] = []
        wanted = widened(wanted, self.maps) if self.maps else wanted
        for reader in self.readers:
            if left.any():
                part = self.timed(reader.read(lines, left, wanted, context), context)
                left[part.line] = left[part.untimed] = left[part.aside] = False
                parts.append(part)
        return [(part, self.multi_line) for part in parts], self.columns([part for part in parts if len(part.line)], wanted)

    def timed(self, part: Found, context: Context) -> Found:
        """Return records with their times read, if they have them as a field `time`; unreadable ones are in `untimed`."""
        part = with_sources(part, self.maps) if self.maps else part
        stamp = part.fields.get("time")
        if part.time is not None or stamp is None:
            return part
        column = self.column_of(self.found_in("time", [part]))
        source = next((found for found in self.maps if found.field == "time"), None)
        read = source.form.read if source and source.form else partial(read_values, forms=self.order.forms)
        if source and source.date in part.fields:
            column = with_date(column, self.column_of(self.found_in(source.date, [part])))
        values = read(column.keys, context.reference_s, context.zone, fractions=context.fractions)
        absent = pyarrow.compute.equal(column.keys, EMPTY).fill_null(True).to_numpy(zero_copy_only=False)
        bad = ((values.seconds == NO_TIME) & ~absent)[column.index]
        fields = {name: column for name, column in part.fields.items() if name != "time"}
        zoneless, undated = (mask[column.index] if mask.any() else None for mask in (values.zoneless, values.undated))
        nanos = None if values.nanos is None else numpy.where(values.seconds == NO_TIME, 0, values.nanos)[column.index]
        time = values.seconds[column.index]
        found = replace(part, fields=fields, time=time, nanos=nanos, zoneless=zoneless, undated=undated)
        if not bad.any():
            return found
        if self.keeps_untimed:
            return replace(found, unread_time=bad)
        return replace(found.keep(~bad), untimed=numpy.concatenate([part.untimed, part.line[bad]]))

    def columns(self, parts: Sequence[Found], wanted: Collection[str]) -> Columns:
        """Return the columns of all records found, in the order of the readers."""
        records = sum(len(part.line) for part in parts)
        found = {name: self.found_in(name, parts) for name in dict.fromkeys(name for part in parts for name in part.fields)}
        raw = {name: self.column_of(column) for name, column in found.items()}
        if "level" in found:  # before `-` is absent: it is a level of Redis
            raw |= {"level": leveled(found["level"], self.levels), "raw_level": raw["level"]}
        if self.in_parts and asks_for_others(wanted) and "tag" not in {*self.fields, *sought(wanted)}:
            raw.pop("tag", None)  # a mark of the reader, not a field of the log
        none = numpy.full(records, NO_TIME, numpy.int64)
        time = together([none[: len(part.line)] if part.time is None else part.time for part in parts]) if parts else none
        units = {name: unit_of(name, power) for name, power in self.units}
        units |= {found.field: found.unit for found in self.maps if found.unit}
        columns = complete(
            raw,
            time,
            units,
            wanted,
            mixed=self.mixed,
            open_fields=self.open_fields,
            has_requests=self.splits_requests,
            has_targets=self.splits_targets,
        )
        names = parts[0].numbers if parts else ()
        numbers = {name: Numbers(together([part.numbers[name] for part in parts])) for name in names}
        columns = replace(columns, numbers={**columns.numbers, **numbers}) if numbers else columns
        if any(part.nanos is not None for part in parts):
            columns = replace(columns, nanos=numpy.concatenate([part.all_nanos for part in parts]))
        if any(part.unread_time is not None for part in parts):
            columns = replace(columns, unread_time=numpy.concatenate([part.unread_times for part in parts]))
        return columns

    def found_in(self, name: str, parts: Sequence[Found]) -> KeyColumn:
        """Return one raw field of all records; it is empty, `-` or null where it is absent."""
        fields = [part.fields.get(name) for part in parts]
        keys, index = encoded([found.values for found in fields if found])
        if any(found is None or found.of is not None for found in fields):
            keys, index = spread(keys, index, fields, [len(part.line) for part in parts])
        return KeyColumn(keys, index)

    def column_of(self, found: KeyColumn) -> KeyColumn:
        """Return a raw field. This is the one place that makes an absent value null."""
        keys, index = without_empty(found.keys, found.index) if self.empty_is_absent else (found.keys, found.index)
        return KeyColumn(absent_as_null(keys), index)


def without_empty(keys: pyarrow.Array, index: Integers) -> tuple[pyarrow.Array, Integers]:
    """Return distinct values and their index, with empty values replaced by `-`."""
    offsets, _ = offsets_and_data(keys)
    if not (offsets[1:] == offsets[:-1]).any():
        return keys, index
    column = absent_once(pyarrow.compute.if_else(pyarrow.compute.equal(keys, EMPTY), ABSENT, keys), index)
    return column.keys, column.index


def spread(
    keys: pyarrow.Array, index: Integers, fields: Sequence[Field | None], records: Sequence[int]
) -> tuple[pyarrow.Array, Integers]:
    """Return values that only some records have, as values of all records: `-` for the others.

    index: of the values of all parts, in order. records: how many each part has.
    """
    keys, absent = with_absent(keys)
    found = numpy.full(sum(records), absent, numpy.int64)
    start = first = 0
    for part, count in zip(fields, records, strict=True):
        if part:
            of = numpy.arange(count) if part.of is None else part.of
            found[start + of] = index[first : first + len(of)]
            first += len(of)
        start += count
    return keys, found


def together(parts: Sequence[Integers]) -> Integers:
    return parts[0] if len(parts) == 1 else numpy.concatenate(parts)
