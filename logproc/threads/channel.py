"""Queue: from producers to a consumer, with a mark for the end. And `Thread(target=…)`: one stateless line of work.

Invariant: END is put once, after every chunk, by the thread that has seen all readers end. Main waits in one line of the
whole program: the `get` below.

Use a Queue wherever one thread hands work to another: it is the lock, the condition and the list that you would
otherwise write yourself. Do not use `qsize` or `empty` to decide anything: the answer is old when it arrives.

Everything that main can wait for is a message in this one queue: chunks from the readers, one DONE for each chunk from the
workers, the probes, END from the closer, and WAKE from whoever wants main to look up: a stop, or the signal handler. A
program that waits for two things in two places has to guess which comes first.

It is a SimpleQueue, not a Queue, because of the signal handler. A handler runs in main, between any two bytecodes, also
inside `queue.Queue.get`, which is Python code around a Lock: a `put` there would wait for a lock that main itself holds, and
an exception there leaves the lock taken for ever. SimpleQueue is written in C, and its `put` is documented as reentrant.

Where several producers each put a mark of their own, the consumer has to count them; where one of them puts it, others may
still put behind it. Here a thread that does nothing but join the readers puts it: what it puts is last.

The queue has no bound of its own. ByteBudget bounds what is in it, so `put` never blocks, and no order of shutting down can
make a producer wait for a consumer that has gone.

Python 3.13 has `Queue.shutdown()`, after which `get` raises as soon as the queue is empty, and so makes the mark needless.
It does not replace the closer: something must still notice that all readers have ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

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
"""All readers have ended: no chunk comes any more."""
DONE = Mark("DONE")
"""A worker is done with one chunk, whether it worked or failed."""
WAKE = Mark("WAKE")
"""Something other than a message has changed: look at the stop, and at the signal that was noted."""
LATE = Mark("LATE")
"""Not in the queue: what `get` returns when its time is over."""


class Channel(Generic[Item]):
    """The way to main, from every other thread and from the signal handler."""

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue: SimpleQueue[Item | Mark] = SimpleQueue()
        self._stop = stop
        self._clock = clock
        stop.on_set(self.wake)

    def put(self, message: Item | Mark) -> None:
        """Hand a message over. Never blocks, and may interrupt itself: a signal handler may call it."""
        self._queue.put(message)

    def wake(self) -> None:
        """Make main look up from its wait."""
        self._queue.put(WAKE)

    def get(self, deadline: float | None = None) -> Item | Mark:
        """Return the next message. Blocks until there is one, or until the deadline on the clock: LATE."""
        left_s = None if deadline is None else deadline - self._clock()
        if left_s is not None and left_s <= 0:  # also if messages wait: a flood of them must not outlast the deadline
            return LATE
        try:
            return self._queue.get(timeout=left_s)
        except Empty:
            return LATE

    def close_after(self, readers: Sequence[Thread]) -> None:
        """Start the closer, a thread that runs `close`. Raises RuntimeError if it cannot start.

        It is a daemon: a reader that nothing can wake keeps it in its join for ever, and main does not wait for it.
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
        finally:  # whatever goes wrong here: main would wait for ever for an END that never comes
            self.put(END)
