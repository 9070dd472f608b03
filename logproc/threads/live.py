"""Shared variables: what other threads are doing, read while they do it.

Invariant: each counter has one writer, or is written under a lock; readers take no lock, and may see a value that is slightly
out of date.

That is enough for a progress bar, and only for a progress bar. `n += 1` in two threads loses counts: it reads, adds and
writes, and another thread may come between any two of these steps. With one writer nothing is lost, with or without a GIL.

The view is a thread with its own Event, so that it ends at once and not after its next sleep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Thread
from typing import Protocol

from logproc.threads.signals import blocked

REFRESH_S = 0.1
FINISH_S = 0.3
"""How long to wait for the view at the end: it may be blocked by a paused terminal (Ctrl-S)."""

logger = logging.getLogger(__name__)


class Companion(Protocol):
    """A thread that only observes the run."""

    def start(self) -> None:
        """Begin. Raises RuntimeError if no thread can be started, OSError if something cannot be opened."""

    def finish(self) -> None:
        """End. Also called if `start` failed."""


@contextmanager
def accompanied(companions: Iterable[Companion]) -> Iterator[None]:
    """Have threads observe what the block does. One that cannot be started is left out: the run does not need it."""
    with ExitStack() as stack:
        for companion in companions:
            stack.callback(companion.finish)
            with suppress(OSError, RuntimeError), blocked():
                companion.start()
        yield


class LiveView(Thread):
    """Calls `paint` ten times a second until it is finished. `paint` must only read, and never wait."""

    def __init__(self, paint: Callable[[], None]) -> None:
        super().__init__(name="live view", daemon=True)  # a paused terminal may block it for ever
        self._paint = paint
        self._finished = Event()

    def run(self) -> None:
        """Paint until `finish` is called. If painting fails, for example because the terminal is gone, only the view ends."""
        try:
            while not self._finished.wait(REFRESH_S):
                self._paint()
        except Exception as error:
            logger.debug("live view ended", extra={"error": repr(error)})

    def finish(self) -> None:
        """End the view, and wait at most FINISH_S for it. The caller must not hold a lock that `paint` needs."""
        self._finished.set()
        if self.ident is not None:
            self.join(FINISH_S)
