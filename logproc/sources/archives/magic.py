"""What archives begin with, and which archives are refused."""

from __future__ import annotations

import os
import re

from logproc.model.patterns import regex

HEAD_BYTES = 18
"""As many bytes as the longest magic, and all that a codec needs to say why it cannot decode a member."""

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
    ("zstd before version 0.8", b"\xfd\x2f\xb5\x1e"),
    *(("zstd before version 0.8", bytes([first]) + b"\xb5\x2f\xfd") for first in range(0x22, 0x28)),
    ("7z", b"7z\xbc\xaf\x27\x1c"),
    ("rar", b"Rar!\x1a\x07"),
    ("lz4", b"\x04\x22\x4d\x18"),
    ("lz4", b"\x02\x21\x4c\x18"),
    ("gzip with an unknown method", b"\x1f\x8b"),
    ("compress", b"\x1f\x9d"),
    ("pack", b"\x1f\x1e"),
    ("lzip", b"LZIP\x01"),
    ("lzop", b"\x89LZO\0"),
    *(
        ("lzma", b"\x5d\0\0" + size)
        for size in (b"\x04\0", b"\x10\0", b"\x20\0", b"\x40\0", b"\x80\0", b"\0\1", b"\0\2", b"\0\4")
    ),
    ("snappy", b"\xff\x06\0\0sNaPpY"),
    ("cab", b"MSCF\0\0\0\0"),
)
"""Archives that are refused, unless MAGICS has them. Some contain uncompressed text, which must not be counted as a log."""
MEMBERS: dict[str, tuple[bytes, ...]] = {codec: tuple(magic for name, magic in MAGICS if name == codec) for codec, _ in MAGICS}
ENDINGS = {b"gz": "gzip", b"xz": "xz", b"zst": "zstd", b"bz2": "bz2"}
LEAST_BYTES = {"gzip": 2, "xz": 2, "zstd": 2, "bz2": 4}
"""How many magic bytes identify a file that ends within them. With fewer it could be a short text."""
LATER_MAGICS = [magic for _, magic in (*MAGICS, *FOREIGN) if len(magic) > 2]
ARCHIVE = regex(b"(?:%s)" % b"|".join(map(re.escape, LATER_MAGICS)))
LATER_ARCHIVE = regex(rb"\n\0?(%s)" % ARCHIVE.pattern)
"""An archive at the start of a line. Two bytes are too few there: they may be a text in another encoding."""
LEAST_TEXT, NEVER_UTF8 = 9, 0xFD
"""Each archive has among its first 15 bytes one that is less than TAB, or a byte that is never part of UTF-8."""
TEXT_BYTES = bytes([*b"\t\n\v\f\r\x1b", *range(0x20, 0x7F), *range(0x80, 0xF8)])
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257


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


def foreign(head: bytes) -> str | None:
    """Return the kind of an archive that is refused, None if `head` is not the beginning of one, or that of a codec."""
    return next((name for name, magic in FOREIGN if head.startswith(magic)), None)


def is_tar(head: bytes) -> bool:
    return head.startswith(TAR_MAGIC, TAR_MAGIC_AT)


def is_text(data: bytes) -> bool:
    """Return whether there are bytes, and only bytes of text."""
    return bool(data) and not data.translate(None, TEXT_BYTES)


def kind_of(head: bytes) -> str:
    r"""Return what data that begins with `head` is, in words.

    >>> kind_of(b"\x28\xb5\x2f\xfd\x04"), kind_of(b"127.0.0.1 - -"), kind_of(b"\x01\x02")
    ('zstd data', 'text', 'other data')
    """
    name = sniff(head) or foreign(head)
    return f"{name} data" if name else "text" if is_text(head) else "other data"


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
