"""The link of one source to its server: sockets with deadlines, which another thread can break, and what their errors mean.

requests' own timeout is one for each `recv`: a server that sends a byte of its headers every second keeps a client with
`timeout=1` for ever. Here every `recv` gets what is left of the time for the whole.
"""

from __future__ import annotations

import errno
import functools
import io
import os
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import urllib3.util

from logproc.captions import caption
from logproc.errors import LimitError, LogprocError, SourceError, Stopped
from logproc.sources.http.urls import is_public, refused_private

CERTIFICATE_HINT = "ask who runs the server, or trust more with --trust-env and REQUESTS_CA_BUNDLE=FILE"
LEAST_BYTES_PER_S = 100
"""A body that is slower than this, over a whole read timeout, is given up: a drip keeps every single receive in time."""


class PassingError(SourceError):
    """A failure that may pass: worth another try. `status` if a server said so, `after_s` if it said when to come again."""

    def __init__(self, what: str, hint: str = "", *, status: int | None = None, after_s: float | None = None) -> None:
        super().__init__(what, hint)
        self.status = status
        self.after_s = after_s


class Call(Protocol):
    """A call whose answer can be waited for with a limit (see threads.lookup)."""

    def wait(self, seconds: float) -> Any:
        """Return the answer, or raise what the call raises. Raises TimeoutError after `seconds`, Stopped after `cancel`."""

    def cancel(self) -> None:
        """Make a blocked `wait` raise Stopped."""


StartCall = Callable[[Callable[[], Any]], Call]


