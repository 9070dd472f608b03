"""W3C Extended Log File Format (WD-logfile-960323), as IIS (blanks) and CloudFront (TABs) write it.

A line that begins with `#` is a directive. `#Fields: date time cs-method …` names the fields of the lines behind it, and
may come again with other ones. `#Date: 2026-03-07 10:00:00` gives times of day below it their day. Zeek's logs have the
same shape, with `#fields` and seconds since 1970 as `ts`. Directives belong to the file and not to what happened: they
count as `continuation`.

The draft's strings are in quotes and may hold blanks; IIS does not quote, and writes quotes of a client as they are. So a
line is cut at all its blanks, and only if it then has another number of fields at those outside of quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute
from msgspec.structs import replace

from logproc.formats.columns.fields import EMPTY, asks_for_others, raw_fields
from logproc.formats.columns.lines import Lines, plain_lines
from logproc.formats.columns.slices import BLANK, Slices, encoded, places
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.w3c_directives import by_names, date_named, dates_above, directive_lines, fields_named, names_of
from logproc.formats.readers.w3c_units import OF_IIS, with_unit
from logproc.formats.times.calendar import DAY_S, LAST_S
from logproc.formats.times.forms import ISO
from logproc.formats.times.reading import read_values, to_seconds, value_seconds
from logproc.model.chunk import Context
from logproc.model.columns import NO_TIME
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

TAB, QUOTE = b'\t"'
STRING = regex(rb'"[^"]*"')
CLOCK = regex(rb"\d\d?:\d\d:\d\d(?:\.\d+)?")
ANY_DAY = pyarrow.scalar(b"1970-01-01 ", pyarrow.binary())


class W3cReader(Reader, frozen=True):
    """W3C extended. directives: the names of the fields that a sample has."""

    directives: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name for name in names_of(self.directives) if name != "date")

    @classmethod
    def of_sample(cls, lines: Sequence[bytes]) -> tuple[Format, Mask]:
        """Return W3C with the fields of a sample, and which lines are directives or have the right number of fields."""
        directives: tuple[str, ...] = ()
        every: dict[str, None] = {}
        fits = numpy.zeros(len(lines), bool)
        for at, line in enumerate(lines):
            if named := fields_named(line):
                directives = named
                every |= dict.fromkeys(named)
            fits[at] = bool(directives) and (line[:1] == b"#" or len(directives) in field_counts(line))
        first = next((at for at, line in enumerate(lines) if line[:1] == b"#"), 0) if directives else 0
        fits[first:][[line[:1] == b"#" for line in lines[first:]]] = bool(directives)
        return w3c_format(cls(tuple(every))), fits

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context after some lines, with the last `#Fields` and the last `#Date` among them."""
        lines = plain_lines(data)
        short = (lines.ends > lines.starts) & (lines.ends - lines.starts <= max_line_bytes)
        names: tuple[str, ...] = ()
        date = None
        for line in directive_lines(lines, short)[::-1].tolist():
            text = lines.text(line)
            names = names or fields_named(text)
            date = date_named(text) if date is None else date
            if names and date is not None:
                break
        return replace(context, directives=names or context.directives, date_s=context.date_s if date is None else date)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], context: Context) -> Found:
        """Return the lines with as many fields as the last `#Fields` names. A date and a time must exist."""
        aside = directive_lines(lines, left)
        records = Records(lines)
        milliseconds = numpy.zeros(len(lines), bool)
        for names, which in by_names(lines, aside, context.directives):
            records.cut(which[left[which]], names_of(names))
            milliseconds[which] = OF_IIS in names
        names = raw_fields(records.names, wanted)
        if asks_for_others(wanted):
            names = tuple(name for name in records.names if name not in ("date", "time"))
        found = Found(records.line, {name: records.field(name) for name in names})
        time, exists = records.times(partial(dates_above, lines, aside, context.date_s))
        nanos = records.nanos(time) if context.fractions else None
        if "duration" in found.fields:
            durations = with_unit(found.fields["duration"], milliseconds[found.line])
            found = replace(found, fields={**found.fields, "duration": durations})
        return replace(replace(found, time=time, nanos=nanos).keep(exists), untimed=records.line[~exists], aside=aside)


