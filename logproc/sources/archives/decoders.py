"""Decoders for one member of a compressed file, all with the interface of `bz2.BZ2Decompressor`.

The library of a codec is imported when it is first needed.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Protocol

from msgspec import Struct

from logproc.model.errors import SourceError

MEMORY_LIMIT_BYTES = 128 << 20
"""The largest memory of a decoder: the default limit of zstd, and twice what `xz -9` needs."""
KEPT_BYTES = 4 << 20
"""How much input of a member is kept for `DeflateMember.rest_of_cut`."""
PLAIN_HEADER = b"\x1f\x8b\x08\0"
"""The beginning of a gzip header without optional fields."""
UNSUPPORTED = "unsupported"
"""The word by which the libraries tell that they do not know a feature of a member, and that it is not damaged."""
FLAG_HEADER_CHECKSUM, FLAG_EXTRA, FLAG_NAME, FLAG_COMMENT, FLAGS_RESERVED = 0x02, 0x04, 0x08, 0x10, 0xE0


class Member(Protocol):
    """The decoder of one member, as in the standard library."""

    @property
    def eof(self) -> bool:
        """Whether the member has ended."""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more can be decoded without further input."""

    @property
    def unused_data(self) -> bytes:
        """Input after the member's end."""

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        """Take all of `data`, return at most `max_length` decoded bytes, and keep the rest for the next call."""


class DamagedError(Exception):
    """A member whose header is invalid or of an unknown kind, or whose checksum or size does not match its data."""


class Codec(Struct, frozen=True):
    """A kind of member. `open` returns a decoder, which raises one of `errors` for damaged data."""

    name: str
    open: Callable[[], Member]
    errors: tuple[type[Exception], ...]


def find_codec(name: str) -> Codec:
    """Return the codec called gzip, deflate, bz2, xz or zstd. Raises SourceError for any other name."""
    if name in {"gzip", "deflate"}:
        return deflate_codec(name)
    if name == "bz2":
        import bz2

        return Codec(name, bz2.BZ2Decompressor, (OSError, ValueError, EOFError))
    if name == "xz":
        import lzma

        return Codec(name, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MEMORY_LIMIT_BYTES), (lzma.LZMAError, EOFError))
    if name == "zstd":
        return zstd_codec(name)
    raise SourceError(f"unsupported encoding {name}", "known are gzip, deflate, bz2, xz, zstd")


def refusal(codec: str, error: Exception, head: bytes) -> SourceError | None:
    """Return why a member cannot be decoded at all, None if it is damaged. head: its first bytes."""
    text = str(error).lower()
    window_bytes, dictionary = zstd_header(head) if codec == "zstd" else (0, 0)
    if dictionary and "dictionary" in text:
        return SourceError(f"needs zstd dictionary {dictionary}", "unpack it first, with zstd -d -D DICTIONARY")
    if "memory" in text and window_bytes > MEMORY_LIMIT_BYTES:
        log = (window_bytes - 1).bit_length()
        return SourceError(f"needs {window_bytes >> 20} MiB to be unpacked", f"unpack it first, with zstd -d --long={log}")
    if "memory" in text:
        return SourceError(f"needs over {MEMORY_LIMIT_BYTES >> 20} MiB to be unpacked", "unpack it first")
    if UNSUPPORTED in text:
        return SourceError(f"uses {codec} features that are not supported", "unpack it first")
    return None


def zstd_header(head: bytes) -> tuple[int, int]:
    """Return the window in bytes and the number of the dictionary of a zstd frame (RFC 8878, 3.1.1.1), 0 for none."""
    if len(head) < 6:
        return 0, 0
    is_single, size = head[4] & 0x20, (0, 1, 2, 4)[head[4] & 3]
    exponent, eighths = divmod(head[5], 8)
    window_bytes = 0 if is_single else (8 + eighths) << (7 + exponent)
    start = 5 if is_single else 6
    return window_bytes, int.from_bytes(head[start : start + size], "little")


def not_verified(member: Member) -> SourceError | None:
    """Return the failure of a whole xz member with an integrity check that its library does not know, None for others."""
    check = getattr(member, "check", None)
    if check is None:
        return None
    import lzma

    if lzma.is_check_supported(check):
        return None
    return SourceError(f"unknown xz check {check}: data may be wrong", "test it with xz -t")


def zstd_codec(name: str) -> Codec:
    # RFC 8878. A skippable frame decodes to nothing.
    zstd: Any
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    return Codec(name, zstd.ZstdDecompressor, (zstd.ZstdError, EOFError))


def deflate_codec(name: str) -> Codec:
    from isal import igzip_lib

    isal_error: Any = igzip_lib.IsalError
    header: Callable[[], Header] = GzipHeader if name == "gzip" else DeflateHeader
    return Codec(name, lambda: DeflateMember(header()), (isal_error, DamagedError, EOFError))


class Container(Struct, frozen=True):
    """The container of deflate data: its flag in ISA-L, and the size and byte order of its trailer."""

    flag: str
    trailer_bytes: int
    byte_order: Literal["little", "big"]


GZIP = Container("DECOMP_GZIP_NO_HDR", 8, "little")
ZLIB = Container("DECOMP_ZLIB_NO_HDR", 4, "big")
RAW = Container("DECOMP_DEFLATE", 0, "big")


