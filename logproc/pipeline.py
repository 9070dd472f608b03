"""Where the parts meet. `run_serial` is the specification, `run_threaded` the same with threads.

    Source ─open→ blocks ─cut→ Chunk ─budget.take→ channel.put ┐                          (Reader threads)
                                                               ├→ main: channel.get → pool.submit
    Chunk ─parse→ Columns + rejects ─count→ Tally ─shared.add→ budget.give                (worker threads)
    END → pool drained → Snapshot                                                         (main)

For any input, any number of threads and any schedule both give the same report, byte for byte but for its `run`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Container, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Protocol

from logproc import events
from logproc.doors import Doors
from logproc.errors import InternalError, SourceError
from logproc.formats.engine import parse_line_ends, parse_unknown
from logproc.model import Chunk, Kind, Parsed, Probe, Snapshot, Source, State, Verdict
from logproc.plan import Plan, check_fields, check_fields_early
from logproc.reading import Outcome, Reading, recognise
from logproc.settings import Settings
from logproc.summary import INTERRUPTED, run_info, summarize
from logproc.tally import Tally, count, merge, rejected
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import END, Channel, Closer, Mark
from logproc.threads.hosts import HostLimit
from logproc.threads.pool import Pool
from logproc.threads.probe import probe_all
from logproc.threads.reader import CANNOT_START, Charged, Reader, refused, start_readers, to_do_list
from logproc.threads.shared_tally import Merged, SharedTally
from logproc.threads.signals import interruptible
from logproc.threads.spool import Spool
from logproc.threads.stop import Stop

ABANDON_S = 0.4


@dataclass(frozen=True, slots=True)
class Run:
    """The end of a run: what is known, why it ended before its time (None: it did not), threads that could not be joined.

    counted: the chunks that are in the snapshot, as source and number; None for all.
    """

    snapshot: Snapshot
    cause: BaseException | None = None
    left_behind: tuple[str, ...] = ()
    counted: Container[tuple[int, int]] | None = None


def run_serial(sources: Sequence[Source], settings: Settings, doors: Doors | None = None, spool: Spool | None = None) -> Run:
    """Read, parse and count everything in the calling thread, one source after the other. Blocks until all is done."""
    doors, started, plan = doors or Doors.of(settings), time.monotonic(), Plan.of(settings)
    nobody = Stop()
    tally, outcomes = Tally(), {}
    for source in sources:
        probe = look(doors, plan, source)
        reading = Reading(source, partial(doors.open_source, nobody.wait, HostLimit(1, nobody).permit), plan.reading, probe)
        counted = Tally()
        for chunk in reading.chunks():
            counted = plan.bounded(merge([counted, work(plan, spool, source.name, chunk)]))
        tally = plan.bounded(merge([tally, counted]))
        outcomes[source.index] = ended(reading.outcome)
    events.source_name.set(None)
    info = run_info(time.monotonic() - started, readers=0, workers=0)
    return Run(summarize(sources, outcomes, tally, plan, info), check_fields(plan, outcomes.values(), tally))


def run_threaded(
    sources: Sequence[Source],
    settings: Settings,
    doors: Doors | None = None,
    spool: Spool | None = None,
    beside: Callable[[Crew], Sequence[Companion]] = lambda _: (),
) -> Run:
    """Read, parse and count everything with threads, and return when they have ended.

    Blocks until all is done, the run is stopped by a failure, or a signal is raised in main (see threads.signals);
    then until the threads are joined, at most half a second. Whatever was merged by then is in the snapshot.
    beside: gives threads that look on while the crew works, and are finished when it has.
    """
    crew = Crew(sources, settings, doors or Doors.of(settings), spool)
    with ExitStack() as stack:
        for companion in beside(crew):
            stack.callback(companion.finish)
            with suppress(OSError, RuntimeError):  # where there is no thread or descriptor left, what needs it more will say so
                companion.start()
        crew.work()
    return crew.run()


class Companion(Protocol):
    """A thread that only looks on."""

    def start(self) -> None:
        """Begin. Raises RuntimeError where no thread can be started, and OSError where it has to open something and cannot."""

    def finish(self) -> None:
        """End, also if it was never started."""


class Crew:
    """The threads of one run and what they share. Main calls `work` and `run`; the live view looks at the fields."""

    def __init__(self, sources: Sequence[Source], settings: Settings, doors: Doors, spool: Spool | None) -> None:
        self.sources = sources
        self.to_read = [source for source in sources if not source.verdict]
        self.settings = settings
        self.plan = Plan.of(settings)
        self.doors = doors
        self.started = time.monotonic()
        self.stop = Stop()
        self.budget = ByteBudget(settings.memory, self.stop)
        self.hosts = HostLimit(settings.connections_per_host, self.stop)
        self.channel: Channel[Charged] = Channel(self.stop)
        self.shared = SharedTally(max_keys=self.plan.question.max_keys)
        self.pool = Pool(settings.worker_count, partial(self._work, spool), self.budget, self.stop)
        self.readers: list[Reader] = []
        self.probes: dict[int, Probe] = {}
        self.left_behind: tuple[str, ...] = ()
        self._file_readers = 0
        self._closer: Closer | None = None
        self._unread: dict[int, Outcome] = {}

    def work(self) -> None:
        """Run to the end or to a stop, and leave no thread behind that can be joined.

        One way out: whatever ends the work, a signal or a fault in main itself included, becomes the stop.
        """
        try:
            self._probe()
            self._start_readers()
            self._dispatch()
        except BaseException as error:
            self.stop.set(error)
        if self.stop.is_set():
            workers = self.pool.abandon(ABANDON_S)
            self.left_behind = (*workers, *self._join_readers())

    def run(self) -> Run:
        """Return what is known."""
        outcomes = dict(self._unread)
        for reader in self.readers:
            outcomes |= reader.outcomes
        for source in self.sources:
            outcomes.setdefault(source.index, self._interrupted(source))
        counted, tally = self.shared.close(), self.shared.snapshot()
        info = run_info(time.monotonic() - self.started, self._file_readers, self.settings.worker_count)
        summary = summarize(self.sources, outcomes, tally, self.plan, info, stopped=self.stop.is_set())
        cause = self.stop.cause or check_fields(self.plan, outcomes.values(), tally)
        return Run(summary, cause, self.left_behind, counted)

    def _probe(self) -> None:
        """Look at all regular files before any is read: what is no log is known at once, and so is the size of all."""
        files = [source for source in self.to_read if source.kind is Kind.FILE]
        with interruptible():
            probes = probe_all(files, partial(look, self.doors, self.plan))
        self.probes = {source.index: probe for source, probe in zip(files, probes, strict=True)}
        if len(files) == len(self.to_read):
            check_fields_early(self.plan, [probe.format for probe in probes])

    def _start_readers(self) -> None:
        """Start a few readers for all files, and as many as there are streams: a slow server never holds up a local file.

        The streams share one list, so that none stays unread where the system refuses one of their threads.
        """
        self._unread = {source.index: Outcome(source.verdict) for source in self.sources if source.verdict}
        files = [source for source in self.to_read if source.kind is Kind.FILE]
        streams = [source for source in self.to_read if source.kind is not Kind.FILE]
        self._file_readers = self._start_some("reader", self.settings.reader_count(len(files)), files)
        self._start_some("stream", len(streams), streams)

    def _start_some(self, name: str, wanted: int, sources: Sequence[Source]) -> int:
        """Start readers that share a list; return how many could be started."""
        to_do = to_do_list(sources)
        shared = (to_do, self._start_reading, self.budget, self.channel, self.stop)
        started = start_readers([Reader(f"{name}-{number + 1}", *shared) for number in range(wanted)])
        self.readers += started
        return len(started)

    def _start_reading(self, source: Source) -> Reading:
        opener = partial(self.doors.open_source, self.stop.wait, self.hosts.permit)
        return Reading(source, opener, self.plan.reading, self.probes.get(source.index))

    def _dispatch(self) -> None:
        """Hand chunks from the readers to the workers until END, then wait for the workers."""
        try:
            self._closer = self.channel.close_after(self.readers)
        except RuntimeError as error:
            if not refused(error):
                raise
            raise InternalError(*CANNOT_START) from error
        while not isinstance(item := self._next(), Mark):
            self.pool.submit(item)
        if item is END:
            with interruptible():
                self.pool.drain()

    def _next(self) -> Charged | Mark:
        with interruptible():
            return self.channel.get()

    def _work(self, spool: Spool | None, chunk: Chunk) -> Merged | None:
        """Parse and count one chunk, in a worker. After a stop there is nothing to add."""
        if self.stop.is_set():
            return None
        name = self.sources[chunk.source].name
        events.source_name.set(name)
        return self.shared.add(work(self.plan, spool, name, chunk), (chunk.source, chunk.index))

    def _join_readers(self) -> tuple[str, ...]:
        """Wait for the closer, who joins the readers with a deadline of its own; return the names of those still alive.

        If the run ended before there was one, or it could not be started, main does its work.
        """
        if self._closer:
            self._closer.join()
        else:
            self.channel.close(self.readers)
        return self.channel.left_behind

    def _interrupted(self, source: Source) -> Outcome:
        """Return the outcome of a source that was not read to its end, or not at all, because the run was stopped."""
        readings = [reader.reading for reader in self.readers]  # looked at once: who was left behind may still replace it
        reading = next((reading for reading in readings if reading and reading.source is source), None)
        if not reading:
            return Outcome(INTERRUPTED)
        return Outcome(INTERRUPTED, reading.cutter.format, reading.bytes_read, reading.cutter.bytes_decoded)


def work(plan: Plan, spool: Spool | None, source_name: str, chunk: Chunk) -> Tally:
    """Parse and count one chunk: the whole work of a worker, and all of it without shared state."""
    parsed = parse(plan, chunk)
    if spool and len(parsed.rejected_lines):
        spool.add((chunk.source, chunk.index), rejected_lines(plan, source_name, chunk, parsed))
    return count(chunk, parsed, plan.question)


def parse(plan: Plan, chunk: Chunk) -> Parsed:
    """Return what a chunk's lines are in its format; without one, no line fits."""
    if only_line_ends := parse_line_ends(chunk.data):
        return only_line_ends
    if chunk.format is None:
        return parse_unknown(chunk.data, plan.max_line_bytes)
    return chunk.format.parse(chunk.data, chunk.context, plan.question.wanted, plan.max_line_bytes)


