"""Matching records with those around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

from logproc.records.piece import Piece, concatenated, copied
from logproc.records.stages.output import Output, Release, nothing

if TYPE_CHECKING:
    pass

SEPARATOR = b"--\n"
NO_UNITS = Piece(b"", 0, numpy.empty(0, numpy.int64))


class Around:
    """Lets matching records pass with `most` units before and after each; `--` stands between groups, as in grep.

    A unit is a record, or a line that could not be read.
    """

    def __init__(self, most: int, behind: Output) -> None:
        self._most = most
        self._behind = behind
        self._kept = NO_UNITS  # the last units of the source that were not written, at most `most`
        self._skipped = False  # whether other units stand between the last one that was written and these
        self._after = 0  # how many more are to be written
        self._any = False
        self._is_last_written = False

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if piece.chosen is None:
            raise TypeError("a piece without its units")
        if piece.front and self._is_last_written:  # of a log that is followed: further lines that come late
            self._behind.take(source, Piece(piece.front, 1, numpy.array([len(piece.front)])), nothing)
        kept, units = self._kept.records, self._kept.records + piece.records
        matches = numpy.flatnonzero(piece.chosen) + kept
        begins = numpy.append(numpy.maximum(matches - self._most, 0), kept)
        ends = numpy.minimum(numpy.append(matches + self._most + 1, kept + self._after), units)
        changes = numpy.bincount(begins, minlength=units + 1) - numpy.bincount(ends, minlength=units + 1)
        wanted = numpy.concatenate([[False], numpy.cumsum(changes[:-1]) > 0, [False]])
        out: list[Piece] = []
        written = -1
        for start, end in numpy.flatnonzero(numpy.diff(wanted)).reshape(-1, 2).tolist():
            if self._any and (start or self._skipped):
                out.append(Piece(SEPARATOR, 1, numpy.array([len(SEPARATOR)])))
            out.append(self._units(piece, start, end))
            written, self._any = end - 1, True
        if out:
            self._behind.take(source, concatenated(out), nothing)
        self._is_last_written = written == units - 1 if units else self._is_last_written
        first = max(written + 1, units - self._most)
        self._skipped = first > written + 1 or (self._skipped and written < 0)
        self._kept = copied(self._units(piece, first, units))
        self._after = max(0, (int(matches[-1]) + self._most + 1 - units) if len(matches) else self._after - piece.records)
        release()

    def ended(self, source: int) -> None:
        self._kept, self._skipped, self._after, self._is_last_written = NO_UNITS, True, 0, False
        self._behind.ended(source)

    def caught_up(self) -> None:
        self._behind.caught_up()

    def close(self) -> None:
        self._behind.close()

    def _units(self, piece: Piece, start: int, end: int) -> Piece:
        """Return some units, counted from the first one that was kept."""
        kept = self._kept.records
        before = self._kept.slice(min(start, kept), min(end, kept))
        after = piece.slice(max(start - kept, 0), max(end - kept, 0))
        return concatenated([before, after]) if before.records else after
