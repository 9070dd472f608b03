"""Archives: complete, truncated, damaged, and with data after the end."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import random
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import LimitError, SourceError
from logproc.model.source import ByteStream
from logproc.sources.codecs import ENDINGS, FOREIGN, STEP_BYTES, Decoded, decoded, sniff
from logproc.sources.limits import ReadOptions

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODECS = ("gzip", "bz2", "xz", "zstd")
LINES = b"".join(b'10.0.0.%d - - "GET /%d HTTP/1.1" 200 %d\n' % (i % 250, i * i % 9973, i * 37 % 5000) for i in range(3000))
SKIPPABLE_FRAME = b"\x55\x2a\x4d\x18\x03\x00\x00\x00abc"


def pack(codec: str, data: bytes) -> bytes:
    """Return the archive of `data`, with a checksum."""
    checked: Any = {zstd.CompressionParameter.checksum_flag: 1}
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": lambda plain: gzip.compress(plain, 6),
        "bz2": lambda plain: bz2.compress(plain, 1),
        "xz": lzma.compress,
        "zstd": lambda plain: zstd.compress(plain, options=checked),
    }
    return packers[codec](data)


def decodable(codec: str, archive: bytes) -> bytes:
    """Return what the standard decoders make of an archive that may be cut, given all at once."""
    decoders: dict[str, Callable[[], Any]] = {
        "gzip": lambda: zlib.decompressobj(31),
        "bz2": bz2.BZ2Decompressor,
        "xz": lzma.LZMADecompressor,
        "zstd": zstd.ZstdDecompressor,
    }
    return bytes(decoders[codec]().decompress(archive))


class InMemory:
    """A raw stream over bytes that gives them in reads of the sizes wanted, over and over."""

    def __init__(self, data: bytes, sizes: tuple[int, ...] = (1 << 20,)) -> None:
        self._data = io.BytesIO(data)
        self._sizes: Iterator[int] = iter(sizes * (len(data) // sum(sizes) + 2))
        self.size_bytes: int | None = len(data)
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""

    def readinto(self, buffer: memoryview) -> int:
        """Read as much as the next size allows."""
        count = self._data.readinto(buffer[: next(self._sizes, 1)])
        self.bytes_read += count
        return count

    def ready_within(self, _seconds: float) -> bool:
        """Return True: all of it is there."""
        return True

    def cancel(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is lent here."""


def drain(stream: ByteStream, buffer_bytes: int = 1 << 20) -> tuple[bytes, str | None]:
    """Return all bytes of a stream, and what it failed with."""
    buffer, pieces = memoryview(bytearray(buffer_bytes)), []
    try:
        while count := stream.readinto(buffer):
            pieces.append(bytes(buffer[:count]))
    except SourceError as error:
        return b"".join(pieces), error.what
    return b"".join(pieces), None


def read_all(archive: bytes, options: ReadOptions | None = None) -> tuple[bytes, str | None, list[str]]:
    """Return the decoded bytes, the failure and the notes of an archive."""
    raw = InMemory(archive)
    return (*drain(decoded(raw, options or ReadOptions())), raw.notes)


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        (b"", None),
        (b"127.0.0.1 - - [", None),
        (b"\x1f", None),
        (b"\x1f\x8b", "gzip"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\x1f\x8b\x07\x00", None),
        (b"BZh", None),
        (b"BZh9", "bz2"),
        (b"BZh91AY&SY rest", "bz2"),
        (b"BZh9 is a word.", None),
        (b"\xfd7zXZ\0\0\x04", "xz"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (SKIPPABLE_FRAME, "zstd"),
        (b"PK\x03\x04", None),
    ],
)
def test_first_bytes_tell_the_codec(head: bytes, codec: str | None) -> None:
    """An archive is detected by its magic bytes, or by a beginning of them that would not be a whole text."""
    assert sniff(head) == codec


