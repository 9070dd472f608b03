"""Runs that follow logs, or go on where an earlier run stopped: their sources, which appear as they run, and their state."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.tally import Tally
from logproc.counting.window import Window
from logproc.model.chunk import Outcome
from logproc.model.errors import SourceError
from logproc.model.position import Position
from logproc.model.source import Kind, Source, State, Verdict
from logproc.questions.timespan import lasting
from logproc.records.state.saved import SavedLog, SavedState
from logproc.sources.follow.feed import Before
from logproc.sources.follow.following import Following
from logproc.sources.follow.near_end import near_end
from logproc.sources.follow.one_file import NOT_FOUND
from logproc.sources.follow.reading import FollowReading, last_of_each_kind
from logproc.sources.names import shown_path
from logproc.sources.opening import OpenOptions
from logproc.sources.resolve import resolve
from logproc.threads.committer import Commit, Committer
from logproc.threads.sliding import SlidingTally

if TYPE_CHECKING:
    from logproc.model.snapshot import Snapshot
    from logproc.model.trace.recorder import Trace
    from logproc.pipeline.openers import Openers
    from logproc.pipeline.plan import Plan
    from logproc.settings import Settings

SAMPLE_BYTES = 256 << 10
NOT_NAMED = "not named in this run: what was counted of it is kept"
FLUSH_S = 0.2, 0.1
"""The longest time for which whole lines of a pipe are held back, and that without data."""


class Followed:
    """The logs that one run follows.

    arguments: paths, patterns and directories. sources: of the whole run; the thread that reads the logs adds to them as they
    appear. once: whether the logs are only read to their ends. earlier: the state of an earlier run. question: what belongs to
    the state of this one. near_end: begin with large logs not at their starts, but some way before their ends. leave_out: see
    `sources.follow.Following`. window: count only the last minutes.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        sources: Sequence[Source] = (),
        *,
        once: bool = False,
        earlier: SavedState | None = None,
        question: Mapping[str, str] | None = None,
        near_end: bool = False,
        leave_out: Callable[[str, tuple[int, ...]], bool] = lambda *_: False,
        window: Window | None = None,
    ) -> None:
        self.sources = list(sources)
        self._arguments = arguments
        self._once = once
        self._question = question or {}
        self._near_end = near_end
        self._leave_out = leave_out
        self._window = window
        self._saved: dict[int, SavedLog] = {}
        for log in earlier.logs if earlier else ():
            source = Source(len(self.sources), log.name, Kind.FILE, log.name)
            self._saved[source.index] = log
            self.sources.append(source)
        self._numbers = {log.name: index for index, log in self._saved.items()}
        self._earlier = earlier.tally_for(self._numbers) if earlier else None
        self._reading: FollowReading | None = None

    @property
    def lines_before(self) -> dict[str, int]:
        """How many lines earlier runs have counted of each log that this run names, too."""
        return {log.name: self._counted_before(index).account.lines for index, log in self._saved.items() if self._names(log)}

    def told_before(self) -> dict[str, frozenset[str]]:
        """Return what earlier runs have noted of each log, and this one has not. For main, at the end of a run."""
        now = self._reading.outcomes if self._reading else {}
        return {
            log.name: frozenset(log.notes).difference(now[index].notes if index in now else ())
            for index, log in self._saved.items()
        }

    @property
    def has_files(self) -> bool:
        """Whether files are followed, and not only pipes or URLs."""
        return bool(self._arguments)

    def committer(self, max_keys: int | None, trace: Trace) -> Committer[Any] | SlidingTally:
        """Return what collects the counts, with those of the earlier run, or those of the window."""
        if self._window:
            return SlidingTally(self._window, trace=trace)
        positions = {index: log.positions for index, log in self._saved.items()}
        return Committer(self._earlier, positions, max_keys, trace)

    def reading(
        self,
        plan: Plan,
        settings: Settings,
        openers: Openers,
        caught_up: Callable[[Mapping[int, int]], None] = lambda _: None,
    ) -> FollowReading:
        """Return the reading of all logs. caught_up: see there."""
        before = {
            log.name: Before(log.positions, self._counted_before(index).account.lines) for index, log in self._saved.items()
        }
        if self._near_end:
            files = (source for source in resolve(self._arguments, recursive=settings.recursive) if not source.verdict)
            begun = ((source.name, near_end(os.fsdecode(source.location))) for source in files)
            before |= {name: Before((position,)) for name, position in begun if position}
        following = Following(
            self._arguments,
            recursive=settings.recursive,
            known=[position for log in before.values() for position in log.positions],
            once=self._once,
            options=OpenOptions(settings.max_bytes, settings.max_ratio, None, settings.encoding),
            leave_out=self._leave_out,
        )

        def sample_of(source: Source) -> bytes:
            try:
                return openers.peek(source, SAMPLE_BYTES).head
            except SourceError:
                return b""

        self._reading = FollowReading(following, plan.reading, self.add, sample_of, before, caught_up=caught_up)
        return self._reading

    def add(self, name: str, location: str) -> Source:
        """Return the source of a log that has appeared: that of the earlier run, or a new one."""
        number = self._numbers.get(name)
        source = Source(len(self.sources) if number is None else number, name, Kind.FILE, location)
        if number is None:
            self.sources.append(source)
            self._numbers[name] = source.index
        else:
            self.sources[number] = source
        return source

    @staticmethod
    def quick(plan: Plan) -> Plan:
        """Return a plan in which also lines from pipes and URLs are seen soon after they came."""
        return replace(plan, reading=replace(plan.reading, flush_s=FLUSH_S, goes_on=True))

    def described(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot with what it covers, if that is a window."""
        if not self._window:
            return snapshot
        span = lasting(self._window.seconds)
        note = f"counted are the records of the last {span}: older ones are among the filtered"
        first, *others = snapshot.sources or (None,)
        sources = (replace(first, notes=(*first.notes, note)), *others) if first else ()
        empty = snapshot.empty or ("" if snapshot.account.records else f"no record in the last {span}")
        return replace(snapshot, sources=sources, empty=empty)

    def outcomes(self, found: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Return the outcomes of all logs: what this run has found, and what earlier ones had counted before."""
        sources = list(self.sources)
        all_of_them = dict(found)
        for index, log in self._saved.items():
            outcome = found.get(index) or Outcome(Verdict(State.COMPLETE), notes=(NOT_FOUND,))
            all_of_them[index] = replace(
                outcome,
                lines=outcome.lines + self._counted_before(index).account.lines,
                bytes_read=outcome.bytes_read + log.bytes_read,
                bytes_decoded=outcome.bytes_decoded + log.bytes_decoded,
                notes=last_of_each_kind((*log.notes, *self._notes_of(log, outcome))),
            )
        return {source.index: all_of_them.get(source.index, Outcome(Verdict(State.COMPLETE))) for source in sources}

    @staticmethod
    def complete(outcomes: Mapping[int, Outcome]) -> dict[int, Outcome]:
        """Return outcomes in which what was only interrupted is complete: of a pipe or a URL, too, there is no other end."""
        complete = Verdict(State.COMPLETE)
        return {
            index: replace(outcome, verdict=complete) if outcome.verdict.state is State.INTERRUPTED else outcome
            for index, outcome in outcomes.items()
        }

    def state(self, commit: Commit[tuple[Position, ...]], outcomes: Mapping[int, Outcome]) -> SavedState:
        """Return what is to be saved of a commit. outcomes: of all logs, as `outcomes` returns them."""
        logs = []
        for source in list(self.sources):
            if source.index in commit.positions or source.index in self._saved:
                outcome = outcomes[source.index]
                form = outcome.format.name if outcome.format else None
                before = self._saved.get(source.index)
                logs.append(
                    SavedLog(
                        source.name,
                        source.index,
                        commit.positions.get(source.index, ()),
                        form or (before.format if before else None),
                        outcome.bytes_read,
                        outcome.bytes_decoded,
                        tuple(note for note in outcome.notes if NOT_FOUND not in note and note != NOT_NAMED),
                    )
                )
        return SavedState(dict(self._question), tuple(logs), commit.tally)

    def _names(self, log: SavedLog) -> bool:
        """Return whether an argument of this run names a log."""
        arguments = [shown_path(argument) for argument in self._arguments]
        return any(
            log.name == argument or fnmatchcase(log.name, argument) or log.name.startswith(argument.rstrip("/") + "/")
            for argument in arguments
        )

    def _notes_of(self, log: SavedLog, outcome: Outcome) -> tuple[str, ...]:
        """Return what this run notes of a log: one that it does not name is not missing."""
        if any(NOT_FOUND in note for note in outcome.notes) and not self._names(log):
            return (NOT_NAMED,)
        return outcome.notes

    def _counted_before(self, index: int) -> SourceTally:
        return (self._earlier or Tally()).sources.get(index, SourceTally())
