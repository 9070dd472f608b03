"""W3C Extended Log File Format (WD-logfile-960323), as IIS (blanks) and CloudFront (TABs) write it.

A line that begins with `#` is a directive. `#Fields: date time cs-method …` names the fields of the lines behind it, and
may come again with other ones. Directives belong to the file and not to what happened: they count as `continuation`.

The draft's strings stand in quotes and may hold blanks; IIS does not quote, and writes quotes of a client as they are. So a
line is cut at all its blanks, and only if it then has another number of fields at those outside of quotes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow
import pyarrow.compute

from logproc.formats.columns.fields import columns_of, complete, raw_fields, with_absent
from logproc.formats.columns.printable import key_column
from logproc.formats.columns.slices import BLANK, Slices, encode, places
from logproc.formats.readers.expression import Sorting
from logproc.formats.readers.quotes import Lines, plain_lines
from logproc.formats.times.forms import ISO, to_seconds
from logproc.model import NO_TIME, Context, KeyColumn, Parsed

if TYPE_CHECKING:
    from logproc.model import Bytes, Integers, Mask, Positions

TAB, HASH, QUOTE = b'\t#"'
STRING = re.compile(rb'"[^"]*"')
FIELDS = b"#Fields:"
NAMES = {
    "c-ip": "client",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-uri": "target",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "time-taken": "duration",
    "cs(user-agent)": "user_agent",
    "cs(referer)": "referrer",
    "cs-host": "host",
    "cs(host)": "host",
    "x-forwarded-for": "forwarded_for",
    "s-computername": "server",
}


@dataclass(frozen=True, slots=True)
class W3cFormat:
    """W3C extended. directives: the names of the fields that a sample has."""

    directives: tuple[str, ...] = ()
    name: str = field(default="w3c", init=False)
    open_fields: bool = field(default=True, init=False)

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that records have, as far as the sample says."""
        return columns_of([name for name in names_of(self.directives) if name != "date"])

    def follow(self, context: Context, data: Bytes, max_line_bytes: int) -> Context:
        """Return the context behind some lines: the last `#Fields` there is."""
        lines = plain_lines(data)
        for line in directive_lines(data, lines, max_line_bytes)[::-1].tolist():
            if names := fields_named(lines.text(data, line)):
                return replace(context, directives=names)
        return context

    def parse(self, data: Bytes, context: Context, wanted: Collection[str], max_line_bytes: int) -> Parsed:
        """Parse a chunk of whole lines, the last one ended by LF."""
        lines = plain_lines(data)
        too_long = lines.ends - lines.starts > max_line_bytes
        directives = numpy.zeros(len(too_long), bool)
        directives[directive_lines(data, lines, max_line_bytes)] = True
        cut = Cut(data, lines)
        for names, which in by_names(data, lines, directives, context.directives):
            cut.cut(which[~too_long[which]], names_of(names))
        time, exists = cut.times()
        opens = numpy.zeros(len(too_long), bool)
        opens[cut.line] = True
        good = opens.copy()
        good[cut.line[~exists]] = False
        columns = {name: column.keep(exists) for name, column in cut.columns(raw_fields(cut.names, wanted)).items()}
        if "duration" in columns:
            columns["duration"] = with_unit(columns["duration"])
        completed = complete(columns, time[exists], {"bytes": 0, "duration": 0}, wanted)
        return Sorting(data, lines, opens, good, too_long, continues=directives).parsed(completed.records, completed)


