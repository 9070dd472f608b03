"""Many small files as a few chunks.

A chunk goes from a reader through main to a worker. Each of these steps wakes a thread, which takes some ten microseconds
and, where threads compete for the GIL, up to some milliseconds; and each call of numpy or Arrow costs a few microseconds,
whether for ten lines or for ten thousand. A chunk of a megabyte does not notice. A file of a dozen lines consists of nothing
else: ten thousand of them took twenty seconds, their lines in one file half a second.

So small files of the same format become a lot, which one reader takes from the list as if it were one source. It puts the
lines of many files into one chunk, with a note of which lines are whose (see `model.chunk.Parts`). Regular files do not make
a reader wait, so nothing is held back for longer than it takes to read some megabytes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

import numpy
from msgspec import Struct

from logproc.model.chunk import Chunk, Context, Outcome, Parser, Parts, Probe
from logproc.model.errors import Stopped
from logproc.model.source import Source, State, Verdict, source_name
from logproc.sources.cutter import LINE_BYTES, UTF8_MARK
from logproc.sources.files.small_file import Small
from logproc.sources.reading import Reading, ReadingOptions

LOT_BYTES = 2 << 20
"""So much of a lot is one chunk. Large enough that the cost of each call vanishes, small enough for all workers to get some."""
LOT_FILES = 4096
COMPLETE = Verdict(State.COMPLETE)
logger = logging.getLogger(__name__)


class Lot(Struct, frozen=True):
    """Small files of one format, for one reader. index: that of the first one, its place among what is to be read."""

    sources: tuple[Source, ...]
    probes: tuple[Probe, ...]

    @property
    def index(self) -> int:
        return self.sources[0].index


def in_lots(sources: Sequence[Source], probes: Sequence[Probe], most_bytes: int) -> list[Source | Lot]:
    """Return the sources with the small ones of each format in lots, in the order of their first sources."""
    found: list[Source | Lot] = []
    numbers: dict[object, int] = {}
    lots: dict[int, list[tuple[Source, Probe]]] = {}
    sizes: dict[int, int] = {}
    for source, probe in zip(sources, probes, strict=True):
        if not probe.small or probe.verdict or probe.size_bytes > most_bytes:
            found.append(source)
            continue
        # Formats that are equal parse alike. Most are the same object, whose number is found without comparing fields.
        number = numbers.get(id(probe.format))
        if number is None:
            number = numbers[id(probe.format)] = numbers.setdefault(probe.format, len(numbers))
        lot = lots.setdefault(number, [])
        if lot and (sizes[number] + probe.size_bytes > most_bytes or len(lot) == LOT_FILES):
            found.append(one_or_many(lot))
            lot = lots[number] = []
        sizes[number] = probe.size_bytes + (sizes[number] if lot else 0)
        lot.append((source, probe))
    found += [one_or_many(lot) for lot in lots.values()]
    return sorted(found, key=lambda item: item.index)


def one_or_many(lot: Sequence[tuple[Source, Probe]]) -> Source | Lot:
    return lot[0][0] if len(lot) == 1 else Lot(tuple(source for source, _ in lot), tuple(probe for _, probe in lot))


class LotReading:
    """A lot being read, with the interface of a `Reading`: one thread iterates over `chunks`, the rest is for any thread.

    outcomes: how its sources ended, by their index.
    """

    def __init__(
        self,
        lot: Lot,
        read_small: Callable[[Source], Small | None],
        read_alone: Callable[[Source], Reading],
        options: ReadingOptions,
    ) -> None:
        self.source = lot.sources[0]
        self.outcome: Outcome | None = None
        self.outcomes: dict[int, Outcome] = {}
        self.lines = 0
        self.bytes_read = 0
        self._lot = lot
        self._read_small = read_small
        self._read_alone = read_alone
        self._options = options
        self._alone: Reading | None = None
        self._cancelled = False

    @property
    def waits_for(self) -> str:
        return ""

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome of the current source if reading ended now."""
        return self._alone.so_far(verdict) if self._alone else Outcome(verdict)

    def cancel(self) -> None:
        """Make the iteration raise Stopped soon. As in `Reading.cancel`, one of the two threads sees the other."""
        self._cancelled = True
        if self._alone:
            self._alone.cancel()

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks of many sources each, and those of the sources that have changed since they were probed.

        After `cancel` it yields what has been read, and raises Stopped.
        """
        joined = Joined(self._lot.probes[0].format, self._options)
        try:
            for source, probe in zip(self._lot.sources, self._lot.probes, strict=True):
                self._go_on()
                self.source = source
                source_name.set(source.name)
                small = self._read_small(source)
                if small is None or not is_same(small, probe):
                    yield from self._read_by_itself(source)
                    continue
                lines = joined.add(source, small)
                self._end(source, Outcome(COMPLETE, probe.format, len(small.content), len(small.content), lines))
                if joined.is_full:
                    yield joined.take()
        except Stopped:
            if joined.sources:
                yield joined.take()
            raise
        if joined.sources:
            yield joined.take()

    def _go_on(self) -> None:
        if self._cancelled:
            raise Stopped

    def _read_by_itself(self, source: Source) -> Iterator[Chunk]:
        """Yield the chunks of a file that is not what it was, or that cannot be read: a `Reading` knows what to say."""
        reading = self._read_alone(source)
        self._alone = reading
        try:
            if self._cancelled:
                reading.cancel()
            yield from reading.chunks()
        finally:
            if reading.outcome:
                self._end(source, reading.outcome)
            self._alone = None

    def _end(self, source: Source, outcome: Outcome) -> None:
        self.outcomes[source.index] = outcome
        self.lines += outcome.lines
        self.bytes_read += outcome.bytes_read
        if logger.isEnabledFor(logging.INFO):
            fields = {"state": outcome.verdict.state.value, "reason": outcome.verdict.reason, "lines": outcome.lines}
            logger.info("source ended", extra=fields)


def is_same(small: Small, probe: Probe) -> bool:
    """Return whether a file begins as it did when it was probed."""
    size, _ = probe.mark
    return len(small.content) >= size and probe.may_begin(small.content[:size])


class Joined:
    """The chunk that a lot is filling: whole sources, one behind the other, each ending with a line feed."""

    def __init__(self, form: Parser | None, options: ReadingOptions) -> None:
        self._format = form
        self._options = options
        self._most_bytes = min(LOT_BYTES, options.chunk_bytes)
        self._clear()

    def _clear(self) -> None:
        self.sources: list[int] = []
        self._changed_s: list[int] = []
        self._bodies: list[bytes] = []
        self._starts, self._lines = [0], [0]

    @property
    def is_full(self) -> bool:
        """Whether it has the bytes of a chunk, or as many lines as one may have (see `cutter.LINE_BYTES`)."""
        return self._starts[-1] >= self._most_bytes or self._lines[-1] * LINE_BYTES >= self._most_bytes

    def add(self, source: Source, small: Small) -> int:
        """Add the lines of a source; return how many there are."""
        body = small.content.removeprefix(UTF8_MARK)
        if body and not body.endswith(b"\n"):
            body += b"\n"
        lines = body.count(b"\n")
        if lines:  # a source without lines has no chunk
            self.sources.append(source.index)
            self._changed_s.append(small.changed_s)
            self._bodies.append(body)
            self._starts.append(self._starts[-1] + len(body))
            self._lines.append(self._lines[-1] + lines)
        return lines

    def take(self) -> Chunk:
        """Return the chunk, and begin the next one."""
        data = numpy.frombuffer(b"".join(self._bodies), numpy.uint8)
        firsts = tuple(self._lines[:-1])
        context = Context(self._changed_s[0], zone=self._options.zone, fractions=self._options.fractions, firsts=firsts)
        parts = Parts(tuple(self.sources), tuple(self._changed_s), numpy.array(self._starts), numpy.array(self._lines))
        chunk = Chunk(self.sources[0], 0, 0, 1, self._lines[-1], self._format, data, context, parts)
        self._clear()
        return next(chunk.each()) if len(chunk.sources) == 1 else chunk
