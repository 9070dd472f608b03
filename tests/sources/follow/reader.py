"""Reads logs as the program does, step by step, and keeps what it saw."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from logproc.model.position import Position
from logproc.sources.follow import Following, Log, Read, Trail


class Reader:
    """The bytes of each log by its name, put behind each other, with an LF after the last line of a file that ended.

    reads: everything that was yielded. Checks what `Read` promises: another file only behind the end of a line.
    """

    def __init__(self, arguments: Sequence[Path | str], *, most_bytes: int = 1 << 16, **options: Any) -> None:
        self.following = Following([str(argument) for argument in arguments], **{"recursive": False, **options})
        self._reads = self.following.reads(most_bytes)
        self.reads: list[Read] = []
        self.by_log: dict[str, bytearray] = defaultdict(bytearray)
        self._trails: dict[int, Trail] = {}
        self._file: dict[Log, int] = {}
        self._pending: dict[Log, bytes] = defaultdict(bytes)

    def step(self) -> bool:
        """Take one item; return False at the end."""
        for read in self._reads:
            if read is not None:
                self._see(read)
            return True
        return False

    def _see(self, read: Read) -> None:
        self.reads.append(read)
        if read.begins:
            self._trails[read.file] = read.begins
        if read.forgotten:
            self._trails.pop(read.file)
        if not read.file:
            return
        if self._file.get(read.log) != read.file and read.data:
            assert not self._pending[read.log], "another file in the middle of a line"
            self._file[read.log] = read.file
        text = self._pending[read.log] + read.data
        whole = text[: text.rfind(b"\n") + 1]
        if read.data:
            self._trails[read.file].take(whole, whole.count(b"\n"))
        self._pending[read.log] = text[len(whole) :]
        if read.ends and self._file.get(read.log) == read.file and self._pending[read.log]:
            whole += self._pending.pop(read.log) + b"\n"
        if whole:
            self.by_log[read.log.name] += whole

    @property
    def text(self) -> bytes:
        return b"".join(self.by_log.values())

    @property
    def lines(self) -> list[bytes]:
        return self.text.splitlines()

    @property
    def notes(self) -> list[str]:
        return [read.note for read in self.reads if read.note]

    @property
    def positions(self) -> list[Position]:
        """The positions of all files that are not forgotten, the oldest first."""
        return [trail.position for _, trail in sorted(self._trails.items())]

    def until(self, condition: Callable[[], Any], seconds: float = 10.0) -> None:
        """Read until the condition holds, which must be soon."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (self.by_log, self.notes)
            assert self.step(), (self.by_log, self.notes)

    def sees(self, *texts: bytes, log: str | None = None) -> None:
        """Read until the log has these lines, in this order, and no others."""
        expected = b"".join(text + b"\n" for text in texts)
        self.until(lambda: len(self.by_log[log] if log else self.text) >= len(expected))
        assert (self.by_log[log] if log else self.text) == expected

    def stays(self, seconds: float = 0.4) -> None:
        """Read on for a while, in which nothing may come."""
        before, end = len(self.text), time.monotonic() + seconds
        while time.monotonic() < end and self.step():
            pass
        assert len(self.text) == before

    def all(self) -> Reader:
        """Read to the end."""
        while self.step():
            pass
        return self

    def close(self) -> None:
        self._reads.close()
