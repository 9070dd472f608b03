"""The fast way: a whole chunk is cut at its quotes and line ends at once, and no loop of Python sees a line.

Each step is one call into numpy or Arrow for some ten thousand lines. Such calls release the GIL, and that is
why the worker threads of this program use several cores at all.

A line that is not exactly as its Layout says (another number of quotes or blanks, a backslash, a time that does
not exist, …) is left to the exact way in `pattern`, never guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy
import pyarrow.compute

from logproc.formats.columns.slices import BLANK, Slices, places, rows_of, texts_of
from logproc.formats.times.access import WIDTH, many_to_seconds

if TYPE_CHECKING:
    from logproc.formats.columns.slices import Mask
    from logproc.formats.readers.layout import Layout
    from logproc.model import Bytes, Integers, Positions

QUOTE, LF, CR, BACKSLASH, DASH, ZERO, OPENING, CLOSING = b'"\n\r\\-0[]'
MAX_DIGITS = 18
NOWHERE = numpy.empty(0, numpy.int32)
BLOCK_BYTES = 1 << 20
BLANK_LINE = r"^[ \t\r\v\f]*$"


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a chunk are.

    starts, ends: of each line, its end before LF or CR LF; marks: the positions of all quotes and line feeds;
    feeds: which of the marks are line feeds; backslashes: their positions.
    """

    starts: Positions
    ends: Positions
    marks: Positions
    feeds: Integers
    backslashes: Positions

    def text(self, data: Bytes, line: int) -> bytes:
        """Return one line, without its end."""
        return data[self.starts[line] : self.ends[line]].tobytes()


def lines_of(data: Bytes, quotes: int) -> Lines:
    """Find the lines of a chunk. One CR at the end of a line belongs to its end.

    quotes: how many a line has as a rule. If all have, each of the line feeds is where it is expected, and there
    is no need to look at every mark.
    """
    marks, backslashes, count = scan(data)
    feeds = numpy.arange(quotes, len(marks), quotes + 1)
    if len(marks) != count * (quotes + 1) or not (data[marks[feeds]] == LF).all():
        feeds = numpy.flatnonzero(data[marks] == LF)
    return lines_at(data, marks, feeds, backslashes)


def plain_lines(data: Bytes) -> Lines:
    """Find the lines of a chunk whose format has no use for quotes: the marks are the line feeds alone."""
    feeds = numpy.concatenate([NOWHERE, *(places(block == LF, start) for start, block in blocks(data))])
    return lines_at(data, feeds, numpy.arange(len(feeds)), NOWHERE)


def lines_at(data: Bytes, marks: Positions, feeds: Integers, backslashes: Positions) -> Lines:
    """Return the lines that end at some of the marks."""
    ends = marks[feeds]
    starts = numpy.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    has_cr = data[ends - 1] == CR
    return Lines(starts, ends - (has_cr & (ends > starts)) if has_cr.any() else ends, marks, feeds, backslashes)


def blank_lines(data: Bytes, lines: Lines) -> Mask:
    """Return which lines are blank. Few are, and are told by their first byte already."""
    blank: Mask = lines.ends == lines.starts
    suspects = numpy.flatnonzero(~blank & (data[lines.starts] <= BLANK))
    if len(suspects):
        texts = texts_of(data, lines.starts[suspects], lines.ends[suspects])
        blank[suspects] = pyarrow.compute.match_substring_regex(texts, BLANK_LINE).to_numpy(zero_copy_only=False)
    return blank


def blocks(data: Bytes) -> Iterator[tuple[int, Bytes]]:
    """Yield a chunk block by block, each with where it starts."""
    for start in range(0, len(data), BLOCK_BYTES):
        yield start, data[start : start + BLOCK_BYTES]


def scan(data: Bytes) -> tuple[Positions, Positions, int]:
    """Return where quotes and line feeds stand, where backslashes, and how many line feeds there are.

    Block by block, so that what one comparison leaves is still in the processor's cache for the next one. Smaller
    blocks would fit better, but each call gives the GIL up and has to get it back, from one or two busy threads.
    """
    marks, backslashes, count = [NOWHERE], [NOWHERE], 0
    for start, block in blocks(data):
        hits = block == LF
        count += int(numpy.count_nonzero(hits))
        hits |= block == QUOTE
        marks.append(places(hits, start))
        hits = block == BACKSLASH
        if hits.any():
            backslashes.append(places(hits, start))
    return numpy.concatenate(marks), numpy.concatenate(backslashes), count


class Cut:
    """The lines of a chunk that are as the layout says, narrowed step by step.

    line: position of each such line in the chunk; bounds: where each begins, its quotes stand, and it ends,
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
        """Keep the lines that the mask names."""
        if mask.all():
            return
        self.line, self.bounds = self.line[mask], self.bounds[:, mask]
        self.slices = {name: slices.keep(mask) for name, slices in self.slices.items()}
        self.numbers = {name: values[mask] for name, values in self.numbers.items()}


def cut(data: Bytes, layout: Layout, lines: Lines) -> Cut:
    """Return the lines that the fast way takes, cut into columns."""
    found = at_quotes(layout, lines)
    for position, names in enumerate(layout.unquoted):
        cut_unquoted(data, found, position, names, last=position == len(layout.quoted))
    for position, name in enumerate(layout.quoted):
        found.slices[name] = Slices(data, found.bounds[2 * position + 1] + 1, found.bounds[2 * position + 2])
    return found


def at_quotes(layout: Layout, lines: Lines) -> Cut:
    """Return the lines that have the layout's number of quotes and no backslash."""
    quotes = 2 * len(layout.quoted)
    fitting = numpy.diff(lines.feeds, prepend=-1) == quotes + 1
    fitting[numpy.searchsorted(lines.ends, lines.backslashes)] = False
    if fitting.all():
        line, inner = numpy.arange(len(fitting)), lines.marks.reshape(-1, quotes + 1).T[:quotes]
    else:
        line = numpy.flatnonzero(fitting)
        inner = lines.marks[lines.feeds[line] + numpy.arange(-quotes, 0)[:, None]]
    return Cut(line, numpy.vstack([lines.starts[line], inner, lines.ends[line]]))


