"""The client of a run on a cluster: hands out the pieces, has their counts joined, and waits for one Part.

Main waits in one place, `channel.get`, as in a threaded run. Everything it waits for is a message: the probes, a Future that
is done (told by a thread of `distributed`), how many workers there are, the result, and a signal.

Nothing is fetched but the last Part, so this process needs the memory of one tally. After a signal it fetches what is there.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from msgspec.structs import replace

from logproc.model.chunk import Outcome, Probe
from logproc.model.errors import EXIT_INCOMPLETE, SourceError, Stopped
from logproc.model.source import Kind, Source, State, Verdict
from logproc.pipeline.cluster.messages import (
    DYING,
    LOST,
    NO_WORKERS,
    PATIENCE_S,
    SILENT,
    TOO_LARGE,
    ClusterError,
    Done,
    Fetched,
    Group,
    Workers,
    fetched,
    watch_workers,
)
from logproc.pipeline.cluster.pieces import RANGE_BYTES, Piece, pieces_of
from logproc.pipeline.cluster.tasks import HERE, Job, Part, counted, failed, joined, passed_over, same
from logproc.pipeline.cluster.tree import Place, Tree
from logproc.pipeline.openers import Openers
from logproc.pipeline.plan import Plan, check_fields, check_fields_early
from logproc.pipeline.probing import start_probing_files
from logproc.pipeline.serial import Run
from logproc.pipeline.summary import INTERRUPTED, run_info, summarize
from logproc.settings import Settings
from logproc.threads.channel import LATE, Channel
from logproc.threads.grace import within_grace
from logproc.threads.hosts import HostLimit
from logproc.threads.live import Companion, accompanied
from logproc.threads.probe import Probed
from logproc.threads.signals import waking
from logproc.threads.stop import Stop, heed

if TYPE_CHECKING:
    from distributed import Client, Future

FETCH_S = 2.0
"""So long the counts of a run that failed are fetched. After a signal there is less time, see `threads.grace`."""


class Fleet:
    """One run on a cluster. Main calls `work`, then `run`; the live view reads the fields."""

    def __init__(
        self,
        client: Client,
        sources: Sequence[Source],
        settings: Settings,
        openers: Openers,
        headers: Mapping[str, str],
        range_bytes: int = RANGE_BYTES,
    ) -> None:
        self.sources = sources
        self.settings = settings
        self.started = time.monotonic()
        self.plan = Plan.of(settings, sources=sources)
        self.stop = Stop()
        self.channel: Channel[Any] = Channel(self.stop)
        self.workers = Workers(0, 0)
        self.pieces_done = self.pieces = self.bytes_done = 0
        self.bytes_total: int | None = None
        self._client = client
        self._openers = openers
        self._headers = headers
        self._range_bytes = range_bytes
        self._to_read = [source for source in sources if not source.verdict]
        self._files = [source for source in self._to_read if source.kind is Kind.FILE]
        self._outcomes = {source.index: Outcome(source.verdict) for source in sources if source.verdict}
        self._probes: dict[int, Probe] = {}
        self._groups: list[Group] = []
        self._tree: Tree[Future] = Tree(1)
        self._part: Part | None = None
        self._name = uuid4().hex[:12]
        self._tasks = 0
        self._running: dict[Future, Group | None] = {}
        self._suspects: list[tuple[Group | None, Place]] = []
        self._patient_until = self._silent_at = self.started + PATIENCE_S

    def work(self) -> None:
        """Run to the end, or to a stop. Every exception, also one in main itself, becomes the cause of a stop."""
        with waking(self.channel.wake):
            try:
                watch_workers(self._client, self.channel.put)
                shared = self.stop, HostLimit(1, self.stop).permit, self.channel.put
                start_probing_files(self._files, self._openers, self.plan, *shared)
                while self._part is None:
                    self._take(self.channel.get(min(self._patient_until, self._silent_at)))
                    heed(self.stop)
            except BaseException as error:
                self.stop.set(error)
        if self._part is None:
            self._part = self._so_far()

    def run(self) -> Run:
        """Return the result."""
        part, stopped = self._part or Part(), self.stop.is_set()
        forms = {index: probe.format for index, probe in self._probes.items()}
        unread = {source.index: Outcome(INTERRUPTED, forms.get(source.index)) for source in self.sources}
        outcomes = {**unread, **self._outcomes, **part.outcomes}
        info = run_info(time.monotonic() - self.started, 0, self.workers.threads, self.settings.config_file)
        snapshot = summarize(self.sources, outcomes, part.tally, self.plan, info, stopped=stopped)
        cause = self.stop.cause or check_fields(self.plan, outcomes.values(), part.tally)
        return Run(snapshot, cause)

    def _take(self, message: Any) -> None:
        """Act on a message. Never waits for the cluster."""
        if message is LATE:
            has_spoken = self._silent_at - time.monotonic() > PATIENCE_S / 2
            raise ClusterError(*(NO_WORKERS if has_spoken else SILENT))
        if isinstance(message, Workers):
            self.workers, now = message, time.monotonic()
            self._silent_at = now + PATIENCE_S
            self._patient_until = now + PATIENCE_S if message.count else self._patient_until
        elif isinstance(message, Probed):
            self._hand_out(message.probes)
        elif isinstance(message, Fetched):
            self._part = message.part
        elif isinstance(message, ClusterError):
            raise message
        elif isinstance(message, Done):
            del self._running[message.future]
            if self._is_wanted(message.group):
                self._ended(message)
            while self._suspects and not self._running:
                group, place = self._suspects.pop()
                if self._is_wanted(group):
                    self._begin(group, place, alone=True)

    def _is_wanted(self, group: Group | None) -> bool:
        return group is None or self._groups[group.number] is group

    def _ended(self, done: Done) -> None:
        if done.error:
            self._failed(done, done.error)
        elif done.future.status == "cancelled":
            raise ClusterError(*LOST)
        else:
            self._done(done.group, done.place, done.future)

    def _hand_out(self, probes: Sequence[Probe]) -> None:
        self._probes = {source.index: probe for source, probe in zip(self._files, probes, strict=True)}
        if len(self._files) == len(self._to_read):
            check_fields_early(self.plan, [probe.format for probe in probes])
        refused = {index: probe.verdict for index, probe in self._probes.items() if probe.verdict}
        self._outcomes |= {index: Outcome(verdict) for index, verdict in refused.items()}
        sources = [source for source in self._to_read if source.index not in refused]
        pieces, forms = pieces_of(sources, self._probes, self.settings, self._range_bytes)
        if not pieces:
            self._part = Part()
            return
        data = pickle.dumps(Job(self.plan, self.settings, self._headers, forms), protocol=5)
        self._job = self._submit(same, data)
        self._groups = [Group(number, some) for number, some in enumerate(pieces)]
        self._tree = Tree(len(pieces))
        self.pieces = sum(len(group.pieces) for group in self._groups)
        if all(source.kind is Kind.FILE or source.listed for source in sources):
            self.bytes_total = sum(piece.size_bytes for group in self._groups for piece in group.pieces)
        for group in self._groups:
            self._begin_all(group)

    def _begin_all(self, group: Group) -> None:
        for number, piece in enumerate(group.pieces):
            heed(self.stop)  # it takes seconds to hand out thousands
            self._begin(group, Place(0, number))
            if piece.in_turn and number + 1 < len(group.pieces):
                before = group.begins.get(number)
                group.begins[number + 1] = self._submit(passed_over, HERE, self._job, piece, before)

    def _begin(self, group: Group | None, place: Place, *, alone: bool = False) -> None:
        """Have the result for a place made: a piece counted, or what is below it joined."""
        if group and not place.level:
            piece, begin = group.pieces[place.number], group.begins.get(place.number)
            future = self._submit(counted, HERE, self._job, piece, begin)
        else:
            tree = group.tree if group else self._tree
            below = [tree.there[child] for child in tree.children(place)]
            future = self._submit(joined, self.plan.question.max_keys, below)
        self._watch(group, place, future, alone=alone)

    def _submit(self, work: Callable[..., Any], *arguments: Any) -> Future:
        """Have something done by a worker. The key has no name of a source: keys are in logs, and names may be secret.

        Tasks whose keys begin alike are a group. Those of a large one are given out as workers become free, also to workers
        that come later; others are all given to the workers of the moment. Pieces are counted in their order, so that of a file
        the beginning is known first; all else goes before them, since it makes room.
        """
        self._tasks += 1
        key, priority = (f"logproc-{work.__name__}-{self._name}", self._tasks), -self._tasks if work is counted else 0
        return self._client.submit(work, *arguments, key=key, pure=False, priority=priority)

    def _watch(self, group: Group | None, place: Place, future: Future, *, alone: bool = False) -> None:
        """Have main told when a Future is done. The callback runs in a thread of `distributed`, and may wait there."""

        def done(future: Future) -> None:
            error = future.exception() if future.status == "error" else None
            self.channel.put(Done(group, place, alone, future, error))

        self._running[future] = group
        future.add_done_callback(done)

    def _done(self, group: Group | None, place: Place, future: Future) -> None:
        """Have what is complete by now joined. A result that is lost again is no matter: who needs it gets it made anew."""
        if group and not place.level:
            self.pieces_done += 1
            self.bytes_done += group.pieces[place.number].size_bytes
        tree = group.tree if group else self._tree
        if tree.add(place, future):
            self._begin(group, place.above)
        elif tree.is_root(place) and group:
            tree.there.clear()
            group.begins.clear()
            self._done(None, Place(0, group.number), future)
        elif tree.is_root(place):
            future.add_done_callback(lambda root: self.channel.put(fetched(root)))

    def _failed(self, done: Done, error: BaseException) -> None:
        """Have something done in another way, or a source fail if it has cost too many workers. Raises what is worse.

        If a worker dies, all that it had to do is under suspicion. So what has seen too many die is begun once more when
        nothing else runs: then it is not for another's fault.
        """
        group, place = done.group, done.place
        is_deadly = type(error).__name__ == "KilledWorker"
        if is_deadly and getattr(error, "task", None) == done.future.key:
            if not done.alone:
                self._suspects.append((group, place))
            elif not group or place.level:
                raise ClusterError(*TOO_LARGE)
            else:
                self._killed(group, place, getattr(error, "allowed_failures", 0) + 1)
        elif isinstance(error, Stopped):  # its worker was told that nobody wants it, and then that somebody does
            self._begin(group, place)
        elif not (is_deadly or isinstance(error, SourceError)):
            if group and not place.level:
                error.add_note(f"while a worker was reading {group.pieces[place.number].sources[0].name}")
            raise error
        elif place.level:
            self._make_again(group, place)
        elif group and group.pieces[place.number].range:  # it cannot be read, or where it begins cannot be found
            self._begin_all(self._instead(group, group.pieces[place.number].singly()))
        else:
            raise ClusterError(*DYING) if is_deadly else error

    def _killed(self, group: Group, place: Place, workers: int) -> None:
        """Have the source of a piece fail that kills workers; of several, find out which of them it is."""
        piece = group.pieces[place.number]
        if len(piece.sources) > 1:
            self._begin_all(self._instead(group, piece.singly()))
            return
        if piece.range:
            group, place = self._instead(group, piece.singly()), Place(0, 0)
        reason = f"killed {f'{workers} workers in turn' if workers > 1 else 'a worker'}{piece.shown_range}"
        verdict = Verdict(State.FAILED, reason, "see the logs of the workers; perhaps they need more memory", EXIT_INCOMPLETE)
        self._watch(group, place, self._submit(failed, piece.sources[0].index, verdict))

    def _make_again(self, group: Group | None, place: Place) -> None:
        """Begin groups again of which results were lost after they were there, so that they could not be joined."""
        below = [] if group else [child for child in self._tree.children(place) if not child.level]
        lost = [group] if group else [self._groups[at.number] for at in below if self._tree.there[at].status == "error"]
        if not lost:
            raise ClusterError(*DYING)
        for one in lost:
            self._tree.there.pop(Place(0, one.number), None)
            self._begin_all(self._instead(one, one.pieces))

    def _instead(self, group: Group, pieces: Sequence[Piece]) -> Group:
        """Replace a group by one of other pieces of the same sources. What the old one has counted is dropped."""
        self._client.cancel([future for future, of in self._running.items() if of is group])  # waits for nobody
        self._groups[group.number] = Group(group.number, pieces)
        return self._groups[group.number]

    def _so_far(self) -> Part:
        """Return the sum of what is there after a stop, as far as it can be fetched in time.

        Of a file whose ranges are not all there, that is its beginning: the lines behind a gap have no numbers yet.
        """
        whole, begun = self._tree.in_order(), [(group, group.tree.in_order()) for group in self._groups]
        found: dict[int, Part] = {}
        deadline = time.monotonic() + FETCH_S

        def fetch() -> None:  # the largest first
            every = sorted(chain(whole, *(parts for _, parts in begun)), key=lambda held: held.first - held.behind)
            for held in every:
                found[id(held)] = held.result.result(timeout=max(0.0, deadline - time.monotonic()))

        with suppress(Exception):  # the time is over, or the cluster is gone: what has come is reported
            within_grace(fetch)
        got = found.copy()  # the thread may still go on
        parts = [got[id(held)] for held in whole if id(held) in got]
        for group, some in begun:
            end, own, in_ranges = 0, list[Part](), group.pieces[0].range is not None
            for held in some:
                if id(held) in got and (held.first == end or not in_ranges):
                    own.append(got[id(held)])
                    end = held.behind
            parts += [cut_off(part) for part in own] if in_ranges and end < len(group.pieces) else own
        return joined(self.plan.question.max_keys, parts)


def cut_off(part: Part) -> Part:
    """Return a part of a file of which there are only some ranges."""
    return Part(part.tally, {index: replace(outcome, verdict=INTERRUPTED) for index, outcome in part.outcomes.items()})


def run_on_cluster(fleet: Fleet, beside: Sequence[Companion] = ()) -> Run:
    """Run to the end or to a stop. beside: threads that observe the fleet. Blocks and raises as `run_threaded` does."""
    with accompanied(beside):
        fleet.work()
    return within_grace(fleet.run)
