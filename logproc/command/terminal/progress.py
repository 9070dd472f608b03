"""The progress of a run, repainted in place on a terminal's stderr and erased when the run ends.

The painter has no thread of its own; its owner calls `paint` as often as it likes.

The terminal also shows earlier output, messages, and at the end the report. So a picture is erased line by line, never
"everything below the cursor", and each of its lines is exactly one row of the screen.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import TextIO

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment

from logproc.pipeline.threaded import Crew
from logproc.reports.output import write_whole
from logproc.reports.text.style import BAR, BOLD, DIM, Line, Look, cut, flow, paint
from logproc.reports.units import count, size
from logproc.threads.reader import Reader, Reading

MOST_THREADS = 8
BAR_CELLS = 20
GAP = 2
STOPPED_S = 1.0
"""After so long a pause between two pictures, ten of which are painted in a second, the process was stopped (Ctrl-Z)."""
MOST_CELLS = 79
"""The longest line, however wide the window: many terminals rewrap existing lines when the window gets narrower."""
ERASE_LINE = "\r\x1b[2K"
UP = "\x1b[1A"
WRAP_OFF, WRAP_ON = "\x1b[?7l", "\x1b[?7h"
"""DECAWM: the window may have shrunk since its size was read, or give a character more cells than we count."""


class LiveStatus(Struct, frozen=True):
    """What a run is doing at one moment.

    bytes_read, bytes_total: of the sources as stored (compressed); the total is None if the size of a source is unknown.
    lines: counted so far, None if that is known only at the end. sources_done, sources_total: how many sources, or on a cluster
        pieces of them, have ended, and how many there are.
    threads: the name of each thread and what it is doing, in a few words.
    in_flight_bytes, budget_bytes: the memory that chunks hold, and the most they may hold; 0 if that is elsewhere.
    """

    bytes_read: int
    bytes_total: int | None
    elapsed_s: float
    lines: int | None
    sources_done: int
    sources_total: int
    threads: tuple[tuple[str, str], ...]
    in_flight_bytes: int
    budget_bytes: int


def status_of(crew: Crew) -> LiveStatus:
    """Return what a run is doing now. Takes no lock: each number may be a moment old and is only shown (see threads.live)."""
    looks = [(reader, reader.reading) for reader in crew.readers]  # read once each: the attribute may be None a moment later
    readings = [reading for _, reading in looks if reading]
    outcomes = [outcome for reader in crew.readers for outcome in list(reader.outcomes.values())]
    totals = [crew.probes[source.index].size_bytes if source.index in crew.probes else None for source in crew.to_read]
    threads = [(reader.name, doing_of(reader, reading)) for reader, reading in looks]
    return LiveStatus(
        bytes_read=sum(reading.bytes_read for reading in readings) + sum(outcome.bytes_read for outcome in outcomes),
        bytes_total=None if None in totals else sum(total or 0 for total in totals),
        elapsed_s=time.monotonic() - crew.started,
        lines=crew.pool.lines,
        sources_done=len(outcomes),
        sources_total=len(crew.to_read),
        threads=(*threads, *sorted(crew.pool.doing.copy().items())),
        in_flight_bytes=crew.budget.in_flight_bytes,
        budget_bytes=crew.budget.limit_bytes,
    )


def doing_of(reader: Reader, reading: Reading | None) -> str:
    if reading is None or reader.doing != "reading":
        return reader.doing
    waits_for = reading.waits_for
    return f"{waits_for}: {reading.source.name}" if waits_for else f"reading {reading.source.name}"


class ProgressPainter:
    """Paints each LiveStatus over the previous one. It holds no lock: one thread paints, and main closes it afterwards.

    stream: the terminal's stderr. size: called at every painting, because windows are resized.
    Write errors are ignored: a run does not fail because of its progress.
    """

    def __init__(
        self,
        stream: TextIO,
        size: Callable[[], os.terminal_size],
        *,
        color: bool = True,
        ascii_only: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stream = stream
        self.size = size
        self.color = color
        self.ascii_only = ascii_only
        self.clock = clock
        self.painted_lines = 0
        self.painted_at = clock()
        self.begun = False
        self.closed = False

    def paint(self, status: LiveStatus) -> None:
        """Replace the picture; blocks as long as the terminal does. Does nothing after `close`."""
        columns, rows = self.size()
        cells = max(min(columns - 1, MOST_CELLS), 1)
        look = Look(cells, self.color, self.ascii_only, terminal=True)
        lines = [cropped(line, cells, look) for line in status_lines(status, look)][: max(rows - 1, 1)]
        if self.closed:
            return
        if self.clock() - self.painted_at > STOPPED_S:
            self.forget()
        # Counted before they are written: this thread may be stuck in the write (Ctrl-S) when main calls `close`. The terminal
        # then gets these lines first and main's erasure after them.
        before, self.painted_lines = self.erasure() if self.begun else fresh_row(columns), len(lines)
        self.begun = True
        self.write(before + WRAP_OFF + paint(lines, self.color) + WRAP_ON)
        self.painted_at = self.clock()  # behind the write: a terminal that is paused (Ctrl-S) blocks in it

    def forget(self) -> None:
        """Leave the picture where it is and begin anew below: something else was written since, such as a shell's prompt."""
        self.painted_lines, self.begun = 0, False

    def erase(self) -> None:
        """Erase the picture, so that something else can be written; the next `paint` draws it below."""
        if self.painted_lines:
            erasure, self.painted_lines = self.erasure(), 0
            self.write(erasure)

    def close(self) -> None:
        """Erase the picture for good. The cursor ends where the first picture began, or below what was written since."""
        self.closed = True
        self.erase()

    def erasure(self) -> str:
        """Return what erases the picture and moves the cursor to where it began.

        The cursor's own line, below the picture, is erased too: the terminal echoes `^C` there.
        """
        return ERASE_LINE + self.painted_lines * (UP + ERASE_LINE) if self.painted_lines else ""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            write_whole(self.stream.buffer, text.encode(self.stream.encoding or "ascii", "replace"))


