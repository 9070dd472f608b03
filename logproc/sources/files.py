"""Regular files, named pipes and standard input as raw streams of bytes.

A pipe is read only after `poll` has reported data. The same `poll` watches an inner pipe, which `cancel` uses to end the
wait from another thread.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from logproc.model.errors import SourceError, Stopped, too_many_files
from logproc.model.source import ByteStream, Seen
from logproc.sources.codecs import HEAD_BYTES, sniff
from logproc.sources.limits import Deadline

OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""O_NONBLOCK: without it, opening a named pipe that has no writer would block. One may have just replaced a file."""
STDIN = 0
LINE_BYTES = 1 << 16
LONGEST_WAIT_S = 3600.0
PATIENCE_S = 2.0
"""How long a named pipe may be silent before the user gets a message that the run waits for it."""

Result = TypeVar("Result")

WORDS = {
    errno.ENOENT: ("no such file", "check the path"),
    errno.ENOTDIR: ("no such file", "a part of the path is not a directory"),
    errno.EACCES: ("permission denied", "run as a user who may read it"),
    errno.EPERM: ("permission denied", "run as a user who may read it"),
    errno.EISDIR: ("is a directory", "use --recursive"),
    errno.ELOOP: ("too many symbolic links", "the links form a circle"),
    errno.ENAMETOOLONG: ("path too long", "use a shorter path"),
    errno.ENXIO: ("not a regular file", "name a file, a named pipe or `-`"),
}


def source_error(error: OSError) -> SourceError:
    """Translate an error of open or stat into plain words."""
    what, hint = too_many_files(error) or WORDS.get(error.errno or 0, ((error.strerror or type(error).__name__).lower(), ""))
    return SourceError(what, hint)


def open_file(path: str | bytes, deadline: Deadline | None = None, seen: Seen | None = None) -> ByteStream:
    """Open a regular file. Does not block for long.

    seen: the file that was found. Raises SourceError if it cannot be opened, is not regular, or was replaced since.
    """
    return adopt(open_descriptor(path), deadline, only_regular=True, seen=seen)


def seen_as(status: os.stat_result) -> Seen:
    """Return what distinguishes a file from a later one of the same name."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def refuse_replaced(status: os.stat_result, seen: Seen | None) -> None:
    """Raise SourceError if the file was replaced after it was found: a rotated log could be counted twice.

    On some network file systems the inode changes although the file does not, so size and time must differ too.
    """
    now = seen_as(status)
    if seen and now[:2] != seen[:2] and now[2:] != seen[2:]:
        raise SourceError("replaced before it was opened", "it was probably rotated; run again")


def refuse_special(status: os.stat_result, *, only_regular: bool) -> None:
    if only_regular or stat.S_ISDIR(status.st_mode):
        raise SourceError(*WORDS[errno.ENXIO])


def open_fifo(
    path: str | bytes,
    deadline: Deadline | None = None,
    on_wait: Callable[[], None] | None = None,
    patience_s: float = PATIENCE_S,
) -> ByteStream:
    """Open a named pipe without waiting for a writer: `readinto` waits. Raises SourceError if it cannot be opened.

    on_wait: called once by `readinto` if nothing has arrived for `patience_s` seconds.
    """
    return adopt(open_descriptor(path), deadline, on_wait=on_wait, patience_s=patience_s)


def open_stdin(deadline: Deadline | None = None) -> ByteStream:
    """Open standard input: a pipe, a terminal, or a file, read from its current position. Raises SourceError."""
    closed = SourceError("stdin is closed", "pipe a log into it, or name a file")
    if sys.stdin is None:
        raise closed
    try:
        descriptor = os.dup(STDIN)
    except OSError as error:
        raise closed if error.errno == errno.EBADF else source_error(error) from error
    return adopt(descriptor, deadline)


def open_descriptor(path: str | bytes) -> int:
    try:
        return os.open(path, OPEN_FLAGS)
    except OSError as error:
        raise source_error(error) from error


def adopt(
    descriptor: int, deadline: Deadline | None, *, only_regular: bool = False, seen: Seen | None = None, **waiting: Any
) -> ByteStream:
    """Return a stream that owns the descriptor. Closes it and raises SourceError if it cannot be read."""
    try:
        status = os.fstat(descriptor)
        refuse_replaced(status, seen)
        if stat.S_ISREG(status.st_mode):
            return RegularFile(descriptor, deadline)
        refuse_special(status, only_regular=only_regular)
        return Pipe(descriptor, deadline, **waiting)
    except OSError as error:
        os.close(descriptor)
        raise source_error(error) from error
    except BaseException:
        os.close(descriptor)
        raise


class RegularFile:
    """A regular file, up to the size it had when it was opened. Owns its descriptor.

    Files that the kernel generates (/proc, /sys) have no blocks on disk and report a size of 0 or of one page, whatever they
    contain. They are read until they end.
    """

    def __init__(self, descriptor: int, deadline: Deadline | None) -> None:
        self._start = os.lseek(descriptor, 0, os.SEEK_CUR)
        status = os.fstat(descriptor)
        self._end = max(self._start, status.st_size)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        self._descriptor = descriptor
        self._deadline = deadline
        self._cancelled = self._grew = False
        self._is_generated = not status.st_blocks and status.st_size in (0, os.sysconf("SC_PAGE_SIZE"))
        self.size_bytes: int | None = self._end - self._start
        self.bytes_read = 0
        self.modified_s: float | None = status.st_mtime
        self.notes: list[str] = []
        self.waits_for = ""

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer`; return 0 at the end. Raises SourceError if the file shrank or cannot be read, and Stopped."""
        if self._cancelled:
            raise Stopped
        if self._deadline:
            self._deadline.left_s()
        offset = self._start + self.bytes_read
        return read(lambda: self._next(offset, buffer), offset)

    def _next(self, offset: int, buffer: memoryview) -> int:
        if self._is_generated and self._size_now() == self._end:
            return self._read_at(offset, buffer)
        if offset >= self._end:
            self._look_for_growth()
        if offset >= self._end:
            return 0
        count = self._read_at(offset, buffer[: self._end - offset])
        if not count:
            raise SourceError(
                f"shrank from {self._end} to {self._size_now()}", "it was truncated while it was read; read it again"
            )
        return count

    def _read_at(self, offset: int, buffer: memoryview) -> int:
        count = os.preadv(self._descriptor, [buffer], offset)
        self.bytes_read += count
        return count

    def ready_within(self, _seconds: float) -> bool:
        """Return True: reading a regular file does not block."""
        return True

    def cancel(self) -> None:
        """Make every later `readinto` raise Stopped. A read in progress ends by itself."""
        self._cancelled = True

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _look_for_growth(self) -> None:
        """At the end, add a note if the file grew, and read on to the end of a line that was incomplete at opening."""
        if self._grew or self._size_now() <= self._end:
            return
        self._grew = True
        last = os.pread(self._descriptor, 1, self._end - 1) if self._end > self._start else b"\n"
        if last != b"\n" and not sniff(os.pread(self._descriptor, HEAD_BYTES, self._start)):
            self._end += os.pread(self._descriptor, LINE_BYTES, self._end).find(b"\n") + 1
        self.notes.append(f"grew: read up to {self._end}")

    def _size_now(self) -> int:
        return os.fstat(self._descriptor).st_size


