"""Condition: wait until something is true that other threads make true.

Invariant: the bytes in flight never exceed the budget, but for one chunk that is larger than all of it and then
is alone; and who came first is served first.

Use a Condition where a thread must wait for a state and not for an event: "enough is free", "it is my turn".
Wait with `wait_for(predicate)`: a wake-up says that something changed, not that it is now as you need it, and it
may even come for nothing. Do not use one where a Semaphore or a Queue says the same in fewer words.

A bound on the queue's length would not do here: chunks differ in size, and one is in flight until its counts are
merged, long after it has left the queue.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from threading import Condition

from logproc.model.errors import Stopped
from logproc.threads.stop import Stop

MIN_BYTES = 4096


class ByteBudget:
    """The memory that chunks in flight may take, in bytes. The one place where a reader waits for the rest of the program.

    What is still in flight when a run is stopped is not given back: nobody takes any more.
    """

    def __init__(self, limit_bytes: int, stop: Stop) -> None:
        self.limit_bytes = limit_bytes
        self._stop = stop
        # Its lock guards all fields below: `_in_flight_bytes` is what was taken and not given back, and the ticket `_serving`
        # is the next to take. Never held over I/O, parsing or a callback; `wait_for` lets go of it.
        self._changed = Condition()
        self._in_flight_bytes = 0
        self._next_ticket = 0
        self._serving = 0
        stop.on_set(self.wake)

    def __repr__(self) -> str:
        with self._changed:
            waiting = self._next_ticket - self._serving
            return f"<ByteBudget {self._in_flight_bytes} of {self.limit_bytes} bytes in flight, {waiting} waiting>"

    @property
    def in_flight_bytes(self) -> int:
        """The bytes taken and not given back."""
        with self._changed:
            return self._in_flight_bytes

    def take(self, size_bytes: int) -> int:
        """Take bytes and return how many that are: at least 4 KiB, for the smallest chunk is not free either.

        Blocks until all who came before are served and the bytes are free. Raises Stopped when the run is stopped.
        Not for main: a signal that raises in this wait would leave a ticket behind that nobody redeems.

        The ticket is what makes it fair. With a bare "is there room?" a take of 7 out of 8 starves: small ones
        slip past it for ever, because there is always room for one more of those.
        """
        size_bytes = max(size_bytes, MIN_BYTES)
        with self._changed:
            ticket, self._next_ticket = self._next_ticket, self._next_ticket + 1
            self._changed.wait_for(lambda: self._stop.is_set() or (self._serving == ticket and self._has_room(size_bytes)))
            self._serving += 1
            self._changed.notify_all()  # the next ticket may fit as well
            if self._stop.is_set():
                raise Stopped
            self._in_flight_bytes += size_bytes
        return size_bytes

    def give(self, size_bytes: int) -> None:
        """Give back what `take` returned. Never blocks for long."""
        with self._changed:
            self._in_flight_bytes -= size_bytes
            self._changed.notify_all()

    def wake(self) -> None:
        """Let every waiter look again. A Condition does not know of the Stop that its waiters also look at."""
        with self._changed:
            self._changed.notify_all()

    def _has_room(self, size_bytes: int) -> bool:
        """Return whether a take fits now. Called with the lock held. One that can never fit is let through alone."""
        return not self._in_flight_bytes or self._in_flight_bytes + size_bytes <= self.limit_bytes
