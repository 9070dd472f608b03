"""Semaphore: at most N at once.

Invariant: never more than N holders of a permit for one server.

Use a Semaphore to bound how many threads do something at the same time, where it does not matter which ones.
Do not use it to protect data: with N = 2 two threads are inside, and a Lock says "one" more clearly than N = 1.

A permit is for one server. After a redirect to another server a reader gives the first permit back before it asks for the
second: two readers that each hold one and wait for the other's would wait for ever.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore

from logproc.model.errors import Stopped
from logproc.threads.stop import Stop

Host = tuple[str, str, int]


class HostLimit:
    """Limits the connections to each web server (scheme, host, port)."""

    def __init__(self, connections_per_host: int, stop: Stop) -> None:
        self._connections = connections_per_host
        self._stop = stop
        # Guards `_semaphores`. Invariant: one Semaphore per host, also if two readers ask for a new host at once.
        self._lock = Lock()
        self._semaphores: dict[Host, Semaphore] = {}
        stop.on_set(self.wake)

    @contextmanager
    def permit(self, host: Host) -> Iterator[None]:
        """Hold a permit for a server. Blocks until one is free; raises Stopped when the run is stopped."""
        semaphore = self._semaphore(host)
        # `with` gives the permit back even after an exception in the block.
        with semaphore:
            if self._stop.is_set():
                raise Stopped
            yield

    def wake(self) -> None:
        """Wake all waiters. One extra permit per server is enough: a waiter that gets it sees the stop and releases it again.

        So this is a Semaphore, not a BoundedSemaphore, which raises ValueError after one release too many.
        """
        with self._lock:
            semaphores = list(self._semaphores.values())
        for semaphore in semaphores:
            semaphore.release()

    def _semaphore(self, host: Host) -> Semaphore:
        with self._lock:
            return self._semaphores.setdefault(host, Semaphore(self._connections))
