"""Whether a file still holds what was read from it.

A log that is truncated and filled again while it is read yields old lines, then new ones. A log that only grows looks much
the same from outside: size and time change. What tells the two apart is what was read: of each block a checksum is kept, and
if the file was written to, the blocks are read again at the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

MOST_AGAIN_BYTES = 256 << 20
"""How much is read again at most. Of a larger file it is every second block, every third, and so on."""
FRESH_NS = 100_000_000
"""The time of the last change moves in steps of some milliseconds. If it was as recent as this when the file was opened, a
later change may have left it as it was."""


class Blocks:
    """The blocks that were read from a file, and how it looked before the first one."""

    def __init__(self, before: os.stat_result) -> None:
        # ISA-L computes 14 GB/s, zlib 2 GB/s. Imported here, so that a start without sources does not pay for it.
        from isal.isal_zlib import crc32

        self._crc32: Callable[[memoryview], int] = crc32
        self._before = before.st_size, before.st_mtime_ns
        self._is_fresh = time.time_ns() - before.st_mtime_ns < FRESH_NS
        self._blocks: list[tuple[int, int, int]] = []

    def add(self, offset: int, block: memoryview) -> None:
        self._blocks.append((offset, len(block), self._crc32(block)))

    def may_differ(self, now: os.stat_result) -> bool:
        """Return whether the file was perhaps written to since the first block was read."""
        return self._is_fresh or (now.st_size, now.st_mtime_ns) != self._before

    def differ(self, descriptor: int, go_on: Callable[[], object]) -> bool:
        """Read blocks again; return whether any has changed. `go_on` is called before each and may raise."""
        read_bytes = sum(size for _, size, _ in self._blocks)
        step = 1 + read_bytes // MOST_AGAIN_BYTES
        buffer = memoryview(bytearray(max((size for _, size, _ in self._blocks), default=0)))
        for offset, size, crc in self._blocks[::step]:
            go_on()
            count = os.preadv(descriptor, [buffer[:size]], offset)
            if count < size or self._crc32(buffer[:size]) != crc:
                return True
        return False
