"""What the threads of a run did, and when: the words for it, and the recorder that records nothing.

`threads.trace` has the recorder that does record, `reports.trace` draws what it recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Doing(StrEnum):
    """What a thread does, in the words of the picture."""

    START_UP = "start-up"
    LOAD = "load libraries"
    DETECT = "detect the format"
    OPEN = "open"
    CONNECT = "connect"
    WAIT_DATA = "wait for data"
    READ = "read"
    UNPACK = "unpack"
    WAIT_BLOCK = "wait for a block"
    CUT = "cut into chunks"
    WAIT_MEMORY = "wait for memory"
    WAIT_CHUNK = "wait for a chunk"
    PARSE = "parse"
    COUNT = "count"
    REJECTS = "write rejected lines"
    MERGE = "merge"
    WAIT_LOCK = "wait for a lock"
    WAIT_MESSAGE = "wait for the others"
    HAND_OUT = "hand out chunks"
    SUMMARY = "sum up"
    REPORT = "report"

    @property
    def waits(self) -> bool:
        """Whether the thread leaves the processor to others meanwhile."""
        return self.name.startswith("WAIT") or self is Doing.CONNECT


class Gauge(StrEnum):
    """A quantity that goes up and down during a run."""

    BYTES = "memory held by chunks"
    QUEUED = "chunks that wait for a worker"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a thread did, in nanoseconds since the process started.

    source, lines: what it was about, "" and 0 if that is not known. parts: how many steps it stands for; more than one if
    there were so many that short ones were added up.
    """

    start_ns: int
    end_ns: int
    doing: Doing
    source: str = ""
    lines: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """What one thread did: steps in their order, which do not overlap. Between two of them it did nothing that has a name.

    cpu_ns: for how long it had a core, up to the end of its last span.
    """

    name: str
    steps: Sequence[Step]
    cpu_ns: int = 0


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole run, from the start of the process. gauges: the value of each from a time on. cores: how many it may use."""

    end_ns: int
    lanes: Sequence[Lane]
    gauges: Mapping[Gauge, Sequence[tuple[int, int]]]
    cores: int = 1


Span = Callable[[Doing, str], AbstractContextManager[Any]]
"""Says what the calling thread does while the block runs, and about which source."""
NOTHING: AbstractContextManager[Any] = nullcontext()


class Trace:
    """The recorder that records nothing, so that no caller asks whether there is one. All methods are for any thread."""

    def span(self, doing: Doing, source: str = "", lines: int = 0) -> AbstractContextManager[Any]:  # noqa: ARG002
        """Record what the calling thread does while the block runs. Spans in it interrupt it."""
        return NOTHING

    def between(self, doing: Doing) -> None:
        """Record what the calling thread does whenever it is in no span, from now on."""

    def ended(self, doing: Doing) -> None:
        """Note that no thread does this any more: threads that did it last have ended."""

    def change(self, gauge: Gauge, by: int) -> None:
        """Record that a quantity has changed."""

    def recording(self) -> Recording | None:
        """Return what was recorded so far, None if nothing is recorded. For main."""
        return None

    def watched(self, lock: Any = None) -> Any:
        """Return what to use in place of a lock, so that waiting for it is recorded. None: the own lock of a Condition."""
        return lock


NO_TRACE = Trace()
