"""Subclass of Thread: a thread with an identity and state of its own.

Invariant: each source is read by exactly one reader, and the result always reaches main: an outcome, or the exception that
stops the run.

Subclass Thread where others look at the thread: what is it reading, how far is it, what went wrong. For a thread without
state, `Thread(target=…)` is shorter (see channel); for many short tasks, use an executor (see pool).

Override `run`, but call `start`: calling `run` yourself runs it in your own thread. An exception that leaves `run` is printed
and then forgotten, and the program exits with 0. So `run` begins with `try`.

Readers are daemons, because a call may not be interruptible, such as a read from a dead network disk: a daemon does not keep
the program from exiting. It may be cut off anywhere, so readers write no files. (A stream reader writes one line to stderr
if it has to wait for the writer of a named pipe.)

A new thread starts without the context variables of its creator. On free-threaded 3.14, or with `-X thread_inherit_context`,
it starts with a copy of them. This program sets them in each thread, so it does not matter.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from threading import Lock, Thread
from typing import Any, Generic, Protocol, TypeVar

from logproc.model.chunk import Chunk, Outcome
from logproc.model.errors import InternalError, Stopped
from logproc.model.source import Source, State, Verdict
from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.budget import ByteBudget
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

CANNOT_START = "cannot start threads", "allow more processes (ulimit -u) or more memory"
PARSING_WEIGHT = 3
"""Peak memory while a chunk is parsed, per byte of the chunk, including the chunk itself."""

Charged = tuple[Chunk, int]
"""A chunk and the bytes of the budget that it holds until it is counted."""


class Item(Protocol):
    """What is on the list: a source, or a lot of small ones that one reader reads as if they were one."""

    @property
    def index(self) -> int:
        """The place of the source, or of the first one of the lot."""


Task = TypeVar("Task", bound=Item)


class Reading(Protocol):
    """One item being read: a `Reading` or a `LotReading` of `logproc.sources`, which this package must not import."""

    @property
    def source(self) -> Source:
        """The source, of a lot the one that is being read."""

    @property
    def outcome(self) -> Outcome | None:
        """How the source ended, None until then; always None for a lot."""

    @property
    def outcomes(self) -> Mapping[int, Outcome]:
        """How the sources ended that have ended, by their index."""

    @property
    def lines(self) -> int:
        """How many lines have been cut so far."""

    @property
    def bytes_read(self) -> int:
        """Bytes that came from the disk or the wire so far."""

    @property
    def waits_for(self) -> str:
        """What the source waits for besides its next byte, "" for nothing else. Only its reader writes it."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of the source. Blocks as the source does. Raises Stopped after `cancel`."""

    def cancel(self) -> None:
        """Make a blocked iteration raise Stopped soon. May be called by any thread."""

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome that the source would have if its reading ended now."""


class ToDo(Generic[Task]):
    """Sources that wait for a reader: no two readers take the same one. Nothing is added once readers have started.

    At most `most` sources of one server are taken at a time. So no reader waits for a server's permit while another server
    has one free, and a silent server holds up few readers, however many sources it has. Sources without a server (None) have
    no limit. Which server is next: one that has cost less time for nothing, then one with fewer readers at it, then the order
    of the sources.
    """

    def __init__(
        self,
        sources: Iterable[Task],
        server_of: Callable[[Task], Hashable] = lambda _: None,
        most: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server_of = server_of
        self._most = most
        self._clock = clock
        # Guards all fields below. Invariant: a source is waiting or has been taken; a server with a source waiting and fewer
        # than `most` taken has one entry in `_free` that is equal to its rank. (Older entries are dropped when they come up.)
        self._lock = Lock()
        self._waiting: dict[Hashable, deque[Task]] = {}
        self._taken: Counter[Hashable] = Counter()
        self._since: dict[int, float] = {}
        self._lost_s: Counter[Hashable] = Counter()
        self._free: list[tuple[tuple[int, int, int], Hashable]] = []
        for source in sources:
            self._waiting.setdefault(server_of(source), deque()).append(source)
        for server in self._waiting:
            self._offer(server)

    def take(self) -> Task | None:
        """Take the next source; None if none is left, or each is of a server at its limit. Never blocks.

        A reader that gets None may end: each of those servers has as many readers as it may have, and they come back here.
        """
        with self._lock:
            while self._free:
                rank, server = heappop(self._free)
                if rank == self._rank(server):
                    source = self._waiting[server].popleft()
                    self._taken[server] += 1
                    self._since[source.index] = self._clock()
                    self._offer(server)
                    return source
        return None

    def done(self, source: Task, outcome: Outcome | None) -> None:
        """Free the place of a source that was taken."""
        server = self._server_of(source)
        with self._lock:
            taken_s = self._clock() - self._since.pop(source.index)
            if outcome and outcome.verdict.state is State.FAILED:
                self._lost_s[server] += int(taken_s)
            self._taken[server] -= 1
            self._offer(server)

    def _offer(self, server: Hashable) -> None:
        # Called with the lock held, after each change of the server's rank.
        if rank := self._rank(server):
            heappush(self._free, (rank, server))

    def _rank(self, server: Hashable) -> tuple[int, int, int] | None:
        if not self._waiting[server] or (server is not None and self._taken[server] == self._most):
            return None
        return self._lost_s[server], self._taken[server], self._waiting[server][0].index


def untold(_source: int, _chunks: int) -> None:
    """Tell nobody that a source has ended."""


class Reader(Thread):
    """Reads sources from a to-do list, one after the other, and puts their chunks into a channel.

    reading: what is being read now, None between two sources. Written only by this thread, read by the live view: assigning
    one reference is atomic, so the view sees either the old one or the new one.
    outcomes: how its sources ended, by their index. Written only by this thread; complete after `join`.
    ended(source, chunks): called at the end of each source.
    """

    def __init__(
        self,
        name: str,
        to_do: ToDo[Any],
        start_reading: Callable[[Any], Reading],
        budget: ByteBudget,
        put: Callable[[Charged], None],
        stop: Stop,
        trace: Trace = NO_TRACE,
        ended: Callable[[int, int], None] = untold,
    ) -> None:
        super().__init__(name=name, daemon=True)  # a read from a dead disk cannot be ended, and must not keep the process
        self.reading: Reading | None = None
        self.doing = "starting"
        self.outcomes: dict[int, Outcome] = {}
        self._to_do = to_do
        self._start_reading = start_reading
        self._budget = budget
        self._put = put
        self._trace = trace
        self._ended = ended
        self._run_stop = stop  # not `_stop`: Thread has a private method of that name, and `join` calls it

    def run(self) -> None:
        """Read until the list is empty or the run is stopped. An unexpected exception stops the run; main raises it."""
        try:
            while not self._run_stop.is_set() and (source := self._to_do.take()):
                self._read(source)
        except BaseException as error:  # whatever it is, it must reach main, or it would be lost
            at = f"{self.reading.source.name} behind line {self.reading.lines}" if self.reading else "no source"
            error.add_note(f"while {self.name} was reading {at}")
            self._run_stop.set(error)  # also for Stopped: the first cause is kept, and it came earlier
        finally:
            self.doing = "done"

    def _read(self, source: Any) -> None:
        reading = self._start_reading(source)
        self.reading, self.doing = reading, "reading"
        try:
            with self._run_stop.waking(reading.cancel), self._trace.span(Doing.CUT, reading.source.name):
                chunks = 0
                for chunk in reading.chunks():
                    self._hand_over(chunk)
                    chunks += 1
            self._ended(source.index, chunks)
        finally:
            self.outcomes |= reading.outcomes
            self._to_do.done(source, reading.outcome)
        self.reading = None

    def _hand_over(self, chunk: Chunk) -> None:
        """Put a chunk into the channel as soon as the budget has room for it.

        The budget is taken after the read, not before: nothing that waits for the outside world may hold any, or one silent
        server would keep all other sources from being read. After a stop there is no wait: an interrupted run still reports
        every whole line that was read.
        """
        self.doing = "waiting for memory"
        try:
            with self._trace.span(Doing.WAIT_MEMORY, lines=chunk.lines):
                weight_bytes = chunk.data.nbytes * PARSING_WEIGHT if chunk.is_text else chunk.data.nbytes + chunk.unpacked_bytes
                taken_bytes = self._budget.take(weight_bytes, chunk.source)
        except Stopped:
            taken_bytes = 0
        self.doing = "reading"
        self._trace.change(Gauge.QUEUED, 1)
        self._put((chunk, taken_bytes))


def start_readers(readers: Sequence[Reader]) -> list[Reader]:
    """Start readers that share a list; return those that could be started: they read the sources of the others too.

    Raises InternalError if not a single one can be started.
    """
    started: list[Reader] = []
    for reader in readers:
        try:
            with blocked():
                reader.start()
        except RuntimeError as error:
            if not refused(error):
                raise
            if not started:
                raise InternalError(*CANNOT_START) from error
            break
        started.append(reader)
    return started


def start_or_fail(start: Callable[[], None]) -> None:
    """Start a thread without which there can be no run. Raises InternalError if it cannot be started."""
    try:
        start()
    except RuntimeError as error:
        if not refused(error):
            raise
        raise InternalError(*CANNOT_START) from error


def refused(error: RuntimeError) -> bool:
    """Return whether an error means that the operating system refused a thread. CPython shows that only by this text."""
    return "can't start new thread" in str(error)
