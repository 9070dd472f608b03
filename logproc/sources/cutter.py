"""Blocks of bytes → chunks of whole lines.

Each block is read in one call of at least 1 MiB, which releases the GIL, and is cut at its last line feed. Nothing here
iterates over lines: getting the GIL back takes up to 5 ms while another thread runs Python. Reading a .gz file line by line
beside two such threads fell from 214 to 0.1 MB/s (`python -m tools.bench.gil`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import numpy

from logproc.model.chunk import Chunk, Context, Parser
from logproc.model.columns import REJECTED_TEXT_BYTES
from logproc.model.errors import SourceError, Stopped

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes, Integers
    from logproc.model.source import ByteStream

LF = 10
MIN_BLOCK_BYTES = 1 << 20
SEARCH_BYTES = 64 << 10
UTF8_MARK = b"\xef\xbb\xbf"
FLUSH_S = 1.0
QUIET_S = 0.2
"""After this time without data, the lines that have arrived are yielded."""
SAMPLE_QUIET_S, SAMPLE_S = 1.0, 3.0
"""How long to wait for a full sample once there is a line: a live log may never fill it. Much longer than QUIET_S, because the
sample decides for the whole source, and a slow transfer may pause after the first lines.
"""
LINE_BYTES = 100
"""A chunk has at most one line per so many bytes of the chunk size. Parsing takes three times that for a line of one letter,
as it takes three times the bytes of other chunks: a file of short lines must not be a bomb.
"""


class Cutter:
    """Cuts one source into chunks.

    whole_records: whether to cut only where a record begins, if records may have several lines. Of one that is longer, a chunk
    has at least the lines that begin in its first `max_line_bytes`; what comes then may be in the next chunk.

    flush_s: the longest time until whole lines are yielded, and that without data after which they are. goes_on: whether the
    source has no end: then also a last record to which nothing is added in that time is yielded.
    offset: where the stream begins in its source, which may be read in ranges.

    bytes_decoded: bytes received so far. lines, chunks_cut: yielded so far. format, context: for the next chunk; set before
    the first one. One thread owns it; others may read the counters.
    """

    def __init__(
        self,
        source: int,
        *,
        chunk_bytes: int,
        max_line_bytes: int,
        clock: Callable[[], float] = time.monotonic,
        whole_records: bool = False,
        flush_s: tuple[float, float] = (FLUSH_S, QUIET_S),
        goes_on: bool = False,
        offset: int = 0,
    ) -> None:
        self.source = source
        self.format: Parser | None = None
        self.context = Context()
        self.bytes_decoded = 0
        self.lines = 0
        self._chunk_bytes = chunk_bytes
        self._most_lines = max(1, chunk_bytes // LINE_BYTES)
        self._max_line_bytes = max_line_bytes
        self._kept_bytes = max(max_line_bytes, REJECTED_TEXT_BYTES) + 2
        self._clock = clock
        self.chunks_cut = 0
        self._offset = offset
        self._begun = offset > 0
        self._whole_records = whole_records
        self._flush_s, self._quiet_s = flush_s
        self._goes_on = goes_on

    def pass_over(self, stream: ByteStream, head: bytes) -> Generator[Chunk, None, bytes]:
        """Yield the lines of `head`, the first bytes of a stream, whose last line is incomplete and already too long.

        Reads to the end of that line; returns what was read after it: the next `head`. Blocks and raises as `chunks` does.
        """
        data = numpy.frombuffer(head, numpy.uint8)
        self.bytes_decoded += len(data)
        start, end = self._mark_bytes(data), last_line_end(data)
        yield from self._split(data[start:end])
        rest = self._skip_line(stream, data[max(start, end) :])
        behind = int(numpy.flatnonzero(rest == LF)[0]) + 1 if LF in rest else len(rest)
        whole = rest[:behind] if LF in rest else numpy.append(rest, numpy.uint8(LF))
        yield self._chunk(whole, 1)
        self.bytes_decoded -= len(rest) - behind  # they are counted again, as `head`
        return rest[behind:].tobytes()

    def chunks(self, stream: ByteStream, head: bytes = b"") -> Iterator[Chunk]:
        """Yield the chunks of a stream. `head`: its first bytes, already read to detect the format.

        Blocks as the stream does. Raises what the stream raises, but first yields the whole lines that have arrived; an
        incomplete line after them is dropped. If the stream ends without an error, a last line without LF is a line. A chunk
        is yielded before it is full after FLUSH_S, or after QUIET_S without data, so that the counts of a live stream move.
        """
        self.bytes_decoded += len(head)
        carry = numpy.frombuffer(head, numpy.uint8)
        ended = False
        while not ended:
            buffer = numpy.empty(max(self._chunk_bytes, MIN_BLOCK_BYTES, 2 * len(carry)), numpy.uint8)
            buffer[: len(carry)] = carry
            filled, ended, error = self._fill(stream, buffer, len(carry))
            start = self._mark_bytes(buffer[:filled])
            if ended and not error and filled > start and buffer[filled - 1] != LF:
                buffer[filled] = LF
                filled += 1
            end = max(start, last_line_end(buffer[:filled]))
            is_long = filled - end > self._kept_bytes
            whole = end if ended or is_long else start + self._finished(buffer[start:end])
            if whole == start and self._goes_on and filled == len(carry):
                whole = end  # only the last record is left, and nothing has come to it
            yield from self._split(buffer[start:whole])
            if error:
                raise error
            carry = buffer[whole:filled].copy()  # a view would keep the whole block in memory while the next one is filled
            if is_long:
                carry = self._skip_line(stream, carry)

    def cut(self, lines: Bytes, *, everything: bool) -> tuple[list[Chunk], int]:
        """Cut whole lines that have arrived into chunks; return these, and how many bytes they are.

        For a log that grows, whose bytes are not read to an end. everything: whether to cut off the last record too, although
        further lines of it may follow.
        """
        size = len(lines) if everything else self._finished(lines)
        return list(self._split(lines[:size])), size

    def _fill(self, stream: ByteStream, buffer: Bytes, filled: int) -> tuple[int, bool, SourceError | Stopped | None]:
        """Read until the buffer is full, the stream ends or fails, or it is time to yield the lines that are there.

        Returns the number of bytes in the buffer, whether the stream has ended, and its error.
        """
        view = buffer.data
        deadline = self._clock() + self._flush_s
        while filled < len(view):
            if filled and not stream.ready_within(self._quiet_s) and last_line_end(buffer[:filled]):
                break
            try:
                count = stream.readinto(view[filled:])
            except (SourceError, Stopped) as error:
                return filled, True, error
            if not count:
                return filled, True, None
            self.bytes_decoded += count
            filled += count
            if self._clock() > deadline and last_line_end(buffer[:filled]):
                break
        return filled, False, None

    def _mark_bytes(self, data: Bytes) -> int:
        """Return the size of the byte order mark, at the start of a source only. It is not part of the first line."""
        if self._begun or data[: len(UTF8_MARK)].tobytes() != UTF8_MARK:
            self._begun = True
            return 0
        self._begun, self._offset = True, len(UTF8_MARK)
        return self._offset

    def _skip_line(self, stream: ByteStream, carry: Bytes) -> Bytes:
        """Skip the middle of a line that is too long; return its beginning, and the bytes read from its LF on.

        Two bytes more than the limit are kept: one makes it too long, the other may be a CR, which does not count. At least as
        much is kept as a report shows of a rejected line, so that the report does not depend on the cuts.
        """
        kept = carry[: self._kept_bytes].copy()
        self._offset += len(carry) - len(kept)
        block = numpy.empty(MIN_BLOCK_BYTES, numpy.uint8)
        while True:
            count = stream.readinto(block.data)
            self.bytes_decoded += count
            feeds = numpy.flatnonzero(block[:count] == LF)
            if len(feeds) or not count:
                rest = block[int(feeds[0]) : count] if count else block[:0]
                self._offset += int(feeds[0]) if count else 0
                return numpy.concatenate([kept, rest])
            self._offset += count

    def _split(self, lines: Bytes) -> Iterator[Chunk]:
        """Yield whole lines as chunks of at most the chunk size, or one longer line, and of not too many lines.

        Line feeds alone cost no memory: they are one chunk, however many they are.
        """
        if len(lines) <= self._chunk_bytes:
            count = count_lines(lines)
            middle = len(lines)
            if self._most_lines < count < len(lines):
                middle = self._cut(lines, line_end_near_middle(lines))
            if middle < len(lines):
                yield from self._split(lines[:middle])
                yield from self._split(lines[middle:])
            elif count:
                yield self._chunk(lines, count)
            return
        ends = numpy.flatnonzero(lines == LF) + 1
        start = first = 0
        while start < len(lines):
            last = max(first, int(numpy.searchsorted(ends, start + self._chunk_bytes, "right")) - 1)
            end = start + self._cut(lines[start:], int(ends[last]) - start)
            part = lines[start:end]
            if len(part) > self._chunk_bytes:
                yield self._chunk(part, count_lines(part))
            else:
                yield from self._split(part)
            start, first = end, int(numpy.searchsorted(ends, end, "right"))

    def _finished(self, lines: Bytes) -> int:
        """Return how many bytes of whole lines can be cut off now: all, or those before the last record, which may go on."""
        begin = self._last_start(lines, len(lines))
        return begin or (len(lines) if begin is None or len(lines) >= self._max_line_bytes else 0)

    def _cut(self, lines: Bytes, end: int) -> int:
        """Return where to cut whole lines, at the end of a line at best: not inside of a record, unless it is very long."""
        if end == len(lines):
            return end
        begin = self._last_start(lines, end + line_end(lines[end:]))
        if begin is None or begin > 0:
            return end if begin is None else begin
        while end < min(self._max_line_bytes, len(lines)):
            window = lines[end : end + line_end(lines[end:], SEARCH_BYTES)]
            if len(starts := self._starts(window)):
                return end + int(starts[0])
            end += len(window)
        return end

    def _last_start(self, lines: Bytes, end: int) -> int | None:
        """Return where the last record in whole lines up to a position begins; None if none does, or if it does not matter."""
        if not (self.format and self.format.multi_line and (self._whole_records or self.format.whole_records)):
            return None
        while end:
            begin = last_line_end(lines[: max(0, end - SEARCH_BYTES)])
            if len(starts := self._starts(lines[begin:end])):
                return begin + int(starts[-1])
            end = begin
        return 0 if self.format.whole_records else None

    def _starts(self, lines: Bytes) -> Integers:
        return self.format.starts(lines, self.context, self._max_line_bytes) if self.format else numpy.empty(0, numpy.int64)

    def _chunk(self, data: Bytes, lines: int) -> Chunk:
        chunk = Chunk(self.source, self.chunks_cut, self._offset, self.lines + 1, lines, self.format, data, self.context)
        if self.format and lines < len(data):  # line feeds alone change nothing
            self.context = self.format.follow(self.context, data, self._max_line_bytes)
        self.chunks_cut += 1
        self._offset += len(data)
        self.lines += lines
        return chunk


def count_lines(data: Bytes) -> int:
    # Block by block: the temporary mask, one byte per byte of the block, stays in the CPU cache.
    blocks = range(0, len(data), MIN_BLOCK_BYTES)
    return sum(int(numpy.count_nonzero(data[start : start + MIN_BLOCK_BYTES] == LF)) for start in blocks)


def line_end_near_middle(data: Bytes) -> int:
    """Return the position after the last LF of the first half, or else after the first LF of the second half."""
    half = len(data) // 2
    return last_line_end(data[:half]) or half + int(numpy.argmax(data[half:] == LF)) + 1


def line_end(data: Bytes, least: int = 1) -> int:
    """Return the position after the first LF behind so many bytes of whole lines; all of them if there are fewer."""
    for start in range(min(least, len(data)) - 1, len(data), SEARCH_BYTES):
        feeds = numpy.flatnonzero(data[start : start + SEARCH_BYTES] == LF)
        if len(feeds):
            return start + int(feeds[0]) + 1
    return len(data)


def last_line_end(data: Bytes) -> int:
    """Return the position after the last LF, 0 if there is none. Searches backwards in blocks: it is usually near the end."""
    for end in range(len(data), 0, -SEARCH_BYTES):
        start = max(0, end - SEARCH_BYTES)
        feeds = numpy.flatnonzero(data[start:end] == LF)
        if len(feeds):
            return start + int(feeds[-1]) + 1
    return 0


def read_head(
    stream: ByteStream, head: bytes, wanted_bytes: int, clock: Callable[[], float] = time.monotonic
) -> tuple[bytes, bool]:
    """Read until there are `wanted_bytes` bytes, `head` included, or the stream ends; return them and whether it has ended.

    Blocks until there is a whole line, and then until nothing has arrived for SAMPLE_QUIET_S, or SAMPLE_S after the first
    byte. Does not raise: a stream that fails counts as ended, and fails again when it is read next; a stopped one does not.
    """
    buffer = bytearray(wanted_bytes)
    buffer[: len(head)] = head
    filled = len(head)
    deadline = None
    while filled < wanted_bytes:
        late = deadline is not None and clock() > deadline
        if filled and (late or not stream.ready_within(SAMPLE_QUIET_S)) and buffer.find(b"\n", 0, filled) >= 0:
            break
        try:
            count = stream.readinto(memoryview(buffer)[filled:])
        except SourceError:
            return bytes(buffer[:filled]), True
        except Stopped:
            break
        if not count:
            return bytes(buffer[:filled]), True
        filled += count
        deadline = deadline or clock() + SAMPLE_S
    return bytes(buffer[:filled]), False
