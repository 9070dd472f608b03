"""Logs that grow and are rotated, with real files: every line exactly once."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sources.follow.reader import Reader

Follow = Callable[..., Reader]
BIG = [b"%06d %s" % (number, b"x" * 50) for number in range(200)]
"""More than MARK_BYTES, so that the beginning proves the content."""


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def follow() -> Iterator[Follow]:
    """Return a function that begins to follow logs. At the end, no descriptor may be left open."""
    before = descriptors()
    readers: list[Reader] = []

    def begin(*arguments: Path | str, **options: Any) -> Reader:
        readers.append(Reader(arguments, **options))
        return readers[-1]

    yield begin
    for reader in readers:
        reader.close()
    assert descriptors() == before


def write(path: Path, *lines: bytes, end: bytes = b"\n") -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    with path.open("ab") as file:
        file.write(b"\n".join(lines) + end)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "access.log", b"one", b"two")


def test_growth(log: Path, follow: Follow) -> None:
    """What is there is read, then what is appended, soon after."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    write(log, b"three")
    start = time.monotonic()
    reader.sees(b"one", b"two", b"three")
    assert time.monotonic() - start < 0.4
    assert [read.begins is not None for read in reader.reads] == [True, False]


def test_polling(log: Path, follow: Follow) -> None:
    """Without inotify, files are looked at every quarter of a second, and folders every second."""
    reader = follow(f"{log}*", use_inotify=False)
    reader.sees(b"one", b"two")
    write(log, b"three")
    start = time.monotonic()
    reader.sees(b"one", b"two", b"three")
    assert time.monotonic() - start < 0.6
    log.rename(f"{log}.1")
    write(log, b"four")
    reader.sees(b"one", b"two", b"three", b"four")
    assert len(reader.following.logs) == 1


def test_growth_byte_by_byte(log: Path, follow: Follow) -> None:
    """An incomplete line arrives as it comes."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    for byte in b"BZh three":
        write(log, bytes([byte]), end=b"")
        count = len(reader.reads) + 1
        reader.until(lambda count=count: len(reader.reads) == count)  # type: ignore[misc]
        assert reader.reads[-1].data == bytes([byte])
    write(log, b"")
    reader.sees(b"one", b"two", b"BZh three")


def test_a_file_of_one_byte_is_read_at_once(tmp_path: Path, follow: Follow) -> None:
    """However short a file is, it is not waited for until it is longer (F17)."""
    reader = follow(write(tmp_path / "log", b"x", end=b""))
    reader.until(lambda: [read.data for read in reader.reads] == [b"x"], 1)


def test_a_file_that_does_not_exist_yet(tmp_path: Path, follow: Follow) -> None:
    """Also in a folder that does not exist yet."""
    log = tmp_path / "later" / "access.log"
    reader = follow(log)
    reader.stays(0.3)
    assert [one.location for one in reader.following.logs] == [str(log)]
    write(log, b"one")
    reader.sees(b"one")


def test_rename(log: Path, follow: Follow) -> None:
    """The old file is read to its end, then the new one from its start."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    write(log, b"three")
    log.rename(f"{log}.1")
    write(log, b"four")
    reader.sees(b"one", b"two", b"three", b"four")
    assert reader.notes == []


def test_a_new_file_that_begins_as_the_old_one(log: Path, follow: Follow) -> None:
    """A banner does not make it the same file; neither do those of other logs."""
    reader = follow(f"{log.parent}/*.log")
    reader.sees(b"one", b"two")
    log.rename(f"{log}.1")
    write(log, b"one", b"two", b"three")
    reader.sees(b"one", b"two", b"one", b"two", b"three")
    other = write(log.with_name("other.log"), b"one", b"two", b"four")
    reader.sees(b"one", b"two", b"four", log=str(other))


