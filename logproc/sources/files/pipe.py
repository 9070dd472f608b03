"""A pipe, socket or terminal as a raw stream of bytes.

It is read only after `poll` has reported data. The same `poll` watches an inner pipe, which `cancel` uses to end the wait from
another thread.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from logproc.model.errors import Stopped
from logproc.sources.files.errors import read
from logproc.sources.limits import Deadline

LONGEST_WAIT_S = 3600.0
PATIENCE_S = 2.0
"""How long a named pipe may be silent before the user gets a message that the run waits for it."""


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
