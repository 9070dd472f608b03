"""One engine for every kind of log: a chunk of lines → columns, and an account of all lines.

Logs differ in how lines become raw fields: that is the job of a Reader. Everything else is here, once:

    lines ─ quick reader ─ exact reader ─ times ─ requests, targets ─ made printable ─ numbers ─→ Columns
                 └ claims what it can  └ claims the rest, gives reasons ─→ Account

The exact reader defines a format. A quick reader takes regular lines, many at once, and leaves all others; tests check
that the two agree, field by field.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import EMPTY, absent_once, columns_of, complete, with_absent
from logproc.formats.columns.lines import LF, Lines, blank_lines, plain_lines
from logproc.formats.columns.printable import absent_as_null
from logproc.formats.columns.slices import ABSENT, Raw, Slices, arrow, encoded
from logproc.formats.times.reading import read_values
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME, Account, KeyColumn, Numbers, Parsed

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask
    from logproc.model.columns import Columns

TOO_LONG = "line-too-long"
LOOK_LINES = 4096


def no_lines() -> Integers:
    return numpy.empty(0, numpy.int64)


@dataclass(frozen=True, slots=True)
class Field:
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


@dataclass(frozen=True, slots=True)
class Found:
    """The records that a reader found in some lines.

    line: of each record the position of its line, in order. fields: what is in them. numbers: fields that are already parsed.
    time: the seconds of each record since 1970, None if a field `time` holds them as text, or nothing does.
    zoneless, undated: which of the times have no zone, and which no year; None if none has none.
    untimed: lines that fit, but whose time does not exist. aside: lines about the log itself, such as directives.
    reasons: why lines were not claimed, where that is more specific than `no-match`.
    """

    line: Integers = field(default_factory=no_lines)
    fields: Mapping[str, Field] = field(default_factory=dict)
    numbers: Mapping[str, Integers] = field(default_factory=dict)
    time: Integers | None = None
    zoneless: Mask | None = None
    undated: Mask | None = None
    untimed: Integers = field(default_factory=no_lines)
    aside: Integers = field(default_factory=no_lines)
    reasons: Mapping[int, str] = field(default_factory=dict)

    def moved(self, lines: int) -> Found:
        """Return the same records with so many lines before them."""
        reasons = {line + lines: reason for line, reason in self.reasons.items()}
        at = {name: getattr(self, name) + lines for name in ("line", "untimed", "aside")}
        return replace(self, **at, reasons=reasons)

    def keep(self, mask: Mask) -> Found:
        if mask.all():
            return self
        return replace(
            self,
            line=self.line[mask],
            fields={name: column.keep(mask) for name, column in self.fields.items()},
            numbers={name: values[mask] for name, values in self.numbers.items()},
            time=None if self.time is None else self.time[mask],
            zoneless=None if self.zoneless is None else self.zoneless[mask],
            undated=None if self.undated is None else self.undated[mask],
        )


class Reader(Protocol):
    """Extracts raw fields from lines. Frozen, so threads can share it."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that records have, as far as that is known before they are read, with `time` among them."""

    def lines(self, data: Bytes) -> Lines:
        """Return the lines of a chunk, with the marks that the reader needs."""
        return plain_lines(data)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return the records among the lines that `left` names, with the fields that are needed for the wanted columns."""

    def pieces(self, lines: Lines) -> Sequence[tuple[int, int]]:
        """Return the lines as ranges to be read one after the other: more than one where `read` would need much memory."""
        return [(0, len(lines))]

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines start a record; none for a reader that needs a sample first."""
        return numpy.zeros(len(texts), bool)

    def follow(self, context: Context, _data: Bytes, _max_line_bytes: int) -> Context:
        """Return the context after some whole lines, given the context before them."""
        return context