class Cut:
    """The records of a chunk: lines with as many fields as their `#Fields` says. line: the position of each.

    What is looked for in the bytes is looked for once, however often the fields change.
    """

    def __init__(self, data: Bytes, lines: Lines) -> None:
        self.data = data
        self.lines = lines
        self._parts: list[tuple[Integers, Mapping[str, tuple[Any, Any]]]] = []

    @cached_property
    def line(self) -> Integers:
        """The positions of the records in the chunk."""
        return numpy.concatenate([numpy.empty(0, numpy.int64), *(line for line, _ in self._parts)])

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that any of the records have."""
        return tuple(dict.fromkeys(name for _, part in self._parts for name in part))

    @cached_property
    def tabs(self) -> Positions:
        """The positions of all TABs."""
        return places(self.data == TAB)

    @cached_property
    def blanks(self) -> Positions:
        """The positions of all blanks."""
        return places(self.data == BLANK)

    @cached_property
    def quotes(self) -> Positions:
        """The positions of all quotes."""
        return places(self.data == QUOTE)

    @cached_property
    def blanks_outside(self) -> Positions:
        """The blanks outside of quotes: those with an even number of quotes before them in their line."""
        line = numpy.searchsorted(self.lines.ends, self.blanks)
        before = numpy.searchsorted(self.quotes, self.blanks) - numpy.searchsorted(self.quotes, self.lines.starts)[line]
        outside: Positions = self.blanks[before % 2 == 0]
        return outside

    def cut(self, which: Integers, names: tuple[str, ...]) -> None:
        """Cut some lines at their TABs, or if they have none at their blanks."""
        with_tab = self._count(self.tabs, which) > 0
        self._cut_at(self.tabs, which[with_tab], names)
        left = self._cut_at(self.blanks, which[~with_tab], names)
        quotes = self._count(self.quotes, left) if len(left) else left
        self._cut_at(self.blanks_outside, left[(quotes > 0) & (quotes % 2 == 0)], names)

    def _count(self, marks: Positions, which: Integers) -> Integers:
        """Return how many marks each of some lines has."""
        starts, ends = self.lines.starts[which], self.lines.ends[which]
        return numpy.searchsorted(marks, ends) - numpy.searchsorted(marks, starts)

    def _cut_at(self, marks: Positions, which: Integers, names: tuple[str, ...]) -> Integers:
        """Cut lines at some marks, and return those that then have another number of fields."""
        fitting = self._count(marks, which) == len(names) - 1
        misfits: Integers = which[~fitting]
        which = which[fitting]
        if len(which):
            starts, ends = self.lines.starts[which], self.lines.ends[which]
            inner = marks[numpy.searchsorted(marks, starts) + numpy.arange(len(names) - 1)[:, None]] if len(names) > 1 else []
            edges = [starts - 1, *inner, ends]
            self._parts.append((which, {name: (edges[at] + 1, edges[at + 1]) for at, name in enumerate(names)}))
        return misfits

    def columns(self, names: Collection[str]) -> dict[str, KeyColumn]:
        """Return some fields of the records as columns, absent where a record has none."""
        return {name: key_column(*self.encoded(name)) for name in names}

    def encoded(self, name: str) -> tuple[pyarrow.Array, Any]:
        """Return the distinct texts of a field, and for each record which it has."""
        order = numpy.argsort(self.line, kind="stable")
        has = self.has(name)[order]
        edges = [
            numpy.concatenate(
                [part[name][at] if name in part else numpy.zeros(len(line), numpy.int32) for line, part in self._parts]
            )
            for at in range(2)
        ]
        starts, ends = (edge[order][has].astype(numpy.int32) for edge in edges)
        quoted = (ends - starts >= 2) & (self.data[starts] == QUOTE) & (self.data[ends - 1] == QUOTE)
        dictionary, index = encode(Slices(self.data, starts + quoted, ends - quoted), [])
        dictionary, absent = with_absent(dictionary)
        of_record = numpy.full(len(has), absent, numpy.int64)
        of_record[has] = index
        back = numpy.empty_like(order)
        back[order] = numpy.arange(len(order))
        return dictionary, of_record[back]

    def has(self, name: str) -> Mask:
        """Return which records have a field."""
        return numpy.concatenate([numpy.empty(0, bool), *(numpy.full(len(line), name in part) for line, part in self._parts)])

    def times(self) -> tuple[Integers, Mask]:
        """Return the time of each record and whether it exists; without a date or a time there is none to look at."""
        timed = self.has("date") & self.has("time")
        if not timed.any():
            return numpy.full(len(self.line), NO_TIME, numpy.int64), ~timed
        (days, day), (clocks, clock) = self.encoded("date"), self.encoded("time")
        midnights = [to_seconds(ISO, text + b" 00:00:00", 0) for text in days.to_pylist()]
        seconds = [to_seconds(ISO, b"1970-01-01 " + text, 0) for text in clocks.to_pylist()]
        exists = known(midnights)[day] & known(seconds)[clock]
        return numpy.where(exists, numbers(midnights)[day] + numbers(seconds)[clock], NO_TIME), exists | ~timed


def known(values: list[int | None]) -> Mask:
    """Return which values are not None."""
    return numpy.array([value is not None for value in values], bool)


def numbers(values: list[int | None]) -> Integers:
    """Return values as an array, 0 in place of None."""
    return numpy.array([value or 0 for value in values], numpy.int64)


def directive_lines(data: Bytes, lines: Lines, max_line_bytes: int) -> Integers:
    """Return the positions of the lines that begin with `#`."""
    filled = (lines.ends > lines.starts) & (lines.ends - lines.starts <= max_line_bytes)
    return numpy.flatnonzero(filled & (data[lines.starts] == HASH))


def fields_named(line: bytes) -> tuple[str, ...]:
    """Return the names in a `#Fields` line, nothing if it is another directive."""
    return tuple(line[len(FIELDS) :].decode("utf-8", "replace").split()) if line.startswith(FIELDS) else ()


def field_counts(line: bytes) -> set[int]:
    """Return how many fields a line has: by its TABs if it has any, by all its blanks, and by those outside of quotes.

    >>> sorted(field_counts(b'10:00:00 "a b" 7'))
    [3, 4]
    """
    if b"\t" in line:
        return {line.count(b"\t") + 1}
    return {line.count(b" ") + 1, STRING.sub(b"", line).count(b" ") + 1}


def names_of(directives: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the columns, none of them twice."""
    found: Counter[str] = Counter()
    columns = []
    for name in directives:
        column = NAMES.get(name.lower(), name)
        found[column] += 1
        columns.append(column if found[column] == 1 else f"{column}_{found[column]}")
    return tuple(columns)


