"""A web server on loopback that misbehaves by script: raw sockets, a thread per connection, a list of answers per path.

    with FaultServer() as server:
        server.on("/log", Answer(b"12345", sent=2, ending="reset"), Answer(b"12345"))
        ... server.url("/log") ... server.requests ...

The first request for a path gets its first answer, and so on; the last one is given again and again. An answer may be a
function of the request. What is waited for in here ends when the server is closed, and `stalled` tells that it waits.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of 0: closing sends RST instead of FIN."""


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request: the first line, and the headers by lower-case name."""

    line: str
    headers: Mapping[str, str]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and how it is sent.

    framing: how the end of the body is declared; "close" is HTTP/1.0 without a length. length: a false Content-Length.
    head: sent in place of the status line and the headers. sent: how many bytes of the (framed) body are sent, None for all.
    ending: what comes then: FIN, under TLS without close_notify; "notify", with it; a reset; or nothing at all. piece: bytes
    to one send, with pause_s between them; head_pause_s: the pause between two bytes of the head.
    """

    body: bytes = b""
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Literal["length", "chunked", "close"] = "length"
    length: int | None = None
    head: bytes | None = None
    sent: int | None = None
    ending: Literal["close", "notify", "reset", "stall"] = "close"
    piece: int = 1 << 16
    pause_s: float = 0.0
    head_pause_s: float = 0.0

    def head_bytes(self) -> bytes:
        if self.head is not None:
            return self.head
        own = {
            "length": {"Content-Length": str(len(self.body) if self.length is None else self.length)},
            "chunked": {"Transfer-Encoding": "chunked"},
            "close": {},
        }[self.framing]
        version = "HTTP/1.0" if self.framing == "close" else "HTTP/1.1"
        lines = [f"{version} {self.status}", *(f"{name}: {value}" for name, value in {**own, **self.headers}.items())]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def body_bytes(self) -> bytes:
        """Return the body as sent: framed and cut."""
        framed = self.body
        if self.framing == "chunked":
            parts = [self.body[i : i + self.piece] for i in range(0, len(self.body), self.piece)]
            framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in [*parts, b""])
        return framed[: self.sent]


Script = Answer | Callable[[Request], Answer]


def ranged(answer: Answer, *, etag: str = '"1"', **changes: Any) -> Callable[[Request], Answer]:
    """Return an answer that honours Range and If-Range; `changes` apply to a partial answer."""

    def of(request: Request) -> Answer:
        whole = replace(answer, headers={"ETag": etag, **answer.headers})
        wanted = request.headers.get("range", "")
        if not wanted or request.headers.get("if-range", etag) != etag:
            return whole
        first, size = int(wanted.removeprefix("bytes=").removesuffix("-")), len(answer.body)
        if first >= size:
            return Answer(b"nothing\n", "416 Range Not Satisfiable", {"Content-Range": f"bytes */{size}", "ETag": etag})
        part = {"Content-Range": f"bytes {first}-{size - 1}/{size}"}
        return replace(
            whole, body=answer.body[first:], status="206 Partial Content", headers={**whole.headers, **part}, **changes
        )

    return of


class FaultServer:
    """The server. `requests` may be read at any time."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, mute: bool = False, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.stalled = threading.Event()
        self._tls = tls
        self._mute = mute
        self._scripts: dict[str, list[Script]] = {}
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        # Guards the lists above against the threads of two connections; held for their changes only.
        self._lock = threading.Lock()
        self._closing = threading.Event()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="fault server")

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def on(self, path: str, *scripts: Script) -> Self:
        self._scripts[path] = list(scripts)
        return self

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), name="fault server's connection")
            with self._lock:
                self._open.add(connection)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with contextlib.suppress(OSError):
                self._talk(connection)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _talk(self, connection: socket.socket) -> None:
        if self._mute:
            self._stall(connection)
            return
        channel = self._tls.wrap_socket(connection, server_side=True) if self._tls else connection
        with channel:
            request = read_request(channel)
            if request and not self._closing.is_set():
                self._answer(channel, self._choose(request))

    def _choose(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            scripts = self._scripts.get(request.target.partition("?")[0], [Answer(status="404 Not Found")])
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script(request) if callable(script) else script

    def _answer(self, channel: socket.socket, answer: Answer) -> None:
        head, body = answer.head_bytes(), answer.body_bytes()
        self._send(channel, head, 1 if answer.head_pause_s else len(head) or 1, answer.head_pause_s)
        self._send(channel, body, answer.piece, answer.pause_s)
        if answer.ending == "stall":
            self._stall(channel)
        elif answer.ending == "notify" and isinstance(channel, ssl.SSLSocket):
            channel.unwrap()
        elif answer.ending == "reset":
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def _send(self, channel: socket.socket, data: bytes, piece: int, pause_s: float) -> None:
        for start in range(0, len(data), piece):
            if start and pause_s and self._closing.wait(pause_s):
                return
            channel.sendall(data[start : start + piece])

    def _stall(self, channel: socket.socket) -> None:
        """Send nothing until either side closes."""
        self.stalled.set()
        while channel.recv(1 << 16):
            pass


def read_request(channel: socket.socket) -> Request | None:
    """Return the next request, None if the client closes or does not speak HTTP."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = channel.recv(1 << 16)
        if not more:
            return None
        data += more
        if not data[:1].isalpha():
            channel.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return None
    line, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    return Request(line, {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)})


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """Yield the port of a listener that never accepts and whose queue is full: a connection to it stays pending."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        pending = False
        while not pending:
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
            poll = select.poll()
            poll.register(client, select.POLLOUT)
            pending = not poll.poll(100)
        yield listener.getsockname()[1]


def closed_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
