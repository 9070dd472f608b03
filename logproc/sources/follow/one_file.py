"""One file of a log: read from its offset, with a check that what was read before the offset is still there."""

from __future__ import annotations

import errno
import os
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress

from logproc.model.errors import SourceError
from logproc.model.position import MARK_BYTES, Position
from logproc.model.source import ByteStream
from logproc.sources.archives.magic import HEAD_BYTES, foreign, may_be_archive, sniff
from logproc.sources.follow.content import GONE, Content, Lost, blocks, lost_or_failed, open_archive, open_regular
from logproc.sources.follow.marks import Marks, Trail, digest
from logproc.sources.names import shown_path
from logproc.sources.opening import OpenOptions

MOST_OPEN = 256
HOLE_BLOCK_BYTES = 1 << 20
QUIET_S = 2.0
"""An archive that ends too early and has not changed for so long is damaged, not unfinished."""


CHANGED = "content changed: read from the start"
NOT_FOUND = "not found: what was counted of it is kept"
DELETED = "deleted after it had been read"
AWAY = "not found, as nothing of its log"
SHORTER = "truncated; the copy has less than was read"
SILENT, USELESS = frozenset({DELETED, AWAY, SHORTER}), frozenset({CHANGED, DELETED})
"""Of the fates of a file of an earlier run: which nobody needs to know of, and after which its position is of no use."""
SET_BACK_S = 60.0
"""What changed so far in the future changed before the clock was set back, not just now."""


def age_s(changed_s: float) -> float:
    """Return for how long a file has not changed, by the time of its last change."""
    age = time.time() - changed_s
    return age if age > -SET_BACK_S else float("inf")


