"""Threads that a test left behind."""

from __future__ import annotations

import threading
import time

JOIN_S = 5.0
"""How long the threads of a test may take to end. Long, because only a failing test waits that long."""


def threads_left(before: set[threading.Thread], deadline: float, spared: tuple[str, ...] = ()) -> list[threading.Thread]:
    """Join the threads started since `before` until `deadline`; return those still running.

    spared: how the names begin of those that may stay.
    """
    new = [thread for thread in threading.enumerate() if thread not in before]
    started = [thread for thread in new if not thread.name.startswith(spared)]
    for thread in started:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread for thread in started if thread.is_alive()]
