"""Archives of one file, told by their first bytes and decoded: gzip, bzip2, xz and Zstandard, by the same rules.

An archive that ends too early gives every byte that can be decoded, then `truncated`. One that contradicts itself gives
its bytes, then `checksum mismatch`. Several members make one stream. Zeros behind the last one are padding (as tapes and
block devices leave them), anything else is a note.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from logproc.errors import SourceError
from logproc.model import ByteStream
from logproc.sources.decoders import MEMORY_LIMIT_BYTES, Codec, DeflateMember, Member, find_codec
from logproc.sources.text import BLOCK_BYTES, Deadline, Layer, Limited, Lines, Peeked, ReadOptions, Transcoded, copy_some

STEP_BYTES = 1 << 19
"""The most that is decoded at once: fixed, so that where damage is met does not depend on the caller's buffers."""
PIECE_BYTES = 1 << 12
"""The first piece of a member; the next ones double. An archive of many small members is not copied once a member."""
KEPT_BYTES = 4 << 20
KEPT_DECODED_BYTES = 64 << 20
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
    ("zip", b"PK\x03\x04"),
    ("zip", b"PK\x05\x06"),
    ("zip", b"PK\x07\x08"),
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
"""Archives that are not unpacked here. Some keep text as it is in places, so that a part of it would be counted."""
ENDINGS = {b"gz": "gzip", b"xz": "xz", b"zst": "zstd", b"bz2": "bz2"}
LEAST_BYTES = {"gzip": 2, "xz": 2, "zstd": 2, "bz2": 4}
"""How much of the magic bytes makes an archive if there is nothing behind them: what no text file would consist of."""


def sniff(head: bytes) -> str | None:
    r"""Return the codec of what begins with `head`, None if it is no archive.

    If `head` is shorter than `HEAD_BYTES` it is taken for the whole, perhaps an archive cut within its header.

    >>> sniff(b"\x1f\x8b\x08\x00"), sniff(b"127.0.0.1 - -")
    ('gzip', None)
    """
    for codec, magic in MAGICS:
        if head.startswith(magic) or (len(head) >= LEAST_BYTES[codec] and magic.startswith(head)):
            return codec
    return None


def cut_archive(head: bytes, location: str | bytes) -> str | None:
    r"""Return the codec that the ending of a name tells, of what is no more than the first of its magic bytes.

    >>> cut_archive(b"B", "access.log.bz2"), cut_archive(b"B", "grades")
    ('bz2', None)
    """
    name = os.fsencode(location).rpartition(b"?")[0] or os.fsencode(location)
    ending = name.rpartition(b".")[2].lower()
    return next((codec for codec, magic in MAGICS if head and ENDINGS.get(ending) == codec and magic.startswith(head)), None)


def refuse_foreign(head: bytes) -> None:
    """Raise SourceError for an archive of a kind that is not unpacked."""
    for name, magic in FOREIGN:
        if head.startswith(magic):
            raise SourceError(f"unsupported archive ({name})", "unpack it first")


def may_be_archive(head: bytes) -> bool:
    """Return whether `head` is too short to tell what it begins."""
    return any(len(head) < len(magic) and magic.startswith(head) for _, magic in (*MAGICS, *FOREIGN))


def decoded(raw: ByteStream, options: ReadOptions, deadline: Deadline | None = None, location: str | bytes = "") -> ByteStream:
    """Return the stream of text in `raw`: unpacked if it is an archive, within the limits of `options`, lines as UTF-8.

    One layer of packing is taken off; if there is another within, it is left alone, which is a failure. Nothing is read
    before the first `readinto`, so that a stream that waits for its first byte can be cancelled. location: where `raw` is
    from; its ending tells an archive of a few bytes from a text of these.
    """
    stream: ByteStream = Limited(Unpacked(raw, location), options, deadline)
    return Lines(Transcoded(stream, options.encoding) if options.encoding else stream)


class Unpacked(Layer):
    """A stream without its packing, if its first bytes say that it has one."""

    def __init__(self, below: ByteStream, location: str | bytes = "") -> None:
        super().__init__(below)
        self._location = location
        self._inner: ByteStream | None = None

    def _read(self, buffer: memoryview) -> int:
        if self._inner is None:
            head = read_head(self.below)
            refuse_foreign(head)
            codec = sniff(head) or cut_archive(head, self._location)
            peeked = Peeked(self.below, head)
            self._inner = Decoded(peeked, codec, refuse_archive=True) if codec else peeked
        return self._inner.readinto(buffer)


def read_head(raw: ByteStream) -> bytes:
    """Read as many bytes as it takes to tell whether `raw` is an archive; a live stream of text is not waited for."""
    buffer = memoryview(bytearray(HEAD_BYTES))
    size = 0
    while may_be_archive(bytes(buffer[:size])):
        count = raw.readinto(buffer[size:])
        size += count
        if not count:
            break
    return bytes(buffer[:size])


