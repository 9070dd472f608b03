"""ThreadPoolExecutor.submit: a stream of tasks for a few threads.

Invariant: every chunk that is submitted is worked on at most once, and main gets one DONE for it, whether it works or fails.
What it fails with is the cause of a stop.

Use `submit` where tasks come one by one and each deals with its own result. Use `map` (see probe) for a finite list
whose results are wanted in order. Do not use an executor for threads that live as long as the program.

An executor's own queue has no bound: a fast producer fills the memory. Here nothing is submitted that has not taken its
bytes from the budget first. And an exception in a Future stays silent until someone calls `result()`; main calls no such
thing, because it waits in one place only (see channel). So nobody keeps the Futures: the task itself says how it went. Where
a thread cannot be started that is also the safer way: `submit` raises and returns no Future, although the task is in the
queue and a worker that is there already will run it.

Python 3.14 has `Executor.map(buffersize=…)`, which bounds how far `map` runs ahead; for results that merge themselves
`submit` stays simpler. The GIL lets one thread at a time run Python; threads gain here because numpy and pyarrow release it
while they work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import current_thread

from logproc.model.chunk import Chunk
from logproc.model.errors import InternalError
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import CANNOT_START, Charged, refused
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

IDLE = "idle"
Work = Callable[[Chunk, Callable[[], None]], None]
"""Works on a chunk, and calls the function when its counts are merged: then the chunk's bytes are free."""

logger = logging.getLogger(__name__)


class Pool:
    """The worker threads. All methods are for main alone.

    pending: chunks that were submitted and for which main has not taken a DONE yet. Main alone counts.
    doing: what each worker is at, by its name; each worker writes only its own entry.
    """

    def __init__(self, workers: int, work: Work, budget: ByteBudget, stop: Stop, done: Callable[[], None]) -> None:
        self.pending = 0
        self.doing: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="worker", initializer=name_for_people)
        self._work = work
        self._budget = budget
        self._stop = stop
        self._done = done
        self._dropped = False
        self._has_worker = False

    @property
    def lines(self) -> int:
        """How many lines the workers have worked on: the sum of counters with one writer each, perhaps a moment old."""
        return sum(list(self._lines.values()))

    def submit(self, charged: Charged) -> None:
        """Have a chunk worked on. Never blocks. Raises InternalError if not a single worker can be started."""
        try:
            with blocked():  # the executor starts its threads in here
                self._executor.submit(self._run, *charged)
            self._has_worker = True
        except RuntimeError as error:
            if not refused(error):
                raise
            if not self._has_worker:  # otherwise those that are there do the work of the one that could not be started
                raise InternalError(*CANNOT_START) from error
        self.pending += 1

    def drop(self) -> None:
        """Have the chunks that no worker has begun passed over: each is still answered with a DONE."""
        self._dropped = True

    def close(self) -> None:
        """End the workers. For the end of a run, when nothing is pending: blocks until all they were given is done."""
        self._executor.shutdown()

    def abandon(self) -> tuple[str, ...]:
        """End the workers without waiting for them; return the names of those still at work."""
        self._dropped = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        return tuple(name for name, doing in list(self.doing.items()) if doing != IDLE)

    def _run(self, chunk: Chunk, taken_bytes: int) -> None:
        """Work on one chunk, in a worker. An exception stops the run; its bytes stay taken then: nobody takes any more."""
        name = current_thread().name
        self.doing[name] = f"parsing lines {chunk.first_line:,} to {chunk.last_line:,}"
        try:
            if not self._dropped:
                self._work(chunk, partial(self._budget.give, taken_bytes))
                self._lines[name] = self._lines.get(name, 0) + chunk.lines
        except BaseException as error:
            failure = WorkerFailed(chunk, error)
            self._stop.set(failure)
            if not self._dropped:  # after the end nobody is interested, and what it works with may be closed
                fields = {"error": f"{failure}: {error!r}"}
                logger.error("worker failed", extra=fields)  # noqa: TRY400 - the exception goes on to main as an object
        finally:
            self.doing[name] = IDLE
            self._done()


def name_for_people() -> None:
    """Give the calling worker a name for people, who count from 1: the executor says `worker_0`."""
    worker = current_thread()
    worker.name = f"worker-{int(worker.name.rpartition('_')[2]) + 1}"


class WorkerFailed(InternalError):
    """An exception out of a worker, which is its `__cause__`, and where in the log it happened."""

    def __init__(self, chunk: Chunk, error: BaseException) -> None:
        super().__init__(f"a worker failed at lines {chunk.first_line} to {chunk.last_line}")
        self.source = chunk.source
        self.first_line = chunk.first_line
        self.last_line = chunk.last_line
        self.__cause__ = error
