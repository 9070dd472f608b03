"""Regular files that change under the reader, pipes that wait, and standard input as real processes have it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from logproc.model.errors import LimitError, SourceError, Stopped
from logproc.model.source import ByteStream, Seen
from logproc.sources.files import open_fifo, open_file, seen_as
from logproc.sources.limits import Deadline

READ_STDIN = """
import sys
from logproc.model.errors import LogprocError
from logproc.sources.files import open_stdin
try:
    stream = open_stdin()
    buffer = memoryview(bytearray(1 << 16))
    while count := stream.readinto(buffer):
        sys.stdout.buffer.write(buffer[:count])
    sys.stdout.write(f"|{stream.size_bytes}|{stream.bytes_read}")
    stream.close()
except LogprocError as error:
    sys.stdout.write(error.what)
"""


@pytest.fixture(autouse=True)
def no_descriptor_is_left() -> Iterator[None]:
    """Fail a test after which more descriptors are open than before."""
    before = open_descriptors()
    yield
    assert open_descriptors() == before


def open_descriptors() -> list[str]:
    """Return the descriptors of this process that lead somewhere."""
    return sorted(path.name for path in Path("/proc/self/fd").iterdir() if path.exists() or path.is_symlink())


def read(stream: ByteStream, size: int = 1 << 16) -> bytes:
    """Return what one `readinto` gives."""
    buffer = memoryview(bytearray(size))
    return bytes(buffer[: stream.readinto(buffer)])


def read_all(stream: ByteStream) -> bytes:
    """Return all that is left, and close the stream."""
    try:
        return b"".join(iter(lambda: read(stream), b""))
    finally:
        stream.close()


def in_thread(work: Callable[[], object]) -> Callable[[], object]:
    """Start `work` in a thread; the function returned waits for its result, or for what it raised, and returns that."""
    results: list[object] = []

    def run() -> None:
        try:
            results.append(work())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def result() -> object:
        thread.join(10)
        return results[0]

    return result


def test_a_file_is_read_to_its_end(tmp_path: Path) -> None:
    """All bytes come, the size is known before, and the end stays the end."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 200_000)
    stream = open_file(str(path))
    assert stream.size_bytes == 200_000
    assert b"".join(iter(lambda: read(stream), b"")) == b"x" * 200_000
    assert read(stream) == b""
    assert (stream.bytes_read, stream.notes) == (200_000, [])
    stream.close()


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        (b"one\ntwo\n", b"three\n", b"one\ntwo\n"),
        (b"one\ntw", b"o\nthree\n", b"one\ntwo\n"),
        (b"one\ntw", b"o and", b"one\ntw"),
        (b"", b"one\n", b""),
        (b"\x1f\x8b\x08 packed", b"next\nmember", b"\x1f\x8b\x08 packed"),
    ],
    ids=["whole lines", "half line", "line without end", "empty", "archive"],
)
def test_a_file_that_grows(tmp_path: Path, before: bytes, after: bytes, seen: bytes) -> None:
    """A file is read up to its size at the opening, and on to the end of the line that was half written then."""
    path = tmp_path / "a.log"
    path.write_bytes(before)
    stream = open_file(str(path))
    with path.open("ab") as file:
        file.write(after)
    assert read_all(stream) == seen
    assert stream.notes == [f"grew: read up to {len(seen)}"]


