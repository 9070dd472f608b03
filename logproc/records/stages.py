"""What happens to the pieces between the workers and the file: the first, the last, those around, and several sources in one.

Each stage is an Output (see threads.delivery) that gives to the next one. All run in the writer's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy
import pyarrow

from logproc.formats.columns.slices import arrow, offsets_and_data
from logproc.model.columns import NO_TIME
from logproc.model.errors import Enough
from logproc.records.piece import Piece

if TYPE_CHECKING:
    from logproc.model.arrays import Integers

Release = Callable[[], None]
SEPARATOR = b"--\n"


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
    """Writes the bytes of pieces. write, finish: of the file; `finish` makes it valid under its name."""

    def __init__(self, write: Callable[[Any], None], finish: Callable[[], None] = nothing) -> None:
        self._write = write
        self._finish = finish
        self._open: dict[int, bool] = {}

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if piece.front and self._open.get(source):
            self._write(piece.front)
        if piece.is_open is not None:
            self._open[source] = piece.is_open
        if piece.records:
            self._write(piece.content)
        release()

    def ended(self, source: int) -> None:
        self._open.pop(source, None)

    def caught_up(self) -> None:
        """Nothing: all was written at once."""

    def close(self) -> None:
        self._finish()


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
        piece = piece.slice(max(0, piece.records - self._most), piece.records)
        if piece.records or piece.front:
            # A view would keep the whole chunk, whose bytes are given back.
            content = bytes(piece.content) if piece.ends is not None else piece.content
            self._kept.append((source, Piece(content, piece.records, piece.ends, piece.front, piece.is_open)))
            self._records += piece.records
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
            self._behind.take(source, piece.slice(surplus, piece.records) if surplus else piece, nothing)
            surplus = 0
        self._kept.clear()


class Around:
    """Lets matching records pass with `most` units before and after each; `--` stands between groups, as in grep.

    A unit is a record, or a line that could not be read.
    """

    def __init__(self, most: int, behind: Output) -> None:
        self._most = most
        self._behind = behind
        self._before: deque[bytes] = deque(maxlen=most)  # the last units that were not written
        self._seen = 0  # units of this source so far
        self._written = 0  # the number behind the last one that was written
        self._after = 0  # how many more are to be written
        self._any = False

    def take(self, source: int, piece: Piece, release: Release) -> None:
        if piece.chosen is None or piece.ends is None:
            raise TypeError("a piece without its units")
        matches = numpy.flatnonzero(piece.chosen)
        edges = numpy.zeros(piece.records + 1, numpy.int64)
        numpy.add.at(edges, numpy.maximum(matches - self._most, 0), 1)
        numpy.add.at(edges, numpy.minimum(matches + self._most + 1, piece.records), -1)
        edges[0] += min(self._after, 1)
        edges[min(self._after, piece.records)] -= min(self._after, 1)
        wanted = numpy.cumsum(edges[:-1]) > 0
        bounds = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], wanted, [False]]))).reshape(-1, 2).tolist()
        out: list[Any] = []
        missing = self._most - int(matches[0]) if len(matches) else 0
        before = list(self._before)[-missing:] if missing > 0 else []
        for start, end in bounds:
            first = self._seen + start - (len(before) if start == 0 else 0)
            if self._any and first > self._written:
                out.append(SEPARATOR)
            out += before if start == 0 else []
            some = piece.slice(start, end)
            out.append(some.content)
            self._written, self._any = self._seen + end, True
        if out:
            data = b"".join(out)
            self._behind.take(source, Piece(data, 1, numpy.array([len(data)])), nothing)
        self._remember(piece, int(matches[-1]) if len(matches) else None)
        release()

    def ended(self, source: int) -> None:
        self._before.clear()
        self._after = 0
        self._seen += self._most + 1  # so that what comes next is another group
        self._behind.ended(source)

    def caught_up(self) -> None:
        self._behind.caught_up()

    def close(self) -> None:
        self._behind.close()

    def _remember(self, piece: Piece, last_match: int | None) -> None:
        self._after = max(0, self._after - piece.records)
        if last_match is not None:
            self._after = max(self._after, self._most - (piece.records - 1 - last_match))
        self._seen += piece.records
        if self._written == self._seen:
            self._before.clear()
        first = max(0, piece.records - self._most, self._written - (self._seen - piece.records))
        for at in range(first, piece.records):
            self._before.append(bytes(piece.slice(at, at + 1).content))


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
        self._behind.take(0, rearranged(parts, order), nothing)
        for release in releases:
            release()


def rearranged(pieces: list[Piece], order: Integers) -> Piece:
    """Return the records of some pieces in another order. order: their numbers, counted through all pieces."""
    which = arrow(order.astype(numpy.int64), pyarrow.int64())
    if pieces[0].ends is None:
        return Piece(pyarrow.concat_tables([piece.content for piece in pieces]).take(which), len(order))
    arrays = [binary(piece) for piece in pieces]
    ends, data = offsets_and_data(pyarrow.concat_arrays(arrays).take(which))
    return Piece(data, len(order), ends[1:].astype(numpy.int64))


def binary(piece: Piece) -> pyarrow.Array:
    """Return the records of a piece of bytes as a binary array over the same memory."""
    offsets = numpy.concatenate([[0], piece.ends]).astype(numpy.int32)
    return pyarrow.Array.from_buffers(
        pyarrow.binary(), piece.records, [None, pyarrow.py_buffer(offsets), pyarrow.py_buffer(piece.content)]
    )
