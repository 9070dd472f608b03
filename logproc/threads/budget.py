"""Condition: wait until something is true that other threads make true.

Invariant: the bytes in flight never exceed the budget, except for a single chunk that is larger than the whole budget; and
readers are served in the order in which they came.

Use a Condition where a thread must wait for a state, not for an event: "enough is free", "it is my turn".
Wait with `wait_for(predicate)`: a wake-up means that something changed, not that the predicate is true now, and it may even
be spurious. Do not use one where a Semaphore or a Queue does the same more simply.

A bound on the length of the queue is not enough: chunks differ in size, and a chunk needs its memory until it is counted, long
after it has left the queue.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from threading import Condition

from logproc.model.errors import Stopped
from logproc.model.trace.doing import Gauge
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.stop import Stop

MIN_BYTES = 4096


class ByteBudget:
    """The memory for chunks in flight, in bytes. The only place where a reader waits for the workers.

    Bytes in flight when a run is stopped may never be given back: no reader waits for them any more.
    """

    def __init__(self, limit_bytes: int, stop: Stop, trace: Trace = NO_TRACE) -> None:
        self.limit_bytes = limit_bytes
        self._stop = stop
        self._trace = trace
        # Its lock guards all fields below; only `in_flight_bytes` reads one number without it. Invariant: `_in_flight_bytes` is
        # what was taken and not given back; `_waiting` has a ticket for each caller of `take` that waits, in the order in which
        # they came, with its source. Never held during I/O, parsing or a callback; `wait_for` releases it.
        self._changed = Condition(trace.watched())
        self._in_flight_bytes = 0
        self._waiting: dict[object, int] = {}
        stop.on_set(self.wake)

    def __repr__(self) -> str:
        with self._changed:
            state = f"{self._in_flight_bytes} of {self.limit_bytes} bytes in flight, {len(self._waiting)} waiting"
            return f"<{type(self).__name__} {state}>"

    @property
    def in_flight_bytes(self) -> int:
        """The bytes in flight. Read without the lock, for display: it may be out of date when it arrives."""
        return self._in_flight_bytes

    def take(self, size_bytes: int, source: int = 0) -> int:
        """Take bytes for a chunk of a source; return how many: at least 4 KiB, because a small chunk needs memory too.

        Blocks until all earlier calls are served and the bytes are free. Raises Stopped when the run is stopped.
        Not for main: an exception from a signal in this wait would leave a ticket that is never served.

        The ticket makes it fair. If waiters only checked for room, a take of 7 out of 8 would starve: there is always room
        for another small one.
        """
        size_bytes, ticket = max(size_bytes, MIN_BYTES), object()
        with self._changed:
            self._waiting[ticket] = source
            self._changed.wait_for(lambda: self._stop.is_set() or self._may_take(ticket, size_bytes, source))
            del self._waiting[ticket]
            self._changed.notify_all()  # the next one may fit as well
            if self._stop.is_set():
                raise Stopped
            self._add(size_bytes, source)
        self._trace.change(Gauge.BYTES, size_bytes)
        return size_bytes

    def give(self, size_bytes: int, source: int = 0) -> None:
        """Give back what `take` returned. Never blocks for long."""
        with self._changed:
            self._add(-size_bytes, source)
            self._changed.notify_all()
        self._trace.change(Gauge.BYTES, -size_bytes)

    def ended(self, source: int) -> None:
        """Nothing: here all sources are alike. See ReorderBudget."""

    def wake(self) -> None:
        """Let every waiter check again. The Condition does not know about the Stop, which its waiters also check."""
        with self._changed:
            self._changed.notify_all()

    # The rest is called with the lock held.

    def _may_take(self, ticket: object, size_bytes: int, source: int) -> bool:  # noqa: ARG002 - see ReorderBudget
        # A chunk larger than the whole budget gets in when nothing else is in flight.
        has_room = not self._in_flight_bytes or self._in_flight_bytes + size_bytes <= self.limit_bytes
        return has_room and next(iter(self._waiting)) is ticket

    def _add(self, size_bytes: int, source: int) -> None:  # noqa: ARG002 - see ReorderBudget
        self._in_flight_bytes += size_bytes
