"""The blocks of a bzip2 archive, found by their magic.

A stream of bzip2 is a header of four bytes (`BZh` and the level), blocks, and a trailer. The sizes of blocks are nowhere
written, and they begin at any bit. But each begins with a magic of 48 bits, and so does the trailer, followed by a checksum of
32 bits. What looks like a magic in the middle of a block (one in 2**48 places) does no harm: the two halves are not blocks, and
the archive is then unpacked as a whole.

There is no standard; the format is described at https://github.com/dsnet/compress/blob/master/doc/bzip2-format.pdf.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial

import numpy

from logproc.sources.archives.by_blocks import Block, NotByBlocks

BLOCK, END = 0x314159265359, 0x177245385090
MAGIC_BITS, CRC_BITS, HEADER_BYTES = 48, 32, 4
LEVEL_BYTES = 100_000
MOST_GROWTH = 4
"""A block of level 9 holds 900,000 bytes in which runs of a byte are shortened: of a log little more than that."""
MOST_PACKED_BYTES = 2 << 20
"""More than any block has. Without a magic in so many bytes there is no block."""


def bz2_blocks(read: Callable[[], bytes]) -> Iterator[Block]:
    """Yield the blocks of an archive of one or more streams. Raises NotByBlocks where it is not as expected.

    read: returns the next bytes, b"" at the end. The checksum of a stream is compared behind its last block.
    """
    bits = Bits(read)
    at = 0
    while header := bits.head(at):
        level = header[3] - ord("0")
        start, combined = 8 * (at + HEADER_BYTES), 0
        while bits.number(start, MAGIC_BITS) == BLOCK:
            end = bits.next_magic(start)
            crc = bits.number(start + MAGIC_BITS, CRC_BITS)
            combined = ((combined << 1 | combined >> 31) & 0xFFFFFFFF) ^ crc
            data, first = bits.data(start, end)
            pack = partial(as_stream, header, data, first, end - start, crc)
            yield Block(pack, len(data), MOST_GROWTH * level * LEVEL_BYTES)
            start = end
        if bits.number(start, MAGIC_BITS) != END or bits.number(start + MAGIC_BITS, CRC_BITS) != combined:
            raise NotByBlocks("a stream does not end as expected")
        at = (start + MAGIC_BITS + CRC_BITS + 7) // 8


def as_stream(header: bytes, data: bytes, first: int, size: int, crc: int) -> bytes:
    """Return a block as a stream of its own: `size` bits of `data` from bit `first` on. crc: the checksum of the block."""
    packed = numpy.frombuffer(data, numpy.uint8)
    shifted = packed << numpy.uint8(first)
    if first:
        shifted[:-1] |= packed[1:] >> numpy.uint8(8 - first)
    whole, rest = divmod(size, 8)
    # A stream of one block has the same checksum as its block. The last byte is filled up with zeros.
    last_bits = shifted[whole] >> (8 - rest) if rest else 0
    tail = ((int(last_bits) << MAGIC_BITS | END) << CRC_BITS | crc) << (-rest % 8)
    tail_bytes = (rest + MAGIC_BITS + CRC_BITS + 7) // 8
    return header + shifted[:whole].tobytes() + tail.to_bytes(tail_bytes, "big")


class Bits:
    """An archive as numbered bits, read as far as is needed. What lies before the block at hand is forgotten."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._data = b""
        self._offset = 0
        self._magics: deque[int] = deque()

    def head(self, at: int) -> bytes:
        """Return the header of the stream that begins at byte `at`, b"" if the archive ends there, or goes on with zeros."""
        self._forget(at)
        while len(self._data) < HEADER_BYTES and self._more():
            pass
        header = self._data[:HEADER_BYTES]
        if len(header) == HEADER_BYTES and header[:3] == b"BZh" and header[3:] in b"123456789":
            return header
        while not self._data.strip(b"\0"):
            self._forget(self._offset + len(self._data))
            if not self._more():
                return b""
        raise NotByBlocks("something else follows")

    def number(self, start: int, size: int) -> int:
        """Return the number that is written in `size` bits from bit `start` on."""
        first, end = start // 8 - self._offset, (start + size + 7) // 8 - self._offset
        while len(self._data) < end:
            if not self._more():
                raise NotByBlocks("truncated")
        return int.from_bytes(self._data[first:end], "big") >> (-(start + size) % 8) & ((1 << size) - 1)

    def next_magic(self, start: int) -> int:
        """Return the bit behind `start` at which the next magic begins."""
        while not self._magics or self._magics[0] <= start:
            if self._magics:
                self._magics.popleft()
            elif self._offset + len(self._data) - start // 8 > MOST_PACKED_BYTES or not self._more():
                raise NotByBlocks("truncated, or a block is too large")
        return self._magics[0]

    def data(self, start: int, end: int) -> tuple[bytes, int]:
        """Return the bytes that hold the bits from `start` to `end`, and the number of the first bit in them."""
        self._forget(start // 8)
        return self._data[: (end + 7) // 8 - self._offset], start % 8

    def _forget(self, at: int) -> None:
        self._data = self._data[at - self._offset :]
        self._offset = at

    def _more(self) -> bool:
        piece = self._read()
        searched = 8 * (self._offset + len(self._data))
        overlap = self._data[-(MAGIC_BITS // 8) :]
        self._data += piece
        found = find_magics(overlap + piece)
        start = searched - 8 * len(overlap)
        self._magics.extend(start + at for at in found if start + at + MAGIC_BITS > searched)
        return bool(piece)


def patterns_of(magic: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield for each place in a byte: where `magic` begins, and its bytes that are there in whole."""
    for first in range(8):
        n_bytes = (MAGIC_BITS - (8 - first) % 8) // 8
        below = (MAGIC_BITS - (8 - first) % 8) % 8
        yield first, magic, (magic >> below & ((1 << 8 * n_bytes) - 1)).to_bytes(n_bytes, "big")


PATTERNS = (*patterns_of(BLOCK), *patterns_of(END))


def find_magics(data: bytes) -> list[int]:
    """Return the bits of `data` at which a magic begins, in order.

    At each of the eight places in a byte, five or six bytes of a magic are whole: those are searched, as bytes.
    """
    found = []
    for first, magic, whole in PATTERNS:
        at = data.find(whole)
        while at >= 0:
            begin = 8 * (at - (first > 0)) + first
            end = begin + MAGIC_BITS
            around = int.from_bytes(data[max(0, begin // 8) : (end + 7) // 8], "big") >> (-end % 8)
            if begin >= 0 and end <= 8 * len(data) and around & ((1 << MAGIC_BITS) - 1) == magic:
                found.append(begin)
            at = data.find(whole, at + 1)
    return sorted(found)