def test_late_lines_of_a_renamed_file(log: Path, follow: Follow) -> None:
    """A writer that keeps the old file open for a while loses nothing, and no line is torn."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    with log.open("ab") as late:
        log.rename(f"{log}.1")
        write(log, b"four", b"fi", end=b"")
        reader.until(lambda: reader.reads[-1].data == b"four\nfi")
        late.write(b"late\nla")
        late.flush()
        reader.stays(0.3)
        write(log, b"ve")
        reader.sees(b"one", b"two", b"four", b"five", b"late")
        late.write(b"ter\n")
        late.flush()
        reader.sees(b"one", b"two", b"four", b"five", b"late", b"later")


def test_an_incomplete_line_at_the_end_of_a_renamed_file(log: Path, follow: Follow) -> None:
    """It may be completed for some seconds; then it is a line as it is, and the next file begins."""
    write(log, b"thr", end=b"")
    reader = follow(log)
    reader.until(lambda: reader.reads)
    log.rename(f"{log}.1")
    write(log, b"four")
    reader.stays(0.3)
    write(Path(f"{log}.1"), b"ee")
    reader.sees(b"one", b"two", b"three", b"four")


def test_a_torn_last_line(log: Path, follow: Follow) -> None:
    """If nobody completes it, it is a line after some seconds."""
    write(log, b"thr", end=b"")
    reader = follow(log)
    reader.until(lambda: reader.reads)
    log.rename(f"{log}.1")
    write(log, b"four")
    reader.sees(b"one", b"two", b"thr", b"four")
    assert [read.data for read in reader.reads if read.ends] == [b""]


def test_a_rename_to_a_name_that_matches_as_well(log: Path, follow: Follow) -> None:
    """access.log.1 is the file already known, not a new log; its predecessor moves on to access.log.2."""
    write(Path(f"{log}.1"), b"zero")
    reader = follow(f"{log}*")
    reader.until(lambda: len(reader.lines) == 3)
    Path(f"{log}.1").rename(f"{log}.2")
    log.rename(f"{log}.1")
    write(log, b"three")
    reader.sees(b"one", b"two", b"three", log=str(log))
    reader.stays()
    assert reader.by_log == {str(log): b"one\ntwo\nthree\n", f"{log}.1": b"zero\n"}


def test_two_rotations_at_once(log: Path, follow: Follow) -> None:
    """A file that came and went between two looks is read as well."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    log.rename(f"{log}.2")
    write(log, b"three").rename(f"{log}.1")
    write(log, b"four")
    reader.sees(b"one", b"two", b"three", b"four")


@pytest.mark.parametrize("lines", [[b"one", b"two"], BIG])
def test_copytruncate(tmp_path: Path, follow: Follow, lines: list[bytes]) -> None:
    """What was not read before the truncation is read from the copy."""
    log = write(tmp_path / "access.log", *lines)
    reader = follow(f"{log}*")
    reader.sees(*lines)
    write(log, b"three")
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)
    write(log, b"four")
    reader.sees(*lines, b"three", b"four")
    reader.stays()
    assert len(reader.following.logs) == 1


@pytest.mark.parametrize("lines", [[b"one", b"two"], BIG])
@pytest.mark.parametrize("then", ["rename", "delete"])
def test_truncated_and_gone_before_the_next_look(tmp_path: Path, follow: Follow, lines: list[bytes], then: str) -> None:
    """What was written after the truncation is read, wherever the file is by then, before the next file."""
    log = write(tmp_path / "access.log", *lines)
    reader = follow(f"{log}*")
    reader.sees(*lines)
    write(log, b"three")
    shutil.copy(log, f"{log}.1")
    os.truncate(log, 0)
    write(log, b"four")
    if then == "rename":
        log.rename(f"{log}.2")
    else:
        log.unlink()
    write(log, b"five")
    reader.sees(*lines, b"three", b"four", b"five")
    reader.stays(2)
    assert len(reader.following.logs) == 1


def test_a_copy_of_what_a_truncated_file_has_now(tmp_path: Path, follow: Follow) -> None:
    """It is not a new file, although the reader has not noticed yet that the original was truncated."""
    log = write(tmp_path / "access.log", *BIG)
    reader = follow(f"{log}*", most_bytes=1000)
    reader.until(lambda: len(reader.text) > 3000)
    waiting = write(tmp_path / "waiting", *[b"%06d" % number for number in range(2000)])
    shutil.copy(log, f"{log}.1")
    log.write_bytes(waiting.read_bytes())
    shutil.copy(log, f"{log}.2")
    write(log, b"end")
    reader.sees(*BIG, *waiting.read_bytes().splitlines(), b"end")
    reader.stays(2)
    assert len(reader.following.logs) == 1


def test_an_archive_that_is_found_late(log: Path, follow: Follow) -> None:
    """It was split off when it was first seen, however long it took until it could be read."""
    seconds = [0.0]
    reader = follow(f"{log}*", clock=lambda: time.monotonic() + seconds[0])
    reader.sees(b"one", b"two")
    log.rename(f"{log}.1")
    Path(f"{log}.2.gz").write_bytes(gzip.compress(b"three\n"))
    write(log, b"four")
    reader.sees(b"one", b"two", b"four")
    seconds[0] = 11.0  # so rare are looks at folders that are large and slow
    reader.sees(b"one", b"two", b"four", b"three")
    assert len(reader.following.logs) == 1


