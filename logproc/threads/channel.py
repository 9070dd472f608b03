"""Queue: from producers to a consumer, with a mark for the end. And `Thread(target=…)`: one stateless line of work.

Invariant: END is put once, after everything else, by the one who has seen all producers end.

Use a Queue wherever one thread hands work to another: it is the lock, the condition and the list that you would
otherwise write yourself. Do not use `qsize` or `empty` to decide anything: the answer is old when it arrives.

Where several producers each put a mark of their own, the consumer has to count them; where one of them puts it,
others may still put behind it. Here a thread that did nothing but join the producers puts it: what it puts is last.

The queue has no bound of its own. ByteBudget bounds what is in it, so `put` never blocks, and no order of shutting
down can make a producer wait for a consumer that has gone.

Python 3.13 has `Queue.shutdown()`, after which `get` raises as soon as the queue is empty, and so makes the mark
needless. It does not replace the closer: somebody must still know that all producers have ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from queue import Queue
from threading import Thread
from typing import Generic, TypeVar

from logproc.captions import caption
from logproc.threads.stop import Stop

Item = TypeVar("Item")
Closer = Thread
JOIN_STEP_S = 0.05
JOIN_AFTER_STOP_S = 0.4


class Mark:
    """A unique object in the queue that is no item. Compared with `is`: nothing that is read can be equal to it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


END = Mark("END")
STOPPED = Mark("STOPPED")


class Channel(Generic[Item]):
    """The way from the readers to main."""

    def __init__(self, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue: Queue[Item | Mark] = Queue()
        self._stop = stop
        self._clock = clock
        self.left_behind: tuple[str, ...] = ()
        stop.on_set(lambda: self._queue.put(STOPPED))

    def put(self, item: Item) -> None:
        """Hand an item over. Never blocks."""
        self._queue.put(item)

    @caption("waits for the next chunk")
    def get(self) -> Item | Mark:
        """Return the next item, END when there will be none, STOPPED once the run is stopped. Blocks until then.

        What is still in the queue after a stop is of no use to anybody, and it may be a lot: it is passed over.
        """
        if self._stop.is_set():
            return STOPPED
        item = self._queue.get()
        return STOPPED if self._stop.is_set() else item

    def glance(self) -> int:
        """Return how many items wait, perhaps a moment old."""
        return len(self._queue.queue)

    def close_after(self, producers: Sequence[Thread]) -> Thread:
        """Start the closer, a thread that runs `close`; return it, to be joined. Raises RuntimeError if it cannot start."""
        closer = Thread(target=self.close, args=(producers,), name="closer", daemon=True)
        closer.start()
        return closer

    @caption("waits for the readers to end")
    def close(self, producers: Sequence[Thread]) -> None:
        """Join all producers, which have been started, then put END. Blocks until then, after a stop 0.4 seconds at most.

        `left_behind` then names the producers that did not make it. `join` knows no Stop, so it is asked in steps of a
        twentieth of a second; it returns at once when the thread ends. Never raises: a failure in here stops the run.
        """
        try:
            for producer in producers:
                while producer.is_alive() and not self._stop.is_set():
                    producer.join(JOIN_STEP_S)
            deadline = self._clock() + JOIN_AFTER_STOP_S
            for producer in producers:
                producer.join(max(0.0, deadline - self._clock()))
            self.left_behind = tuple(producer.name for producer in producers if producer.is_alive())
        except BaseException as error:
            self._stop.set(error)
        finally:  # whatever goes wrong here: a consumer that waits for an END that nobody puts waits for ever
            self._queue.put(END)