class Descriptors:
    """The open descriptors of files, at most `most`. The one that was used longest ago is closed first.

    A descriptor also keeps a deleted file alive until it is read, so files that are gone from their place are closed last.
    """

    def __init__(self, most: int = MOST_OPEN) -> None:
        self._most = most
        self._open: OrderedDict[File, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def of(self, file: File) -> int:
        """Return the descriptor of a file, opened if necessary. Raises Lost if another file is at its path."""
        if file not in self._open:
            self.adopt(file, open_again(file))
        self._open.move_to_end(file)
        return self._open[file]

    def adopt(self, file: File, descriptor: int) -> None:
        """Take over the descriptor of a file, and close another one if there are too many."""
        if len(self._open) >= self._most:
            self.close(next((other for other in self._open if other.gone_at is None), next(iter(self._open))))
        self._open[file] = descriptor

    def has(self, file: File) -> bool:
        return file in self._open

    def hand_over(self, file: File, successor: File) -> None:
        """Let the descriptor of a file be that of another one."""
        self._open[successor] = self._open.pop(file)

    def close(self, file: File) -> None:
        if file in self._open:
            os.close(self._open.pop(file))

    def close_all(self) -> None:
        for file in list(self._open):
            self.close(file)


class File:
    """One file that a log consists of, and how far it was read. Where it is may change; that it is this one, content decides.

    number: different for each file. location: the path of the log; family: see Log. lines: how many are before the offset where
        reading begins.
    path: where it was last seen; None if nobody knows. device, inode: of it there; 0 if nobody knows.
    gone_at: when it was found that the log's name leads to another file, or to none. A writer may still have it open.
    is_unchanged: whether, where a run begins, nothing has come since the one before.
    is_copy: whether it is being read from a copy, which no writer has open. packed: whether from an archive.
    position: where an earlier run stopped. trail: how far the caller is; set when it was opened, and then the caller's.
    failure: why it cannot be read now. fate: why looking for it is useless, "" if it is not.
    seen_at: when it was last seen anywhere. grown_at: when something was last read of it. modified_s: its time of change.
    complete: whether no more can come: the end of an archive, or with `once` the end that it had when it was first read.
    """

    def __init__(
        self,
        number: int,
        location: str,
        path: str | None,
        marks: Marks,
        options: OpenOptions,
        *,
        family: str = "",
        lines: int = 0,
        once: bool = False,
    ) -> None:
        self.number, self.location, self.family = number, location, family or location
        self.path = path
        self.device = self.inode = 0
        self.marks = marks
        self.lines = lines
        self.gone_at: float | None = None
        self.grown_at = self.modified_s = 0.0
        self.seen_at = 0.0
        self.trail: Trail | None = None
        self.position: Position | None = None
        self.failure = self.fate = ""
        self.is_copy = self.packed = self.complete = self.begun = self.finished = self.is_unchanged = False
        self.at_line_end = True
        self._once = once
        self._limit: int | None = None
        self.notes: list[str] = []
        self._options = options
        self._stream: ByteStream | None = None
        self._stamp: tuple[int, int] | None = None
        self._unpacked: Iterator[bytes] = iter(())
        self._tail = b""
        self._damage = ""

    @property
    def stamp(self) -> tuple[int, int] | None:
        """Size and time of change when all was read; None if there may be more."""
        return self._stamp

    @property
    def identity(self) -> tuple[int, int]:
        return self.device, self.inode

    def at(self, path: str, status: os.stat_result, *, packed: bool) -> None:
        """Note where the file is now. What it holds there has been compared."""
        self.path, self.device, self.inode = path, status.st_dev, status.st_ino
        self.packed, self._stamp, self.complete = packed, None, False
        self.modified_s = status.st_mtime

    @property
    def is_ended(self) -> bool:
        """Whether nobody can write to it any more, and all was read of which `read` returned b""."""
        return self.is_copy or (self.packed and self.complete)

    def read(self, most_bytes: int, descriptors: Descriptors, *, whole_lines: bool = False, last: bool = False) -> bytes:
        """Return the next bytes, b"" if there are none now. Does not block for long.

        whole_lines: only up to the last line end, except of an archive. last: no more is expected, so withhold nothing. Raises
        Lost if the file is no longer there, or no longer holds what was read; SourceError if it cannot be read.
        """
        if self.complete:
            return b""
        if self.packed:
            data, before = self._unpack(most_bytes)
        else:
            data, before = self._read_plain(most_bytes, descriptors, last=last or self.is_copy or self._once)
            if whole_lines:
                data = data[: data.rfind(b"\n") + 1]
        if self.trail is None and (data or self.marks.offset) and len(before) == self.marks.tail_size:
            self.trail = Trail(shown_path(self.location), self.device, self.inode, self.marks, before, self.lines)
        if data:
            self.marks.extend(before, data)
            self.at_line_end = data.endswith(b"\n")
        if self._limit is not None and self.marks.offset >= self._limit:
            self.complete = True
        return data

    def _read_plain(self, most_bytes: int, descriptors: Descriptors, *, last: bool) -> tuple[bytes, bytes]:
        descriptor = descriptors.of(self)
        status = os.fstat(descriptor)
        stamp = status.st_size, status.st_mtime_ns
        self.modified_s = status.st_mtime
        if self._once and self._limit is None:
            self._limit = max(status.st_size, self.marks.offset)
        if stamp == self._stamp and status.st_size == self.marks.offset and self.trail:
            return b"", b""
        marks = self.marks
        if self._limit is not None:
            most_bytes = min(most_bytes, self._limit - marks.offset)
        try:
            # One call returns the end of what is known and the beginning of what is new, so no rotation comes in between.
            # The first bytes are compared after it: a file that was truncated before the call fails one of the comparisons.
            size = marks.tail_size
            found = os.pread(descriptor, size + max(0, most_bytes), marks.offset - size)
            head = os.pread(descriptor, marks.head_size, 0)
        except OSError as error:
            raise lost_or_failed(error, marks.offset) from error
        if len(found) < size or len(head) < marks.head_size:
            now = os.fstat(descriptor).st_size
            raise Lost(f"truncated from {marks.offset} to {now} bytes: what was written since the last read may be lost")
        if digest(found[:size]) != marks.tail_digest or digest(head) != marks.head_digest:
            raise Lost(CHANGED)
        data = found[size:]
        at_end = marks.offset + len(data) >= status.st_size
        self._stamp = stamp if at_end else None
        if not marks.offset and data:
            if sniff(data[:HEAD_BYTES]):
                descriptors.close(self)
                self.packed = True
                return b"", b""
            if name := foreign(data[:HEAD_BYTES]):
                raise SourceError(f"unsupported archive ({name})", "unpack it first")
            if data[:1] == b"\0" and self._skip_hole(descriptor):
                return self._read_plain(most_bytes, descriptors, last=last)
        if at_end and not last:
            # On NFS, the size may arrive before the content, which reads as NULs until then.
            data = data.rstrip(b"\0") if data.endswith(b"\0") else data
            if not marks.offset and len(data) < HEAD_BYTES and may_be_archive(data) and b"\n" not in data:
                data = b""  # the first bytes of an archive that somebody is writing
        return data, found[:size]

    def _skip_hole(self, descriptor: int) -> bool:
        """Move on behind NULs at the start, if there is something behind them.

        A writer that does not append goes on at its old offset after a truncation, and what is before it becomes a hole.
        """
        size = os.fstat(descriptor).st_size
        try:
            at = os.lseek(descriptor, 0, os.SEEK_DATA)
        except OSError as error:  # ENXIO: there is no data until the end
            at = size if error.errno == errno.ENXIO else 0
        while block := os.pread(descriptor, HOLE_BLOCK_BYTES, at):
            text = block.lstrip(b"\0")
            at += len(block) - len(text)
            if text:
                start = max(0, at - MARK_BYTES)
                head, tail = os.pread(descriptor, min(at, MARK_BYTES), 0), os.pread(descriptor, at - start, start)
                self.marks = Marks(at, head, tail_digest=digest(tail))
                self.notes.append(f"skipped {at} NUL bytes")
                return True
        return False

    def _unpack(self, most_bytes: int) -> tuple[bytes, bytes]:
        """Return the next bytes of an archive, and those before them.

        An archive that ends too early may still be being written. It is read again when it has changed, up to where it was
        before, and is damaged if it has not changed for some seconds.
        """
        try:
            if self._stream is None:
                status = os.stat(self.path or "")  # noqa: PTH116
                self.modified_s = status.st_mtime
                stamp = status.st_size, status.st_mtime_ns
                if stamp == self._stamp:
                    if age_s(status.st_mtime) >= QUIET_S:
                        self._give_up()
                    return b"", b""
                self._stamp = stamp
                self._open_stream(most_bytes)
            data = next(self._unpacked, b"")
        except OSError as error:
            raise lost_or_failed(error, self.marks.offset) from error
        except SourceError as error:
            self._close_stream()
            self._damage = str(error)
            if self._once:  # nobody waits for more
                self._give_up()
            return b"", b""
        before, self._tail = self._tail, (self._tail + data[-MARK_BYTES:])[-MARK_BYTES:]
        if not data:
            self.notes += self._stream.notes if self._stream else []
            self._close_stream()
            self.complete = True
        return data, before

    def _give_up(self) -> None:
        self.complete = True
        self.notes.append(self._damage)

    def _open_stream(self, most_bytes: int) -> None:
        self._stream = open_archive(self.path or "", self._options)
        self._unpacked = blocks(self._stream, most_bytes)
        self._tail, left = b"", self.marks.offset
        while left:
            block = next(self._unpacked, b"")
            if not block:
                raise SourceError("the archive ends before what was read of it", "what was counted of it is kept")
            self._tail = (self._tail + block[:left])[-MARK_BYTES:]
            if len(block) > left:
                rest, stream = block[left:], self._unpacked
                self._unpacked = (piece for pieces in ([rest], stream) for piece in pieces)
            left -= min(left, len(block))
        if digest(self._tail) != self.marks.tail_digest:
            raise Lost(CHANGED)

    def _close_stream(self) -> None:
        if self._stream:
            self._stream.close()
        self._stream = None

    def lose(self, descriptors: Descriptors, *, is_other: bool) -> None:
        """Forget where the file is. is_other: whether its inode has other content now, so that only the content counts.

        Of a file of which nothing was read, the inode proves nothing: without a descriptor it may be another file's by now.
        """
        self.close(descriptors)
        self.path = None
        if is_other or not self.marks.offset:
            self.device = self.inode = 0

    def head_now(self, descriptors: Descriptors) -> bytes:
        """Return the first decoded bytes that it has now, read or not; b"" if it is not there any more."""
        with suppress(OSError, SourceError):
            if descriptors.has(self):
                return os.pread(descriptors.of(self), MARK_BYTES, 0)
            with Content(self.path or "", self._options) as content:
                is_this = self.identity == (content.status.st_dev, content.status.st_ino)
                return content.head if is_this else b""
        return b""

    def is_quiet(self, descriptors: Descriptors) -> bool:
        """Return whether it is gone, or has not been written to for a while."""
        try:
            status = os.stat(descriptors.of(self) if descriptors.has(self) else self.path or "")  # noqa: PTH116 - a descriptor, too
            return age_s(status.st_mtime) > QUIET_S
        except OSError:
            return True

    def close(self, descriptors: Descriptors) -> None:
        self._close_stream()
        descriptors.close(self)


def open_again(file: File) -> int:
    """Open a file where it was last seen. Raises Lost if another one, or none, is there, and SourceError."""
    if file.path is None:
        raise Lost(GONE)
    try:
        descriptor, status = open_regular(file.path)
    except OSError as error:
        raise lost_or_failed(error, file.marks.offset) from error
    if file.inode and file.identity != (status.st_dev, status.st_ino):
        os.close(descriptor)
        raise Lost(GONE)
    file.device, file.inode = status.st_dev, status.st_ino
    with suppress(OSError):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
    return descriptor
