"""Decompression of gzip, bzip2, xz and Zstandard, detected from the content. All codecs follow the same rules.

A truncated file yields all that can be decoded, then fails with `truncated`. A damaged one yields what was decoded before
the damage was found, then fails with `checksum mismatch`. Several members form one stream. Zeros after a member are padding,
as from tapes and block devices, however many they are. Anything else there may be a part of the log, such as another archive:
the source fails, and says at which byte what begins. So does text that is followed by an archive.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

import numpy

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.model.trace.recorder import Span
from logproc.sources.archives.by_blocks import STEP_BYTES, Unpackers
from logproc.sources.archives.decoders import DeflateMember, Member, find_codec, not_verified, refusal
from logproc.sources.archives.magic import (
    HEAD_BYTES,
    LATER_ARCHIVE,
    LEAST_TEXT,
    MEMBERS,
    NEVER_UTF8,
    cut_archive,
    foreign,
    kind_of,
    may_be_archive,
    sniff,
)
from logproc.sources.archives.parallel import BLOCKS, Rewindable, Spread, Spreading
from logproc.sources.limits import Deadline, Input, Layer, Limited, Peeked, ReadOptions, bytes_used_of, copy_some, skip_hole_of
from logproc.sources.text import BLOCK_BYTES, Lines, Transcoded
from logproc.sources.traced import unpacking

if TYPE_CHECKING:
    from logproc.model.arrays import Bytes

PIECE_BYTES = 1 << 12
"""Size of the first piece of a member; the next ones double. So many small members do not each copy a whole block.

