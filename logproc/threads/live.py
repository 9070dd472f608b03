"""Shared variables: what other threads are doing, looked at while they do it.

Invariant: a counter has one writer; whoever only shows it may see a value that is a moment old.

That is enough for a progress bar, and nothing more than a progress bar may rest on it. `n += 1` by two threads is
not enough for anything: it reads, adds and writes, and between any two of these another thread may do the same.
With one writer nothing is lost, with a GIL or without.

The view is a thread with its own Event, so that it ends at once and not after its next sleep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread, current_thread

REFRESH_S = 0.1
FINISH_S = 0.3
"""How long the end waits for a thread that only observes: it may be stuck at a terminal that takes nothing (Ctrl-S)."""


logger = logging.getLogger(__name__)


class LiveView(Thread):
    """Calls `paint` ten times a second until it is finished. `paint` must only look, and wait for nobody."""

    def __init__(self, paint: Callable[[], None]) -> None:
        super().__init__(name="live view", daemon=True)
        self._paint = paint
        self._finished = Event()

    def run(self) -> None:
        """Paint until `finish` is called. A view that fails, as when the terminal has gone, ends and disturbs nobody."""
        try:
            while not self._finished.wait(REFRESH_S):
                self._paint()
        except Exception as error:
            logger.debug("live view ended", extra={"error": repr(error)})

    def finish(self) -> None:
        """End the view, if it was ever started, and wait a while for its last stroke, holding no lock that `paint` needs."""
        self._finished.set()
        if self.ident is not None:
            self.join(FINISH_S)


def current_thread_name() -> str:
    """Return the name of the calling thread. Every thread of the program has one that a person understands."""
    return current_thread().name
