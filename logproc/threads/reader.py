"""Subclass of Thread: a thread with an identity and state of its own.

Invariant: each source is taken by one reader, and what happens while it is read reaches main: an outcome, or the
exception that stops the run.

Subclass Thread where the thread is a thing that others look at: what is it reading, how far is it, what went
wrong. Where it is only a line of work, `Thread(target=…)` is shorter (see channel); where there are many short
tasks, an executor is (see pool).

`run` is overridden, `start` is called: calling `run` yourself runs it in the thread that calls. An exception that
leaves `run` is printed and forgotten, and the program goes on to exit with 0. So `run` begins with `try`.

Readers are daemons, for name resolution is a call that nothing can wake: a daemon does not keep the program from
ending. A daemon may be cut off anywhere, so readers write nothing.

A new thread starts without any context variable set. On free-threaded 3.14, or with `-X thread_inherit_context`, it
starts with a copy of those of whoever called `start`. This program sets them in each thread and needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Protocol

from logproc.model.chunk import Chunk, Outcome
from logproc.model.errors import InternalError, Stopped
from logproc.model.source import Source, Verdict
from logproc.threads.budget import ByteBudget
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

CANNOT_START = "cannot start threads", "allow more processes (ulimit -u) or more memory"
PARSING_WEIGHT = 3
"""Bytes of memory in use at the peak of parsing a chunk, for each of its bytes; the chunk itself included."""

Charged = tuple[Chunk, int]
"""A chunk and the bytes of the budget that it holds until its counts are merged."""

ToDo = SimpleQueue[Source]
"""Sources to be read. A queue, because several readers take from it: of a list two might take the same one."""


class Reading(Protocol):
    """One source being read: `logproc.sources.reading.Reading`. This room does not know how that is done."""

    @property
    def source(self) -> Source:
        """What is read."""

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, None until then."""

    @property
    def lines(self) -> int:
        """How many lines have been cut so far."""

    @property
    def bytes_read(self) -> int:
        """Bytes that came from the disk or the wire so far."""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the chunks of the source. Blocks as the source does. Raises Stopped after `cancel`."""

    def cancel(self) -> None:
        """Make a blocked iteration raise Stopped soon. May be called by any thread."""

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome that the source would have if its reading ended now."""


def to_do_list(sources: Iterable[Source]) -> ToDo:
    """Return a list of sources that several readers can share."""
    to_do: ToDo = SimpleQueue()
    for source in sources:
        to_do.put(source)
    return to_do


def next_source(to_do: ToDo) -> Source | None:
    """Take a source from the list, None if it is empty. Nothing is ever added to a list that a reader has."""
    try:
        return to_do.get_nowait()
    except Empty:
        return None


class Reader(Thread):
    """Reads sources from a to-do list, one after the other, and puts their chunks into a channel.

    reading: what is being read now, None between two sources. Written by this thread alone, looked at by the
    live view: one reference is replaced as a whole, so a look sees the old one or the new one.
    outcomes: how the sources ended that it took, by their index; to be read after `join`.
    """

    def __init__(
        self,
        name: str,
        sources: ToDo,
        start_reading: Callable[[Source], Reading],
        budget: ByteBudget,
        put: Callable[[Charged], None],
        stop: Stop,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.reading: Reading | None = None
        self.doing = "starting"
        self.outcomes: dict[int, Outcome] = {}
        self._sources = sources
        self._start_reading = start_reading
        self._budget = budget
        self._put = put
        self._run_stop = stop  # not `_stop`: Thread has a private method of that name, and `join` calls it

    def run(self) -> None:
        """Read until the list is empty or the run is stopped. An unexpected exception stops the run and is raised in main."""
        try:
            while not self._run_stop.is_set() and (source := next_source(self._sources)):
                self._read(source)
        except BaseException as error:  # whatever it is must reach main as an object, or nobody learns of it
            at = f"{self.reading.source.name} behind line {self.reading.lines}" if self.reading else "no source"
            error.add_note(f"while {self.name} was reading {at}")
            self._run_stop.set(error)  # a Stopped as well: it comes after the cause of the stop, and the first cause stays
        finally:
            self.doing = "done"

    def _read(self, source: Source) -> None:
        reading = self._start_reading(source)
        self.reading, self.doing = reading, "reading"
        try:
            with self._run_stop.waking(reading.cancel):
                for chunk in reading.chunks():
                    self._hand_over(chunk)
        finally:
            if reading.outcome:
                self.outcomes[source.index] = reading.outcome
        self.reading = None

    def _hand_over(self, chunk: Chunk) -> None:
        """Put a chunk into the channel, as soon as the budget has room for it.

        The bytes are taken now that they are there, not before they are asked for: nothing that waits for the
        outside world may hold budget, or one silent server keeps all other sources from being read.
        After a stop nothing is waited for. What is in hand was read, and the report of a run that is interrupted holds every
        whole line that was read; its memory is there already.
        """
        self.doing = "waiting for memory"
        try:
            taken_bytes = self._budget.take(chunk.data.nbytes * PARSING_WEIGHT)
        except Stopped:
            taken_bytes = 0
        self.doing = "reading"
        self._put((chunk, taken_bytes))


def start_readers(readers: Sequence[Reader]) -> list[Reader]:
    """Start readers that share a list; return those that could be started, for they read what the others would have.

    Raises InternalError if the operating system lets none start.
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


def refused(error: RuntimeError) -> bool:
    """Return whether an error says that the operating system has no thread to give. CPython has only these words for it."""
    return "can't start new thread" in str(error)