def by_names(data: Bytes, lines: Lines, directives: Mask, names: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Integers]]:
    """Yield the fields that lines have, and the positions of these lines; lines before any `#Fields` have none."""
    known, number = numbered(data, lines, directives, names)
    which = numpy.flatnonzero(~directives)
    order = numpy.argsort(number[which], kind="stable")
    bounds = numpy.searchsorted(number[which][order], numpy.arange(len(known) + 1))
    for found, (start, end) in zip(known, pairwise(bounds.tolist()), strict=True):
        if found and end > start:
            yield found, which[order[start:end]]


def numbered(data: Bytes, lines: Lines, directives: Mask, names: tuple[str, ...]) -> tuple[list[tuple[str, ...]], Integers]:
    """Return the different `#Fields`, `names` first, and for each line the number of the last ones before it."""
    known = {names: 0}
    number, is_named = numpy.zeros(len(directives), numpy.int64), numpy.zeros(len(directives), bool)
    for line in numpy.flatnonzero(directives).tolist():
        if found := fields_named(lines.text(data, line)):
            number[line], is_named[line] = known.setdefault(found, len(known)), True
    latest = numpy.maximum.accumulate(numpy.where(is_named, numpy.arange(len(number)), -1))
    return list(known), numpy.where(latest >= 0, number[latest], 0)


def with_unit(column: KeyColumn) -> KeyColumn:
    """Return times taken with their unit: whole numbers are milliseconds (IIS), those with a point seconds (CloudFront)."""
    whole = pyarrow.compute.match_substring_regex(column.keys, "^[0-9]+$")
    texts = pyarrow.compute.binary_join_element_wise(column.keys, "ms", "")
    return KeyColumn(pyarrow.compute.if_else(whole, texts, column.keys), column.index)
