"""Lock and Event: a result that is saved while it grows, and that survives `kill -9` at any moment.

Invariant: what is committed is, of each source, the counts of its chunks before one position, of all of them, and of no other.

A run that is killed and started again must count each line once. So it has to know which lines are in the counts that were
saved. Workers finish chunks in any order; a position says "everything before here", so only counts of chunks without a gap
before them can be committed. Here a chunk that comes early waits for its predecessors. Once they are there it belongs to the
*prefix* of its source, and its position is that of the source. Counts and positions change under one lock, in one step, and
are saved as one file.

Use this for work that is repeated from a mark after a crash, and whose result must have it exactly once. Do not use it where a
run can simply be repeated as a whole (see shared_tally): there is a wait for order, and a disk that has to keep up. It
needs a source that can be read again from a position, and the position must say what was counted, not what was read.

What would go wrong otherwise:

- Counts in one file and positions in another: a kill between the two, and lines are counted twice or never.
- A commit of all that was counted, with the position of the last chunk: the chunk before it, still being parsed, is lost.
- No fsync before the rename: after a power failure the name is there, and the file behind it empty.
- A rename without fsync of the folder: the rename itself may be undone after the program has said "saved".

Merging waits until it is worth it, as in adding: a sum is added to the one before it once it weighs as much. So each count is
merged a logarithmic number of times, and a log that grows by a line does not cost a merge of a million keys. A commit
needs the whole sum, and costs as much as it is large: so it comes at most every `seconds`, and takes at most a tenth of the
time.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import reduce
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from msgspec import Struct

from logproc.counting.tally import Tally, merge
from logproc.model.errors import OutputError
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.threads.in_order import Place, Release
from logproc.threads.shared_tally import FEW_PARTS, MANY_KEYS
from logproc.threads.stop import Stop

SECONDS = 1.0
"""How often a result is saved, if that takes less than a tenth of it: what a kill costs is to count again what came since."""
SHARE = 10
"""Saving takes at most one part in so many of the time."""
ALL = 0
"""The group of all sources, where their order does not matter."""
EARLIER = -1
"""The group of what earlier runs counted, where it does."""

Position = TypeVar("Position")
"""Whatever says how far a source was read. It is kept and given back, never looked at."""
logger = logging.getLogger(__name__)


class Commit(Struct, Generic[Position], frozen=True):
    """What may be saved: counts, and the position of each source up to which they are complete. number: of chunks in them."""

    tally: Tally
    positions: Mapping[int, Position]
    number: int


class Part(Struct, frozen=True):
    """The counts of one chunk, or the sum of several. weight: what it costs to merge them, asked once and without the lock."""

    tally: Tally
    weight: int = 0

    @classmethod
    def of(cls, tally: Tally) -> Part:
        return cls(tally, tally.keys + len(tally.sources))


Work = Mapping[int, tuple[int, list[Part]]]
"""What a thread is to merge: by group, the place of the first of some parts, and these parts."""


class Counted(Struct, frozen=True):
    """Which chunks were added: of each source those before a number, and some more. A run of days has too many to list."""

    before: Mapping[int, int]
    more: frozenset[Place]

    def __contains__(self, place: object) -> bool:
        return place in self.more or (isinstance(place, tuple) and place[1] < self.before.get(place[0], 0))


class Added(Struct, Generic[Position], frozen=True):
    """A chunk that was counted."""

    part: Part
    places: tuple[Place, ...]
    position: Position | None
    release: Release


class Committer(Generic[Position]):
    """The result of a run, and the part of it that may be saved. All methods are for any thread.

    earlier: the counts of earlier runs, with the positions that they end at. max_keys: if the number of keys is limited, the
    chunks of each source are merged in their order; see in_order.
    """

    def __init__(
        self,
        earlier: Tally | None = None,
        positions: Mapping[int, Position] | None = None,
        max_keys: int | None = None,
        trace: Trace = NO_TRACE,
    ) -> None:
        self._max_keys = max_keys
        self._trace = trace
        # Guards all fields below. Invariant: each tally that was added is once in `_waiting` or in `_parts`, by itself or in a
        # sum; `_parts` hold exactly the chunks before `_next`, and `_positions` are those of the last of them. Only the thread
        # that set `_merging` replaces parts; others append. Never held during a merge or a callback.
        self._lock = trace.watched(Lock())
        self._parts: dict[int, list[Part]] = {}
        self._merging = False
        self._waiting: dict[Place, Added[Position]] = {}
        self._next: dict[int, int] = {}
        self._positions: dict[int, Position] = dict(positions or {})
        self._number = 0
        self._closed = False
        self._tell: Callable[[], None] | None = None
        if earlier is not None:
            self._parts[EARLIER if max_keys else ALL] = [Part.of(earlier)]

    def on_many_keys(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once, as SharedTally does. Call this before any thread adds."""
        self._tell = None if self._max_keys else tell

    def add(
        self,
        tally: Tally,
        place: Place,
        release: Release = lambda: None,
        more: Sequence[Place] = (),
        position: Position | None = None,
    ) -> None:
        """Add the counts of one chunk. Now and then the calling thread also merges, without the lock.

        place, more: the sources of the chunk, and its number in each, from 0. position: where the first of these is after it; a
        source has one with all of its chunks, or with none.
        release: called once the chunk belongs to the prefix of its sources, perhaps by another thread, so that the budget
        bounds what waits. The next chunk of a source took its bytes before all that wait for it, so it never waits for theirs.
        Not called for chunks that come after `close`.
        """
        added = Added(Part.of(tally), (place, *more), position, release)
        with self._lock:
            if self._closed:
                return
            self._waiting |= dict.fromkeys(added.places, added)
            ready = self._take_ready(added)
            work = self._take_work({self._group(chunk.places) for chunk in ready}, self._worth_merging)
        for each in ready:
            each.release()
        self._merge(work)

    def close(self) -> Container[Place]:
        """Accept nothing more; return the places of all chunks that were added."""
        with self._lock:
            self._closed = True
            return Counted(dict(self._next), frozenset(self._waiting))

    def snapshot(self) -> Tally:
        """Return everything added so far, also what waits for a chunk before it."""
        with self._lock:
            groups = {group: list(parts) for group, parts in self._parts.items()}
            waiting = sorted({added.places: added for added in self._waiting.values()}.items())
        for places, added in waiting:
            groups.setdefault(self._group(places), []).append(added.part)
        return self._total(groups)

    def committed(self) -> Commit[Position]:
        """Return what may be saved now. Merges it, which takes as long as there are counts; others can add meanwhile."""
        with self._lock:
            groups = {group: list(parts) for group, parts in self._parts.items()}
            positions, number = dict(self._positions), self._number
            work = self._take_work(groups, lambda parts: 0 if len(parts) > 1 else None)
        sums = self._merge(work)
        return Commit(self._total(groups | {group: [merged] for group, merged in sums.items()}), positions, number)

    @property
    def number(self) -> int:
        """How many chunks may be saved."""
        with self._lock:
            return self._number

    def _take_ready(self, added: Added[Position]) -> list[Added[Position]]:
        """Move a chunk to the prefix of its sources if it is next, and those that waited for it. Called with the lock."""
        found, candidates = [], [added]
        while candidates:
            chunk = candidates.pop()
            if any(self._next.setdefault(source, 0) != index for source, index in chunk.places):
                continue
            found.append(chunk)
            self._number += 1
            self._parts.setdefault(self._group(chunk.places), []).append(chunk.part)
            if chunk.position is not None:
                self._positions[chunk.places[0][0]] = chunk.position
            for source, index in chunk.places:
                del self._waiting[source, index]
                self._next[source] = index + 1
            after = ((source, index + 1) for source, index in chunk.places)
            candidates += [self._waiting[place] for place in after if place in self._waiting]
        return found

    def _group(self, places: Sequence[Place]) -> int:
        return places[0][0] if self._max_keys else ALL

    def _worth_merging(self, parts: Sequence[Part]) -> int | None:
        """Return from where on parts are to be merged, None for not yet.

        With a limit on the keys a sum has to begin with the first part, and is small.
        """
        if len(parts) <= FEW_PARTS or self._max_keys:
            return 0 if len(parts) > FEW_PARTS else None
        start, weight = len(parts) - 1, parts[-1].weight
        while start and parts[start - 1].weight <= weight:
            start -= 1
            weight += parts[start].weight
        return start if len(parts) - start > FEW_PARTS else None

    def _take_work(self, groups: Iterable[int], start_of: Callable[[Sequence[Part]], int | None]) -> Work:
        """Return the parts to merge of some groups, from `start_of` on; none while another thread merges.

        Called with the lock. The caller is to merge them.
        """
        if self._merging:
            return {}
        starts = {group: start_of(self._parts[group]) for group in groups}
        work = {group: (start, self._parts[group][start:]) for group, start in starts.items() if start is not None}
        self._merging = bool(work)
        return work

    def _merge(self, work: Work) -> dict[int, Part]:
        """Merge parts without the lock, put their sums in their places, and return them."""
        if not work:
            return {}
        sums: dict[int, Part] = {}
        tell = None
        try:
            with self._trace.span(Doing.MERGE):
                sums = {group: Part.of(self._sum(parts)) for group, (_, parts) in work.items()}
        finally:
            with self._lock:  # in one step, so that a snapshot sees the parts or their sum
                for group, merged in sums.items():
                    start, parts = work[group]
                    self._parts[group][start : start + len(parts)] = [merged]
                self._merging = False
                if self._tell and any(merged.tally.distinct > MANY_KEYS for merged in sums.values()):
                    tell, self._tell = self._tell, None
        if tell:
            tell()
        return sums

    def _sum(self, parts: Sequence[Part]) -> Tally:
        """Return the sum of parts. With a limit on the keys it depends on their order, not on how many are merged at once."""
        limit, tallies = self._max_keys, [part.tally for part in parts]
        if limit is None:
            return tallies[0] if len(tallies) == 1 else merge(tallies)
        return reduce(lambda total, tally: merge([total, tally]).folded(limit), tallies, merge([]))

    def _total(self, groups: Mapping[int, Sequence[Part]]) -> Tally:
        """Return the sum of all groups. With a limit on the keys each source is summed up first, as in in_order."""
        sums = [self._sum(groups[group]) for group in sorted(groups)]
        return sums[0] if len(sums) == 1 else self._sum([Part(tally) for tally in sums])


