"""The report of a run that goes on, painted again and again on the whole screen, and the key that ends it.

It has the alternate screen for itself, so that what was on the terminal before is there again afterwards, and the final report
below it. Nothing here has a thread of its own: its owner calls `tick` ten times a second (see threads.live).
"""

from __future__ import annotations

import os
import select
import termios
import time
import tty
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from msgspec import Struct

from logproc.command.terminal.screen import in_background, window_size
from logproc.reports.output import write_whole
from logproc.threads.signals import before_leaving, suspending

REPAINT_S, SHARE, CHANGED_SHARE = 1.0, 4, 20
"""How often the report is painted, and how many times as long as painting takes is waited at least. If there is something new
it need not be so seldom: only CHANGED_SHARE times as long, so that a small report shows a line as soon as `tail -f` would.
"""
RECENT_S = 5.0
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The alternate screen, without cursor and without wrapping; and back."""
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: a terminal that knows it shows a picture when it is complete. Others ignore it."""
QUIT = b"q"


class View(Struct, frozen=True):
    """What is shown. lines: of the report. footer: words on the run, the most important first. note: one line, or ""."""

    lines: Sequence[str]
    footer: Sequence[str] = ()
    note: str = ""


class FullScreen:
    """The alternate screen of a terminal, and the keys of that terminal without waiting for Enter.

    The thread that paints takes it; main gives it back, also within a handler of a signal, so there is no lock. Taking notes
    first that the screen is taken and then looks whether it may be; giving back forbids it first and then looks whether it is
    taken. So at least one of the two sees the other and undoes what has to be undone; twice does no harm.

    keys: the descriptor of the terminal that is typed at; None if there is none.
    """

    def __init__(self, terminal: TextIO, keys: int | None) -> None:
        self.terminal = terminal
        self.keys = keys
        self._modes: list[Any] | None = None
        self._is_taken = False
        self._forbidden = False

    def take(self) -> bool:
        """Take the screen unless another job has the terminal; return whether it may be painted on."""
        if not self._is_allowed() or in_background(self.terminal):
            return False
        if not self._is_taken:
            if self.keys is not None:
                self._modes = termios.tcgetattr(self.keys)
            self._is_taken = True
            if self.keys is not None:
                tty.setcbreak(self.keys, termios.TCSANOW)
            os.write(self.terminal.fileno(), ENTER.encode())
            if not self._is_allowed():
                self._undo()
        return self._is_allowed()

    def give_back(self) -> None:
        """Make the terminal what it was before, until `allow`. Does not wait for anything but the terminal."""
        self._forbidden = True
        if self._is_taken:
            self._undo()

    def allow(self) -> None:
        """Let the screen be taken again."""
        self._forbidden = False

    def write(self, text: str) -> None:
        """Paint, if the screen is still taken."""
        data = text.encode(self.terminal.encoding or "ascii", "backslashreplace")
        if self._is_allowed():
            write_whole(self.terminal.buffer, data)

    def pressed(self) -> bytes:
        """Return the keys that were pressed."""
        poll = select.poll()
        if self.keys is not None and self._is_taken:
            poll.register(self.keys, select.POLLIN)
            with suppress(OSError):
                return os.read(self.keys, 64) if poll.poll(0) else b""
        return b""

    def _is_allowed(self) -> bool:
        return not self._forbidden

    def _undo(self) -> None:
        self._is_taken = False
        with suppress(OSError, termios.error):  # the terminal may be gone
            os.write(self.terminal.fileno(), LEAVE.encode())
            if self.keys is not None and self._modes is not None:
                termios.tcflush(self.keys, termios.TCIFLUSH)  # keys meant for this screen are not for the shell
                termios.tcsetattr(self.keys, termios.TCSANOW, self._modes)