class CallHere:
    """A call that is made by who waits for it. It takes as long as it takes."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call

    def wait(self, _seconds: float) -> Any:
        """Make the call and return its answer."""
        return self.call()

    def cancel(self) -> None:
        """Do nothing, as nothing can be done."""


class Link:
    """What one source knows of its present connection: the time it may still take, and how to break it.

    One thread connects and receives; `cancel` may come from any other. It works on a duplicate of the socket's descriptor,
    as TLS takes the socket itself away. The duplicate lies in a deque, whose `append` and `pop` are atomic, and belongs to
    the thread that takes it out: no lock, and nobody can shut a descriptor down that was closed and given to another.
    """

    def __init__(
        self,
        connect_timeout_s: float,
        read_timeout_s: float,
        deadline: float | None,
        clock: Callable[[], float],
        start_call: StartCall = CallHere,
    ) -> None:
        self.connect_timeout_s = connect_timeout_s
        self.read_timeout_s = read_timeout_s
        self.deadline = deadline
        self.clock = clock
        self.cancelled = False
        self.public_only = False
        self.is_public = False
        self._start_call = start_call
        self._call: Call | None = None
        self._spare: deque[socket.socket] = deque()
        self._until: float | None = None
        self._late = ""
        self._waited_s = 0.0
        self._came_bytes = 0

    def cancel(self) -> None:
        """Break the connection, wherever its owner waits for it. Never blocks."""
        self.cancelled = True
        call = self._call
        if call:
            call.cancel()
        self.drop(shutdown=True)

    def drop(self, *, shutdown: bool = False) -> None:
        """Close the duplicate, if it is still there; with `shutdown`, end the connection for all who use it."""
        try:
            spare = self._spare.pop()
        except IndexError:
            return
        with spare:
            if shutdown:
                try:
                    spare.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended by itself
                    return

    def check(self) -> None:
        """Raise Stopped after `cancel`, and LimitError after the deadline."""
        if self.cancelled:
            raise Stopped
        if self.deadline is not None and self.clock() >= self.deadline:
            raise LimitError("over --max-time", "allow more with --max-time")

    def expect(self, late: str, seconds: float, *, whole: bool = True) -> None:
        """Say what comes next, and what it is called if it takes over `seconds`: as a `whole`, or else for each receive."""
        self._late = f"{late} {seconds:g}s"
        self._until = self.clock() + seconds if whole else None
        self._waited_s, self._came_bytes = 0.0, 0

    def left_s(self) -> float:
        """Return how long the next step may take. Raises TimeoutError if there is no time left, and what `check` does."""
        self.check()
        now = self.clock()
        ends = now + self.read_timeout_s if self._until is None else self._until
        left = min(ends, ends if self.deadline is None else self.deadline) - now
        if left <= 0:
            raise TimeoutError
        return left

    def pace(self, came_bytes: int, waited_s: float) -> None:
        """Take note of one receive. Raises SourceError if a body has come too slowly over the whole of a read timeout.

        Only the time spent in receiving counts: a reader that waits for memory makes no server slow.
        """
        self._waited_s += waited_s
        self._came_bytes += came_bytes
        if came_bytes and self._until is None and self._waited_s >= self.read_timeout_s:
            if self._came_bytes < LEAST_BYTES_PER_S * self._waited_s:
                words = f"too slow: under {LEAST_BYTES_PER_S} bytes/s for {self.read_timeout_s:g}s"
                raise SourceError(words, "try later, or allow more with --read-timeout")
            self._waited_s, self._came_bytes = 0.0, 0

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to the first address of `host` that answers. Blocks for the connect timeout at most."""
        self.expect("connect timeout after", self.connect_timeout_s)
        addresses = self._look_up(host, port)
        failure = OSError("no address")
        for place, (family, kind, protocol, _, address) in enumerate(addresses):
            try:
                share_s = self.left_s() / (len(addresses) - place)
                return self._connect(socket.socket(family, kind, protocol), address, share_s)
            except OSError as error:
                failure = error
        raise self.explain(failure) from failure

    @caption("waits for a name to be looked up")
    def _look_up(self, host: str, port: int) -> list[Any]:
        """Return the addresses of a host. The call is set before the check, as `cancel` sets its flag before it looks at it."""
        self._call = self._start_call(functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
        try:
            return list(self._call.wait(self.left_s()))
        except TimeoutError as error:
            raise self.explain(error) from error
        except (OSError, UnicodeError) as error:
            raise SourceError("cannot resolve the host's name", "is it spelled right, and the network up?") from error
        finally:
            self._call = None

    def _connect(self, connection: socket.socket, address: Any, seconds: float) -> socket.socket:
        try:
            self._establish(connection, address, seconds)
            connection.settimeout(self.left_s())
        except BaseException:
            self.drop()
            connection.close()
            raise
        return connection

    @caption("waits for a connection")
    def _establish(self, connection: socket.socket, address: Any, seconds: float) -> None:
        self.is_public = is_public(address[0])
        if self.public_only and not self.is_public:
            raise refused_private()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        code = connection.connect_ex(address)
        # Only now, as a shutdown before the start would be lost. From here on `cancel` wakes the wait.
        self._spare.append(connection.dup())
        self.check()
        if code == errno.EINPROGRESS:
            if not urllib3.util.wait_for_write(connection, seconds):
                raise TimeoutError
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def explain(self, error: OSError, *, greeting: bool = False) -> LogprocError:
        """Return the error of ours that stands for one of the operating system or of TLS; `greeting`: of its handshake."""
        try:
            self.check()
        except LogprocError as stopped:
            return stopped
        if isinstance(error, TimeoutError):
            return PassingError(self._late, "the server is slow or gone, try later")
        if isinstance(error, ssl.SSLCertVerificationError):
            return SourceError(f"certificate: {shown(error.verify_message).rstrip('.')}", CERTIFICATE_HINT)
        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            words = shown((error.reason or "unknown").replace("_", " ").lower())
            if greeting or "certificate" in words:
                return SourceError(f"certificate: none taken ({words})", "does this port speak TLS, 1.2 or later?")
            return PassingError(f"TLS broken off ({words})", "try later")
        if isinstance(error, ConnectionRefusedError):
            return PassingError("connection refused", "is the server running, and the port right?")
        if isinstance(error, (ConnectionError, ssl.SSLError)):
            return PassingError("connection reset", "try later")
        return PassingError(shown(error.strerror or str(error)).lower(), "is the network up?")


def shown(text: str) -> str:
    """Return what a server wrote as one line of ASCII, cut if it is long."""
    return ascii(text)[1:-1][:100]


class Receiving(io.RawIOBase):
    """The receiving side of a socket: every receive takes no longer than its link has left.

    patient: whether to wait for what has not come yet. ended: whether the server has closed.
    """

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, link: Link) -> None:
        super().__init__()
        self.patient = True
        self.ended = False
        self._connection = connection
        self._raw = raw
        self._link = link

    def readable(self) -> bool:
        """Return True, as io asks of what is read from."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive once. Raises SourceError in place of what the system raises, and Stopped after `cancel`."""
        return self._receive(buffer) if self.patient else self._glance(buffer)

    @caption("waits for the web server")
    def _receive(self, buffer: Any) -> int | None:
        before = self._link.clock()
        try:
            self._connection.settimeout(self._link.left_s())
            count = self._raw.readinto(buffer)
        except OSError as error:
            raise self._link.explain(error) from error
        if not count:
            self._link.check()  # the end of the connection may be the work of `cancel`
            self.ended = True
        self._link.pace(count or 0, self._link.clock() - before)
        return count

    def _glance(self, buffer: Any) -> int | None:
        try:
            self._connection.settimeout(0)
            return self._raw.readinto(buffer)
        except OSError:  # nothing is there, under TLS too
            return None

    def close(self) -> None:
        """Let the socket go."""
        super().close()
        self._raw.close()
