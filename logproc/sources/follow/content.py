"""Look into a file to find out whose content it is: its decoded first bytes, and those before an offset."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Self

from logproc.model.errors import SourceError
from logproc.model.position import MARK_BYTES
from logproc.model.source import ByteStream, Kind, Source
from logproc.sources.archives.magic import HEAD_BYTES, foreign, sniff
from logproc.sources.files import OPEN_FLAGS
from logproc.sources.files.errors import NOT_A_FILE, source_error
from logproc.sources.follow.marks import Marks, digest
from logproc.sources.opening import OpenOptions, open_source

BLOCK_BYTES = 1 << 20
GONE = "gone: it was deleted before it was read to its end"


class Lost(Exception):
    """The file is no longer where it was, or no longer holds what was read. `what` says which, in words for the user."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def lost_or_failed(error: OSError, offset: int) -> Exception:
    """Return Lost if the file is not there any more; a network file system says so of a deleted one by ESTALE."""
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ESTALE}:
        return Lost(GONE)
    words = source_error(error)
    what = "I/O error" if error.errno == errno.EIO else words.what
    return SourceError(f"{what} at byte {offset}", words.hint)


def open_regular(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file; return its descriptor and its status. Raises OSError, and SourceError for other files."""
    descriptor = os.open(path, OPEN_FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise SourceError(*NOT_A_FILE)
    return descriptor, status


def open_archive(path: str, options: OpenOptions) -> ByteStream:
    """Open a compressed file as a stream of decoded bytes. Raises SourceError."""
    source = Source(0, path, Kind.FILE, path)
    return open_source(source, options, wait=lambda _: False, permit=lambda _: nullcontext())


def blocks(stream: ByteStream, most_bytes: int = BLOCK_BYTES) -> Iterator[bytes]:
    """Yield the bytes of a stream in blocks. Raises SourceError as the stream does."""
    buffer = memoryview(bytearray(most_bytes))
    while count := stream.readinto(buffer):
        yield bytes(buffer[:count])


class Content:
    """The content of a file at one moment. Use as a context manager.

    head: the first decoded bytes, at most MARK_BYTES. packed: whether it is compressed. broken: why no more could be decoded,
    which is usual while it is still being compressed.
    """

    def __init__(self, path: str, options: OpenOptions) -> None:
        """Open the file. Raises SourceError if it cannot be opened, or is an archive that cannot be read."""
        self._path, self._options = path, options
        self.broken: SourceError | None = None
        try:
            self._descriptor, self.status = open_regular(path)
        except OSError as error:
            raise source_error(error) from error
        start = os.pread(self._descriptor, MARK_BYTES, 0)
        self.packed = sniff(start[:HEAD_BYTES]) is not None
        if not self.packed and (name := foreign(start)):
            self.__exit__()
            raise SourceError(f"unsupported archive ({name})", "unpack it first")
        self.head = self._decoded(MARK_BYTES)[0] if self.packed else start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def duplicate(self) -> int:
        """Return another descriptor of the file, which leads to it whatever becomes of its path. The caller closes it."""
        return os.dup(self._descriptor)

    def before(self, offset: int) -> bytes | None:
        """Return the last bytes before `offset`, at most MARK_BYTES; None if the content ends before it."""
        size = min(offset, MARK_BYTES)
        if self.packed:
            found, is_long = self._decoded(offset)
        else:
            found = os.pread(self._descriptor, size, offset - size)
            is_long = len(found) == size
        return found[-size:] if is_long and size else b"" if is_long else None

    def continues(self, marks: Marks) -> bool | None:
        """Return whether the content begins with all that was read; None if it ends earlier, but begins in the same way."""
        if not marks.begins(self.head):
            return False
        before = self.before(marks.offset)
        return None if before is None else digest(before) == marks.tail_digest

    def begins_as(self, head: bytes) -> bool:
        """Return whether it begins as a file with these first bytes, as far as both go."""
        size = min(len(self.head), len(head))
        return size > 0 and self.head[:size] == head[:size]

    def is_shorter(self, marks: Marks) -> bool:
        """Return whether the content, which begins as what was read, ends before that does."""
        if self.packed:
            return self.before(marks.offset) is None
        return self.status.st_size < marks.offset

    def is_longer(self, marks: Marks) -> bool:
        """Return whether the content, which continues what was read, has more."""
        if self.packed:
            return self._decoded(marks.offset + 1)[1]
        return self.status.st_size > marks.offset

    def _decoded(self, offset: int) -> tuple[bytes, bool]:
        """Return the last bytes up to `offset` of an archive, and whether it is as long as that."""
        try:
            stream = open_archive(self._path, self._options)
        except SourceError as error:
            self.broken = error
            return b"", False
        tail, size = b"", 0
        try:
            for block in blocks(stream):
                piece = block[: offset - size]
                size += len(piece)
                tail = (tail + piece)[-MARK_BYTES:]
                if size == offset:
                    return tail, True
        except SourceError as error:
            self.broken = error
        finally:
            stream.close()
        return tail, size >= offset