class Header(Protocol):
    """A header that comes in pieces."""

    def feed(self, data: bytes) -> tuple[Container, bytes] | None:
        """Take a piece; return container and data after the header once it is complete, else None. Raises DamagedError."""


class GzipHeader:
    """The header of a gzip member (RFC 1952, 2.3). Its fields may have any length and are not stored."""

    def __init__(self) -> None:
        self._data = b""
        self._fields: deque[Callable[[bytes], bytes | None]] = deque([self._skip_fixed])

    def feed(self, data: bytes) -> tuple[Container, bytes] | None:
        if not self._data and data[:4] == PLAIN_HEADER and len(data) >= 10:
            return GZIP, data[10:]
        self._data += data
        while self._fields:
            rest = self._fields[0](self._data)
            if rest is None:
                return None
            self._data = rest
            self._fields.popleft()
        return GZIP, self._data

    def _skip_fixed(self, data: bytes) -> bytes | None:
        if len(data) < 10:
            return None
        flags = data[3]
        if data[:3] != b"\x1f\x8b\x08":
            raise DamagedError
        if flags & FLAGS_RESERVED:
            raise DamagedError(f"{UNSUPPORTED} flags {flags & FLAGS_RESERVED:#04x}")
        optional = (
            (FLAG_EXTRA, self._skip_extra),
            (FLAG_NAME, self._skip_text),
            (FLAG_COMMENT, self._skip_text),
            (FLAG_HEADER_CHECKSUM, lambda rest: rest[2:] if len(rest) >= 2 else None),
        )
        self._fields.extend(skip for flag, skip in optional if flags & flag)
        return data[10:]

    def _skip_extra(self, data: bytes) -> bytes | None:
        size = 2 + int.from_bytes(data[:2], "little")
        return data[size:] if len(data) >= max(2, size) else None

    def _skip_text(self, data: bytes) -> bytes | None:
        _, end, rest = data.partition(b"\0")
        if end:
            return rest
        self._data = b""
        return None


class DeflateHeader:
    """The header of the content coding `deflate`. RFC 9110, 8.4.1.2, requires zlib's (RFC 1950); some servers omit it."""

    def __init__(self) -> None:
        self._data = b""

    def feed(self, data: bytes) -> tuple[Container, bytes] | None:
        data = self._data = self._data + data
        if len(data) < 2:
            return None
        is_zlib = data[0] & 0x8F == 0x08 and int.from_bytes(data[:2], "big") % 31 == 0 and not data[1] & 0x20
        return (ZLIB, data[2:]) if is_zlib else (RAW, data)


class DeflateMember:
    """One member of deflate data, in the container given by its header.

    ISA-L decodes the data and computes the checksum. Header and trailer are read here, because ISA-L raises for a wrong
    checksum without returning the data before it.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._container = RAW
        self._inflate: Any = None
        self._size = 0
        self._behind = b""
        self._kept: bytearray | None = bytearray()
        self.eof = False

    @property
    def in_trailer(self) -> bool:
        """Whether all data is decoded and only the trailer is missing."""
        return self._inflate is not None and self._inflate.eof and not self.eof

    @property
    def needs_input(self) -> bool:
        if self.in_trailer:
            return len(self._behind) < self._container.trailer_bytes
        return self._inflate is None or bool(self._inflate.needs_input)

    @property
    def unused_data(self) -> bytes:
        return self._behind[self._container.trailer_bytes :]

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        if self.in_trailer:
            self._behind += data
            self._check_trailer()
            return b""
        if self._inflate is None:
            data = self._skip_header(bytes(data))
            if self._inflate is None:
                return b""
        if self._kept is not None:
            self._kept += data
            if len(self._kept) > KEPT_BYTES:
                self._kept = None
        decoded: bytes = self._inflate.decompress(data, max_length)
        self._size += len(decoded)
        if self._inflate.eof:
            self._behind = self._inflate.unused_data
        return decoded

    def rest_of_cut(self) -> bytes:
        """Return the decoded data of a truncated member that `decompress` could not return; b"" if its input is over 4 MiB.

        ISA-L decodes up to three symbols at once, and drops all of them if the last one is truncated. zlib does not.
        """
        import zlib

        if self._inflate is None or not self._kept:
            return b""
        compressed, left = bytes(self._kept), self._size
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            while left and compressed:
                left -= len(inflate.decompress(compressed, min(left, 1 << 20)))
                compressed = inflate.unconsumed_tail
            return inflate.decompress(compressed)
        except zlib.error:
            return b""

    def _skip_header(self, data: bytes) -> bytes:
        found = self._header.feed(data)
        if found is None:
            return b""
        from isal import igzip_lib

        self._container, data = found
        self._inflate = igzip_lib.IgzipDecompressor(getattr(igzip_lib, self._container.flag))
        return data

    def _check_trailer(self) -> None:
        size, order = self._container.trailer_bytes, self._container.byte_order
        if len(self._behind) < size:
            return
        trailer = self._inflate.crc.to_bytes(4, order) + (self._size % (1 << 32)).to_bytes(4, order)
        if self._behind[:size] != trailer[:size]:
            raise DamagedError
        self.eof = True
