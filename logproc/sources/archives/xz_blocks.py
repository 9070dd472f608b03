"""The blocks of an xz archive, found by the index that each of its streams has at its end.

A stream of xz is a header, blocks, an index (the packed and the unpacked size of each block) and a footer (the size of the
index). Several streams may follow each other. Blocks do not depend on each other, whatever filters they use, and each has a
checksum of its own. Most archives have one block: `xz -T0` and `xz --block-size` make several.

The format: https://tukaani.org/xz/xz-file-format.txt.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator
from functools import partial
from zlib import crc32

from msgspec import Struct

from logproc.sources.archives.by_blocks import Block, NotByBlocks

MAGIC, FOOTER_MAGIC = b"\xfd7zXZ\0", b"YZ"
ENDS_BYTES = 12
"""The size of the header, and of the footer."""
MOST_INDEX_BYTES = 1 << 20
"""In all streams together. That is enough for a hundred thousand blocks; they are all held in memory."""
MOST_STREAMS = 10_000


class Stream(Struct, frozen=True):
    """One stream of an archive.

    flags: two bytes that header and footer share. index_bytes: its size. blocks: of each its packed size without padding,
    and its unpacked size.
    """

    flags: bytes
    index_bytes: int
    blocks: tuple[tuple[int, int], ...]


def streams_of(read_at: Callable[[int, int], bytes], size: int) -> list[Stream]:
    """Return the streams of an archive of `size` bytes. Raises NotByBlocks if they are not as expected.

    read_at: takes an offset and a number of bytes.
    """
    found: list[Stream] = []
    all_index_bytes = 0
    while size:
        footer = read_at(size - ENDS_BYTES, ENDS_BYTES) if size >= 2 * ENDS_BYTES else b""
        if footer[10:] != FOOTER_MAGIC or crc32(footer[4:10]).to_bytes(4, "little") != footer[:4]:
            raise NotByBlocks("no footer")
        flags, index_bytes = footer[8:10], 4 * (int.from_bytes(footer[4:8], "little") + 1)
        all_index_bytes += index_bytes
        if all_index_bytes > min(MOST_INDEX_BYTES, size) or len(found) == MOST_STREAMS:
            raise NotByBlocks("the index is too large")
        blocks = read_index(read_at(size - ENDS_BYTES - index_bytes, index_bytes))
        size -= 2 * ENDS_BYTES + index_bytes + sum(padded(packed) for packed, _ in blocks)
        if size < 0 or read_at(size, ENDS_BYTES) != header(flags) or not lzma.is_check_supported(flags[1]):
            raise NotByBlocks("no header where the index says")
        found.append(Stream(flags, index_bytes, blocks))
    return found[::-1]


def read_index(index: bytes) -> tuple[tuple[int, int], ...]:
    """Return the packed and the unpacked size of each block. Raises NotByBlocks if the index is damaged.

    An index that is written anew from what was read must be the same, so nothing in it is overlooked.
    """
    at, numbers = 1, []
    while at < len(index) - 4:
        number, at = read_number(index, at)
        numbers.append(number)
        if len(numbers) > 2 * numbers[0]:
            break
    blocks = tuple(zip(numbers[1::2], numbers[2::2], strict=False))
    if not numbers or written(blocks) != index or min(map(min, blocks), default=1) < 1:
        raise NotByBlocks("the index is damaged")
    return blocks


def written(blocks: tuple[tuple[int, int], ...]) -> bytes:
    """Return the index of such blocks."""
    numbers = [len(blocks), *(number for block in blocks for number in block)]
    index = b"\0" + b"".join(map(write_number, numbers))
    index += bytes(-len(index) % 4)
    return index + crc32(index).to_bytes(4, "little")


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where it ends."""
    number = 0
    for place in range(9):
        byte = data[at + place] if at + place < len(data) else 0
        number |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return number, at + place + 1
    raise NotByBlocks("the index is damaged")


def write_number(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low]) if not rest else bytes([low | 0x80]) + write_number(rest)


def padded(size: int) -> int:
    return size + -size % 4


def header(flags: bytes) -> bytes:
    return MAGIC + flags + crc32(flags).to_bytes(4, "little")


def footer(flags: bytes, index_bytes: int) -> bytes:
    fields = (index_bytes // 4 - 1).to_bytes(4, "little") + flags
    return crc32(fields).to_bytes(4, "little") + fields + FOOTER_MAGIC


def xz_blocks(read: Callable[[int], bytes], streams: list[Stream]) -> Iterator[Block]:
    """Yield the blocks of all streams. read: returns the next bytes, as many as it is asked for, or fewer at the end."""
    for stream in streams:
        read(ENDS_BYTES)
        for packed, size in stream.blocks:
            data = read(padded(packed))
            yield Block(partial(as_stream, stream.flags, data, packed, size), len(data), size)
        read(stream.index_bytes + ENDS_BYTES)
    if read(1):
        raise NotByBlocks("something else follows")


def as_stream(flags: bytes, data: bytes, packed: int, size: int) -> bytes:
    """Return a block as a stream of its own."""
    index = written(((packed, size),))
    return header(flags) + data + index + footer(flags, len(index))
