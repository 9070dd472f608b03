"""Opening whatever a source is, and the look at a file before the run."""

from __future__ import annotations

import gzip
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from logproc.model.errors import SourceError
from logproc.model.source import Kind, Source
from logproc.sources.opening import OpenOptions, Peek, open_source, peek


@contextmanager
def permit(_: object) -> Iterator[None]:
    """Let everybody through."""
    yield


def source_of(path: Path, kind: Kind = Kind.FILE) -> Source:
    """Return the source of a path."""
    return Source(0, path.name, kind, str(path))


def read_all(source: Source, options: OpenOptions) -> bytes:
    """Return all bytes of a source."""
    stream = open_source(source, options, wait=lambda _: False, permit=permit)
    buffer, data = memoryview(bytearray(100)), bytearray()
    try:
        while count := stream.readinto(buffer):
            data += buffer[:count]
    finally:
        stream.close()
    return bytes(data)


def test_a_packed_file_of_utf16(tmp_path: Path) -> None:
    """Packing and encoding are both taken off."""
    path = tmp_path / "a.log"
    path.write_bytes(gzip.compress("zwei\n".encode("utf-16")))
    assert read_all(source_of(path), OpenOptions(encoding="utf-16")) == b"zwei\n"


def test_a_packed_pipe(tmp_path: Path) -> None:
    """A named pipe may carry an archive."""
    os.mkfifo(tmp_path / "fifo")
    source = source_of(tmp_path / "fifo", Kind.FIFO)
    stream = open_source(source, OpenOptions(), wait=lambda _: False, permit=permit)
    (tmp_path / "fifo").write_bytes(gzip.compress(b"line\n"))
    buffer = memoryview(bytearray(100))
    assert bytes(buffer[: stream.readinto(buffer)]) == b"line\n"
    stream.close()


def test_a_live_pipe_is_not_held_up_by_the_look_for_an_archive(tmp_path: Path) -> None:
    """A line shorter than the longest magic bytes is handed on before the next one comes."""
    os.mkfifo(tmp_path / "fifo")
    stream = open_source(source_of(tmp_path / "fifo", Kind.FIFO), OpenOptions(), wait=lambda _: False, permit=permit)
    buffer = memoryview(bytearray(100))
    with (tmp_path / "fifo").open("wb", buffering=0) as writer:
        writer.write(b"a\n")
        assert bytes(buffer[: stream.readinto(buffer)]) == b"a\n"
    stream.close()


def test_too_many_open_files(tmp_path: Path) -> None:
    """Running out of descriptors is a failure of the source, in plain words."""
    (tmp_path / "a.log").touch()
    os.mkfifo(tmp_path / "fifo")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    in_use = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    fillers = [os.open(os.devnull, os.O_RDONLY) for _ in range(in_use + 1)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 2, hard))
    try:
        with pytest.raises(SourceError, match="too many open files"):
            read_all(source_of(tmp_path / "fifo", Kind.FIFO), OpenOptions())
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 1, hard))
        with pytest.raises(SourceError, match="too many open files"):
            read_all(source_of(tmp_path / "a.log"), OpenOptions())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for filler in fillers:
            os.close(filler)


@pytest.mark.parametrize(
    ("content", "n_bytes", "expected"),
    [
        (b"", 10, Peek(0, b"", True)),
        (b"0123456789", 10, Peek(10, b"0123456789", True)),
        (b"0123456789a", 10, Peek(11, b"0123456789", False)),
    ],
)
def test_peek(tmp_path: Path, content: bytes, n_bytes: int, expected: Peek) -> None:
    """A look gives the size, the first bytes, and whether these are all."""
    (tmp_path / "a.log").write_bytes(content)
    assert peek(source_of(tmp_path / "a.log"), OpenOptions(), n_bytes) == expected


def test_peek_into_archives(tmp_path: Path) -> None:
    """The first bytes are decoded ones; a damaged archive gives what can be had, and fails if that is nothing."""
    archive = gzip.compress(b"line\n" * 10)
    path = tmp_path / "a.gz"
    path.write_bytes(archive)
    assert peek(source_of(path), OpenOptions(), 7) == Peek(len(archive), b"line\nli", whole=False, packed=True)
    path.write_bytes(archive[:-3])
    assert peek(source_of(path), OpenOptions(), 99) == Peek(len(archive) - 3, b"line\n" * 10, whole=False, packed=True)
    path.write_bytes(archive[:8])
    with pytest.raises(SourceError, match="truncated at byte 8"):
        peek(source_of(path), OpenOptions(), 99)
