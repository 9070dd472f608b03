"""Streams on top of other streams: the base class, their input, and limits on size, compression ratio and time.

Each is a `model.source.ByteStream` that reads from the one `below` it. Other layers are in `codecs` and `text`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

from msgspec import Struct

from logproc.model.errors import LimitError, SourceError
from logproc.model.source import ByteStream
from logproc.model.trace.recorder import Span

RATIO_FROM_BYTES = 64 << 20
RATIO_EVERY_BYTES = 16 << 20
READ_BYTES = 1 << 14
"""Size of the first read of a member; the next ones double as well. Each read looks at the time and whether the run is stopped:
a megabyte may be a hundred thousand empty members.
"""
ZERO_BYTES = 64
"""How many bytes are looked at first for zeros after a member."""


class ReadOptions(Struct, frozen=True):
    """Options for every source.

    max_bytes: limit on decoded bytes. max_ratio: limit on decoded bytes per byte used, checked after 64 MiB. max_time_s:
    seconds of reading, see Stopwatch. None, or 0 for the ratio, means no limit. encoding: the text encoding to convert to
    UTF-8. span: called around each read, and around unpacking.
    """

    max_bytes: int | None = None
    max_ratio: float | None = 1000.0
    max_time_s: float | None = None
    encoding: str | None = None
    span: Span | None = None


class Deadline(Struct, frozen=True):
    """The time `at` on the monotonic `clock` when the `seconds` of a source are over."""

    seconds: float
    at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> Deadline | None:
        return None if seconds is None else cls(seconds, clock() + seconds, clock)

    def left_s(self) -> float:
        """Return the seconds that are left. Raises LimitError if there are none."""
        left = self.at - self.clock()
        if left <= 0:
            raise LimitError(f"over --max-time {self.seconds:g} s", "allow more with --max-time")
        return left


class Stopwatch:
    """The clock of one source for `--max-time`: it stands still while the source waits for its turn in this program.

    That is between two reads, when the caller has no memory or no worker for what it has read, and while another source uses
    the connection that it waits for. A slow disk, server or writer is the source's own time. Only for the thread that reads.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._still_s = 0.0
        self._stopped_at: float | None = None

    def now(self) -> float:
        return (self._clock() if self._stopped_at is None else self._stopped_at) - self._still_s

    @contextmanager
    def standing(self) -> Iterator[None]:
        """Let it stand still during the block."""
        self.stop()
        try:
            yield
        finally:
            self.go_on()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let it run during the block, and stand still behind it."""
        self.go_on()
        try:
            yield
        finally:
            self.stop()

    def stop(self) -> None:
        self._stopped_at = self._clock()

    def go_on(self) -> None:
        if self._stopped_at is not None:
            self._still_s += self._clock() - self._stopped_at
            self._stopped_at = None


class Layer(ABC):
    """A stream on top of another stream. After a failure, every later `readinto` fails in the same way.

    bytes_read, size_bytes, modified_s: those of the stream below, after the last `readinto`.
    """

    def __init__(self, below: ByteStream) -> None:
        self.below = below
        self.size_bytes = below.size_bytes
        self.bytes_read = below.bytes_read
        self.modified_s = below.modified_s
        self.notes = below.notes
        self._error: SourceError | None = None

    @property
    def waits_for(self) -> str:
        return self.below.waits_for

    @property
    def bytes_used(self) -> int | None:
        """How many bytes of an archive were needed for what was delivered, not those read ahead; None without an archive."""
        return bytes_used_of(self.below)

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` as `ByteStream.readinto` promises."""
        if self._error:
            raise self._error
        try:
            return self._read(buffer)
        except SourceError as error:
            self._error = error
            raise
        finally:
            self.size_bytes = self.below.size_bytes
            self.bytes_read = self.below.bytes_read
            self.modified_s = self.below.modified_s

    def ready_within(self, seconds: float) -> bool:
        return self.below.ready_within(seconds)

    def cancel(self) -> None:
        self.below.cancel()

    def close(self) -> None:
        self.below.close()

    def on_caught_up(self, tell: Callable[[], None]) -> None:
        """Have `tell` called as `Endless` promises, if there is such a stream below."""
        if isinstance(self.below, Endless):
            self.below.on_caught_up(tell)

    def skip_hole(self) -> int:
        """Skip what is left of a hole that the file system knows of; return its size. 0 if this layer changes bytes."""
        return 0

    @abstractmethod
    def _read(self, buffer: memoryview) -> int:
        """Do the work of `readinto`."""


