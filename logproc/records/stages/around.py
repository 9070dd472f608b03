"""Matching records with those around them."""

from __future__ import annotations

import numpy
from msgspec import Struct

from logproc.records.output import Output, Release, nothing
from logproc.records.piece import Piece, concatenated, copied

SEPARATOR = b"--\n"
NO_UNITS = Piece(b"", 0, numpy.empty(0, numpy.int64))


class Seen(Struct):
    """What `Around` has to know of a source that has not ended.

    kept: its last units that were not written, at most `most`. skipped: whether other units stand between the last one that was
    written and these. after: how many more are to be written. is_last_written: whether the last one was.
    """

    kept: Piece = NO_UNITS
    skipped: bool = False
    after: int = 0
    is_last_written: bool = False


class Around:
    """Lets matching records pass with `most` units of their source before and after each; `--` between groups, as in grep.

    A unit is a record, or a line that could not be read.
    """

    def __init__(self, most: int, behind: Output[Piece]) -> None:
        self._most = most
        self._behind = behind
        self._seen: dict[int, Seen] = {}  # by source: those of logs that are followed come in turns
        self._written: int | None = None  # the source of the last unit that was written, -1 once that has ended

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if piece.chosen is None:
            raise TypeError("a piece without its units")
        seen = self._seen.setdefault(source, Seen())
        if piece.front and seen.is_last_written:  # of a log that is followed: further lines that come late
            self._behind.take(source, Piece(piece.front, 1, numpy.array([len(piece.front)])), nothing)
        kept, units = seen.kept.records, seen.kept.records + piece.records
        matches = numpy.flatnonzero(piece.chosen) + kept
        begins = numpy.append(numpy.maximum(matches - self._most, 0), kept)
        ends = numpy.minimum(numpy.append(matches + self._most + 1, kept + seen.after), units)
        changes = numpy.bincount(begins, minlength=units + 1) - numpy.bincount(ends, minlength=units + 1)
        wanted = numpy.concatenate([[False], numpy.cumsum(changes[:-1]) > 0, [False]])
        out: list[Piece] = []
        written = -1
        for start, end in numpy.flatnonzero(numpy.diff(wanted)).reshape(-1, 2).tolist():
            if self._written is not None and (start or seen.skipped or self._written != source):
                out.append(Piece(SEPARATOR, 1, numpy.array([len(SEPARATOR)])))
            out.append(units_of(seen.kept, piece, start, end))
            written, self._written = end - 1, source
        if out:
            self._behind.take(source, concatenated(out), nothing)
        seen.is_last_written = written == units - 1 if units else seen.is_last_written
        first = max(written + 1, units - self._most)
        seen.skipped = first > written + 1 or (seen.skipped and written < 0)
        seen.kept = copied(units_of(seen.kept, piece, first, units))
        seen.after = max(0, (int(matches[-1]) + self._most + 1 - units) if len(matches) else seen.after - piece.records)
        release()

    def ended(self, source: int) -> None:
        self._seen.pop(source, None)
        if self._written == source:
            self._written = -1
        self._behind.ended(source)

    def caught_up(self, of: int) -> None:
        self._behind.caught_up(of)

    def close(self) -> None:
        self._behind.close()


def units_of(kept: Piece, piece: Piece, start: int, end: int) -> Piece:
    """Return some units of those that were kept and a piece, counted from the first one that was kept."""
    size = kept.records
    before = kept.slice(min(start, size), min(end, size))
    after = piece.slice(max(start - size, 0), max(end - size, 0))
    return concatenated([before, after]) if before.records else after
