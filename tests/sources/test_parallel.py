"""Archives unpacked by several threads give what one thread gives: the bytes, the error, and how much was read."""

from __future__ import annotations

import bz2
import io
import lzma
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.model.errors import SourceError, Stopped
from logproc.model.source import ByteStream
from logproc.sources import limits
from logproc.sources.archives import parallel, xz_blocks
from logproc.sources.archives.by_blocks import STEP_BYTES, Block, NotByBlocks, unpacked
from logproc.sources.archives.bz2_blocks import BLOCK, END, MAGIC_BITS, bz2_blocks, find_magics
from logproc.sources.archives.codecs import decoded
from logproc.sources.archives.decoders import find_codec
from logproc.sources.files import open_file
from logproc.sources.limits import ReadOptions
from logproc.threads.unpackers import Unpackers
from tests.support.archives import RewindableStream, read
from tests.support.logs import ScriptedStream

LINE = b'10.0.0.%d - - "GET /%d HTTP/1.1" 200 %d\n'
TEXT = b"".join(LINE % (i % 250, i * i % 99_973, i * 37 % 5000) for i in range(40_000))


@pytest.fixture
def unpackers() -> Iterator[Unpackers]:
    several = Unpackers(2, 64 << 20)
    several.open()
    yield several
    several.close()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the smallest archives unpacked by several threads."""
    for name in ("FIRST_BYTES", "LEAST_PACKED_BYTES", "LEAST_BLOCK_BYTES"):
        monkeypatch.setattr(parallel, name, 1)


def drain(stream: ByteStream, block_bytes: int) -> int:
    """Read all that is left; return how many bytes."""
    buffer, size = memoryview(bytearray(block_bytes)), 0
    while count := stream.readinto(buffer):
        size += count
    return size


def same(archive: bytes, unpackers: Unpackers, **options: Any) -> int:
    """Compare several threads with one; return how often the stream began anew."""
    found, rewound = read(archive, unpackers, **options)
    expected, _ = read(archive, None, **options)
    assert found[1:] == expected[1:]
    assert found[0] == expected[0], (len(found[0]), len(expected[0]))
    return rewound


def xz_of(text: bytes, *sizes: int, check: int = lzma.CHECK_CRC64) -> bytes:
    """Return an archive of one stream, with blocks of these sizes, as `xz --block-list` makes it."""
    blocks, at = b"", 0
    records: list[tuple[int, int]] = []
    for size in (*sizes, len(text) - sum(sizes)):
        whole = lzma.compress(text[at : at + size], check=check)
        stream = xz_blocks.streams_of(lambda start, n, whole=whole: whole[start : start + n], len(whole))[0]  # type: ignore[misc]
        records += stream.blocks
        blocks += whole[12 : 12 + xz_blocks.padded(stream.blocks[0][0])]
        at += size
    index = xz_blocks.written(tuple(records))
    return xz_blocks.header(bytes([0, check])) + blocks + index + xz_blocks.footer(bytes([0, check]), len(index))


PACKED: dict[str, bytes] = {
    **{f"bz2 -{level}": bz2.compress(TEXT, level) for level in (1, 2, 9)},
    "pbzip2": b"".join(bz2.compress(TEXT[at : at + 100_000]) for at in range(0, len(TEXT), 100_000)),
    "bz2, empty streams": bz2.compress(b"") + bz2.compress(TEXT, 1) + bz2.compress(b"") * 2 + bz2.compress(TEXT[:99], 3),
    "xz of blocks": xz_of(TEXT, 300_000, 7, 700_000),
    "xz of streams": lzma.compress(TEXT[:500_000]) + lzma.compress(b"") + lzma.compress(TEXT[500_000:]),
    "xz, no check": xz_of(TEXT, 900_000, check=lzma.CHECK_NONE),
    "xz, crc32": xz_of(TEXT, 900_000, check=lzma.CHECK_CRC32),
    "xz, sha256": xz_of(TEXT, 900_000, check=lzma.CHECK_SHA256),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_whole_archive_is_read_once_more_and_is_the_same(name: str, unpackers: Unpackers) -> None:
    """Several threads unpack it, all of it: the stream begins anew once, and not a second time."""
    assert same(PACKED[name], unpackers) == 1


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("places", [12, pytest.param(300, marks=pytest.mark.soak)])
def test_damage_is_found_as_in_one_thread(name: str, places: int, unpackers: Unpackers) -> None:
    """A bit is flipped anywhere, in headers, blocks, checksums and indexes: the same bytes, then the same error."""
    archive, chance = PACKED[name], random.Random(name)
    ends = [*range(-16, 0), *range(24)]
    for place in [*chance.sample(ends, places // 2 % len(ends)), *(chance.randrange(len(archive)) for _ in range(places))]:
        damaged = bytearray(archive)
        damaged[place] ^= 1 << chance.randrange(8)
        same(bytes(damaged), unpackers)


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize("places", [8, pytest.param(200, marks=pytest.mark.soak)])
def test_a_truncated_archive_is_read_as_in_one_thread(name: str, places: int, unpackers: Unpackers) -> None:
    """Cut anywhere, with all that can be decoded before."""
    chance = random.Random(name)
    for cut in (1, 5, 30, *(chance.randrange(len(PACKED[name])) for _ in range(places))):
        same(PACKED[name][:-cut], unpackers)


@pytest.mark.parametrize("codec", ["bz2", "xz"])
def test_every_cut_of_a_small_archive(codec: str, unpackers: Unpackers) -> None:
    """Cut at each byte."""
    text = TEXT[:3000]
    archive = bz2.compress(text) * 3 if codec == "bz2" else xz_of(text, 1000) + lzma.compress(text)
    for cut in range(len(archive)):
        same(archive[:cut], unpackers)


BEHIND = (
    b"\0" * 4,
    b"\0" * 70_000,
    b"text\n",
    b"\0\0junk",
    b"\1",
    b"BZh",
    b"BZh9",
    b"\xfd7zXZ\0",
    lzma.compress(b"x"),
    b"\x1f\x8b\x08",
)


@pytest.mark.parametrize("behind", [*BEHIND, b"\0" + bz2.compress(b"one\n")], ids=lambda behind: repr(behind[:12]))
@pytest.mark.parametrize("name", ["bz2 -1", "pbzip2", "xz of blocks"])
def test_what_follows_an_archive_is_judged_as_in_one_thread(name: str, behind: bytes, unpackers: Unpackers) -> None:
    """Padding is skipped, anything else is named."""
    same(PACKED[name] + behind, unpackers)


@pytest.mark.parametrize("name", ["bz2 -1", "pbzip2", "xz of blocks"])
def test_an_archive_within_the_text_is_found_as_in_one_thread(name: str, unpackers: Unpackers) -> None:
    """The text holds an archive in its middle: it ends there, with the same error, and as many bytes read."""
    text = TEXT[:700_000] + b"\n\xfd7zXZ\0" + TEXT
    packers: dict[str, Callable[[bytes], bytes]] = {
        "bz2 -1": lambda plain: bz2.compress(plain, 1),
        "pbzip2": bz2.compress,
        "xz of blocks": lambda plain: xz_of(plain, 9_000),
    }
    same(packers[name](text), unpackers)


@pytest.mark.parametrize("most", [1000.0, *(pytest.param(most, marks=pytest.mark.soak) for most in (2.0, 20.0))])
@pytest.mark.parametrize("pack", [bz2.compress, lambda text: xz_of(text, *[5 << 18] * 3)], ids=["bz2", "xz"])
def test_the_limit_on_the_ratio_ends_a_bomb_at_the_same_byte(
    pack: Callable[[bytes], bytes], most: float, unpackers: Unpackers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what grows too much, as many bytes as in one thread come, and the error gives the same ratio."""
    # The ratio is checked from 4 MiB on instead of 64, each MiB instead of every 16: a bomb of 80 MiB takes ten seconds.
    monkeypatch.setattr(limits, "RATIO_FROM_BYTES", limits.RATIO_FROM_BYTES >> 4)
    monkeypatch.setattr(limits, "RATIO_EVERY_BYTES", limits.RATIO_EVERY_BYTES >> 4)
    bomb = pack(b"a line of a log\n" * (5 << 16))
    assert same(bomb, unpackers, max_ratio=most) == 2
    assert f"over --max-ratio {most:g}" in str(read(bomb, unpackers, max_ratio=most)[0][1])