class Pipe:
    """A pipe, socket or terminal: its bytes as they arrive. Owns its descriptor.

    A named pipe that has had no writer yet has not ended: `poll` reports nothing until the first writer opens it.
    """

    def __init__(
        self,
        descriptor: int,
        deadline: Deadline | None,
        on_wait: Callable[[], None] | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        woken, waker = os.pipe()
        self._descriptor = descriptor
        self._woken = woken
        # deque.pop is atomic, so only one of `cancel` and `close` closes the waker, and only once.
        self._waker = deque([waker])
        self._deadline = deadline
        self._poll = select.poll()
        self._poll.register(woken, select.POLLIN)
        self._poll.register(descriptor, select.POLLIN)
        self._ended = False
        self._on_wait = on_wait
        self._patience_s = patience_s
        self.size_bytes: int | None = None
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""

    def readinto(self, buffer: memoryview) -> int:
        """Wait for data; return 0 after the last writer has closed the pipe. Raises SourceError, and Stopped."""
        count = None
        while count is None and not self._ended:
            self._wait()
            count = read(lambda: self._read_available(buffer), self.bytes_read)
            self._ended = count == 0
        self.bytes_read += count or 0
        return count or 0

    def ready_within(self, seconds: float) -> bool:
        """Wait at most `seconds` for data, the end, or `cancel`; return whether one of them is there."""
        return self._ended or bool(self._poll.poll(seconds * 1000))

    def cancel(self) -> None:
        """End the wait of `readinto`, now or when it begins: closing one end of the inner pipe wakes every later `poll`."""
        self._close_waker()

    def close(self) -> None:
        """Close the pipe. Only for the thread that reads it; others may call `cancel` at the same time, or later."""
        self._close_waker()
        if self._woken >= 0:
            os.close(self._woken)
            os.close(self._descriptor)
            self._woken = -1

    def _wait(self) -> None:
        """Wait for data or the end. Raises Stopped, and LimitError at the deadline."""
        ready = self._poll_for(self._patience_s) if self._on_wait and not self.bytes_read else set()
        if self._on_wait and not self.bytes_read and not ready:
            self.waits_for = "waiting for a writer"
            self._on_wait()
            self._on_wait = None
        while not ready:
            ready = self._poll_for(LONGEST_WAIT_S)
        self.waits_for = ""
        if self._woken in ready:
            raise Stopped

    def _poll_for(self, seconds: float) -> set[int]:
        """Wait at most `seconds`, or until the deadline; return the descriptors that are ready."""
        most_s = seconds if self._deadline is None else min(self._deadline.left_s(), seconds)
        return {descriptor for descriptor, _ in self._poll.poll(most_s * 1000)}

    def _read_available(self, buffer: memoryview) -> int | None:
        try:
            return os.readv(self._descriptor, [buffer])
        except BlockingIOError:
            return None

    def _close_waker(self) -> None:
        with suppress(IndexError):
            os.close(self._waker.pop())


def read(system_call: Callable[[], Result], offset: int) -> Result:
    """Return the result of a read. Raises SourceError with the byte offset if it fails."""
    try:
        return system_call()
    except OSError as error:
        what = "I/O error" if error.errno == errno.EIO else source_error(error).what
        raise SourceError(f"{what} at byte {offset}", "what comes before it is counted; check the disk") from error
