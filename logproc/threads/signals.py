"""Signals: Ctrl-C as an exception, but only where main can take one.

Invariant: a signal is never lost, and never raises in the middle of a step that has to be finished.

Python runs signal handlers in the main thread, between two steps of whatever it is doing, and that may be inside
a `with lock:`. So a handler takes no lock and calls nothing that does. It makes a note, and raises only while main
is inside `interruptible()`, which is put around the places where main waits. A signal that comes elsewhere is
raised at the next such place.

Before and after a run main waits as well, for whoever writes its settings or reads its report. There a signal does not
raise at once, for the report of an interrupted run is still to be written; but a reader that takes nothing must not hold
the program. `bounded()` raises a while after the signal, by an alarm: setitimer(2) wakes a blocked write as a signal does.

The second signal means "now": the known temporary files are unlinked, and the process leaves without further ado.
One that follows within a fifth of a second is the first one once more: `timeout` signals the program and then its group.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from logproc.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGXCPU)
SECOND_AFTER_S = 0.2
GRACE_S = 0.6
"""How long after a signal main may wait for others before it gives up."""
LEAST_GRACE_S = 0.2
"""What each wait is given that begins later than that: a reader that is there has taken a report by then."""


class _Noted:
    """What the handlers share with main. No lock: handlers run in the main thread, as does everything that they meet there."""

    signal_number: int | None = None
    at_s = 0.0
    clock: Callable[[], float] = staticmethod(time.monotonic)
    may_raise = False
    may_raise_late = False
    temporaries: Callable[[], Iterable[str]] = staticmethod(tuple)


def install(clock: Callable[[], float] = time.monotonic) -> None:
    """Install the handlers. To be the program's first statement, in its main thread. SIGHUP stays ignored under nohup."""
    _Noted.clock = staticmethod(clock)
    signal.signal(signal.SIGUSR1, _ignore)
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _handle)


def unlink_on_second(temporaries: Callable[[], Iterable[str]]) -> None:
    """Say where the names of the temporary files come from that a second signal unlinks. It must take no lock."""
    _Noted.temporaries = staticmethod(temporaries)


def noted() -> int | None:
    """Return the number of the signal that came, if one did."""
    return _Noted.signal_number


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal raise Interrupted out of the block, also one that came before it.

    The permission is given before the note is looked at: a signal between the two raises by itself.
    """
    _Noted.may_raise = True
    try:
        if _Noted.signal_number is not None:
            raise Interrupted(_Noted.signal_number)
        yield
    finally:
        _Noted.may_raise = False


@contextmanager
def bounded(least_s: float = LEAST_GRACE_S) -> Iterator[None]:
    """Let a signal raise Interrupted out of the block GRACE_S after it came; if it came before it, after `least_s` at least.

    For main, around what waits for another program: a report that nobody reads, a FIFO that nobody writes.
    """
    _Noted.may_raise_late = True
    try:
        if _Noted.signal_number is not None:
            _set_alarm(least_s)
        yield
    finally:
        _Noted.may_raise_late = False
        if _Noted.signal_number is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)


def _set_alarm(least_s: float) -> None:
    """Have main woken when its time is over, and again, in case that it begins to wait just then."""
    signal.signal(signal.SIGALRM, _raise_late)
    left_s = max(least_s, _Noted.at_s + GRACE_S - _Noted.clock())
    signal.setitimer(signal.ITIMER_REAL, left_s, LEAST_GRACE_S)


def _raise_late(_number: int, _frame: FrameType | None) -> None:
    if _Noted.may_raise_late and _Noted.signal_number is not None:
        _Noted.may_raise_late = False
        raise Interrupted(_Noted.signal_number)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing, which is not nothing: without a handler SIGUSR1 ends the process. Who answers it is threads.watchdog."""


def _handle(number: int, _frame: FrameType | None) -> None:
    now_s = _Noted.clock()
    if _Noted.signal_number is not None:
        if now_s < _Noted.at_s + SECOND_AFTER_S:
            return
        for path in _Noted.temporaries():
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - a handler does as little as it can
        os._exit(128 + number)
    _Noted.signal_number, _Noted.at_s = number, now_s
    if _Noted.may_raise_late:
        _set_alarm(LEAST_GRACE_S)
    if _Noted.may_raise:
        _Noted.may_raise = False
        raise Interrupted(number)
