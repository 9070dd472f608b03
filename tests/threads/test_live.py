"""LiveView: it looks while others work, ends at once, and never disturbs."""

from __future__ import annotations

import threading
from threading import Event

import pytest

from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME
from logproc.model.errors import Stopped
from logproc.sources.reading import Reading, ReadingOptions
from logproc.threads import live
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import Channel
from logproc.threads.live import LiveView
from logproc.threads.reader import Charged, Reader, ToDo
from logproc.threads.stop import Stop
from tests.threads.tools import Call, Stream, arrives, source


def test_the_view_sees_what_a_reader_is_reading_while_it_reads() -> None:
    """The name of the source is seen from another thread while the reader is in the middle of it, and not after."""
    stop, silent, seen = Stop(), Stream(b"x\n", hold=True), Event()
    channel: Channel[Charged] = Channel(stop)

    def start_reading(_: object) -> Reading:
        return Reading(source(name="slow.log"), lambda _: silent, ReadingOptions(Choice(BY_NAME["combined"]), 1 << 20, 1 << 20))

    reader = Reader("reader-1", ToDo([source()]), start_reading, ByteBudget(1 << 20, stop), channel.put, stop)

    def paint() -> None:
        reading = reader.reading
        if reading and reading.source.name == "slow.log":
            seen.set()

    view = LiveView(paint)
    view.start()
    reader.start()
    try:
        arrives(seen)
    finally:
        silent.release()
        Call(reader.join).outcome()
        Call(view.finish).outcome()
    assert reader.reading is None


def test_a_view_that_is_finished_paints_no_more() -> None:
    """After `finish` returns nothing is painted: the screen belongs to the report."""
    painted, strokes = Event(), list[str]()

    def paint() -> None:
        strokes.append(threading.current_thread().name)
        painted.set()

    view = LiveView(paint)
    view.start()
    arrives(painted)
    Call(view.finish).outcome()
    assert not view.is_alive()
    assert set(strokes) == {"live view"}


def test_finish_ends_the_wait_for_the_next_stroke(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that waits for its next stroke, however far away, is woken."""
    monkeypatch.setattr(live, "REFRESH_S", 3600)
    view = LiveView(lambda: None)
    view.start()
    Call(view.finish).outcome()


def test_a_view_that_fails_ends_and_disturbs_nobody() -> None:
    """An exception in painting ends only the view: no traceback on the screen, no failure of the run."""
    for error in (OSError("the terminal has gone"), ValueError("a mistake"), Stopped()):

        def paint(error: Exception = error) -> None:
            raise error

        view = LiveView(paint)
        view.start()
        Call(view.join).outcome()
        Call(view.finish).outcome()


def test_a_view_that_was_never_started_can_be_finished() -> None:
    """If its thread cannot be started, the run continues without a view."""
    LiveView(lambda: None).finish()
