"""Lock: one result that many threads add to.

Invariant: every tally that was added is in `pending` or in `merging`, and in only one of the two.

Use a Lock around every access to data that two threads share and one of them changes: `x.append(y)` may be safe by
itself, but "look, then change" is two steps, and another thread comes between them.
Keep the block short. Never parse, read, write or call anybody else's code in it: all other threads queue up behind it.

So merging, which is work, is done outside. Who finds enough to merge takes it under the lock, merges it holding
nothing, and under the lock again puts the result in its place. Meanwhile the others go on adding.

Newer Pythons change nothing here. Free-threaded builds make it matter more: without a GIL nothing hides a missing lock.
"""

from __future__ import annotations

from threading import Lock

from logproc.counting.tally import Tally, merge
from logproc.threads.in_order import InOrder, Place, WhenMerged

MIN_KEYS = 400_000
FEW_KEYS = 12_500
FEW_PARTS = 8
"""While the merged keys are few, merging costs nothing, and no more parts than these wait for it. Each that waits keeps the
memory round it from being used again, and a whole chunk was parsed in it: 4 GB of a log with few keys peaked at 626 MiB
when 800 of them waited for `MIN_KEYS`.
"""


class SharedTally:
    """The result of a run while it grows. All methods are for any thread.

    max_keys: where the keys are bounded, chunks are merged in their order: see in_order.
    """

    def __init__(self, min_keys: int = MIN_KEYS, max_keys: int | None = None) -> None:
        self._min_keys = min_keys
        self._in_order = InOrder(max_keys) if max_keys else None
        # Guards all fields below: every tally is in `_pending` or in `_merging`, and in only one of the two. Held for an append
        # or an exchange, never over a merge.
        self._lock = Lock()
        self._merged: Tally | None = None
        self._pending: list[Tally] = []
        self._pending_keys = 0
        self._merging: list[Tally] = []
        self._places: set[Place] = set()
        self._closed = False

    def add(self, tally: Tally, place: Place = (0, 0), when_merged: WhenMerged = lambda: None) -> None:
        """Add the counts of one chunk. Now and then the thread that adds also merges what there is, without the lock.

        place: its source and its number there, which matter where the keys are bounded: see `InOrder`. There `when_merged` may
        be called later, by another thread. It is not called for what comes after the end.
        """
        if self._in_order:
            self._in_order.add(tally, place, when_merged)
            return
        batch = self._decide(tally, place)
        if batch:
            self._settle(merge(batch))
        when_merged()

    def close(self) -> frozenset[Place]:
        """Take in nothing more; return the places of all that was taken in.

        A worker that a stop left behind may come any time later. What else is made of its chunk, such as its rejected
        lines, is left out by the places, so that it agrees with the counts.
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

    def _decide(self, tally: Tally, place: Place) -> list[Tally]:
        """Take in a tally; return what the caller is to merge, if anything.

        Merging waits until the new keys weigh as much as the merged ones, so that all merges together cost no
        more than a small multiple of the last. While these are few, it does not wait so long.
        """
        with self._lock:
            if self._closed:
                return []
            self._places.add(place)
            self._pending.append(tally)
            self._pending_keys += tally.keys
            heaviest = self._merged.keys if self._merged else 0
            cheap = heaviest <= FEW_KEYS and len(self._pending) > FEW_PARTS
            if self._merging or not (cheap or self._pending_keys >= max(self._min_keys, heaviest)):
                return []
            self._merging, self._pending, self._pending_keys = self._pending, [], 0
            return self._merging

    def _settle(self, merged: Tally) -> None:
        """Replace what was merged by the result, in one step: a snapshot sees the parts or their sum, never both."""
        with self._lock:
            self._merged = merged
            self._pending.append(merged)
            self._merging = []
