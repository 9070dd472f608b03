"""Decoders of one member of an archive, one for each codec, all with the methods of `bz2.BZ2Decompressor`.

The module of a codec is imported when that codec is met first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from logproc.errors import SourceError

MEMORY_LIMIT_BYTES = 128 << 20
"""The most that a decoder may take for its window: what zstd allows itself, and twice what `xz -9` needs."""
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
        """What came behind the member's end."""

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        """Take `data`, keep what is too much of it, and return at most `max_length` decoded bytes."""


class DamagedError(Exception):
    """A member that contradicts itself: a header that is none, or a checksum or size that is another."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How to decode members of one kind: `open` makes a decoder, which raises one of `errors` if the data are damaged."""

    name: str
    open: Callable[[], Member]
    errors: tuple[type[Exception], ...]


def find_codec(name: str) -> Codec:
    """Return the codec `gzip`, `deflate`, `bz2`, `xz` or `zstd`. Raises SourceError for any other name."""
    makers = {"gzip": deflate_codec, "deflate": deflate_codec, "bz2": bz2_codec, "xz": xz_codec, "zstd": zstd_codec}
    if name not in makers:
        raise SourceError(f"unsupported encoding {name}", f"known are {', '.join(makers)}")
    return makers[name](name)


def bz2_codec(name: str) -> Codec:
    """Return the codec of bzip2."""
    import bz2

    return Codec(name, bz2.BZ2Decompressor, (OSError, ValueError, EOFError))


def xz_codec(name: str) -> Codec:
    """Return the codec of xz."""
    import lzma

    return Codec(name, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, MEMORY_LIMIT_BYTES), (lzma.LZMAError, EOFError))


def zstd_codec(name: str) -> Codec:
    """Return the codec of Zstandard (RFC 8878), which decodes a skippable frame to nothing."""
    zstd: Any
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd

    return Codec(name, zstd.ZstdDecompressor, (zstd.ZstdError, EOFError))


def deflate_codec(name: str) -> Codec:
    """Return the codec of gzip, or that of the HTTP content coding `deflate`."""
    from isal import igzip_lib

    isal_error: Any = igzip_lib.IsalError
    header = gzip_header if name == "gzip" else deflate_header
    return Codec(name, lambda: DeflateMember(header()), (isal_error, DamagedError, EOFError))


@dataclass(frozen=True, slots=True)
class Wrapping:
    """What stands round deflate data: ISA-L's flag and zlib's `wbits` for it, and the trailer's size and byte order."""

    flag: str
    window_bits: int
    trailer_bytes: int
    byte_order: Literal["little", "big"]


GZIP = Wrapping("DECOMP_GZIP_NO_HDR", 31, 8, "little")
ZLIB = Wrapping("DECOMP_ZLIB_NO_HDR", 15, 4, "big")
RAW = Wrapping("DECOMP_DEFLATE", -15, 0, "big")
Header = Generator[None, bytes, tuple[Wrapping, bytes]]


class DeflateMember:
    """One member of deflate data in whatever wrapping its header tells.

    ISA-L reads the data and computes the checksum. The header and the trailer are read here: ISA-L would raise at a wrong
    checksum instead of returning the data before it.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        next(header)
        self._wrapping = RAW
        self._inflate: Any = None
        self._size = 0
        self._behind = b""
        self.eof = False

    @property
    def in_trailer(self) -> bool:
        """Whether all data are decoded, and only the checksum is still to come."""
        return self._inflate is not None and self._inflate.eof and not self.eof

    @property
    def needs_input(self) -> bool:
        """Whether nothing more can be decoded without further input."""
        if self.in_trailer:
            return len(self._behind) < self._wrapping.trailer_bytes
        return self._inflate is None or bool(self._inflate.needs_input)

    @property
    def unused_data(self) -> bytes:
        """What came behind the member's end."""
        return self._behind[self._wrapping.trailer_bytes :]

    def decompress(self, data: bytes | memoryview, max_length: int) -> bytes:
        """Take `data`, keep what is too much of it, and return at most `max_length` decoded bytes."""
        if self.in_trailer:
            self._behind += data
            self._check_trailer()
            return b""
        if self._inflate is None:
            data = self._skip_header(bytes(data))
            if self._inflate is None:
                return b""
        decoded: bytes = self._inflate.decompress(data, max_length)
        self._size += len(decoded)
        if self._inflate.eof:
            self._behind = self._inflate.unused_data
        return decoded

    def rest_of_cut(self, compressed: bytes) -> bytes:
        """Return what the whole of a cut member decodes to beyond what was returned before.

        ISA-L decodes up to three symbols at once, and leaves the last ones out if the cut goes through one of them.
        """
        import zlib

        if self._inflate is None:
            return b""
        inflate = zlib.decompressobj(self._wrapping.window_bits)
        left = self._size
        try:
            while left and compressed:
                left -= len(inflate.decompress(compressed, min(left, 1 << 20)))
                compressed = inflate.unconsumed_tail
            return inflate.decompress(compressed)
        except zlib.error:
            return b""

    def _skip_header(self, data: bytes) -> bytes:
        try:
            self._header.send(data)
        except StopIteration as end:
            from isal import igzip_lib

            self._wrapping, data = end.value
            self._inflate = igzip_lib.IgzipDecompressor(getattr(igzip_lib, self._wrapping.flag))
        return data

    def _check_trailer(self) -> None:
        size, order = self._wrapping.trailer_bytes, self._wrapping.byte_order
        if len(self._behind) < size:
            return
        trailer = self._inflate.crc.to_bytes(4, order) + (self._size % (1 << 32)).to_bytes(4, order)
        if self._behind[:size] != trailer[:size]:
            raise DamagedError
        self.eof = True


def gzip_header() -> Header:
    """Swallow the header of a gzip member (RFC 1952, 2.3), sent in pieces, without holding it; return what is behind it."""
    data = yield from at_least(10, b"")
    flags = data[3]
    if data[:3] != b"\x1f\x8b\x08" or flags & FLAGS_RESERVED:
        raise DamagedError
    data = data[10:]
    if flags & FLAG_EXTRA:
        data = yield from at_least(2, data)
        size = 2 + int.from_bytes(data[:2], "little")
        data = (yield from at_least(size, data))[size:]
    for flag in (FLAG_NAME, FLAG_COMMENT):
        if flags & flag:
            while b"\0" not in data:
                data = yield
            data = data[data.index(b"\0") + 1 :]
    if flags & FLAG_HEADER_CHECKSUM:
        data = (yield from at_least(2, data))[2:]
    return GZIP, data


def deflate_header() -> Header:
    """Tell zlib's wrapping (RFC 1950) from none: RFC 9110, 8.4.1.2, asks for zlib's, and warns that some leave it out."""
    data = yield from at_least(2, b"")
    is_zlib = data[0] & 0x8F == 0x08 and int.from_bytes(data[:2], "big") % 31 == 0 and not data[1] & 0x20
    return (ZLIB, data[2:]) if is_zlib else (RAW, data)


def at_least(size: int, data: bytes) -> Generator[None, bytes, bytes]:
    """Wait until there are `size` bytes or more, and return them."""
    while len(data) < size:
        data += yield
    return data
