"""Decompression of gzip, bzip2, xz and Zstandard, detected from the content. All codecs follow the same rules.

A truncated file yields all that can be decoded, then fails with `truncated`. A damaged one yields what was decoded before
the damage was found, then fails with `checksum mismatch`. Several members form one stream. Zeros after the last member are
padding, as from tapes and block devices; anything else there is ignored with a note.
"""

from __future__ import annotations

import os

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.sources.decoders import MEMORY_LIMIT_BYTES, DeflateMember, Member, find_codec
from logproc.sources.limits import Deadline, Layer, Limited, Peeked, ReadOptions, copy_some, skip_hole_of
from logproc.sources.text import BLOCK_BYTES, Lines, Transcoded

STEP_BYTES = 1 << 19
"""How much is decoded at once. Fixed, so that what a damaged file yields does not depend on the caller's buffers."""
PIECE_BYTES = 1 << 12
"""Size of the first piece of a member; the next ones double. So many small members do not each copy a whole block."""
HEAD_BYTES = 16

BZ2_BLOCK, BZ2_END = b"1AY&SY", b"\x17rE8P\x90"
MAGICS: tuple[tuple[str, bytes], ...] = (
    ("gzip", b"\x1f\x8b\x08"),
    ("xz", b"\xfd7zXZ\0"),
    ("zstd", b"\x28\xb5\x2f\xfd"),
    *(("zstd", bytes([first]) + b"\x2a\x4d\x18") for first in range(0x50, 0x60)),
    *(("bz2", b"BZh%d" % level + block) for level in range(1, 10) for block in (BZ2_BLOCK, BZ2_END)),
)
FOREIGN: tuple[tuple[str, bytes], ...] = (
    *(("zip", b"PK" + kind) for kind in (b"\x03\x04", b"\x05\x06", b"\x07\x08")),
    ("7z", b"7z\xbc\xaf\x27\x1c"),
    ("rar", b"Rar!\x1a\x07"),
    ("lz4", b"\x04\x22\x4d\x18"),
    ("lz4", b"\x02\x21\x4c\x18"),
    ("compress", b"\x1f\x9d"),
    ("pack", b"\x1f\x1e"),
    ("lzip", b"LZIP\x01"),
    ("lzop", b"\x89LZO\0\r\n\x1a\n"),
    ("lzma", b"\x5d\0\0\x80\0"),
    ("snappy", b"\xff\x06\0\0sNaPpY"),
    ("cab", b"MSCF\0\0\0\0"),
)
"""Archives that are refused. Some contain uncompressed text, which must not be counted as a log."""
ENDINGS = {b"gz": "gzip", b"xz": "xz", b"zst": "zstd", b"bz2": "bz2"}
LEAST_BYTES = {"gzip": 2, "xz": 2, "zstd": 2, "bz2": 4}
"""How many magic bytes identify a file that ends within them. With fewer it could be a short text."""


def sniff(head: bytes) -> str | None:
    r"""Return the codec of data that begins with `head`, None if it is not compressed.

    A `head` shorter than `HEAD_BYTES` is the whole file, which may have been truncated within its header.

    >>> sniff(b"\x1f\x8b\x08\x00"), sniff(b"127.0.0.1 - -")
    ('gzip', None)
    """
    for codec, magic in MAGICS:
        if head.startswith(magic) or (len(head) >= LEAST_BYTES[codec] and magic.startswith(head)):
            return codec
    return None


def cut_archive(head: bytes, location: str | bytes) -> str | None:
    r"""Return the codec for the extension of `location`, if `head` is a beginning of its magic bytes.

    >>> cut_archive(b"B", "access.log.bz2"), cut_archive(b"B", "grades")
    ('bz2', None)
    """
    name = os.fsencode(location).rpartition(b"?")[0] or os.fsencode(location)
    ending = name.rpartition(b".")[2].lower()
    return next((codec for codec, magic in MAGICS if head and ENDINGS.get(ending) == codec and magic.startswith(head)), None)


def may_be_archive(head: bytes) -> bool:
    """Return whether more bytes than `head` are needed to detect compression."""
    return any(len(head) < len(magic) and magic.startswith(head) for _, magic in (*MAGICS, *FOREIGN))


def decoded(raw: ByteStream, options: ReadOptions, deadline: Deadline | None = None, location: str | bytes = "") -> ByteStream:
    """Return `raw` as a stream of text: decompressed if necessary, within the limits of `options`, as UTF-8 with LF.

    Only one layer of compression is undone; another one inside is an error. Nothing is read before the first `readinto`, so
    `cancel` works while the first byte is awaited. location: the path or URL of `raw`; see `cut_archive`.
    """
    stream: ByteStream = Limited(Unpacked(raw, location), options, deadline)
    return Lines(Transcoded(stream, options.encoding) if options.encoding else stream)