def test_a_file_that_shrinks(tmp_path: Path) -> None:
    """A file cut while it is read gives what was there, and then says from what to what it shrank."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 1000)
    stream = open_file(str(path))
    assert len(read(stream, 600)) == 600
    os.truncate(path, 700)
    assert len(read(stream, 600)) == 100
    with pytest.raises(SourceError, match=r"^shrank from 1000 to 700"):
        read(stream)
    stream.close()


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.rename(path.with_suffix(".1"))])
def test_a_file_without_its_name_is_read_on(tmp_path: Path, change: Callable[[Path], object]) -> None:
    """A file that is unlinked, or renamed and replaced, is read to its end by its handle."""
    path = tmp_path / "a.log"
    path.write_bytes(b"old\n")
    stream = open_file(str(path))
    change(path)
    path.write_bytes(b"new and longer\n")
    assert read_all(stream) == b"old\n"


@pytest.mark.parametrize(
    ("size", "edit"), [(5000, 0), (5000, 4999), (300_000, 150_000)], ids=["first byte", "last byte", "in the middle"]
)
def test_a_file_that_is_edited_while_it_is_read(tmp_path: Path, size: int, edit: int) -> None:
    """Its last read fails, even if size and time are as before: a change within a step of the clock leaves no trace there."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * size)
    stream = open_file(str(path))
    for _ in range(size // 1000):
        read(stream, 1000)
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(edit)
        file.write(b"y")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(SourceError, match=r"^rewritten while it was read"):
        read(stream)
    stream.close()


def test_an_old_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not written to since it was opened costs one look at its size and time."""
    path = tmp_path / "a.log"
    path.write_bytes(b"x" * 5000)
    os.utime(path, ns=(0, 0))
    real, offsets = os.preadv, []

    def counted(descriptor: int, buffers: Any, offset: int) -> int:
        offsets.append(offset)
        return real(descriptor, buffers, offset)

    monkeypatch.setattr(os, "preadv", counted)
    assert read_all(open_file(str(path))) == b"x" * 5000
    assert offsets == [0]


def test_an_error_of_the_disk_names_the_byte() -> None:
    """A read that fails says at which byte: /proc/self/mem cannot be read at address 0."""
    stream = open_file("/proc/self/mem")
    stream._end = 10  # type: ignore[attr-defined]  # the file says that it is empty
    with pytest.raises(SourceError, match=r"^I/O error at byte 0"):
        read(stream)
    stream.close()


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("missing", "no such file"),
        ("file/below", "no such file"),
        ("folder", "not a regular file"),
        ("loop", "too many symbolic links"),
        ("n" * 300, "path too long"),
        ("fifo", "not a regular file"),
        ("socket", "not a regular file"),
    ],
)
def test_what_cannot_be_opened_is_said_in_plain_words(tmp_path: Path, name: str, what: str) -> None:
    """The opening fails at once, with words that a person understands, and leaves nothing open."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(SourceError) as raised:
            open_file(str(tmp_path / name))
    assert raised.value.what == what


@pytest.mark.parametrize("moment", ["before", "twice", "after close"])
@pytest.mark.parametrize("kind", ["file", "fifo"])
def test_cancel_comes_at_any_moment(tmp_path: Path, kind: str, moment: str) -> None:
    """A cancelled stream raises Stopped for ever; a second cancel, or one after the closing, changes nothing."""
    path = tmp_path / "a.log"
    path.touch() if kind == "file" else os.mkfifo(path)
    stream = (open_file if kind == "file" else open_fifo)(str(path))
    if moment != "after close":
        for _ in range(2 if moment == "twice" else 1):
            stream.cancel()
        for _ in range(2):
            with pytest.raises(Stopped):
                read(stream)
    stream.close()
    stream.close()
    stream.cancel()


def test_a_fifo_without_a_writer_waits_until_it_is_cancelled(tmp_path: Path) -> None:
    """A pipe without a writer has not ended: the reader waits, and `cancel` from another thread ends the wait."""
    os.mkfifo(tmp_path / "fifo")
    stream = open_fifo(str(tmp_path / "fifo"))
    result = in_thread(lambda: read(stream))
    stream.cancel()
    assert isinstance(result(), Stopped)
    stream.close()


def test_a_fifo_gives_what_is_there(tmp_path: Path) -> None:
    """Half a line arrives as soon as it is written, the end when the writer closes."""
    os.mkfifo(tmp_path / "fifo")
    stream = open_fifo(str(tmp_path / "fifo"))
    with (tmp_path / "fifo").open("wb", buffering=0) as writer:
        writer.write(b"half")
        assert read(stream) == b"half"
        writer.write(b" a line")
    assert (read_all(stream), stream.bytes_read, stream.size_bytes) == (b" a line", 11, None)


def test_a_substituted_process_that_is_done_has_ended() -> None:
    """`<(command)` is the path of an open pipe, whose writer may be gone before we come."""
    source, sink = os.pipe()
    os.write(sink, b"line\n")
    os.close(sink)
    stream = open_fifo(f"/dev/fd/{source}")
    os.close(source)
    assert read_all(stream) == b"line\n"


def test_a_wait_ends_at_the_deadline(tmp_path: Path) -> None:
    """A pipe in which nothing comes is waited for as long as `--max-time` allows, a file is not begun after it."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_bytes(b"x")
    moments = iter([0.0, 0.0, 5.0, 0.0, 9.0])
    waiting = open_fifo(str(tmp_path / "fifo"), Deadline.after(0.01, lambda: next(moments)))
    with pytest.raises(LimitError, match=r"^over --max-time 0.01 s"):
        read(waiting)
    waiting.close()
    late = open_file(str(tmp_path / "file"), Deadline.after(2, lambda: next(moments)))
    with pytest.raises(LimitError, match=r"^over --max-time 2 s"):
        read(late)
    late.close()


def run_with_stdin(**keywords: Any) -> str:
    """Return what a process makes of its standard input."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", READ_STDIN]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=Path(__file__).parents[2], timeout=30, **keywords)
    return str(done.stdout, "utf-8")