@runtime_checkable
class Endless(Protocol):
    """A stream without an end, or a layer above one."""

    def on_caught_up(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once by the reading thread, when all that was there has been taken and more is waited for."""


@runtime_checkable
class Sparse(Protocol):
    """A stream that may skip holes of a sparse file, bytes that were never written and would be read as NULs."""

    def skip_hole(self) -> int:
        """Skip the hole at the next byte, if there is one; return its size."""


def skip_hole_of(stream: ByteStream) -> int:
    return stream.skip_hole() if isinstance(stream, Sparse) else 0


def bytes_used_of(stream: ByteStream) -> int | None:
    return stream.bytes_used if isinstance(stream, Layer) else None


class Peeked(Layer):
    """A stream whose first bytes were already read and are delivered again."""

    def __init__(self, below: ByteStream, head: bytes) -> None:
        super().__init__(below)
        self._head = memoryview(head)

    def _read(self, buffer: memoryview) -> int:
        if not self._head:
            return self.below.readinto(buffer)
        count, self._head = copy_some(self._head, buffer)
        return count

    def skip_hole(self) -> int:
        return 0 if self._head else skip_hole_of(self.below)


class Timed(Layer):
    """A stream whose stopwatch runs only while the stream is read or waited for."""

    def __init__(self, below: ByteStream, watch: Stopwatch) -> None:
        super().__init__(below)
        self._watch = watch
        watch.stop()

    def ready_within(self, seconds: float) -> bool:
        with self._watch.running():
            return self.below.ready_within(seconds)

    def _read(self, buffer: memoryview) -> int:
        with self._watch.running():
            return self.below.readinto(buffer)


class Limited(Layer):
    """A stream that delivers all bytes up to a limit of the options, then raises LimitError.

    It never reads more than fits into the caller's buffer, so a decompression bomb uses no memory. The ratio is checked at
    fixed positions, and bytes that were read ahead do not count: where a source is cut does not depend on sizes of buffers,
    and what a server sends at once matters only if the ratio is within some per cent of the limit.
    """

    def __init__(self, below: ByteStream, options: ReadOptions, deadline: Deadline | None = None) -> None:
        super().__init__(below)
        self._options = options
        self._deadline = deadline
        self._decoded = 0

    def _read(self, buffer: memoryview) -> int:
        if self._deadline:
            self._deadline.left_s()
        self._check_ratio()
        room = RATIO_EVERY_BYTES - self._decoded % RATIO_EVERY_BYTES
        if self._options.max_bytes is not None:
            room = min(room, self._options.max_bytes - self._decoded)
        if not room:
            return self._expect_end()
        count = self.below.readinto(buffer[:room])
        self._decoded += count
        return count

    def skip_hole(self) -> int:
        return skip_hole_of(self.below) if self._options.max_bytes is None else 0  # a limit counts every byte

    def _check_ratio(self) -> None:
        most = self._options.max_ratio
        if not most or self._decoded < RATIO_FROM_BYTES or self._decoded % RATIO_EVERY_BYTES:
            return
        used = bytes_used_of(self.below)
        ratio = self._decoded / max(1, self.below.bytes_read if used is None else used)
        if ratio > most:
            raise LimitError(f"ratio {ratio:.0f} over --max-ratio {most:g}", "allow more with --max-ratio, 0 for any")

    def _expect_end(self) -> int:
        if self.below.readinto(memoryview(bytearray(1))):
            raise LimitError(f"over --max-bytes {self._options.max_bytes}", "allow more with --max-bytes")
        return 0


class Input:
    """A raw stream that is read in blocks and taken in pieces. Bytes taken in excess can be given back."""

    def __init__(self, raw: ByteStream, block_bytes: int) -> None:
        self._raw = raw
        self._block = memoryview(bytearray(block_bytes))
        self._start = self._end = 0
        self._read_bytes = 0

    @property
    def position(self) -> int:
        """How many bytes of the raw stream have been taken."""
        return self._read_bytes - (self._end - self._start)

    def rest(self) -> memoryview:
        """Return what was read but not yet taken."""
        return self._block[self._start : self._end]

    def take(self, size: int) -> memoryview:
        """Take at most `size` bytes of the rest. The view is valid until the next `more`."""
        piece = self.rest()[:size]
        self._start += len(piece)
        return piece

    def give_back(self, size: int) -> None:
        self._start -= size

    def more(self, most_bytes: int = 0) -> bool:
        """Read more input after the rest, which must be smaller than a block. Return False at the end of the stream.

        Reads at most `most_bytes`, or READ_BYTES if that is more.
        """
        rest = bytes(self.rest())
        self._block[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        count = self._raw.readinto(self._block[len(rest) :][: max(READ_BYTES, most_bytes)])
        self._end += count
        self._read_bytes += count
        return count > 0

    def head(self, most_bytes: int, is_short: Callable[[bytes], bool]) -> bytes:
        """Return the first bytes of the rest: `most_bytes`, or fewer if that is not too short, or all that there is."""
        while len(self.rest()) < most_bytes and is_short(bytes(self.rest())) and self.more():
            pass
        return bytes(self.rest()[:most_bytes])

    def skip_zeros(self) -> None:
        size = ZERO_BYTES  # a few first: each of a hundred thousand members may have one zero after it
        while self.rest() or self.more():
            piece = bytes(self.rest()[:size])
            left = piece.lstrip(b"\0")
            self._start += len(piece) - len(left)
            if left:
                return
            size = min(2 * size, len(self._block))


def copy_some(data: memoryview, buffer: memoryview) -> tuple[int, memoryview]:
    """Copy as much of `data` as fits into `buffer`; return the number of bytes copied, and the rest of `data`."""
    count = min(len(data), len(buffer))
    buffer[:count] = data[:count]
    return count, data[count:]