class Unpacked(Layer):
    """A stream, decompressed if its first bytes are those of a known codec."""

    def __init__(self, below: ByteStream, location: str | bytes = "") -> None:
        super().__init__(below)
        self._location = location
        self._inner: ByteStream | None = None

    def ready_within(self, seconds: float) -> bool:
        return (self._inner or self.below).ready_within(seconds)

    def skip_hole(self) -> int:
        return skip_hole_of(self._inner) if self._inner else 0

    def _read(self, buffer: memoryview) -> int:
        if self._inner is None:
            head = read_head(self.below)
            for name, magic in FOREIGN:
                if head.startswith(magic):
                    raise SourceError(f"unsupported archive ({name})", "unpack it first")
            codec = sniff(head) or cut_archive(head, self._location)
            peeked = Peeked(self.below, head)
            self._inner = Decoded(peeked, codec, refuse_archive=True) if codec else peeked
        return self._inner.readinto(buffer)


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
        self._input = Input(raw)
        self._member: Member | None = None
        self._member_start = 0
        self._piece_bytes = PIECE_BYTES
        self._decoded = memoryview(b"")
        self._decoded_bytes = 0
        self._ended = False
        self._failure: SourceError | None = None
        self._head: bytes | None = b"" if refuse_archive else None

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
        if may_be_archive(head) and not self._ended and not self._failure:
            return b""
        if sniff(head[:HEAD_BYTES]):
            self._failure = SourceError("holds another archive: left alone", "unpack it first")
            raise self._failure
        self._head = None
        return head

    def _begin_member(self) -> bytes:
        is_first = not self._input.position
        self._ended = not (self._input.rest() or self._input.more()) if is_first else not self._find_next_member()
        if not self._ended:
            head = bytes(self._input.rest()[:HEAD_BYTES])
            if self._codec.name not in (sniff(head), "deflate") and not may_be_archive(head):
                raise SourceError(f"not {self._codec.name} data", "the data is not what its header says")
            self._member, self._member_start, self._piece_bytes = self._codec.open(), self._decoded_bytes, PIECE_BYTES
        return b""

    def _find_next_member(self) -> bool:
        """Skip zeros; return whether another member follows. Anything else is skipped with a note."""
        end = self._input.position
        self._input.skip_zeros()
        head = self._input.head()
        if head and self._codec.name != "deflate" and sniff(head) == self._codec.name:
            return True
        while self._input.rest():
            self._input.take(BLOCK_BYTES)
            self._input.more()
        ignored = self._input.position - end
        if head:
            self.notes.append(f"{ignored} byte{'s' if ignored > 1 else ''} after end ignored")
        return False

    def _decode(self, member: Member) -> bytes:
        data = self._next_piece() if member.needs_input else memoryview(b"")
        is_cut = member.needs_input and not data
        try:
            decoded = member.decompress(data, STEP_BYTES)  # even b"": bz2 asks for input before it has returned everything
        except self._codec.errors as error:
            return self._damaged(error)
        if is_cut and not decoded:
            return self._cut(member)
        if member.eof:
            self._input.give_back(len(member.unused_data))
            self._member = None
        return decoded

    def _next_piece(self) -> memoryview:
        if not self._input.rest() and not self._input.more():
            return memoryview(b"")
        data = self._input.take(self._piece_bytes)
        self._piece_bytes = min(2 * self._piece_bytes, BLOCK_BYTES)
        return data

    def _cut(self, member: Member) -> bytes:
        what = f"truncated at byte {self._input.position}" + ("" if self._decoded_bytes else " after 0 lines")
        if isinstance(member, DeflateMember) and member.in_trailer:
            what += ": checksum mismatch: data may be wrong"
        self._failure = SourceError(what, "the archive is incomplete; fetch it again")
        return member.rest_of_cut() if isinstance(member, DeflateMember) else b""

    def _damaged(self, error: Exception) -> bytes:
        if "memory" in str(error).lower():
            self._failure = SourceError(f"needs over {MEMORY_LIMIT_BYTES >> 20} MiB to be unpacked", "unpack it first")
            return b""
        what = f"checksum mismatch: data may be wrong from decoded byte {self._member_start}"
        self._failure = SourceError(what, "the archive is damaged; fetch it again")
        return b""


class Input:
    """A raw stream that is read in blocks and taken in pieces. Bytes taken in excess can be given back."""

    def __init__(self, raw: ByteStream) -> None:
        self._raw = raw
        self._block = memoryview(bytearray(BLOCK_BYTES))
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

    def more(self) -> bool:
        """Read more input after the rest, which must be smaller than a block. Return False at the end of the stream."""
        rest = bytes(self.rest())
        self._block[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        count = self._raw.readinto(self._block[len(rest) :])
        self._end += count
        self._read_bytes += count
        return count > 0

    def head(self) -> bytes:
        """Return the first bytes of the rest, enough to detect compression."""
        while may_be_archive(bytes(self.rest()[:HEAD_BYTES])) and self.more():
            pass
        return bytes(self.rest()[:HEAD_BYTES])

    def skip_zeros(self) -> None:
        while self.rest() or self.more():
            if self.rest()[0]:
                return
            self._start = self._end - len(bytes(self.rest()).lstrip(b"\0"))
