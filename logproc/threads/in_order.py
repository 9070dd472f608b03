"""Lock: results that must be merged in order, by whichever thread brings the next one.

Invariant: each tally that was added is waiting, is being merged, or is in the sum of its source. For each source one thread at
a time merges, always the next chunk. A thread that brings a later chunk leaves it here and continues with other work.

Use this where the order matters and a thread should not block until its turn. No thread waits here: the one that brings the
missing chunk also merges those that wait for it. Do not use it where the order does not matter (see shared_tally): there,
merging can wait until it is worth it.

Which keys of a bounded tally are dropped depends on what was merged before, so the order affects the result.

The budget bounds what waits here: a chunk holds its bytes until it is merged. The next chunk in order took its bytes before
all those that wait for it, so it never waits for theirs.

Newer Pythons change nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from logproc.counting.tally import Tally, merge
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace

Place = tuple[int, int]
"""A source and the number of a chunk in it."""
Release = Callable[[], None]
"""Called once, without a lock, by the thread that merged a chunk: gives the bytes of the chunk back."""


class InOrder:
    """Counts of bounded size. All methods are for any thread."""

    def __init__(self, max_keys: int, trace: Trace = NO_TRACE) -> None:
        self._trace = trace
        self._max_keys = max_keys
        # Guards all fields below. Invariant: a tally is in exactly one of `_waiting`, `_busy` and `_sums`. Never held during a
        # merge or a callback.
        self._lock = trace.watched(Lock())
        self._sums: dict[int, Tally] = {}
        self._next: dict[int, int] = {}
        self._waiting: dict[Place, Tally] = {}
        self._releases: dict[Place, Release] = {}
        self._busy: dict[int, Tally] = {}
        self._places: set[Place] = set()
        self._closed = False

    def add(self, tally: Tally, place: Place, release: Release = lambda: None) -> None:
        """Add the counts of one chunk, and merge all that is next in order."""
        with self._lock:
            if self._closed:
                return
            self._places.add(place)
            self._waiting[place] = tally
            self._releases[place] = release
        source = place[0]
        while work := self._take(source):
            with self._trace.span(Doing.MERGE):
                merged = merge(work).folded(self._max_keys)
            self._settle(source, merged)()  # a callback, here the budget's: never under the lock

    def close(self) -> frozenset[Place]:
        """Accept nothing more; return the places of all that was added."""
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

    def _settle(self, source: int, merged: Tally) -> Release:
        """Replace what was merged by the result; return the callback of its chunk."""
        with self._lock:
            self._sums[source] = merged
            self._next[source] += 1
            del self._busy[source]
            return self._releases.pop((source, self._next[source] - 1))

    def _take(self, source: int) -> list[Tally]:
        """Take the sum of a source and its next chunk, to be merged; nothing if another thread is merging this source."""
        with self._lock:
            number = self._next.setdefault(source, 0)
            if source in self._busy or (source, number) not in self._waiting:
                return []
            self._busy[source] = self._waiting.pop((source, number))
            return [*([self._sums[source]] if source in self._sums else []), self._busy[source]]
