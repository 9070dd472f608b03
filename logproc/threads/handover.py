"""Something that one thread begins at its first use, unless another thread has closed it before.

Invariant: it is begun at most once, never after `close` has returned, and `close` knows whether it was.

Use this where a thread starts something late that another one has to end, such as a pager: the writer starts it with the first
record, and main waits for it. Without the state in between, main could find nothing begun and leave, while the writer is just
beginning. An Event is not enough: between `is_set` and what follows, the other thread may come.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from threading import Condition

from logproc.model.errors import Stopped


class _State(Enum):
    NEW = 0
    BEGINNING = 1
    BEGUN = 2
    CLOSED = 3


class Handover:
    """See the module. begin: called by the thread that first calls `use`, without a lock."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        # Invariant: the state only grows. Whoever makes it BEGINNING calls `begin`, and makes it BEGUN.
        self._changed = Condition()
        self._state = _State.NEW

    def use(self) -> None:
        """Begin if that is still to be done. For one thread. Raises Stopped after `close`, and what `begin` raises."""
        with self._changed:
            if self._state is _State.CLOSED:
                raise Stopped
            if self._state is _State.BEGUN:
                return
            self._state = _State.BEGINNING
        try:
            self._begin()
        finally:
            with self._changed:
                self._state = _State.BEGUN
                self._changed.notify_all()

    def close(self) -> bool:
        """Let nothing begin any more; return whether it has. Blocks while it is just beginning."""
        with self._changed:
            self._changed.wait_for(lambda: self._state is not _State.BEGINNING)
            has_begun = self._state is _State.BEGUN
            self._state = _State.CLOSED
            return has_begun
