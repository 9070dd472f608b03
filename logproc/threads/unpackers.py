"""ThreadPoolExecutor and a queue: delivering in order what is made out of order.

Invariant: `Turns.next` returns the results of the first piece of work, then those of the second, whichever is done first; and
no more pieces of work are added or waiting than there is room for.

Use this where one thread must take the results in order, and producing them is worth several threads: here the blocks of an
archive. Each unpacker puts its results into one queue, with the number of its work. The reader takes them out; what comes too
early it keeps until it is its turn. So there is one place where the reader waits, and one message wakes it: a Future for each
block would be several places. Do not use it where the order does not matter (see shared_tally), or where those that bring
results can do what must be done in order (see in_order).

What bounds it: the reader adds work only while there is room, and a piece of work counts until its last result was taken. The
room is shared out before a reader begins, and given back at its end; nobody waits for it: an archive for which there is no
room is unpacked by its reader alone, as every archive is if there is only one worker. So many archives at once take no more
memory than a few, and no reader waits for what another one holds.

An unpacker waits for nothing but its task: `put` never blocks. The reader waits for unpackers, and holds no bytes of the
budget while it does. A Stop cancels the reading, and `cancel` puts a message. So no order of ending can deadlock.

The threads start with the first work: a run without such archives has none of them. `zlib`, `bz2` and `lzma` release the GIL.

Python 3.14 has `Executor.map(buffersize=…)`, which keeps the order and bounds what waits, but hands over whole results only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from threading import Lock

from logproc.model.errors import Stopped
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.pool import name_for_people
from logproc.threads.reader import refused
from logproc.threads.signals import blocked

LEAST_AT_ONCE = 2
"""With less room than for two blocks, only one of them would be unpacked at a time."""
Work = Callable[[], Iterator[bytes]]
"""Yields results; runs in an unpacker. An exception takes the place of the next result."""


class Ended:
    """The end of one piece of work, or of all of them, without a value. Compared with `is`."""


DONE, CANCELLED = Ended(), Ended()
Result = bytes | Ended | BaseException


class Unpackers:
    """The threads that unpack blocks of archives, and the memory for what they have unpacked.

    Closed until a threaded run opens it: before and after that, and with one worker, `turns` returns None.
    """

    def __init__(self, threads: int, room_bytes: int, trace: Trace = NO_TRACE) -> None:
        self._threads = threads
        self._trace = trace
        # Guards both fields below. Invariant: `_free_bytes` and the room of all Turns that are not closed are `room_bytes` in
        # sum. Held for some assignments.
        self._lock = Lock()
        self._free_bytes = room_bytes
        self._executor: ThreadPoolExecutor | None = None

    def open(self) -> None:
        """Begin to accept work, if there is more than one thread for it. No thread is started before there is work."""
        if self._threads > 1:
            with self._lock:
                self._executor = ThreadPoolExecutor(self._threads, "unpacker", name_for_people)

    def close(self) -> None:
        """End the threads without waiting for them. Each ends with the step at hand if its Turns are closed or cancelled."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(wait=False, cancel_futures=True)

    def turns(self, block_bytes: int) -> Turns | None:
        """Return a place for the work of one reader, with so many bytes of results each; None without room. Never blocks."""
        with self._lock:
            at_once = min(self._threads + 1, self._free_bytes // block_bytes)
            if not self._executor or at_once < LEAST_AT_ONCE:
                return None
            self._free_bytes -= at_once * block_bytes
            return Turns(self._executor, at_once, partial(self._give_back, at_once * block_bytes), self._trace)

    def _give_back(self, room_bytes: int) -> None:
        with self._lock:
            self._free_bytes += room_bytes


class Turns:
    """The work of one reader, and its results in order. All methods are for the reader; `cancel` is for any thread."""

    def __init__(
        self, executor: ThreadPoolExecutor, at_once: int, give_back: Callable[[], None], trace: Trace = NO_TRACE
    ) -> None:
        self._executor = executor
        self._at_once = at_once
        self._trace = trace
        self._give_back: Callable[[], None] | None = give_back
        self._results: SimpleQueue[tuple[int, Result]] = SimpleQueue()
        self._early: dict[int, deque[Result]] = {}
        self._added = self._taken = 0
        self._is_over = False  # set once, read by the unpackers: none of the results is wanted any more

    def has_room(self) -> bool:
        """Return whether more work may be added."""
        return self._added - self._taken < self._at_once

    def is_idle(self) -> bool:
        """Return whether the results of all work were taken."""
        return self._added == self._taken

    def add(self, work: Work) -> bool:
        """Have the results of `work` made by an unpacker. Return False if none can be started. Raises Stopped after the run."""
        try:
            with blocked():  # the executor starts its threads in here
                self._executor.submit(self._run, self._added, work)
        except RuntimeError as error:
            if not refused(error):
                raise Stopped from error  # the executor was shut down
            return False
        self._added += 1
        return True

    def next(self) -> bytes | None:
        """Return the next result of the first work whose results were not all taken; None at its end.

        Blocks until there is one. Raises what the work raised, and Stopped after `cancel`.
        """
        result = self._result()
        if isinstance(result, BaseException):
            raise result
        if not isinstance(result, Ended):
            return result
        self._early.pop(self._taken, None)
        self._taken += 1
        return None

    def cancel(self) -> None:
        """Make a blocked `next`, and every later one, raise Stopped. Never blocks."""
        self._is_over = True
        self._results.put((-1, CANCELLED))

    def close(self) -> None:
        """Give up what is not done, and give the room back."""
        self._is_over = True
        if self._give_back:
            self._give_back()
            self._give_back = None

    def _result(self) -> Result:
        early = self._early.setdefault(self._taken, deque())
        while not self._is_over and not early:
            with self._trace.span(Doing.WAIT_BLOCK):
                number, result = self._results.get()
            if result is not CANCELLED:
                self._early.setdefault(number, deque()).append(result)
        if self._is_over:  # looked at after each message: `cancel` sets it, then puts one
            raise Stopped
        return early.popleft()

    def _run(self, number: int, work: Work) -> None:
        """Make the results of one work, in an unpacker. Whatever happens, the reader gets an end: it would wait for ever."""
        end: Result = DONE
        try:
            with self._trace.span(Doing.UNPACK):
                for result in work():
                    if self._is_over:
                        break
                    self._results.put((number, result))
        except BaseException as error:
            end = error
        self._results.put((number, end))
