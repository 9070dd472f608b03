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
from logproc.sources.archives.by_blocks import STEP_BYTES
from logproc.sources.archives.codecs import Decoded, decoded
from logproc.sources.archives.magic import ENDINGS, FOREIGN, sniff
from logproc.sources.limits import Limited, ReadOptions

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
        self.largest_read = 0
        self._sizes: Iterator[int] = itertools.cycle(sizes)
        self.size_bytes: int | None = len(data)
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""

    def readinto(self, buffer: memoryview) -> int:
        """Read as much as the next size allows."""
        count = self._data.readinto(buffer[: next(self._sizes)])
        self.bytes_read += count
        self.largest_read = max(self.largest_read, count)
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
    """The second member of a gzip file may be truncated in its header; a single byte of it is not known to be a member."""
    archive = pack("gzip", b"one\n")
    failure = f"stopped at byte {len(archive)}: followed by other data"
    if header > 1:
        failure = f"truncated at byte {len(archive) + header}"
    assert read_all(archive + pack("gzip", b"two\n")[:header]) == (b"one\n", failure, [])


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
@pytest.mark.parametrize("zeros", [0, 1, 3, 4, 1500, 100_000])
def test_zeros_behind_the_end_are_padding(codec: str, zeros: int) -> None:
    """However many zeros stand behind an archive, it is complete, for all codecs alike."""
    assert read_all(pack(codec, LINES) + bytes(zeros)) == (LINES, None, [])


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("zeros", [0, 5])
@pytest.mark.parametrize(
    ("behind", "kind"),
    [
        *((pack(codec, LINES), f"{codec} data") for codec in CODECS),
        (b"\x04\x22\x4d\x18" + LINES, "lz4 data"),
        (b"PK\x03\x04" + LINES, "zip data"),
        (LINES, "text"),
        ("\u00fc\n".encode(), "text"),
        (b"\n", "text"),
        (b"\x01", "other data"),
        (b"\x01\0junk" * 400_000, "other data"),
    ],
    ids=[*CODECS, "lz4", "zip", "text", "utf8", "lf", "byte", "long"],
)
def test_an_archive_followed_by_something_else_fails_there(codec: str, zeros: int, behind: bytes, kind: str) -> None:
    """Whatever follows an archive and is not a further member may be a part of the log: the source is not complete."""
    archive = pack(codec, LINES) + bytes(zeros)
    if kind == f"{codec} data":
        assert read_all(archive + behind) == (LINES * 2, None, [])
    else:
        assert read_all(archive + behind) == (LINES, f"stopped at byte {len(archive)}: followed by {kind}", [])


ARCHIVES = {codec: pack(codec, LINES) for codec in CODECS} | {
    name: magic + bytes(20) for name, magic in FOREIGN if len(magic) > 2
}


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("sizes", [(1 << 20,), (1,), (7, 5), (403,)], ids=str)
def test_text_followed_by_an_archive_fails_there(name: str, sizes: tuple[int, ...]) -> None:
    """Where an archive begins at the start of a line, a text ends: whole lines of it are delivered, however they arrive."""
    text = LINES[:390] + b"\n"
    data, failure = drain(decoded(InMemory(text + ARCHIVES[name] + LINES, sizes), ReadOptions()))
    assert failure == f"stopped at byte {len(text)}: followed by {name} data"
    assert data[: len(text)] == text
    assert b"\n" not in data[len(text) :]


def test_text_followed_by_an_archive_within_an_archive() -> None:
    """What is wrong with a text is wrong with it when it is packed."""
    mixed = pack("zstd", LINES + ARCHIVES["gzip"])
    assert read_all(mixed)[:2] == (LINES, f"stopped at decoded byte {len(LINES)}: followed by gzip data")


def test_magic_bytes_within_a_line_are_text() -> None:
    """A line may quote the first bytes of an archive, and one may begin with some of them."""
    text = b"body: \x1f\x8b\x08 \x28\xb5\x2f\xfd\nBZh\n\x1f\x8b\n" * 1000
    assert read_all(LINES + text) == (LINES + text, None, [])
    assert drain(decoded(InMemory(LINES + text, (1,)), ReadOptions())) == (LINES + text, None)


@pytest.mark.parametrize("codec", CODECS)
def test_members_make_one_stream(codec: str) -> None:
    """Many members are read as one, empty ones and padding between them included."""
    archive = (
        b"\0".join(pack(codec, part) for part in (LINES[:100], b"", LINES[100:200])) + b"\0" * 8 + pack(codec, LINES[200:])
    )
    assert read_all(archive) == (LINES, None, [])


def test_skippable_frames_are_skipped() -> None:
    """A zstd file may hold frames of other data, in front, between and behind."""
    archive = SKIPPABLE_FRAME + pack("zstd", b"one\n") + SKIPPABLE_FRAME + pack("zstd", b"two\n") + SKIPPABLE_FRAME
    assert read_all(archive) == (b"one\ntwo\n", None, [])


@pytest.mark.parametrize("codec", CODECS)
def test_thousands_of_small_members_are_not_a_burden(codec: str) -> None:
    """An archive of five thousand members takes time in proportion: none of them copies the rest of its block."""
    assert read_all(pack(codec, b"line\n") * 5_000) == (b"line\n" * 5_000, None, [])


EMPTY = {codec: pack(codec, b"") for codec in CODECS} | {"skippable": b"\x50\x2a\x4d\x18" + bytes(4)}


