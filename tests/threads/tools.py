"""What the tests of threads share: a call in a thread of its own, and ways to see where it is without sleeping.

The tests never rely on two threads being "about" somewhere at the same time. One is halted at a line, or seen to wait; then the
other is let go; so each test drives one interleaving, and the same one every time.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition, Event, Lock, Thread
from types import FrameType
from typing import Any, Generic, TypeVar
from unittest.mock import patch

import numpy

from logproc.model.chunk import Chunk
from logproc.model.errors import Stopped
from logproc.model.source import Kind, Source
from logproc.threads.channel import Channel

Result = TypeVar("Result")
PATIENCE_S = 10.0
"""How long to wait for what must come. Only a failing test waits that long."""
UNTHINKABLE_STACK_BYTES = 1 << 62


class Call(Thread, Generic[Result]):
    """A call in a thread of its own. `outcome` returns what it returned or raises what it raised."""

    def __init__(self, function: Callable[..., Result], *arguments: Any, name: str | None = None) -> None:
        super().__init__(name=name, daemon=True)
        self._call = (function, arguments)
        self._result: Result | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        """Make the call."""
        function, arguments = self._call
        try:
            self._result = function(*arguments)
        except BaseException as error:
            self._error = error

    def outcome(self) -> Any:
        """Wait for the end of the call."""
        self.join(PATIENCE_S)
        assert not self.is_alive(), f"{self.name} does not end"
        if self._error:
            raise self._error
        return self._result


class Halted(Call[Result]):
    """A call that halts before the first line of a function that holds a text, until `go_on`."""

    def __init__(self, line: tuple[Callable[..., Any], str], function: Callable[..., Result], *arguments: Any) -> None:
        self._line = line_of(*line)
        self.arrived = Event()
        self._go = Event()
        super().__init__(function, *arguments)

    def run(self) -> None:
        """Make the call, looking at each line before it is run."""
        sys.settrace(self._trace)
        super().run()

    def go_on(self) -> Any:
        """Let the call go on, and return its outcome."""
        self._go.set()
        return self.outcome()

    def _trace(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        if (frame.f_code, frame.f_lineno) == self._line and not self.arrived.is_set():
            self.arrived.set()
            arrives(self._go)
        return self._trace


def line_of(function: Callable[..., Any], text: str) -> tuple[Any, int]:
    """Return the code of a function and the number of its first line that holds a text."""
    lines, first = inspect.getsourcelines(function)
    return function.__code__, next(number for number, line in enumerate(lines, first) if text in line)


WAIT_OF_CHANNEL = line_of(Channel.get, "self._queue.get(")


def arrives(event: Event) -> None:
    """Wait for an event that must come."""
    assert event.wait(PATIENCE_S), "an event did not come"


def until(is_true: Callable[[], bool]) -> None:
    """Wait until a condition is true for which there is no Event."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline, "it does not become true"
        os.sched_yield()


def blocks(call: Thread) -> bool:
    """Return whether a call waits for another thread, as soon as it either does or has ended."""
    until(lambda: waits(call) or not call.is_alive())
    return call.is_alive()


def waits(call: Thread, caller: Callable[..., Any] | None = None) -> bool:
    """Return whether a thread is inside `Condition.wait`, which Event and Semaphore wait with as well, or in a channel's `get`.

    The queue of a channel is written in C, so a thread that waits there is seen at that line, perhaps a moment too early.
    caller: the function that waits, if that matters.
    """
    frame = sys._current_frames().get(call.ident or 0)
    if frame is None:
        return False
    if (frame.f_code, frame.f_lineno) == WAIT_OF_CHANNEL:
        return caller in (None, Channel.get)
    if frame.f_code is not Condition.wait.__code__:
        return False
    return caller is None or (frame.f_back is not None and frame.f_back.f_code is caller.__code__)


class TellingLock:
    """A lock that signals when a thread must wait for it."""

    def __init__(self, somebody_waits: Event) -> None:
        self._lock = Lock()
        self._somebody_waits = somebody_waits

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._somebody_waits.set()
            self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@contextmanager
def no_thread_can_start() -> Iterator[None]:
    """Have the operating system refuse every new thread, by asking for a stack that no memory can hold."""
    threading.stack_size(UNTHINKABLE_STACK_BYTES)
    try:
        yield
    finally:
        threading.stack_size(0)


@contextmanager
def thread_starts(allowed: int) -> Iterator[None]:
    """Let some threads start and refuse all later ones, as CPython does where the operating system has none left."""
    left, real_start = count(allowed, -1), Thread.start

    def start(thread: Thread) -> None:
        if next(left) <= 0:
            raise RuntimeError("can't start new thread")
        real_start(thread)

    with patch.object(Thread, "start", start):
        yield


def source(index: int = 0, name: str = "a.log", kind: Kind = Kind.FILE) -> Source:
    """Return a source."""
    return Source(index, name, kind, name)


def chunk(lines: int = 1, first_line: int = 1, text: bytes = b"x\n") -> Chunk:
    """Return a chunk of equal lines."""
    return Chunk(0, 0, 0, first_line, lines, None, numpy.frombuffer(text * lines, numpy.uint8))


class Stream:
    """The bytes of an open source, from memory. With `hold` it blocks before the first, until it is cancelled or released."""

    def __init__(self, data: bytes = b"", error: BaseException | None = None, *, hold: bool = False) -> None:
        self.size_bytes: int | None = None
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.waits_for = ""
        self.asked = Event()
        self.closed = Event()
        self._data = data
        self._error = error
        self._released = Event()
        self._cancelled = False
        if not hold:
            self._released.set()

    def readinto(self, buffer: memoryview) -> int:
        """Give the next bytes, then fail or end."""
        self.asked.set()
        arrives(self._released)
        if self._cancelled:
            raise Stopped
        piece, self._data = self._data[: len(buffer)], self._data[len(buffer) :]
        buffer[: len(piece)] = piece
        self.bytes_read += len(piece)
        if self._error and not piece:
            raise self._error
        return len(piece)

    def release(self) -> None:
        """Let the bytes come."""
        self._released.set()

    def ready_within(self, seconds: float) -> bool:
        """Return whether there is something, or whether it ends."""
        return self._released.wait(seconds)

    def cancel(self) -> None:
        """End the wait."""
        self._cancelled = True
        self._released.set()

    def close(self) -> None:
        """Note that the stream was given back."""
        self.closed.set()
