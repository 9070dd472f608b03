"""Records on a terminal: the progress until the first one comes, then a pager, or the terminal itself.

The pager is started by the writer, with the first bytes: while nothing is found the terminal is free for the progress, and
where nothing is found at all there is no pager. From then on it has the terminal, and messages wait until its user has left.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from logproc.command.terminal.pager import LESS
from logproc.command.terminal.screen import Screen
from logproc.model.errors import Enough, Interrupted, OutputError
from logproc.records.destinations import to_stdout
from logproc.reports.output import write_whole
from logproc.threads.child import Child
from logproc.threads.grace import within_grace
from logproc.threads.handover import Handover
from logproc.threads.live import LiveView
from logproc.threads.signals import left_to_child

if TYPE_CHECKING:
    from logproc.command.terminal.progress import LiveStatus
    from logproc.pipeline.threaded import Crew
    from logproc.threads.live import Companion

NOT_STARTED = {126, 127}


class RecordPager:
    """See the module. command: of the pager, None for none. To be used in `Screen.painting`."""

    def __init__(self, screen: Screen, command: str | None) -> None:
        self._screen = screen
        self._command = command if command and can_start(command, screen.environ) else None
        self._child: Child | None = None
        self._view: LiveView | None = None
        self._to_stdout = to_stdout(screen.stdout.buffer if screen.stdout else None)
        self._handover = Handover(self._begin)

    def write(self, data: Any) -> None:
        """Write some bytes; for the writer's thread. Blocks as long as the pager does.

        Raises Enough if its user has left it, and otherwise as `to_stdout`.
        """
        if not len(data):
            return
        self._handover.use()
        if self._child is None:
            self._to_stdout(data)
            return
        try:
            write_whole(self._child.inlet, data)
        except BrokenPipeError:
            raise Enough from None

    def beside(self, paint: Callable[[LiveStatus], None] | None, crew: Crew) -> Sequence[Companion]:
        """Return the threads that paint the progress, and that stop the run when the pager's user has left it."""
        from logproc.command.terminal.progress import status_of

        watch = [LiveView(partial(self._watch, crew))] if self._command else []
        if paint:
            self._view = LiveView(lambda: paint(status_of(crew)))
            return [self._view, *watch]
        return watch

    @contextmanager
    def paged(self) -> Iterator[None]:
        """In main: after the run, wait until the user leaves the pager. Another signal than Ctrl-C ends it.

        Raises OutputError if the pager could not be started, Interrupted after a signal.
        """
        try:
            yield
        finally:
            if within_grace(self._handover.close) and self._child:
                self._wait_for(self._child)

    def _begin(self) -> None:
        if self._view:
            self._view.finish()
        self._screen.end_painting(hold=self._command is not None)
        if self._command:
            try:
                self._child = Child(self._command, {"LESS": LESS, **self._screen.environ})
            except OSError:
                self._command = None  # as if there was none

    def _watch(self, crew: Crew) -> None:
        if self._child and self._child.has_left():
            crew.stop.set(Enough())

    def _wait_for(self, child: Child) -> None:
        with left_to_child():
            try:
                code = within_grace(child.wait)
            except Interrupted:
                child.terminate()
                raise
        if code in NOT_STARTED:
            raise OutputError("cannot write stdout: the pager could not be started", "PAGER names it; PAGER=cat does without")


def can_start(command: str, environ: Mapping[str, str]) -> bool:
    """Return whether the shell knows the program of a command. In a pipe it would be too late to find out."""
    try:
        words = shlex.split(command)
        program = next((word for word in words if not word.partition("=")[0].isidentifier() or "=" not in word), "")
        found = subprocess.run(  # noqa: S603 - a word of the user's own command
            ["sh", "-c", 'command -v "$0"', program],  # noqa: S607 - the shell of PATH, as for every command of the user
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, ValueError):
        return False
    return found.returncode == 0
