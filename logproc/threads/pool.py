"""ThreadPoolExecutor.submit: a stream of tasks for a few threads.

Invariant: what a task fails with reaches main, and what it holds is given back, whether it ran, failed or was cancelled.

Use `submit` where tasks come one by one and each deals with its own result. Use `map` (see probe) for a finite list
whose results are wanted in order. Do not use an executor for threads that live as long as the program.

An executor's own queue has no bound: a fast producer fills the memory. Here nothing is submitted that has not taken
its bytes from the budget first. And an exception in a Future that nobody asks is never seen: the done-callback asks.

Python 3.14 has `Executor.map(buffersize=…)`, which bounds how far `map` runs ahead; for results that merge
themselves `submit` stays simpler. The GIL lets one thread at a time run Python; threads gain here because numpy and
pyarrow release it while they work.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import current_thread

from logproc import events
from logproc.errors import InternalError
from logproc.model import Chunk
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import Charged
from logproc.threads.stop import Stop

FORGET_AT = 256


class Pool:
    """The worker threads. All methods are for main alone.

    doing: what each worker is at, by its name; each worker writes only its own entry.
    """

    def __init__(self, workers: int, work: Callable[[Chunk], None], budget: ByteBudget, stop: Stop) -> None:
        self.doing: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="worker")
        self._work = work
        self._budget = budget
        self._stop = stop
        self._futures: set[Future[None]] = set()

    @property
    def lines(self) -> int:
        """How many lines the workers have worked on: the sum of counters with one writer each, perhaps a moment old."""
        return sum(list(self._lines.values()))

    def submit(self, charged: Charged) -> None:
        """Have a chunk worked on. Never blocks."""
        chunk, taken_bytes = charged
        future = self._executor.submit(self._run, chunk)
        if len(self._futures) >= FORGET_AT:
            self._futures = {future for future in self._futures if not future.done()}
        self._futures.add(future)
        future.add_done_callback(lambda future: self._done(future, chunk, taken_bytes))

    def drain(self) -> None:
        """End the pool when all tasks are done. Blocks until then; a signal may raise out of it."""
        self._executor.shutdown(wait=True)

    def abandon(self, seconds: float) -> tuple[str, ...]:
        """End the pool: waiting tasks are cancelled, running ones may finish. Blocks for `seconds` at most.

        Returns the names of the workers that are still at work then.
        """
        self._executor.shutdown(wait=False, cancel_futures=True)
        running = wait(self._futures, seconds).not_done
        return tuple(name for name, doing in self.doing.items() if doing != "idle") if running else ()

    def _run(self, chunk: Chunk) -> None:
        name = current_thread().name
        self.doing[name] = f"parsing lines {chunk.first_line:,} to {chunk.last_line:,}"
        try:
            self._work(chunk)
            self._lines[name] = self._lines.get(name, 0) + chunk.lines
        finally:
            self.doing[name] = "idle"

    def _done(self, future: Future[None], chunk: Chunk, taken_bytes: int) -> None:
        """Give the bytes back, and turn an exception into a stop. Called by the worker, or by whoever cancels."""
        self._budget.give(taken_bytes)
        error = None if future.cancelled() else future.exception()
        if error:
            events.emit("error", "worker failed", lines=f"{chunk.first_line}-{chunk.last_line}", error=repr(error))
            self._stop.set(WorkerFailed(chunk, error))


class WorkerFailed(InternalError):
    """An exception out of a worker, with the chunk it happened at; the exception is its `__cause__`."""

    def __init__(self, chunk: Chunk, error: BaseException) -> None:
        super().__init__(f"a worker failed with {type(error).__name__}")
        self.chunk = chunk
        self.__cause__ = error