@dataclass(frozen=True, slots=True)
class Format:
    """One format of lines. Frozen, so threads can share it.

    exact: the definition of its records. quick: a reader that is asked first.
    units: the columns that hold numbers, each with the power of ten to divide by: 3 for milliseconds.
    multi_line: whether a line that does not fit belongs to the record before it.
    mixed: whether some records are not requests. open_fields: whether records may have any fields.
    empty_is_absent: whether an empty field counts as absent.
    """

    name: str
    exact: Reader
    quick: Reader | None = None
    summary: str = ""
    example: str = ""
    units: tuple[tuple[str, int], ...] = ()
    multi_line: bool = False
    mixed: bool = False
    open_fields: bool = False
    empty_is_absent: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns of the records, as far as they are known before reading."""
        return columns_of(self.exact.fields)

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
        lines = (self.quick or self.exact).lines(data)
        too_long = lines.ends - lines.starts > max_line_bytes
        blank = blank_lines(lines) & ~too_long
        left = ~(too_long | blank)
        parts: list[Found] = []
        # Masks have one element for each line of the chunk. `left` shrinks to what no reader has claimed.
        for reader in (self.quick, self.exact):
            if reader and left.any():
                found = [self.timed(part, context) for part in read_in_pieces(reader, lines, left, wanted, context)]
                for part in found:
                    left[part.line] = left[part.untimed] = left[part.aside] = False
                parts += found
        columns = self.columns([part for part in parts if len(part.line)], wanted)
        continuation = continuing(parts, left, in_record=context.in_record) if self.multi_line else numpy.zeros_like(left)
        otherwise = "no-record-start" if self.multi_line else "no-match"
        parsed = accounted(lines, parts, too_long, blank, continuation, otherwise, columns)
        return replace(parsed, zoneless=any(marked(part.zoneless).any() for part in parts), undated=undated_times(parts))

    def timed(self, part: Found, context: Context) -> Found:
        """Return records with their times read, if they have them as a field `time`; unreadable ones are in `untimed`."""
        stamp = part.fields.get("time")
        if part.time is not None or stamp is None:
            return part
        column = self.column_of("time", [part])
        values = read_values(column.keys, context.reference_s, context.zone)
        absent = pyarrow.compute.equal(column.keys, EMPTY).fill_null(True).to_numpy(zero_copy_only=False)
        bad = ((values.seconds == NO_TIME) & ~absent)[column.index]
        fields = {name: column for name, column in part.fields.items() if name != "time"}
        zoneless, undated = (mask[column.index] if mask.any() else None for mask in (values.zoneless, values.undated))
        found = replace(part, fields=fields, time=values.seconds[column.index], zoneless=zoneless, undated=undated)
        return replace(found.keep(~bad), untimed=numpy.concatenate([part.untimed, part.line[bad]])) if bad.any() else found

    def columns(self, parts: Sequence[Found], wanted: Collection[str]) -> Columns:
        """Return the columns of all records found, in the order of the readers."""
        records = sum(len(part.line) for part in parts)
        raw = {name: self.column_of(name, parts) for name in dict.fromkeys(name for part in parts for name in part.fields)}
        none = numpy.full(records, NO_TIME, numpy.int64)
        time = together([none[: len(part.line)] if part.time is None else part.time for part in parts]) if parts else none
        columns = complete(raw, time, dict(self.units), wanted, mixed=self.mixed, open_fields=self.open_fields)
        names = parts[0].numbers if parts else ()
        numbers = {name: Numbers(together([part.numbers[name] for part in parts])) for name in names}
        return replace(columns, numbers={**columns.numbers, **numbers}) if numbers else columns

    def column_of(self, name: str, parts: Sequence[Found]) -> KeyColumn:
        """Return one raw field of all records. This is the one place that makes an absent value null."""
        fields = [part.fields.get(name) for part in parts]
        keys, index = encoded([found.values for found in fields if found])
        if self.empty_is_absent:
            keys, index = without_empty(keys, index)
        if any(found is None or found.of is not None for found in fields):
            keys, index = spread(keys, index, fields, [len(part.line) for part in parts])
        return KeyColumn(absent_as_null(keys), index)


def read_in_pieces(reader: Reader, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> list[Found]:
    """Return what a reader finds in all lines, one part for each of its pieces."""
    pieces = reader.pieces(lines)
    if len(pieces) == 1:
        return [reader.read(lines, left, wanted, context)]
    begins, parts = numpy.append(lines.starts, len(lines.data)), []
    for first, end in pieces:
        if left[first:end].any():
            some = reader.lines(lines.data[begins[first] : begins[end]])
            parts.append(reader.read(some, left[first:end], wanted, context).moved(first))
    return parts


def without_empty(keys: pyarrow.Array, index: Integers) -> tuple[pyarrow.Array, Integers]:
    """Return distinct values and their index, with empty values replaced by `-`."""
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


def marked(mask: Mask | None) -> Mask:
    return numpy.zeros(0, bool) if mask is None else mask


def undated_times(parts: Sequence[Found]) -> Integers | None:
    """Return the times without a year in the order of their lines, None if there are none."""
    some = [part for part in parts if part.undated is not None and part.time is not None]
    if not some:
        return None
    lines = together([part.line[marked(part.undated)] for part in some])
    times = together([part.time[marked(part.undated)] for part in some if part.time is not None])
    return times[numpy.argsort(lines, kind="stable")]


def together(parts: Sequence[Integers]) -> Integers:
    return parts[0] if len(parts) == 1 else numpy.concatenate(parts)


def continuing(parts: Sequence[Found], left: Mask, *, in_record: bool) -> Mask:
    """Return which of the unclaimed lines come after the start of a record."""
    opens = numpy.zeros_like(left)
    for part in parts:
        opens[part.line] = opens[part.untimed] = True
    found: Mask = left & (numpy.logical_or.accumulate(opens) | in_record)
    return found


def accounted(
    lines: Lines,
    parts: Sequence[Found],
    too_long: Mask,
    blank: Mask,
    continuation: Mask,
    otherwise: str,
    columns: Columns | None,
) -> Parsed:
    """Return a chunk's result with the account of its lines. Lines that nothing has claimed are rejected, with a reason."""
    rejected = ~(blank | continuation)
    reasons: dict[int, str] = {}
    for part in parts:
        rejected[part.line] = rejected[part.aside] = False
        reasons |= dict.fromkeys(part.untimed.tolist(), "bad-time") | dict(part.reasons)
    at = numpy.flatnonzero(rejected)
    reasons |= dict.fromkeys(numpy.flatnonzero(too_long).tolist(), TOO_LONG)
    return Parsed(
        columns=columns,
        account=Account(
            lines=len(lines),
            records=columns.records if columns else 0,
            rejected=len(at),
            blank=int(blank.sum()),
            continuation=int(continuation.sum()) + sum(len(part.aside) for part in parts),
        ),
        rejected_lines=at,
        rejected_reasons=tuple(reasons.get(line, otherwise) for line in at.tolist()),
        rejected_bounds=numpy.column_stack([lines.starts[at], lines.ends[at]]).astype(numpy.int64),
    )


def parse_line_ends(data: Bytes) -> Parsed | None:
    """Return the account of a chunk of only line feeds, as decompression bombs hold; None for any other chunk."""
    if data[:1] != LF or not (data == LF).all():
        return None
    return Parsed(None, Account(lines=len(data), blank=len(data)), no_lines(), (), no_lines().reshape(0, 2))


def parse_unknown(data: Bytes, max_line_bytes: int) -> Parsed:
    """Return the account of whole lines whose format is unknown: all but the blank ones are rejected."""
    lines = plain_lines(data)
    too_long = lines.ends - lines.starts > max_line_bytes
    blank = blank_lines(lines) & ~too_long
    return accounted(lines, (), too_long, blank, numpy.zeros_like(blank), "unknown-format", None)
