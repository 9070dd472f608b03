"""Regular files, named pipes and standard input as raw streams of bytes."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from typing import Any

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream, Seen
from logproc.sources.files.errors import NOT_A_FILE, source_error
from logproc.sources.files.pipe import PATIENCE_S, Pipe
from logproc.sources.files.regular import RegularFile
from logproc.sources.limits import Deadline

OPEN_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""O_NONBLOCK: without it, opening a named pipe that has no writer would block. One may have just replaced a file."""
STDIN = 0


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
    if stat.S_ISDIR(status.st_mode) and not only_regular:
        raise SourceError("stdin is a directory", "name the directory, with --recursive")
    if only_regular:
        raise SourceError(*NOT_A_FILE)


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
