"""An archive that is unpacked in one thread at first, and in several where that pays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from msgspec import Struct

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.sources.archives.by_blocks import LARGEST_BLOCK_BYTES, Block, ByBlocks, NotByBlocks, Turns, Unpackers
from logproc.sources.archives.decoders import find_codec
from logproc.sources.limits import Layer, bytes_used_of

FIRST_BYTES = 1 << 20
"""So much is unpacked in one thread first. Small archives never need more, and whatever the first lines show, such as a text
that is not a log, is found as if there were no other threads.
"""
LEAST_PACKED_BYTES = 1 << 18
LEAST_BLOCK_BYTES = 1 << 18
"""Blocks of xz that are smaller on average do not pay for being handed over."""
READ_BYTES = 1 << 18
BZ2_BLOCK_BYTES = 2_000_000
"""What a block of bzip2 takes in memory, about: 900,000 bytes, and what they were unpacked from."""


@runtime_checkable
class Rewindable(ByteStream, Protocol):
    """A raw stream that can begin anew: a regular file."""

    def rewind(self) -> None:
        """Go back to the first byte."""

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes from anywhere, without moving on. Fewer if there are no more."""


class Spreading(Struct, frozen=True):
    """How archives are unpacked in several threads. most_ratio: as `--max-ratio`, which one thread can check more exactly."""

    unpackers: Unpackers
    most_ratio: float


class Spread(Layer):
    """The decoded bytes of an archive, unpacked in one thread at first, then from the beginning in several.

    Whenever these find something unexpected, damage above all, it goes back to one thread, again from the beginning. So the
    bytes before an error, and the error, are always those of one thread, at the price of unpacking what comes before it twice.

    first: the bytes unpacked in one thread. one_thread: returns the same stream anew, when `raw` was rewound. within: makes the
    stream of several threads the same kind of stream.
    """

    def __init__(
        self,
        raw: Rewindable,
        codec: str,
        options: Spreading,
        first: ByteStream,
        one_thread: Callable[[], ByteStream],
        within: Callable[[ByteStream], ByteStream],
    ) -> None:
        super().__init__(raw)
        self._raw = raw
        self._codec = codec
        self._options = options
        self._one_thread = one_thread
        self._within = within
        self._inner = first
        self._turns: Turns | None = None
        self._by_blocks: ByBlocks | None = None
        self._may_spread = (raw.size_bytes or 0) >= LEAST_PACKED_BYTES
        self._delivered = 0

    @property
    def bytes_used(self) -> int | None:
        return bytes_used_of(self._inner)

    def cancel(self) -> None:
        # The stream below first: a reader that gets its turns only now reads from it before it waits for them.
        super().cancel()
        if self._turns:
            self._turns.cancel()

    def close(self) -> None:
        self._close_turns()
        super().close()

    def _close_turns(self) -> None:
        turns, self._turns = self._turns, None
        if turns:
            turns.close()

    def _read(self, buffer: memoryview) -> int:
        if self._may_spread and self._delivered >= FIRST_BYTES:
            self._may_spread = False
            self._spread()
        try:
            count = self._inner.readinto(buffer)
        except SourceError as error:
            if not self._turns or (self._by_blocks and self._by_blocks.file_failure is error):
                raise
            self._go_back()
            count = self._inner.readinto(buffer)
        self._delivered += count
        return count

    def _spread(self) -> None:
        try:
            blocks, block_bytes = BLOCKS[self._codec](self._raw)
            turns = self._options.unpackers.turns(block_bytes)
        except SourceError:
            turns = None
        if not turns:
            return
        self._turns = turns
        self._raw.rewind()
        most_ratio = self._options.most_ratio / 2  # a share of blocks may be over it before the whole is
        self._by_blocks = ByBlocks(self._raw, find_codec(self._codec), blocks, turns, most_ratio)
        self._inner = self._within(self._by_blocks)
        try:
            skip(self._inner, self._delivered)
        except SourceError:
            self._go_back()

    def _go_back(self) -> None:
        self._close_turns()
        self._raw.rewind()
        self._inner = self._one_thread()
        skip(self._inner, self._delivered)


def skip(stream: ByteStream, size: int) -> None:
    buffer = memoryview(bytearray(min(size, 1 << 20)))
    while size and (count := stream.readinto(buffer[:size])):
        size -= count


def blocks_of_bz2(raw: Rewindable) -> tuple[Iterator[Block], int]:
    from logproc.sources.archives.bz2_blocks import bz2_blocks

    return bz2_blocks(lambda: read_some(raw, READ_BYTES)), BZ2_BLOCK_BYTES


def blocks_of_xz(raw: Rewindable) -> tuple[Iterator[Block], int]:
    from logproc.sources.archives.xz_blocks import streams_of, xz_blocks

    streams = streams_of(raw.read_at, raw.size_bytes or 0)
    sizes = [size for stream in streams for _, size in stream.blocks]
    if len(sizes) < 2 or max(sizes) > LARGEST_BLOCK_BYTES or sum(sizes) < len(sizes) * LEAST_BLOCK_BYTES:
        raise NotByBlocks("its blocks are too few, too large or too small")
    return xz_blocks(lambda size: read_whole(raw, size), streams), max(sizes)


BLOCKS: dict[str, Callable[[Rewindable], tuple[Iterator[Block], int]]] = {"bz2": blocks_of_bz2, "xz": blocks_of_xz}


def read_some(raw: ByteStream, most_bytes: int) -> bytes:
    buffer = bytearray(most_bytes)
    return bytes(memoryview(buffer)[: raw.readinto(memoryview(buffer))])


def read_whole(raw: ByteStream, size: int) -> bytes:
    buffer = bytearray(size)
    done = 0
    while done < size and (count := raw.readinto(memoryview(buffer)[done:])):
        done += count
    return bytes(buffer[:done])
