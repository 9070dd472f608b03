"""Event: one flag for the whole run, set once, seen by all.

Invariant: once set, every blocked call of the run has been woken or will be, and no new one blocks.

Use an Event for a fact that becomes true once: "stop", "ready", "loaded". Its `wait(seconds)` is also the right
sleep of every loop and every retry: `time.sleep` cannot be woken.
Do not use it for something that is true again and again (a Condition), or to hand over a value (a Queue).

An Event wakes only who waits on it, not a thread that waits on a Condition, a Semaphore, a queue or a socket.
So a Stop also knows how to wake those: each of them registers a waker.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

Waker = Callable[[], None]
logger = logging.getLogger(__name__)


class Stop:
    """The end of a run before its time, by Ctrl-C, a limit or a failure.

    Never called from a signal handler: a handler runs in the middle of whatever main was doing, perhaps while it
    holds the very lock that `set` needs. Main stops the run when it takes the handler's message (see signals).
    """

    def __init__(self) -> None:
        # Guards `_wakers` and `_cause`: the first cause stays. Held for a look or an append, never while a waker runs.
        self._lock = Lock()
        self._event = Event()
        self._wakers: list[Waker] = []
        self._cause: BaseException | None = None

    @property
    def cause(self) -> BaseException | None:
        """Why the run is being stopped; the first cause stays."""
        with self._lock:
            return self._cause

    def is_set(self) -> bool:
        """Return whether the run is being stopped."""
        return self._event.is_set()

    def wait(self, seconds: float | None) -> bool:
        """Sleep. Blocks for `seconds` (None: for ever) or until the run is stopped; returns whether it is."""
        return self._event.wait(seconds)

    def set(self, cause: BaseException) -> None:
        """Stop the run. The flag comes first, so that whoever is woken and looks sees it. Wakers are called holding nothing.

        Never raises: whoever calls it is about to clean up, and a waker that fails must not leave the others asleep.
        Once the flag is up, a further call changes nothing, so a waker may itself come here.
        """
        with self._lock:
            if self._cause is None:
                self._cause = cause
        if self._event.is_set():
            return
        self._event.set()
        with self._lock:
            wakers = list(self._wakers)
        for wake in wakers:
            try:
                wake()
            except Exception as error:
                logger.error("waker failed", extra={"error": repr(error)})  # noqa: TRY400 - one line

    def on_set(self, wake: Waker) -> None:
        """Call `wake` when the run is stopped, and now if it already is. It must not block, and may be called twice.

        It is added before the flag is looked at, and `set` raises the flag before it looks at the list: whatever
        the order, one of the two sees the other, and no wake-up is lost.
        """
        with self._lock:
            self._wakers.append(wake)
        if self.is_set():
            wake()

    @contextmanager
    def waking(self, wake: Waker) -> Iterator[None]:
        """Have `wake` called on a stop while the block runs."""
        try:
            self.on_set(wake)
            yield
        finally:
            with self._lock:
                self._wakers.remove(wake)