def test_stdin_is_a_pipe() -> None:
    """Piped input is read to its end; its size is not known."""
    assert run_with_stdin(input=b"one\ntwo\n") == "one\ntwo\n|None|8"


def test_stdin_is_a_file(tmp_path: Path) -> None:
    """A file as standard input is read on from where it stands, with its size known."""
    path = tmp_path / "a.log"
    path.write_bytes(b"one\ntwo\n")
    with path.open("rb", buffering=0) as file:
        file.seek(4)
        assert run_with_stdin(stdin=file) == "two\n|4|4"


def test_stdin_is_nothing() -> None:
    """/dev/null is an empty source, and a closed stdin is said to be closed."""
    assert run_with_stdin(stdin=subprocess.DEVNULL) == "|None|0"
    assert run_with_stdin(preexec_fn=lambda: os.close(0)) == "stdin is closed"


@pytest.mark.parametrize(
    "path", ["/proc/self/status", "/proc/sys/kernel/ostype", "/sys/kernel/mm/transparent_hugepage/enabled"]
)
def test_a_file_that_the_kernel_makes_up_is_read_to_its_end(path: str) -> None:
    """Its size is 0 or that of a page, whatever is in it; that is neither an empty nor a cut file."""
    if Path(path).exists():
        assert read_all(open_file(path)).endswith(b"\n")


@pytest.mark.parametrize("size", [0, os.sysconf("SC_PAGE_SIZE")])
def test_a_file_without_blocks_may_grow_too(tmp_path: Path, size: int) -> None:
    """A file of nothing is not read beyond that, and one of a hole to the end of its line."""
    path = tmp_path / "a.log"
    path.touch()
    os.truncate(path, size)
    stream = open_file(str(path))
    with path.open("ab") as file:
        file.write(b"more\n")
    assert read_all(stream) == (bytes(size) + b"more\n" if size else b"")
    assert [note.split(":")[0] for note in stream.notes] == ["grew"]


def seen(path: Path) -> Seen:
    """Return what identifies a file."""
    return seen_as(path.stat())


def test_a_file_that_took_the_place_of_another_is_not_read(tmp_path: Path) -> None:
    """A log that was moved away before it was opened is missing, and what has its name now is another one."""
    path, other = tmp_path / "a.log", tmp_path / "b.log"
    path.write_bytes(b"one\n")
    other.write_bytes(b"another\n")
    before = seen(path)
    with path.open("ab") as file:
        file.write(b"two\n")
    assert read_all(open_file(str(path), seen=before)) == b"one\ntwo\n"
    other.rename(path)
    with pytest.raises(SourceError, match=r"^replaced before it was opened"):
        open_file(str(path), seen=before)


def test_a_fifo_that_is_silent_says_so_once(tmp_path: Path) -> None:
    """`on_wait` is called once if there is no writer for a while."""
    os.mkfifo(tmp_path / "fifo")
    told = threading.Event()
    calls: list[None] = []

    def tell() -> None:
        calls.append(None)
        told.set()

    stream = open_fifo(str(tmp_path / "fifo"), on_wait=tell, patience_s=0)
    result = in_thread(lambda: read_all(stream))
    assert told.wait(10)
    assert stream.waits_for == "waiting for a writer"
    with (tmp_path / "fifo").open("wb", buffering=0) as writer:
        writer.write(b"one\n")
        writer.write(b"two\n")
    assert (result(), len(calls), stream.waits_for) == (b"one\ntwo\n", 1, "")


def test_a_fifo_with_a_writer_says_nothing(tmp_path: Path) -> None:
    """What is there before the patience ends is read without a word."""
    os.mkfifo(tmp_path / "fifo")
    calls: list[None] = []
    stream = open_fifo(str(tmp_path / "fifo"), on_wait=lambda: calls.append(None), patience_s=60)
    with (tmp_path / "fifo").open("wb", buffering=0) as writer:
        writer.write(b"one\n")
    assert (read_all(stream), calls) == (b"one\n", [])
