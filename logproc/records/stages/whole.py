"""Records that go on in the next chunk, made whole."""

from __future__ import annotations

from collections.abc import Collection

import numpy
from msgspec.structs import replace

from logproc.records.output import Output, Release, group_of, nothing
from logproc.records.piece import Piece


class Whole:
    """Puts records together that go on in another chunk. It holds the last record of a source as long as that may go on.

    Of a log that is followed, only until all that was there is read: what is new passes at once, and its further lines when
    they come. streams: the sources that catch up by themselves, see Output.
    """

    def __init__(self, behind: Output[Piece], streams: Collection[int] = ()) -> None:
        self._behind = behind
        self._streams = streams
        self._open: dict[int, tuple[Piece, list[bytes], bytes]] = {}
        """By source: the last record, its bytes so far, and the blank lines behind them."""
        self._passing: set[int] = set()

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if group_of(source, self._streams) in self._passing:
            self._behind.take(source, piece, release)
            return
        if source in self._open:
            record, parts, gap = self._open.pop(source)
            if piece.front:
                parts, gap = [*parts, gap, piece.front], b""
            self._open[source] = record, parts, gap + piece.gap
            if piece.is_open is None:
                release()
                return
            self._let_go(source)
        if piece.is_open:
            last = piece.slice(piece.records - 1, piece.records)
            self._open[source] = replace(last, content=b""), [bytes(last.content)], piece.gap  # not the whole chunk in memory
            piece = piece.slice(0, piece.records - 1)
        self._behind.take(source, replace(piece, front=b"", is_open=False, gap=b""), release)

    def ended(self, source: int) -> None:
        self._let_go(source)
        self._behind.ended(source)

    def caught_up(self, of: int) -> None:
        for source in list(self._open):
            if group_of(source, self._streams) == of:
                self._let_go(source, may_go_on=True)
        self._passing.add(of)
        self._behind.caught_up(of)

    def close(self) -> None:
        for source in list(self._open):
            self._let_go(source)  # a log that is followed does not end
        self._behind.close()

    def _let_go(self, source: int, *, may_go_on: bool = False) -> None:
        if source in self._open:
            record, parts, gap = self._open.pop(source)
            content = b"".join(parts)
            ends = numpy.array([len(content)])
            whole = replace(record, content=content, ends=ends, front=b"", is_open=may_go_on, gap=gap if may_go_on else b"")
            self._behind.take(source, whole, nothing)