def test_truncation_without_a_copy(log: Path, follow: Follow) -> None:
    """What is there now is read from the start, and a note names what may be lost."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    os.truncate(log, 0)
    write(log, b"4")
    reader.sees(b"one", b"two", b"4")
    assert reader.notes == ["truncated from 8 to 2 bytes: what was written since the last read may be lost"]


@pytest.mark.parametrize("size", [1, 3])
def test_truncated_and_grown_beyond_the_offset(tmp_path: Path, follow: Follow, size: int) -> None:
    """The size alone would not show it (F15)."""
    log = write(tmp_path / "access.log", *BIG)
    reader = follow(log)
    reader.sees(*BIG)
    new = [line.replace(b"x", b"y") for line in BIG * size]
    log.write_bytes(b"\n".join(new) + b"\n")
    reader.sees(*BIG, *new)
    assert len(reader.notes) == 1
    assert "read" in reader.notes[0]


def test_a_writer_that_goes_on_at_its_old_offset(tmp_path: Path, follow: Follow) -> None:
    """Without O_APPEND, a truncation leaves a hole, which is skipped."""
    log = tmp_path / "access.log"
    with log.open("wb", buffering=0) as writer:
        writer.write(b"one\n" * 3000)
        reader = follow(log)
        reader.sees(*[b"one"] * 3000)
        os.truncate(log, 0)
        writer.write(b"two\n")
        reader.sees(*[b"one"] * 3000, b"two")
        writer.write(b"three\n")
        reader.sees(*[b"one"] * 3000, b"two", b"three")
    assert "skipped 12000 NUL bytes" in reader.notes[-1]


def test_deleted_and_created_again(log: Path, follow: Follow) -> None:
    """What was written before the deletion is still read: the descriptor is open."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    write(log, b"three")
    log.unlink()
    write(log, b"four")
    reader.sees(b"one", b"two", b"three", b"four")


def test_an_editor_rewrites_the_file(tmp_path: Path, follow: Follow) -> None:
    """A new file with the same content and some more lines: only these are new (F24)."""
    log = write(tmp_path / "access.log", *BIG)
    reader = follow(log)
    reader.sees(*BIG)
    write(tmp_path / "swap", *BIG, b"new").rename(log)
    reader.sees(*BIG, b"new")
    assert [note.split(":")[0] for note in reader.notes] == ["replaced"]


def test_a_switched_link(tmp_path: Path, follow: Follow) -> None:
    """Another target is the next file; the same content is not read again."""
    first, second = write(tmp_path / "a" / "log", b"one"), write(tmp_path / "b" / "log", b"two")
    link = tmp_path / "log"
    link.symlink_to(first)
    reader = follow(link)
    reader.sees(b"one")
    write(first, b"more")
    (tmp_path / "new").symlink_to(second)
    (tmp_path / "new").rename(link)
    reader.sees(b"one", b"more", b"two")
    same = write(tmp_path / "c" / "log", b"two", b"three")
    (tmp_path / "new").symlink_to(same)
    (tmp_path / "new").rename(link)
    reader.sees(b"one", b"more", b"two", b"three")
    write(same, b"four")
    reader.sees(b"one", b"more", b"two", b"three", b"four")


PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("pattern", ["", "*"])
def test_compressed_after_the_rotation(log: Path, follow: Follow, ending: str, pattern: str) -> None:
    """The archive of a file that was read is not a new log."""
    reader = follow(f"{log}{pattern}")
    reader.sees(b"one", b"two")
    log.rename(f"{log}.1")
    write(log, b"three")
    reader.sees(b"one", b"two", b"three")
    Path(f"{log}.1.{ending}").write_bytes(PACKERS[ending](Path(f"{log}.1").read_bytes()))
    Path(f"{log}.1").unlink()
    reader.stays(2)
    assert len(reader.following.logs) == 1


def test_compressed_while_it_is_read(tmp_path: Path, follow: Follow) -> None:
    """The original that is being read is read to its end, although it is gone by then, and its archive is not read."""
    log = write(tmp_path / "access.log", *BIG)
    reader = follow(f"{log}*", most_bytes=1000)
    reader.until(lambda: len(reader.text) > 3000)
    log.rename(f"{log}.1")
    write(log, b"new")
    subprocess.run(["gzip", f"{log}.1"], check=True)
    reader.sees(*BIG, b"new")
    reader.stays(2)
    assert len(reader.following.logs) == 1


def test_archives_are_read_once(tmp_path: Path, follow: Follow) -> None:
    """Archives that are there at the start are logs of their own, and end."""
    for ending, pack in PACKERS.items():
        (tmp_path / f"access.log.{ending}").write_bytes(pack(ending.encode() + b"\n"))
    reader = follow(f"{tmp_path}/access.log*")
    reader.until(lambda: len(reader.lines) == 3)
    assert sorted(reader.lines) == [b"bz2", b"gz", b"xz"]
    reader.until(lambda: sum(read.ends for read in reader.reads) == 3)
    reader.stays()


