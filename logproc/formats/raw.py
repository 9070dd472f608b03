"""What every reader gives back: how lines become raw fields is the one thing in which kinds of logs differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct, field
from msgspec.structs import replace

from logproc.formats.columns.lines import Lines, plain_lines
from logproc.formats.columns.slices import Raw, Slices, arrow
from logproc.model.chunk import Context
from logproc.model.columns import KeyColumn

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask


def no_lines() -> Integers:
    return numpy.empty(0, numpy.int64)


class Field(Struct, frozen=True):
    """One raw field of the records that a reader found.

    values: its bytes, `-` or null where it is absent. of: the number of the record that each value belongs to; if a record
    has several, the last counts. None: every record has one, in order.
    """

    values: Raw
    of: Integers | None = None

    def keep(self, mask: Mask) -> Field:
        if self.of is None:
            return Field(kept(self.values, mask))
        # Records are numbered anew: each has as its number how many before it are kept.
        return Field(kept(self.values, mask[self.of]), (numpy.cumsum(mask) - 1)[self.of[mask[self.of]]])


def kept(values: Raw, mask: Mask) -> Raw:
    if isinstance(values, Slices | KeyColumn):
        return values.keep(mask)
    return values.take(arrow(numpy.flatnonzero(mask), pyarrow.int64()))


class Found(Struct, frozen=True):
    """The records that a reader found in some lines.

    line: of each record the position of its line, in order. fields: what is in them. numbers: fields that are already parsed.
    time: the seconds of each record since 1970, None if a field `time` holds them as text, or nothing does.
    nanos: the billionths behind these seconds, None if all are 0 or they were not asked for (`Context.fractions`).
    zoneless, undated: which of the times have no zone, and which no year; None if none has none.
    unread_time: which records have a time that cannot be read, and so none; None if none has.
    untimed: lines that fit, but whose time does not exist. aside: lines about the log itself, such as directives.
    reasons: why lines were not claimed, where that is more specific than `no-match`.
    """

    line: Integers = field(default_factory=no_lines)
    fields: Mapping[str, Field] = field(default_factory=dict)
    numbers: Mapping[str, Integers] = field(default_factory=dict)
    time: Integers | None = None
    nanos: Integers | None = None
    zoneless: Mask | None = None
    undated: Mask | None = None
    unread_time: Mask | None = None
    untimed: Integers = field(default_factory=no_lines)
    aside: Integers = field(default_factory=no_lines)
    reasons: Mapping[int, str] = field(default_factory=dict)

    @property
    def unread_times(self) -> Mask:
        return numpy.zeros(len(self.line), bool) if self.unread_time is None else self.unread_time

    @property
    def all_nanos(self) -> Integers:
        return numpy.zeros(len(self.line), numpy.int64) if self.nanos is None else self.nanos

    def keep(self, mask: Mask) -> Found:
        if mask.all():
            return self
        return replace(
            self,
            line=self.line[mask],
            fields={name: column.keep(mask) for name, column in self.fields.items()},
            numbers={name: values[mask] for name, values in self.numbers.items()},
            time=None if self.time is None else self.time[mask],
            nanos=None if self.nanos is None else self.nanos[mask],
            zoneless=None if self.zoneless is None else self.zoneless[mask],
            undated=None if self.undated is None else self.undated[mask],
            unread_time=None if self.unread_time is None else self.unread_time[mask],
        )


class Reader(Struct, frozen=True):
    """Extracts raw fields from lines. Frozen, so threads can share it."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that records have, as far as that is known before they are read, with `time` among them."""
        raise NotImplementedError

    @property
    def held(self) -> frozenset[str]:
        """The fields that say the same as a standard column, which is taken from them: `msg` beside `message`."""
        return frozenset()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The fields that it reads as numbers by itself."""
        return ()

    def lines(self, data: Bytes) -> Lines:
        """Return the lines of a chunk, with the marks that the reader needs."""
        return plain_lines(data)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return the records among the lines that `left` names, with the fields that are needed for the wanted columns."""
        raise NotImplementedError

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines start a record; none for a reader that needs a sample first."""
        return numpy.zeros(len(texts), bool)

    def claims(self, texts: pyarrow.Array) -> Mask:
        """Return which lines `read` would take, or find no time in."""
        return self.fits(texts)

    def follow(self, context: Context, _data: Bytes, _max_line_bytes: int) -> Context:
        """Return the context after some whole lines, given the context before them."""
        return context
