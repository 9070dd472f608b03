"""Lock once more: where to write is decided under it, the writing is done outside.

Invariant: no two pieces overlap in the file, and each is where its entry says.

Several workers write rejected lines into one file. A lock around the write would make them queue up behind the
disk; so under the lock a worker only moves the end of the file by its length and notes what will be there, and then
writes to its own place with `pwrite`, which needs no shared position. At the end one thread copies the pieces in the
order of the sources and their lines, so the file is the same for any number of threads.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from threading import Lock
from typing import BinaryIO

from logproc.errors import OutputError


class Spool:
    """Pieces of text that come in any order and leave in the right one. `add` is for any thread, the rest for main."""

    def __init__(self, folder: str | None = None) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=folder)
        except OSError as error:
            raise OutputError(f"cannot make a temporary file: {error.strerror}", "set TMPDIR") from error
        # Guards `_end` and `_pieces`. Never held over a write.
        self._lock = Lock()
        self._end = 0
        self._pieces: list[tuple[tuple[int, int], int, int]] = []

    def add(self, place: tuple[int, int], text: bytes) -> None:
        """Write a piece; `place` orders it among the others. Blocks as the disk does; raises OutputError."""
        with self._lock:
            at = self._end
            self._end += len(text)
            self._pieces.append((place, at, len(text)))
        try:
            while text:
                written = os.pwrite(self._file.fileno(), text, at)
                text, at = text[written:], at + written
        except OSError as error:
            raise OutputError(f"cannot write rejected lines: {error.strerror}", "free some space") from error

    def copy_to(self, target: BinaryIO) -> None:
        """Write all pieces in order. To be called when nobody adds any more."""
        for _, at, length in sorted(self._pieces):
            self._file.seek(at)
            shutil.copyfileobj(LimitedReader(self._file, length), target)

    def close(self) -> None:
        """Give the temporary file back."""
        self._file.close()


class LimitedReader:
    """The next `length` bytes of a file as a file."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def read(self, size: int) -> bytes:
        """Return up to `size` of the bytes that are left."""
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data
