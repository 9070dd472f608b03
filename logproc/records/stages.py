"""What happens to the pieces between the workers and the file: the first, the last, those around, and several sources in one.

Each stage is an Output (see threads.delivery) that gives to the next one. All run in the writer's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy
from msgspec.structs import replace

from logproc.model.columns import NO_TIME
from logproc.model.errors import Enough
from logproc.records.piece import Piece, concatenated, rearranged

if TYPE_CHECKING:
    from logproc.model.arrays import Integers
    from logproc.records.parquet import ParquetFile, ParquetFolder

Release = Callable[[], None]
SEPARATOR = b"--\n"
NO_UNITS = Piece(b"", 0, numpy.empty(0, numpy.int64))


def nothing() -> None:
    """Release nothing."""


class Output(Protocol):
    """Takes pieces: see `threads.delivery.Output`."""

    def take(self, source: int, piece: Piece, release: Release) -> None:
        """Write the next piece of a source, then, now or later, call `release`."""

    def ended(self, source: int) -> None:
        """All pieces of a source were taken."""

    def caught_up(self) -> None:
        """All that was there when a run began to follow logs was taken."""

    def close(self) -> None:
        """Write what is held back, and finish the file."""


class Bytes:
    """Writes the bytes of pieces.

    write, finish: of the file; `finish` makes it valid under its name. header: returns what comes before all pieces.
    """

    def __init__(
        self, write: Callable[[Any], None], finish: Callable[[], None] = nothing, header: Callable[[], bytes] = bytes
    ) -> None:
        self._write_on = write
        self._finish = finish
        self._open: dict[int, bytes] = {}
        """The sources whose last record was written and may go on, each with the blank lines behind it."""
        self._header = header
        self._has_begun = False

    def take(self, source: int, piece: Piece, release: Release) -> None:
        gap = self._open.pop(source, None)
        if gap is not None and piece.front:
            self._write(gap + piece.front)
            gap = b""
        if piece.records:
            self._write(piece.content)
        if piece.is_open:
            self._open[source] = piece.gap
        elif piece.is_open is None and gap is not None:
            self._open[source] = gap + piece.gap
        release()

    def ended(self, source: int) -> None:
        self._open.pop(source, None)

    def caught_up(self) -> None:
        """Nothing: all was written at once."""

    def close(self) -> None:
        self._write(b"")  # a file without records has its header, too
        self._finish()

    def _write(self, content: Any) -> None:
        if not self._has_begun:
            self._has_begun = True
            if header := self._header():
                self._write_on(header)
        if len(content):
            self._write_on(content)


class Tables:
    """Writes tables to a file or folder of Parquet. open_file: opens it once the columns are known; None if they never were."""

    def __init__(self, open_file: Callable[[], ParquetFile | ParquetFolder | None]) -> None:
        self._open_file = open_file
        self._file: ParquetFile | ParquetFolder | None = None

    def take(self, source: int, piece: Piece, release: Release) -> None:  # noqa: ARG002 - all go to one file
        if piece.records:
            self._file = self._file or self._open_file()
            if self._file:
                self._file.write(piece.content)
        release()

    def ended(self, source: int) -> None:
        """Nothing: all sources are in one file."""

    def caught_up(self) -> None:
        """Nothing."""

    def close(self) -> None:
        self._file = self._file or self._open_file()  # a file without records is one, too
        if self._file:
            self._file.close()

    def discard(self) -> None:
        """Leave no file behind, if it was not closed."""
        if self._file:
            self._file.discard()


class Whole:
    """Puts records together that go on in another chunk. It holds the last record of a source as long as that may go on."""

    def __init__(self, behind: Output) -> None:
        self._behind = behind
        self._open: dict[int, tuple[Piece, list[bytes], bytes]] = {}
        """By source: the last record, its bytes so far, and the blank lines behind them."""

    def take(self, source: int, piece: Piece, release: Release) -> None:
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
            self._open[source] = last, [bytes(last.content)], piece.gap
            piece = piece.slice(0, piece.records - 1)
        self._behind.take(source, replace(piece, front=b"", is_open=False, gap=b""), release)

    def ended(self, source: int) -> None:
        self._let_go(source)
        self._behind.ended(source)

    def caught_up(self) -> None:
        for source in list(self._open):
            self._let_go(source)
        self._behind.caught_up()

    def close(self) -> None:
        self._behind.close()

    def _let_go(self, source: int) -> None:
        if source in self._open:
            record, parts, _ = self._open.pop(source)
            content = b"".join(parts)
            whole = replace(record, content=content, ends=numpy.array([len(content)]), front=b"", is_open=False, gap=b"")
            self._behind.take(source, whole, nothing)


class First:
    """Lets the first `most` records pass, then ends the run."""

    def __init__(self, most: int, behind: Output) -> None:
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

    def __init__(self, most: int, behind: Output) -> None:
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

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if piece.chosen is None:
            raise TypeError("a piece without its units")
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
        first = max(written + 1, units - self._most)
        self._skipped = first > written + 1 or (self._skipped and written < 0)
        self._kept = copied(self._units(piece, first, units))
        self._after = max(0, (int(matches[-1]) + self._most + 1 - units) if len(matches) else self._after - piece.records)
        release()

    def ended(self, source: int) -> None:
        self._kept, self._skipped, self._after = NO_UNITS, True, 0
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


class Merging:
    """Several sources in one order of time: of those that wait, the record with the smallest time comes next.

    The records of one source stay in their order: one whose time is smaller than that of the one before it, or that has none,
    comes right behind that one. Of equal times the first source comes first. So for sources in order of time it is a stable
    sort. sources: all that will be merged.
    """

    def __init__(self, sources: list[int], behind: Output) -> None:
        self._behind = behind
        # Of each source that has not ended: its pieces with the keys of their records, and how many of the first are done.
        self._waiting: dict[int, deque[tuple[Piece, Integers, Release]]] = {source: deque() for source in sources}
        self._done: dict[int, int] = dict.fromkeys(sources, 0)
        self._ended: set[int] = set()
        self._latest: dict[int, int] = dict.fromkeys(sources, NO_TIME)

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if not piece.records or piece.times is None:
            release()
            return
        keys = numpy.maximum.accumulate(numpy.maximum(piece.times, self._latest[source]))
        self._latest[source] = int(keys[-1])
        self._waiting[source].append((piece, keys, release))
        self._merge()

    def ended(self, source: int) -> None:
        self._ended.add(source)
        self._merge()

    def caught_up(self) -> None:
        self._behind.caught_up()

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


def copied(piece: Piece) -> Piece:
    """Return a piece of bytes that does not keep the whole chunk, whose bytes are given back, in memory."""
    return piece if piece.ends is None else replace(piece, content=bytes(piece.content))
