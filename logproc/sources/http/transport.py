"""One source's connection to its server: sockets with deadlines that another thread can cancel, and their errors.

The timeout of requests applies to each `recv`: if a server sends one byte of its headers every second, a client with
`timeout=2` waits for ever. Here each `recv` gets only what is left of the time for the whole step.
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
from contextlib import suppress
from typing import Any

import urllib3.util

from logproc.model.errors import LimitError, LogprocError, SourceError, Stopped, too_many_files
from logproc.sources.http.options import Call, CallHere, StartCall
from logproc.sources.http.urls import Reach

CERTIFICATE_HINT = "ask the server's operator, or trust more with --trust-env and REQUESTS_CA_BUNDLE=FILE"


class PassingError(SourceError):
    """A failure that another try may fix. status: the server's status code, if any. after_s: its Retry-After, if any."""

    def __init__(self, what: str, hint: str = "", *, status: int | None = None, after_s: float | None = None) -> None:
        super().__init__(what, hint)
        self.status = status
        self.after_s = after_s


class Transport:
    """The current connection of one source: how much time is left, and how to cancel it.

    One thread connects and receives; any other may call `cancel`. That uses a duplicate of the socket's descriptor, because
    TLS detaches the socket itself. The duplicate is in a deque, whose `append` and `pop` are atomic, and belongs to the
    thread that pops it. So there is no lock, and a descriptor number that was closed and reused is never shut down.
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
        self.reach = Reach()
        self.proxied = False
        self.host = ""
        self._start_call = start_call
        self._call: Call | None = None
        self._spare: deque[socket.socket] = deque()
        self._until: float | None = None
        self._late = ""

    def cancel(self) -> None:
        """End any wait of the owner with Stopped. Never blocks."""
        self.cancelled = True
        call = self._call
        if call:
            call.cancel()
        self.drop(shutdown=True)

    def drop(self, *, shutdown: bool = False) -> None:
        """Close the duplicate if it still exists; with `shutdown`, end the connection as well."""
        with suppress(IndexError), self._spare.pop() as spare, suppress(OSError):  # such as: already closed by the server
            if shutdown:
                spare.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise Stopped after `cancel`, and LimitError after the deadline."""
        if self.cancelled:
            raise Stopped
        if self.deadline is not None and self.clock() >= self.deadline:
            raise LimitError("over --max-time", "allow more with --max-time")

    def expect(self, late: str, seconds: float, *, whole: bool = True) -> None:
        """Set the time limit of the next step, and its name in errors. It is for the `whole` step, or else per receive."""
        self._late = f"{late} {seconds:g}s"
        self._until = self.clock() + seconds if whole else None

    def left_s(self) -> float:
        """Return how many seconds the next call may block. Raises TimeoutError if none are left, and what `check` raises."""
        self.check()
        now = self.clock()
        ends = now + self.read_timeout_s if self._until is None else self._until
        left = min(ends, ends if self.deadline is None else self.deadline) - now
        if left <= 0:
            raise TimeoutError
        return left

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a socket connected to the first address of `host` that answers. Blocks at most for the connect timeout."""
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

    def _look_up(self, host: str, port: int) -> list[Any]:
        # This stores the call, then reads the flag (in `left_s`); `cancel` sets the flag, then reads the call. So at least one
        # of the two sees the other.
        self._call = self._start_call(functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM))
        try:
            return list(self._call.wait(self.left_s()))
        except TimeoutError as error:
            raise self.explain(error) from error
        except (OSError, UnicodeError) as error:
            self._check_descriptors()
            raise SourceError("cannot resolve the host's name", "is it spelled right, and the network up?") from error
        finally:
            self._call = None

    def _check_descriptors(self) -> None:
        """Raise SourceError if none is free: the resolver would call that a failure of the name."""
        try:
            socket.socket().close()
        except OSError as error:
            raise self.explain(error) from error

    def _connect(self, connection: socket.socket, address: Any, seconds: float) -> socket.socket:
        try:
            self._establish(connection, address, seconds)
            connection.settimeout(self.left_s())
        except BaseException:
            self.drop()
            connection.close()
            raise
        return connection

    def expect_host(self, host: str, *, proxied: bool) -> None:
        """Say which host the next request is for, and whether a proxy connects to it. Raises as `Reach.admit` does."""
        self.host, self.proxied = host, proxied
        if proxied:
            self.reach.admit(host, None)

    def _establish(self, connection: socket.socket, address: Any, seconds: float) -> None:
        if not self.proxied:
            self.reach.admit(self.host, address[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        code = connection.connect_ex(address)
        # Only now, because a shutdown before the connect has no effect. From here on `cancel` ends the wait.
        self._spare.append(connection.dup())
        self.check()
        if code == errno.EINPROGRESS:
            if not urllib3.util.wait_for_write(connection, seconds):
                raise TimeoutError
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))

    def explain(self, error: OSError, *, handshake: bool = False) -> LogprocError:
        """Translate an error of the operating system or of TLS. handshake: whether it happened in the TLS handshake."""
        try:
            self.check()
        except LogprocError as stopped:
            return stopped
        if no_descriptor := too_many_files(error):
            return SourceError(*no_descriptor)
        if isinstance(error, TimeoutError):
            return PassingError(self._late, "the server is slow or gone, try later")
        if isinstance(error, ssl.SSLCertVerificationError):
            return SourceError(f"certificate: {shown(error.verify_message).rstrip('.')}", CERTIFICATE_HINT)
        if isinstance(error, ssl.SSLError) and not isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            words = shown((error.reason or "unknown").replace("_", " ").lower())
            if handshake or "certificate" in words:
                return SourceError(f"certificate: none accepted ({words})", "does this port speak TLS, 1.2 or later?")
            return PassingError(f"TLS connection broken ({words})", "try later")
        if isinstance(error, ConnectionRefusedError):
            return PassingError("connection refused", "is the server running, and the port right?")
        if isinstance(error, (ConnectionError, ssl.SSLError)):
            return PassingError("connection reset", "try later")
        return PassingError(shown(error.strerror or str(error)).lower(), "is the network up?")


def shown(text: str) -> str:
    """Return a server's text as one line of ASCII, at most 100 characters."""
    return ascii(text)[1:-1][:100]


