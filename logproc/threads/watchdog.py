"""A thread that answers: SIGUSR1 is answered with what every thread is doing, and where. It also sees when nothing moves.

Invariant: looking changes nothing and waits for nobody. It takes no lock of the run, so it answers a run that is stuck as well.

A program that hangs says nothing by itself, and to ask it is the first thing to do: `kill -USR1 PID`. Most hangs are plain
as soon as the stacks lie side by side: one thread waits for what another holds, or all wait and nobody is left to wake them.

A signal handler is no place to print from: it runs in main, in the middle of whatever main was doing, perhaps while that
holds the lock of stderr. So the handler does nothing, and the news takes another way, known as the self-pipe:
`signal.set_wakeup_fd` has the interpreter write the signal's number into a pipe, and this thread waits at its other end.
There the signal is an ordinary value, and what is done with it is ordinary code.

`sys._current_frames` is CPython's own. A thread that runs on while its stack is read is told as it was a moment ago; a thread
that waits, and that is the one to look at, stands still.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from types import FrameType

from logproc import events
from logproc.captions import caption, caption_of
from logproc.threads.live import FINISH_S

ASKED = signal.SIGUSR1
FINISHED = b"\0"
"""What `finish` writes into the pipe: the number of no signal."""
LOOK_EVERY_S = 0.5
PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep  # noqa: PTH100, PTH120 - as in a code's file name


class Watchdog(Thread):
    """Tells the state of all threads when SIGUSR1 comes, and when nothing has moved for `stall_s` seconds (None: never).

    look: gives lines with the figures of the run, and something that changes whenever the run gets on. say: is given the
    lines to be printed. Both are called in this thread, and may only look.
    """

    def __init__(
        self,
        look: Callable[[], tuple[Sequence[str], object]],
        say: Callable[[Sequence[str]], None],
        stall_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._look = look
        self._say = say
        self._standstill = Standstill(clock)
        self._stall_s = stall_s
        self._outlet = self._inlet = -1
        self._wakeup_before: int | None = None

    def start(self) -> None:
        """Begin to watch. Only where main calls it are signals heard: the interpreter lets nobody else listen.

        Raises RuntimeError or OSError where there is no thread or no descriptor left. `finish` is to be called all the same.
        """
        self._outlet, self._inlet = os.pipe()
        os.set_blocking(self._inlet, False)  # as set_wakeup_fd asks: a full pipe must not hold a handler up
        if threading.current_thread() is threading.main_thread():
            self._wakeup_before = signal.set_wakeup_fd(self._inlet, warn_on_full_buffer=False)
        super().start()

    def run(self) -> None:
        """Answer until `finish` is called. A watchdog that fails ends, and disturbs nobody."""
        try:
            while FINISHED not in (heard := self._hear()):
                self.answer(asked=bytes([ASKED]) in heard)
        except Exception as error:
            events.emit("debug", "watchdog ended", error=repr(error))

    def answer(self, *, asked: bool) -> None:
        """Tell the state of all threads if somebody asked, or once when the run has come to a stand."""
        figures, state = self._look()
        idle_s = self._standstill.seconds(state)
        stalled = self._stall_s is not None and idle_s >= self._stall_s and not self._standstill.told
        if asked or stalled:
            self._standstill.told = True
            self._say([f"nothing has moved for {idle_s:.1f} s", *figures, *stacks(besides=self)])

    def finish(self) -> None:
        """Stop listening, end the thread if it was ever started, and wait a while for its last word."""
        if self._inlet < 0:
            return
        if self._wakeup_before is not None:
            signal.set_wakeup_fd(self._wakeup_before)
        if self.ident is not None:
            os.write(self._inlet, FINISHED)
            self.join(FINISH_S)
            if self.is_alive():  # stuck at a stderr that takes nothing, and what it reads from is its own
                return
        os.close(self._inlet)
        os.close(self._outlet)

    @caption("waits for somebody to ask")
    def _hear(self) -> bytes:
        """Return the numbers of the signals that came, nothing if it is only time to look again. Blocks until either."""
        poll = select.poll()
        poll.register(self._outlet, select.POLLIN)
        if poll.poll(None if self._stall_s is None else LOOK_EVERY_S * 1000):
            return os.read(self._outlet, 1 << 10)
        return b""


class Standstill:
    """Since when something has not changed. told: whether that was said already."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._state: object = None
        self._since_s = clock()
        self.told = False

    def seconds(self, state: object) -> float:
        """Take the present state; return for how many seconds it has been the same."""
        now_s = self._clock()
        if state != self._state:
            self._state, self._since_s, self.told = state, now_s, False
        return now_s - self._since_s


def stacks(besides: Thread | None = None) -> list[str]:
    """Return what each thread does and where, a line for the thread and one for each call, the innermost last."""
    frames = sys._current_frames()  # noqa: SLF001 - there is no other way to see the stack of another thread
    lines = []
    for thread in threading.enumerate():
        if thread is not besides:
            frame = frames.get(thread.ident or 0)
            lines += [f"{name_of(thread)} {caption_of(frame) or 'works'}", *calls(frame)]
    return lines


def name_of(thread: Thread) -> str:
    """Return the name of a thread as people know it."""
    return "main" if thread is threading.main_thread() else thread.name


def calls(frame: FrameType | None) -> list[str]:
    """Return the calls of a stack. Of what stands in them only the source is shown, no value: one may be a secret."""
    found = []
    with suppress(RuntimeError, ValueError):  # a stack that changes while it is read
        for entry in traceback.extract_stack(frame) if frame else ():
            place = entry.filename.removeprefix(PACKAGE)
            found.append(f"    {place}:{entry.lineno} {entry.name}: {entry.line}")
    return found
