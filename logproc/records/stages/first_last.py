"""Only the first or the last records."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection

from logproc.model.errors import Enough
from logproc.records.output import Output, Release, group_of, nothing
from logproc.records.piece import Piece, copied


class First:
    """Lets the first `most` records pass, then ends the run."""

    def __init__(self, most: int, behind: Output[Piece]) -> None:
        self._left = most
        self._behind = behind

    def take(self, source: int, piece: Piece, release: Release) -> None:
        some = piece if piece.records <= self._left else piece.slice(0, self._left)
        self._left -= some.records
        self._behind.take(source, some, release)
        if not self._left:
            self._behind.close()
            raise Enough

    def ended(self, source: int) -> None:
        self._behind.ended(source)

    def caught_up(self, of: int) -> None:
        self._behind.caught_up(of)

    def close(self) -> None:
        self._behind.close()


class Last:
    """Keeps the last `most` records, and lets them pass at the end, or when the logs that are followed have been read so far.

    It gives the memory of each chunk back at once. streams: the sources that catch up by themselves, see Output: of each of
    them there are as many records as of all files together.
    """

    def __init__(self, most: int, behind: Output[Piece], streams: Collection[int] = ()) -> None:
        self._most = most
        self._behind = behind
        self._streams = streams
        self._kept: defaultdict[int, deque[tuple[int, Piece]]] = defaultdict(deque)
        self._records: Counter[int] = Counter()
        self._passing: set[int] = set()

    def take(self, source: int, piece: Piece, release: Release) -> None:
        group = group_of(source, self._streams)
        if group in self._passing:
            self._behind.take(source, piece, release)
            return
        kept = self._kept[group]
        if piece.records:
            some = piece.slice(max(0, piece.records - self._most), piece.records)
            kept.append((source, copied(some)))
            self._records[group] += some.records
        while kept and self._records[group] - kept[0][1].records >= self._most:
            self._records[group] -= kept.popleft()[1].records
        release()

    def ended(self, source: int) -> None:
        """Nothing: which records are the last ones is known at the end."""

    def caught_up(self, of: int) -> None:
        self._pass_all(of)
        self._passing.add(of)
        self._behind.caught_up(of)

    def close(self) -> None:
        for group in list(self._kept):
            self._pass_all(group)
        self._behind.close()

    def _pass_all(self, group: int) -> None:
        surplus = max(0, self._records[group] - self._most)
        for source, piece in self._kept.pop(group, ()):
            self._behind.take(source, piece.slice(surplus, piece.records), nothing)
            surplus = 0