class Decoded(Layer):
    """The decoded bytes of an archive.

    `readinto` raises SourceError where the archive is damaged, after all that could be decoded. Memory: a block read, a step
    decoded, the codec's own window, and the first 4 MiB of a member, kept to decode them again if it is damaged.
    """

    def __init__(self, raw: ByteStream, codec: str, *, refuse_archive: bool = False) -> None:
        super().__init__(raw)
        self._codec = find_codec(codec)
        self._input = Input(raw)
        self._member: Member | None = None
        self._kept = Kept()
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
            self._hand_on(self._decode(self._member) if self._member else self._begin_member())
        count, self._decoded = copy_some(self._decoded, buffer)
        return count

    def _hand_on(self, data: bytes) -> None:
        self._decoded_bytes += len(data)
        self._kept.decoded_bytes += len(data)
        self._decoded = memoryview(data if self._head is None else self._without_archive(data))

    def _without_archive(self, data: bytes) -> bytes:
        """Return the first decoded bytes, as soon as they are enough to tell that they are no archive; otherwise raise."""
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
            self._check_magic()
            self._member, self._kept, self._piece_bytes = self._codec.open(), Kept(), PIECE_BYTES
        return b""

    def _check_magic(self) -> None:
        head = bytes(self._input.rest()[:HEAD_BYTES])
        if self._codec.name not in (sniff(head), "deflate") and not may_be_archive(head):
            raise SourceError(f"not {self._codec.name} data", "the data are not what they are said to be")

    def _find_next_member(self) -> bool:
        """Skip zeros up to a further member; return whether there is one. What else there is gets a note and is skipped."""
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
            decoded = member.decompress(data, STEP_BYTES)  # also with nothing: bz2 asks for more before it gave all it has
        except self._codec.errors as error:
            return self._damaged(error)
        if is_cut and not decoded:
            return self._cut(member)
        if member.eof:
            self._input.give_back(len(member.unused_data))
            self._member = None
        return decoded

    def _next_piece(self) -> memoryview:
        """Return a piece of the input, empty at its end."""
        if not self._input.rest() and not self._input.more():
            return memoryview(b"")
        data = self._input.take(self._piece_bytes)
        self._piece_bytes = min(2 * self._piece_bytes, BLOCK_BYTES)
        self._kept.add(data)
        return data

    def _cut(self, member: Member) -> bytes:
        what = f"truncated at byte {self._input.position}" + ("" if self._decoded_bytes else " after 0 lines")
        if isinstance(member, DeflateMember) and member.in_trailer:
            what += ": checksum mismatch: data may be wrong"
        self._failure = SourceError(what, "the archive is not whole, fetch it again")
        return self._kept.rest_of_cut(member)

    def _damaged(self, error: Exception) -> bytes:
        if "memory" in str(error).lower():
            self._failure = SourceError(f"needs over {MEMORY_LIMIT_BYTES >> 20} MiB to be unpacked", "unpack it first")
            return b""
        start = self._decoded_bytes - self._kept.decoded_bytes
        what = f"checksum mismatch: data may be wrong from decoded byte {start}"
        self._failure = SourceError(what, "the archive is damaged, fetch it again")
        return self._kept.rest_of_damaged(self._codec)


class Input:
    """A block of a raw stream, taken piece by piece; what was too much can be given back."""

    def __init__(self, raw: ByteStream) -> None:
        self._raw = raw
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._start = self._end = 0
        self._read_bytes = 0

    @property
    def position(self) -> int:
        """How many bytes of the raw stream were taken."""
        return self._read_bytes - (self._end - self._start)

    def rest(self) -> memoryview:
        """Return what is read and not taken."""
        return self._block[self._start : self._end]

    def take(self, size: int) -> memoryview:
        """Take at most `size` bytes of the rest; they are good until the next `more`."""
        piece = self.rest()[:size]
        self._start += len(piece)
        return piece

    def give_back(self, size: int) -> None:
        """Undo the taking of the last `size` bytes."""
        self._start -= size

    def more(self) -> bool:
        """Read on behind the rest, of less than a block. Return False at the end of the source."""
        rest = bytes(self.rest())
        self._block[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        count = self._raw.readinto(self._block[len(rest) :])
        self._end += count
        self._read_bytes += count
        return count > 0

    def head(self) -> bytes:
        """Return the first bytes of the rest, enough of them to tell whether they begin an archive."""
        while may_be_archive(bytes(self.rest()[:HEAD_BYTES])) and self.more():
            pass
        return bytes(self.rest()[:HEAD_BYTES])

    def skip_zeros(self) -> None:
        """Take all zeros up to the first other byte."""
        while self.rest() or self.more():
            if self.rest()[0]:
                return
            self._start = self._end - len(bytes(self.rest()).lstrip(b"\0"))


class Kept:
    """The start of a member as it was read: a decoder that raises swallows what it had decoded in that call."""

    def __init__(self) -> None:
        self.decoded_bytes = 0
        self._data: bytearray | None = bytearray()
        self._last_piece = 0

    def add(self, data: memoryview) -> None:
        """Keep `data` too, or nothing at all once it is too much."""
        if self._data is None:
            return
        self._last_piece = len(self._data)
        self._data += data
        if len(self._data) > KEPT_BYTES or self.decoded_bytes > KEPT_DECODED_BYTES:
            self._data = None

    def rest_of_cut(self, member: Member) -> bytes:
        """Return what a cut member decodes to beyond what was decoded before."""
        return member.rest_of_cut(bytes(self._data)) if self._data and isinstance(member, DeflateMember) else b""

    def rest_of_damaged(self, codec: Codec) -> bytes:
        """Return what a damaged member decodes to beyond what was decoded before: byte by byte, until it raises again."""
        if not self._data:
            return b""
        member, left, rest = codec.open(), self.decoded_bytes, bytearray()
        try:
            for piece in self._pieces(bytes(self._data)):
                decoded = member.decompress(piece, min(left, STEP_BYTES) or 1)
                while decoded or not member.needs_input:  # bz2 asks for more while a block of it is still to be had
                    rest += decoded[left:]
                    left -= min(left, len(decoded))
                    decoded = member.decompress(b"", min(left, STEP_BYTES) or 1)
        except codec.errors:
            return bytes(rest)
        return bytes(rest)

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield what was decoded well at once, and the piece with the damage byte by byte."""
        yield data[: self._last_piece]
        for place in range(self._last_piece, len(data)):
            yield data[place : place + 1]
