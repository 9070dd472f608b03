"""A thread for one write that may block for ever. Main waits for it as long as it takes, and after a signal not for long.

Invariant: the call is waited for until it returns or raises; once a signal has come, for GRACE_S from then at most.

A report goes to a pipe that another program reads. If that takes nothing, `write` blocks, and no exception may be raised out
of it by a signal (see signals). Asking `poll` first does not help: a pipe that has room for 4 KiB blocks a write of 5, and
O_NONBLOCK would be set for every program that shares the terminal. So the write happens in a daemon, main waits for its
message, and main can stop waiting: the process then leaves with `os._exit`, whatever the daemon is stuck in.

Use it for a call that cannot be interrupted and whose result is not needed to leave. Do not use it for what must not be half
done: a report that replaces a file is written by main itself, to its end.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Thread

from logproc.model.errors import Interrupted
from logproc.threads.channel import DONE, LATE, WAKE, Channel
from logproc.threads.signals import blocked, noted, waking
from logproc.threads.stop import Stop

GRACE_S = 0.6
"""How long after a signal main waits for a reader of its output."""
LEAST_GRACE_S = 0.2
"""What each wait gets that begins later than that: a reader that is there has taken a report by then."""


def within_grace(call: Callable[[], None]) -> None:
    """Make a call in a thread of its own and wait for it. Raises what it raises, and Interrupted when the grace is over.

    For main alone. Where the system has no thread to give, main makes the call itself, and only a second signal ends it.
    """
    channel: Channel[BaseException] = Channel(Stop())

    def make() -> None:
        try:
            call()
        except BaseException as error:
            channel.put(error)
        else:
            channel.put(DONE)

    least, deadline, number = time.monotonic() + LEAST_GRACE_S, None, 0
    with waking(channel.wake):
        try:
            with blocked():
                Thread(target=make, name="writer", daemon=True).start()
        except RuntimeError:
            make()
        while (message := channel.get(deadline)) is WAKE:
            if signal := noted():
                number, deadline = signal[0], max(signal[1] + GRACE_S, least)
    if message is LATE:
        raise Interrupted(number)
    if isinstance(message, BaseException):
        raise message
