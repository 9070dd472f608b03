"""Sources: what is read, how it ended, and its stream of bytes."""

from __future__ import annotations

import os
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol

Seen = tuple[int, int, int, int]
"""Device, inode, size and modification time (ns) of a file when it was found."""


class Kind(Enum):
    """The kinds of sources. Regular files are read by the file readers, all others by the stream readers."""

    FILE = "file"
    STDIN = "stdin"
    FIFO = "fifo"
    URL = "url"
    OBJECT = "object"


REMOTE = frozenset({Kind.URL, Kind.OBJECT})
"""What comes from a server. All of it is read by the same few threads."""


class Listed(NamedTuple):
    """What a store says of an object. version: its ETag, or its generation. modified_s: seconds since 1970, if known."""

    size_bytes: int
    version: str
    modified_s: float | None


class State(Enum):
    """How a source ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    FAILED = "failed"
    SKIPPED = "skipped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read.

    index: its place in the report: in the order of the arguments; expansions in byte order of the path.
    name: for display: printable, and without credentials.
    location: what is opened: a path, `-`, the URL with its credentials, or the name of an object such as `s3://bucket/key`.
    verdict: set if it is not opened at all (missing, given twice, …).
    seen: for a regular file; shows later whether another file has taken its name.
    listed: for an object that a listing has found; one that has been replaced since is refused.
    """

    index: int
    name: str
    kind: Kind
    location: str | bytes = field(repr=False)
    verdict: Verdict | None = None
    seen: Seen | None = None
    listed: Listed | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a source, the reason (what happened, and where), and a hint: what to do next."""

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
    """When the source was last changed, in seconds since 1970, if known. Gives times without a year their year."""
    notes: list[str]
    """What the user should know although nothing is missing, such as ignored bytes after the end of an archive."""

    @property
    def waits_for(self) -> str:
        """What `readinto` is waiting for besides the next byte, in a few words; "" for nothing else. May be out of date."""

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` from its start and return the number of bytes, 0 only at the end of the source.

        Blocks until there is at least one byte, the source ends or fails, or `cancel` is called. Raises SourceError (or its
        subclass LimitError) if the source fails, and Stopped after `cancel`.
        """

    def ready_within(self, seconds: float) -> bool:
        """Wait at most `seconds` until `readinto` would not block; return whether that is so.

        Only a hint: after True it may still block, for example if the bytes that arrived are too few to be decoded.
        """

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped soon. Never blocks."""

    def close(self) -> None:
        """Close all descriptors. Never raises."""


source_name: ContextVar[str | None] = ContextVar("source_name", default=None)
"""The source that a thread works on, for log messages. Each thread sets it when it begins to work on a source: new threads
inherit context variables only on free-threaded 3.14."""


def real_path(path: str) -> str:
    """Return where a path leads through symbolic links; as it is if one of them is removed at this moment.

    `os.path.realpath` raises then: it finds the link, and reads it only after that.
    """
    try:
        return os.path.realpath(path)
    except OSError:
        return path
