"""The whole run with threads.

    Source ─open→ blocks ─cut→ Chunk ─budget.take→ channel.put ┐                          (Reader threads)
                                                               ├→ main: channel.get → pool.submit
    Chunk ─parse→ Columns + rejects ─count→ Tally ─shared.add→ budget.give, channel.put   (worker threads)
    END, and a DONE for each chunk → Snapshot                                             (main)

Main waits in one place, `channel.get`, for all of these messages, for the probes before them, and for a signal.

The report equals that of `run_serial`, byte for byte except for its `run`, for any input, number of threads and schedule.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import structs

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.tally import Tally
from logproc.model.chunk import Chunk, Outcome, Probe
from logproc.model.errors import Ended, InternalError, Interrupted
from logproc.model.snapshot import Snapshot
from logproc.model.source import Kind, Source, source_name
from logproc.model.trace.doing import Doing
from logproc.model.trace.recorder import NO_TRACE, Trace
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan, check_fields, check_fields_early
from logproc.pipeline.probing import start_probing_files
from logproc.pipeline.readers import Item, start_reading, wanted_readers
from logproc.pipeline.serial import Run, slide, work
from logproc.pipeline.summary import INTERRUPTED, run_info, summarize
from logproc.settings import Settings
from logproc.sources.files.lots import LotReading
from logproc.sources.objects.batches import BatchReading
from logproc.sources.reading import Reading
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import DONE, END, LATE, WRITTEN, Channel, Mark
from logproc.threads.grace import LEAST_GRACE_S, REPORT_S, within_grace
from logproc.threads.hosts import HostLimit
from logproc.threads.live import Companion, accompanied
from logproc.threads.pool import Pool
from logproc.threads.probe import Probed
from logproc.threads.reader import CANNOT_START, Charged, Reader, ToDo, start_or_fail, start_readers, untold
from logproc.threads.shared_tally import SharedTally
from logproc.threads.signals import waking
from logproc.threads.sliding import SlidingTally
from logproc.threads.spool import Spool
from logproc.threads.stop import Stop, heed

if TYPE_CHECKING:  # only runs that follow or write need these
    from logproc.pipeline.following import Followed
    from logproc.pipeline.writing import Writing
    from logproc.threads.committer import Committer
    from logproc.threads.delivery import Delivery
    from logproc.threads.follower import Follower

ABANDON_S = 0.5
"""How long main waits for the other threads after a stop. What is not counted by then is not in the report."""
Message = Charged | Probed | Mark
logger = logging.getLogger(__name__)


def run_threaded(
    sources: Sequence[Source],
    settings: Settings,
    openers: Openers | None = None,
    spool: Spool | None = None,
    beside: Callable[[Crew], Sequence[Companion]] = lambda _: (),
    trace: Trace = NO_TRACE,
    writing: Writing | None = None,
    followed: Followed | None = None,
) -> Run:
    """Read, parse and count everything with threads; with `writing`, also write the records that match.

    followed: the logs that are followed besides the sources, until a stop. beside: returns threads that observe the crew while
    it works. Blocks until all is done. After a failure or a signal (see threads.signals) it waits for the threads for at most
    half a second; what was counted by then is in the snapshot. Raises Interrupted if there is so much that it cannot be ranked
    in the time that is left.
    """
    crew = Crew(sources, settings, openers or Openers.of(settings), spool, trace, writing, followed)
    with accompanied(beside(crew)), trace.span(Doing.HAND_OUT):
        crew.work()
    with trace.span(Doing.SUMMARY):
        return within_grace(crew.run, least_s=REPORT_S if followed else LEAST_GRACE_S)


class Crew:
    """The threads of one run and what they share. Main calls `work`, then `run`; the live view reads the fields."""

    def __init__(
        self,
        sources: Sequence[Source],
        settings: Settings,
        openers: Openers,
        spool: Spool | None,
        trace: Trace = NO_TRACE,
        writing: Writing | None = None,
        followed: Followed | None = None,
    ) -> None:
        self.sources = followed.sources if followed else sources
        self.followed = followed
        self.follower: Follower | None = None
        self.to_read = [source for source in sources if not source.verdict]
        self.settings = settings
        self.plan = Plan.of(settings, sources=sources)
        if followed:
            self.plan = followed.quick(self.plan)
        self.openers = openers
        self.trace = trace
        self.started = time.monotonic()
        self.stop = Stop()
        self.channel: Channel[Charged | Probed] = Channel(self.stop, trace=trace)
        self.writing = writing
        self.delivery: Delivery[Any] | None = None
        self.budget = ByteBudget(settings.memory, self.stop, trace)
        if writing:
            written, in_turn = partial(self.channel.put, WRITTEN), [source.index for source in self.to_read]
            shared = self.budget, in_turn, self.stop, written, trace, lambda: self._finishes_writing
            self.budget, self.delivery = writing.delivery(*shared, follows=bool(followed))
        connections = len(sources) if writing and writing.side_by_side else settings.connections_per_host
        self.hosts = HostLimit(max(connections, 1), self.stop)
        self.shared: SharedTally | Committer[Any] | SlidingTally = (followed.committer if followed else SharedTally)(
            max_keys=self.plan.question.max_keys, trace=trace
        )
        done = partial(self.channel.put, DONE)
        self.pool = Pool(settings.worker_count, partial(self._work, spool), self.budget, self.stop, done, trace)
        self.readers: list[Reader] = []
        self.probes: dict[int, Probe] = {}
        self.left_behind: tuple[str, ...] = ()
        self._files = [source for source in self.to_read if source.kind is Kind.FILE]
        self._all_read = False
        self._is_written = not writing
        self._unread = {source.index: Outcome(source.verdict) for source in sources if source.verdict}

    def work(self) -> None:
        """Run to the end, or to a stop. Every exception, also one in main itself, becomes the cause of a stop."""
        with waking(self.channel.wake), closing(self.openers.unpackers) as unpackers:
            try:
                if self.delivery:
                    self.delivery.begin()
                unpackers.open()
                shared = self.stop, self.hosts.permit, self.channel.put, self.trace
                start_probing_files(self._files, self.openers, self.plan, *shared)
                while not (self._is_done() and self._is_written):
                    self._take(self.channel.get())
                    heed(self.stop)
            except BaseException as error:
                self.stop.set(error)
            if self.stop.is_set():
                self._wind_up()
            else:
                self.pool.close()

    def run(self) -> Run:
        """Return the result. Nothing is added to it any more."""
        counted = self.shared.close()
        outcomes, tally = self.outcomes(), self.shared.snapshot()
        snapshot = self._summary(outcomes, tally, stopped=self.stop.is_set())
        unknown = check_fields(self.plan, outcomes.values(), tally)
        kept = tally if self.settings.compares else None
        return Run(snapshot, self.stop.cause or unknown, self.left_behind, counted, kept, unknown)

    def so_far(self) -> Snapshot:
        """Return what the run has found until now. For any thread, while others go on."""
        tally = self.shared.snapshot()
        outcomes = {
            index: structs.replace(outcome, lines=found.account.lines)  # more have been read than counted
            for index, outcome in self.outcomes().items()
            for found in [tally.sources.get(index, SourceTally())]
        }
        known = {index: tally.sources[index] for index in outcomes.keys() & tally.sources.keys()}
        return self._summary(outcomes, structs.replace(tally, sources=known), stopped=True)

    def _summary(self, outcomes: dict[int, Outcome], tally: Tally, *, stopped: bool) -> Snapshot:
        file_readers = sum(reader.name.startswith("reader-") for reader in self.readers)
        took_s = time.monotonic() - self.started
        info = run_info(took_s, file_readers, self.settings.worker_count, self.settings.config_file)
        sources = [source for source in list(self.sources) if source.index in outcomes]
        found = summarize(sources, outcomes, tally, self.plan, info, stopped=stopped, goes_on=self.followed is not None)
        return self.followed.described(found) if self.followed else found

    def outcomes(self) -> dict[int, Outcome]:
        """Return how each source stands, or ended. For any thread."""
        outcomes = dict(self._unread)
        for reader in self.readers:
            outcomes |= dict(reader.outcomes)
        if self.followed and self.follower:
            outcomes |= self.followed.outcomes({**outcomes, **self.follower.outcomes_so_far})
        for source in list(self.sources):
            outcomes.setdefault(source.index, self._interrupted(source))
        if self.followed and (self.stop.cause is None or self._is_ended):
            return self.followed.complete(outcomes)
        return outcomes

    @property
    def _is_ended(self) -> bool:
        """Whether the user or the system ended the run before its sources did."""
        return isinstance(self.stop.cause, Interrupted | Ended | KeyboardInterrupt)

    @property
    def _finishes_writing(self) -> bool:
        """Whether what was read before a stop is still written: nothing else ends a run that follows logs."""
        return self.followed is not None and self._is_ended

    def _is_done(self) -> bool:
        return self._all_read and not self.pool.pending

    def _take(self, message: Message) -> None:
        """Act on a message. Never waits for another thread."""
        if message is DONE:
            self.pool.pending -= 1
        elif message is END:
            self._all_read = True
        elif message is WRITTEN:
            self._is_written = True
        elif isinstance(message, Probed):
            self._start_readers(message.probes)
        elif not isinstance(message, Mark):
            form = message[0].format
            if self.followed and len(self.sources) == 1 and form:  # a followed log has no end at which this could be said
                check_fields_early(self.plan, [form])
            if self.writing:
                self.writing.begin([form])
            self.pool.submit(message)
        if self.delivery and (message is DONE or message is END) and self._is_done():
            self.delivery.all_read()

    def _start_readers(self, probes: Sequence[Probe]) -> None:
        self.probes = {source.index: probe for source, probe in zip(self._files, probes, strict=True)}
        if len(self._files) == len(self.to_read):
            check_fields_early(self.plan, [probe.format for probe in probes])
        if self.writing:
            self.writing.begin(probe.format for probe in probes)
        shared = self.plan, self.settings, self.openers, self.writing
        wanted = wanted_readers(self.to_read, probes, *shared, follows=bool(self.followed))
        for name, (number, to_do) in wanted.items():
            self._start_some(name, number, to_do)
        if self.followed and self.followed.has_files:
            from logproc.threads.follower import Follower

            caught_up = self.delivery.caught_up if self.delivery else lambda _: None
            reading = self.followed.reading(self.plan, self.settings, self.openers, caught_up)
            self.follower = Follower(reading, self.budget, self.channel.put, self.stop, self.trace)
            self.readers += start_readers([self.follower])
        start_or_fail(partial(self.channel.close_after, self.readers))

    def _start_some(self, name: str, wanted: int, to_do: ToDo[Any]) -> None:
        ended = self.delivery.source_ended if self.delivery else untold
        shared = (to_do, self._start_reading, self.budget, self.channel.put, self.stop, self.trace, ended)
        started = start_readers([Reader(f"{name}-{number + 1}", *shared) for number in range(wanted)])
        self.readers += started
        if self.writing and self.writing.side_by_side and len(started) < wanted:
            raise InternalError(*CANNOT_START)  # the others would wait for ever for what nobody reads

    def _start_reading(self, item: Item) -> Reading | LotReading | BatchReading:
        opener = partial(self.openers.open_source, self.stop.wait, self.hosts.permit)
        caught_up = partial(self.delivery.stream_caught_up if self.delivery else untold, item.index)
        if self.followed and isinstance(item, Source) and item.kind is not Kind.URL:  # all that comes from a pipe is new
            caught_up(0)
        return start_reading(item, self.openers, self.plan, opener, self.probes, self.trace, caught_up)

    def _work(self, spool: Spool | None, chunk: Chunk, release: Callable[[], None]) -> None:
        source_name.set(self.sources[chunk.source].name)
        if isinstance(self.shared, SlidingTally):
            self.shared.add(slide(self.plan, spool, self.sources, chunk, self.shared, self.trace), release)
            return
        if self.delivery and self.writing:
            tally, piece = self.writing.select(self.plan, self.sources, chunk, self.trace)
            self.shared.add(tally, (chunk.source, chunk.index))
            self.delivery.put(chunk.source, chunk.index, piece, release)
            return
        tally = work(self.plan, spool, self.sources, chunk, self.trace)
        place, *more = [(source, chunk.index) for source in chunk.sources]
        where = {"position": chunk.positions} if chunk.positions else {}
        self.shared.add(tally, place, release, more, **where)

    def _wind_up(self) -> None:
        """After a stop, wait for the threads until ABANDON_S is over, then note which ones have not ended.

        After an interrupt every whole line that was read is counted: the readers hand over what they have, and the workers
        parse it. After a failure the chunks that wait are dropped.
        """
        deadline = time.monotonic() + ABANDON_S
        interrupted = self._is_ended
        if not interrupted:
            self.pool.drop()
        if not self.readers:
            self._take(END)
        with suppress(Exception):  # if no worker can be started, for example: the first cause of the stop is reported
            while not (self._is_done() and (self._is_written or not self._finishes_writing)):
                if (message := self.channel.get(deadline)) is LATE:
                    break
                if isinstance(message, Mark) or (interrupted and not isinstance(message, Probed)):
                    self._take(message)
        workers = self.pool.abandon()
        self.left_behind = (*workers, *(reader.name for reader in self.readers if reader.is_alive()))

    def _interrupted(self, source: Source) -> Outcome:
        readings = [reader.reading for reader in self.readers]  # read once: a reader left behind may still change it
        reading = next((reading for reading in readings if reading and reading.source is source), None)
        return reading.so_far(INTERRUPTED) if reading else Outcome(INTERRUPTED)