class Receiving(io.RawIOBase):
    """The receiving side of a socket. Each receive blocks no longer than the transport allows.

    patient: whether to block if nothing has arrived. ended: whether the server has closed the connection. cut: whether TLS
    does not vouch for that end (RFC 8446, 6.1: without close_notify, somebody on the way may have made it).
    """

    def __init__(self, connection: socket.socket, raw: io.RawIOBase, transport: Transport) -> None:
        super().__init__()
        self.patient = True
        self.ended = False
        self.cut = False
        self._failure: OSError | None = None
        self._connection = connection
        self._raw = raw
        self._transport = transport

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive once. Raises SourceError instead of OSError, and Stopped after `cancel`."""
        return self._receive(buffer) if self.patient else self._glance(buffer)

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds` for data, the end, or `cancel`; return whether one of them is there."""
        return bool(urllib3.util.wait_for_read(self._connection, seconds))

    def _receive(self, buffer: Any) -> int | None:
        if self._failure:
            raise self._transport.explain(self._failure) from self._failure
        try:
            self._connection.settimeout(self._transport.left_s())
            count = 0 if self.cut else self._raw.readinto(buffer)
        except ssl.SSLEOFError:
            count, self.cut = 0, True
        except OSError as error:
            raise self._transport.explain(error) from error
        if not count:
            self._transport.check()  # `cancel` also ends the connection
            self.ended = True
        return count

    def _glance(self, buffer: Any) -> int | None:
        try:
            self._connection.settimeout(0)
            return self._raw.readinto(buffer)
        except (BlockingIOError, ssl.SSLWantReadError):  # nothing has arrived
            return None
        except ssl.SSLEOFError:
            self.cut = True
            return None
        except OSError as error:  # the system reports a reset once; after that the connection looks as if it had been closed
            self._failure = error
            return None

    def close(self) -> None:
        super().close()
        self._raw.close()
