"""The decoded bytes of an archive whose blocks are unpacked by several threads.

Each block is made into an archive of its own, so the standard decoder unpacks it and compares its checksum. Everything that
is not as it should be ends in NotByBlocks: damage is never judged here, but by the decoder that sees the whole archive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.sources.archives.decoders import Codec
from logproc.sources.limits import Layer, copy_some

STEP_BYTES = 1 << 19
"""How much is decoded at once, here and by the decoder of a whole archive."""
LARGEST_BLOCK_BYTES = 32 << 20
"""The largest block that is unpacked elsewhere: two of them wait in memory. `xz -6` makes blocks of 24 MiB."""


class NotByBlocks(SourceError):
    """An archive that must be unpacked as a whole: it is damaged, truncated, or has something that is not expected here."""

    def __init__(self, what: str) -> None:
        super().__init__(what, "unpack it in one thread")


class Block(Struct, frozen=True):
    """A block as an archive of its own. `pack` makes it; it is called where the block is unpacked.

    packed_bytes: its size in the archive. most_bytes: it is not longer than this when unpacked.
    """

    pack: Callable[[], bytes]
    packed_bytes: int
    most_bytes: int


class Turns(Protocol):
    """Work that others do, with its results in the order of the work: `logproc.threads.unpackers.Turns`."""

    def has_room(self) -> bool:
        """Return whether more work may be added."""

    def add(self, work: Callable[[], Iterator[bytes]]) -> bool:
        """Have something done elsewhere. Return False if nobody can do it."""

    def is_idle(self) -> bool:
        """Return whether all results were taken."""

    def next(self) -> bytes | None:
        """Return the next result, None at the end of one piece of work. Blocks; raises Stopped after `cancel`."""

    def cancel(self) -> None:
        """Make a blocked `next`, and every later one, raise Stopped."""

    def close(self) -> None:
        """Forget all work."""


class Unpackers(Protocol):
    """The threads that unpack: `logproc.threads.unpackers.Unpackers`."""

    def turns(self, block_bytes: int) -> Turns | None:
        """Return a place for work with results of such a size; None if there is no room, or nobody to do it."""


class ByBlocks(Layer):
    """The decoded bytes of an archive: its blocks, unpacked by `turns`, put together again.

    The last STEP_BYTES are held back until more is unpacked or the end is reached: the decoder of the whole archive loses at
    most one step, the one in which it finds damage, even if that is in the next block. So nothing comes from here that would
    not come from there as well. most_ratio: a block that grows more is not unpacked here; 0 for no limit.

    file_failure: what the whole file failed with at its end. It is raised after all bytes, and one thread would not see it, if
    it read the file again.
    """

    def __init__(self, raw: ByteStream, codec: Codec, blocks: Iterator[Block], turns: Turns, most_ratio: float) -> None:
        super().__init__(raw)
        self._codec = codec
        self._blocks = blocks
        self._turns = turns
        self._most_ratio = most_ratio
        self._has_more = True
        self.file_failure: SourceError | None = None
        self._piece = memoryview(b"")
        self._held: deque[bytes] = deque()
        self._held_bytes = 0

    def _read(self, buffer: memoryview) -> int:
        while not self._piece:
            has_ended = not self._hold_more()
            if not self._held and self.file_failure:
                raise self.file_failure
            if not self._held:
                return 0
            if has_ended or self._held_bytes - len(self._held[0]) >= STEP_BYTES:
                self._held_bytes -= len(self._held[0])
                self._piece = memoryview(self._held.popleft())
        count, self._piece = copy_some(self._piece, buffer)
        return count

    def _hold_more(self) -> bool:
        """Wait for the next piece, and hold it. Return False at the end of the archive."""
        while self._has_more and self._turns.has_room():
            self._add_block()
        if self._turns.is_idle():
            return False
        if piece := self._turns.next():
            self._held.append(piece)
            self._held_bytes += len(piece)
        return True

    def _add_block(self) -> None:
        block = None
        try:
            block = next(self._blocks, None)
        except NotByBlocks:
            raise
        except SourceError as error:
            if self.below.bytes_read != self.below.size_bytes:
                raise
            self.file_failure = error  # it was rewritten while it was read, which shows only at its end
        if block is None:
            self._has_more = False
        elif not self._turns.add(lambda: unpacked(block, self._codec, self._most_ratio)):
            raise NotByBlocks("no thread to unpack it")


def unpacked(block: Block, codec: Codec, most_ratio: float = 0) -> Iterator[bytes]:
    """Yield the bytes of a block in steps, then raise NotByBlocks if it is not exactly one block, and right."""
    most_bytes = min(block.most_bytes, int(block.packed_bytes * most_ratio)) if most_ratio else block.most_bytes
    size = 0
    try:
        decoder, data = codec.open(), block.pack()
        while not decoder.eof:
            step = decoder.decompress(data, STEP_BYTES)
            if not step and decoder.needs_input and not decoder.eof:
                raise NotByBlocks("a block does not end")
            data = b""
            size += len(step)
            if size > most_bytes:
                raise NotByBlocks("a block is too large")
            yield step
    except codec.errors as error:
        raise NotByBlocks(f"a block is damaged: {error}") from error
    if decoder.unused_data:
        raise NotByBlocks("a block ends early")
