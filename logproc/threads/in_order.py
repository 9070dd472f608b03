"""Lock once more: results that must be merged in their order, by whichever thread comes with the next one.

Invariant: each tally that was added is waiting, is being merged, or is in the sum of its source; and of each source one thread
at a time merges, the chunk whose turn it is. A thread that comes with another chunk leaves it and goes on to other work.

Use this where the order matters and waiting for one's turn would cost a thread. Nobody sleeps here: the thread that brings
the missing piece finds the others lying there, and does their part as well. Do not use it where the order does not matter
(see shared_tally): there merging can wait until it is worth it.

Which keys of a bounded tally are given up depends on what came before, so the order decides the result.

What waits is bounded by the budget, not here: a chunk holds its bytes until it is merged. The chunk whose turn it is took its
bytes before all that wait for it, so it never waits for theirs.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from logproc.counting.tally import Tally, merge

Place = tuple[int, int]
"""A source and the number of a chunk in it."""
WhenMerged = Callable[[], None]
"""Called once when the counts of a chunk are merged, by the thread that merged them, which holds no lock then."""


class InOrder:
    """Counts of bounded size. All methods are for any thread."""

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        # Guards all fields below: a tally is in exactly one of `_waiting`, `_busy` and `_sums`. Held for a look and an
        # exchange, never over a merge or a callback.
        self._lock = Lock()
        self._sums: dict[int, Tally] = {}
        self._next: dict[int, int] = {}
        self._waiting: dict[Place, Tally] = {}
        self._when_merged: dict[Place, WhenMerged] = {}
        self._busy: dict[int, Tally] = {}
        self._places: set[Place] = set()
        self._closed = False

    def add(self, tally: Tally, place: Place, when_merged: WhenMerged = lambda: None) -> None:
        """Add the counts of one chunk, and merge what has its turn now."""
        with self._lock:
            if self._closed:
                return
            self._places.add(place)
            self._waiting[place] = tally
            self._when_merged[place] = when_merged
        source = place[0]
        while work := self._take(source):
            merged = merge(work).folded(self._max_keys)
            self._settle(source, merged)()  # foreign code, here the budget's: never under the lock

    def close(self) -> frozenset[Place]:
        """Take in nothing more; return the places of all that was taken in."""
        with self._lock:
            self._closed = True
            return frozenset(self._places)

    def snapshot(self) -> Tally:
        """Return everything added so far, the sources in their order."""
        with self._lock:
            waiting = sorted({**self._waiting, **{(source, -1): tally for source, tally in self._busy.items()}}.items())
            parts = {source: [tally] for source, tally in self._sums.items()}
        for (source, _), tally in waiting:
            parts.setdefault(source, []).append(tally)
        total = merge([])
        for source in sorted(parts):
            counted = merge([])
            for tally in parts[source]:
                counted = merge([counted, tally]).folded(self._max_keys)
            total = merge([total, counted]).folded(self._max_keys)
        return total

    def _settle(self, source: int, merged: Tally) -> WhenMerged:
        """Put the result in the place of what was merged; return what is to be called then."""
        with self._lock:
            self._sums[source] = merged
            self._next[source] += 1
            del self._busy[source]
            return self._when_merged.pop((source, self._next[source] - 1))

    def _take(self, source: int) -> list[Tally]:
        """Take what is to be merged now: the sum of a source and its next chunk; nothing if another thread is at it."""
        with self._lock:
            number = self._next.setdefault(source, 0)
            if source in self._busy or (source, number) not in self._waiting:
                return []
            self._busy[source] = self._waiting.pop((source, number))
            return [*([self._sums[source]] if source in self._sums else []), self._busy[source]]
