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
from logproc.formats.columns.levels import leveled
from logproc.formats.columns.lines import LF, Lines, blank_lines, plain_lines
from logproc.formats.columns.printable import absent_as_null
from logproc.formats.columns.slices import ABSENT, Raw, Slices, arrow, encoded
from logproc.formats.times.reading import values_seconds
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
    untimed: lines that fit, but whose time does not exist. aside: lines about the log itself, such as directives.
    reasons: why lines were not claimed, where that is more specific than `no-match`.
    """

    line: Integers = field(default_factory=no_lines)
    fields: Mapping[str, Field] = field(default_factory=dict)
    numbers: Mapping[str, Integers] = field(default_factory=dict)
    time: Integers | None = None
    untimed: Integers = field(default_factory=no_lines)
    aside: Integers = field(default_factory=no_lines)
    reasons: Mapping[int, str] = field(default_factory=dict)

    def keep(self, mask: Mask) -> Found:
        if mask.all():
            return self
        return replace(
            self,
            line=self.line[mask],
            fields={name: column.keep(mask) for name, column in self.fields.items()},
            numbers={name: values[mask] for name, values in self.numbers.items()},
            time=None if self.time is None else self.time[mask],
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

    def fits(self, texts: pyarrow.Array) -> Mask:
        """Return which lines start a record; none for a reader that needs a sample first."""
        return numpy.zeros(len(texts), bool)

    def claims(self, texts: pyarrow.Array) -> Mask:
        """Return which lines `read` would take, or find no time in."""
        return self.fits(texts)

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
    empty_is_absent: whether an empty field counts as absent. levels: how the records write their level (see `columns.levels`).
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
    levels: str = "words"

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
        lines = self.lines(data)
        too_long = lines.ends - lines.starts > max_line_bytes
        blank = blank_lines(lines) & ~too_long
        left = ~(too_long | blank)
        parts, columns = self.claim(lines, left, wanted, context)
        continuation = continuing(lines, [(part, self.multi_line) for part in parts], left, in_record=context.in_record)
        otherwise = "no-record-start" if self.multi_line else "no-match"
        return accounted(lines, parts, too_long, blank, continuation, otherwise, columns)

    def lines(self, data: Bytes) -> Lines:
        """Return the lines of a chunk, with the marks that the readers need."""
        return (self.quick or self.exact).lines(data)

    def claim(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> tuple[list[Found], Columns]:
        """Return what the readers find in the lines that `left` names, and take these lines out of it."""
        parts = []
        for reader in (self.quick, self.exact):
            if reader and left.any():
                part = reader.read(lines, left, wanted, context)
                left[part.line] = left[part.untimed] = left[part.aside] = False
                parts.append(part)
        return parts, self.columns([part for part in parts if len(part.line)], context, wanted)

    def claimed(
        self, data: Bytes, left: Mask, wanted: Collection[str], context: Context
    ) -> tuple[list[tuple[Found, bool]], Columns]:
        """Return what is found in the lines that `left` names, each with whether its records may have several lines."""
        parts, columns = self.claim(self.lines(data), left, wanted, context)
        return [(part, self.multi_line) for part in parts], columns

    def columns(self, parts: Sequence[Found], context: Context, wanted: Collection[str]) -> Columns:
        """Return the columns of all records found, in the order of the readers."""
        records = sum(len(part.line) for part in parts)
        found = {name: self.found_in(name, parts) for name in dict.fromkeys(name for part in parts for name in part.fields)}
        raw = {name: self.column_of(column) for name, column in found.items()}
        if "level" in found:  # before `-` is absent: it is a level of Redis
            raw |= {"level": leveled(found["level"], self.levels), "raw_level": raw["level"]}
        # A reader that knows the form of times gives seconds; a field `time` of any form is read here.
        none = numpy.full(records, NO_TIME, numpy.int64)
        if any(part.time is not None for part in parts):
            time = together([none[: len(part.line)] if part.time is None else part.time for part in parts])
        elif "time" in raw:
            stamp = raw.pop("time")
            time, _ = values_seconds(stamp.keys, stamp.index, context.reference_s, context.zone)
        else:
            time = none
        columns = complete(raw, time, dict(self.units), wanted, mixed=self.mixed)
        names = parts[0].numbers if parts else ()
        numbers = {name: Numbers(together([part.numbers[name] for part in parts])) for name in names}
        return replace(columns, numbers={**columns.numbers, **numbers}) if numbers else columns

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


DAY_IN_ACCESS_LOG = r"\d{2}/[A-Z][a-z]{2}/\d{4}"
OWN_TIME = (
    r"^(?:\s*\{\"|[\[({<\"']{0,2}(?:\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:|\d{4}/\d{2}/\d{2} \d{2}:"
    rf"|{DAY_IN_ACCESS_LOG}[: ]\d{{2}}:|(?:[A-Z][a-z]{{2}} )?[A-Z][a-z]{{2}} [ \d]\d \d{{2}}:\d{{2}}:\d{{2}})"
    rf"|[0-9A-Za-z.:-]+ \S+ [^\[]*\[{DAY_IN_ACCESS_LOG}:\d{{2}}:)"
)
"""What a line that begins with a time looks like, and one of an access log. Such a line is a record of its own."""


def continuing(lines: Lines, parts: Sequence[tuple[Found, bool]], left: Mask, *, in_record: bool) -> Mask:
    """Return which of the unclaimed lines go on with the record before them: those that have no time of their own.

    parts: what was found, each with whether its records may have several lines. in_record: whether such a record is open
    where the chunk begins.
    """
    found = left.copy()
    if not left.any() or not (in_record or any(multi_line for _, multi_line in parts)):
        found[:] = False
        return found
    # Of each line: 1 if it begins a record of several lines, 0 if another one, -1 if it begins none.
    begins = numpy.full(len(left) + 1, -1, numpy.int8)
    begins[0] = in_record
    for part, multi_line in parts:
        begins[part.line + 1] = begins[part.untimed + 1] = multi_line
    last = numpy.maximum.accumulate(numpy.where(begins >= 0, numpy.arange(len(begins)), 0))
    found &= begins[last[1:]] == 1
    which = numpy.flatnonzero(found)
    found[which] = ~pyarrow.compute.match_substring_regex(lines.texts(which), OWN_TIME).to_numpy(zero_copy_only=False)
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
