"""Bytes that do not belong in text: what is not UTF-8, and NULs. Lines that hold some are counted, for a note on the source.

A chunk of ASCII, which most are, is recognized by its smallest byte (3 % of a millisecond a MiB, without the GIL),
valid UTF-8 by Arrow. Only a chunk that holds such bytes is looked at more closely, a block at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy
import pyarrow
from msgspec import Struct

from logproc.formats.columns.lines import BLOCK_BYTES, LF
from logproc.formats.columns.slices import places

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers, Mask

LONGEST_CHARACTER_BYTES = 4


class OddLines(Struct, frozen=True):
    """How many lines hold bytes that are not UTF-8 (RFC 3629), and how many hold NULs."""

    undecodable: int = 0
    nul: int = 0

    def __add__(self, other: OddLines) -> OddLines:
        return OddLines(self.undecodable + other.undecodable, self.nul + other.nul)


NONE_ODD = OddLines()


def has_odd_bytes(data: Bytes) -> bool:
    """Return whether some whole lines hold bytes that are not UTF-8, or NULs."""
    return bool(len(data)) and data.view(numpy.int8).min() <= 0 and (not data.min() or not is_utf8(data))


def odd_lines(data: Bytes, passed_over: Integers) -> OddLines:
    """Return how many of some whole lines hold odd bytes.

    passed_over: start and end of lines that are not looked at, shape (n, 2): those over the limit, of which more or less
    is there, as the cuts happen to be.
    """
    if not len(data) or data.view(numpy.int8).min() > 0:
        return NONE_ODD
    undecodable = 0 if is_utf8(data) else lines_with(numpy.concatenate(misplaced(data)), data, passed_over)
    return OddLines(undecodable, 0 if data.min() else lines_with(data == 0, data, passed_over))


def is_utf8(data: Bytes) -> bool:
    """Return whether a chunk is valid UTF-8. Arrow checks it and releases the GIL."""
    offsets = pyarrow.py_buffer(numpy.array([0, len(data)], numpy.int32))
    try:
        pyarrow.Array.from_buffers(pyarrow.string(), 1, [None, offsets, pyarrow.py_buffer(data)]).validate(full=True)
    except pyarrow.ArrowInvalid:
        return False
    return True


def lines_with(hits: Mask, data: Bytes, passed_over: Integers) -> int:
    """Return how many lines hold a byte that `hits` marks; a line feed counts as part of its line."""
    for start, end in passed_over.tolist():
        hits[start : end + 1] = False
    ends = places(data == LF)
    starts = numpy.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    return int(numpy.logical_or.reduceat(hits, starts).sum())


def misplaced(data: Bytes) -> list[Mask]:
    """Return block by block which bytes are invalid in UTF-8. A truncated character shows at the byte after it."""
    before = LONGEST_CHARACTER_BYTES - 1
    padded = numpy.concatenate([numpy.zeros(before, numpy.uint8), data])
    return [misplaced_in(padded[start : start + before + BLOCK_BYTES]) for start in range(0, len(data), BLOCK_BYTES)]


def misplaced_in(block: Bytes) -> Mask:
    """Return which bytes of a block are misplaced. Its first three bytes belong to the block before it."""
    # Four views of one block, each shifted by a byte: element n of `byte` is a byte, of `first` the one before it, and so on.
    third, second, first, byte = block[:-3], block[1:-2], block[2:-1], block[3:]
    inner = (block >= 0x80) & (block < 0xC0)
    expected = (first >= 0xC2) | inner[2:-1] & ((second >= 0xE0) | inner[1:-2] & (third >= 0xF0))
    wrong: Mask = inner[3:] != expected
    wrong |= (byte == 0xC0) | (byte == 0xC1) | (byte > 0xF4)
    wrong |= (first == 0xE0) & (byte < 0xA0) | (first == 0xF0) & (byte < 0x90)  # overlong encodings
    wrong |= (first == 0xED) & (byte > 0x9F) | (first == 0xF4) & (byte > 0x8F)  # surrogates, and over U+10FFFF
    return wrong
