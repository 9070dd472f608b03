"""The quick reader of access logs: cuts a whole chunk at its quotes and spaces, without a Python loop over lines.

A line that is not exactly as its Layout says (another number of quotes or blanks, a backslash, a time that does
not exist, …) is left to the exact way, never guessed at.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy

from logproc.formats.columns.fields import raw_fields
from logproc.formats.columns.lines import Lines, lines_of
from logproc.formats.columns.slices import BLANK, Slices, digits_of, places, rows_of, windows
from logproc.formats.engine import Format
from logproc.formats.raw import Field, Found, Reader
from logproc.formats.readers.layout import Layout, LayoutReader, status_column
from logproc.formats.readers.native.kernel import cut_lines, find_lines
from logproc.formats.times.access import WIDTH, many_to_seconds
from logproc.model.chunk import Context

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

DASH, OPENING, CLOSING = b"-[]"
MAX_DIGITS = 18


class Quotes(Reader, frozen=True):
    """The lines of a layout, cut at quotes and blanks."""

    layout: Layout

    @property
    def fields(self) -> tuple[str, ...]:
        return LayoutReader(self.layout).fields

    @property
    def quotes(self) -> int:
        """How many quotes a line has."""
        return 2 * len(self.layout.quoted)

    def lines(self, data: Bytes) -> Lines:
        return find_lines(data) or lines_of(data, self.quotes)

    def read(self, lines: Lines, left: Mask, wanted: Collection[str], _context: Context) -> Found:
        """Return the lines that match the layout exactly, with time, status and size as numbers.

        `cut` is the definition. The compiled kernel does the same in one pass, where it is installed.
        """
        names = raw_fields(self.layout.texts, wanted)
        if natively := cut_lines(lines, left, self.layout, names):
            return natively
        if not len(lines.marks):  # the kernel found the lines, but could not cut them
            lines = lines_of(lines.data, self.quotes)
        found = cut(lines.data, self.layout, lines)
        found.narrow(left[found.line])
        fields = {name: Field(found.slices[name]) for name in names}
        if "status" in found.numbers:
            fields["status"] = Field(status_column(found.numbers["status"]))
        sizes = {"bytes": found.numbers["bytes"]} if "bytes" in found.numbers else {}
        return Found(found.line, fields, sizes, found.numbers.get("time"))


def format_of_layout(layout: Layout) -> Format:
    return Format(
        layout.name,
        LayoutReader(layout),
        (Quotes(layout),),
        summary=layout.summary,
        example=layout.example,
        units=layout.units,
    )


class Cut:
    """The lines of a chunk that are as the layout says, narrowed step by step.

    line: position of each such line in the chunk; bounds: where each begins, its quotes are, and it ends,
    shape (quotes + 2, n); slices: its text by column; numbers: `time`, `status`, `bytes` by name.
    """

    def __init__(self, line: Integers, bounds: Positions) -> None:
        self.line = line
        self.bounds = bounds
        self.slices: dict[str, Slices] = {}
        self.numbers: dict[str, Integers] = {}

    def __len__(self) -> int:
        return len(self.line)

    def narrow(self, mask: Mask) -> None:
        if mask.all():
            return
        self.line, self.bounds = self.line[mask], self.bounds[:, mask]
        self.slices = {name: slices.keep(mask) for name, slices in self.slices.items()}
        self.numbers = {name: values[mask] for name, values in self.numbers.items()}


def cut(data: Bytes, layout: Layout, lines: Lines) -> Cut:
    found = at_quotes(layout, lines)
    for position, names in enumerate(layout.unquoted):
        cut_unquoted(data, found, position, names, last=position == len(layout.quoted))
    for position, name in enumerate(layout.quoted):
        found.slices[name] = Slices(data, found.bounds[2 * position + 1] + 1, found.bounds[2 * position + 2])
    return found


def at_quotes(layout: Layout, lines: Lines) -> Cut:
    """Return the lines with the layout's number of quotes and without a backslash."""
    # `feeds` are places among the marks, so their differences count the marks of each line: its quotes and its line feed.
    quotes = 2 * len(layout.quoted)
    fitting = numpy.diff(lines.feeds, prepend=-1) == quotes + 1
    fitting[numpy.searchsorted(lines.ends, lines.backslashes)] = False
    # `inner` has the shape (quotes, lines): one row for each quote, so that a row is one column of positions.
    if fitting.all():
        line, inner = numpy.arange(len(fitting)), lines.marks.reshape(-1, quotes + 1).T[:quotes]
    else:
        line = numpy.flatnonzero(fitting)
        inner = lines.marks[lines.feeds[line] + numpy.arange(-quotes, 0)[:, None]]
    return Cut(line, numpy.vstack([lines.starts[line], inner, lines.ends[line]]))


def cut_unquoted(data: Bytes, found: Cut, position: int, names: tuple[str, ...], *, last: bool) -> None:
    """Cut the part before a quote, or after the last one, into its tokens."""
    part = Part(data, found, position, last=last)
    if not names:
        length = part.end - part.begin
        between = position > 0 and not last
        part.narrow((length == 1) & (data[part.begin] == BLANK) if between else length == 0)
        return
    blanks = len(names) - 1 + part.blank_first + part.blank_last
    part.narrow(part.end - part.begin >= sum(WIDTHS.get(name, 1) for name in names) + blanks)
    rest = list(names)
    while rest and rest[-1] in WIDTHS:
        part.take_last(rest.pop(), alone=not rest)
    while rest and rest[0] in WIDTHS:
        part.take_first(rest.pop(0), alone=not rest)
    if rest:
        part.drop_blanks()
    if rest == ["bytes"]:
        part.take_bytes(Slices(data, part.begin, part.end))
    elif rest:
        part.take_tokens(rest)


