"""Faults of archives."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from tests.faults.fault import Arguments, Fault, Scene, as_process, source, state
from tests.support import logs
from tests.support.processes import Ended

zstd: Any
if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACK: Mapping[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: bytes(zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})),
}
"""How each kind of archive is made, by the ending of its name; all with a checksum."""
CODEC = {"gz": "gzip", "bz2": "bz2", "xz": "xz", "zst": "zstd"}
LINES = 400
LOG = logs.log(LINES, seed=1)
HALF = LOG.index(b"\n", len(LOG) // 2) + 1
GZ = PACK["gz"](LOG)
SKIPPABLE = b"\x53\x2a\x4d\x18\x04\0\0\0skip"
MEMBER_BYTES = 16 << 20
OTHERS = {
    **{ending: (pack(LOG), f"{CODEC[ending]} data") for ending, pack in PACK.items()},
    "lz4": (b"\x04\x22\x4d\x18" + LOG, "lz4 data"),
    "text": (LOG, "text"),
}
"""What may stand behind an archive, and how it is called."""
MIXED = state("incomplete", lines=LINES, records=LINES)
WHOLE = state("complete", lines=LINES, records=LINES)


def archive(name: str, content: bytes | Callable[[], bytes], *arguments: str) -> Callable[[Scene], Arguments]:
    """Return how to make a fault that is a file, read with further arguments. What takes long to make is a function."""
    return lambda scene: [scene.bytes(name, content() if callable(content) else content).name, *arguments]


def whole_lines(content: bytes) -> int:
    """Return how many lines that end are in some bytes."""
    return content.count(b"\n")


def decoded_gzip(content: bytes) -> bytes:
    """Return what the standard library can decode of a truncated gzip file."""
    try:
        return zlib.decompressobj(31).decompress(content)
    except zlib.error:
        return b""


def cuts_are_told(scene: Scene, arguments: Arguments) -> Ended:
    """Read a gzip file cut at each of a hundred places beside a sound one, and look at each; return the last run."""
    found = None
    for cut in sorted(random.Random(5).sample(range(1, len(GZ)), 100)):
        scene.bytes("a.log.gz", GZ[:cut])
        found = scene.analyze(*arguments)
        is_source = source(found)
        lines = whole_lines(decoded_gzip(GZ[:cut]))
        assert (found.code, is_source["account"]["lines"]) == (1, lines), cut
        assert is_source["state"] == ("incomplete" if decoded_gzip(GZ[:cut]) else "failed"), cut
        assert is_source["reason"].startswith(f"truncated at byte {cut}"), (cut, is_source)
        assert is_source["reason"].endswith(f"after {lines} lines"), (cut, is_source)
    assert found
    return found


def flips_are_told(ending: str) -> Callable[[Scene, Arguments], Ended]:
    """Return a way to run the program over an archive in which a bit is flipped, at each of some places."""

    def run(scene: Scene, arguments: Arguments) -> Ended:
        random_, whole, found = random.Random(6), PACK[ending](LOG), None
        for place in sorted(random_.sample(range(len(whole)), 12)):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << random_.randrange(8)
            scene.bytes(f"a.log.{ending}", bytes(damaged))
            found = scene.analyze(*arguments)
            assert found.code == 1 or harmless_flip(ending, place, found), (place, found.stderr)
        assert found
        return found

    return run


def harmless_flip(ending: str, place: int, found: Ended) -> bool:
    """Return whether a flip is in what no checksum is over (time, system and flag of a gzip header), and the data are whole."""
    return ending == "gz" and 3 <= place < 10 and source(found)["account"]["records"] == LINES


def bombs(ending: str, *, feeds: bool) -> bytes:
    """Return an archive of 4 GiB, of zeros or of line ends: members of 16 MiB each."""
    return PACK[ending]((b"\n" if feeds else b"\0") * MEMBER_BYTES) * 256


def header(flags: int, fields: bytes) -> bytes:
    """Return the log as gzip with a header of our own (RFC 1952, 2.3)."""
    return b"\x1f\x8b\x08" + bytes([flags]) + bytes(6) + fields + GZ[10:]


def zipped() -> bytes:
    """Return the log as a zip archive without compression."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a.log", LOG)
    return buffer.getvalue()