@pytest.mark.parametrize("codec", CODECS)
def test_every_cut_gives_what_can_be_decoded(codec: str) -> None:
    """A cut archive gives exactly the bytes that the standard decoder gets from it, and then says where it is cut."""
    archive = pack(codec, LINES)
    cuts = {*range(4, 40), *range(len(archive) - 30, len(archive)), *random.Random(7).sample(range(40, len(archive) - 30), 60)}
    for cut in sorted(cuts):
        data, failure, _ = read_all(archive[:cut])
        assert data == decodable(codec, archive[:cut]), cut
        assert drain(Decoded(InMemory(archive[:cut]), codec)) == (data, failure), cut
        assert failure is not None, cut
        assert failure.startswith(f"truncated at byte {cut}"), cut


def test_a_block_of_bz2_is_all_there_once_its_last_byte_is() -> None:
    """Truncated after the only block, an archive yields the whole text; before, nothing. The decoder alone yields 32 KiB."""
    archive = bz2.compress(LINES * 5)
    found = [len(read_all(archive[:-cut])[0]) for cut in range(1, 16)]
    assert found == sorted(found, reverse=True)
    assert set(found) == {len(LINES * 5), 0}


def test_a_cut_in_the_trailer_says_that_nothing_was_checked() -> None:
    """A gzip file cut within its last eight bytes gives all its data and says that they may be wrong."""
    archive = pack("gzip", LINES)
    what = f"truncated at byte {len(archive) - 3}: checksum mismatch: data may be wrong"
    assert read_all(archive[:-3])[:2] == (LINES, what)


@pytest.mark.parametrize("header", range(1, 12))
def test_a_cut_header_is_a_cut(header: int) -> None:
    """The second member of a gzip file may be truncated in its header; a single byte of it is not a member."""
    archive = pack("gzip", b"one\n")
    data, failure, notes = read_all(archive + pack("gzip", b"two\n")[:header])
    assert data == b"one\n"
    assert (failure, notes) == (
        (None, ["1 byte after end ignored"]) if header == 1 else (f"truncated at byte {len(archive) + header}", [])
    )


@pytest.mark.parametrize(("codec", "from_end"), [("gzip", 1), ("gzip", 5), ("gzip", 8), ("bz2", 2), ("xz", 20), ("zstd", 1)])
def test_a_wrong_checksum_is_a_failure_after_the_data(codec: str, from_end: int) -> None:
    """All data of a gzip member comes first; of the others the last decoded step is lost with the decoder's exception."""
    lines = LINES * 10
    archive = bytearray(pack(codec, lines))
    archive[-from_end] ^= 0x10
    data, failure, _ = read_all(bytes(archive))
    assert failure == "checksum mismatch: data may be wrong from decoded byte 0"
    assert lines.startswith(data)
    assert len(data) >= (len(lines) if codec == "gzip" else len(lines) - STEP_BYTES)


@pytest.mark.parametrize("places", [4, pytest.param(24, marks=pytest.mark.soak)])
@pytest.mark.parametrize("codec", CODECS)
def test_a_flipped_bit_is_never_silent(codec: str, places: int) -> None:
    """Whatever bit of the data is flipped, the archive fails, and where does not depend on the caller's buffer."""
    archive = pack(codec, LINES)
    for place in random.Random(3).sample(range(30, len(archive) - 30), places):
        damaged = bytearray(archive)
        damaged[place] ^= 0x04
        data, failure, _ = read_all(bytes(damaged))
        assert failure, place
        assert drain(decoded(InMemory(bytes(damaged)), ReadOptions()), 777) == (data, failure), place


@pytest.mark.parametrize("codec", CODECS)
def test_damage_in_a_later_member_names_its_start(codec: str) -> None:
    """Members before the damaged one are known to be right, and the message says up to where."""
    second = bytearray(pack(codec, LINES))
    second[-20 if codec == "xz" else -2] ^= 1
    data, failure, _ = read_all(pack(codec, LINES) + bytes(second))
    assert data.startswith(LINES)
    assert failure == f"checksum mismatch: data may be wrong from decoded byte {len(LINES)}"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(
    ("behind", "notes"),
    [
        (b"", []),
        (b"\0" * 1500, []),
        (b"junk", ["4 bytes after end ignored"]),
        (b"\0\0junk" * 400_000, ["2400000 bytes after end ignored"]),
    ],
    ids=["nothing", "padding", "junk", "long"],
)
def test_what_stands_behind_the_end(codec: str, behind: bytes, notes: list[str]) -> None:
    """Zeros behind an archive are padding, anything else is a note and no failure, for all codecs alike."""
    assert read_all(pack(codec, LINES) + behind) == (LINES, None, notes)


