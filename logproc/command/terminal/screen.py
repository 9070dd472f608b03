"""The command's stdout and stderr: what each can show, and how to write to stderr while the progress is painted there."""

from __future__ import annotations

import os
import shutil
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TextIO

from logproc.command.terminal.log import json_line
from logproc.model.errors import Interrupted
from logproc.model.patterns import regex
from logproc.reports.output import write_whole
from logproc.reports.safe import distinct, harmless
from logproc.settings import Settings
from logproc.threads.grace import within_grace

if TYPE_CHECKING:
    from logproc.command.terminal.progress import LiveStatus, ProgressPainter

NARROW, WIDEST = 100, 1000
NO_SEQUENCES = {"", "dumb", "unknown", "network", "vt52"}
"""What TERM is, or that it is not set, for terminals that may show an escape sequence as text."""
NO_COLORS = regex(r"vt\d+|.*-(m|mono)$")
"""What TERM begins with for terminals that have sequences but no colours, such as vt100 and xterm-mono."""
MOST_HELD = 100
"""How many lines wait for the end of a live report."""
OFF = {"0", "false"}
"""Values of FORCE_COLOR that force the opposite."""
DEV_TTY = os.makedev(5, 0)
"""The device number of /dev/tty, another name of the process's controlling terminal."""


@dataclass(slots=True)
class Screen:
    """The streams, and how to write to them. A closed stream is None.

    arguments: the words of the command line, for a report that says how it was made.

    Any thread may write a line at any time. While the progress is painted, lines wait for its next stroke, which erases the
    picture, writes the lines, and paints again below them.
    """

    stdout: TextIO | None
    stderr: TextIO | None
    settings: Settings
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    arguments: Sequence[str] = ()
    _painter: ProgressPainter | None = field(default=None, init=False)
    _painted: bool = field(default=False, init=False)
    _held: bool = field(default=False, init=False)
    _unsaid: deque[str] = field(default_factory=deque, init=False)

    @property
    def as_json(self) -> bool:
        """Whether each line of stderr is JSON."""
        return self.settings.log_format == "json"

    def colors(self, stream: TextIO | None) -> bool:
        """Whether to use colours on a stream. The first of these decides: `--color`, NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE.

        By default there are colours on a terminal that has them. A variable that is empty says nothing, and none but `--color`
        brings sequences to a terminal that would show them as text.
        """
        if self.settings.color != "auto":
            return self.settings.color == "always"
        shows_them = stream is not None and (self.has_sequences or not is_terminal(stream))
        if self.environ.get("NO_COLOR"):
            return False
        if forced := self.environ.get("FORCE_COLOR"):
            return shows_them and forced.lower() not in OFF
        if self.environ.get("CLICOLOR_FORCE", "0") not in {"", "0"}:
            return shows_them
        return is_terminal(stream) and shows_them and not NO_COLORS.match(self.terminal)

    @property
    def terminal(self) -> str:
        return self.environ.get("TERM", "").lower()

    @property
    def has_sequences(self) -> bool:
        """Whether the terminal understands the escape sequences of ANSI (ECMA-48)."""
        return self.terminal not in NO_SEQUENCES

    @property
    def columns(self) -> int:
        """The width of a report on stdout: that of COLUMNS, or of the terminal that stdout or else stderr is, or 100.

        What is sent through a pipe is often read on the same terminal: `logproc FILE | less`.
        """
        if is_terminal(self.stdout) or "COLUMNS" in self.environ:
            return terminal_size().columns
        return min(window_size(self.stderr).columns, WIDEST) if self.stderr and is_terminal(self.stderr) else NARROW

    def say(self, source: str, what: str, hint: str = "", *, level: str = "error") -> None:
        """Write one diagnostic to stderr, always on one line. source: what it is about, or ""."""
        if self.as_json:
            self.write(json_line(level, what, hint=hint, source=source))
        else:
            # The name of a source is printable (see sources.names); that of another file may be anything.
            source = distinct(source) if source.isprintable() else source
            self.write(harmless(": ".join(part for part in ("logproc", source, what, hint) if part)))

    def say_now(self, source: str, what: str, hint: str) -> None:
        """Write something that matters only during the run."""
        if not self.settings.quiet:
            self.say(source, what, hint, level="info")

    def show_traceback(self, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error)).removesuffix("\n")
        if self.as_json:
            self.write(json_line("error", repr(error), exception=text))
        else:
            for line in text.split("\n"):
                self.write(harmless(line))

    def write(self, line: str) -> None:
        """Write a line that is safe to show to stderr, or leave it to the next stroke of the progress.

        A stderr that is closed, full or gone is not an error.
        """
        if self._painted:
            self._unsaid.append(line)
            if self._held and len(self._unsaid) > MOST_HELD:  # a run that goes on for days may say much
                with suppress(IndexError):
                    self._unsaid.popleft()
            self._write_late()
        else:
            self._write_now(line)

    @contextmanager
    def painting(self) -> Iterator[Callable[[LiveStatus], None] | None]:
        """Yield the function that paints the progress, None if stderr cannot show it. The picture is erased at the end."""
        painter = self._painter = self._new_painter()
        self._painted = painter is not None

        def stroke(painter: ProgressPainter, status: LiveStatus) -> None:
            if in_background(painter.stream):  # after Ctrl-Z and `bg`, the shell's prompt is where the picture was
                painter.forget()
                return
            if self._unsaid:
                painter.erase()
                self._write_unsaid()
            painter.paint(status)

        try:
            yield partial(stroke, painter) if painter else None
        finally:
            with suppress(Interrupted):
                within_grace(partial(self.end_painting, hold=False))
            self._painted = False

    @contextmanager
    def holding_back(self) -> Iterator[None]:
        """Have lines wait until the end of the block if stdout, where something else is shown, is the same terminal."""
        self._painted = self._held = same_place(self.stdout, self.stderr)
        try:
            yield
        finally:
            self._painted = self._held = False
            self._write_unsaid()

    def unsaid(self) -> str:
        """Return the last line that waits, "" for none."""
        with suppress(IndexError):
            return self._unsaid[-1]
        return ""

    def end_painting(self, *, hold: bool) -> None:
        """Erase the picture for good, after its last stroke. hold: whether messages wait on, until `painting` is over."""
        if self._painter:
            self._painter.close()
        self._painted = hold
        if not hold:
            self._write_unsaid()

    def _new_painter(self) -> ProgressPainter | None:
        unable = not is_terminal(self.stderr) or not self.has_sequences
        if self.stderr is None or unable or self.settings.quiet:
            return None
        from logproc.command.terminal.progress import ProgressPainter

        return ProgressPainter(
            self.stderr,
            partial(window_size, self.stderr),
            color=self.colors(self.stderr),
            ascii_only=not is_utf8(self.stderr),
        )

    def _write_late(self) -> None:
        """Write the waiting lines if the painting has ended meanwhile, perhaps just before the last line was added."""
        if not self._painted:
            self._write_unsaid()

    def _write_unsaid(self) -> None:
        """Write the waiting lines. Several threads may call this at once: `popleft` gives each line to one of them."""
        with suppress(IndexError):
            while True:
                self._write_now(self._unsaid.popleft())

    def _write_now(self, line: str) -> None:
        if self.stderr is not None:
            with suppress(OSError, ValueError):
                encoding = self.stderr.encoding or "ascii"
                write_whole(self.stderr.buffer, f"{line}\n".encode(encoding, "backslashreplace"))


