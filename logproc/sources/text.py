"""Text encodings, line ends, and refusing what is certainly not text."""

from __future__ import annotations

import codecs

from logproc.model.errors import SourceError, UsageError
from logproc.model.source import ByteStream
from logproc.sources.limits import Layer, copy_some
from logproc.sources.unreadable import PAGE, is_page, looks_wide, wide_encoding

BLOCK_BYTES = 1 << 20
FIRST_LINE_BYTES = 256 << 10
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257


class Transcoded(Layer):
    """A stream converted from another encoding to UTF-8. Bytes that cannot be decoded are kept unchanged."""

    def __init__(self, below: ByteStream, encoding: str) -> None:
        super().__init__(below)
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)(KEEP_BYTES)
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
            return self._decoder.decode(data, final=self._ended).encode("utf-8", KEEP_BYTES)
        except ValueError as error:  # utf-16 without a byte order mark, for example
            raise SourceError(f"is not {self._encoding}: {error}", "name another --encoding") from error


KEEP_BYTES = "logproc.keep-bytes"


def keep_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    r"""Error handler for codecs: like `surrogateescape`, but writes what that cannot represent as `\xNN` or `\uNNNN`."""
    if isinstance(error, UnicodeDecodeError):
        odd = error.object[error.start : error.end]
        return "".join(chr(0xDC00 + byte) if byte >= 0x80 else f"\\x{byte:02x}" for byte in odd), error.end
    if not isinstance(error, UnicodeEncodeError):
        raise error
    codes = [ord(character) for character in error.object[error.start : error.end]]
    kept = [bytes([code - 0xDC00]) if 0xDC80 <= code <= 0xDCFF else b"\\u%04x" % code for code in codes]
    return b"".join(kept), error.end


codecs.register_error(KEEP_BYTES, keep_bytes)


class Lines(Layer):
    """A stream of text whose lines end with LF. Raises SourceError for what is certainly not a text file.

    If the first 256 KiB contain CR and no LF, as in files of the classic Mac OS, every CR becomes an LF. Before it delivers,
    it reads only up to the first LF, so a live stream is not delayed.
    """

    def __init__(self, below: ByteStream) -> None:
        super().__init__(below)
        self._head: memoryview | None = None
        self._ends_with_cr = False

    def _read(self, buffer: memoryview) -> int:
        if self._head is None:
            head = read_first_line(self.below)
            refuse_not_text(head)
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
    """Read up to the first LF, 256 KiB, or the end. A failure after some bytes is raised by the next `readinto` instead."""
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


def refuse_not_text(head: bytes) -> None:
    """Raise SourceError if `head` is the beginning of a tar archive, or of text in UTF-16 or UTF-32."""
    if head[TAR_MAGIC_AT:].startswith(TAR_MAGIC):
        raise SourceError("unsupported archive (tar)", "unpack it first")
    first_line = head.partition(b"\n")[0]
    if 0 in first_line and (wide := wide_encoding(first_line)):
        raise SourceError(*(PAGE if is_page(head) else looks_wide(wide)))


def check_encoding(name: str) -> None:
    """Raise UsageError if there is no incremental text encoding called `name`."""
    try:
        # The first call refuses codecs that are not text encodings; the second, those that cannot decode incrementally.
        b"name".decode(name, "replace")
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise UsageError(f"--encoding {name!r} is unknown", "name one such as utf-16 or latin-1") from error
