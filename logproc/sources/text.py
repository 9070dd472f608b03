"""Text encodings, line ends, holes of NULs, and refusing what is certainly not text."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable

import numpy

from logproc.model.errors import SourceError, UsageError
from logproc.model.patterns import regex
from logproc.model.source import ByteStream
from logproc.sources.archives.magic import is_tar
from logproc.sources.limits import Layer, Peeked, copy_some, skip_hole_of
from logproc.sources.unreadable import BINARY, LEAST_BYTES, PAGE, PAGE_BYTES, is_page, looks_wide, wide_encoding

BLOCK_BYTES = 1 << 20
FIRST_LINE_BYTES = 256 << 10
SAMPLE_BYTES = 32
"""So many bytes show the encoding where the first line is too short for that. Few, because a live stream waits for them."""
PLAIN = regex(rb"[\t\r\x20-\x7e]+")
HOLE_BYTES = 16
"""So many NULs inside a line are a hole, as a crash leaves it: the line ends there. Fewer are a part of the line."""
HOLE = regex(rb"(?<=\n)(\0+)|(\0{%d,})\n?" % HOLE_BYTES)


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
    it reads only up to the first LF, or a few bytes more where that may be UTF-16, so a live stream is not delayed.
    """

    def __init__(self, below: ByteStream) -> None:
        super().__init__(below)
        self._text: ByteStream = below
        self._head: memoryview | None = None
        self._ends_with_cr = False

    def _read(self, buffer: memoryview) -> int:
        if self._head is None:
            head = read_first_line(self.below, sample_bytes)
            refuse_not_text(head, self.below)
            self._text = WithoutHoles(Peeked(self.below, head))
            head = read_first_line(self._text)
            self._ends_with_cr = b"\r" in head and b"\n" not in head
            self._head = memoryview(self._with_lf(head))
        if self._head:
            count, self._head = copy_some(self._head, buffer)
            return count
        count = self._text.readinto(buffer)
        if self._ends_with_cr:
            buffer[:count] = self._with_lf(bytes(buffer[:count]))
        return count

    def _with_lf(self, data: bytes) -> bytes:
        return data.replace(b"\r", b"\n") if self._ends_with_cr else data


class WithoutHoles(Layer):
    """A stream of text without the NULs that a file shows where nothing was written. They are counted in a note.

    A log that is truncated while its writer goes on at the old offset begins with such a hole; a crash may leave one anywhere.
    NULs at the beginning of a line are skipped; a hole inside a line becomes its end. Raises SourceError at the end of a source
    that holds only NULs.
    """

    def __init__(self, below: ByteStream) -> None:
        super().__init__(below)
        self._last = b"\n"
        self._withheld = 0  # NULs after `_last`, inside a line: perhaps the beginning of a hole; HOLE_BYTES at most
        self._skipped = 0
        self._note = ""
        self._text = memoryview(b"")
        self._has_text = False

    def _read(self, buffer: memoryview) -> int:
        if self._text:
            count, self._text = copy_some(self._text, buffer)
            return count
        count = self.below.readinto(buffer)
        if count and not self._withheld and numpy.frombuffer(buffer[:count], numpy.uint8).min():
            self._last, self._has_text = bytes(buffer[count - 1 : count]), True
            return count
        self._text = memoryview(self._behind_hole(bytes(buffer[:count])))
        count, self._text = copy_some(self._text, buffer)
        return count

    def _behind_hole(self, data: bytes) -> bytes:
        """Return the text of a block that holds NULs, or of the first block after it that does not hold only NULs."""
        block = memoryview(b"")
        while data and data.count(0) == len(data):
            self._withhold(len(data) + skip_hole_of(self.below))
            block = block or memoryview(bytearray(BLOCK_BYTES))
            data = bytes(block[: self.below.readinto(block)])
        return self._without_holes(data) if data else self._rest()

    def _without_holes(self, data: bytes) -> bytes:
        joined = self._last + bytes(self._withheld) + data
        text = joined.rstrip(b"\0")
        self._last, self._withheld, self._has_text = text[-1:], 0, True
        text = HOLE.sub(self._skip, text)
        self._withhold(len(joined) - len(joined.rstrip(b"\0")))
        return text[1:]

    def _skip(self, hole: re.Match[bytes]) -> bytes:
        self._skipped += len(hole[1] or hole[2])
        return b"" if hole[1] else b"\n"

    def _withhold(self, nuls: int) -> None:
        """Skip NULs behind `_last`, except those that may belong to its line, or decide whether they do."""
        keep = 0 if self._last == b"\n" else min(self._withheld + nuls, HOLE_BYTES)
        self._skipped += self._withheld + nuls - keep
        self._withheld = keep
        self._tell()

    def _rest(self) -> bytes:
        """Return what is withheld at the end of the source."""
        if self._skipped and not self._has_text:
            raise SourceError(*BINARY)
        rest, self._withheld = self._withheld, 0
        if rest == HOLE_BYTES:
            self._skipped += rest
            self._tell()
        return bytes(rest % HOLE_BYTES)

    def _tell(self) -> None:
        if self._skipped:
            note = f"skipped {self._skipped} NUL byte{'s' if self._skipped > 1 else ''}"
            self.notes[:] = [*(other for other in self.notes if other != self._note), note]
            self._note = note


def read_first_line(stream: ByteStream, least_bytes: Callable[[bytes], int] = len) -> bytes:
    """Read up to the first LF, 256 KiB, or the end. A failure after some bytes is raised by the next `readinto` instead.

    least_bytes: returns for the first line, without its LF, how many bytes to read at least.
    """
    buffer = memoryview(bytearray(FIRST_LINE_BYTES))
    size, count, least = 0, -1, None
    while count and size < len(buffer):
        try:
            count = stream.readinto(buffer[size:])
        except SourceError:
            if not size:
                raise
            break
        size += count
        if least is None and b"\n" in bytes(buffer[size - count : size]):
            least = least_bytes(bytes(buffer[:size]).partition(b"\n")[0])
        if least is not None and size >= least:
            break
    return bytes(buffer[:size])


def sample_bytes(first_line: bytes) -> int:
    """Return how many of the first bytes show whether a text is UTF-16 or UTF-32. Fixed, whatever has arrived of the rest."""
    return len(first_line) if len(first_line) >= LEAST_BYTES or PLAIN.fullmatch(first_line) else SAMPLE_BYTES


def refuse_not_text(head: bytes, rest: ByteStream) -> None:
    """Raise SourceError if `head` is the beginning of a tar archive, or of text in UTF-16 or UTF-32.

    rest: what comes behind it. If a page may begin there, as much is read of it as shows that.
    """
    if is_tar(head):
        raise SourceError("unsupported archive (tar)", "unpack it first")
    sample = head[: sample_bytes(head.partition(b"\n")[0])]
    if 0 not in sample or not (wide := wide_encoding(sample)):
        return
    if sample.decode(wide, "ignore").lstrip("\ufeff \t\r\n")[:1] in {"", "<"}:
        head = read_first_line(Peeked(rest, head), lambda _: PAGE_BYTES)
        raise SourceError(*(PAGE if is_page(head) else looks_wide(wide)))
    raise SourceError(*looks_wide(wide))


def check_encoding(name: str) -> None:
    """Raise UsageError if there is no incremental text encoding called `name`."""
    try:
        # The first call refuses codecs that are not text encodings; the second, those that cannot decode incrementally.
        b"name".decode(name, "replace")
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise UsageError(f"--encoding {name!r} is unknown", "name one such as utf-16 or latin-1") from error
