"""Ctrl-C at every bytecode of main during a run: the run ends, and its report is partial but consistent."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from logproc.model.chunk import Chunk
from logproc.model.errors import Interrupted
from logproc.model.source import Kind, Source, State
from logproc.pipeline.serial import Run
from logproc.pipeline.threaded import run_threaded
from logproc.settings import Settings
from logproc.threads import signals
from logproc.threads.channel import Channel
from logproc.threads.live import LiveView
from tests.support import logs
from tests.support.reports_of import report, sources_of
from tests.threads.test_ending import openers
from tests.threads.tools import Call, Stream, arrives, until, waits

SETTINGS = Settings(format="combined", chunk_size=2000, workers=1)
MAINS = ("logproc/pipeline/threaded.py", "logproc/threads/", "concurrent/futures/thread.py")
"""The code that main runs while it waits, submits and winds up. In C it cannot be interrupted, and nothing is raised there."""
AROUND_WAITS = {
    "work",
    "_is_done",
    "_heed",
    "_take",
    "get",
    "put",
    "wake",
    "submit",
    "close",
    "shutdown",
    "waking",
    "blocked",
    "noted",
}
"""The functions that main is in from the first wait to the last; all others only run before and after, and are for the soak."""
LEAST_PLACES = 300
"""Fewer places than this would mean that main is not followed."""
SOON_S = 1.0
Place = tuple[CodeType, int]


@pytest.fixture(autouse=True)
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have SIGINT and SIGTERM handled as in the program, and nothing noted before the test and after it."""
    for name, value in {"signal_number": None, "at_s": 0.0, "begun": False, "installed": True, "wake": None}.items():
        monkeypatch.setattr(signals._Noted, name, value)
    before = {number: signal.signal(number, signals._handle) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, old in before.items():
        signal.signal(number, old)
    inlet = signal.set_wakeup_fd(-1)
    if inlet >= 0:
        os.close(inlet)  # which ends the thread that listens


@contextmanager
def followed(at: Callable[[Place], object], names: set[str] | None = None) -> Iterator[None]:
    """Have `at` called before each bytecode of main's code while the block runs, or of its functions of some names."""

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        frame.f_trace_opcodes = True
        if event == "opcode":
            at((frame.f_code, frame.f_lasti))
        return trace

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        name, function = frame.f_code.co_filename, frame.f_code.co_name
        is_followed = (names is None or function in names) and any(part in name for part in MAINS)
        return trace(frame, "call", None) if is_followed else None

    # Early releases of Python 3.12 emit these events only if some frame asked for them before tracing began.
    sys._getframe().f_trace_opcodes = True
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(None)


def interrupted_at(wanted: Place, sources: tuple[Source, ...]) -> tuple[Run, float | None]:
    """Run with a SIGINT at the first visit of a place; return the run, and when the signal came."""
    came: list[float] = []

    def at(place: Place) -> None:
        if place == wanted and not came:
            came.append(time.monotonic())
            signal.raise_signal(signal.SIGINT)

    with followed(at, {wanted[0].co_name}):
        run = run_threaded(sources, SETTINGS)
    return run, came[0] if came else None


@pytest.mark.parametrize(
    "names", [AROUND_WAITS, pytest.param(None, marks=pytest.mark.soak)], ids=["around the waits", "everywhere"]
)
def test_ctrl_c_at_every_bytecode_of_main_ends_the_run(
    names: set[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever main is when the handler runs, in `get`, `submit` or in between, no lock stays taken and nothing is lost."""
    path = tmp_path / "log"
    path.write_bytes(logs.log(60))
    sources = sources_of(path)
    places: dict[Place, None] = {}
    with followed(places.setdefault, names):
        complete = run_threaded(sources, SETTINGS)
    assert complete.snapshot.account.records == 60
    assert len(places) > LEAST_PLACES
    hit = 0
    for place in places:
        for name, value in {"signal_number": None, "begun": True}.items():
            monkeypatch.setattr(signals._Noted, name, value)
        run, came_s = interrupted_at(place, sources)
        assert report(run.snapshot)  # each account closes
        if came_s is None:
            continue
        hit += 1
        assert time.monotonic() - came_s < SOON_S, place
        assert run.left_behind == ()
        if isinstance(run.cause, Interrupted):
            assert {source.state for source in run.snapshot.sources} <= {State.INTERRUPTED, State.COMPLETE}
        else:
            assert run.cause is None
            assert run.snapshot.account.records == 60  # it came when all was done
    assert hit > LEAST_PLACES


def test_a_second_signal_at_once_changes_nothing() -> None:
    """SIGINT and SIGTERM together, both sent to the process while main waits: the first is the cause, and nothing hangs."""
    silent = Stream(hold=True)

    def interrupt() -> float:
        until(lambda: waits(threading.main_thread(), Channel.get))
        arrives(silent.asked)
        sent_s = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        return sent_s

    with signals.blocked():
        helper = Call(interrupt)
    run = run_threaded([Source(0, "silent", Kind.FIFO, "silent")], SETTINGS, openers({"silent": silent}))
    assert time.monotonic() - helper.outcome() < SOON_S
    assert isinstance(run.cause, Interrupted)
    assert run.cause.exit_code in (130, 143)
    assert run.left_behind == ()


def test_a_partial_report_is_there_within_a_second_however_much_waits(tmp_path: Path) -> None:
    """Main is flooded with tiny chunks and the workers are slow: the interrupt is not served behind what came before it."""
    path = tmp_path / "log"
    path.write_bytes(logs.log(30_000))
    settings = Settings(format="combined", chunk_size=500, workers=1, memory=1 << 30)

    def interrupt() -> float:
        until(lambda: crews[0].pool.lines > 100 if crews else False)
        sent_s = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)
        return sent_s

    crews: list[Any] = []

    def beside(crew: Any) -> list[LiveView]:
        crews.append(crew)
        return []

    with signals.blocked():
        helper = Call(interrupt)
    run = run_threaded(sources_of(path), settings, beside=beside)
    assert time.monotonic() - helper.outcome() < SOON_S
    assert isinstance(run.cause, Interrupted)
    assert run.snapshot.account.closes
    assert 100 < run.snapshot.account.lines < 30_000


def test_every_whole_line_that_was_read_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in a reader, in the channel and before the workers when the signal comes is in the report."""

    class Trickle(Stream):
        def readinto(self, buffer: memoryview) -> int:
            count = super().readinto(buffer)
            self._released.clear()  # nothing more comes
            return count

    trickle = Trickle(logs.log(1000) + b"a piece of a line")
    begun, leave = threading.Event(), threading.Event()

    def slowly(plan: Any, chunk: Chunk) -> Any:
        begun.set()
        arrives(leave)
        return parse(plan, chunk)

    from logproc.pipeline import serial

    parse = serial.parse
    monkeypatch.setattr(serial, "parse", slowly)

    def interrupt() -> None:
        arrives(begun)
        until(lambda: trickle.bytes_read > 0)
        os.kill(os.getpid(), signal.SIGINT)
        until(lambda: trickle._cancelled)
        leave.set()

    with signals.blocked():
        helper = Call(interrupt)
    settings = Settings(format="combined", chunk_size=20_000, workers=1)
    run = run_threaded([Source(0, "trickle", Kind.FIFO, "trickle")], settings, openers({"trickle": trickle}))
    helper.outcome()
    assert isinstance(run.cause, Interrupted)
    assert (run.snapshot.account.lines, run.snapshot.account.records) == (1000, 1000)
    assert run.snapshot.sources[0].state is State.INTERRUPTED
