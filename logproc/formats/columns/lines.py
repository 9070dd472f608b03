"""Where the lines of a chunk are, found for all of them at once.

Each step is one call into numpy or Arrow for some ten thousand lines. Such calls release the GIL, which is why several
worker threads of this program use several cores.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy
import pyarrow
import pyarrow.compute
from msgspec import Struct

from logproc.formats.columns.slices import BLANK, places, texts_of

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask, Positions

QUOTE, LF, CR, BACKSLASH = b'"\n\r\\'
NOWHERE = numpy.empty(0, numpy.int32)
BLOCK_BYTES = 1 << 20
PIECE_BYTES = 1 << 16
SPARSE = 8
"""A text usually has at most one quote or line end in so many bytes."""
BLANKS = b" \t\r\v\f"
BLANK_LINE = r"^[ \t\r\v\f]*$"


class Lines(Struct, frozen=True):
    """The lines of a chunk.

    data: the bytes of the chunk. starts, ends: of each line, its end before LF or CR LF.
    marks: the positions of quotes and line feeds; feeds: which of the marks are line feeds; backslashes: their positions. Where
    these are dense, of a line with more quotes than usual only some, and of its backslashes at least one.
    Without a reader that cuts at quotes, the marks are the line feeds, and backslashes are not looked for. Lines that the
    compiled kernel found have no marks.
    """

    data: Bytes
    starts: Positions
    ends: Positions
    marks: Positions
    feeds: Integers
    backslashes: Positions

    def __len__(self) -> int:
        return len(self.starts)

    def text(self, line: int) -> bytes:
        return self.data[self.starts[line] : self.ends[line]].tobytes()

    def texts(self, which: Integers) -> pyarrow.Array:
        """Return the lines at some positions as a binary array."""
        if len(which) == len(self):
            return texts_of(self.data, self.starts, self.ends)
        return texts_of(self.data, self.starts[which], self.ends[which])


def lines_of(data: Bytes, quotes: int) -> Lines:
    """Find the lines of a chunk, their quotes and backslashes. One CR at the end of a line belongs to its end.

    quotes: how many a line usually has. If all have, each of the line feeds is where it is expected, and there
    is no need to look at every mark.
    """
    marks, backslashes, count = scan(data, quotes)
    feeds = numpy.arange(quotes, len(marks), quotes + 1)
    if len(marks) != count * (quotes + 1) or not (data[marks[feeds]] == LF).all():
        feeds = numpy.flatnonzero(data[marks] == LF)
    return lines_at(data, marks, feeds, backslashes)


def plain_lines(data: Bytes) -> Lines:
    """Find the lines of a chunk whose format does not need quotes."""
    feeds = numpy.concatenate([NOWHERE, *(places(block == LF, start) for start, block in blocks(data))])
    return lines_at(data, feeds, numpy.arange(len(feeds)), NOWHERE)


def lines_at(data: Bytes, marks: Positions, feeds: Integers, backslashes: Positions) -> Lines:
    """Return the lines that end at `marks[feeds]`."""
    ends = marks[feeds]
    starts = numpy.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    has_cr = data[ends - 1] == CR
    return Lines(data, starts, ends - (has_cr & (ends > starts)) if has_cr.any() else ends, marks, feeds, backslashes)


def blank_lines(lines: Lines) -> Mask:
    """Return which lines hold only white space. The first byte of a line rules out nearly all others."""
    blank: Mask = lines.ends == lines.starts
    suspects = numpy.flatnonzero(~blank & (lines.data[lines.starts] <= BLANK))
    if len(suspects):
        found = pyarrow.compute.match_substring_regex(lines.texts(suspects), BLANK_LINE)
        blank[suspects] = found.to_numpy(zero_copy_only=False)
    return blank


def is_blank(line: bytes) -> bool:
    """Return whether a line holds only space, TAB, CR, VT and FF."""
    return not line.strip(BLANKS)


def blocks(data: Bytes) -> Iterator[tuple[int, Bytes]]:
    """Yield a chunk block by block, each with its position."""
    for start in range(0, len(data), BLOCK_BYTES):
        yield start, data[start : start + BLOCK_BYTES]


def scan(data: Bytes, quotes: int) -> tuple[Positions, Positions, int]:
    """Return where quotes and line feeds are, where backslashes, and how many line feeds there are.

    Not all quotes of a line with more than `quotes` of them, but always more than that, and not all backslashes of a line.

    Block by block, so that what one comparison leaves is still in the processor's cache for the next one. Smaller
    blocks would fit better, but each call gives the GIL up and has to get it back, from one or two busy threads.
    """
    marks, backslashes, count = [NOWHERE], [NOWHERE], 0
    for start, block in blocks(data):
        hits = block == LF
        count += int(numpy.count_nonzero(hits))
        hits |= block == QUOTE
        marks += first_places(hits, block, start, quotes + 2)
        hits = block == BACKSLASH
        if hits.any():
            backslashes += first_places(hits, block, start, 1)
    return numpy.concatenate(marks), numpy.concatenate(backslashes), count


def first_places(hits: Mask, block: Bytes, start: int, most: int) -> list[Positions]:
    """Return where a mask is true; where it is dense, only the first `most` places from each line feed on.

    A text may consist of quotes: then their positions would take many times the memory of the text.
    """
    if numpy.count_nonzero(hits) <= len(hits) // SPARSE:
        return [places(hits, start)]
    found = []
    for at in range(0, len(hits), PIECE_BYTES):
        piece = hits[at : at + PIECE_BYTES]
        each = places(piece)
        line = numpy.cumsum(block[at : at + PIECE_BYTES] == LF, dtype=numpy.int32)[each]
        number = numpy.arange(len(each)) - numpy.searchsorted(line, line)  # of each place, from the line feed before it on
        found.append(each[number < most] + numpy.int32(start + at))
    return found
