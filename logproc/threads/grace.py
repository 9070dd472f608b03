"""A daemon thread for one call that may take long, or for ever. After a signal, main waits for it only briefly.

Invariant: main waits until the call returns or raises, or for the time it is given; after a signal, for at most GRACE_S.

A report goes to a pipe that another program reads. If that program does not read, `write` blocks, and a signal handler must
not raise to end it (see signals). `poll` does not help: a pipe with room for 4 KiB blocks a write of 5, and O_NONBLOCK would
apply to every program that shares the terminal. So a daemon writes, main waits for its message, and can stop waiting: the
process then exits with `os._exit`, whatever the daemon is stuck in.

The same holds for work: a million rows are ranked and rendered by seconds of Python, in which nobody looks for a signal. In
a daemon the work goes on, or is left behind, and none of its loops has to know.

Use it for a call that cannot be interrupted and whose result is not needed to exit. It may be left anywhere in the middle: a
report that replaces a file is therefore written under another name first, and renamed.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

from logproc.model.errors import Interrupted
from logproc.threads.channel import DONE, LATE, WAKE, Channel
from logproc.threads.signals import blocked, noted, waking
from logproc.threads.stop import Stop

GRACE_S = 0.6
"""How long after a signal main waits until its output has been read."""
LEAST_GRACE_S = 0.2
"""The shortest wait, for a call that begins late: enough for a program that does read."""
REPORT_S = 5.0
"""The same for the report of a run that has no other end: what took days to count is worth some seconds."""

Result = TypeVar("Result")


def within_grace(call: Callable[[], Result], *, least_s: float = LEAST_GRACE_S, most_s: float = math.inf) -> Result:
    """Make a call in a new thread; return what it returns. Raises what it raises, and Interrupted when the grace is over.

    least_s: how long main waits at least, however late it is after the signal. most_s: so long main waits without a signal;
    then it raises TimeoutError. Only for main. If no thread can be started, main makes the call itself, and only a second
    signal ends it.
    """
    channel: Channel[BaseException] = Channel(Stop())
    results: list[Result] = []

    def make() -> None:
        try:
            results.append(call())
        except BaseException as error:
            channel.put(error)
        else:
            channel.put(DONE)

    now, number = time.monotonic(), 0
    least, deadline = now + least_s, None if math.isinf(most_s) else now + most_s
    with waking(channel.wake):
        try:
            with blocked():
                # A daemon: a call that nothing can end, such as a write that nobody takes, must not keep the process.
                Thread(target=make, name="writer", daemon=True).start()
        except RuntimeError:
            make()
        while (message := channel.get(deadline)) is WAKE:
            if signal := noted():
                number, deadline = signal[0], max(signal[1] + GRACE_S, least)
    if message is LATE:
        raise Interrupted(number) if number else TimeoutError
    if isinstance(message, BaseException):
        raise message
    return results[0]
