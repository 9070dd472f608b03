"""A chunk of an access log → columns: the fast way for the lines it takes, the exact way for the others.

lines ─ cut at the quotes (delimited) ─┬─ fits ──────────────→ slices ─┐
                                       └─ else ─ match (pattern) ──────┴→ encode → Columns
                                                      └─ no ─→ rejected, with a reason
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow

from logproc.formats.columns.printable import key_column
from logproc.formats.columns.quantities import numbers_of
from logproc.formats.columns.requests import COLUMNS as REQUEST_COLUMNS
from logproc.formats.columns.requests import request_columns
from logproc.formats.columns.slices import Slices, encode
from logproc.formats.readers import pattern
from logproc.formats.readers import quotes as delimited
from logproc.formats.readers.layout import Layout
from logproc.formats.readers.quotes import LF, Lines, blank_lines, lines_of
from logproc.model import NO_TIME, Account, Columns, Context, KeyColumn, Numbers, Parsed

if TYPE_CHECKING:
    from logproc.model import Bytes, Integers, Mask

TOO_LONG = "line-too-long"
STATUSES = pyarrow.array([f"{status:03}" for status in range(1000)])


@dataclass(frozen=True, slots=True)
class AccessFormat:
    """A format whose lines a Layout describes."""

    layout: Layout
    open_fields = False

    @property
    def name(self) -> str:
        """The name of the layout."""
        return self.layout.name

    @property
    def summary(self) -> str:
        """What it is, in a line."""
        return self.layout.summary

    @property
    def example(self) -> str:
        """A line of it."""
        return self.layout.example

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of its records."""
        names = [name for name in (*self.layout.tokens, *self.layout.quoted) if name not in {"ident", "request"}]
        return (*names, *(REQUEST_COLUMNS if "request" in self.layout.quoted else ()))

    def follow(self, context: Context, _data: Bytes, _max_line_bytes: int) -> Context:
        """Return the context as it is: a line says all about itself."""
        return context

    def parse(self, data: Bytes, _context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk of whole lines, the last one ended by LF."""
        layout = self.layout
        lines = lines_of(data, 2 * len(layout.quoted))
        left = numpy.ones(len(lines.starts), bool)
        too_long = lines.ends - lines.starts > max_line_bytes
        left[too_long] = False
        cut = delimited.cut(data, layout, lines)
        cut.narrow(left[cut.line])
        left[cut.line] = False
        rest = read_exactly(data, lines, left, layout)
        rest.reject(numpy.flatnonzero(too_long).tolist(), TOO_LONG)
        return rest.parsed(lines, to_columns(layout, cut, rest.records, wanted))

    def parse_exactly(self, data: Bytes, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk by the exact way alone: what `parse` must be equal to, for any bytes."""
        lines = lines_of(data, 0)
        too_long = lines.ends - lines.starts > max_line_bytes
        rest = read_exactly(data, lines, ~too_long, self.layout)
        rest.reject(numpy.flatnonzero(too_long).tolist(), TOO_LONG)
        nothing = delimited.cut(data[:0], self.layout, lines_of(data[:0], 0))
        return rest.parsed(lines, to_columns(self.layout, nothing, rest.records, wanted))


class Rest:
    """What the exact way made of the lines it was given."""

    def __init__(self, blank: int) -> None:
        self.records: list[pattern.Fields] = []
        self.rejected = array("q")
        self.reasons: list[str] = []
        self.blank = blank

    def reject(self, lines: Sequence[int], reason: str) -> None:
        """Reject lines by their positions."""
        self.rejected.extend(lines)
        self.reasons += [reason] * len(lines)

    def parsed(self, lines: Lines, columns: Columns | None) -> Parsed:
        """Return the result for the whole chunk."""
        at = numpy.array(self.rejected, numpy.int64)
        order = numpy.argsort(at)
        at = at[order]
        return Parsed(
            columns=columns,
            account=Account(
                lines=len(lines.starts),
                records=columns.records if columns else 0,
                rejected=len(self.rejected),
                blank=self.blank,
            ),
            rejected_lines=at,
            rejected_reasons=tuple(self.reasons[place] for place in order.tolist()),
            rejected_bounds=numpy.column_stack([lines.starts[at], lines.ends[at]]),
        )


def parse_line_ends(data: Bytes) -> Parsed | None:
    """Return what a chunk is that holds nothing but line feeds, as those of a bomb do; None for any other."""
    if data[:1] != LF or not (data == LF).all():
        return None
    nothing = numpy.empty(0, numpy.int64)
    return Parsed(None, Account(lines=len(data), blank=len(data)), nothing, (), nothing.reshape(0, 2))


def parse_unknown(data: Bytes, max_line_bytes: int) -> Parsed:
    """Return what whole lines of no known format are: rejected, unless they are blank."""
    lines = lines_of(data, 0)
    too_long = lines.ends - lines.starts > max_line_bytes
    rest = read_exactly(data, lines, ~too_long, None)
    rest.reject(numpy.flatnonzero(too_long).tolist(), TOO_LONG)
    return rest.parsed(lines, None)


def read_exactly(data: Bytes, lines: Lines, left: Mask, layout: Layout | None) -> Rest:
    """Read the lines that the mask names: blank ones all at once, of which a bomb may hold millions, others one by one."""
    blank = blank_lines(data, lines) & left if left.any() else left
    rest = Rest(int(blank.sum()))
    for line in numpy.flatnonzero(left & ~blank).tolist():
        found = pattern.match(layout, lines.text(data, line)) if layout else "unknown-format"
        if isinstance(found, pattern.Fields):
            rest.records.append(found)
        else:
            rest.reject([line], found)
    return rest


def to_columns(layout: Layout, cut: delimited.Cut, records: list[pattern.Fields], wanted: Collection[str]) -> Columns:
    """Join what both ways read into the columns that are wanted."""
    count = len(cut) + len(records)
    join = Join(cut, records)
    malformed: Mask | None = None
    keys = {name: key_column(*join.distinct(name)) for name in layout.text_columns if name in wanted}
    if "request" in layout.quoted:
        requests, malformed = request_columns(*join.distinct("request"), wanted)
        keys = requests | keys
    if "status" in layout.tokens:
        keys["status"] = KeyColumn(STATUSES, join.statuses())
    numbers = {"bytes": Numbers(join.numbers("bytes"))} if "bytes" in layout.tokens else {}
    for name, power in layout.units:
        if name in keys:
            numbers[name] = numbers_of(keys[name], power)
    time = join.numbers("time") if "time" in layout.tokens else numpy.full(count, NO_TIME, numpy.int64)
    return Columns(count, time, keys, numbers, malformed)


@dataclass(frozen=True, slots=True)
class Join:
    """Columns of what the fast way cut, and behind it of what the exact way read."""

    cut: delimited.Cut
    records: list[pattern.Fields]

    def distinct(self, name: str) -> tuple[pyarrow.Array, Any]:
        """Return the distinct texts of a column, and for each record which it has."""
        empty = Slices(numpy.empty(0, numpy.uint8), delimited.NOWHERE, delimited.NOWHERE)
        slices = self.cut.slices.get(name, empty) if len(self.cut) else empty
        return encode(slices, [record.text[name] for record in self.records])

    def numbers(self, name: str) -> Integers:
        """Return a column of whole numbers."""
        return self.joined(name, [getattr(record, name) for record in self.records])

    def statuses(self) -> Integers:
        """Return the status of each record as a number."""
        return self.joined("status", [int(record.text["status"]) for record in self.records])

    def joined(self, name: str, others: list[int]) -> Integers:
        """Return the numbers of both ways."""
        parts = [self.cut.numbers[name]] if len(self.cut) else []
        return numpy.concatenate([*parts, numpy.array(others, numpy.int64)])
