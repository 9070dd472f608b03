"""A regular file as a raw stream of bytes."""

from __future__ import annotations

import errno
import os

from logproc.model.errors import SourceError, Stopped
from logproc.sources.archives.magic import HEAD_BYTES, sniff
from logproc.sources.files.changes import Blocks
from logproc.sources.files.errors import read
from logproc.sources.limits import Deadline

LINE_BYTES = 1 << 16
SHRANK = "it was truncated while it was read; read it again"
REWRITTEN = "rewritten while it was read", "old and new lines may be mixed; read it again"


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
        self._blocks = None if self._is_generated else Blocks(status)
        self.size_bytes: int | None = None if self._is_generated else self._end - self._start
        self.bytes_read = 0
        self.modified_s: float | None = status.st_mtime
        self.notes: list[str] = []
        self.waits_for = ""

    def limit(self, start: int, end: int, *, is_last: bool) -> None:
        """Read only these bytes. To be called before the first `readinto`. is_last: whether the file ends with them."""
        self._start, self._end = start, end
        self._grew = not is_last
        self.size_bytes = end - start

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer`; return 0 at the end.

        Raises SourceError if the file cannot be read, and at the end if it shrank, or no longer holds what was read. Raises
        Stopped after `cancel`.
        """
        self._go_on()
        offset = self._start + self.bytes_read
        return read(lambda: self._next(offset, buffer), offset)

    def _next(self, offset: int, buffer: memoryview) -> int:
        if self._is_generated and self._size_now() == self._end:
            return self._read_at(offset, buffer)
        if offset >= self._end:
            self._look_for_growth()
        if offset >= self._end:
            self._refuse_changed()
            return 0
        count = self._read_at(offset, buffer[: self._end - offset])
        if not count:
            raise SourceError(f"shrank from {self._end} to {self._size_now()}", SHRANK)
        return count

    def _read_at(self, offset: int, buffer: memoryview) -> int:
        count = os.preadv(self._descriptor, [buffer], offset)
        if self._blocks and count:
            self._blocks.add(offset, buffer[:count])
        self.bytes_read += count
        return count

    def skip_hole(self) -> int:
        """Skip what the file system knows to be a hole at the next byte; return its size, 0 if there is none."""
        offset = self._start + self.bytes_read
        if not hasattr(os, "SEEK_DATA"):
            return 0
        try:
            data = os.lseek(self._descriptor, offset, os.SEEK_DATA)
        except OSError as error:  # ENXIO: there is no data until the end; others: the file system does not tell
            data = self._end if error.errno == errno.ENXIO else offset
        os.lseek(self._descriptor, self._start, os.SEEK_SET)  # other processes may share the position of stdin
        size = max(0, min(data, self._end) - offset)
        self.bytes_read += size
        return size

    def rewind(self) -> None:
        """Go back to the first byte. What was read is compared at the end, however often it was read."""
        self.bytes_read = 0

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes from `offset` on, without moving on. Raises SourceError if the file cannot be read."""
        at = self._start + offset
        return read(lambda: os.pread(self._descriptor, size, at), at)

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

    def _go_on(self) -> None:
        """Raise Stopped after `cancel`, and LimitError at the deadline."""
        if self._cancelled:
            raise Stopped
        if self._deadline:
            self._deadline.left_s()

    def _refuse_changed(self) -> None:
        """Raise SourceError if the file was truncated or rewritten since it was opened. That it grew does not matter."""
        now = os.fstat(self._descriptor)
        if self._blocks and self._blocks.may_differ(now):
            if now.st_size < self._end:
                raise SourceError(f"shrank from {self._end} to {now.st_size}", SHRANK)
            if self._blocks.differ(self._descriptor, self._go_on):
                raise SourceError(*REWRITTEN)
            self._blocks = None  # what is asked again at the end gets the same answer

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
