"""All logs that a run follows, read by one thread: with the interface of a `Reading`, but as many sources as appear.

One thread is enough: it only moves bytes, and waits for all files at once. A thread for each file would be a thousand threads
that sleep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from logproc.formats.detection.together import formats_of_whole
from logproc.model.chunk import Chunk, Outcome, Parser
from logproc.model.errors import SourceError
from logproc.model.patterns import regex
from logproc.model.source import Kind, Source, State, Verdict, source_name
from logproc.sources.follow.feed import NOTHING_BEFORE, Before, Feed
from logproc.sources.reading import ReadingOptions

if TYPE_CHECKING:
    from logproc.sources.follow.following import Following
    from logproc.sources.follow.marks import Trail
    from logproc.sources.follow.rotation import Log, Read

QUIET_S = 0.2
"""A last record is held back for so long: further lines of it may follow. Half of the time in which a line must be seen."""
LAST_S = 0.5
"""How long what was read is handed over after a stop. Nobody waits for more, and it would delay the report."""
PAUSES = 5
AT_ONCE, FEW_BYTES = 256, 16 << 10
"""How many formats are detected together at most, and of how much of each log."""
NUMBERS = regex(r"\d+")
FOLLOWING = Source(-1, "the logs that are followed", Kind.FILE, "")


def last_of_each_kind(notes: Iterable[str]) -> tuple[str, ...]:
    """Return notes without those of which a later one differs only in its numbers: a log may be truncated every night."""
    return tuple({NUMBERS.sub("", note): note for note in notes}.values())


class FollowReading:
    """Reads all followed logs. One thread iterates over `chunks`; `cancel` and the counters are for any thread.

    outcomes: of each log so far, by its index. add_source: makes the source of a log that appears, given its name and location.
    sample_of: returns the first decoded bytes of a log, to detect its format where it is not read from its start.
    caught_up: called once, with the number of chunks of each source so far, when all that was there has been read.
    before: of each log by its name what earlier runs have read of it.
    """

    def __init__(
        self,
        following: Following,
        options: ReadingOptions,
        add_source: Callable[[str, str], Source],
        sample_of: Callable[[Source], bytes] = lambda _: b"",
        before: Mapping[str, Before] | None = None,
        clock: Callable[[], float] = time.time,
        now: Callable[[], float] = time.monotonic,
        caught_up: Callable[[Mapping[int, int]], None] = lambda _: None,
    ) -> None:
        self.source = FOLLOWING
        self.outcome: Outcome | None = None
        self.outcomes: dict[int, Outcome] = {}
        self.bytes_read = 0
        self._following = following
        self._options = options
        self._add_source = add_source
        self._sample_of = sample_of
        self._before = before or {}
        self._clock = clock
        self._now = now
        self._pauses = 0
        self._ends_at = float("inf")
        self._caught_up: Callable[[Mapping[int, int]], None] | None = caught_up
        self._feeds: dict[Log, Feed] = {}
        self._trails: dict[int, Trail] = {}
        self._files: dict[Log, int] = {}
        self._grown_s: dict[Feed, float] = {}  # when those that hold lines back have grown
        self._unlearned: dict[Feed, bytes] = {}  # those that earlier runs have begun, with the first lines of their logs
        self._new: dict[Feed, None] = {}  # those that have grown since the last flush, and whose formats are not known
        self._notes: dict[int, tuple[str, ...]] = {}
        self._verdicts: dict[int, Verdict] = {}

    @property
    def waits_for(self) -> str:
        return ""

    @property
    def lines(self) -> int:
        return sum(outcome.lines for outcome in list(self.outcomes.values()))

    def so_far(self, verdict: Verdict) -> Outcome:
        """Return an outcome without content: each log has its own."""
        return Outcome(verdict)

    def cancel(self) -> None:
        """Make the iteration end soon, after all whole lines that were read, or as many as there is time for."""
        self._ends_at = self._now() + LAST_S
        self._following.cancel()

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks as the logs grow, until `cancel`. A log that fails is noted, and the others go on."""
        for read in self._following.reads(self._options.chunk_bytes):
            if read is None or len(self._unlearned) == AT_ONCE:
                self._learn_all()
            if read is None:
                yield from self._flush(list(self._grown_s))
                self._say_caught_up()
                continue
            feed = self._feed_of(read.log)
            yield from self._guarded(feed, self._taken(read))
            if feed in self._grown_s and not feed.cutter.format:
                self._new[feed] = None
            if len(self._new) == AT_ONCE:
                yield from self._flush(list(self._new))
        self._learn_all()
        yield from self._flush(list(self._feeds.values()), everything=True)

    def _say_caught_up(self) -> None:
        """Tell once that all that was there is read. Not while a last record may go on, unless its log never pauses."""
        self._pauses += 1
        if self._caught_up and (not self._grown_s or self._pauses >= PAUSES):
            tell, self._caught_up = self._caught_up, None
            tell({feed.source.index: feed.cutter.chunks_cut for feed in self._feeds.values()})

    def _feed_of(self, log: Log) -> Feed:
        feed = self._feeds.get(log)
        if feed is None:
            source = self._add_source(log.name, log.location)
            feed = self._feeds[log] = Feed(source, self._options, self._before.get(log.name, NOTHING_BEFORE))
            self._verdicts[feed.source.index] = Verdict(State.COMPLETE)
        source_name.set(feed.source.name)
        self.source = feed.source
        return feed

    def _guarded(self, feed: Feed, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Yield the chunks of a log, and keep its outcome up to date. After a failure nothing more is read of it."""
        index = feed.source.index
        if self._verdicts[index].state is State.FAILED:
            return
        try:
            for chunk in chunks:
                self._tell(feed)  # before it is handed over: the lines count from then on
                yield chunk
        except SourceError as error:
            self._verdicts[index] = Verdict(State.FAILED, error.what, error.hint, error.exit_code)
        self._tell(feed)

    def _tell(self, feed: Feed) -> None:
        index, size = feed.source.index, feed.bytes_cut
        notes = self._notes.get(index, ())
        self.outcomes[index] = Outcome(self._verdicts[index], feed.cutter.format, size, size, feed.lines, notes)

    def _taken(self, read: Read) -> Iterator[Chunk]:
        feed, now_s = self._feeds[read.log], int(self._clock())
        if read.note:
            index = feed.source.index
            self._notes[index] = last_of_each_kind((*self._notes.get(index, ()), read.note))
        if read.begins:
            yield from feed.flush(everything=True)
            self._trails[read.file] = read.begins
            feed.begin(read.file, read.begins, now_s)
            if read.begins.offset:
                sample = self._sample_of(feed.source)
                self._unlearned[feed] = sample[: sample.rfind(b"\n") + 1]
        elif read.data and self._files.get(read.log) != read.file:
            yield from feed.go_on(read.file, self._trails[read.file])
        if read.data and feed in self._unlearned:
            feed.learn_from(self._unlearned.pop(feed))
        self._files[read.log] = read.file
        self.bytes_read += len(read.data)
        if read.data:
            self._grown_s[feed] = self._now()
            yield from feed.take(read.data, now_s)
        if read.ends:
            if self._files.get(read.log) == read.file:
                yield from feed.end()
            self._trails.pop(read.file, None)
        if read.forgotten:
            feed.forget(read.file)

    def _learn_all(self) -> None:
        """Detect the formats of logs of which nothing new has come yet."""
        certain = self._certain(self._unlearned)
        for feed, lines in self._unlearned.items():
            try:
                feed.learn_from(lines, certain.get(feed))
            except SourceError as error:
                self._verdicts[feed.source.index] = Verdict(State.FAILED, error.what, error.hint, error.exit_code)
            self._tell(feed)
        self._unlearned.clear()

    def _certain(self, samples: Mapping[Feed, bytes]) -> dict[Feed, Parser | None]:
        """Return the formats that are certain by the first lines of some logs: of many together, in a fraction of the time."""
        few = {feed: lines for feed, lines in samples.items() if 0 < len(lines) <= FEW_BYTES}
        if len(few) < 2:
            return {}
        return dict(zip(few, formats_of_whole(self._options.choice, list(few.values())), strict=True))

    def _flush(self, feeds: Sequence[Feed], *, everything: bool = False) -> Iterator[Chunk]:
        """Yield the whole records that wait; the last one of a log too, if no further line has come to it for a while.

        everything: the last ones of all.
        """
        self._new.clear()
        for start in range(0, len(feeds), AT_ONCE):
            now_s, some = self._now(), feeds[start : start + AT_ONCE]
            if now_s > self._ends_at:
                return
            certain = self._certain({feed: feed.to_learn() for feed in some})
            for feed in some:
                is_quiet = everything or now_s - self._grown_s[feed] >= QUIET_S
                yield from self._guarded(feed, feed.flush(everything=is_quiet, found=certain.get(feed)))
                if is_quiet or feed.is_empty:
                    self._grown_s.pop(feed, None)