class Part:
    """The same part of many lines while tokens are taken off both its ends: `data[begin:end]` of each line is left.

    blank_first, blank_last: whether what is left begins, and ends, with the blank between a token and a quote.
    """

    def __init__(self, data: Bytes, found: Cut, position: int, *, last: bool) -> None:
        self.data = data
        self.found = found
        self.begin = found.bounds[2 * position] + (1 if position else 0)
        self.end = found.bounds[2 * position + 1]
        self.blank_first = position > 0
        self.blank_last = not last

    def narrow(self, mask: Mask) -> None:
        """Keep the masked lines, here and in the whole cut."""
        if not mask.all():
            self.found.narrow(mask)
            self.begin, self.end = self.begin[mask], self.end[mask]

    def take_first(self, name: str, *, alone: bool) -> None:
        """Cut off the first token, whose width is in WIDTHS, and the spaces around it."""
        before, after = int(self.blank_first), int(self.blank_last or not alone)
        width = before + WIDTHS[name] + after
        texts = windows(self.data, self.begin, width)
        self.begin, self.blank_first = self.begin + width, False
        self.take_fixed(name, texts, before, after, alone=alone)

    def take_last(self, name: str, *, alone: bool) -> None:
        """Cut off the last token, whose width is in WIDTHS, and the spaces around it."""
        before, after = int(self.blank_first or not alone), int(self.blank_last)
        width = before + WIDTHS[name] + after
        texts = windows(self.data, self.end - width, width)
        self.end, self.blank_last = self.end - width, False
        self.take_fixed(name, texts, before, after, alone=alone)

    def take_fixed(self, name: str, texts: Any, before: int, after: int, *, alone: bool) -> None:
        """Read a token of fixed width; lines without the blanks around it, or with something else there, are left.

        texts: the bytes of each line's token, shape (lines, before + width + after), with so many blanks before and after it.
        """
        width = WIDTHS[name]
        self.found.numbers[name], good = READ[name](texts[:, before : before + width])
        if before:
            good &= texts[:, 0] == BLANK
        if after:
            good &= texts[:, -1] == BLANK
        self.narrow(good & (self.end == self.begin) if alone else good & (self.end > self.begin))

    def drop_blanks(self) -> None:
        """Cut off the spaces that should be at the ends; lines without them are left to the exact reader."""
        if self.blank_first:
            self.narrow(self.data[self.begin] == BLANK)
            self.begin = self.begin + 1
        if self.blank_last:
            self.narrow(self.data[self.end - 1] == BLANK)
            self.end = self.end - 1

    def take_bytes(self, size: Slices) -> None:
        """Read a token as the size: digits, or `-`."""
        number, good = digits(size)
        absent = (size.lengths == 1) & (size.data[numpy.minimum(size.starts, len(size.data) - 1)] == DASH)
        number[absent] = 0
        self.found.numbers["bytes"] = number
        self.narrow(good | absent)

    def take_tokens(self, names: list[str]) -> None:
        """Cut the rest at its spaces. Lines with too many or too few, an empty token or other white space are left."""
        # Laid one behind the other, the parts hold only their own blanks, and `blanks` gets the shape (len(names) - 1, lines).
        offsets, packed = Slices(self.data, self.begin, self.end).packed()
        blanks, fitting = rows_of(places(packed == BLANK), offsets, len(names) - 1)
        self.narrow(fitting)
        begin, end = offsets[:-1][fitting], offsets[1:][fitting]
        edges = [begin - 1, *blanks, end]
        good = ~Slices(packed, begin, end).with_space()
        for left, right in pairwise(edges):
            good &= right > left + 1
        for name, (left, right) in zip(names, pairwise(edges), strict=True):
            if name != "ident":
                self.found.slices[name] = Slices(packed, left + 1, right)
        self.narrow(good)
        if "bytes" in names:
            self.take_bytes(self.found.slices.pop("bytes"))


def read_times(texts: Any) -> tuple[Integers, Mask]:
    """Return the seconds of times in brackets, shape (n, 28), and which of them exist."""
    seconds, good = many_to_seconds(texts[:, 1:-1])
    return seconds, good & (texts[:, 0] == OPENING) & (texts[:, -1] == CLOSING)


def read_statuses(texts: Any) -> tuple[Integers, Mask]:
    """Return three digits as a number, from shape (n, 3), and which rows are digits."""
    hundreds, tens, ones = (digits_of(texts[:, place]) for place in range(3))
    good = (hundreds <= 9) & (tens <= 9) & (ones <= 9)
    return hundreds * numpy.int64(100) + tens * numpy.uint8(10) + ones, good


WIDTHS = {"time": WIDTH + 2, "status": 3}
READ = {"time": read_times, "status": read_statuses}


def digits(slices: Slices) -> tuple[Integers, Mask]:
    """Return each slice as a number, and whether it has only digits, 18 at most."""
    # The last `width` bytes of each slice as rows, shape (slices, width), are added up from the last column to the first:
    # a pass for each place and not for each slice.
    lengths = slices.lengths
    good = lengths <= MAX_DIGITS
    lengths = numpy.minimum(lengths, MAX_DIGITS).astype(numpy.uint8)
    width = int(lengths.max(initial=0))
    columns = windows(slices.data, slices.ends - width, width)
    number = numpy.zeros(len(slices), numpy.int64)
    for place in range(width):
        digit = digits_of(columns[:, width - 1 - place])
        digit *= lengths > place  # bytes before the number do not count
        good &= digit <= 9
        number += digit * numpy.int64(10**place)
    return number, good
