"""Archives: any bytes give text or an error that says why not, and damage is never silent."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from contextlib import suppress
from typing import Any

from logproc.model.errors import SourceError
from logproc.sources.archives import parallel
from logproc.sources.archives.codecs import decoded
from logproc.sources.archives.magic import ARCHIVE, HEAD_BYTES, sniff
from logproc.sources.limits import ReadOptions
from logproc.threads.unpackers import Unpackers
from tests.support.archives import read as read_archive
from tests.support.logs import ScriptedStream
from tests.support.reports_of import PACKINGS
from tools.fuzz.cutting import MOST_CHUNKS
from tools.fuzz.target import Given, Target

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CHECKED: Any = {zstd.CompressionParameter.checksum_flag: 1}
PACKS = (gzip.compress, PACKINGS["bz2"], PACKINGS["xz"], lambda content: zstd.compress(content, options=CHECKED))
NAMES = (b"a.gz", b"a.bz2", b"a.xz", b"a.zst")
ENCODINGS = (None, None, None, "utf-16", "utf-8", "latin-1")
MOST_BYTES = 1 << 22
JUNK = b"?" * 20
ARCHIVES_IN_TEXT = re.compile(rb"\n(?:%s)+" % ARCHIVE.pattern)
"""At these a text is refused. That, and holes of NULs, are for the target `archives`: here only the packing is damaged."""
Read = tuple[bytes, str, list[str]]


def run_bytes(data: bytes) -> None:
    """Read any bytes as a source, in blocks and pieces of several sizes."""
    given = Given(data)
    name, encoding = given.one_of((b"", *NAMES)), given.one_of(ENCODINGS)
    sizes = 1 + given.byte(), 1 + given.byte()
    raw = given.rest()
    sizes = sizes[0], max(sizes[1], len(raw) // MOST_CHUNKS)
    whole = read(raw, name, encoding)
    assert counted(whole) == counted(read(raw, name, encoding, *sizes))
    if encoding is None and sniff(raw[:HEAD_BYTES]) == "gzip":
        with suppress(EOFError, OSError, zlib.error):
            text = gzip.decompress(raw)
            assert whole == read(text, b"", None) or whole[1].startswith("holds another archive") or len(text) > MOST_BYTES


def counted(found: Read) -> Read:
    """Return what of a source is counted: before an error, only whole lines. How much of the next one comes may differ."""
    text, error, notes = found
    return (text[: text.rfind(b"\n") + 1] if error else text), error, notes


def run_damage(data: bytes) -> None:
    """Compress a text, damage the archive, and read it: all of the text, or an error behind what could be read."""
    given = Given(data)
    kind, how, at, bit = (
        given.byte() % len(PACKS),
        given.one_of((whole, cut, flipped, with_junk, twice)),
        given.byte(),
        given.byte(),
    )
    text = ARCHIVES_IN_TEXT.sub(b"\n", b"a line\n" + given.rest().replace(b"\0", b""))
    packed = PACKS[kind](text)
    damaged = how(packed, (at << 8 | bit) % len(packed), bit)
    found, error, notes = read(damaged, NAMES[kind], None)
    expected = text + text if how is twice else text
    if how in {whole, twice} or damaged == packed:
        assert (found, error, notes) == (expected, "", [])
    elif how is with_junk:
        assert found == text
        assert error.startswith(f"stopped at byte {len(damaged) - len(JUNK)}: followed by ")
    elif how is cut:
        assert text.startswith(found)
        assert error or not damaged
    else:
        assert error or found == text


def run_spread(data: bytes) -> None:
    """Unpack any bytes in several threads: the same text, error, number of bytes read and notes as in one."""
    given = Given(data)
    kind, raw = given.byte(), given.rest()
    if kind < len(PACKS):  # else the bytes are the archive themselves
        raw = PACKS[kind](raw) + PACKS[kind](raw[::-1])
        raw = raw[: len(raw) - len(data) % 4 * 3]
    unpackers = Unpackers(2, 64 << 20)
    unpackers.open()
    parallel.FIRST_BYTES = parallel.LEAST_PACKED_BYTES = parallel.LEAST_BLOCK_BYTES = 1
    try:
        assert read_archive(raw, unpackers)[0] == read_archive(raw, None)[0]
    finally:
        unpackers.close()


def read(raw: bytes, name: bytes, encoding: str | None, block_bytes: int = 1 << 16, piece_bytes: int = 1 << 20) -> Read:
    """Return the text of a source, the error at its end, and the notes."""
    stream = decoded(ScriptedStream(raw, [piece_bytes]), ReadOptions(max_bytes=MOST_BYTES, encoding=encoding), location=name)
    block, found, error = memoryview(bytearray(block_bytes)), [], ""
    try:
        while count := stream.readinto(block):
            found.append(bytes(block[:count]))
    except SourceError as failure:
        error = failure.what
        assert error.isprintable()
    assert stream.bytes_read <= len(raw)
    return b"".join(found), error, stream.notes


def whole(packed: bytes, _at: int, _bit: int) -> bytes:
    """Return an archive unchanged."""
    return packed


def cut(packed: bytes, at: int, _bit: int) -> bytes:
    """Return the front of an archive."""
    return packed[:at]


def flipped(packed: bytes, at: int, bit: int) -> bytes:
    """Return an archive with one bit changed, after the magic bytes."""
    at = max(at, HEAD_BYTES) % len(packed)
    return packed[:at] + bytes([packed[at] ^ 1 << bit % 8]) + packed[at + 1 :]


def with_junk(packed: bytes, at: int, bit: int) -> bytes:
    """Return an archive followed by padding and bytes that are not an archive."""
    return packed + b"\0" * (at % 5) + JUNK.replace(b"?", bytes([1 + bit % 9]))


def twice(packed: bytes, _at: int, _bit: int) -> bytes:
    """Return an archive of two members."""
    return packed + packed


TEXT = b'192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\r\n' * 3
SKIPPED = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
MEMBERS = (
    *(pack(TEXT) for pack in PACKS),
    TEXT,
    SKIPPED + PACKS[3](TEXT),
    PACKS[0](PACKS[0](b"x")),
    TEXT.decode().encode("utf-16"),
)
WORDS = (
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\0",
    b"BZh91AY&SY",
    b"\x28\xb5\x2f\xfd",
    SKIPPED,
    b"\0" * 8,
    b"PK\x03\x04",
    b"\xff\xfe",
    b"\n\0",
)

DAMAGED = bytes.fromhex(
    "425a68393141592653592fa03d4c00004bdf804012500bfab002c2440a2000002020007233fd4a308d3023264c23f55434f44c9a68321acc18c3"
    "37d6ad9d9cb255dd44464d2111486cc12bd41e1f8b0800595e076b02ff93efe660888c63cf66fabf9a81a159ec4e0f23030303009057bc791500"
    "0000"
)
"""A block of bz2 behind which another archive begins."""
TARGETS = (
    Target(
        "archives",
        run_bytes,
        seeds=tuple(bytes([0, 0, 9, 30]) + raw for raw in MEMBERS),
        words=WORDS,
        found={
            "what a damaged block of bz2 gave went by the size of the pieces": b"\0\0\x09\x1e" + DAMAGED,
            "what looked like UTF-32 went by the size of the pieces": b"\0\x40\xf5\x01\n\n\0\0\xd3\xf4L\x1a",
            "the first byte of an archive behind a text came or not": b"\x24\x40\xf5\x01\n\x1f\x8b\x08\xff\xfe\xff\xe8",
        },
    ),
    Target(
        "spread",
        run_spread,
        seeds=(
            *(bytes([kind]) + TEXT for kind in (1, 2)),
            *(b"\xff" + PACKS[kind](TEXT) * 2 for kind in (1, 2)),
            b"\xff" + PACKS[1](TEXT) + DAMAGED,
        ),
        words=WORDS,
    ),
    Target(
        "damage",
        run_damage,
        seeds=tuple(bytes([kind, how, 0, at]) + TEXT for kind in range(4) for how in range(5) for at in (3, 40)),
        words=WORDS,
    ),
)