class Saver(Thread, Generic[Position]):
    """Saves what may be saved, now and then, and a last time when it is finished.

    save: writes a commit; blocks until it is on the disk, and raises OutputError if it cannot. tell: called once for the first
    failure. A failure does not stop the run: the counts are right, the former commit is whole, and the disk may have room
    again at the next attempt. Only a last one that fails is an error of the run, because a report without its state would be
    counted again. Any other exception is a bug, and the cause of a stop.
    """

    def __init__(
        self,
        committer: Committer[Position],
        save: Callable[[Commit[Position]], None],
        stop: Stop,
        tell: Callable[[OutputError], None] = lambda _: None,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="saver", daemon=True)  # a disk may block it for ever
        self._committer = committer
        self._save = save
        self._run_stop = stop
        self._tell = tell
        self._seconds = seconds
        self._clock = clock
        self._finished = Event()
        self._saved = 0
        self._has_failed = False

    def run(self) -> None:
        pause = self._seconds
        try:
            while not self._finished.wait(pause):
                started = self._clock()
                try:
                    self._commit()
                except OutputError as error:
                    self._say(error)
                pause = max(self._seconds, (SHARE - 1) * (self._clock() - started))
        except BaseException as error:
            self._run_stop.set(error)

    def finish(self) -> None:
        """Save a last time. Call it when nothing is added any more, from one thread; not for main, except within_grace.

        Blocks until all is on the disk. Raises OutputError if it cannot be saved. If a caller gives up waiting, a former commit
        or this one is there.
        """
        self._finished.set()
        if self.ident is not None:
            self.join()
        self._commit(even_if_same=True)

    def _commit(self, *, even_if_same: bool = False) -> None:
        """Save if there is anything new. At the end always: the file of a first run without lines is there, too."""
        if self._committer.number != self._saved or even_if_same:
            commit = self._committer.committed()
            self._save(commit)
            self._saved = commit.number

    def _say(self, error: OutputError) -> None:
        logger.info("not saved", extra={"error": str(error)})
        if not self._has_failed:
            self._has_failed = True
            self._tell(error)