@pytest.mark.parametrize("codec", CODECS)
def test_members_make_one_stream(codec: str) -> None:
    """Many members are read as one, empty ones and padding between them included."""
    archive = b"".join(pack(codec, part) for part in (LINES[:100], b"", LINES[100:200])) + b"\0" * 8 + pack(codec, LINES[200:])
    assert read_all(archive) == (LINES, None, [])


def test_skippable_frames_are_skipped() -> None:
    """A zstd file may hold frames of other data, in front, between and behind."""
    archive = SKIPPABLE_FRAME + pack("zstd", b"one\n") + SKIPPABLE_FRAME + pack("zstd", b"two\n") + SKIPPABLE_FRAME
    assert read_all(archive) == (b"one\ntwo\n", None, [])


@pytest.mark.parametrize("codec", CODECS)
def test_thousands_of_small_members_are_no_burden(codec: str) -> None:
    """An archive of five thousand members takes time in proportion: none of them copies the rest of its block."""
    assert read_all(pack(codec, b"line\n") * 5_000) == (b"line\n" * 5_000, None, [])


def test_a_gzip_header_with_everything_in_it() -> None:
    """Extra field, name, comment and header checksum are skipped, however long the name is."""
    name = b"n" * 3_000_000
    head = b"\x1f\x8b\x08\x1e" + bytes(6) + (60_000).to_bytes(2, "little") + b"x" * 60_000 + name + b"\0" + b"comment\0" + b"hc"
    assert read_all(head + gzip.compress(LINES)[10:]) == (LINES, None, [])


@pytest.mark.parametrize("codec", CODECS)
def test_an_archive_in_an_archive_is_left_alone(codec: str) -> None:
    """One layer of packing is taken off; of another one within nothing is handed on, also if it comes byte by byte."""
    inner = pack("gzip", LINES)
    assert read_all(pack(codec, inner)) == (b"", "holds another archive: left alone", [])
    assert read_all(pack(codec, inner[:1]) + pack(codec, inner[1:])) == (b"", "holds another archive: left alone", [])
    assert read_all(pack(codec, inner[:1])) == (inner[:1], None, [])


@pytest.mark.parametrize(("name", "magic"), FOREIGN)
def test_other_archives_are_refused_by_their_kind(name: str, magic: bytes) -> None:
    """An archive that cannot be unpacked is never read as text; a part of its magic bytes is not an archive."""
    assert read_all(magic + LINES) == (b"", f"unsupported archive ({name})", [])
    assert read_all(magic[:1]) == (magic[:1], None, [])


@pytest.mark.parametrize(("ending", "codec"), ENDINGS.items())
def test_an_ending_tells_what_a_few_bytes_are(ending: bytes, codec: str) -> None:
    """An archive truncated within its magic bytes is recognised by its name."""
    for size in range(1, 4):
        head = pack(codec, LINES)[:size]
        stream = decoded(InMemory(head), ReadOptions(), location=b"a.log." + ending.upper())
        assert drain(stream) == (b"", f"truncated at byte {size} after 0 lines")
    assert drain(decoded(InMemory(b"a text\n"), ReadOptions(), location=b"a." + ending)) == (b"a text\n", None)


def test_no_archive_is_handed_through() -> None:
    """Plain text, and nothing at all, are what they are."""
    assert read_all(LINES) == (LINES, None, [])
    assert read_all(b"") == (b"", None, [])
    assert read_all(b"BZ") == (b"BZ", None, [])


