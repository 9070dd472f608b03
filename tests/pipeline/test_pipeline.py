"""Whole runs: the threaded one gives what the serial one gives, whatever the schedule, the sizes and the packing."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from logproc.formats import known
from logproc.model.errors import SourceError
from logproc.model.snapshot import Snapshot
from logproc.model.source import ByteStream, Kind, Source, State
from logproc.pipeline.openers import Openers
from logproc.pipeline.serial import Run, run_serial
from logproc.pipeline.threaded import Crew, run_threaded
from logproc.settings import Settings
from logproc.sources.resolve import resolve
from logproc.threads.live import Companion
from logproc.threads.pool import WorkerFailed
from tests.support import broken_format, logs
from tests.support.fault_server import Answer, FaultServer
from tests.support.oracle import truth, without_holes
from tests.support.reports_of import PACKINGS, report, serial, sources_of, stdin, switch_interval, threaded

LINE = logs.line() + b"\n"
KNOBS = st.fixed_dictionaries(
    {
        "readers": st.integers(1, 8),
        "workers": st.integers(1, 8),
        "memory": st.sampled_from([1, 5000, 20_000, 1 << 20, 128 << 20]),
        "chunk_size": st.sampled_from([1, 2, 80, 1000, 4096, 1 << 16, None]),
        "min_keys": st.sampled_from([1, 30, 400_000]),
    }
)
PARTS = st.lists(st.tuples(logs.contents(), st.sampled_from(sorted(PACKINGS))), min_size=1, max_size=4)


@given(parts=PARTS, typed=logs.contents(), knobs=KNOBS, cut=st.integers(0, 40), interval=st.sampled_from([0.005, 1e-6]))
@example(parts=[(LINE * 3, "plain")], typed=LINE[:-1], knobs={"chunk_size": 1, "memory": 1}, cut=0, interval=1e-6)
def test_any_schedule_gives_the_serial_report(
    parts: list[tuple[bytes, str]], typed: bytes, knobs: dict[str, Any], cut: int, interval: float
) -> None:
    """For any logs, readers, workers, budget, chunk size and switch interval the report is the serial one, byte for byte."""
    with tempfile.TemporaryDirectory() as name, switch_interval(interval):
        folder = Path(name)
        for number, (content, packing) in enumerate(parts):
            packed = PACKINGS[packing](content)
            (folder / f"{number}.log").write_bytes(packed[:-cut] if cut and number == 1 else packed)
        (folder / "stdin").write_bytes(typed)
        sources = sources_of(*sorted(folder.glob("*.log")), "-", folder / "missing")
        with stdin(folder / "stdin"):
            expected = serial(sources, max_line_bytes=500)
            assert threaded(sources, max_line_bytes=500, **knobs) == expected
            assert serial(sources, max_line_bytes=500, chunk_size=knobs["chunk_size"]) == expected


@given(content=logs.contents(max_lines=30), chunk_size=st.sampled_from([1, 200, None]))
@example(content=b"\0\n" + logs.line() + b"\n\0\0" + logs.line() + bytes(16) + logs.line() + b"\n", chunk_size=1)
def test_a_run_finds_what_the_oracle_finds(content: bytes, chunk_size: int | None) -> None:
    """The account, the sums and each panel of a Combined log are what a plain loop over its lines counts."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "log")
        path.write_bytes(content)
        run = run_threaded(sources_of(path), Settings(format="combined", chunk_size=chunk_size, top=0))
    found, expected = run.snapshot, truth(without_holes(content))
    account = found.account
    assert (account.lines, account.records, account.rejected, account.blank) == (
        *(expected.lines, expected.records),
        *(len(expected.rejected), expected.blank),
    )
    assert (found.bytes, found.malformed_requests) == (expected.bytes, expected.malformed_requests)
    for panel in found.panels.values():
        rows = {row.key[0]: (row.count, row.bytes) for row in panel.rows}
        assert (panel.name, rows) == (panel.name, expected.counts(panel.name))


def from_file(content: bytes, folder: Path) -> Snapshot:
    """Read a plain file."""
    path = folder / "log"
    path.write_bytes(content)
    return run_threaded(sources_of(path), Settings(top=0)).snapshot


def through_stdin(content: bytes, folder: Path) -> Snapshot:
    """Read standard input."""
    path = folder / "typed"
    path.write_bytes(content)
    with stdin(path):
        return run_threaded(sources_of("-"), Settings(top=0)).snapshot


