"""A producer that never ends: a thread that hands on what is added to logs, until the run is stopped.

Invariant: after a Stop the thread hands over every whole line that it has read, and ends; nothing waits for its end before.

Use this for input without an end: a log that grows, a socket, a sensor. A producer of that kind differs from others in three
ways. It is idle most of the time, so its wait must cost nothing and must be woken by two things, new input and the Stop: here
one `poll` waits for the kernel's news of the files and for a pipe, to which `cancel` writes. A sleep in a loop would be late by
half of its length each time, and busy. It never says END, so whoever consumes must not wait for that before showing anything:
the report is a snapshot of the tally so far (see shared_tally). And its input may come faster than it can be processed for a
while, so it must be held back like any other: it waits for the budget, and the log waits on the disk.

Do not stop such a thread by a flag that it looks at "when the next line comes": the next line may never come.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from logproc.model.chunk import Outcome
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.budget import ByteBudget
from logproc.threads.reader import Charged, Reader, Reading, ToDo
from logproc.threads.stop import Stop


class Follower(Reader):
    """Reads all logs that are followed. Unlike other readers it has outcomes before its end: those of the logs so far."""

    def __init__(
        self, reading: Reading, budget: ByteBudget, put: Callable[[Charged], None], stop: Stop, trace: Trace = NO_TRACE
    ) -> None:
        super().__init__("follower", ToDo([reading.source]), lambda _: reading, budget, put, stop, trace)
        self._followed = reading

    @property
    def outcomes_so_far(self) -> Mapping[int, Outcome]:
        """How each log stands. A copy: the thread goes on."""
        return dict(self._followed.outcomes)
