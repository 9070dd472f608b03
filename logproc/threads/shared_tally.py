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

from concurrent.futures import Future
from threading import Lock

from logproc.tally import Tally, merge

MIN_KEYS = 400_000
FEW_KEYS = 12_500
FEW_PARTS = 8
"""While the merged keys are few, merging costs nothing, and no more parts than these wait for it. Each that waits keeps the
memory round it from being used again, and a whole chunk was parsed in it: 4 GB of a log with few keys peaked at 626 MiB
when 800 of them waited for `MIN_KEYS`.
"""
Place = tuple[int, int]
"""A source and the number of a chunk in it."""
Merged = Future[None]
"""Done when counts that were added are merged. Made by hand, not by an executor: an Event that callbacks can wait for."""


class SharedTally:
    """The result of a run while it grows. All methods are for any thread."""

    def __init__(self, min_keys: int = MIN_KEYS, max_keys: int | None = None) -> None:
        self._min_keys = min_keys
        self._in_order = InOrder(max_keys) if max_keys else None
        # Guards all fields below. Held for an append or an exchange, never over a merge.
        self._lock = Lock()
        self._merged: Tally | None = None
        self._pending: list[Tally] = []
        self._pending_keys = 0
        self._merging: list[Tally] = []
        self._places: set[Place] = set()
        self._closed = False

    def add(self, tally: Tally, place: Place = (0, 0)) -> Merged | None:
        """Add the counts of one chunk. Now and then the thread that adds also merges what there is, without the lock.

        place: its source and its number there, which matter where the keys are bounded: see `InOrder`. What is returned then
        is done when the counts are merged, which may be later.
        """
        if self._in_order:
            return self._in_order.add(tally, place)
        batch = self._decide(tally, place)
        if batch:
            self._settle(merge(batch))
        return None

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


class InOrder:
    """Counts of bounded size. Which keys are given up depends on what came before, so chunks are merged in their order.

    Invariant: each tally that was added is in `waiting`, is the one that is being merged, or is in the sum of its source;
    and of each source one thread at a time merges, the chunk whose turn it is. Who adds another chunk leaves it and goes.

    What waits is bounded by the budget, not here: a chunk holds its bytes until the Future of `add` is done. The chunk whose
    turn it is took its bytes before all that wait for it, so it is never the one that has to wait for theirs.
    """

    def __init__(self, max_keys: int) -> None:
        self._max_keys = max_keys
        # Guards all fields below. Held for a look and an exchange, never over a merge.
        self._lock = Lock()
        self._sums: dict[int, Tally] = {}
        self._next: dict[int, int] = {}
        self._waiting: dict[tuple[int, int], Tally] = {}
        self._merged: dict[tuple[int, int], Merged] = {}
        self._busy: dict[int, Tally] = {}
        self._places: set[Place] = set()
        self._closed = False

    def add(self, tally: Tally, place: Place) -> Merged | None:
        """Add the counts of one chunk, and merge what has its turn now. What is returned is done when they are merged."""
        done = Merged()
        with self._lock:
            if self._closed:
                return None
            self._places.add(place)
            self._waiting[place] = tally
            self._merged[place] = done
        source = place[0]
        while work := self._take(source):
            merged = merge(work).folded(self._max_keys)
            self._settle(source, merged).set_result(None)  # its callbacks give bytes back: not under the lock
        return done

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

    def _settle(self, source: int, merged: Tally) -> Merged:
        """Put the result in the place of what was merged; return the Future that says so."""
        with self._lock:
            self._sums[source] = merged
            self._next[source] += 1
            del self._busy[source]
            return self._merged.pop((source, self._next[source] - 1))

    def _take(self, source: int) -> list[Tally]:
        """Take what is to be merged now: the sum of a source and its next chunk; nothing if another thread is at it."""
        with self._lock:
            number = self._next.setdefault(source, 0)
            if source in self._busy or (source, number) not in self._waiting:
                return []
            self._busy[source] = self._waiting.pop((source, number))
            return [*([self._sums[source]] if source in self._sums else []), self._busy[source]]
