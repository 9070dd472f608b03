"""A source whose lines have several layouts, such as an application behind a web server that share one stdout.

Each layout in turn claims the lines that fit it. What none claims continues the record before it if that one may have
several lines and the line has no time of its own; otherwise it is rejected. So no line vanishes in another one's record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct
from msgspec.structs import replace

from logproc.formats.account import Claimed, parsed, starts_in
from logproc.formats.columns.lines import Lines, plain_lines
from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.units import unit_of
from logproc.formats.engine import LOOK_LINES, Format
from logproc.model.columns import Columns, KeyColumn, Large, Numbers, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.chunk import Context


class Mixed(Struct, frozen=True):
    """Several formats for the lines of one source, in the order in which they are asked. Frozen, so threads can share it."""

    layouts: tuple[Format, ...]

    @property
    def name(self) -> str:
        return " + ".join(layout.name for layout in self.layouts)

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field for layout in self.layouts for field in layout.fields))

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(field for layout in self.layouts for field in layout.shown))

    @property
    def multi_line(self) -> bool:
        return any(layout.multi_line for layout in self.layouts)

    @property
    def whole_records(self) -> bool:
        return False

    @property
    def by_line(self) -> bool:
        return all(layout.by_line for layout in self.layouts)

    @property
    def open_fields(self) -> bool:
        return any(layout.open_fields for layout in self.layouts)

    @property
    def assumed_order(self) -> str:
        return next((layout.order.assumed for layout in self.layouts if layout.order.assumed), "")

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some whole lines: whether the last record of them may go on in the next chunk."""
        for layout in self.layouts:
            context = layout.exact.follow(context, data, max_line_bytes)
        lines = plain_lines(data)
        for end in range(len(lines), 0, -LOOK_LINES):
            some = numpy.arange(max(end - LOOK_LINES, 0), end)
            short = (lines.ends - lines.starts)[some] <= max_line_bytes
            begins = numpy.full(len(some), -1)  # the first layout that fits has claimed the line
            for layout in self.layouts[::-1]:
                begins[layout.exact.claims(lines.texts(some)) & short] = layout.multi_line
            if (begins >= 0).any():
                return replace(context, in_record=bool(begins[begins >= 0][-1]))
        return context

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Return the wanted columns of a chunk of whole lines, and the account of all its lines."""
        lines = self.lines(data)
        claim = partial(self.claimed, lines, wanted=wanted, context=context)
        return parsed(lines, claim, context, wanted, max_line_bytes, order=self.assumed_order)

    def starts(self, data: Bytes, context: Context, max_line_bytes: int) -> Integers:
        """Return where in some whole lines the records begin, in ascending order."""
        lines = self.lines(data)
        return starts_in(lines, partial(self.claimed, lines, wanted=(), context=context), max_line_bytes)

    def lines(self, data: Bytes) -> Lines:
        """Return the lines of a chunk."""
        return plain_lines(data)

    def claimed(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Claimed:
        """Return what the layouts find in the lines that `left` names, and take these lines out of it."""
        parts, columns = [], []
        for layout in self.layouts:
            found, some = layout.claimed(layout.lines(lines.data), left, wanted, context)
            parts += found
            columns.append(with_numbers(some, self.numbers))
        return parts, stacked(columns)

    @property
    def numbers(self) -> frozenset[str]:
        """The columns that hold numbers in any of the layouts, and so in all: it must not matter which are in a chunk."""
        return frozenset(name for layout in self.layouts for name in (*dict(layout.units), *layout.exact.numbers))


def stacked(parts: Sequence[Columns]) -> Columns:
    """Return the records of all parts. What the records of one part do not have is absent in them."""
    filled = [part for part in parts if part.records] or list(parts[:1])
    if len(filled) == 1:
        return filled[0]
    numbers = dict.fromkeys(name for part in filled for name in part.numbers)
    keys = dict.fromkeys(name for part in filled for name in part.keys if name not in numbers)
    searched = dict.fromkeys(name for part in filled for name in part.searched)
    return Columns(
        records=sum(part.records for part in filled),
        time=numpy.concatenate([part.time for part in filled]),
        keys={name: stacked_keys([part.keys.get(name, absent_keys(part.records)) for part in filled]) for name in keys},
        numbers={name: stacked_numbers([numbers_in(part, name) for part in filled]) for name in numbers},
        malformed=stacked_masks([(part.records, part.malformed) for part in filled]),
        nanos=stacked_integers([(part.records, part.nanos) for part in filled]),
        unread_time=stacked_masks([(part.records, part.unread_time) for part in filled]),
        further=stacked_integers([(part.records, part.further) for part in filled]),
        searched={name: stacked_keys([searched_in(part, name) for part in filled]) for name in searched},
    )


def stacked_masks(parts: Sequence[tuple[int, Mask | None]]) -> Mask | None:
    """Return masks of some records as one, None if there is none."""
    if all(mask is None for _, mask in parts):
        return None
    return numpy.concatenate([numpy.zeros(records, bool) if mask is None else mask for records, mask in parts])


def stacked_integers(parts: Sequence[tuple[int, Integers | None]]) -> Integers | None:
    """Return integers of some records as one column, 0 where a part has none; None if no part has any."""
    if all(numbers is None for _, numbers in parts):
        return None
    return numpy.concatenate([numpy.zeros(records, numpy.int64) if numbers is None else numbers for records, numbers in parts])


def searched_in(part: Columns, name: str) -> KeyColumn:
    return part.searched.get(name) or part.keys.get(name) or absent_keys(part.records)


def absent_keys(records: int) -> KeyColumn:
    return KeyColumn(pyarrow.array([None], pyarrow.string()), numpy.zeros(records, numpy.int32))


def stacked_keys(columns: Sequence[KeyColumn]) -> KeyColumn:
    keys = pyarrow.concat_arrays([column.keys for column in columns]).dictionary_encode("encode")
    places = keys.indices.to_numpy(zero_copy_only=False)
    first = numpy.cumsum([0, *(len(column.keys) for column in columns)])
    index = [places[start + column.index] for start, column in zip(first, columns, strict=False)]
    return KeyColumn(keys.dictionary, numpy.concatenate(index))


def with_numbers(part: Columns, names: Collection[str]) -> Columns:
    """Return columns in which those of some names are numbers.

    What its layout has already read as a number was read in that layout's unit, and stays.
    """
    texts = {name: column for name, column in part.keys.items() if name in names}
    if not texts:
        return part
    numbers = {name: numbers_of(column, unit_of(name)) for name, column in texts.items() if name not in part.numbers}
    keys = {name: column for name, column in part.keys.items() if name not in texts}
    return replace(part, keys=keys, numbers={**part.numbers, **numbers})


def numbers_in(part: Columns, name: str) -> Numbers:
    """Return a column of numbers; no valid ones if there is no such column."""
    nothing = numpy.zeros(part.records, numpy.int64)
    return part.numbers.get(name) or Numbers(nothing, None, numpy.zeros(part.records, bool))


def stacked_numbers(columns: Sequence[Numbers]) -> Numbers:
    nanos = valid = large = None
    if any(column.nanos is not None for column in columns):
        nanos = numpy.concatenate([numpy.zeros_like(one.whole) if one.nanos is None else one.nanos for one in columns])
    if any(column.valid is not None for column in columns):
        valid = numpy.concatenate([numpy.ones(len(one.whole), bool) if one.valid is None else one.valid for one in columns])
    first = numpy.cumsum([0, *(len(column.whole) for column in columns)])
    beyond = [
        (start + column.large.at, column.large.nanos) for start, column in zip(first, columns, strict=False) if column.large
    ]
    if beyond:
        large = Large(numpy.concatenate([at for at, _ in beyond]), numpy.concatenate([nanos for _, nanos in beyond]))
    unread = {
        reason: numpy.concatenate([one.unread.get(reason, numpy.zeros(len(one.whole), bool)) for one in columns])
        for reason in dict.fromkeys(reason for column in columns for reason in column.unread)
    }
    return Numbers(numpy.concatenate([column.whole for column in columns]), nanos, valid, large, unread)
