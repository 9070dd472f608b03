"""Many small objects as a few chunks: see `files.lots`, which says why. Here the content is fetched first, and once.

What a lot needs to know beforehand, the format of each source, is found by reading its beginning; of a small object that is
all of it. So one reader fetches some objects, one after the other, has their formats detected together, and then reads from
memory: what is plain text in lots, everything else by itself, with the answer that its request had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from msgspec import Struct

from logproc.model.chunk import Chunk, Outcome, Probe
from logproc.model.errors import Stopped
from logproc.model.source import ByteStream, Source, Verdict, source_name
from logproc.sources.files.lots import LOT_BYTES, Lot, LotReading, in_lots
from logproc.sources.files.small_file import LEAST_BYTES, SMALL_BYTES, Small, is_plain
from logproc.sources.http.options import Call
from logproc.sources.objects.stores import Read
from logproc.sources.reading import Reading, ReadingOptions

BATCH_OBJECTS = 256
SHARE = 4
"""So many batches there are for each reader, at least: some stores answer slowly, and nobody shall wait for the last one."""


class Batch(Struct, frozen=True):
    """Small objects for one reader. index: that of the first one."""

    sources: tuple[Source, ...]

    @property
    def index(self) -> int:
        return self.sources[0].index


class Requests(Struct, frozen=True):
    """How a batch is read.

    begin(source): requests a whole small object; the call returns what `Store.read` does. open(source, call): the object as a
    stream whose first bytes are those of the call. probe(sources, read_small): what is known of sources, as of small files.
    during(source): a context manager around each wait.
    """

    begin: Callable[[Source], Call]
    open: Callable[[Source, Call], ByteStream]
    probe: Callable[[Sequence[Source], Callable[[Source], Small | None]], Sequence[Probe]]
    during: Callable[[Source], AbstractContextManager[Any]]


class Answer:
    """A call that has ended, and what it has returned or raised."""

    def __init__(self, read: Read | None, error: BaseException | None = None) -> None:
        self._read = read
        self._error = error

    def wait(self, _seconds: float | None) -> Any:
        if self._error:
            raise self._error
        return self._read

    def cancel(self) -> None:
        """Do nothing."""

    def small(self) -> Small | None:
        """Return the content if it is plain text, such as `read_small` returns of a file."""
        if not self._read:
            return None
        content, known = self._read
        fits = len(content) == known.size_bytes and LEAST_BYTES <= len(content) <= SMALL_BYTES
        return Small(content, int(known.modified_s)) if fits and known.modified_s is not None and is_plain(content) else None


def with_batches(sources: Sequence[Source], readers: int) -> list[Source | Batch]:
    """Return the sources with the small objects among them in batches, in the order of their first sources."""
    small = [source for source in sources if source.listed and source.listed.size_bytes <= SMALL_BYTES]
    most = max(1, min(BATCH_OBJECTS, len(small) // (SHARE * max(1, readers))))
    found: list[Source | Batch] = [source for source in sources if not source.listed or source.listed.size_bytes > SMALL_BYTES]
    batch: list[Source] = []
    size = 0
    for source in small:
        size += source.listed.size_bytes if source.listed else 0
        batch.append(source)
        if len(batch) == most or size >= LOT_BYTES:
            found.append(Batch(tuple(batch)) if len(batch) > 1 else source)
            batch, size = [], 0
    found += [Batch(tuple(batch))] if batch else []
    return sorted(found, key=lambda item: item.index)


class BatchReading:
    """A batch being read, with the interface of a `Reading`: one thread iterates over `chunks`, the rest is for any thread."""

    def __init__(self, batch: Batch, requests: Requests, options: ReadingOptions) -> None:
        self.source = batch.sources[0]
        self.outcome: Outcome | None = None
        self.outcomes: dict[int, Outcome] = {}
        self.lines = 0
        self.bytes_read = 0
        self.waits_for = ""
        self._batch = batch
        self._requests = requests
        self._options = options
        self._call: Call | None = None
        self._alone: Reading | None = None
        self._cancelled = False

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return the outcome of the current source if reading ended now."""
        return self._alone.so_far(verdict) if self._alone else Outcome(verdict)

    def cancel(self) -> None:
        """Make the iteration raise Stopped soon. As in `Reading.cancel`, one of the two threads sees the other."""
        self._cancelled = True
        for waiting in (self._call, self._alone):
            if waiting:
                waiting.cancel()

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks of many sources each, and those of sources by themselves. After `cancel`, those fetched by then."""
        answers: dict[int, Answer] = {}
        for source in self._batch.sources:
            if answer := self._fetch(source):
                answers[source.index] = answer
        smalls = {index: answer.small() for index, answer in answers.items()}
        sources = [source for source in self._batch.sources if source.index in answers]

        def read_small(source: Source) -> Small | None:
            return smalls[source.index]

        def alone(source: Source) -> Reading:
            return Reading(source, lambda source: self._requests.open(source, answers[source.index]), self._options)

        for item in in_lots(sources, self._requests.probe(sources, read_small), LOT_BYTES) if sources else []:
            yield from self._read_lot(item, read_small, alone) if isinstance(item, Lot) else self._read_alone(item, alone)
        if len(sources) < len(self._batch.sources):
            raise Stopped

    def _fetch(self, source: Source) -> Answer | None:
        """Return the answer for an object, None if the run is stopped."""
        self.source = source
        source_name.set(source.name)
        try:
            self._go_on()
            with self._requests.during(source):
                self._call = self._requests.begin(source)
                self._go_on()
                return Answer(self._call.wait(None))
        except Stopped:
            return None
        except Exception as error:  # the stream of the object says what it means
            return Answer(None, error)
        finally:
            self._call = None

    def _go_on(self) -> None:
        if self._cancelled:
            raise Stopped

    def _read_lot(
        self, lot: Lot, read_small: Callable[[Source], Small | None], read_alone: Callable[[Source], Reading]
    ) -> Iterator[Chunk]:
        reading = LotReading(lot, read_small, read_alone, self._options)
        yield from reading.chunks()
        self._end(reading)

    def _read_alone(self, source: Source, read_alone: Callable[[Source], Reading]) -> Iterator[Chunk]:
        self.source = source
        self._alone = read_alone(source)
        if self._cancelled:
            self._alone.cancel()
        try:
            yield from self._alone.chunks()
        finally:
            self._end(self._alone)
            self._alone = None

    def _end(self, reading: Reading | LotReading) -> None:
        self.outcomes |= reading.outcomes
        self.lines += reading.lines
        self.bytes_read += reading.bytes_read
