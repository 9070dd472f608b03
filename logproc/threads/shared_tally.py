"""Lock: one result that many threads add to.

Invariant: every tally that was added is in exactly one of `_pending` and `_merging`, by itself or as a part of a sum.

Use a Lock around every access to data that two threads share and at least one of them changes: `x.append(y)` may be safe by
itself, but "check, then change" is two steps, and another thread can come between them.
Keep the block short. Never parse, read, write or call a callback in it: all other threads wait.

So merging, the expensive part, is done outside. A thread that finds enough to merge takes it under the lock, merges it
without the lock, and stores the result under the lock again. Meanwhile other threads can add.

Newer Pythons change nothing here. Free-threaded builds make it matter more: without a GIL nothing hides a missing lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock

from logproc.counting.tally import Tally, merge
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.in_order import InOrder, Place, Release

MIN_KEYS = 400_000
FEW_KEYS = 12_500
FEW_PARTS = 8
"""While there are few merged keys, merging is cheap, and at most this many tallies wait for it. Each waiting tally keeps the
memory around it, where a whole chunk was parsed, from being reused: 4 GB of a log with few keys peaked at 626 MiB when 800
tallies waited for `MIN_KEYS`.
"""
MANY_KEYS = 500_000
"""With more keys than this the counts take hundreds of megabytes, and most of them are shown in no report."""


class SharedTally:
    """The result of a run while it grows. All methods are for any thread.

    max_keys: if the number of keys is limited, chunks are merged in their order; see in_order.
    """

    def __init__(self, min_keys: int = MIN_KEYS, max_keys: int | None = None, trace: Trace = NO_TRACE) -> None:
        self._min_keys = min_keys
        self._trace = trace
        self._in_order = InOrder(max_keys, trace) if max_keys else None
        # Guards all fields below. Invariant: every tally is in exactly one of `_pending` and `_merging`. Never held while
        # merging.
        self._lock = trace.watched(Lock())
        self._merged: Tally | None = None
        self._pending: list[Tally] = []
        self._pending_keys = 0
        self._merging: list[Tally] = []
        self._places: set[Place] = set()
        self._closed = False
        self._tell: Callable[[], None] | None = None

    def on_many_keys(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once, by a thread that adds and without a lock, when merged counts have more than MANY_KEYS keys.

        Not if the number of keys is limited. Call this before any thread adds.
        """
        self._tell = tell

    def add(self, tally: Tally, place: Place = (0, 0), release: Release = lambda: None, more: Sequence[Place] = ()) -> None:
        """Add the counts of one chunk. Now and then the calling thread also merges, without the lock.

        place: the source and the index of the chunk. release: called once the tally is added; if the number of keys is limited,
        once it is merged, perhaps by another thread (see in_order). It is not called for chunks that come after `close`.
        more: the places of the other sources of the chunk; there is none if the number of keys is limited.
        """
        if self._in_order:
            self._in_order.add(tally, place, release)
            return
        batch = self._decide(tally, [place, *more])
        if batch:
            with self._trace.span(Doing.MERGE):
                merged = merge(batch)
            self._settle(merged)
        release()

    def close(self) -> frozenset[Place]:
        """Accept nothing more; return the places of all chunks that were added.

        A worker that was left behind after a stop may still finish a chunk later. Its other results, such as rejected lines,
        are left out by means of the places, so that they agree with the counts.
        """
        if self._in_order:
            return self._in_order.close()
        with self._lock:
            self._closed = True
            return frozenset(self._places)

    def snapshot(self) -> Tally:
        """Return everything added so far. May be called while others add: nothing is counted twice or left out."""
        if self._in_order:
            return self._in_order.snapshot()
        with self._lock:
            parts = [*self._merging, *self._pending]
        return merge(parts)

    def _decide(self, tally: Tally, places: Sequence[Place]) -> list[Tally]:
        """Take in a tally; return what the caller is to merge, if anything.

        Merging waits until the new keys weigh as much as the merged ones, so that all merges together cost no
        more than a small multiple of the last. While these are few, it does not wait so long.
        """
        with self._lock:
            if self._closed:
                return []
            self._places.update(places)
            self._pending.append(tally)
            self._pending_keys += tally.keys
            heaviest = self._merged.keys if self._merged else 0
            cheap = heaviest <= FEW_KEYS and len(self._pending) > FEW_PARTS
            if self._merging or not (cheap or self._pending_keys >= max(self._min_keys, heaviest)):
                return []
            self._merging, self._pending, self._pending_keys = self._pending, [], 0
            return self._merging

    def _settle(self, merged: Tally) -> None:
        """Replace the tallies by their sum in one step, so that a snapshot sees one or the other, never both."""
        with self._lock:
            self._merged = merged
            self._pending.append(merged)
            self._merging = []
            tell = self._tell if merged.distinct > MANY_KEYS else None
            if tell:
                self._tell = None
        if tell:
            tell()
