"""ThreadPoolExecutor.submit: a stream of tasks for a few threads.

Invariant: every task that is submitted runs at most once; what it fails with reaches main, and what it holds is given
back, whether it works or fails.

Use `submit` where tasks come one by one and each deals with its own result. Use `map` (see probe) for a finite list
whose results are wanted in order. Do not use an executor for threads that live as long as the program.

An executor's own queue has no bound: a fast producer fills the memory. Here nothing is submitted that has not taken
its bytes from the budget first. And an exception in a Future that nobody asks is never seen: so the task itself tells
main. It is the safer place anyway: where a thread cannot be started, `submit` raises and there is no Future to ask,
although the task is in the queue and a worker that is there already will run it.

A Future is kept here to be waited for, and for as long as it runs: it holds its result, its exception and with that
all local variables on the way.

Python 3.14 has `Executor.map(buffersize=…)`, which bounds how far `map` runs ahead; for results that merge
themselves `submit` stays simpler. The GIL lets one thread at a time run Python; threads gain here because numpy and
pyarrow release it while they work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, thread, wait
from threading import current_thread

from logproc import events
from logproc.captions import caption
from logproc.errors import InternalError
from logproc.model import Chunk
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import CANNOT_START, Charged, refused
from logproc.threads.stop import Stop

IDLE = "idle"
caption("is idle, waits for a task")(thread._worker)  # noqa: SLF001 - where a worker is that has nothing to do


class Pool:
    """The worker threads. All methods are for main alone.

    doing: what each worker is at, by its name; each worker writes only its own entry.
    """

    def __init__(self, workers: int, work: Callable[[Chunk], Future[None] | None], budget: ByteBudget, stop: Stop) -> None:
        self.doing: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="worker", initializer=name_for_people)
        self._work = work
        self._budget = budget
        self._stop = stop
        self._futures: deque[Future[None]] = deque()
        self._has_worker = False

    @property
    def lines(self) -> int:
        """How many lines the workers have worked on: the sum of counters with one writer each, perhaps a moment old."""
        return sum(list(self._lines.values()))

    def submit(self, charged: Charged) -> None:
        """Have a chunk worked on. Never blocks. Raises InternalError if not a single worker can be started."""
        while self._futures and self._futures[0].done():
            self._futures.popleft()
        try:
            self._futures.append(self._executor.submit(self._run, *charged))
            self._has_worker = True
        except RuntimeError as error:
            if not refused(error):
                raise
            if not self._has_worker:  # otherwise those that are there do the work of the one that could not be started
                raise InternalError(*CANNOT_START) from error

    @caption("waits for the workers")
    def drain(self) -> None:
        """End the pool when all tasks are done, or as soon as one fails. Blocks until then; a signal may raise out of it."""
        wait(self._futures, return_when=FIRST_EXCEPTION)
        self._executor.shutdown(wait=not self._stop.is_set())

    @caption("waits for the workers, not for long")
    def abandon(self, seconds: float) -> tuple[str, ...]:
        """End the pool: waiting tasks are cancelled, running ones may finish. Blocks for `seconds` at most.

        Returns the names of the workers that are still at work then. Only what runs is waited for: to `wait` a task
        that was cancelled in the queue is not done, for no worker ever takes it out and says so.
        """
        self._executor.shutdown(wait=False, cancel_futures=True)
        wait([future for future in self._futures if not future.done()], seconds)
        return tuple(name for name, doing in list(self.doing.items()) if doing != IDLE)

    @caption("parses and counts a chunk")
    def _run(self, chunk: Chunk, taken_bytes: int) -> None:
        """Work on one chunk, in a worker. An exception stops the run, and stays in the Future for `drain` to see.

        The bytes are given back when the work is done; where it goes on elsewhere, when the Future that it returns is.
        """
        name = current_thread().name
        self.doing[name] = f"parsing lines {chunk.first_line:,} to {chunk.last_line:,}"
        later = None
        try:
            later = self._work(chunk)
            self._lines[name] = self._lines.get(name, 0) + chunk.lines
        except BaseException as error:
            failure = WorkerFailed(chunk, error)
            self._stop.set(failure)
            events.emit("error", "worker failed", error=f"{failure}: {error!r}")
            raise
        finally:
            if later:
                later.add_done_callback(lambda _: self._budget.give(taken_bytes))
            else:
                self._budget.give(taken_bytes)
            self.doing[name] = IDLE


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
