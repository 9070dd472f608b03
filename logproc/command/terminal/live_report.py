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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from logproc.reports.output import write_whole
from logproc.threads.signals import before_leaving

REPAINT_S = 1.0
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h\x1b[?1049l"
"""The alternate screen, without cursor and without wrapping; and back."""
HOME, CLEAR_LINE, CLEAR_BELOW = "\x1b[H", "\x1b[K", "\x1b[J"
QUIT = b"q"


class LiveReport:
    """Paints what `render` returns, and calls `quit` when q is pressed. render: gets columns and rows; returns text."""

    def __init__(
        self,
        terminal: TextIO,
        keys: int | None,
        render: Callable[[int, int], str],
        end: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal = terminal
        self._keys = keys
        self._render = render
        self._end = end
        self._clock = clock
        self._painted_at: float | None = None
        self._size: os.terminal_size | None = None

    def tick(self) -> None:
        """Look for a key, and paint if it is time, or if the window has another size."""
        if self._keys is not None and QUIT in self._pressed(self._keys):
            self._end()
        size = os.get_terminal_size(self._terminal.fileno())
        now = self._clock()
        if size != self._size or self._painted_at is None or now - self._painted_at >= REPAINT_S:
            self._size = size
            self._paint(size)
            self._painted_at = self._clock()  # after the work: a report that takes long is not painted all the time

    def _paint(self, size: os.terminal_size) -> None:
        lines = self._render(size.columns, size.lines).split("\n")[: size.lines - 1]
        hint = "" if self._keys is None else "q ends"
        text = HOME + "".join(f"{line}{CLEAR_LINE}\r\n" for line in lines) + CLEAR_BELOW + hint
        write_whole(self._terminal.buffer, text.encode(self._terminal.encoding or "ascii", "backslashreplace"))

    @staticmethod
    def _pressed(keys: int) -> bytes:
        poll = select.poll()
        poll.register(keys, select.POLLIN)
        with suppress(OSError):
            return os.read(keys, 64) if poll.poll(0) else b""
        return b""


@contextmanager
def whole_screen(terminal: TextIO, keys: int | None) -> Iterator[None]:
    """Give the block the alternate screen, and keys without waiting for Enter. Undone also when a second signal ends the run.

    keys: the descriptor of the terminal that is typed at; None if it is read otherwise.
    """
    before = termios.tcgetattr(keys) if keys is not None else None
    out = terminal.fileno()

    def undo() -> None:
        with suppress(OSError, termios.error):
            os.write(out, LEAVE.encode())
            if keys is not None and before is not None:
                termios.tcsetattr(keys, termios.TCSANOW, before)

    with before_leaving(undo):
        try:
            if keys is not None:
                tty.setcbreak(keys, termios.TCSANOW)
            os.write(out, ENTER.encode())
            yield
        finally:
            undo()