@pytest.mark.parametrize(
    ("packed", "failure"),
    [
        (zlib.compress(LINES), None),
        (zlib.compress(LINES)[2:-4], None),
        (zlib.compress(LINES)[:-4] + b"wrng", "checksum mismatch: data may be wrong from decoded byte 0"),
        (zlib.compress(LINES)[:-1], f"truncated at byte {len(zlib.compress(LINES)) - 1}: checksum mismatch: data may be wrong"),
    ],
    ids=["zlib", "raw", "wrong", "cut"],
)
def test_deflate_of_http_is_with_or_without_zlibs_wrapping(packed: bytes, failure: str | None) -> None:
    """The content coding `deflate` is understood in both ways that servers send it (RFC 9110, 8.4.1.2)."""
    assert drain(Decoded(InMemory(packed), "deflate")) == (LINES, failure)


def test_an_empty_body_has_no_encoding() -> None:
    """A response without a body is whole, whatever its Content-Encoding says."""
    assert drain(Decoded(InMemory(b""), "gzip")) == (b"", None)


def test_data_that_are_not_what_they_are_said_to_be() -> None:
    """Text with `Content-Encoding: gzip` is a clear failure."""
    assert drain(Decoded(InMemory(LINES), "gzip")) == (b"", "not gzip data")


def test_an_unknown_encoding_is_named() -> None:
    """A codec that nobody has is refused by name."""
    with pytest.raises(SourceError, match="unsupported encoding br"):
        Decoded(InMemory(b""), "br")


def test_a_window_beyond_the_limit_is_refused() -> None:
    """An xz file that asks for 256 MiB of memory is refused, and the reason is said."""
    greedy = lzma.compress(LINES, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}])
    assert read_all(greedy)[:2] == (b"", "needs over 128 MiB to be unpacked")


@pytest.mark.parametrize("codec", CODECS)
def test_a_bomb_stops_at_the_byte(codec: str) -> None:
    """`--max-bytes` cuts where it says, however much the archive still holds."""
    data, failure, _ = read_all(pack(codec, b"0" * 3_000_000), ReadOptions(max_bytes=1_000_001))
    assert (len(data), failure) == (1_000_001, "over --max-bytes 1000001")


def test_a_bomb_stops_at_the_ratio() -> None:
    """A file that grows more than `--max-ratio` allows is cut at the same byte whatever the caller's buffer."""
    archive = pack("zstd", b"0" * (100 << 20))
    most = (70 << 20) / len(archive)
    results = [drain(decoded(InMemory(archive), ReadOptions(max_ratio=most)), size) for size in (1 << 20, (5 << 20) + 3)]
    assert results[0] == results[1]
    assert len(results[0][0]) == 80 << 20
    assert results[0][1] == f"ratio {(80 << 20) / len(archive):.0f} over --max-ratio {most:g}"


def test_the_ratio_is_not_watched_below_64_mebibytes() -> None:
    """A small file may be as repetitive as it likes, and a big one with the limit off."""
    assert read_all(pack("zstd", b"0" * (60 << 20)))[1] is None
    assert read_all(pack("zstd", b"0" * (80 << 20)), ReadOptions(max_ratio=0))[1] is None


def test_a_limit_is_a_limit_error() -> None:
    """Limits raise their own class, because they have their own exit code."""
    with pytest.raises(LimitError):
        decoded(InMemory(LINES), ReadOptions(max_bytes=0)).readinto(memoryview(bytearray(9)))


@given(
    codec=st.sampled_from([*CODECS, None]),
    cuts=st.lists(st.integers(1, 3000), max_size=4),
    sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=5),
    buffer_bytes=st.integers(1, 9000),
)
def test_any_split_of_the_reads_gives_the_same_bytes(
    codec: str | None, cuts: list[int], sizes: list[int], buffer_bytes: int
) -> None:
    """However the bytes come, and into whatever buffer they go, they are the same."""
    bounds = [0, *sorted(cuts), 9000]
    parts = [LINES[start:end] for start, end in itertools.pairwise(bounds)]
    archive = b"".join(pack(codec, part) if codec else part for part in parts)
    assert drain(decoded(InMemory(archive, tuple(sizes)), ReadOptions()), buffer_bytes) == (LINES[:9000], None)
