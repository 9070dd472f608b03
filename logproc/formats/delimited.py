"""The fast way: a whole chunk is cut at its quotes and line ends at once, and no loop of Python sees a line.

Each step is one call into numpy or Arrow for some ten thousand lines. Such calls release the GIL, and that is
why the worker threads of this program use several cores at all.

A line that is not exactly as its Layout says (another number of quotes or blanks, a backslash, a time that does
not exist, …) is left to the exact way in `pattern`, never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from logproc.formats.slices import BLANK, Slices, rows_of
from logproc.formats.times import WIDTH, many_to_seconds

if TYPE_CHECKING:
    from logproc.formats.layout import Layout
    from logproc.formats.slices import Mask
    from logproc.model import Bytes, Integers

QUOTE, LF, CR, BACKSLASH, DASH, ZERO, OPENING, CLOSING = b'"\n\r\\-0[]'
MAX_DIGITS = 18
BLOCK_BYTES = 256 << 10


@dataclass(frozen=True, slots=True)
class Lines:
    """Where the lines of a chunk are.

    starts, ends: of each line, its end before LF or CR LF; marks: the positions of all quotes, backslashes and
    line feeds; kinds: the byte at each of the marks.
    """

    starts: Integers
    ends: Integers
    marks: Integers
    kinds: Any

    def text(self, data: Bytes, line: int) -> bytes:
        """Return one line, without its end."""
        return data[self.starts[line] : self.ends[line]].tobytes()


def lines_of(data: Bytes) -> Lines:
    """Find the lines of a chunk. One CR at the end of a line belongs to its end."""
    marks = positions(data)
    kinds = data[marks]
    ends = marks[kinds == LF]
    starts = numpy.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    has_cr = (ends > starts) & (data[ends - 1] == CR)
    return Lines(starts, ends - has_cr, marks, kinds)


def positions(data: Bytes) -> Integers:
    """Return where quotes, backslashes and line feeds stand, in order.

    Block by block, so that what one comparison leaves is still in the processor's cache for the next one: a
    third less time than over the whole chunk at once.
    """
    found = [numpy.empty(0, numpy.int64)]
    for start in range(0, len(data), BLOCK_BYTES):
        block = data[start : start + BLOCK_BYTES]
        hits = block == QUOTE
        hits |= block == LF
        hits |= block == BACKSLASH
        found.append(numpy.flatnonzero(hits) + start)
    return numpy.concatenate(found)


class Cut:
    """The lines of a chunk that are as the layout says, narrowed step by step.

    line: position of each such line in the chunk; bounds: where each begins, its quotes stand, and it ends,
    shape (quotes + 2, n); slices: its text by column; numbers: `time`, `status`, `bytes` by name.
    """

    def __init__(self, line: Integers, bounds: Integers) -> None:
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
    last_mark = numpy.flatnonzero(lines.kinds == LF)
    fitting = numpy.diff(last_mark, prepend=-1) == quotes + 1
    backslashes = numpy.flatnonzero(lines.kinds == BACKSLASH)
    fitting[numpy.searchsorted(last_mark, backslashes)] = False
    line = numpy.flatnonzero(fitting)
    inner = lines.marks[last_mark[line] + numpy.arange(-quotes, 0)[:, None]]
    return Cut(line, numpy.vstack([lines.starts[line], inner, lines.ends[line]]))


def cut_unquoted(data: Bytes, found: Cut, position: int, names: tuple[str, ...], *, last: bool) -> None:
    """Cut what stands before a quote, or behind the last one, into its tokens."""
    if position:
        found.bounds[2 * position] += 1  # from the closing quote to what stands behind it
    start, end = found.bounds[2 * position], found.bounds[2 * position + 1]
    if names:
        found.narrow(end > start)
        at_blanks(data, found, position, names, last=last)
    elif last:
        found.narrow(end == start)
    else:
        found.narrow((end == start + 1) & (data[start] == BLANK))
    if position:
        found.bounds[2 * position] -= 1


def at_blanks(data: Bytes, found: Cut, position: int, names: tuple[str, ...], *, last: bool) -> None:
    """Cut a part of each line at its blanks; lines with another number of them, or an empty token, are left."""
    pieces = [piece for name in names for piece in ([name, "zone"] if name == "time" else [name])]
    part = Slices(data, found.bounds[2 * position], found.bounds[2 * position + 1])
    offsets, packed = part.packed()
    leading, trailing = position > 0, not last
    bounds, fitting = rows_of(numpy.flatnonzero(packed == BLANK), offsets, len(pieces) - 1 + leading + trailing)
    found.narrow(fitting)
    begin, end = offsets[:-1][fitting], offsets[1:][fitting]
    edges = [*([] if leading else [begin - 1]), *bounds, *([] if trailing else [end])]
    good = ~Slices(packed, begin, end).with_space()
    for left, right in zip(edges, edges[1:], strict=False):
        good &= right > left + 1
    if leading:
        good &= edges[0] == begin
    if trailing:
        good &= edges[-1] == end - 1
    for name, left, right in zip(pieces, edges, edges[1:], strict=False):
        found.slices[name] = Slices(packed, left + 1, right)
    found.narrow(good)
    for name in names:
        if name in CHECKS:
            CHECKS[name](found)
    for name in ("ident", "zone"):
        found.slices.pop(name, None)


def check_time(found: Cut) -> None:
    """Keep the lines whose time is `[`, 26 characters and `]`, and exists."""
    found.narrow((found.slices["time"].lengths == 21) & (found.slices["zone"].lengths == 6))
    clock = found.slices.pop("time")
    times = windows(clock.data, clock.starts, WIDTH + 2)
    found.numbers["time"], good = many_to_seconds(times[:, 1:-1])
    found.narrow(good & (times[:, 0] == OPENING) & (times[:, -1] == CLOSING))


def check_status(found: Cut) -> None:
    """Keep the lines whose status is three digits."""
    status = found.slices.pop("status")
    found.numbers["status"], good = digits(status)
    found.narrow(good & (status.lengths == 3))


def check_bytes(found: Cut) -> None:
    """Keep the lines whose size is digits or `-`."""
    size = found.slices.pop("bytes")
    number, good = digits(size)
    absent = (size.lengths == 1) & (size.data[size.starts] == DASH)
    number[absent] = 0
    found.numbers["bytes"] = number
    found.narrow(good | absent)


CHECKS = {"time": check_time, "status": check_status, "bytes": check_bytes}


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
        present = lengths > place
        good &= (digit <= 9) | ~present
        digit[~present] = 0
        number += digit * numpy.int64(10**place)
    return number, good


def windows(data: Any, starts: Integers, width: int) -> Any:
    """Return the `width` bytes from each start, shape (n, width); a start may lie before the data, where zeros are."""
    before = max(0, -int(starts.min(initial=0)))
    if before:
        data, starts = numpy.concatenate([numpy.zeros(before, numpy.uint8), data]), starts + before
    if not len(starts) or not width:
        return numpy.empty((len(starts), width), numpy.uint8)
    everywhere = numpy.ndarray(len(data) - width + 1, f"V{width}", data, strides=(1,))
    return everywhere[starts].view(numpy.uint8).reshape(-1, width)
