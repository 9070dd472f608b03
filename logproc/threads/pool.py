"""ThreadPoolExecutor.submit: a stream of tasks for a few threads.

Invariant: every chunk that is submitted runs at most once, and main gets one DONE for it, with or without success. An
exception becomes the cause of a stop.

Use `submit` where tasks come one by one and each handles its own result. Use `map` (see probe) for a finite list whose
results are needed in order. Do not use an executor for threads that live as long as the program.

The queue of an executor is unbounded: a fast producer fills the memory. Here a chunk must take its bytes from the budget
before it is submitted. And an exception in a Future stays silent until someone calls `result()`. Main never does, because it
waits in one place only (see channel). So the Futures are not kept: the task itself reports how it ended. That is also safer
when a thread cannot be started: `submit` then raises and returns no Future, although the task is in the queue and an existing
worker will run it.

Python 3.14 has `Executor.map(buffersize=…)`, which limits how far `map` runs ahead; `submit` is still simpler for results
that merge themselves. The GIL lets only one thread run Python at a time; threads help here because numpy and pyarrow release
it while they work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import current_thread

from logproc.model.chunk import Chunk
from logproc.model.errors import InternalError
from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import CANNOT_START, Charged, refused
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

IDLE = "idle"
Work = Callable[[Chunk, Callable[[], None]], None]
"""Processes a chunk, and calls the function when it is counted, to give its bytes back."""

logger = logging.getLogger(__name__)


class Pool:
    """The worker threads. All methods are only for main; any thread may read `doing` and `lines`.

    pending: how many chunks were submitted without main having received their DONE; written only by main.
    doing: what each worker is doing, by name; each worker writes only its own entry.
    """

    def __init__(
        self,
        workers: int,
        work: Work,
        budget: ByteBudget,
        stop: Stop,
        done: Callable[[], None],
        trace: Trace = NO_TRACE,
    ) -> None:
        self.pending = 0
        self.doing: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="worker", initializer=self._begin)
        self._work = work
        self._budget = budget
        self._stop = stop
        self._done = done
        self._trace = trace
        self._dropped = False
        self._has_worker = False

    @property
    def lines(self) -> int:
        """How many lines are done: the sum of counters with one writer each, perhaps slightly out of date."""
        return sum(list(self._lines.values()))

    def submit(self, charged: Charged) -> None:
        """Submit a chunk to the workers. Never blocks. Raises InternalError if not a single worker can be started."""
        try:
            with blocked():  # the executor starts its threads in here
                self._executor.submit(self._run, *charged)
            self._has_worker = True
        except RuntimeError as error:
            if not refused(error):
                raise
            if not self._has_worker:  # otherwise the existing workers do the work
                raise InternalError(*CANNOT_START) from error
        self.pending += 1

    def drop(self) -> None:
        """Skip the chunks that no worker has begun. Each of them still sends a DONE."""
        self._dropped = True

    def close(self) -> None:
        """End the workers, at the end of a run. Blocks until all submitted chunks are done."""
        self._executor.shutdown()
        self._trace.ended(Doing.WAIT_CHUNK)

    def abandon(self) -> tuple[str, ...]:
        """End the workers without waiting; return the names of those still working."""
        self._dropped = True
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._trace.ended(Doing.WAIT_CHUNK)
        return tuple(name for name, doing in list(self.doing.items()) if doing != IDLE)

    def _begin(self) -> None:
        name_for_people()
        self._trace.between(Doing.WAIT_CHUNK)

    def _run(self, chunk: Chunk, taken_bytes: int) -> None:
        """Process one chunk, in a worker. An exception stops the run, and then nothing waits for the bytes of the chunk."""
        try:
            self._process(chunk, taken_bytes)
        except BaseException as error:
            failure = WorkerFailed(chunk, error)
            self._stop.set(failure)
            if not self._dropped:  # after the end the failure does not matter: what the worker uses may be closed
                fields = {"error": f"{failure}: {error!r}"}
                logger.error("worker failed", extra=fields)  # noqa: TRY400 - main gets the exception itself
        finally:  # whatever failed: without DONE, main would wait for ever
            self._done()

    def _process(self, chunk: Chunk, taken_bytes: int) -> None:
        self._trace.change(Gauge.QUEUED, -1)
        name = current_thread().name
        self.doing[name] = f"parsing lines {chunk.first_line:,} to {chunk.last_line:,}"
        try:
            if not self._dropped:
                self._work(chunk, partial(self._budget.give, taken_bytes, chunk.source))
                self._lines[name] = self._lines.get(name, 0) + chunk.lines
        finally:
            self.doing[name] = IDLE


def name_for_people() -> None:
    """Rename the calling thread so that numbers start at 1: the executor calls the first one `worker_0`."""
    thread = current_thread()
    name, _, number = thread.name.rpartition("_")
    thread.name = f"{name}-{int(number) + 1}"


class WorkerFailed(InternalError):
    """An exception in a worker (its `__cause__`), and where in the log it happened."""

    def __init__(self, chunk: Chunk, error: BaseException) -> None:
        super().__init__(f"a worker failed at lines {chunk.first_line} to {chunk.last_line}")
        self.source = chunk.source
        self.first_line = chunk.first_line
        self.last_line = chunk.last_line
        self.__cause__ = error
