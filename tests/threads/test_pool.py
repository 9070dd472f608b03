"""Pool: chunks are worked on together, each once; failures reach main; the end does not take for ever."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from queue import SimpleQueue
from threading import Barrier, Event, current_thread

import numpy
import pytest

from logproc.model.chunk import Chunk
from logproc.model.errors import InternalError
from logproc.threads.budget import ByteBudget
from logproc.threads.pool import Pool, WorkerFailed
from logproc.threads.stop import Stop
from tests.threads.tools import PATIENCE_S, Call, arrives, chunk, no_thread_can_start, thread_starts, until

TAKEN_BYTES = 5000


class Shop:
    """A pool with its budget and stop, and a way to hand chunks in."""

    def __init__(self, work: Callable[[Chunk], None], workers: int = 2) -> None:
        def work_and_release(one: Chunk, release: Callable[[], None]) -> None:
            work(one)
            release()

        self.stop = Stop()
        self.budget = ByteBudget(1 << 30, self.stop)
        self.done: SimpleQueue[str] = SimpleQueue()
        self.pool = Pool(workers, work_and_release, self.budget, self.stop, lambda: self.done.put("done"))

    def submit(self, *chunks: Chunk) -> None:
        """Hand chunks in, each with bytes of the budget."""
        for one in chunks:
            self.pool.submit((one, self.budget.take(TAKEN_BYTES)))

    def drain(self) -> None:
        """Wait for the end of all work, as main does: for one message for each chunk."""
        while self.pool.pending:
            self.done.get(timeout=PATIENCE_S)
            self.pool.pending -= 1
        Call(self.pool.close).outcome()
        assert self.done.empty()


def test_chunks_are_worked_on_by_several_threads_at_once() -> None:
    """Two chunks that wait for one another are both done: they are worked on together, and not by main."""
    together, names = Barrier(2), set[str]()

    def work(_: Chunk) -> None:
        together.wait(PATIENCE_S)
        names.add(current_thread().name)

    shop = Shop(work)
    Call(shop.submit, chunk(), chunk()).outcome()
    shop.drain()
    assert names == {"worker-1", "worker-2"}
    assert shop.stop.cause is None


def test_every_chunk_is_worked_on_once() -> None:
    """Of many chunks none is lost and none is done twice, and all memory is given back."""
    done: list[int] = []
    shop = Shop(lambda chunk: done.append(chunk.first_line), workers=4)
    shop.submit(*[chunk(first_line=number) for number in range(1000)])
    shop.drain()
    assert sorted(done) == list(range(1000))
    assert shop.budget.in_flight_bytes == 0
    assert shop.pool.lines == 1000


def test_a_worker_that_fails_stops_the_run_and_names_the_lines() -> None:
    """The exception is the cause of the cause of the stop, and the chunk is answered as any other."""
    error = ValueError("surprise")

    def work(_: Chunk) -> None:
        raise error

    shop = Shop(work)
    shop.submit(chunk(lines=10, first_line=91))
    until(shop.stop.is_set)
    shop.drain()
    cause = shop.stop.cause
    assert isinstance(cause, WorkerFailed)
    assert cause.__cause__ is error
    assert (cause.source, cause.first_line, cause.last_line) == (0, 91, 100)
    assert set(shop.pool.doing.values()) == {"idle"}


def test_a_chunk_that_cannot_even_be_named_is_answered() -> None:
    """An error before the work begins is also the cause of a stop, and main gets its DONE."""

    class Odd(int):
        def __format__(self, spec: str) -> str:
            if spec:
                raise ValueError(spec)
            return str(int(self))

    shop = Shop(lambda _: None)
    shop.submit(chunk(first_line=Odd(7)))
    shop.drain()
    assert isinstance(shop.stop.cause, WorkerFailed)
    assert shop.stop.cause.first_line == 7


def test_a_failure_is_known_while_another_worker_is_busy() -> None:
    """The stop comes with the first failure, not with the last chunk."""
    busy, leave = Event(), Event()

    def work(one: Chunk) -> None:
        if one.first_line == 1:
            busy.set()
            arrives(leave)
        else:
            arrives(busy)
            raise ValueError

    shop = Shop(work)
    shop.submit(chunk(first_line=1), chunk(first_line=2))
    until(shop.stop.is_set)
    shop.done.get(timeout=PATIENCE_S)
    assert shop.pool.abandon() == ("worker-1",)
    leave.set()


def busy_with_one(done: list[int]) -> tuple[Shop, Event]:
    """Return a shop of one worker that is at the first of fifty chunks until an event is set."""
    busy, leave = Event(), Event()

    def work(one: Chunk) -> None:
        busy.set()
        arrives(leave)
        done.append(one.first_line)

    shop = Shop(work, workers=1)
    shop.submit(*[chunk(first_line=number) for number in range(50)])
    arrives(busy)
    return shop, leave


def test_what_waits_can_be_dropped() -> None:
    """Chunks that no worker has begun are passed over; main gets its message for each of them all the same."""
    done: list[int] = []
    shop, leave = busy_with_one(done)
    shop.pool.drop()
    leave.set()
    shop.drain()
    assert done == [0]


def test_a_pool_that_is_abandoned_is_not_waited_for() -> None:
    """Chunks that no worker has begun are dropped; the running one may finish."""
    done: list[int] = []
    shop, leave = busy_with_one(done)
    assert shop.pool.abandon() == ("worker-1",)
    leave.set()
    assert shop.done.get(timeout=PATIENCE_S)
    assert done == [0]


def test_who_is_still_at_work_is_named() -> None:
    """When the time is over, abandoning the pool returns the names of the workers that did not finish."""
    leave = Event()
    busy = Barrier(3)

    def work(one: Chunk) -> None:
        busy.wait(PATIENCE_S)
        if one.first_line == 2:
            arrives(leave)

    shop = Shop(work)
    shop.submit(chunk(first_line=1), chunk(first_line=2))
    busy.wait(PATIENCE_S)
    until(lambda: "idle" in shop.pool.doing.values())
    (name,) = shop.pool.abandon()
    assert shop.pool.doing[name] == "parsing lines 2 to 2"
    leave.set()


def test_a_pool_that_was_never_used_ends_at_once() -> None:
    """Without a chunk there is nothing to wait for."""
    Shop(lambda _: None).drain()
    assert Shop(lambda _: None).pool.abandon() == ()


def test_a_chunk_is_forgotten_when_it_is_done() -> None:
    """Nothing keeps the bytes of a chunk beyond its work: they are out of the budget, so they must be out of memory."""
    shop = Shop(lambda _: None)
    data = [numpy.zeros(3, numpy.uint8) for _ in range(5)]
    alive = [weakref.ref(array) for array in data]
    shop.submit(*[Chunk(0, 0, 0, 1, 3, None, array) for array in data])
    del data
    until(lambda: shop.budget.in_flight_bytes == 0)
    until(lambda: not any(array() is not None for array in alive))
    shop.drain()


def test_a_worker_that_cannot_start_leaves_its_share_to_the_others() -> None:
    """Where the system has no more threads, those that are there do all the work, each chunk once."""
    busy, leave, done = Event(), Event(), list[int]()

    def work(one: Chunk) -> None:
        busy.set()
        arrives(leave)
        done.append(one.first_line)

    shop = Shop(work, workers=4)
    shop.submit(chunk(first_line=0))
    arrives(busy)
    with no_thread_can_start():
        shop.submit(*[chunk(first_line=number) for number in range(1, 20)])
    leave.set()
    shop.drain()
    assert sorted(done) == list(range(20))
    assert shop.budget.in_flight_bytes == 0
    assert shop.stop.cause is None


def test_a_failure_reaches_main_also_where_a_worker_could_not_start() -> None:
    """A task that is queued although `submit` failed has no Future that anybody holds; it is heard of all the same."""
    busy, leave = Event(), Event()

    def work(one: Chunk) -> None:
        busy.set()
        arrives(leave)
        if one.first_line == 2:
            raise ValueError

    shop = Shop(work)
    shop.submit(chunk(first_line=1))
    arrives(busy)
    with no_thread_can_start():
        shop.submit(chunk(first_line=2))
    leave.set()
    shop.drain()
    assert isinstance(shop.stop.cause, WorkerFailed)


def test_no_worker_at_all_is_an_error() -> None:
    """If not a single worker can be started, the error says so, and no chunk is processed."""
    done: list[Chunk] = []
    shop = Shop(done.append)
    with no_thread_can_start(), pytest.raises(InternalError, match="cannot start threads"):
        shop.submit(chunk())
    assert shop.pool.abandon() == ()
    assert done == []


def test_an_error_of_the_executor_is_not_taken_for_a_lack_of_threads() -> None:
    """A chunk that is handed in after the end is a fault of the program, and it is heard of."""
    shop = Shop(lambda _: None)
    shop.submit(chunk())
    shop.drain()
    with thread_starts(0), pytest.raises(RuntimeError, match="after shutdown"):
        shop.submit(chunk())


def test_what_fails_after_the_end_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A worker that was left behind may find closed what it works with: that is not a fault of the run."""
    busy, leave = Event(), Event()

    def work(_: Chunk) -> None:
        busy.set()
        arrives(leave)
        raise ValueError("closed file")

    shop = Shop(work)
    shop.submit(chunk())
    arrives(busy)
    shop.pool.abandon()
    leave.set()
    shop.done.get(timeout=PATIENCE_S)
    assert caplog.records == []
