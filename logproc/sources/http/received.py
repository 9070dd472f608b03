"""What a stream of bytes from a web server has, whether it ends (body) or not (growing)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from logproc.sources.http.connection import Reply
from logproc.sources.http.redirects import Fetcher
from logproc.sources.http.transport import Transport
from logproc.sources.http.versions import Version

SKIP_BYTES = 1 << 18


class Received:
    """The counters of a ByteStream, and the reply that is being received. One thread reads; others may call `cancel`.

    wait(seconds): returns True if the run is stopping. rng: a number from 0 to 1, which spreads waits.
    """

    def __init__(self, fetcher: Fetcher, transport: Transport, wait: Callable[[float], bool], rng: Callable[[], float]) -> None:
        self.size_bytes: int | None = None
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes: list[str] = []
        self.encoding = ""
        self.media_type = ""
        self._fetcher = fetcher
        self._transport = transport
        self._wait = wait
        self._rng = rng
        self._reply: Reply | None = None
        self._version: Version | None = None
        self._failures = 0

    def cancel(self) -> None:
        """Make a blocked call, and every later one, raise Stopped soon. Never blocks."""
        self._transport.cancel()

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._reply = None
        self._fetcher.close()

    def _release(self) -> None:
        self._reply = None
        self._fetcher.release()


def media_type_of(reply: Reply) -> str:
    """Return the type that a reply declares, without parameters."""
    return reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def skip(reply: Reply, size_bytes: int, take: Callable[[memoryview], object] = lambda _: None) -> bool:
    """Receive so many bytes, and hand each block to `take`; return whether there are so many."""
    block = memoryview(bytearray(SKIP_BYTES))
    while size_bytes and (count := reply.receive(block[:size_bytes])):
        take(block[:count])
        size_bytes -= count
    return not size_bytes


def is_same(reply: Reply, size_bytes: int, digest: bytes) -> bool:
    """Receive bytes that are known already; return whether there are so many with this SHA-256."""
    again = hashlib.sha256()
    return skip(reply, size_bytes, again.update) and again.digest() == digest
