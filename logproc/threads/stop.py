"""Event: one flag for the whole run, set once, visible to all threads.

Invariant: once set, every blocked call of the run has been woken or will be, and no new one blocks.

Use an Event for a fact that becomes true once: "stop", "ready", "loaded". Its `wait(seconds)` is also the right way to sleep
in loops and retries: `time.sleep` cannot be woken.
Do not use it for a state that changes repeatedly (use a Condition), or to pass a value (use a Queue).

An Event wakes only threads that wait for the Event, not those that wait for a Condition, a Semaphore, a queue or a socket.
So a Stop has a list of wakers: each of these objects registers one.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock

from logproc.model.errors import Interrupted, Stopped
from logproc.threads.signals import noted

Waker = Callable[[], None]
logger = logging.getLogger(__name__)


class Stop:
    """The early end of a run, by Ctrl-C, a limit or a failure.

    A signal handler must not call it: a handler may interrupt main while main holds the lock that `set` needs. Main stops the
    run when it gets the handler's message (see signals).
    """

    def __init__(self) -> None:
        # Guards `_wakers` and `_cause`. Invariant: the first cause is kept. Never held while a waker runs.
        self._lock = Lock()
        self._event = Event()
        self._wakers: list[Waker] = []
        self._cause: BaseException | None = None

    @property
    def cause(self) -> BaseException | None:
        """Why the run is being stopped: the first cause. None if it is not."""
        with self._lock:
            return self._cause

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float | None) -> bool:
        """Sleep. Blocks for `seconds` (None: for ever) or until the run is stopped; returns whether it is."""
        return self._event.wait(seconds)

    def set(self, cause: BaseException) -> None:
        """Stop the run: set the flag, then call the wakers, without the lock. A woken thread sees the flag.

        Never raises: the caller is about to clean up, and one failing waker must not keep the others from being called.
        Later calls do nothing, so a waker may call `set` itself.
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

        This adds the waker, then checks the flag; `set` sets the flag, then reads the list. In any order at least one of the
        two sees the other, so no wake-up is lost.
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


def heed(stop: Stop) -> None:
    """Raise Interrupted if a signal was noted, and Stopped after a stop, whose cause is known already. For main.

    To be called after every message: the handler's own message is at the end of the queue, perhaps behind many others. After,
    not before: a message that was taken and dropped is work that is not counted, or an answer that is waited for in vain.
    """
    if signal := noted():
        raise Interrupted(signal[0])
    if stop.is_set():
        raise Stopped