def rejected_lines(plan: Plan, source_name: str, chunk: Chunk, parsed: Parsed) -> bytes:
    """Return the rejected lines of a chunk as JSON lines."""
    lines = (rejected(chunk, parsed, position, plan.question) for position in range(len(parsed.rejected_lines)))
    return b"".join(json.dumps({"source": source_name, **asdict(line)}).encode() + b"\n" for line in lines)


def look(doors: Doors, plan: Plan, source: Source) -> Probe:
    """Recognise a regular file by its first bytes. A failure is the probe's verdict, or is found again when it is read."""
    if source.kind is not Kind.FILE or source.verdict:
        return Probe(0, None)
    size_bytes = 0

    def read_on(_: bytes, wanted_bytes: int) -> tuple[bytes, bool]:
        nonlocal size_bytes
        peeked = doors.peek(source, wanted_bytes)
        size_bytes = peeked.size_bytes
        return peeked.head, peeked.whole

    try:
        found = plan.choice.fixed(source) or recognise(plan.choice, read_on)[1]
    except SourceError as error:
        return Probe(size_bytes, None, Verdict(State.FAILED, error.what, error.hint, error.exit_code))
    return Probe(size_bytes, found)


def ended(outcome: Outcome | None) -> Outcome:
    """Return the outcome of a source that was read to its end."""
    if outcome is None:
        raise InternalError("a source ended without an outcome")
    return outcome
