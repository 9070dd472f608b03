"""A thread for one call that nothing can wake: the look-up of a name. Who wants the answer waits for it as long as it likes.

Invariant: `wait` ends with the answer, after its time, or at `cancel`, whatever the call does.

Use a thread of its own for a call that may block for longer than you have, and offers no way out: `socket.getaddrinfo` asks
name servers one after the other, and takes no timeout. The call itself cannot be ended. What it brings later falls into a
queue that nobody reads any more, and its thread, a daemon, does not keep the program from ending.
Do not use it where a call has a timeout or can be woken: each call given up leaves a thread behind until it returns.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from logproc.model.errors import Stopped


class LookUp:
    """One call, made in a thread of its own; where the system has no thread to give, at once in the caller's."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._outcome: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        try:
            Thread(target=self._run, name="name look-up", daemon=True).start()
        except RuntimeError:
            self._run()

    def wait(self, seconds: float) -> Any:
        """Return what the call returns, or raise what it raises; TimeoutError after `seconds`, Stopped after `cancel`."""
        try:
            answer, error = self._outcome.get(timeout=seconds)
        except Empty:
            raise TimeoutError from None
        if error:
            raise error
        return answer

    def cancel(self) -> None:
        """Make a blocked `wait` raise Stopped."""
        self._outcome.put((None, Stopped()))

    def _run(self) -> None:
        try:
            self._outcome.put((self._call(), None))
        except Exception as error:  # handed to who waits, whatever it is
            self._outcome.put((None, error))