def fresh_row(columns: int) -> str:
    """Return what moves the cursor to the start of an empty row, even if another program left text without a line end.

    As zsh does before its prompt: one blank less than a row wraps only if the cursor is not in the first column.
    """
    return " " * (columns - 1) + ERASE_LINE


def status_lines(status: LiveStatus, look: Look) -> list[Line]:
    lines = [*flow(how_far(status, look), look.width, GAP), *flow(how_much(status), look.width, GAP)]
    shown = status.threads[:MOST_THREADS]
    names = max((cell_len(look.text(name)) for name, _ in shown), default=0)
    for name, doing in shown:
        blanks = " " * (names - cell_len(look.text(name)))
        lines.append([Segment(f"  {look.text(name)}{blanks}  "), Segment(look.text(doing), DIM)])
    hidden = len(status.threads) - len(shown)
    return [*lines, [Segment(f"  and {count(hidden, 'more thread')}", DIM)]] if hidden else lines


def how_far(status: LiveStatus, look: Look) -> Iterator[Line]:
    """Yield the bar, bytes, rate and time left, as far as they are known."""
    total = max(status.bytes_total, status.bytes_read) if status.bytes_total is not None else None
    rate = status.bytes_read / status.elapsed_s if status.elapsed_s > 0 else 0.0
    if total:
        yield bar(status.bytes_read, total, look)
        yield [Segment(f"{100 * status.bytes_read // total:>3} %", BOLD)]
        yield [Segment(f"{size(status.bytes_read)} of {size(total)}")]
    else:
        yield [Segment(f"{size(status.bytes_read)} read")]
    yield [Segment(f"{size(int(rate))}/s")]
    yield [Segment(clock(status.elapsed_s), DIM)]
    if total and rate:
        yield [Segment(f"{clock((total - status.bytes_read) / rate)} left", DIM)]


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds.

    >>> clock(3.4), clock(4000)
    ('0:03', '66:40')
    """
    return f"{round(seconds) // 60}:{round(seconds) % 60:02}"


def bar(done: int, total: int, look: Look) -> Line:
    cells = BAR_CELLS * done // total
    return [Segment(look.characters.bars[8] * cells, BAR), Segment(look.characters.rest * (BAR_CELLS - cells), DIM)]


def how_much(status: LiveStatus) -> Iterator[Line]:
    if status.lines is None:
        yield [Segment(f"{status.sources_done:,} of {count(status.sources_total, 'piece')}")]
        return
    yield [Segment(f"{status.lines:,}", BOLD), Segment(" lines")]
    yield [Segment(f"{status.sources_done:,} of {count(status.sources_total, 'source')}")]
    yield [Segment(f"{size(status.in_flight_bytes)} of {size(status.budget_bytes)} in flight", DIM)]


def cropped(line: Line, cells: int, look: Look) -> Line:
    """Return a line cut to a number of terminal cells, so that it never wraps."""
    short: Line = []
    for segment in line:
        if cells > 0:
            short.append(Segment(cut(segment.text, cells, look.characters.ellipsis), segment.style))
            cells -= cell_len(short[-1].text)
    return short
