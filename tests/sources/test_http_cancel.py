"""Breaking off: wherever a fetch is blocked, `cancel` from another thread ends it with Stopped."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from logproc.model.errors import Stopped
from logproc.model.source import ByteStream
from logproc.sources.http import HttpOptions
from logproc.threads.lookup import LookUp
from tests.sources.http_fetch import Fetch
from tests.support.fault_server import Answer, FaultServer, full_backlog

LONG_S = 50.0
"""A test whose `cancel` wakes nothing ends at this, not at pytest's timeout."""
PATIENT = HttpOptions(retries=0, connect_timeout_s=LONG_S, read_timeout_s=LONG_S)
SOON_S = 10.0


class SeenLookUp(LookUp):
    """A name lookup that signals when a thread waits for it."""

    waited_for = threading.Event()

    def wait(self, seconds: float | None) -> Any:
        """Wait."""
        self.waited_for.set()
        return super().wait(seconds)


class Blocked:
    """A thread that reads a stream to its end."""

    def __init__(self, url: str) -> None:
        self.fetch = Fetch()
        self.ended: BaseException | None = None
        self.data = b""
        self.stream: ByteStream = self.fetch.open(url, PATIENT, start_call=SeenLookUp)
        self.thread = threading.Thread(target=self.read, name="reader that is to be stopped")

    def read(self) -> None:
        """Read until the end."""
        block = memoryview(bytearray(1 << 16))
        try:
            while count := self.stream.readinto(block):
                self.data += bytes(block[:count])
        except BaseException as error:
            self.ended = error
        finally:
            self.stream.close()


@contextmanager
def reading(url: str) -> Iterator[Blocked]:
    """Start a reader, let the body of the `with` wait for what it wants, cancel, and see that the reader ends by that."""
    blocked = Blocked(url)
    blocked.thread.start()
    try:
        yield blocked
    finally:
        blocked.stream.cancel()
        blocked.thread.join(SOON_S)
    assert not blocked.thread.is_alive()
    assert isinstance(blocked.ended, Stopped)
    assert blocked.fetch.held == []


def test_a_connection_is_broken_off() -> None:
    """A connection that stays pending is given up."""
    with full_backlog() as port:
        before = pending(port)
        with reading(f"http://127.0.0.1:{port}/") as blocked:
            while pending(port) == before and blocked.thread.is_alive():
                blocked.thread.join(0.01)


def pending(port: int) -> int:
    """Return how many connections to a port of this machine wait for an answer (state SYN_SENT in proc(5))."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)


def test_a_look_up_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name whose look-up does not return is given up; the look-up itself is left to end when it likes."""
    end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: end.wait(LONG_S))
    SeenLookUp.waited_for.clear()
    try:
        with reading("http://slow.example/"):
            assert SeenLookUp.waited_for.wait(SOON_S)
    finally:
        end.set()


def test_a_handshake_is_broken_off() -> None:
    """A TLS handshake that the server never begins is given up."""
    with FaultServer(mute=True) as server, reading(f"https://127.0.0.1:{server.port}/"):
        assert server.stalled.wait(SOON_S)


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (Answer(head=b"", ending="stall"), b""),
        (Answer(head=b"HTTP/1.1 200 OK\r\nX-", ending="stall"), b""),
        (Answer(b"line\n" * 9, sent=5, ending="stall"), b"line\n"),
        (Answer(b"line\n", framing="close", ending="stall"), b"line\n"),
        (Answer(b"line\n" * 9, framing="chunked", piece=5, sent=10, ending="stall"), b"line\n"),
    ],
    ids=["status", "headers", "body", "body without a length", "chunk"],
)
def test_a_response_is_broken_off(answer: Answer, data: bytes) -> None:
    """Wherever a response stalls, the read ends with Stopped, and the body is not complete."""
    with FaultServer() as server, reading(server.on("/log", answer).url("/log")) as blocked:
        assert server.stalled.wait(SOON_S)
    assert data.startswith(blocked.data)


def before(stream: ByteStream) -> None:
    """Cancel a stream that was not read yet."""
    stream.cancel()


def between(stream: ByteStream) -> None:
    """Cancel a stream of which a part was read."""
    assert stream.readinto(memoryview(bytearray(2)))
    stream.cancel()


def twice(stream: ByteStream) -> None:
    """Cancel twice, as a second signal may."""
    stream.cancel()
    stream.cancel()


@pytest.mark.parametrize("cancel", [before, between, twice])
def test_every_read_after_a_cancel_is_stopped(cancel: Callable[[ByteStream], None]) -> None:
    """After `cancel`, at whatever moment, each `readinto` raises Stopped, and closing is still possible."""
    with FaultServer() as server:
        stream = Fetch().open(server.on("/log", Answer(b"line\n" * 9)).url("/log"), PATIENT)
        cancel(stream)
        for _ in range(2):
            with pytest.raises(Stopped):
                stream.readinto(memoryview(bytearray(2)))
        stream.close()
        stream.cancel()
