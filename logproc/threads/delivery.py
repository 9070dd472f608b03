"""A reorder window: one thread writes in order what many threads have made out of order.

Invariant: what is delivered of a source is its first pieces, in their order; and the next chunk due of a source never waits
for memory that only later chunks hold.

Use this where the order matters and the results go to one place that may block, such as a file or a pipe: workers put their
pieces into a queue and continue; one thread takes them out, keeps what comes too early, and writes what is due. Do not use it
where the order does not matter (see shared_tally), where merging can be done by whoever brings the next result (see in_order),
or where the thread that needs the results produced the work itself (see unpackers).

The deadlock it avoids: a chunk holds its bytes of the budget until it is written. Let the budget be full of chunks of the
second file, read ahead and parsed. None of them can be written before the first file ends, so none gives its bytes back; and
the reader of the first file waits for bytes. All threads wait, for ever. A larger budget only makes it rarer, and a fair queue
does not help either: the reader that must go on is not the one that has waited longest. So a part of the budget is reserved:
a source whose turn it is may take memory for one chunk whenever it holds none, whatever the others hold, and passes those that
wait. All others get at most half of the budget. By induction the chunk due is always read, parsed, written, and given back.

Two things must hold for that: the sources are taken up in the order in which they are written, so that the one due is being
read; and no reader that waits for memory holds something that the reader of the source due needs, such as the last permit
for a server (see `pipeline.threaded`).

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from logproc.model.errors import Stopped
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.records.output import FILES, Output, Release, nothing
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import start_or_fail
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

Piece = TypeVar("Piece")


class ReorderBudget(ByteBudget):
    """A budget that always has room for the chunk due next: see the module.

    in_turn: the sources in the order in which they are written; None if each may be written at any time, so that each is due.
    """

    def __init__(self, limit_bytes: int, stop: Stop, in_turn: Sequence[int] | None, trace: Trace = NO_TRACE) -> None:
        super().__init__(limit_bytes, stop, trace)
        # The lock of `_changed` guards these too. Invariant: `_held_bytes` of all sources together is what is in flight.
        self._in_turn = None if in_turn is None else list(reversed(in_turn))
        self._held_bytes: Counter[int] = Counter()

    def ended(self, source: int) -> None:
        """Let the next source have its turn: this one was written to its end."""
        with self._changed:
            if self._in_turn and self._in_turn[-1] == source:
                self._in_turn.pop()
            self._changed.notify_all()

    # The rest is called with the lock held.

    def _may_take(self, ticket: object, size_bytes: int, source: int) -> bool:
        if self._is_due(source) and not self._held_bytes[source]:
            return True
        if self._in_turn is not None and self._is_due(source):  # it passes the others, or it had one chunk at a time
            return self._in_flight_bytes + size_bytes <= self.limit_bytes
        first = next(other for other, of in self._waiting.items() if self._in_turn is None or not self._is_due(of))
        return first is ticket and self._in_flight_bytes + size_bytes <= self.limit_bytes // 2

    def _add(self, size_bytes: int, source: int) -> None:
        super()._add(size_bytes, source)
        self._held_bytes[source] += size_bytes

    def _is_due(self, source: int) -> bool:
        return self._in_turn is None or self._in_turn[-1:] == [source]


class _End:
    """A message without a piece. Compared with `is`."""


class _CaughtUp(_End):
    """All that was there is read of a stream, or of all files. chunks: how many of each source."""

    def __init__(self, chunks: Mapping[int, int]) -> None:
        self.chunks = chunks


ENDED, CANCELLED = _End(), _End()
NO_SOURCE = FILES


def never() -> bool:
    """Drop what has not been written yet when the run is stopped."""
    return False


class Delivery(Thread, Generic[Piece]):
    """The thread that writes. `put` is for the workers, `source_ended` for the readers, `all_read` for main; none blocks.

    in_turn: as in ReorderBudget. done: called when everything has been written, or nothing more is. finishes: whether, after a
    stop, what is still put is written, until `all_read`: asked again and again from then on.
    """

    def __init__(
        self,
        output: Output[Piece],
        in_turn: Sequence[int] | None,
        budget: ByteBudget,
        stop: Stop,
        done: Callable[[], None],
        trace: Trace = NO_TRACE,
        finishes: Callable[[], bool] = never,
    ) -> None:
        super().__init__(name="delivery", daemon=True)  # a pipe that nobody reads may block it for ever
        self.doing = "waiting"
        self._output = output
        self._in_turn = None if in_turn is None else list(reversed(in_turn))
        self._budget = budget
        self._run_stop = stop
        self._done = done
        self._trace = trace
        self._finishes = finishes
        self._messages: SimpleQueue[tuple[int, int, Piece | _End, Release]] = SimpleQueue()
        # The rest is the writer's own. _early: what has come and is not written, by source and number.
        self._early: dict[tuple[int, int], tuple[Piece | _End, Release]] = {}
        self._next: Counter[int] = Counter()
        self._to_catch_up: dict[int, Mapping[int, int]] = {}

    def begin(self) -> None:
        """Start the thread, and have a stop end it. Raises InternalError if it cannot be started."""
        with blocked():
            start_or_fail(self.start)
        self._run_stop.on_set(self._cancel)

    def put(self, source: int, number: int, piece: Piece, release: Release) -> None:
        """Have the piece of a chunk written when it is its turn; `release` is called when it is."""
        self._messages.put((source, number, piece, release))

    def source_ended(self, source: int, chunks: int) -> None:
        """Tell how many chunks a source had."""
        self._messages.put((source, chunks, ENDED, nothing))

    def caught_up(self, chunks: Mapping[int, int]) -> None:
        """Tell that all that was there is read of all files: so many chunks of each. What comes from now on is new."""
        self._messages.put((FILES, 0, _CaughtUp(chunks), nothing))

    def stream_caught_up(self, source: int, chunks: int) -> None:
        """Tell the same of one stream."""
        self._messages.put((source, 0, _CaughtUp({source: chunks}), nothing))

    def all_read(self) -> None:
        """Tell that all was put, and every source has ended."""
        self._messages.put((NO_SOURCE, 0, ENDED, nothing))

    def run(self) -> None:
        """Write until all is written, or the run is stopped. A failure stops the run; main raises it."""
        try:
            for source, number, message, release in self._messages_until_end():
                if isinstance(message, _CaughtUp):
                    self._to_catch_up[source] = message.chunks
                else:
                    self._early[source, number] = message, release
                    self._write_due(source)
                self._look_whether_caught_up()
            with self._trace.span(Doing.WRITE):
                self._output.close()
        except BaseException as error:
            self._run_stop.set(error)
        finally:
            self._done()

    def _messages_until_end(self) -> Iterator[tuple[int, int, Piece | _End, Release]]:
        while True:
            with self._trace.span(Doing.WAIT_PIECE):
                source, number, message, release = self._messages.get()
            if self._run_stop.is_set() and not self._finishes():
                raise Stopped
            if message is CANCELLED:
                continue
            if source == NO_SOURCE and message is ENDED:
                return
            yield source, number, message, release

    def _write_due(self, source: int) -> None:
        """Write all that is due, now that something of a source has come."""
        while self._in_turn is None or self._in_turn[-1:] == [source]:
            found = self._early.pop((source, self._next[source]), None)
            if found is None:
                return
            message, release = found
            if isinstance(message, _End):
                self._output.ended(source)
                self._budget.ended(source)
                if not self._in_turn:
                    return
                self._in_turn.pop()
                if not self._in_turn:
                    return
                source = self._in_turn[-1]
                continue
            self._next[source] += 1
            with self._trace.span(Doing.WRITE):
                self.doing = "writing"
                self._output.take(source, message, release)
                self.doing = "waiting"

    def _look_whether_caught_up(self) -> None:
        for of, chunks in list(self._to_catch_up.items()):
            if all(self._next[source] >= to for source, to in chunks.items()):
                del self._to_catch_up[of]
                self._output.caught_up(of)

    def _cancel(self) -> None:
        self._messages.put((NO_SOURCE, 0, CANCELLED, nothing))
