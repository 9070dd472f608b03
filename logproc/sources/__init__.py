"""Everything that touches a file, a pipe, a socket or a codec. Foreign exceptions end here.

Order of reading: `resolve` (what is a source), `files` and `http` (raw bytes), `codecs` (their packing), `layers` (limits,
encodings, line ends).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from logproc import events
from logproc.errors import SourceError
from logproc.model import ByteStream, Kind, Source
from logproc.sources.codecs import decoded
from logproc.sources.files import open_fifo, open_file, open_stdin
from logproc.sources.resolve import resolve
from logproc.sources.text import Deadline, ReadOptions, check_encoding

if TYPE_CHECKING:
    from logproc.sources.http import HttpOptions
    from logproc.sources.http.transport import StartCall

WAITING = "waits for somebody to write into it", "a FIFO ends when its last writer closes it; Ctrl-C ends the run"
__all__ = ["OpenOptions", "Peek", "check_encoding", "open_source", "peek", "resolve"]


@dataclass(frozen=True, slots=True)
class OpenOptions(ReadOptions):
    """What is asked of every source, and of web servers if there are URLs."""

    http: HttpOptions | None = None


@dataclass(frozen=True, slots=True)
class Peek:
    """A look at a regular file: its size on disk, its first decoded bytes, and whether these are all."""

    size_bytes: int
    head: bytes
    whole: bool


def open_source(
    source: Source,
    options: OpenOptions,
    *,
    wait: Callable[[float], bool],
    permit: Callable[[Any], AbstractContextManager[Any]],
    say: Callable[[str, str, str], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    start_call: StartCall | None = None,
) -> ByteStream:
    """Open a source without a verdict and return its decoded bytes; the caller closes the stream.

    Never blocks for long: named pipes, standard input and web servers are waited for in the first `readinto`, which `cancel`
    ends. wait, permit and start_call: for URLs, as in `http.open_url`. say: tells the user what a named pipe waits for: who
    speaks, what, and a hint. Raises SourceError if the source cannot be opened, and UsageError for a URL that is none.
    """
    deadline = Deadline.after(options.max_time_s, clock)
    if source.kind is not Kind.URL:
        return decoded(open_local(source, deadline, say), options, deadline, source.location)
    from logproc.sources.http import HttpOptions, open_url

    at = deadline.at if deadline else None
    raw = open_url(
        str(source.location),
        options.http or HttpOptions(),
        wait=wait,
        permit=permit,
        deadline=at,
        clock=clock,
        on_event=tell,
        start_call=start_call,
    )
    return decoded(raw, options, deadline, source.location)


def open_local(source: Source, deadline: Deadline | None, say: Callable[[str, str, str], None] | None) -> ByteStream:
    """Open what is no URL, as it is. Raises SourceError."""
    if source.kind is Kind.STDIN:
        return open_stdin(deadline)
    if source.kind is Kind.FILE:
        return open_file(source.location, deadline, source.seen)
    return open_fifo(source.location, deadline, partial(say, source.name, *WAITING) if say else None)


def tell(event: str, fields: dict[str, object]) -> None:
    """Tell of a retry or a restart."""
    events.emit("info", event, **fields)


def peek(source: Source, options: OpenOptions, n_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> Peek:
    """Return the first `n_bytes` decoded bytes of a regular file, or fewer if it ends or fails before.

    Never blocks for long. Raises SourceError if the file cannot be opened, or fails before its first byte.
    """
    deadline = Deadline.after(options.max_time_s, clock)
    raw = open_file(source.location, deadline, source.seen)
    try:
        head, whole = read_up_to(decoded(raw, options, deadline, source.location), n_bytes)
        return Peek(raw.size_bytes or 0, head, whole)
    finally:
        raw.close()


def read_up_to(stream: ByteStream, n_bytes: int) -> tuple[bytes, bool]:
    """Return the first bytes of a stream, and whether it has no more; a failure behind the first byte is only an early end."""
    buffer = memoryview(bytearray(n_bytes + 1))
    size = 0
    count = -1
    while count and size < len(buffer):
        try:
            count = stream.readinto(buffer[size:])
        except SourceError:
            if not size:
                raise
            return bytes(buffer[: min(size, n_bytes)]), False
        size += count
    return bytes(buffer[: min(size, n_bytes)]), not count