def through_fifo(content: bytes, folder: Path) -> Snapshot:
    """Read a FIFO that somebody writes to."""
    path = folder / "fifo"
    os.mkfifo(path)
    writer = Thread(target=path.write_bytes, args=(content,))
    writer.start()
    run = run_threaded(sources_of(path), Settings(top=0))
    writer.join()
    return run.snapshot


def packed(packing: str) -> Callable[[bytes, Path], Snapshot]:
    """Return how to read a file of some packing."""
    return lambda content, folder: from_file(PACKINGS[packing](content), folder)


def from_server(make: Callable[[bytes], Answer]) -> Callable[[bytes, Path], Snapshot]:
    """Return how to read a URL."""

    def read(content: bytes, _folder: Path) -> Snapshot:
        with FaultServer() as server:
            server.on("/log", make(content))
            return run_threaded(sources_of(server.url("/log")), Settings(top=0)).snapshot

    return read


WAYS = {
    **{packing: packed(packing) for packing in PACKINGS},
    "stdin": through_stdin,
    "gz through stdin": lambda content, folder: through_stdin(PACKINGS["gz"](content), folder),
    "fifo": through_fifo,
    "http with a length": from_server(Answer),
    "http in chunks": from_server(lambda content: Answer(content, framing="chunked", piece=1000)),
    "http in chunks of a byte": from_server(lambda content: Answer(content, framing="chunked", piece=1)),
    "http of a gz file": from_server(lambda content: Answer(PACKINGS["gz"](content))),
    "http with Content-Encoding": from_server(
        lambda content: Answer(PACKINGS["gz"](content), headers={"Content-Encoding": "gzip"}, framing="chunked")
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_packing_and_transport_change_no_number(way: str, tmp_path: Path) -> None:
    """Plain, with CRLF, packed, through a pipe or from a server: the totals and all panels are the same."""
    content = logs.log(120, damaged=0.3, seed=5)
    expected, found = from_file(content, tmp_path), WAYS[way](content, tmp_path)
    assert expected.account.rejected > 5
    assert found.sources[0].state is State.COMPLETE
    assert (found.account, found.bytes, found.malformed_requests) == (
        *(expected.account, expected.bytes),
        expected.malformed_requests,
    )
    assert (found.first, found.last, found.panels) == (expected.first, expected.last, expected.panels)
    assert found.sources[0].rejected_by_reason == expected.sources[0].rejected_by_reason


def test_a_source_that_fails_changes_no_other() -> None:
    """Sources that fail in any way do not affect the others in the report."""
    content = logs.log(40)
    with FaultServer() as server, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = folder / "good.log"
        good.write_bytes(content)
        (folder / "cut.gz").write_bytes(PACKINGS["gz"](content)[:-30])
        (folder / "binary").write_bytes(bytes(range(256)) * 40)
        server.on("/half", Answer(content, sent=1000, ending="reset"))
        before = [folder / "missing", folder / "cut.gz", folder / "binary"]
        behind = [server.url("/gone"), server.url("/half"), name]
        settings = Settings(retries=0)
        alone = run_threaded(sources_of(good), settings).snapshot
        beside = run_threaded(sources_of(*before, good, *behind), settings).snapshot
    assert beside.sources[3] == alone.sources[0]
    assert [source.state is State.COMPLETE for source in beside.sources] == [False] * 3 + [True] + [False] * 3


def files(folder: Path, count: int = 3) -> tuple[Source, ...]:
    """Return some files of 200 lines."""
    for number in range(count):
        (folder / f"{number}.log").write_bytes(logs.log(200, seed=number))
    return resolve([str(folder / f"{number}.log") for number in range(count)], recursive=False)


def test_an_exception_in_a_worker_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run stops with a cause that names the source and the lines, and what was merged until then is its report."""
    monkeypatch.setitem(known.BY_NAME, broken_format.NAME, broken_format.Broken())
    settings = Settings(format=broken_format.NAME, chunk_size=4096, workers=2, memory=20_000)
    run = run_threaded(files(tmp_path), settings)
    assert isinstance(run.cause, WorkerFailed)
    assert isinstance(run.cause.__cause__, ZeroDivisionError)
    assert 1 <= run.cause.first_line <= run.cause.last_line <= 200
    assert run.left_behind == ()
    assert not run.snapshot.complete
    assert report(run.snapshot)
    assert 0 < run.snapshot.account.records < 600


def test_an_exception_in_a_reader_ends_the_run(tmp_path: Path) -> None:
    """The run stops with that exception, which says which thread was reading what, and where."""
    settings = Settings(chunk_size=4096, workers=2)
    sources = files(tmp_path)
    run = run_threaded(sources, settings, failing_at(Openers.of(settings), sources[1], MemoryError("surprise")))
    assert isinstance(run.cause, MemoryError)
    assert any(sources[1].name in note and "behind line" in note for note in run.cause.__notes__)
    assert run.left_behind == ()
    assert run.snapshot.sources[1].state is State.INTERRUPTED
    assert report(run.snapshot)


def test_an_exception_at_the_opening_ends_the_run(tmp_path: Path) -> None:
    """An exception at opening that is not a SourceError is the cause of the stop."""
    settings = Settings()
    real, surprise = Openers.of(settings), ZeroDivisionError("surprise")

    def open_source(*_: Any) -> ByteStream:
        raise surprise

    assert run_threaded(files(tmp_path), settings, replace(real, open_source=open_source)).cause is surprise


def test_an_exception_in_the_probe_ends_the_run(tmp_path: Path) -> None:
    """A look at a file that fails unexpectedly stops the run before it is read."""
    surprise = ZeroDivisionError("surprise")

    def look(*_: Any) -> Any:
        raise surprise

    run = run_threaded(files(tmp_path), Settings(), replace(Openers.of(Settings()), peek=look))
    assert run.cause is surprise
    assert [source.state for source in run.snapshot.sources] == [State.INTERRUPTED] * 3


def failing_at(openers: Openers, failing: Source, error: BaseException) -> Openers:
    """Return openers with which one source fails after its first bytes."""

    def open_source(wait: Any, permit: Any, source: Source) -> ByteStream:
        stream = openers.open_source(wait, permit, source)
        return Failing(stream, error) if source is failing else stream

    return replace(openers, open_source=open_source)


class Failing(logs.ScriptedStream):
    """A stream that raises an unexpected exception after its first 5,000 bytes."""

    def __init__(self, stream: ByteStream, error: BaseException) -> None:
        super().__init__(b"")
        self._stream = stream
        self._surprise = error

    def readinto(self, buffer: memoryview) -> int:
        """Give some bytes, then fail."""
        if self.bytes_read:
            raise self._surprise
        self.bytes_read = self._stream.readinto(buffer[:5000])
        return self.bytes_read

    def close(self) -> None:
        """Close what was opened."""
        self._stream.close()


def test_a_failure_behind_the_first_lines_is_the_sources_own(tmp_path: Path) -> None:
    """After an expected failure the lines before it are counted and reported, and the run continues."""
    settings = Settings()
    sources = files(tmp_path)
    run = run_threaded(sources, settings, failing_at(Openers.of(settings), sources[0], SourceError("I/O error at byte 5000")))
    assert run.cause is None
    first = run.snapshot.sources[0]
    assert (first.state, first.reason) == (State.INCOMPLETE, f"I/O error at byte 5000 after {first.account.lines} lines")
    assert [source.account.lines for source in run.snapshot.sources[1:]] == [200, 200]


@pytest.fixture
def silent_fifo(tmp_path: Path) -> Iterator[Path]:
    """Make a FIFO with a writer that writes nothing."""
    path = tmp_path / "silent"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(path, os.O_WRONLY)
    os.close(reading)
    yield path
    os.close(writing)


def test_a_silent_stream_is_left_when_a_file_fails(tmp_path: Path, silent_fifo: Path) -> None:
    """A failure ends the run although another reader waits for a pipe that says nothing."""
    settings = Settings()
    sources = sources_of(silent_fifo, *(Path(str(source.location)) for source in files(tmp_path)))
    assert sources[0].kind is Kind.FIFO
    run = run_threaded(sources, settings, failing_at(Openers.of(settings), sources[2], MemoryError("surprise")))
    assert isinstance(run.cause, MemoryError)
    assert run.left_behind == ()
    assert run.snapshot.sources[0].state is State.INTERRUPTED


def test_the_serial_run_needs_no_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`run_serial` starts no thread at all."""

    def start(_: Thread) -> None:
        raise AssertionError("a thread was started")

    monkeypatch.setattr(Thread, "start", start)
    run = run_serial(files(tmp_path), Settings())
    assert run.snapshot.account.lines == 600


def test_many_urls_are_not_as_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams share a bounded number of readers; at most as many silent ones are waited for at once."""
    started: list[str] = []
    real_start = Thread.start

    def start(thread: Thread) -> None:
        started.append(thread.name)
        real_start(thread)

    monkeypatch.setattr(Thread, "start", start)
    with FaultServer() as server:
        server.on("/log", Answer(LINE * 2))
        urls = [f"{server.url('/log')}?{number}" for number in range(60)]
        run = run_threaded(sources_of(*urls), Settings(connections_per_host=8, streams=5))
    assert run.cause is None
    assert run.snapshot.account.records == 120
    assert sorted(name for name in started if name.startswith("stream")) == [f"stream-{number}" for number in range(1, 6)]


def test_a_pipe_without_a_writer_holds_up_no_other_source(tmp_path: Path) -> None:
    """However many pipes are silent, those that have a writer are read to their end."""
    silent, spoken = ([tmp_path / f"{word}-{number}" for number in range(30)] for word in ("silent", "spoken"))
    for path in (*silent, *spoken):
        os.mkfifo(path)
    for path in spoken:
        Thread(target=path.write_bytes, args=(LINE,), daemon=True).start()
    counted, run = lines_while_it_goes_on(*silent, *spoken, wanted=len(spoken))
    assert counted == len(spoken)
    states = [source.state for source in run.snapshot.sources]
    assert states == [State.INTERRUPTED] * len(silent) + [State.COMPLETE] * len(spoken)


def test_a_dead_server_holds_up_no_other() -> None:
    """Of a server that is silent, at most as many URLs are waited for as it may have connections; the others are read."""
    with FaultServer() as dead, FaultServer() as living:
        dead.on("/log", Answer(b"", head=b"", ending="stall"))
        living.on("/log", Answer(LINE))
        urls = [f"{server.url('/log')}?{number}" for server in (dead, living) for number in range(40)]
        counted, run = lines_while_it_goes_on(*urls, wanted=40)
        assert len(dead.requests) <= 4
    assert counted == 40
    assert [source.state for source in run.snapshot.sources] == [State.INTERRUPTED] * 40 + [State.COMPLETE] * 40


def test_waiting_for_a_turn_is_not_counted_as_max_time() -> None:
    """URLs that wait for others at their server, or at the one they are sent to, are not cut off for that."""
    with FaultServer() as slow, FaultServer() as first, FaultServer() as second, FaultServer() as third:
        slow.on("/log", Answer(LINE, head_pause_s=0.007))  # a third of a second each
        senders = (first, second, third)
        for sender in senders:
            sender.on("/there", Answer(b"", "302 Found", {"Location": slow.url("/log")}))
        urls = [f"{slow.url('/log')}?{number}" for number in range(3)] + [sender.url("/there") for sender in senders]
        run = run_threaded(sources_of(*urls), Settings(connections_per_host=1, max_time=0.9))
    assert [source.reason for source in run.snapshot.sources] == [None] * 6


def lines_while_it_goes_on(*arguments: str | Path, wanted: int = 3) -> tuple[int, Run]:
    """Run until so many lines are counted, of sources that do not all end, then stop; return how many were, and the run."""
    crews: list[Crew] = []

    def beside(crew: Crew) -> list[Companion]:
        crews.append(crew)
        return []

    def watch() -> None:
        deadline = time.monotonic() + 20
        while not (crews and crews[0].pool.lines == wanted) and time.monotonic() < deadline:
            time.sleep(0.01)
        seen.append(crews[0].pool.lines)
        crews[0].stop.set(KeyboardInterrupt())

    seen: list[int] = []
    watcher = Thread(target=watch)
    watcher.start()
    run = run_threaded(sources_of(*arguments), Settings(), beside=beside)
    watcher.join()
    return seen[0], run


def test_lines_of_a_silent_fifo_are_counted(silent_fifo: Path) -> None:
    """Lines of a live stream are counted while it is silent, before it ends."""
    writer = os.open(silent_fifo, os.O_RDWR)  # which does not wait for the reader
    os.write(writer, LINE * 3 + b"a piece")
    counted, run = lines_while_it_goes_on(silent_fifo)
    os.close(writer)
    assert counted == run.snapshot.account.records == run.snapshot.account.lines == 3
    assert run.snapshot.sources[0].state is State.INTERRUPTED


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_lines_of_a_silent_server_are_counted(framing: Literal["length", "chunked", "close"]) -> None:
    """The same from a web server, however it says where the body ends; behind a chunk its line end is there already."""
    sent = 3 * len(LINE)
    if framing == "chunked":
        sent += len(b"%x\r\n" % sent) + len(b"\r\n")
    with FaultServer() as server:
        server.on("/log", Answer(LINE * 9, sent=sent, piece=3 * len(LINE), framing=framing, ending="stall"))
        counted, run = lines_while_it_goes_on(server.url("/log"))
    assert counted == run.snapshot.account.records == run.snapshot.account.lines == 3