def cut_unquoted(data: Bytes, found: Cut, position: int, names: tuple[str, ...], *, last: bool) -> None:
    """Cut what stands before a quote, or behind the last one, into its tokens."""
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
        """Keep the lines that the mask names, here and in the whole cut."""
        if not mask.all():
            self.found.narrow(mask)
            self.begin, self.end = self.begin[mask], self.end[mask]

    def take_first(self, name: str, *, alone: bool) -> None:
        """Take the first token off, which is always as wide as WIDTHS says, with the blanks around it."""
        before, after = self.blank_first, self.blank_last or not alone
        width = before + WIDTHS[name] + after
        texts = windows(self.data, self.begin, width)
        self.begin, self.blank_first = self.begin + width, False
        self.take_fixed(name, texts, before, after, alone=alone)

    def take_last(self, name: str, *, alone: bool) -> None:
        """Take the last token off, which is always as wide as WIDTHS says, with the blanks around it."""
        before, after = self.blank_first or not alone, self.blank_last
        width = before + WIDTHS[name] + after
        texts = windows(self.data, self.end - width, width)
        self.end, self.blank_last = self.end - width, False
        self.take_fixed(name, texts, before, after, alone=alone)

    def take_fixed(self, name: str, texts: Any, before: bool, after: bool, *, alone: bool) -> None:
        """Read a token of fixed width; lines without the blanks around it, or with something else there, are left."""
        width = WIDTHS[name]
        self.found.numbers[name], good = READ[name](texts[:, before : before + width])
        if before:
            good &= texts[:, 0] == BLANK
        if after:
            good &= texts[:, -1] == BLANK
        self.narrow(good & (self.end == self.begin) if alone else good & (self.end > self.begin))

    def drop_blanks(self) -> None:
        """Take the blanks at the ends off that are left; lines that have none there are left to the exact way."""
        if self.blank_first:
            self.narrow(self.data[self.begin] == BLANK)
            self.begin = self.begin + 1
        if self.blank_last:
            self.narrow(self.data[self.end - 1] == BLANK)
            self.end = self.end - 1

    def take_bytes(self, size: Slices) -> None:
        """Take a token as the size: digits, or `-`."""
        number, good = digits(size)
        absent = (size.lengths == 1) & (size.data[numpy.minimum(size.starts, len(size.data) - 1)] == DASH)
        number[absent] = 0
        self.found.numbers["bytes"] = number
        self.narrow(good | absent)

    def take_tokens(self, names: list[str]) -> None:
        """Cut what is left at its blanks; lines with another number of them, an empty token or other white space are left."""
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
    """Return the seconds of `[`, 26 characters and `]`, and which of them exist."""
    seconds, good = many_to_seconds(texts[:, 1:-1])
    return seconds, good & (texts[:, 0] == OPENING) & (texts[:, -1] == CLOSING)


def read_statuses(texts: Any) -> tuple[Integers, Mask]:
    """Return the number that three digits are, and which of them are digits."""
    hundreds, tens, ones = (texts[:, place] - numpy.uint8(ZERO) for place in range(3))
    good = (hundreds <= 9) & (tens <= 9) & (ones <= 9)
    return hundreds * numpy.int64(100) + tens * numpy.uint8(10) + ones, good


WIDTHS = {"time": WIDTH + 2, "status": 3}
READ = {"time": read_times, "status": read_statuses}


def digits(slices: Slices) -> tuple[Integers, Mask]:
    """Return the number that each slice is, and whether it is one of at most 18 digits."""
    lengths = slices.lengths
    good = lengths <= MAX_DIGITS
    lengths = numpy.minimum(lengths, MAX_DIGITS).astype(numpy.uint8)
    width = int(lengths.max(initial=0))
    columns = windows(slices.data, slices.ends - width, width)
    number = numpy.zeros(len(slices), numpy.int64)
    for place in range(width):
        digit = columns[:, width - 1 - place] - numpy.uint8(ZERO)
        digit *= lengths > place  # what stands before the number does not count
        good &= digit <= 9
        number += digit * numpy.int64(10**place)
    return number, good


def windows(data: Any, starts: Positions, width: int) -> Any:
    """Return the `width` bytes from each start, shape (n, width); a start may lie before the data, where zeros are."""
    before = max(0, -int(starts.min(initial=0)))
    if before:
        data, starts = numpy.concatenate([numpy.zeros(before, numpy.uint8), data]), starts + before
    if not len(starts) or not width:
        return numpy.empty((len(starts), width), numpy.uint8)
    everywhere = numpy.ndarray(len(data) - width + 1, f"V{width}", data, strides=(1,))
    return everywhere[starts].view(numpy.uint8).reshape(-1, width)
