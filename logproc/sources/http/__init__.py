"""Logs behind http and https URLs: `open_url` gives the body of one as a stream, each of its bytes exactly once.

Read in this order: this page; `urls`, what may be asked at all; `connection`, one request over one connection that
another thread can break; `body`, redirects, retries, and going on after a cut. requests and urllib3 are imported when
the first URL is opened, as they take a fifth of a second.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logproc.errors import SourceError, UsageError
from logproc.model import ByteStream
from logproc.sources.http.urls import Permit, check_url, parse_url

if TYPE_CHECKING:
    from logproc.sources.http.body import Body, OnEvent
    from logproc.sources.http.transport import StartCall

__all__ = ["HttpOptions", "check_url", "open_url"]

CODECS = {
    "gzip": "gzip",
    "x-gzip": "gzip",
    "deflate": "deflate",
    "zstd": "zstd",
    "bzip2": "bz2",
    "x-bzip2": "bz2",
    "bz2": "bz2",
    "xz": "xz",
    "x-xz": "xz",
}
"""Content codings (RFC 9110, 8.4.1, and what servers call the others) by the names of our codecs."""
MOST_LAYERS = 2
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = re.compile(r"(?:[\x21-\x7e\xa1-\xff][\t\x20-\x7e\x80-\xff]*)?")
OUR_HEADERS = {"range", "if-range", "host", "connection", "content-length", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How to ask web servers.

    connect_timeout_s: for name, connection and TLS together; read_timeout_s: until the headers of a response are whole, and
    then without a byte of its body; retries: further tries after the first, counted anew whenever one brought new bytes.
    headers: sent to the host of the URL itself and to no other; their values never appear in a message.
    trust_env: whether proxy variables, .netrc and REQUESTS_CA_BUNDLE take part; allow_downgrade: whether a redirect may lead
    from https to http. ca_file: the certificates to trust in place of those that come with certifi.
    """

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust_env: bool = False
    allow_downgrade: bool = False
    user_agent: str = "logproc"
    ca_file: str | None = None

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not HEADER_NAME.fullmatch(name):
                raise UsageError(f"--header {name!r} is no name of a header", "write it as 'Name: env:VARIABLE'")
            if not HEADER_VALUE.fullmatch(value):
                raise UsageError(
                    f"--header {name}: the value is none that a header can have",
                    "remove line ends, controls, a blank before it",
                )
            if name.lower() in OUR_HEADERS:
                raise UsageError(f"--header {name} cannot be set", "it decides how the log is cut into requests")


def open_url(
    url: str,
    options: HttpOptions,
    *,
    wait: Callable[[float], bool],
    permit: Permit,
    deadline: float | None,
    clock: Callable[[], float] = time.monotonic,
    rng: Callable[[], float] = random.random,
    on_event: OnEvent | None = None,
    start_call: StartCall | None = None,
) -> ByteStream:
    """Return the body behind `url`, freed of its Content-Encoding. Nothing is asked of a server before the first `readinto`.

    wait(seconds): the only sleep; True means that the run is being stopped. permit((scheme, host, port)): a context manager
    that blocks until one more connection to that server is allowed; held from the connection to the end of the body, and
    given back before another server is asked and before every wait. deadline: on `clock`, the moment when the source has
    had its time. rng: a number from 0 to 1, spreads the retries. on_event(text, fields): told of retries and restarts.
    start_call(function): makes the look-up of a name, so that it can be left; without it that has to end by itself.

    `readinto` blocks until a byte is there, at most connect_timeout_s and read_timeout_s for each try, and for the waits
    between them. It raises SourceError if the log cannot be had whole, LimitError after the deadline, Stopped after
    `cancel`, which ends a look-up, a connection, a TLS handshake and a read at once; `wait` and `permit` end by what stops
    the run.
    A byte that had to be fetched twice counts once in `bytes_read`. Raises UsageError as `check_url` does.
    """
    start = parse_url(url)
    from logproc.sources.http.body import Body
    from logproc.sources.http.redirects import Fetcher
    from logproc.sources.http.transport import CallHere, Link

    link = Link(options.connect_timeout_s, options.read_timeout_s, deadline, clock, start_call or CallHere)
    return HttpStream(Body(Fetcher(start, options, link, permit), link, options.retries, wait, rng, on_event))


class HttpStream:
    """The decoded body: its layers are known when the headers of the first response are there."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._decoded: ByteStream | None = None
        self._given_up: SourceError | None = None
        self.size_bytes: int | None = None
        self.bytes_read = 0
        self.modified_s: float | None = None
        self.notes = body.notes

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` as `ByteStream.readinto` promises. What was given up is not asked for again: it fails as it did."""
        if self._given_up:
            raise self._given_up
        try:
            if self._decoded is None:
                self._body.begin()
                self._decoded = without_encoding(self._body)
            return self._decoded.readinto(buffer)
        except SourceError as error:
            self._given_up = error
            raise
        finally:
            self.size_bytes, self.bytes_read = self._body.size_bytes, self._body.bytes_read
            self.modified_s = self._body.modified_s

    def cancel(self) -> None:
        """Make a blocked `readinto`, and every later one, raise Stopped."""
        self._body.cancel()

    def close(self) -> None:
        """Close the connection, and give its permit back."""
        self._body.close()


def without_encoding(body: Body) -> ByteStream:
    """Return the body with its content codings taken off, the last one applied first. Raises SourceError for unknown ones."""
    from logproc.sources.codecs import Decoded

    names = [name for name in body.encoding.lower().replace(" ", "").split(",") if name not in {"", "identity"}]
    if len(names) > MOST_LAYERS:
        raise SourceError(f"unsupported encoding of {len(names)} layers", f"at most {MOST_LAYERS} are undone")
    stream: ByteStream = body
    for name in reversed(names):
        if name not in CODECS:
            known = ", ".join(sorted(set(CODECS.values())))
            raise SourceError(f"unsupported encoding {ascii(name)[1:-1][:40]}", f"the server must send {known}, or none")
        stream = Decoded(stream, CODECS[name])
    return stream
