"""Open any source as a stream of decoded bytes, or read only the beginning of a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

from msgspec import Struct

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream, Kind, Source
from logproc.sources.archives.by_blocks import Unpackers
from logproc.sources.archives.codecs import decoded, read_head
from logproc.sources.archives.magic import sniff
from logproc.sources.files import open_fifo, open_file, open_stdin
from logproc.sources.files.parquet import footer_of, is_parquet
from logproc.sources.http import HttpOptions, StartCall, open_url
from logproc.sources.http.options import Call, CallHere
from logproc.sources.limits import Deadline, Limited, Peeked, ReadOptions, Stopwatch, Timed
from logproc.sources.objects import ObjectOptions, open_object
from logproc.sources.traced import reading

WAITING = "waits for a writer", "a FIFO ends when its last writer closes it; Ctrl-C ends the run"


class OpenOptions(ReadOptions, frozen=True):
    """Options for every source, and for web servers and object stores if there are such sources."""

    http: HttpOptions | None = None
    objects: ObjectOptions | None = None


class Peek(Struct, frozen=True):
    """The beginning of a regular file.

    size_bytes: on disk, 0 for a file that the kernel generates. head: the first decoded bytes. whole: whether these are all.
    packed: whether the file is compressed. footer: the last bytes of a Parquet file; none of others.
    """

    size_bytes: int
    head: bytes
    whole: bool
    packed: bool = False
    footer: bytes = b""


def open_source(
    source: Source,
    options: OpenOptions,
    *,
    wait: Callable[[float], bool],
    permit: Callable[[Any], AbstractContextManager[Any]],
    say: Callable[[str, str, str], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    start_call: StartCall = CallHere,
    start_request: StartCall = CallHere,
    unpackers: Unpackers | None = None,
    begun: Call | None = None,
) -> ByteStream:
    """Open a source that has no verdict and return its decoded bytes. The caller closes the stream.

    Does not block for long: waiting for a pipe or a server happens in the first `readinto`, which `cancel` ends.
    wait, permit, start_call: for URLs, as in `http.open_url`. start_request, begun: for objects, as start_call and begun in
    `objects.open_object`. say(name, what, hint): called if a named pipe has no writer yet. unpackers: help with archives.
    Raises SourceError if the source cannot be opened, and UsageError for an invalid URL.
    """
    watch = Stopwatch(clock)
    deadline = Deadline.after(options.max_time_s, watch.now)

    @contextmanager
    def untimed_permit(server: Any) -> Iterator[None]:
        with ExitStack() as held:
            with watch.standing():
                held.enter_context(permit(server))
            yield

    if source.kind is Kind.STDIN:
        raw: ByteStream = open_stdin(deadline)
    elif source.kind is Kind.FILE:
        raw = open_file(source.location, deadline, source.seen)
    elif source.kind is Kind.FIFO:
        raw = open_fifo(source.location, deadline, partial(say, source.name, *WAITING) if say else None)
    elif source.kind is Kind.OBJECT:
        raw = open_object(source, options.objects or ObjectOptions(), deadline, start_request, begun=begun)
    else:
        http, at, url = options.http or HttpOptions(), deadline.at if deadline else None, str(source.location)
        raw = open_url(url, http, wait=wait, permit=untimed_permit, deadline=at, clock=watch.now, start_call=start_call)
    if source.kind is Kind.FILE and is_parquet(raw):
        return Timed(Limited(reading(raw, source, options.span), options, deadline), watch)
    return Timed(decoded(reading(raw, source, options.span), options, deadline, source.location, unpackers), watch)


def peek(source: Source, options: OpenOptions, n_bytes: int, *, clock: Callable[[], float] = time.monotonic) -> Peek:
    """Return the first `n_bytes` decoded bytes of a regular file, or fewer if it ends or fails earlier.

    Does not block for long. Raises SourceError if the file cannot be opened, or fails before its first byte.
    """
    deadline = Deadline.after(options.max_time_s, clock)
    raw = open_file(source.location, deadline, source.seen)
    try:
        if is_parquet(raw):
            return Peek(raw.size_bytes or 0, raw.read_at(0, n_bytes), whole=False, footer=footer_of(raw))
        start = read_head(raw)
        head, whole = read_up_to(decoded(Peeked(raw, start), options, deadline, source.location), n_bytes)
        return Peek(raw.size_bytes or 0, head, whole, sniff(start) is not None)
    finally:
        raw.close()


def read_up_to(stream: ByteStream, n_bytes: int) -> tuple[bytes, bool]:
    """Return at most `n_bytes` of a stream, and whether that is all of it. A failure after the first byte is not raised."""
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