@pytest.mark.parametrize("codec", EMPTY)
@pytest.mark.parametrize("padding", [b"", b"\0"], ids=["", "padded"])
def test_empty_members_leave_room_for_a_stop(codec: str, padding: bytes) -> None:
    """Ten thousand empty members are nothing, and a stop or a time limit, which a read looks at, need not wait for them all."""
    raw = InMemory((EMPTY[codec] + padding) * 10_000)
    assert drain(decoded(raw, ReadOptions())) == (b"", None)
    assert raw.largest_read <= 32 << 10


def test_a_big_member_is_read_in_big_blocks() -> None:
    """Once a member is not small, its input is read by the megabyte."""
    noise = random.Random(1).randbytes(8 << 20)
    raw = InMemory(pack("gzip", noise))
    assert drain(Decoded(raw, "gzip")) == (noise, None)
    assert raw.largest_read == 1 << 20


@pytest.mark.parametrize("codec", CODECS)
def test_a_bomb_of_many_members_stops_at_the_ratio(codec: str) -> None:
    """The ratio is that of the whole source: a bomb may be a thousand small ones."""
    member = pack(codec, b"0" * (1 << 17))
    data, failure, _ = read_all(member * 600, ReadOptions(max_ratio=(1 << 16) / len(member)))
    assert len(data) == 64 << 20
    assert failure
    assert failure.startswith("ratio ")


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
    assert read_all(pack("gzip", magic + LINES)) == (b"", "holds another archive: left alone", [])
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


def xz_with(place: int, bits: int, *, block: bool = False) -> bytes:
    """Return an xz file with bits set in its stream flags, or in the header of its block, under right checksums."""
    archive = bytearray(lzma.compress(LINES, check=lzma.CHECK_CRC32))
    if block:
        end = 12 + archive[12] * 4
        archive[12 + place] |= bits
        archive[end : end + 4] = zlib.crc32(archive[12:end]).to_bytes(4, "little")
        return bytes(archive)
    for flags, checksum, start, end in (
        (6, 8, 6, 8),
        (len(archive) - 4, len(archive) - 12, len(archive) - 8, len(archive) - 2),
    ):
        archive[flags + place] ^= bits
        archive[checksum : checksum + 4] = zlib.crc32(archive[start:end]).to_bytes(4, "little")
    return bytes(archive)


DICTIONARY = zstd.train_dict([b"line %d of %d\n" % (i, i * i) * 3 for i in range(500)], 1024)
WINDOWS: dict[str, bytes] = {
    "zstd": bytes.fromhex("28b52ffd 00a8 010000"),
    "xz": lzma.compress(LINES, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 28}]),
}


@pytest.mark.parametrize(
    ("archive", "failure"),
    [
        (zstd.compress(LINES, zstd_dict=DICTIONARY), f"needs zstd dictionary {DICTIONARY.dict_id}"),
        (bytes.fromhex("28b52ffd 01 58 07 010000"), "needs zstd dictionary 7"),
        (bytes.fromhex("28b52ffd 22 0701 00 010000"), "needs zstd dictionary 263"),
        (WINDOWS["zstd"], "needs 2048 MiB to be unpacked"),
        (bytes.fromhex("28b52ffd 00 89 010000"), "needs 144 MiB to be unpacked"),
        (WINDOWS["xz"], "needs over 128 MiB to be unpacked"),
        (bytes.fromhex("28b52ffd 08 58 010000"), "uses zstd features that are not supported"),
        (b"\x1f\x8b\x08\x20" + gzip.compress(LINES)[4:], "uses gzip features that are not supported"),
        (b"\x1f\x8b\x08\x80" + gzip.compress(LINES)[4:], "uses gzip features that are not supported"),
        (xz_with(1, 0x10), "uses xz features that are not supported"),
        (xz_with(1, 0x10, block=True), "uses xz features that are not supported"),
        (xz_with(2, 0x40, block=True), "uses xz features that are not supported"),
    ],
)
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_what_cannot_be_unpacked_says_why(archive: bytes, failure: str, size: int) -> None:
    """An archive that only another program can unpack is not called damaged."""
    assert drain(decoded(InMemory(archive, (size,)), ReadOptions())) == (b"", failure)


def test_an_unknown_check_of_xz_is_not_taken_for_a_good_one() -> None:
    """The data of an xz file whose check cannot be computed are read to the end, and are not said to be right."""
    archive = xz_with(1, lzma.CHECK_CRC32 ^ 2)
    assert read_all(archive * 2) == (LINES * 2, "unknown xz check 2: data may be wrong", [])
    assert read_all(lzma.compress(LINES, check=lzma.CHECK_NONE)) == (LINES, None, [])


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


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_read_ahead_does_not_count_for_the_ratio(codec: str) -> None:
    """A bomb that is over the ratio by a tenth stops as soon as it is watched, however much of it a read has brought."""
    noise = random.Random(4)
    unit = b"".join(noise.randbytes(200) + b"0" * (1 << 16) for _ in range(400))[: 20 << 20]
    archive = pack(codec, unit) * 4
    options = ReadOptions(max_ratio=0.9 * (80 << 20) / len(archive))
    ends = [drain(Limited(Decoded(InMemory(archive, (size,)), codec), options)) for size in (1 << 20, 1460)]
    assert [len(data) for data, _ in ends] == [64 << 20] * 2
    assert [str(failure).partition(" ")[0] for _, failure in ends] == ["ratio"] * 2


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