class LiveReport:
    """Paints what `view` returns, and calls `end` when q is pressed.

    view: gets the columns and rows that there are for the report. mark: returns something that differs once the view does; it
    must cost little. lines: how many lines have been counted.
    """

    def __init__(
        self,
        screen: FullScreen,
        view: Callable[[int, int], View],
        mark: Callable[[], object],
        lines: Callable[[], int],
        end: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen = screen
        self._view = view
        self._mark = mark
        self._lines = lines
        self._end = end
        self._clock = clock
        self._next_at = self._changed_at = 0.0
        self._shown: tuple[object, ...] | None = None
        self._seen: View | None = None
        self._painted: list[str] = []
        self._counted: deque[tuple[float, int]] = deque()

    def tick(self) -> None:
        """Look for a key, and paint if it is time, or if the window has another size."""
        if QUIT in self._screen.pressed():
            self._end()
        if not self._screen.take():
            self._shown = None
            return
        size = window_size(self._screen.terminal)
        now = self._clock()
        is_new = self._shown is None or self._shown[0] != size
        shown = (size, self._mark())
        if is_new or now >= (self._next_at if shown == self._shown else self._changed_at):
            self._paint(shown, size, is_new=is_new, now=now)
            took = self._clock() - now
            self._next_at = now + max(REPAINT_S, took + SHARE * took)
            self._changed_at = min(self._next_at, now + took + CHANGED_SHARE * took)

    def _paint(self, shown: tuple[object, ...], size: os.terminal_size, *, is_new: bool, now: float) -> None:
        if self._seen is None or shown != self._shown:
            self._seen = self._view(size.columns, max(size.lines - 1, 1))
        self._shown = shown
        rows = self.rows(self._seen, size, now)
        if rows != self._painted or is_new:
            self._painted = rows
            picture = f"{CLEAR_LINE}\r\n".join(rows)
            self._screen.write(f"{BEGIN}{HOME}{picture}{CLEAR_LINE}{CLEAR_BELOW}{END}")

    def rows(self, view: View, size: os.terminal_size, now: float) -> list[str]:
        """Return all rows of the screen: as much of the report as there is room for, a note, and the footer."""
        below = [*([view.note[: size.columns]] if view.note else []), ""]
        room = max(size.lines - len(below), 0)
        hidden = len(view.lines) - room
        more = [f"{hidden} more rows at the end"] if hidden > 0 else []
        key = "Ctrl-C ends" if self._screen.keys is None else "q ends"
        below[-1] = fitting([key, *self._figures(now), *view.footer, *more], size.columns)
        rows = [*view.lines[:room], *[""] * -hidden, *below]
        return rows[-size.lines :]

    def _figures(self, now: float) -> list[str]:
        """Return how many lines were counted, in all and in the last seconds."""
        lines = self._lines()
        self._counted.append((now, lines))
        while len(self._counted) > 1 and self._counted[1][0] <= now - RECENT_S:
            self._counted.popleft()
        since, before = self._counted[0]
        seconds = round(now - since)
        return [f"{lines:,} lines", *([f"{lines - before:,} in the last {seconds} s"] if seconds else [])]


def fitting(words: Sequence[str], columns: int) -> str:
    """Return as many of the words as fit into a row.

    >>> fitting(["q ends", "12 lines", "3 logs"], 18)
    'q ends  12 lines'
    """
    row = words[0][:columns]
    for word in words[1:]:
        if len(row) + 2 + len(word) > columns:
            break
        row += f"  {word}"
    return row


@contextmanager
def full_screen(terminal: TextIO, keys: int | None) -> Iterator[FullScreen]:
    """Give the block the whole screen. It is given back at the end, while Ctrl-Z stops the run, and before a second signal."""
    screen = FullScreen(terminal, keys)
    with before_leaving(screen.give_back), suspending(screen.give_back, screen.allow):
        try:
            screen.take()
            yield screen
        finally:
            screen.give_back()


@contextmanager
def keyboard(*, typed: bool) -> Iterator[int | None]:
    """Yield the descriptor of the terminal at which keys are pressed, None if there is none.

    typed: whether standard input is read as a log. Then keys come from the terminal that the process belongs to.
    """
    if not typed and os.isatty(0):
        yield 0
        return
    try:
        opened = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield opened
    finally:
        os.close(opened)
