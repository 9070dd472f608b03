"""A terminal emulator in memory: the screen and the scrollback of a program.

    with Terminal(80, 24) as terminal, terminal.started("analyze", "-", stdin=PIPE) as process:
        terminal.watch(until=lambda: "sources" in terminal.text)
        ...
        assert terminal.ended(process) == 0
    assert terminal.lines == [...]

stdout and stderr of the program are one pseudo-terminal, as they are for a person, and its controlling one: what is typed
with `type` is echoed, and Ctrl-C is a signal.
"""

from __future__ import annotations

import os
import select
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import pyte

from tests.support import processes

CTRL_C = "\x03"
END_OF_INPUT = "\x04"
WATCH_S = 0.02
PATIENCE_S = 50


class Terminal:
    """A pseudo-terminal and its screen. All output passes through `watch`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.seen = bytearray()
        self._screen = pyte.HistoryScreen(columns, rows, history=100_000)
        self._stream = pyte.ByteStream(self._screen)
        self._rows: tuple[int, list[str]] | None = None
        self._outside, self.inside = os.openpty()
        termios.tcsetwinsize(self.inside, (rows, columns))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._outside)
        os.close(self.inside)

    @property
    def path(self) -> Path:
        """The terminal's device, such as /dev/pts/3."""
        return Path(os.ttyname(self.inside))

    @property
    def rows(self) -> list[str]:
        """All rows of scrollback and screen, without trailing blanks.

        They are kept until something is written: whoever watches looks at them fifty times in a second.
        """
        if self._rows is None or self._rows[0] != len(self.seen):
            rows = [*self._screen.history.top, *(self._screen.buffer[row] for row in range(self._screen.lines))]
            texts = ["".join(row[column].data for column in range(self._screen.columns)).rstrip() for row in rows]
            self._rows = len(self.seen), texts
        return list(self._rows[1])

    @property
    def text(self) -> str:
        """All rows as one text."""
        return "\n".join(self.rows)

    @property
    def lines(self) -> list[str]:
        """The rows above the cursor, which must be at the start of an empty last row."""
        rows, end = self.rows, len(self._screen.history.top) + self._screen.cursor.y
        assert self._screen.cursor.x == 0
        assert not any(rows[end:])
        return rows[:end]

    def resize(self, columns: int, rows: int) -> None:
        """Resize the window. Existing rows are cropped and not rewrapped, as in xterm."""
        self._screen.resize(rows, columns)
        self._rows = None
        termios.tcsetwinsize(self.inside, (rows, columns))

    def show(self, text: str) -> None:
        """Write a text to the screen, as another program would."""
        os.write(self.inside, text.encode())
        while self._take(WATCH_S):
            pass

    def type(self, text: str) -> None:
        os.write(self._outside, text.encode())

    def watch(self, until: Callable[[], bool] | None = None, *, seconds: float = PATIENCE_S) -> None:
        """Process output for some seconds, or until a condition holds; fail if it does not."""
        end = time.monotonic() + seconds
        while not (until and until()) and (left := end - time.monotonic()) > 0:
            self._take(min(left, WATCH_S))
        assert until is None or until(), self.text

    def _take(self, seconds: float) -> bool:
        """Process what is written within some seconds, if anything."""
        if not select.select([self._outside], [], [], seconds)[0]:
            return False
        piece = os.read(self._outside, 1 << 16)
        self.seen += piece
        self._stream.feed(piece)
        return True

    @contextmanager
    def started(self, *arguments: str | os.PathLike[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Start `logproc` on this terminal. The options are those of `processes.started`; a stream may be redirected."""
        streams: dict[str, Any] = {"stdin": self.inside, "stdout": self.inside, "stderr": self.inside}
        variables = {"TERM": "xterm-256color", **options.pop("variables", {})}
        controlled = ["setsid", "--ctty"] if options.get("stdin", self.inside) == self.inside else ["setsid"]
        with processes.started(
            *arguments, before=[*controlled, *options.pop("before", ())], variables=variables, **{**streams, **options}
        ) as process:
            yield process

    def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Process output until a program has ended; return its exit code."""
        if process.stdin:
            with suppress(BrokenPipeError):
                process.stdin.close()
        self.watch(until=lambda: process.poll() is not None)
        while self._take(3 * WATCH_S):
            pass
        return process.wait()
