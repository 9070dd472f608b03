"""Whole runs that end early: nothing hangs, the first cause is reported, and the counts are consistent."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from threading import Event

import pytest

from logproc.model.errors import InternalError, SourceError
from logproc.model.snapshot import Snapshot
from logproc.model.source import ByteStream, Kind, Source, State
from logproc.pipeline.openers import Openers, Permit, Wait
from logproc.pipeline.serial import run_serial
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from logproc.threads.channel import Channel
from logproc.threads.live import LiveView
from logproc.threads.pool import WorkerFailed
from logproc.threads.spool import Spool
from tests.threads.tools import Call, Stream, arrives, no_thread_can_start, source, thread_starts, until, waits

LINE = b'192.0.2.%d - - [07/Mar/2026:00:00:01 +0000] "GET /%d HTTP/1.1" 200 5 "-" "-"\n'
SETTINGS = Settings(chunk_size=1 << 12, workers=3)


def openers(streams: dict[str, Stream]) -> Openers:
    """Return openers behind which there are streams from memory."""
    real = Openers.of(SETTINGS)

    def open_source(_wait: object, _permit: object, source: Source) -> ByteStream:
        return streams[source.name]

    return Openers(open_source, real.peek)


def logs(folder: Path) -> list[Source]:
    """Return three files, and two that are read as streams are."""
    sources = []
    for index in range(5):
        path = folder / f"{index}.log"
        path.write_bytes(b"".join(LINE % (number % 250, number % 7) for number in range(400)))
        sources.append(Source(index, path.name, Kind.FILE if index < 3 else Kind.FIFO, str(path)))
    return sources


def reading_files() -> Openers:
    """Return the real openers, but for what is called a FIFO, which is opened as the file it is."""
    real = Openers.of(SETTINGS)

    def open_source(wait: Wait, permit: Permit, source: Source) -> ByteStream:
        return real.open_source(wait, permit, Source(source.index, source.name, Kind.FILE, source.location))

    return Openers(open_source, real.peek)


def same(one: Snapshot, other: Snapshot) -> bool:
    """Return whether two results are the same but for their `run`."""
    return (one.account, one.bytes, one.panels, one.sources) == (other.account, other.bytes, other.panels, other.sources)


def test_a_reader_that_nothing_can_wake_is_left_behind() -> None:
    """A run that fails ends although a reader is stuck in a call without a way out; the reader is named."""
    told, opened = Event(), Event()

    class Deaf(Stream):
        def readinto(self, buffer: memoryview) -> int:
            opened.set()
            arrives(told)
            return super().readinto(buffer)

    class Failing(Stream):
        def readinto(self, buffer: memoryview) -> int:
            arrives(opened)
            return super().readinto(buffer)

    error = ValueError("surprise")
    streams = {"deaf": Deaf(), "failing": Failing(b"", error)}
    sources = [source(0, "deaf", Kind.FIFO), source(1, "failing", Kind.FIFO)]
    run = Call(run_threaded, sources, SETTINGS, openers(streams)).outcome()
    told.set()
    assert run.cause is error
    assert run.left_behind in {("pipe-1",), ("pipe-2",)}  # whichever took the deaf one
    assert [result.state for result in run.snapshot.sources] == [State.INTERRUPTED] * 2


def test_a_keyboard_interrupt_stops_the_run() -> None:
    """Without the handlers, as in a program that uses logproc, Ctrl-C is the cause of a stop, and no thread is left."""
    silent, main = Stream(hold=True), threading.main_thread()

    def interrupt() -> None:
        until(lambda: waits(main, Channel.get))
        time.sleep(0.2)  # a moment before it sleeps in the kernel main would sleep on: that gap is closed by the handlers
        signal.pthread_kill(main.ident or 0, signal.SIGINT)

    helper = Call(interrupt)
    run = run_threaded([source(0, "silent", Kind.FIFO)], SETTINGS, openers({"silent": silent}))
    helper.outcome()
    assert isinstance(run.cause, KeyboardInterrupt)
    assert run.left_behind == ()
    assert silent.closed.is_set()


def test_the_first_failure_is_the_cause() -> None:
    """What fails because the run is being stopped does not hide why it is."""
    first, later = ValueError("first"), SourceError("later")

    class Sensitive(Stream):
        def cancel(self) -> None:
            self._error = later
            self.release()

    class Failing(Stream):
        def readinto(self, buffer: memoryview) -> int:
            arrives(sensitive.asked)
            return super().readinto(buffer)

    sensitive = Sensitive(hold=True)
    sources = [source(0, "sensitive", Kind.FIFO), source(1, "failing", Kind.FIFO)]
    run = Call(run_threaded, sources, SETTINGS, openers({"sensitive": sensitive, "failing": Failing(b"", first)})).outcome()
    assert run.cause is first
    assert run.left_behind == ()


def test_a_worker_that_fails_ends_a_run_whose_sources_are_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure of a worker wakes readers that wait for more, and the cause names the lines."""

    class Silent(Stream):
        def readinto(self, buffer: memoryview) -> int:
            count = super().readinto(buffer)
            self._released.clear()
            return count

    full = Spool()
    full.close()
    lines = Silent(b"not a record\n" * 1000)
    sources = [source(0, "silent", Kind.FIFO)]
    settings = Settings(chunk_size=1 << 12, format="combined")
    monkeypatch.setattr("logproc.sources.cutter.FLUSH_S", 0)
    run = Call(run_threaded, sources, settings, openers({"silent": lines}), full).outcome()
    assert isinstance(run.cause, WorkerFailed)


@pytest.fixture(scope="module")
def read_serially(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Source], Snapshot]:
    """Return five logs, and what the run without threads finds in them."""
    sources = logs(tmp_path_factory.mktemp("logs"))
    return sources, run_serial(sources, SETTINGS, reading_files()).snapshot


@pytest.mark.parametrize("allowed", range(25))
def test_with_few_threads_a_run_is_right_or_says_that_it_cannot_start_them(
    allowed: int, read_serially: tuple[list[Source], Snapshot]
) -> None:
    """Whichever thread is the first to be refused, nothing hangs, and the report is the serial one or says what happened."""
    sources, expected = read_serially
    with thread_starts(allowed + 1):  # one is the test's own
        run = Call(run_threaded, sources, SETTINGS, reading_files()).outcome()
    if run.cause is None:
        assert same(run.snapshot, expected)
    else:
        assert isinstance(run.cause, InternalError)
        assert str(run.cause).startswith("cannot start threads")
        assert not run.snapshot.complete


def test_without_any_thread_a_run_says_that_it_cannot_start_them(tmp_path: Path) -> None:
    """Where the operating system itself refuses every thread, the cause says so."""
    sources = logs(tmp_path)
    with no_thread_can_start():
        run = run_threaded(sources, SETTINGS, reading_files(), beside=lambda _: [LiveView(lambda: None)])
    assert str(run.cause).startswith("cannot start threads")
    assert [result.state for result in run.snapshot.sources] == [State.INTERRUPTED] * 5
