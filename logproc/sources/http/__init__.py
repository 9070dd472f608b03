"""Logs behind http and https URLs: `open_url` returns the body as a stream, each byte exactly once.

Reading order: this module; `urls`, which URLs are accepted; `headers`, which of ours go where; `transport`, a connection that
another thread can cancel; `connection`, one request through requests; `redirects`; `body`, retries and resuming; `growing`,
logs that are followed. requests and urllib3 take a fifth of a second to import, so that happens when the first URL is opened.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from logproc.model.errors import SourceError
from logproc.model.source import ByteStream
from logproc.sources.archives.codecs import Decoded
from logproc.sources.http.headers import headers_by_url
from logproc.sources.http.options import CallHere, HttpOptions, StartCall
from logproc.sources.http.urls import Permit, check_url, parse_url
from logproc.sources.limits import Layer, Peeked, bytes_used_of
from logproc.sources.unreadable import HEAD_BYTES, MAY_BE_MARKUP, PAGE, is_page

if TYPE_CHECKING:
    from logproc.sources.http.body import Body
    from logproc.sources.http.growing import Growing

__all__ = ["HttpOptions", "StartCall", "check_url", "headers_by_url", "open_url"]

CODECS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "zstd": "zstd"}
"""Content codings (RFC 9110, 8.4.1, and RFC 8878), and the names of our codecs for them."""
MOST_CODINGS = 2
PAGE_TYPES = {"text/html", "application/xhtml+xml"}


def open_url(
    url: str,
    options: HttpOptions,
    *,
    wait: Callable[[float], bool],
    permit: Permit,
    deadline: float | None,
    clock: Callable[[], float] = time.monotonic,
    rng: Callable[[], float] = random.random,
    start_call: StartCall = CallHere,
) -> ByteStream:
    """Return the body behind `url` with its Content-Encoding undone. No server is contacted before the first `readinto`.

    wait(seconds): the only sleep; returns True if the run is stopping. permit((scheme, host, port)): a context manager that
    blocks until another connection to that server is allowed. It is held from the connection to the end of the body, and
    released before a request to another server and before every wait. deadline: the time on `clock` after which LimitError is
    raised. rng: returns 0 to 1, to spread the retries of many clients. start_call(function): runs the name lookup so that it
    can be abandoned; the default blocks until it ends. Retries and restarts are logged at level info.

    `readinto` blocks until a byte arrives, at most connect_timeout_s and read_timeout_s per try, plus the waits between
    tries. It raises SourceError if the log cannot be read to its end, LimitError after the deadline, and Stopped after
    `cancel`, which ends a lookup, a connection, a TLS handshake or a read at once. A byte that is fetched twice counts
    once in `bytes_read`. Raises UsageError as `check_url` does.
    """
    start = parse_url(url)
    from logproc.sources.http.body import Body
    from logproc.sources.http.redirects import Fetcher
    from logproc.sources.http.transport import Transport

    transport = Transport(options.connect_timeout_s, options.read_timeout_s, deadline, clock, start_call)
    fetcher = Fetcher(start, options, transport, permit)
    if options.grows:
        from logproc.sources.http.growing import Growing

        return HttpStream(Growing(fetcher, transport, wait, rng, last_bytes=options.last_bytes))
    return HttpStream(Body(fetcher, transport, options.retries, wait, rng))


class HttpStream(Layer):
    """The decoded body. Its content codings are known after the first response headers."""

    def __init__(self, body: Body | Growing) -> None:
        super().__init__(body)
        self._body = body
        self._decoded: ByteStream | None = None

    @property
    def bytes_used(self) -> int | None:
        return bytes_used_of(self._decoded or self.below)

    def _read(self, buffer: memoryview) -> int:
        if self._decoded is None:
            self._body.begin()
            self._decoded = without_encoding(self._body)
            if self._body.media_type in PAGE_TYPES:
                self._decoded = without_page(self._decoded)
        return self._decoded.readinto(buffer)


def without_page(stream: ByteStream) -> ByteStream:
    """Return a stream that its server calls HTML, of which no byte is lost. Raises SourceError if it begins as HTML does."""
    head, count, block = b"", -1, memoryview(bytearray(HEAD_BYTES))
    while count and len(head) < HEAD_BYTES and MAY_BE_MARKUP.fullmatch(head):
        if is_page(head, called_so=True):
            raise SourceError(*PAGE)
        count = stream.readinto(block[: HEAD_BYTES - len(head)])
        head += block[:count]
    if is_page(head, called_so=True):
        raise SourceError(*PAGE)
    return Peeked(stream, head)


def without_encoding(body: Body | Growing) -> ByteStream:
    """Undo the content codings of a body, the last one first. Raises SourceError for unknown ones."""
    names = [name for name in body.encoding.lower().replace(" ", "").split(",") if name not in {"", "identity"}]
    if len(names) > MOST_CODINGS:
        raise SourceError(f"unsupported encoding of {len(names)} layers", f"at most {MOST_CODINGS} are undone")
    stream: ByteStream = body
    for name in reversed(names):
        if name not in CODECS:
            raise SourceError(
                f"unsupported encoding {ascii(name)[1:-1][:40]}", "the server must send deflate, gzip, zstd, or none"
            )
        stream = Decoded(stream, CODECS[name])
    return stream