def tarred(mode: str) -> bytes:
    """Return the log twice as a tar archive, packed as `mode` says."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as made:  # type: ignore[call-overload]  # the mode is data here
        for name in ("a.log", "b.log"):
            info = tarfile.TarInfo(name)
            info.size = len(LOG)
            made.addfile(info, io.BytesIO(LOG))
    return buffer.getvalue()


def of_each(ending: str, pack: Callable[[bytes], bytes]) -> list[Fault]:
    """Return the faults that each kind of archive has."""
    whole, name = pack(LOG), f"a.log.{ending}"
    return [
        Fault(
            "Z3",
            f"{ending} with a bit flipped, at each of twelve places",
            archive(name, b""),
            code=1,
            holds="never exit 0; what is told names the byte from which the data may be wrong",
            run=flips_are_told(ending),
            check=lambda _scene, ended: says_where(ended),
        ),
        Fault("Z4", f"{ending} of two members", archive(name, pack(LOG[: HALF + 9]) + pack(LOG[HALF + 9 :])), check=WHOLE),
        Fault("Z4", f"{ending} with empty members", archive(name, pack(b"") + whole + pack(b"")), check=WHOLE),
        Fault(
            "Z5",
            f"{ending} with junk behind its end",
            archive(name, whole + b"\0\0\0\1junk behind"),
            code=1,
            says=[f"{name}: stopped at byte {len(whole) + 3}: followed by other data after {LINES} lines"],
            holds="the lines",
            check=MIXED,
        ),
        *(
            Fault(
                "Z5",
                f"{ending} followed by {other}",
                archive(name, whole + behind),
                code=1,
                says=[f"{name}: stopped at byte {len(whole)}: followed by {kind} after {LINES} lines"],
                holds="the lines before",
                check=MIXED,
            )
            for other, (behind, kind) in OTHERS.items()
            if other != ending
        ),
        Fault(
            "Z5",
            f"text followed by {ending}",
            archive("a.log", LOG + whole),
            code=1,
            says=[f"a.log: stopped at byte {len(LOG)}: followed by "],
            holds="the lines before",
            check=MIXED,
        ),
        Fault("Z5", f"{ending} with zeros behind its end", archive(name, whole + bytes(1000)), check=WHOLE),
        Fault(
            "Z5",
            f"{ending} with zeros and another member behind its end",
            archive(name, pack(LOG[:HALF]) + bytes(512) + pack(LOG[HALF:])),
            holds="all members",
            check=WHOLE,
        ),
        Fault("Z6", f"{ending} cut at its half", archive(name, whole[: len(whole) // 2]), code=1, says=["truncated at byte"]),
        Fault("Z6", f"{ending} cut by a byte", archive(name, whole[:-1]), code=1, says=[f"{name}: truncated at byte"]),
        *(
            Fault(
                "Z6",
                f"{ending} cut behind {size} bytes of its header",
                archive(name, whole[:size]),
                code=1,
                says=[f"{name}: truncated at byte {size} after 0 lines"],
                check=state("failed", lines=0),
            )
            for size in (1, 2, 3, 5)
        ),
        Fault(
            "Z6",
            f"{ending} whose second member is cut",
            archive(name, pack(LOG) + whole[: len(whole) // 2]),
            code=1,
            says=[f"{name}: truncated at byte"],
            holds="the lines of the first",
            check=lambda _scene, ended: has_at_least(ended, LINES),
        ),
        Fault(
            "Z7",
            f"{ending} of 4 GiB of zeros",
            archive(name, lambda: bombs(ending, feeds=False)),
            code=5,
            says=[f"{name}: ratio ", " over --max-ratio 1000"],
            holds="memory is flat",
        ),
        Fault(
            "Z7",
            f"{ending} of line ends, with --max-bytes",
            archive(name, lambda: pack(b"\n" * (8 << 20)), "--max-bytes", "1MiB"),
            code=5,
            says=[f"{name}: over --max-bytes 1048576 after 1048576 lines"],
            holds="what came before is counted",
            check=state("incomplete", lines=1 << 20, records=0),
            alone=True,
        ),
        Fault("Z9", f"text named .{ending}", archive(name, LOG), holds="the first bytes tell", check=WHOLE),
        Fault("Z9", f"{ending} without an ending", archive("a.log", whole), holds="the first bytes tell", check=WHOLE),
        Fault(
            "Z9",
            f"an empty file named .{ending}",
            archive(name, b""),
            says=[f"{name}: empty"],
            check=state("complete", lines=0),
        ),
        Fault(
            "Z9", f"{ending} of nothing", archive(name, pack(b"")), says=[f"{name}: empty"], check=state("complete", lines=0)
        ),
        Fault(
            "Z9",
            f"{ending} in {ending}",
            archive(name, pack(whole)),
            code=1,
            says=[f"{name}: holds another archive: left alone: unpack it first"],
            holds="nothing is made of what is packed",
            check=state("failed", lines=0),
        ),
    ]


def says_where(ended: Ended) -> None:
    """Assert that the message says where the data may be wrong, or that the archive is truncated or is not one."""
    words = ("may be wrong from decoded byte", "truncated at byte", "stopped at byte", "features that are not supported")
    assert any(word in ended.stderr for word in words), ended.stderr


def has_at_least(ended: Ended, records: int) -> None:
    """Assert that a source that is not complete has what could be read."""
    assert source(ended)["state"] == "incomplete"
    assert source(ended)["account"]["records"] >= records


def unknown_check() -> bytes:
    """Return the log as xz whose check has a number that stands for none, with right checksums of the headers."""
    made = bytearray(lzma.compress(LOG, check=lzma.CHECK_CRC32))
    made[7] = made[-3] = 2
    made[8:12] = zlib.crc32(made[6:8]).to_bytes(4, "little")
    made[-12:-8] = zlib.crc32(made[-8:-2]).to_bytes(4, "little")
    return bytes(made)


REFUSED = (
    ("zst with a dictionary", "a.zst", bytes.fromhex("28b52ffd 01 58 07 010000"), "needs zstd dictionary 7"),
    ("zst with a window of 2 GiB", "a.zst", bytes.fromhex("28b52ffd 00a8 010000"), "needs 2048 MiB to be unpacked"),
    ("zst of version 0.7", "a.zst", b"\x27\xb5\x2f\xfd" + LOG, "unsupported archive (zstd before version 0.8)"),
    ("lz4 with a dictionary", "a.lz4", bytes.fromhex("04224d18 4140 01000000") + LOG, "unsupported archive (lz4)"),
    ("gz of an unknown method", "a.gz", GZ[:2] + b"\7" + GZ[3:], "unsupported archive (gzip with an unknown method)"),
    ("gz with a reserved flag", "a.gz", GZ[:3] + b"\x80" + GZ[4:], "uses gzip features that are not supported"),
)
"""What cannot be unpacked here, and what is said of it."""

FAULTS = [
    Fault(
        "Z1",
        "gz cut at each of a hundred places",
        archive("a.log.gz", GZ),
        code=1,
        says=["a.log.gz: truncated at byte ", " after "],
        holds="exactly the whole lines that are there count, the cut tail does not",
        run=cuts_are_told,
    ),
    *(
        Fault(
            "Z2",
            f"gz without its last {size} bytes",
            archive("a.log.gz", GZ[:-size]),
            code=1,
            says=["a.log.gz: truncated at byte ", ": checksum mismatch: data may be wrong"],
            holds="the lines count, and the source is not complete",
            check=state("incomplete", lines=LINES, records=LINES),
        )
        for size in (1, 4, 8)
    ),
    *(
        Fault(
            "Z2",
            f"gz with another {what}",
            archive("a.log.gz", GZ[:place] + bytes([GZ[place] ^ 1]) + GZ[place:][1:]),
            code=1,
            says=["a.log.gz: checksum mismatch: data may be wrong from decoded byte 0"],
            holds="the lines count, and the source is not complete",
            check=state("incomplete", lines=LINES, records=LINES),
        )
        for what, place in {"checksum": -8, "size": -4}.items()
    ),
    Fault(
        "Z2",
        "gz whose second member has another checksum",
        archive("a.log.gz", GZ + GZ[:-8] + bytes(4) + GZ[-4:]),
        code=1,
        says=[f"a.log.gz: checksum mismatch: data may be wrong from decoded byte {len(LOG)}"],
        holds="what was checked is told from what was not",
        check=state("incomplete", lines=2 * LINES, records=2 * LINES),
    ),
    *(fault for ending, pack in PACK.items() for fault in of_each(ending, pack)),
    Fault(
        "Z4",
        "zst with frames to be skipped before, between and behind",
        archive("a.log.zst", SKIPPABLE + PACK["zst"](LOG[:HALF]) + SKIPPABLE + PACK["zst"](LOG[HALF:]) + SKIPPABLE),
        check=WHOLE,
    ),
    Fault(
        "Z5",
        "gz with junk of which the first bytes are those of a member",
        archive("a.log.gz", GZ + b"\x1f\x8b\x08"),
        code=1,
        says=["a.log.gz: truncated at byte "],
        holds="it may be one that was cut",
        check=state("incomplete", lines=LINES, records=LINES),
    ),
    Fault(
        "Z6",
        "zst cut within a frame to be skipped",
        archive("a.log.zst", SKIPPABLE[:-2]),
        code=1,
        says=["a.log.zst: truncated at byte 10 after 0 lines"],
        check=state("failed", lines=0),
    ),
    Fault(
        "Z7",
        "a bomb, with 64 MiB for all that is in flight",
        archive("a.log.gz", lambda: bombs("gz", feeds=True), "--memory", "64MiB"),
        code=5,
        says=["a.log.gz: ratio ", " over --max-ratio 1000 "],
        holds="what is in flight is bounded; the lines before the limit are blank",
        run=as_process(before=["bash", "-c", 'ulimit -v 2000000; exec "$@"', "bash"]),
    ),
    Fault("Z11", "a name of 3 MB in a gzip header", archive("a.gz", header(8, b"n" * 3_000_000 + b"\0")), check=WHOLE),
    Fault("Z11", "an extra field of 64 KiB", archive("a.gz", header(4, b"\xff\xff" + b"e" * 65535)), check=WHOLE),
    Fault("Z11", "a comment of 3 MB", archive("a.gz", header(16, b"c" * 3_000_000 + b"\0")), check=WHOLE),
    Fault(
        "Z11",
        "a name that does not end",
        archive("a.gz", GZ[:3] + b"\x08" + bytes(6) + b"n" * 3_000_000),
        code=1,
        says=["a.gz: truncated at byte 3000010 after 0 lines"],
        check=state("failed", lines=0),
    ),
    Fault(
        "Z12",
        "a zip archive that keeps its text as it is",
        archive("a.zip", zipped()),
        code=1,
        says=["a.zip: unsupported archive (zip): unpack it first"],
        holds="nothing of it is taken for a log",
        check=state("failed", lines=0),
    ),
    *(
        Fault(
            "Z12",
            f"an archive of files, as {name}",
            archive(name, tarred(mode)),
            code=1,
            says=[f"{name}: unsupported archive (tar): unpack it first"],
            holds="nothing of it is taken for a log",
            check=state("failed", lines=0),
        )
        for name, mode in {"a.tar": "w", "a.tar.gz": "w:gz", "a.tar.xz": "w:xz"}.items()
    ),
    *(
        Fault(
            "Z10",
            what,
            archive(name, content),
            code=1,
            says=[f"{name}: {says}: unpack it first"],
            holds="nothing of it is taken for a log",
            check=state("failed", lines=0),
        )
        for what, name, content, says in REFUSED
    ),
    Fault(
        "Z10",
        "zst of nothing but frames to be skipped",
        archive("a.zst", SKIPPABLE * 3),
        says=["a.zst: empty"],
        check=state("complete", lines=0),
    ),
    Fault(
        "Z10",
        "xz with a check that is not known",
        archive("a.xz", unknown_check()),
        code=1,
        says=[f"a.xz: unknown xz check 2: data may be wrong after {LINES} lines: test it with xz -t"],
        holds="the lines count, and the source is not complete",
        check=MIXED,
    ),
    *(
        Fault(
            "Z10",
            f"20,000 empty members of {ending}",
            archive(f"a.{ending}", pack(b"") * 20_000 + pack(LOG)),
            holds="time is in proportion",
            check=WHOLE,
        )
        for ending, pack in PACK.items()
    ),
    *(
        Fault(
            "Z12",
            f"an archive of a kind that is not read: {name}",
            archive(f"a.{name}", magic + LOG),
            code=1,
            says=[f"a.{name}: unsupported archive ({name}): unpack it first"],
            holds="nothing of it is taken for a log",
            check=state("failed", lines=0),
        )
        for name, magic in {"lz4": b"\x04\x22\x4d\x18", "7z": b"7z\xbc\xaf\x27\x1c", "rar": b"Rar!\x1a\x07\0"}.items()
    ),
]