def is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and not stream.closed and stream.isatty()


def in_background(terminal: TextIO) -> bool:
    """Whether another job has the terminal. False for a terminal that is not this process's own."""
    with suppress(OSError, ValueError):
        return os.tcgetpgrp(terminal.fileno()) not in {0, os.getpgrp()}
    return False


def same_place(one: TextIO | None, other: TextIO | None) -> bool:
    """Whether two streams lead to the same terminal, pipe or file, so that both are read together."""
    try:
        first, second = (os.fstat(stream.fileno()) for stream in (one, other) if stream is not None)
    except (OSError, ValueError):  # a stream is closed, in memory, or None
        return False
    if (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino):
        return True
    devices = {first.st_rdev, second.st_rdev}
    return is_terminal(one) and is_terminal(other) and (len(devices) == 1 or DEV_TTY in devices)


def terminal_size() -> os.terminal_size:
    """Return the size for a report, from COLUMNS or the window, within reason."""
    columns, lines = shutil.get_terminal_size((NARROW, 24))
    return os.terminal_size((min(columns, WIDEST), min(lines, WIDEST)))


def window_size(terminal: TextIO) -> os.terminal_size:
    """Return the size of a terminal's window, ignoring COLUMNS; 80 by 24 if it has none."""
    try:
        columns, lines = os.get_terminal_size(terminal.fileno())
    except (OSError, ValueError):
        columns = lines = 0
    return os.terminal_size((columns or 80, lines or 24))


def is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "") == "utf8"
