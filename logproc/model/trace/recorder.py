"""The recorder that records nothing.

`threads.trace` has the one that does. What that gives is in a module of its own, because every command loads this one, also
`--help`, which does without msgspec.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from logproc.model.trace.doing import Doing, Gauge

if TYPE_CHECKING:
    from logproc.model.trace.recording import Recording

Span = Callable[[Doing, str], AbstractContextManager[Any]]
"""Says what the calling thread does while the block runs, and about which source."""
NOTHING: AbstractContextManager[Any] = nullcontext()


class Trace:
    """The recorder that records nothing, so that no caller asks whether there is one. All methods are for any thread."""

    def span(self, doing: Doing, source: str = "", lines: int = 0) -> AbstractContextManager[Any]:  # noqa: ARG002 - Recorder's
        """Record what the calling thread does while the block runs. Spans in it interrupt it."""
        return NOTHING

    def between(self, doing: Doing) -> None:
        """Record what the calling thread does whenever it is in no span, from now on."""

    def ended(self, doing: Doing) -> None:
        """Note that no thread does this any more: threads that did it last have ended."""

    def change(self, gauge: Gauge, by: int) -> None:
        """Record that a quantity has changed."""

    def recording(self) -> Recording | None:
        """Return what was recorded so far, None if nothing is recorded. For main."""
        return None

    def watched(self, lock: Any = None) -> Any:
        """Return what to use in place of a lock, so that waiting for it is recorded. None: the own lock of a Condition."""
        return lock


NO_TRACE = Trace()
