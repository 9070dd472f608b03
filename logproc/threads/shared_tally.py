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

from logproc.tally import Tally, merge

MIN_KEYS = 400_000


class SharedTally:
    """The result of a run while it grows. All methods are for any thread."""

    def __init__(self, min_keys: int = MIN_KEYS) -> None:
        self._min_keys = min_keys
        # Guards all fields below. Held for an append or an exchange, never over a merge.
        self._lock = Lock()
        self._merged: Tally | None = None
        self._pending: list[Tally] = []
        self._pending_keys = 0
        self._merging: list[Tally] = []

    def add(self, tally: Tally) -> None:
        """Add the counts of one chunk. Now and then the thread that adds also merges what there is, without the lock."""
        batch = self._decide(tally)
        if batch:
            self._settle(merge(batch))

    def snapshot(self) -> Tally:
        """Return everything added so far. May be called while others add: nothing is counted twice or left out."""
        with self._lock:
            parts = [*self._merging, *self._pending]
        return merge(parts)

    def _decide(self, tally: Tally) -> list[Tally]:
        """Take in a tally; return what the caller is to merge, if anything.

        Merging waits until the new keys weigh as much as the merged ones, so that all merges together cost no
        more than a small multiple of the last.
        """
        with self._lock:
            self._pending.append(tally)
            self._pending_keys += tally.keys
            heaviest = self._merged.keys if self._merged else 0
            if self._merging or self._pending_keys < max(self._min_keys, heaviest):
                return []
            self._merging, self._pending, self._pending_keys = self._pending, [], 0
            return self._merging

    def _settle(self, merged: Tally) -> None:
        """Replace what was merged by the result, in one step: a snapshot sees the parts or their sum, never both."""
        with self._lock:
            self._merged = merged
            self._pending.append(merged)
            self._merging = []
