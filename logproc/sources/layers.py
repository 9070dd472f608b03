"""Streams that stand on another stream: limits, text encodings, and a look ahead.

Each is a `model.ByteStream` over one that is `below` it. Decoding an archive is one more, in `codecs`.
"""

from __future__ import annotations

import codecs
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from logproc.errors import LimitError, SourceError, UsageError
from logproc.model import ByteStream
from logproc.unreadable import looks_wide, wide_encoding

BLOCK_BYTES = 1 << 20
RATIO_FROM_BYTES = 64 << 20
RATIO_EVERY_BYTES = 16 << 20
FIRST_LINE_BYTES = 256 << 10
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What is asked of every source.

    max_bytes: decoded bytes; max_ratio: decoded bytes to bytes read, watched beyond 64 MiB; max_time_s: seconds from the
    opening. None, and 0 for the ratio, is no limit. encoding: the text encoding to be turned into UTF-8.
    """

    max_bytes: int | None = None
    max_ratio: float | None = 1000.0
    max_time_s: float | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment, on the monotonic `clock`, when a source has had its time; `seconds` is what it was given."""

    seconds: float
    at: float
    clock: Callable[[], float]

    @classmethod
    def after(cls, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> Deadline | None:
        """Return the deadline that lies `seconds` from now, None if there is to be none."""
        return None if seconds is None else cls(seconds, clock() + seconds, clock)

    def left_s(self) -> float:
        """Return how many seconds are left. Raises LimitError if none are."""
        left = self.at - self.clock()
        if left <= 0:
            raise LimitError(f"over --max-time {self.seconds:g} s", "allow more with --max-time")
        return left


class Layer(ABC):
    """A stream on another stream: what is not its own business it hands through. Once it has failed it fails again.

    bytes_read, size_bytes, modified_s: as of the last `readinto`, those of the stream below.
    """

    def __init__(self, below: ByteStream) -> None:
        self.below = below
        self.size_bytes = below.size_bytes
        self.bytes_read = below.bytes_read
        self.modified_s = below.modified_s
        self.notes = below.notes
        self._error: SourceError | None = None

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

    def cancel(self) -> None:
        """Cancel the stream below."""
        self.below.cancel()

    def close(self) -> None:
        """Close the stream below."""
        self.below.close()

    @abstractmethod
    def _read(self, buffer: memoryview) -> int:
        """Do the work of `readinto`."""


class Peeked(Layer):
    """A stream whose first bytes were read already to look at them: they come first again."""

    def __init__(self, below: ByteStream, head: bytes) -> None:
        super().__init__(below)
        self._head = memoryview(head)

    def _read(self, buffer: memoryview) -> int:
        if not self._head:
            return self.below.readinto(buffer)
        count, self._head = copy_some(self._head, buffer)
        return count


class Limited(Layer):
    """A stream that ends in LimitError when a limit of the options is reached, with all bytes up to it delivered.

    Never asks the stream below for more than the caller's buffer holds, so a bomb costs no memory. The ratio is looked at
    in fixed places only: where a source is cut does not depend on the sizes of the caller's buffers.
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

    def _check_ratio(self) -> None:
        most = self._options.max_ratio
        if not most or self._decoded < RATIO_FROM_BYTES or self._decoded % RATIO_EVERY_BYTES:
            return
        ratio = self._decoded / max(1, self.below.bytes_read)
        if ratio > most:
            raise LimitError(f"ratio {ratio:.0f} over --max-ratio {most:g}", "allow more with --max-ratio, 0 for any")

    def _expect_end(self) -> int:
        if self.below.readinto(memoryview(bytearray(1))):
            raise LimitError(f"over --max-bytes {self._options.max_bytes}", "allow more with --max-bytes")
        return 0


class Transcoded(Layer):
    """A stream of text in some encoding, as UTF-8. What cannot be decoded stays as it is, as bytes that are no UTF-8."""

    def __init__(self, below: ByteStream, encoding: str) -> None:
        super().__init__(below)
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(BYTES_AS_THEY_ARE)
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._text = memoryview(b"")
        self._ended = False

    def _read(self, buffer: memoryview) -> int:
        while not self._text and not self._ended:
            count = self.below.readinto(self._block)
            self._ended = not count
            self._text = memoryview(self._transcode(bytes(self._block[:count])))
        count, self._text = copy_some(self._text, buffer)
        return count

    def _transcode(self, data: bytes) -> bytes:
        try:
            return self._decoder.decode(data, final=self._ended).encode("utf-8", BYTES_AS_THEY_ARE)
        except ValueError as error:  # of a codec that cannot go on, such as utf-16 without its byte order mark
            raise SourceError(f"is not {self._encoding}: {error}", "name another --encoding") from error


BYTES_AS_THEY_ARE = "logproc.bytes-as-they-are"


def keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""Handle what cannot be decoded or encoded: as `surrogateescape`, and what that cannot keep as `\xNN` or `\uNNNN`."""
    if isinstance(error, UnicodeDecodeError):
        odd = error.object[error.start : error.end]
        return "".join(chr(0xDC00 + byte) if byte >= 0x80 else f"\\x{byte:02x}" for byte in odd), error.end
    if not isinstance(error, UnicodeEncodeError):
        raise error
    codes = [ord(character) for character in error.object[error.start : error.end]]
    kept = [bytes([code - 0xDC00]) if 0xDC80 <= code <= 0xDCFF else b"\\u%04x" % code for code in codes]
    return b"".join(kept), error.end


codecs.register_error(BYTES_AS_THEY_ARE, keep_bytes)


class Lines(Layer):
    """A stream of text whose lines end with LF. Raises SourceError for what is no text for sure, whatever its format.

    The first 256 KiB tell: where they hold CRs and no LF, as on the old Macintosh, every CR is handed on as an LF. Nothing
    is waited for longer than the first LF, so a live stream is not held up.
    """

    def __init__(self, below: ByteStream) -> None:
        super().__init__(below)
        self._head: memoryview | None = None
        self._ends_with_cr = False

    def _read(self, buffer: memoryview) -> int:
        if self._head is None:
            head = read_first_line(self.below)
            refuse_no_text(head)
            self._ends_with_cr = b"\r" in head and b"\n" not in head
            self._head = memoryview(self._with_lf(head))
        if self._head:
            count, self._head = copy_some(self._head, buffer)
            return count
        count = self.below.readinto(buffer)
        if self._ends_with_cr:
            buffer[:count] = self._with_lf(bytes(buffer[:count]))
        return count

    def _with_lf(self, data: bytes) -> bytes:
        return data.replace(b"\r", b"\n") if self._ends_with_cr else data


def read_first_line(stream: ByteStream) -> bytes:
    """Read until there is an LF, or 256 KiB, or the stream ends; one that fails behind some bytes fails again when read on."""
    buffer = memoryview(bytearray(FIRST_LINE_BYTES))
    size, count = 0, -1
    while count and size < len(buffer):
        try:
            count = stream.readinto(buffer[size:])
        except SourceError:
            if not size:
                raise
            break
        size += count
        if b"\n" in bytes(buffer[size - count : size]):
            break
    return bytes(buffer[:size])


def refuse_no_text(head: bytes) -> None:
    """Raise SourceError for an archive of files or a wide text, as far as the first line tells."""
    if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        raise SourceError("unsupported archive (tar)", "unpack it first")
    first_line = head.partition(b"\n")[0]
    wide = wide_encoding(first_line) if 0 in first_line else None
    if wide:
        raise SourceError(*looks_wide(wide))


def check_encoding(name: str) -> None:
    """Raise UsageError if there is no text encoding called `name`."""
    try:
        # Decoding nothing at all would look nothing up; the second call is for those that cannot decode piece by piece.
        b"name".decode(name, "replace")
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise UsageError(f"--encoding {name!r} is unknown", "name one such as utf-16 or latin-1") from error


def copy_some(data: memoryview, buffer: memoryview) -> tuple[int, memoryview]:
    """Copy as much of `data` as fits into `buffer`; return how many bytes that was, and the rest."""
    count = min(len(data), len(buffer))
    buffer[:count] = data[:count]
    return count, data[count:]
