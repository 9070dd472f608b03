"""The progress, painted on a stream that records what is written."""

from __future__ import annotations

import io
import os
from threading import Thread

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from logproc.command.terminal.progress import WRAP_OFF, WRAP_ON, LiveStatus, ProgressPainter, status_of
from logproc.pipeline.threaded import Crew, run_threaded
from logproc.settings import Settings
from logproc.threads.live import Companion
from tests.command.terminal.live_status import STATUS
from tests.reports.texts import ANY_TEXT
from tests.support.fault_server import closed_port
from tests.support.reports_of import sources_of
from tests.threads.tools import until


class Terminal(io.TextIOWrapper):
    """A stream that records what is written."""

    def getvalue(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


def painter(columns: int = 100, rows: int = 24) -> tuple[ProgressPainter, Terminal]:
    """Return a painter without colour and its stream."""
    stream = Terminal(io.BytesIO(), encoding="utf-8")
    return ProgressPainter(stream, lambda: os.terminal_size((columns, rows)), color=False), stream


def painted(status: LiveStatus, columns: int = 100, rows: int = 24) -> str:
    view, stream = painter(columns, rows)
    view.paint(status)
    return stream.getvalue().partition(WRAP_OFF)[2].removesuffix(WRAP_ON)


def test_a_picture_tells_how_far_the_run_is() -> None:
    """A picture has the bar, bytes, rate, time passed and left, lines, sources, memory, and what each thread does."""
    assert painted(STATUS).splitlines() == [
        "█████░░░░░░░░░░░░░░░   25 %  250.0 MB of 1.0 GB  125.0 MB/s  0:02  0:06 left",
        "1,234,567 lines  3 of 12 sources  67.1 MB of 134.2 MB in flight",
        "  reader 1   access.log.1",
        "  worker 10  parsing",
    ]


def test_a_stream_of_unknown_size_has_neither_bar_nor_time_left() -> None:
    """Without a known size there is no bar and no time left."""
    first = painted(replace(STATUS, bytes_total=None)).splitlines()[0]
    assert first == "250.0 MB read  125.0 MB/s  0:02"


def test_the_first_moment_divides_by_nothing() -> None:
    """With no time passed and no bytes read there is no rate."""
    assert painted(replace(STATUS, bytes_read=0, bytes_total=0, elapsed_s=0.0)).startswith("0 B read  0 B/s  0:00\n")


def test_a_file_that_grew_is_not_over_full() -> None:
    """If more bytes were read than announced, the bar shows 100 %."""
    assert "100 %  2.0 GB of 2.0 GB" in painted(replace(STATUS, bytes_read=2 * 10**9))


def test_each_picture_takes_the_place_of_the_one_before_and_none_stays() -> None:
    """The painted lines and the cursor's own are erased line by line, once."""
    view, stream = painter()
    view.paint(STATUS)
    view.paint(replace(STATUS, threads=()))
    view.close()
    view.close()
    view.paint(STATUS)
    line = "\r\x1b[2K"
    assert stream.getvalue().count(line + 4 * ("\x1b[1A" + line) + WRAP_OFF) == 1
    assert stream.getvalue().endswith(WRAP_ON + line + 2 * ("\x1b[1A" + line))
    assert "\x1b[J" not in stream.getvalue()


def test_a_picture_after_a_pause_begins_below() -> None:
    """After Ctrl-Z the shell has written where the picture was: nothing of it is erased, neither then nor at the end."""
    stream, now = Terminal(io.BytesIO(), encoding="utf-8"), [0.0]
    view = ProgressPainter(stream, lambda: os.terminal_size((100, 24)), color=False, clock=lambda: now[0])
    for moment, erased in ((0.1, False), (0.2, True), (60.0, False), (60.1, True)):
        now[0], before = moment, len(stream.getvalue())
        view.paint(STATUS)
        assert ("\x1b[1A" in stream.getvalue()[before:]) is erased
    view.close()
    assert stream.getvalue().endswith(WRAP_ON + "\r\x1b[2K" + 4 * "\x1b[1A\r\x1b[2K")


def test_a_paused_terminal_is_not_a_pause_between_pictures() -> None:
    """While Ctrl-S holds the terminal, the painter waits in its write; afterwards its picture is where it was."""
    stream, now = Terminal(io.BytesIO(), encoding="utf-8"), [0.0]
    view = ProgressPainter(stream, lambda: os.terminal_size((100, 24)), color=False, clock=lambda: now[0])
    written = view.write

    def write_slowly(text: str) -> None:
        written(text)
        now[0] += 60

    view.write = write_slowly  # type: ignore[method-assign]  # of this one only
    view.paint(STATUS)
    view.paint(STATUS)
    assert stream.getvalue().count("\x1b[1A") == 4


def test_a_picture_has_at_most_79_cells() -> None:
    """A picture has at most 79 cells, so that it does not wrap when the window gets narrower."""
    assert max(map(cell_len, painted(replace(STATUS, bytes_read=2**70, threads=(("a" * 200, ""),)), 500).splitlines())) <= 79


def test_a_painter_that_never_painted_writes_nothing() -> None:
    """Closing an unused painter writes nothing."""
    view, stream = painter()
    view.close()
    assert stream.getvalue() == ""


def test_many_threads_are_counted() -> None:
    """Eight threads are named, the others counted."""
    threads = tuple((f"reader {number}", "reading") for number in range(1, 20))
    lines = painted(replace(STATUS, threads=threads)).splitlines()
    assert lines[-2:] == ["  reader 8  reading", "  and 11 more threads"]


@given(ANY_TEXT, st.integers(0, 120), st.integers(0, 30))
def test_a_picture_never_leaves_its_window(text: str, columns: int, rows: int) -> None:
    """Each line is printable and narrower than the window, and there are fewer lines than rows, whatever the names."""
    lines = painted(replace(STATUS, threads=((text, text),)), columns, rows).split("\n")
    assert all(line.isprintable() for line in lines)
    assert len(lines) <= max(rows, 2)
    assert max(map(cell_len, lines)) < max(columns, 2)


def test_a_stderr_that_is_closed_stops_no_run() -> None:
    """On a closed stderr the progress is silently lost."""
    view, stream = painter()
    stream.close()
    view.paint(STATUS)
    view.close()


def test_a_stream_that_waits_says_for_what() -> None:
    """The progress does not claim to read from a server that refuses connections: it says that it waits, how long, and why."""
    crews: list[Crew] = []

    def beside(crew: Crew) -> list[Companion]:
        crews.append(crew)
        return []

    def waits() -> bool:
        seen.extend(line for crew in crews for line in status_of(crew).threads if "try again" in line[1])
        return bool(seen)

    def watch() -> None:
        until(waits)
        crews[0].stop.set(KeyboardInterrupt())

    seen: list[tuple[str, str]] = []
    url = f"http://127.0.0.1:{closed_port()}/log"
    watcher = Thread(target=watch)
    watcher.start()
    run_threaded(sources_of(url), Settings(), beside=beside)
    watcher.join()
    assert ("stream-1", f"waiting 1 s to try again, connection refused: {url}") == seen[0]
