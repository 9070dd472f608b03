"""Lock: reserve a place in a file under the lock, write outside it.

Invariant: pieces never overlap in the file, and each piece with an entry is complete.

Several workers write rejected lines into one file. With a lock around the write, all of them would wait for the disk. So
under the lock a worker only moves the end of the file by its length. It then writes to its own place with `pwrite`, which
needs no shared position, and adds an entry under the lock. At the end one thread reads the pieces in the order of the sources
and their lines, so the output is the same for any number of threads.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Container, Iterator
from threading import Lock
from typing import Self

from logproc.model.errors import OutputError, system_words, too_many_files


class Spool:
    """Pieces of text, added in any order and read in the right one. `add` is for any thread, all else only for main."""

    def __init__(self, folder: str | None = None) -> None:
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        except OSError as error:
            _, hint = too_many_files(error) or ("", "set TMPDIR to a folder with space")
            raise OutputError(f"cannot make a temporary file for rejected lines: {system_words(error)}", hint) from error
        # Guards `_end` and `_pieces`. Invariant: all before `_end` is reserved. Never held during a write.
        self._lock = Lock()
        self._end = 0
        self._pieces: list[tuple[tuple[int, int], int, int]] = []

    def add(self, place: tuple[int, int], text: bytes) -> None:
        """Write a piece; `place` orders it among the others. Blocks as the disk does; raises OutputError."""
        with self._lock:
            start = self._end
            self._end += len(text)
        try:
            written = 0
            while written < len(text):
                written += os.pwrite(self._file.fileno(), text[written:], start + written)
        except OSError as error:
            raise OutputError(
                f"cannot write rejected lines to a temporary file: {system_words(error)}", "set TMPDIR to a folder with space"
            ) from error
        with self._lock:
            self._pieces.append((place, start, len(text)))

    def pieces(self, places: Container[tuple[int, int]] | None = None) -> Iterator[bytes]:
        """Yield the pieces in order, only those of `places` if given.

        Leaves out what a worker that was left behind after a stop has not finished.
        """
        with self._lock:
            pieces = sorted(self._pieces)
        for place, at, length in pieces:
            if places is None or place in places:
                self._file.seek(at)
                yield self._file.read(length)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