@given(st.data())
def test_any_archive(data: st.DataObject) -> None:
    """Streams of any texts and levels one behind the other, perhaps damaged, in blocks of any size."""
    unpackers = Unpackers(2, 64 << 20)
    unpackers.open()
    codec = data.draw(st.sampled_from(["bz2", "xz"]))
    sizes = st.integers(0, 400_000)
    archive = b""
    for _ in range(data.draw(st.integers(1, 4))):
        seed, size = data.draw(st.integers(0, 9)), data.draw(sizes)
        text = TEXT[:size] if seed < 5 else random.Random(seed).randbytes(size // 8) if seed < 9 else b"\0" * size
        sizes_of = data.draw(st.lists(st.integers(1, 1 + len(text) // 4), max_size=3 if len(text) > 9 else 0))
        archive += bz2.compress(text, data.draw(st.integers(1, 9))) if codec == "bz2" else xz_of(text + b"x", *sizes_of)
    if data.draw(st.booleans()):
        place, bit = data.draw(st.integers(0, len(archive) - 1)), data.draw(st.integers(0, 7))
        archive = archive[:place] + bytes([archive[place] ^ 1 << bit]) + archive[place + 1 :]
    same(archive[: data.draw(st.integers(1, len(archive)))] if data.draw(st.booleans()) else archive, unpackers)
    unpackers.close()


def bits_of(archive: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in archive)


def checksum(text: bytes) -> int:
    """Return the checksum of a block of bzip2 (a CRC-32 that begins with the highest bit)."""
    crc = 0xFFFFFFFF
    for byte in text:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc >> 31 else crc << 1) & 0xFFFFFFFF
    return crc ^ 0xFFFFFFFF


def with_false_magic(magic: int) -> tuple[bytes, bytes]:
    """Return an archive of two blocks with a magic inside the first one, and its text.

    Almost any bits within the codes of a block are codes as well. So the magic is written over some of them; what the block
    then means is asked of the decoder, byte for byte, until it finds that the checksum is wrong; and that is put right.
    """
    chance = random.Random(4)
    plain, second = chance.randbytes(3000), bits_of(bz2.compress(TEXT[:500]))
    first = bits_of(bz2.compress(plain))
    for place in range(4000, len(first) - 4000):
        bits = first[:place] + f"{magic:048b}" + first[place + MAGIC_BITS :]
        decoder, text = bz2.BZ2Decompressor(), b""
        try:
            given_bits = as_bytes(bits)
            while byte := decoder.decompress(given_bits, 1):
                text, given_bits = text + byte, b""
        except OSError:
            pass
        if len(text) >= 2900:
            break
    for size in (len(text), len(text) + 1):  # the byte with which the decoder failed is not known
        for last in range(256) if size > len(text) else (0,):
            whole = text + bytes([last]) * (size - len(text))
            crc = checksum(whole)
            body = f"{BLOCK:048b}{crc:032b}" + bits[32 + 80 : len(first) - 80 - padding(first)]
            both = (crc << 1 | crc >> 31) & 0xFFFFFFFF ^ int(second[80:112], 2)
            more = second[32 : len(second) - 80 - padding(second)]
            archive = as_bytes(bits_of(b"BZh9") + body + more + f"{END:048b}{both:032b}")
            try:
                return archive, bz2.decompress(archive)
            except OSError:
                continue
    raise AssertionError


def padding(bits: str) -> int:
    """Return how many bits fill up the last byte of a stream."""
    return next(size for size in range(8) if bits[len(bits) - size - 80 : len(bits) - size - 32] == f"{END:048b}")


def as_bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


@pytest.mark.parametrize("magic", [BLOCK, END])
def test_a_magic_inside_a_block_does_no_harm(magic: int, unpackers: Unpackers) -> None:
    """What ends there is not a block, so one thread unpacks the archive from the beginning."""
    archive, text = with_false_magic(magic)
    assert len(find_magics(archive)) == 4
    assert same(archive, unpackers) == 2
    assert read(archive, unpackers)[0][0] == text


@pytest.mark.parametrize("shift", range(8))
@pytest.mark.parametrize("magic", [BLOCK, END])
def test_a_magic_is_found_at_any_bit(magic: int, shift: int) -> None:
    """And only where all 48 bits are there."""
    chance = random.Random(shift)
    before = "".join(chance.choice("01") for _ in range(800 + shift))
    bits = before + f"{magic:048b}" + "1" * 60
    assert find_magics(as_bytes(bits)) == [len(before)]
    assert find_magics(as_bytes(bits)[: (len(before) + MAGIC_BITS - 1) // 8]) == []


@pytest.mark.parametrize("read_bytes", [1, 2, 7, 1000])
def test_blocks_are_found_however_the_bytes_arrive(read_bytes: int) -> None:
    """A magic may be divided between two reads."""
    archive = bz2.compress(TEXT[:150_000], 1) * 2
    stream = io.BytesIO(archive)
    blocks = bz2_blocks(lambda: stream.read(read_bytes))
    assert b"".join(bz2.decompress(block.pack()) for block in blocks) == TEXT[:150_000] * 2


def test_a_block_that_is_larger_than_it_may_be_is_not_unpacked() -> None:
    """A run of one byte may make a block of bzip2 fifty times as large."""
    stream = io.BytesIO(bz2.compress(bytes(30 << 20)))
    with pytest.raises(NotByBlocks):
        list(unpacked(next(bz2_blocks(stream.read)), find_codec("bz2")))


def test_the_last_step_is_held_back(unpackers: Unpackers) -> None:
    """One thread loses the last step of a good block if the damage in the next one is found in the same step."""
    archive = bytearray(bz2.compress(TEXT, 1))
    archive[-200] ^= 1
    data, error, *_ = read(bytes(archive), None)[0]
    assert error
    assert 0 < len(data) < len(TEXT) - STEP_BYTES // 4
    same(bytes(archive), unpackers)


def test_a_stream_that_cannot_begin_anew_is_read_by_one_thread(unpackers: Unpackers) -> None:
    """Such as a pipe."""
    assert drain(decoded(ScriptedStream(PACKED["bz2 -1"]), ReadOptions(), None, "", unpackers), 1 << 20) == len(TEXT)


def test_small_archives_are_left_to_one_thread(monkeypatch: pytest.MonkeyPatch, unpackers: Unpackers) -> None:
    """With less than so many bytes, packed or unpacked, nothing is begun anew."""
    monkeypatch.setattr(parallel, "FIRST_BYTES", len(TEXT) + 1)
    assert same(PACKED["bz2 -1"], unpackers) == 0
    monkeypatch.setattr(parallel, "FIRST_BYTES", 1)
    monkeypatch.setattr(parallel, "LEAST_PACKED_BYTES", len(PACKED["bz2 -1"]) + 1)
    assert same(PACKED["bz2 -1"], unpackers) == 0
    assert same(lzma.compress(TEXT), unpackers) == 0


def test_without_room_one_thread_reads_an_archive() -> None:
    """And what an archive had is given back at its end."""
    unpackers = Unpackers(2, 2 * parallel.BZ2_BLOCK_BYTES)
    unpackers.open()
    first = decoded(RewindableStream(PACKED["bz2 -1"]), ReadOptions(), None, "", unpackers)
    buffer = memoryview(bytearray(9000))
    while first.bytes_read < len(PACKED["bz2 -1"]):
        first.readinto(buffer)
    assert same(PACKED["bz2 -1"], unpackers) == 0
    first.close()
    assert same(PACKED["bz2 -1"], unpackers) == 1
    unpackers.close()


def test_cancel_ends_the_reading_of_an_archive(unpackers: Unpackers) -> None:
    """Whatever it waits for."""
    stream = decoded(RewindableStream(PACKED["bz2 -1"]), ReadOptions(), None, "", unpackers)
    buffer = memoryview(bytearray(1 << 16))
    for _ in range(3):
        stream.readinto(buffer)
    stream.cancel()
    with pytest.raises(Stopped):
        drain(stream, 1 << 16)
    stream.close()


@pytest.mark.parametrize("name", ["bz2 -1", "xz of blocks"])
def test_a_file_that_is_rewritten_while_it_is_read(name: str, tmp_path: Path, unpackers: Unpackers) -> None:
    """It is compared at its end with what was read from it, as in one thread."""
    path, archive = tmp_path / "a.log", bytearray(PACKED[name] * 6)
    path.write_bytes(archive)
    raw = open_file(str(path))
    with closing(decoded(raw, ReadOptions(), None, "", unpackers)) as stream:
        buffer = memoryview(bytearray(1 << 16))
        while raw.bytes_read < len(archive) * 0.3 and stream.readinto(buffer):
            pass
        archive[100] ^= 1
        path.write_bytes(archive)
        with pytest.raises(SourceError, match="rewritten"):
            drain(stream, 1 << 16)


def test_what_follows_a_block_is_refused() -> None:
    """A block is one archive, and nothing more."""
    block = Block(lambda: bz2.compress(b"one") + b"more", 99, 99)
    with pytest.raises(NotByBlocks, match="ends early"):
        list(unpacked(block, find_codec("bz2")))


def test_an_index_that_does_not_fit_is_refused() -> None:
    """Sizes that are damaged, although the checksum is right, do not lead outside the file."""
    for sizes in (((1 << 62, 5),), ((0, 0),), ((40, 1), (40, 1))):
        index = xz_blocks.written(sizes)
        archive = xz_blocks.header(b"\0\4") + bytes(48) + index + xz_blocks.footer(b"\0\4", len(index))
        with pytest.raises(NotByBlocks):
            xz_blocks.streams_of(lambda at, n, archive=archive: archive[at : at + n], len(archive))  # type: ignore[misc]