They double only up to what one step decodes: the decoders do not tell how much of a piece they have used. Of a bomb, a piece
is as small as LEAST_PIECE_BYTES, so what `--max-ratio` compares does not depend on how much was read ahead.
"""
LEAST_PIECE_BYTES = 1 << 10


def followed_by(head: bytes, at: str) -> SourceError:
    """Return the failure of a source in which something else than before begins with `head`."""
    return SourceError(f"stopped at {at}: followed by {kind_of(head)}", "give each part as a file of its own")


def decoded(
    raw: ByteStream,
    options: ReadOptions,
    deadline: Deadline | None = None,
    location: str | bytes = "",
    unpackers: Unpackers | None = None,
) -> ByteStream:
    """Return `raw` as a stream of text: decompressed if necessary, within the limits of `options`, as UTF-8 with LF.

    Only one layer of compression is undone; another one inside is an error. Nothing is read before the first `readinto`, so
    `cancel` works while the first byte is awaited. location: the path or URL of `raw`; see `cut_archive`.
    unpackers: threads that help with an archive of several blocks; not with a limit on bytes, which stops within one.
    """
    spreading = Spreading(unpackers, options.max_ratio or 0) if unpackers and options.max_bytes is None else None
    stream: ByteStream = Limited(Unpacked(raw, location, spreading, options.span), options, deadline)
    return Lines(Transcoded(stream, options.encoding) if options.encoding else stream)


class Unpacked(Layer):
    """A stream, decompressed if its first bytes are those of a known codec."""

    def __init__(
        self, below: ByteStream, location: str | bytes = "", spreading: Spreading | None = None, span: Span | None = None
    ) -> None:
        super().__init__(below)
        self._location = location
        self._spreading = spreading
        self._span = span
        self._inner: ByteStream | None = None

    def cancel(self) -> None:
        super().cancel()  # first: see Spread.cancel
        if self._inner:
            self._inner.cancel()

    def close(self) -> None:
        (self._inner or self.below).close()

    def ready_within(self, seconds: float) -> bool:
        return (self._inner or self.below).ready_within(seconds)

    @property
    def bytes_used(self) -> int | None:
        return bytes_used_of(self._inner or self.below)

    def skip_hole(self) -> int:
        return skip_hole_of(self._inner) if self._inner else 0

    def _read(self, buffer: memoryview) -> int:
        if self._inner is None:
            head = read_head(self.below)
            codec = sniff(head) or cut_archive(head, self._location)
            if not codec and (name := foreign(head)):
                raise SourceError(f"unsupported archive ({name})", "unpack it first")
            self._inner = self._in_one_thread(head, codec) if codec else Unmixed(Peeked(self.below, head), "")
            if codec in BLOCKS and self._spreading and isinstance(self.below, Rewindable):
                self._inner = Spread(self.below, codec, self._spreading, self._inner, partial(self._again, codec), unmixed)
        return self._inner.readinto(buffer)

    def _again(self, codec: str) -> ByteStream:
        return self._in_one_thread(read_head(self.below), codec)

    def _in_one_thread(self, head: bytes, codec: str) -> ByteStream:
        return unmixed(unpacking(Decoded(Peeked(self.below, head), codec, refuse_archive=True), self._span))


class Unmixed(Layer):
    """A stream of text that fails where an archive begins at the start of a line, after all text before it.

    word: goes before `byte` in the message. before: the end of what comes before the stream, if its source begins earlier.
    """

    def __init__(self, below: ByteStream, word: str, before: bytes = b"") -> None:
        super().__init__(below)
        self._word = word
        self._delivered = 0
        self._before = before
        self._failure: SourceError | None = None

    def skip_hole(self) -> int:
        size = skip_hole_of(self.below)
        self._delivered += size
        self._before = (self._before + bytes(min(size, HEAD_BYTES)))[-HEAD_BYTES:]
        return size

    def _read(self, buffer: memoryview) -> int:
        if self._failure:
            raise self._failure
        count = self.below.readinto(buffer)
        found = self._find_archive(numpy.frombuffer(buffer[:count], numpy.uint8)) if count else None
        if not found:
            self._delivered += count
            return count
        at, head = found
        self._failure = followed_by(head, f"{self._word}byte {self._delivered + at}")
        if at <= 0:
            raise self._failure
        return at

    def _find_archive(self, data: Bytes) -> tuple[int, bytes] | None:
        """Return where in `data` an archive begins, less than 0 if that is before it, and with what; None if there is none.

        Only a block with a byte that archives have is searched as a whole. The last bytes before it are searched again.
        """
        before, self._before = self._before, (self._before + data[-HEAD_BYTES:].tobytes())[-HEAD_BYTES:]
        # The maximum first: of text in ASCII it tells at once that the byte is not there.
        if data.min() >= LEAST_TEXT and not (data.max() >= NEVER_UTF8 and (data == NEVER_UTF8).any()):
            data = data[:HEAD_BYTES]
        found = LATER_ARCHIVE.search(before + data.tobytes())
        return (found.start(1) - len(before), found[1]) if found else None


def unmixed(unpacked: ByteStream) -> ByteStream:
    return Unmixed(unpacked, "decoded ")


def read_head(raw: ByteStream) -> bytes:
    """Read only as many bytes as are needed to detect compression, so that a live stream is not delayed."""
    buffer = memoryview(bytearray(HEAD_BYTES))
    size = 0
    while may_be_archive(bytes(buffer[:size])):
        count = raw.readinto(buffer[size:])
        size += count
        if not count:
            break
    return bytes(buffer[:size])


class Decoded(Layer):
    """The decoded bytes of a compressed stream.

    `readinto` raises SourceError at damage, after all that was decoded before. Memory: one block of input, one decoded step,
    the codec's own window, and the first 4 MiB of a gzip member (see `DeflateMember`).
    """

    def __init__(self, raw: ByteStream, codec: str, *, refuse_archive: bool = False) -> None:
        super().__init__(raw)
        self._codec = find_codec(codec)
        self._input = Input(raw, BLOCK_BYTES)
        self._member: Member | None = None
        self._member_start = 0
        self._piece_bytes = self._more_bytes = PIECE_BYTES
        self._decoded = memoryview(b"")
        self._decoded_bytes = 0
        self._ended = False
        self._failure: SourceError | None = None
        self._unverified: SourceError | None = None
        self._member_head = b""
        self._head: bytes | None = b"" if refuse_archive else None

    @property
    def bytes_used(self) -> int | None:
        """The bytes that the decoder was given, in whole units, so that short reads make little difference."""
        below, units = bytes_used_of(self.below), -(-self._input.position // LEAST_PIECE_BYTES)
        return min(units * LEAST_PIECE_BYTES, self.size_bytes or sys.maxsize) if below is None else below

    def _read(self, buffer: memoryview) -> int:
        while not self._decoded and not self._ended:
            if self._failure:
                raise self._failure
            data = self._decode(self._member) if self._member else self._begin_member()
            self._decoded_bytes += len(data)
            self._decoded = memoryview(data if self._head is None else self._without_archive(data))
        count, self._decoded = copy_some(self._decoded, buffer)
        return count

    def _without_archive(self, data: bytes) -> bytes:
        """Withhold the first decoded bytes until it is certain that they are not compressed again. Raises SourceError if so."""
        head = self._head = (self._head or b"") + data
        if not self._ended and not self._failure and (not data or may_be_archive(head)):
            return b""
        if sniff(head[:HEAD_BYTES]) or foreign(head):
            self._failure = SourceError("holds another archive: left alone", "unpack it first")
            raise self._failure
        self._head = None
        return head

    def _begin_member(self) -> bytes:
        is_first = not self._input.position
        self._ended = not (self._input.rest() or self._input.more()) if is_first else not self._find_next_member()
        if self._failure or self._ended:
            self._ended = not self._failure
            return b""
        if is_first:
            head = bytes(self._input.rest()[:HEAD_BYTES])
            if self._codec.name not in (sniff(head), "deflate") and not may_be_archive(head):
                raise SourceError(f"not {self._codec.name} data", "the data is not what its header says")
        self._member, self._member_start = self._codec.open(), self._decoded_bytes
        self._piece_bytes = self._more_bytes = PIECE_BYTES
        self._member_head = b""
        return b""

    def _find_next_member(self) -> bool:
        """Skip zeros; return whether anything follows. Anything but another member is a failure."""
        self._input.skip_zeros()
        head = self._input.head(HEAD_BYTES, may_be_archive)
        name = self._codec.name
        if head and not head.startswith(MEMBERS.get(name, ())) and sniff(head) != name:
            self._failure = followed_by(head, f"byte {self._input.position}")
        elif not head:
            self._failure = self._unverified
        return bool(head)

    def _decode(self, member: Member) -> bytes:
        data = self._next_piece() if member.needs_input else memoryview(b"")
        is_cut = member.needs_input and not data
        if len(self._member_head) < HEAD_BYTES:
            self._member_head += data[:HEAD_BYTES]
        try:
            decoded = member.decompress(data, STEP_BYTES)  # even b"": bz2 asks for input before it has returned everything
        except self._codec.errors as error:
            return self._damaged(error)
        if is_cut and not decoded:
            return self._cut(member)
        if not data:  # the piece before was too much for one step
            self._piece_bytes = max(LEAST_PIECE_BYTES, self._piece_bytes // 2)
        elif len(data) > self._piece_bytes // 2 and member.needs_input:
            self._piece_bytes = min(2 * self._piece_bytes, BLOCK_BYTES)
        if member.eof:
            self._input.give_back(len(member.unused_data))
            self._member = None
            self._unverified = self._unverified or not_verified(member)
        return decoded

    def _next_piece(self) -> memoryview:
        if not self._input.rest():
            if not self._input.more(self._more_bytes):
                return memoryview(b"")
            self._more_bytes = min(2 * self._more_bytes, BLOCK_BYTES)
        return self._input.take(self._piece_bytes - self._input.position % LEAST_PIECE_BYTES)

    def _cut(self, member: Member) -> bytes:
        what = f"truncated at byte {self._input.position}" + ("" if self._decoded_bytes else " after 0 lines")
        if isinstance(member, DeflateMember) and member.in_trailer:
            what += ": checksum mismatch: data may be wrong"
        self._failure = SourceError(what, "the archive is incomplete; fetch it again")
        return member.rest_of_cut() if isinstance(member, DeflateMember) else b""

    def _damaged(self, error: Exception) -> bytes:
        self._failure = refusal(self._codec.name, error, self._member_head)
        if self._failure:
            return b""
        what = f"checksum mismatch: data may be wrong from decoded byte {self._member_start}"
        cause = "damaged, or needs a dictionary" if self._codec.name == "zstd" else "damaged"
        self._failure = SourceError(what, f"the archive is {cause}; fetch it again")
        return b""