def test_an_archive_that_is_still_being_written(tmp_path: Path, follow: Follow) -> None:
    """A new archive is read when it is whole, not in pieces, and without a complaint."""
    reader = follow(f"{tmp_path}/*")
    packed = gzip.compress(b"\n".join(os.urandom(8).hex().encode() for _ in range(9999)) + b"\n")
    with (tmp_path / "new.gz").open("wb", buffering=0) as file:
        for at in range(0, len(packed), 30000):
            file.write(packed[at : at + 30000])
            reader.stays(0.2)
    reader.until(lambda: len(reader.lines) == 9999)
    assert reader.notes == []


def test_new_files(tmp_path: Path, follow: Follow) -> None:
    """Files that match a pattern, or are in a directory, are found when they appear."""
    write(tmp_path / "one" / "a.log", b"a")
    by_pattern, in_folder = follow(f"{tmp_path}/**/*.log"), follow(tmp_path, recursive=True)
    for reader in (by_pattern, in_folder):
        reader.sees(b"a")
    write(tmp_path / "one" / "b.log", b"b")
    for reader in (by_pattern, in_folder):
        reader.sees(b"a", b"b")
    write(tmp_path / "two" / "c.log", b"c")
    for reader in (by_pattern, in_folder):
        reader.sees(b"a", b"b", b"c")
        assert [log.name[-5:] for log in reader.following.logs] == ["a.log", "b.log", "c.log"]


def test_the_same_file_by_two_paths(log: Path, follow: Follow) -> None:
    """A hard link and a symbolic one are not other logs."""
    os.link(log, f"{log}.hard")
    Path(f"{log}.soft").symlink_to(log)
    reader = follow(f"{log}*", log)
    reader.sees(b"one", b"two")
    reader.stays()
    assert len(reader.following.logs) == 1


def test_what_cannot_be_read_is_told(tmp_path: Path, follow: Follow) -> None:
    """A directory without --recursive, and an archive of another kind."""
    (tmp_path / "some.zip").write_bytes(b"PK\x03\x04" + b"x" * 100)
    reader = follow(tmp_path / "some.zip", tmp_path)
    reader.until(lambda: len(reader.notes) == 2)
    assert sorted(reader.notes) == ["is a directory: use --recursive", "unsupported archive (zip): unpack it first"]


def test_content_that_arrives_after_the_size(tmp_path: Path, follow: Follow) -> None:
    """As on NFS: until the content arrives, there are NULs."""
    log = write(tmp_path / "log", b"one")
    reader = follow(log)
    reader.sees(b"one")
    os.truncate(log, 8)
    reader.stays(0.3)
    with log.open("r+b") as file:
        file.seek(4)
        file.write(b"two\n")
    reader.sees(b"one", b"two")


@pytest.mark.parametrize("waits", [0.0, 0.1])
def test_cancel(log: Path, follow: Follow, waits: float) -> None:
    """Another thread ends the iteration, also while it waits."""
    reader = follow(log)
    reader.sees(b"one", b"two")
    timer = threading.Timer(waits, reader.following.cancel)
    timer.start()
    start = time.monotonic()
    reader.all()
    assert time.monotonic() - start < 0.5
    timer.join()
    reader.following.cancel()


def test_none_comes_while_there_is_a_little_all_the_time(log: Path, follow: Follow) -> None:
    """So the caller can flush."""
    reader = follow(log)
    reads = reader.following.reads(1000)
    kinds = []
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        kinds.append(next(reads) is None)
        write(log, b"x")
    assert sum(kinds) > 5
    assert kinds.count(False) > 20
    reads.close()


def test_many_files_use_few_descriptors(tmp_path: Path, follow: Follow) -> None:
    """Idle files are closed, and opened again where they are."""
    for number in range(600):
        write(tmp_path / f"{number:03}.log", b"%d" % number)
    reader = follow(f"{tmp_path}/*.log")
    reader.until(lambda: len(reader.lines) == 600)
    assert descriptors() < 300
    (tmp_path / "000.log").rename(tmp_path / "000.log.1")
    write(tmp_path / "000.log.1", b"late")
    write(tmp_path / "000.log", b"new")
    reader.sees(b"0", b"late", b"new", log=f"{tmp_path}/000.log")


def test_once(log: Path, follow: Follow) -> None:
    """Everything is read to its end; the incomplete last line is not ended."""
    Path(f"{log}.1.gz").write_bytes(gzip.compress(b"zero\n"))
    write(log, b"thr", end=b"")
    reader = follow(f"{log}*", once=True).all()
    assert reader.by_log == {str(log): b"one\ntwo\n", f"{log}.1.gz": b"zero\n"}
    assert [(read.log.location[-2:], read.ends) for read in reader.reads] == [("og", False), ("gz", False), ("gz", True)]
