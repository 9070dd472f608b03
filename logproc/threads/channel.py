"""Queue: from many producers to one consumer, with a marker for the end. And `Thread(target=…)`: a thread without state.

Invariant: END is put once, after every chunk, by the thread that has joined all readers. Main waits in only one line of the
whole program: the `get` below.

Use a Queue wherever one thread hands work to another: it contains the lock, the condition and the list that you would
otherwise write yourself. Do not decide anything by `qsize` or `empty`: the answer is out of date when it arrives.

Everything that main waits for is a message in this one queue: chunks from the readers, one DONE per chunk from the workers,
the probes, END from the closer, and WAKE from a stop or the signal handler. A program that waits for two things in two places
has to guess which one comes first.

It is a SimpleQueue, not a Queue, because of the signal handler. A handler runs in main, between any two bytecodes, also
inside `queue.Queue.get`, which is Python code around a Lock: a `put` there would wait for a lock that main itself holds, and
an exception there would leave the lock taken. SimpleQueue is written in C, and its `put` is documented as reentrant.

If each producer put its own marker, the consumer would have to count them; if one producer put it, others could still put
chunks after it. Here a thread that only joins the readers puts it, so it comes last.

The queue itself is unbounded. ByteBudget bounds what is in it, so `put` never blocks, and at shutdown no producer can wait
for a consumer that has gone.

Python 3.13 has `Queue.shutdown()`, after which `get` raises once the queue is empty, so a marker is not needed. It does not
replace the closer: something must still notice that all readers have ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

Item = TypeVar("Item")


class Mark:
    """A unique message without content. Compared with `is`: no chunk can be equal to it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


END = Mark("END")
"""All readers have ended: no more chunks will come."""
DONE = Mark("DONE")
"""A worker has finished one chunk, with or without success."""
WAKE = Mark("WAKE")
"""Check the stop, and whether a signal was noted."""
WRITTEN = Mark("WRITTEN")
"""The writer has ended: everything is written, or nothing more will be."""
LATE = Mark("LATE")
"""Never in the queue: `get` returns it at its deadline."""


class Channel(Generic[Item]):
    """Messages to main from every other thread and from the signal handler."""

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic, trace: Trace = NO_TRACE) -> None:
        self._queue: SimpleQueue[Item | Mark] = SimpleQueue()
        self._stop = stop
        self._clock = clock
        self._trace = trace
        stop.on_set(self.wake)

    def put(self, message: Item | Mark) -> None:
        """Send a message. Never blocks. Reentrant, so a signal handler may call it."""
        self._queue.put(message)

    def wake(self) -> None:
        self._queue.put(WAKE)

    def get(self, deadline: float | None = None) -> Item | Mark:
        """Return the next message. Blocks until there is one, or until the deadline on the clock; then returns LATE."""
        left_s = None if deadline is None else deadline - self._clock()
        if left_s is not None and left_s <= 0:  # even if there are messages: a flood of them must not outlast the deadline
            return LATE
        try:
            with self._trace.span(Doing.WAIT_MESSAGE):
                return self._queue.get(timeout=left_s)
        except Empty:
            return LATE

    def close_after(self, readers: Sequence[Thread]) -> None:
        """Start the closer, a thread that runs `close`. Raises RuntimeError if it cannot start.

        It is a daemon: it may be stuck for ever joining a reader that cannot be woken, and main does not wait for it.
        """
        with blocked():
            Thread(target=self.close, args=(readers,), name="closer", daemon=True).start()

    def close(self, readers: Sequence[Thread]) -> None:
        """Join all readers, which have been started, then put END. Blocks until then. A failure in here stops the run."""
        try:
            for reader in readers:
                reader.join()
        except BaseException as error:
            self._stop.set(error)
        finally:  # without END, main would wait for ever
            self.put(END)
