"""A daemon thread for one call that cannot be interrupted, such as a name lookup, so that the wait for it has a timeout.

Invariant: `wait` ends with the result, at its timeout, or at `cancel`, whatever the call does.

Use a separate thread for a call that may block too long and cannot be woken: `socket.getaddrinfo` asks one name server after
the other, and a library for object stores tries again and again. The call itself cannot be ended. A late result goes into a
queue that is no longer read, and the thread, a daemon, does not keep the program from exiting.
Do not use it where a call can be woken, or has a short timeout: each abandoned call leaves a thread behind until it returns.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from logproc.model.errors import Stopped
from logproc.threads.signals import blocked


class LookUp:
    """One call in a new thread, or, if no thread can be started, at once in the caller's."""

    def __init__(self, call: Callable[[], Any], name: str = "name look-up") -> None:
        self._call = call
        self._outcome: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        try:
            # A daemon: getaddrinfo cannot be interrupted, and nobody waits for it after a stop. Main may start it too, and what
            # the call starts in its turn.
            with blocked():
                Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError:
            self._run()

    def wait(self, seconds: float | None) -> Any:
        """Return what the call returns, or raise what it raises; TimeoutError after `seconds`, Stopped after `cancel`.

        seconds: None for as long as it takes.
        """
        try:
            answer, error = self._outcome.get(timeout=seconds)
        except Empty:
            raise TimeoutError from None
        if error:
            raise error
        return answer

    def cancel(self) -> None:
        self._outcome.put((None, Stopped()))

    def _run(self) -> None:
        try:
            self._outcome.put((self._call(), None))
        except Exception as error:  # `wait` raises it
            self._outcome.put((None, error))
