"""Several sources in one order of time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy

from logproc.model.columns import NO_TIME
from logproc.records.output import Output, Release, nothing
from logproc.records.piece import Piece, rearranged

if TYPE_CHECKING:
    from logproc.model.arrays import Integers


class Merging:
    """Several sources in one order of time: of those that wait, the record with the smallest time comes next.

    The records of one source stay in their order: one whose time is smaller than that of the one before it, or that has none,
    comes right behind that one. Of equal times the first source comes first. So for sources in order of time it is a stable
    sort. sources: all that will be merged.
    """

    def __init__(self, sources: list[int], behind: Output[Piece]) -> None:
        self._behind = behind
        # Of each source that has not ended: its pieces with the keys of their records, and how many of the first are done.
        self._waiting: dict[int, deque[tuple[Piece, Integers, Release]]] = {source: deque() for source in sources}
        self._done: dict[int, int] = dict.fromkeys(sources, 0)
        self._ended: set[int] = set()
        self._latest: dict[int, int] = dict.fromkeys(sources, NO_TIME)

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if not piece.records:
            release()
            return
        if piece.times is None:
            raise TypeError("a piece without its times")
        keys = numpy.maximum.accumulate(numpy.maximum(piece.times, self._latest[source]))
        self._latest[source] = int(keys[-1])
        self._waiting[source].append((piece, keys, release))
        self._merge()

    def ended(self, source: int) -> None:
        self._ended.add(source)
        self._merge()

    def caught_up(self, of: int) -> None:
        self._behind.caught_up(of)

    def close(self) -> None:
        self._behind.close()

    def _merge(self) -> None:
        """Write all that nothing can come before any more: up to the last record of the piece that ends first."""
        while True:
            for source in [source for source in self._ended if not self._waiting[source]]:
                self._ended.discard(source)
                del self._waiting[source]
            if not self._waiting or not all(self._waiting.values()):
                return
            bound, until = min((int(waiting[0][1][-1]), source) for source, waiting in self._waiting.items())
            self._write(bound, until)

    def _write(self, bound: int, until: int) -> None:
        """Write the records with smaller keys, and those with this key of the sources up to `until`."""
        parts: list[Any] = []
        keys: list[Integers] = []
        releases: list[Release] = []
        for source in sorted(self._waiting):
            waiting = self._waiting[source]
            piece, found, release = waiting[0]  # those behind it are later than its last, and that is not before the bound
            start = self._done[source]
            end = int(numpy.searchsorted(found, bound, "right" if source <= until else "left"))
            if end > start:
                parts.append(piece.slice(start, end))
                keys.append(found[start:end])
            self._done[source] = max(start, end)
            if end == piece.records:
                releases.append(release)
                waiting.popleft()
                self._done[source] = 0
        order = numpy.argsort(numpy.concatenate(keys), kind="stable")
        self._behind.take(0, rearranged(parts, order) if len(parts) > 1 else parts[0], nothing)
        for release in releases:
            release()
