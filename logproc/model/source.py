"""Sources: what is read, how it ended, and the stream of bytes it gives."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    pass


Seen = tuple[int, int, int, int]
"""Of a file its device and number, and its size and time when it was found."""


class Kind(Enum):
    """What a source is, and so who reads it: regular files share the file readers, each stream has its own."""

    FILE = "file"
    STDIN = "stdin"
    FIFO = "fifo"
    URL = "url"


class State(Enum):
    """How a source ended. Every source of a report has exactly one of these."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read.

    index: its place in the report: as typed, expansions in byte order of the path.
    name: what a person sees: escaped, and without credentials.
    location: what is opened: a path, `-`, or the URL as it was given, credentials included.
    verdict: set if it is not to be opened at all (missing, given twice, …).
    seen: of a regular file what tells it from another one that takes its name before it is opened.
    """

    index: int
    name: str
    kind: Kind
    location: str | bytes
    verdict: Verdict | None = None
    seen: Seen | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state with its reason (what happened, and where) and a hint at what to do next."""

    state: State
    reason: str | None = None
    hint: str = ""
    exit_code: int = 0


class ByteStream(Protocol):
    """The decoded bytes of one open source.

    One thread owns it and calls `readinto` and `close`; `cancel` and the counters may be used from any thread.
    """

    size_bytes: int | None
    """What `bytes_read` will be at the end, if that is known."""
    bytes_read: int
    """Bytes that came from the disk or the wire so far, still encoded."""
    modified_s: float | None
    """When the source was last changed, in seconds since 1970, if that is known: the year of logs that write none."""
    notes: list[str]
    """What a user should hear although nothing is missing, such as ignored bytes behind an archive's end."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from its start and return how many bytes, 0 only at the end of the source.

        Blocks until at least one byte is there, the source ends, fails, or `cancel` is called.
        Raises SourceError (with LimitError) if the source fails, and Stopped after `cancel`.
        """

    def ready_within(self, seconds: float) -> bool:
        """Return whether `readinto` has something to return or to raise, as soon as it has, or False after so many seconds.

        A hint: after True it may still block, as where the piece that came is too small to be decoded.
        """

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped soon. Never blocks."""

    def close(self) -> None:
        """Give back what the operating system lent. Never raises."""


source_name: ContextVar[str | None] = ContextVar("source_name", default=None)
"""The name of the source that a thread works on, for the program's own log. A new thread does not inherit the value of a
context variable (on free-threaded 3.14 it does), so each thread sets it when it begins to work on a source."""
