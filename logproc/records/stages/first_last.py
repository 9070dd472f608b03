"""Only the first or the last records."""

from __future__ import annotations

from collections import deque

from logproc.model.errors import Enough
from logproc.records.output import Output, Release, nothing
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

    def caught_up(self) -> None:
        self._behind.caught_up()

    def close(self) -> None:
        self._behind.close()


class Last:
    """Keeps the last `most` records, and lets them pass at the end, or when the logs that are followed have been read so far.

    It gives the memory of each chunk back at once.
    """

    def __init__(self, most: int, behind: Output[Piece]) -> None:
        self._most = most
        self._behind = behind
        self._kept: deque[tuple[int, Piece]] = deque()
        self._records = 0
        self._passes = False

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if self._passes:
            self._behind.take(source, piece, release)
            return
        if piece.records:
            some = piece.slice(max(0, piece.records - self._most), piece.records)
            self._kept.append((source, copied(some)))
            self._records += some.records
        while self._kept and self._records - self._kept[0][1].records >= self._most:
            self._records -= self._kept.popleft()[1].records
        release()

    def ended(self, source: int) -> None:
        """Nothing: which records are the last ones is known at the end."""

    def caught_up(self) -> None:
        self._pass_all()
        self._passes = True
        self._behind.caught_up()

    def close(self) -> None:
        self._pass_all()
        self._behind.close()

    def _pass_all(self) -> None:
        surplus = max(0, self._records - self._most)
        for source, piece in self._kept:
            self._behind.take(source, piece.slice(surplus, piece.records), nothing)
            surplus = 0
        self._kept.clear()
