"""Lock: counts that are forgotten after a while.

Invariant: every tally that was added, and whose slice is in the window, is once in `_parts`, by itself or in a sum.

As in shared_tally, threads add and merge in any order. The difference is that the result must also become smaller. Counts
cannot be taken back: which value was the largest before, for example, is not known any more. So they are kept in slices of
time, and a whole slice is dropped when it leaves the window. The memory is that of one window, however long the run is.

Use this for a moving result over the last minutes. Do not use it where a result over all time is enough: the slices hold each
key many times.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from logproc.counting.tally import Tally, merge
from logproc.counting.window import Sliced, Window
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.in_order import Release
from logproc.threads.shared_tally import FEW_PARTS, MANY_KEYS

REST = None
"""The key of what is not in any slice, and is kept for the whole run."""


class SlidingTally:
    """The counts of a window that moves. All methods are for any thread. clock: seconds since 1970."""

    def __init__(self, window: Window, clock: Callable[[], float] = time.time, trace: Trace = NO_TRACE) -> None:
        self.window = window
        self._clock = clock
        self._trace = trace
        # Guards all fields below. Invariant: see above; the parts of a slice only grow at their end, except by the thread that
        # has it in `_merging`, which replaces some by their sum. Never held during a merge.
        self._lock = trace.watched(Lock())
        self._parts: dict[int | None, list[Tally]] = {}
        self._merging: set[int | None] = set()
        self._now_s = 0.0
        self._closed = False
        self._tell: Callable[[], None] | None = None

    def on_many_keys(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once, as SharedTally does. Call this before any thread adds."""
        self._tell = tell

    def now(self) -> float:
        """Return the time, which never goes back: what has left the window does not return."""
        with self._lock:
            return self._tick()

    def add(self, sliced: Sliced, release: Release = lambda: None) -> None:
        """Add the counts of one chunk. Now and then the calling thread also merges, without the lock.

        release: called once they are added; not for chunks that come after `close`.
        """
        with self._lock:
            if self._closed:
                return
            wanted = self.window.slices_at(self._tick())
            for gone in [key for key in self._parts if key is not REST and key not in wanted]:
                del self._parts[gone]
            self._parts.setdefault(REST, []).append(sliced.rest)
            for number, tally in sliced.slices.items():
                if number in wanted:  # or it has left the window while it was counted
                    self._parts.setdefault(number, []).append(tally)
            work = self._take_work()
        release()
        for key, (start, parts) in work.items():
            self._merge(key, start, parts)

    def close(self) -> None:
        """Accept nothing more."""
        with self._lock:
            self._closed = True

    def snapshot(self) -> Tally:
        """Return the counts of the window as it is now. Blocks as long as merging takes; others can add meanwhile."""
        with self._lock:
            wanted = self.window.slices_at(self._tick())
            parts = [
                tally for number, tallies in self._parts.items() if number is REST or number in wanted for tally in tallies
            ]
        return merge(parts)

    @property
    def slices(self) -> int:
        """How many slices are kept."""
        with self._lock:
            return len(self._parts.keys() - {REST})

    def _tick(self) -> float:
        self._now_s = max(self._now_s, self._clock())
        return self._now_s

    def _take_work(self) -> dict[int | None, tuple[int, list[Tally]]]:
        """Return the parts that are worth merging, by slice, with their place there. Called with the lock."""
        work = {}
        for number, parts in self._parts.items():
            start, weight = len(parts) - 1, parts[-1].keys
            while start and parts[start - 1].keys <= weight:  # so that each count is merged a logarithmic number of times
                start -= 1
                weight += parts[start].keys
            if number not in self._merging and len(parts) - start > FEW_PARTS:
                work[number] = start, parts[start:]
        self._merging |= work.keys()
        return work

    def _merge(self, key: int | None, start: int, parts: list[Tally]) -> None:
        with self._trace.span(Doing.MERGE):
            merged = merge(parts)
        tell = None
        with self._lock:
            self._merging.discard(key)
            if key in self._parts:  # or it has left the window meanwhile
                self._parts[key][start : start + len(parts)] = [merged]
            if merged.distinct > MANY_KEYS:
                tell, self._tell = self._tell, None
        if tell:
            tell()
