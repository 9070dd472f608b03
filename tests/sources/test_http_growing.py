"""Following a log behind a URL, at a real server whose log grows while it is read."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from logproc.model.errors import SourceError, Stopped
from logproc.sources.http.growing import ENCODED, REPLACED, Growing
from logproc.sources.http.options import HttpOptions
from logproc.sources.http.redirects import Fetcher
from logproc.sources.http.transport import Transport
from logproc.sources.http.urls import parse_url
from tests.support import processes
from tests.support.fault_server import Answer, FaultServer, Request, closed_port, ranged

LINE = '10.0.0.1 - - [10/Oct/2025:13:55:{:02}+0000] "GET /a HTTP/1.1" 200 5\n'
PATIENCE_S = 20


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


class Reader:
    """Reads a growing log in a thread, and polls it often."""

    def __init__(self, url: str, last_bytes: int = 0) -> None:
        self.data = bytearray()
        self.error: Exception | None = None
        stopping = Event()
        transport = Transport(5, 5, None, time.monotonic)
        fetcher = Fetcher(parse_url(url), HttpOptions(grows=True), transport, lambda _: nullcontext())
        self.log = Growing(fetcher, transport, stopping.wait, lambda: 0.0, poll_s=0.05, last_bytes=last_bytes)
        self._stopping = stopping
        self._thread = Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        block = memoryview(bytearray(1000))
        try:
            self.log.begin()
            while True:
                self.data += block[: self.log.readinto(block)]
        except (SourceError, Stopped) as error:
            self.error = error
        finally:
            self.log.close()

    def close(self) -> None:
        self._stopping.set()
        self.log.cancel()
        self._thread.join(5)
        assert not self._thread.is_alive()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as started:
        yield started


@pytest.fixture
def read() -> Iterator[Callable[[str], Reader]]:
    readers: list[Reader] = []

    def start(url: str) -> Reader:
        readers.append(Reader(url))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


def conditional(log: SimpleNamespace, *, ranges: bool) -> Callable[[Request], Answer]:
    """Return the answers of a server whose log is `log.body`, with an ETag for each content."""

    def of(request: Request) -> Answer:
        etag = f'"{hash(log.body)}"'
        if request.headers.get("if-none-match") == etag:
            return Answer(status="304 Not Modified", headers={"ETag": etag})
        whole = Answer(log.body, headers={"ETag": etag})
        return ranged(whole, etag=etag)(request) if ranges else whole

    return of


@pytest.mark.parametrize("ranges", [True, False])
def test_what_is_appended_comes_once(server: FaultServer, read: Callable[[str], Reader], ranges: bool) -> None:
    """With ranges only what is new is sent again, and a few bytes before it; without, nothing while nothing changes."""
    log = SimpleNamespace(body=b"".join(b"line %d\n" % at for at in range(1000)))
    server.on("/log", conditional(log, ranges=ranges))
    reader = read(server.url("/log"))
    for at in range(5):
        until(lambda: bytes(reader.data) == log.body)
        log.body += b"more %d\n" % at
    until(lambda: bytes(reader.data) == log.body)
    until(lambda: "if-none-match" in server.requests[-1].headers)
    assert reader.log.notes == []
    assert any("range" in request.headers for request in server.requests)
    assert reader.log.bytes_read == len(log.body)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("body", [b"new\n", b"", b"another line that is longer than what was there before\n"], ids=len)
def test_a_replaced_log_is_read_from_its_start(
    server: FaultServer, read: Callable[[str], Reader], body: bytes, ranges: bool
) -> None:
    """Also if it is longer than the one before, of which an incomplete line becomes a line of its own."""
    log = SimpleNamespace(body=b"old line 1\nold line 2\nincomple")
    old = log.body
    server.on("/log", conditional(log, ranges=ranges))
    reader = read(server.url("/log"))
    until(lambda: bytes(reader.data) == old)
    log.body = body
    until(lambda: bytes(reader.data) == old + b"\n" + body)
    assert reader.log.notes == [REPLACED]
    log.body += b"and more\n"
    until(lambda: reader.data.endswith(body + b"and more\n"))


def test_a_server_that_fails_for_a_while_is_asked_again(server: FaultServer, read: Callable[[str], Reader]) -> None:
    """Each kind of failure is noted once; nothing is read twice after it."""
    log = SimpleNamespace(body=b"one\n")
    good = conditional(log, ranges=True)
    failed = Answer(status="503 Service Unavailable", headers={"Retry-After": "1"})
    cut = Answer(b"x" * 50, sent=3, ending="reset")
    server.on("/log", good, failed, failed, Answer(status="404 Not Found"), good)
    reader = read(server.url("/log"))
    until(lambda: len(server.requests) >= 5)
    log.body += b"two\n"
    until(lambda: bytes(reader.data) == log.body)
    assert reader.log.notes == ["failed for a while: 503 Service Unavailable", "failed for a while: 404 Not Found"]
    assert cut.sent == 3


def test_a_server_that_comes_later_is_waited_for(read: Callable[[str], Reader]) -> None:
    """It may be started after the run; a log that does not exist is an error all the same."""
    reader = read(f"http://127.0.0.1:{closed_port()}/log")
    until(lambda: reader.log.notes == ["failed for a while: connection refused"])
    assert reader.error is None


def test_a_log_that_is_not_there_is_an_error(server: FaultServer, read: Callable[[str], Reader]) -> None:
    """A URL that is wrong should not wait for ever."""
    server.on("/log", Answer(status="404 Not Found"))
    reader = read(server.url("/log"))
    until(lambda: reader.error is not None)
    assert str(reader.error).startswith("404")


def test_a_compressed_answer_is_refused(server: FaultServer, read: Callable[[str], Reader]) -> None:
    """It is not asked for; and its bytes would change with each line."""
    server.on("/log", Answer(b"x", headers={"Content-Encoding": "gzip"}))
    reader = read(server.url("/log"))
    until(lambda: reader.error is not None)
    assert isinstance(reader.error, SourceError)
    assert (reader.error.what, reader.error.hint) == ENCODED
    assert server.requests[0].headers["accept-encoding"] == "identity"


def test_a_part_that_was_not_requested_is_not_used(server: FaultServer, read: Callable[[str], Reader]) -> None:
    """From then on the whole log is requested, and what is known skipped."""
    wrong = Answer(b"zzz\n", "206 Partial Content", {"Content-Range": "bytes 7-10/11"})
    server.on("/log", Answer(b"one\n"), wrong, Answer(b"one\ntwo\n"))
    reader = read(server.url("/log"))
    until(lambda: bytes(reader.data) == b"one\ntwo\n")


def test_a_run_follows_more_urls_than_it_has_connections(server: FaultServer, tmp_path: Path) -> None:
    """Between two requests nobody holds a connection, so each URL is followed; a log file beside them, too."""
    logs = [SimpleNamespace(body=LINE.format(at).encode()) for at in range(12)]
    for at, log in enumerate(logs):
        server.on(f"/{at}.log", conditional(log, ranges=True))
    report = tmp_path / "report.json"
    (tmp_path / "a.log").write_text(LINE.format(1))

    def lines() -> int:
        with suppress(FileNotFoundError):
            return int(json.loads(report.read_text())["account"]["records"])
        return 0

    urls = [server.url(f"/{at}.log") for at in range(12)]
    command: list[str | Path] = ["-f", "a.log", *urls, "--every", "0.2", "-o", report, "-q", "--connections-per-host", "2"]
    with processes.started(*command, cwd=tmp_path) as process:
        until(lambda: lines() == 13)
        for log in logs:
            log.body += LINE.format(2).encode()
        until(lambda: lines() == 25)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        ended = processes.ended(process)
        assert time.monotonic() - started < 2
    assert (ended.code, ended.stderr) == (0, "")
    assert json.loads(report.read_text())["complete"]


def test_show_begins_with_the_last_records_of_a_url(server: FaultServer, tmp_path: Path) -> None:
    """Of each URL there are as many as of all files: ten that match or as many as are asked for, and then what is new."""

    def lines(name: str, first: int, end: int) -> str:
        return "".join(LINE.format(at % 60).replace("/a", f"/{name}{at}") for at in range(first, end))

    log = SimpleNamespace(body=b"")
    server.on("/log", conditional(log, ranges=True))
    file, out = tmp_path / "a.log", tmp_path / "out"
    file.write_text(lines("f", 0, 30))

    def shown(*options: str | Path, most: int) -> str:
        log.body = lines("u", 0, 3000).encode()
        with out.open("wb") as stream, processes.started("show", "-f", *options, stdout=stream) as process:
            until(lambda: out.read_bytes().count(b"\n") >= most)
            log.body += lines("u", 3000, 3002).encode()
            until(lambda: b"/u3001" in out.read_bytes())
            process.send_signal(signal.SIGINT)
            assert processes.ended(process).code == 0
        return out.read_text()

    assert shown(server.url("/log"), most=10) == lines("u", 2990, 3002)
    both = shown(server.url("/log"), file, "--tail", "2", most=4).splitlines(keepends=True)
    assert "".join(line for line in both if "/u" in line) == lines("u", 2998, 3002)
    assert "".join(line for line in both if "/f" in line) == lines("f", 28, 30)


@pytest.mark.parametrize("head", [b"", b"#Fields: date time\n", b"\0"], ids=["log", "directives", "NUL"])
@pytest.mark.parametrize("ranges", ["bytes", ""])
def test_of_a_long_log_only_the_end_is_received(server: FaultServer, ranges: str, head: bytes) -> None:
    """From a server that sends parts, unless the rest cannot be read without the beginning; then on as ever."""
    log = SimpleNamespace(body=head + b"".join(b"line %d\n" % at for at in range(100_000)))

    def of(request: Request) -> Answer:
        answer = conditional(log, ranges=bool(ranges))(request)
        return replace(answer, headers={**answer.headers, "Accept-Ranges": ranges})

    server.on("/log", of)
    reader = Reader(server.url("/log"), last_bytes=1000)
    try:
        until(lambda: bytes(reader.data).endswith(b"line 99999\n"))
        log.body += b"new\n"
        until(lambda: bytes(reader.data).endswith(b"line 99999\nnew\n"))
        if ranges and not head:
            assert log.body.endswith(b"\n" + bytes(reader.data))
            assert 900 < len(reader.data) <= 1000 + len(b"new\n")
        else:
            assert bytes(reader.data) == log.body
        assert reader.log.notes == []
        log.body = b"another log\n"
        until(lambda: bytes(reader.data).endswith(b"new\nanother log\n"))
    finally:
        reader.close()