def w3c_format(reader: W3cReader) -> Format:
    return Format(
        "w3c",
        reader,
        summary="W3C extended: IIS, CloudFront; Zeek",
        example="#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-03-07 10:00:00 192.0.2.7 GET /cart 200",
        units=(("bytes", 0), ("duration", 0)),
        open_fields=True,
    )


class Records:
    """The records of a chunk: lines with as many fields as their `#Fields` says.

    The bytes are searched once for each mark, however often the fields change.
    """

    def __init__(self, lines: Lines) -> None:
        self.data = lines.data
        self.lines = lines
        self._parts: list[tuple[Integers, Mapping[str, tuple[Any, Any]]]] = []

    @cached_property
    def line(self) -> Integers:
        return numpy.sort(numpy.concatenate([numpy.empty(0, numpy.int64), *(line for line, _ in self._parts)]))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for _, part in self._parts for name in part))

    @cached_property
    def tabs(self) -> Positions:
        return places(self.data == TAB)

    @cached_property
    def blanks(self) -> Positions:
        return places(self.data == BLANK)

    @cached_property
    def quotes(self) -> Positions:
        return places(self.data == QUOTE)

    @cached_property
    def blanks_outside(self) -> Positions:
        """The spaces outside quotes: those with an even number of quotes before them in their line."""
        # For each blank: its line, and the quotes before it less those before its line.
        line = numpy.searchsorted(self.lines.ends, self.blanks)
        before = numpy.searchsorted(self.quotes, self.blanks) - numpy.searchsorted(self.quotes, self.lines.starts)[line]
        outside: Positions = self.blanks[before % 2 == 0]
        return outside

    def cut(self, which: Integers, names: tuple[str, ...]) -> None:
        """Cut some lines at their TABs, or at their spaces if they have none."""
        with_tab = self._count(self.tabs, which) > 0
        self._cut_at(self.tabs, which[with_tab], names)
        left = self._cut_at(self.blanks, which[~with_tab], names)
        quotes = self._count(self.quotes, left) if len(left) else left
        self._cut_at(self.blanks_outside, left[(quotes > 0) & (quotes % 2 == 0)], names)

    def _count(self, marks: Positions, which: Integers) -> Integers:
        starts, ends = self.lines.starts[which], self.lines.ends[which]
        return numpy.searchsorted(marks, ends) - numpy.searchsorted(marks, starts)

    def _cut_at(self, marks: Positions, which: Integers, names: tuple[str, ...]) -> Integers:
        """Cut lines at some marks, and return those that do not get the right number of fields."""
        fitting = self._count(marks, which) == len(names) - 1
        misfits: Integers = which[~fitting]
        which = which[fitting]
        if len(which):
            starts, ends = self.lines.starts[which], self.lines.ends[which]
            # `inner` has the shape (fields - 1, lines): row by row the first marks of all lines, their second marks, …
            inner = marks[numpy.searchsorted(marks, starts) + numpy.arange(len(names) - 1)[:, None]] if len(names) > 1 else []
            edges = [starts - 1, *inner, ends]
            self._parts.append((which, {name: (edges[at] + 1, edges[at + 1]) for at, name in enumerate(names)}))
        return misfits

    def field(self, name: str) -> Field:
        """Return a field of the records that have it, without its quotes."""
        parts = [(line, *part[name]) for line, part in self._parts if name in part]
        line, starts, ends = (numpy.concatenate(edges) for edges in zip(*parts, strict=True))
        order = numpy.argsort(line)
        starts, ends = starts[order].astype(numpy.int32), ends[order].astype(numpy.int32)
        quoted = (ends - starts >= 2) & (self.data[starts] == QUOTE) & (self.data[ends - 1] == QUOTE)
        return Field(Slices(self.data, starts + quoted, ends - quoted), numpy.searchsorted(self.line, line[order]))

    def times(self, dates: Callable[[], Integers]) -> tuple[Integers, Mask]:
        """Return the time of each record, and whether it is valid; a record without a date or time of day is.

        dates: gives the last `#Date` above each line.
        """
        alone = [line for line, part in self._parts if "time" in part and "date" not in part]
        if alone:
            time, exists = self._times_alone(dates()[self.line])
            others = ~numpy.isin(self.line, numpy.concatenate(alone))
            if not others.any():
                return time, exists
            both, valid = self._whole_times()
            return numpy.where(others, both, time), numpy.where(others, valid, exists)
        return self._whole_times()

    def nanos(self, time: Integers) -> Integers | None:
        """Return the billionths behind the second of each record's time, None if the log has no times."""
        if "time" not in self.names:
            return None
        found = self.field("time")
        keys, index = encoded([found.values])
        clocks = pyarrow.compute.match_substring_regex(keys, "^[0-9]{2}:[0-9]{2}:")
        texts = pyarrow.compute.if_else(clocks, pyarrow.compute.binary_join_element_wise(ANY_DAY, keys, EMPTY), keys)
        values = read_values(texts, LAST_S, fractions=True)
        nanos = numpy.zeros(len(self.line), numpy.int64)
        if values.nanos is not None:
            nanos[found.of] = values.nanos[index]
        return numpy.where(time == NO_TIME, 0, nanos)

    def _times_alone(self, dates: Integers) -> tuple[Integers, Mask]:
        """Return the times of records without a date: one of day is behind the `#Date` above, or before it by half a day."""
        values, valid = self._numbers("time", time_alone)
        of_day = valid & (values < DAY_S)
        found = dates - dates % DAY_S + values
        found += numpy.where(found < dates - DAY_S // 2, DAY_S, 0)
        return numpy.where(of_day, numpy.where(dates == NO_TIME, NO_TIME, found), values), valid

    def _whole_times(self) -> tuple[Integers, Mask]:
        """Return the times of records with a date and a time of day."""
        time = numpy.full(len(self.line), NO_TIME, numpy.int64)
        parts = [line for line, part in self._parts if {"date", "time"} <= part.keys()]
        if not parts:
            return time, numpy.ones(len(time), bool)
        timed = numpy.isin(self.line, numpy.concatenate(parts))
        days, day = self._numbers("date", lambda text: to_seconds(ISO, text + b" 00:00:00", 0))
        clocks, clock = self._numbers("time", lambda text: to_seconds(ISO, b"1970-01-01 " + text, 0))
        exists = day & clock
        return numpy.where(exists, days + clocks, time), exists | ~timed

    def _numbers(self, name: str, read: Callable[[bytes], int | None]) -> tuple[Integers, Mask]:
        """Return a field of each record as a number, and where it is valid. Each distinct text is read once."""
        found = self.field(name)
        keys, index = encoded([found.values])
        values = [read(text) for text in keys.to_pylist()]
        numbers, valid = numpy.zeros(len(self.line), numpy.int64), numpy.zeros(len(self.line), bool)
        numbers[found.of] = numpy.array([value or 0 for value in values], numpy.int64)[index]
        valid[found.of] = numpy.array([value is not None for value in values], bool)[index]
        return numbers, valid


def time_alone(text: bytes) -> int | None:
    """Return the seconds of a time of day since midnight, or of a number since 1970."""
    if CLOCK.fullmatch(text):
        return to_seconds(ISO, b"1970-01-01 " + text.rjust(8, b"0"), 0)
    return value_seconds(text, LAST_S)


def field_counts(line: bytes) -> set[int]:
    """Return how many fields a line has: by its TABs if it has any, by all its blanks, and by those outside of quotes.

    >>> sorted(field_counts(b'10:00:00 "a b" 7'))
    [3, 4]
    """
    if b"\t" in line:
        return {line.count(b"\t") + 1}
    return {line.count(b" ") + 1, STRING.sub(b"", line).count(b" ") + 1}
