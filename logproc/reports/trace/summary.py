"""A recording in words: what each thread did, and which stage the run waited for.

A step is measured on the clock of the wall: a thread that waits for a core, or for the GIL, counts as working.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from logproc.model.trace.doing import Doing
from logproc.model.trace.recording import Lane, Recording
from logproc.reports.units import count, duration

ALONE = 4
"""So many threads of a kind have a row each; more of them share one."""
BUSY = 0.85
"""A stage that works for so much of its time is the limit."""
MOSTLY, OFTEN = 0.5, 0.35
LOCKED = 0.15
CROWD, UNUSED = 1.5, 0.75
"""Threads wait for each other's Python if 1.5 times as many have work as have a core, and a quarter of the cores is free."""
LEAST_SHARE = 0.005
READING = (Doing.READ, Doing.UNPACK, Doing.CUT, Doing.OPEN)
READERS = ("reader", "stream", "pipe")


class Times(Struct, frozen=True):
    """What some threads did, in nanoseconds by kind. alive_ns: from the first step of each to its last.

    cpu_ns: for how long they had a core.
    """

    names: tuple[str, ...]
    alive_ns: int
    cpu_ns: int
    by_kind: Mapping[Doing, int]

    @classmethod
    def of(cls, lanes: Sequence[Lane]) -> Times:
        found: Counter[Doing] = Counter()
        for lane in lanes:
            for step in lane.steps:
                found[step.doing] += step.end_ns - step.start_ns
        alive_ns = sum(lane.steps[-1].end_ns - lane.steps[0].start_ns for lane in lanes)
        return cls(tuple(lane.name for lane in lanes), alive_ns, sum(lane.cpu_ns for lane in lanes), found)

    def share(self, kinds: Iterable[Doing]) -> float:
        return sum(self.by_kind.get(kind, 0) for kind in kinds) / self.alive_ns if self.alive_ns else 0.0

    @property
    def working(self) -> float:
        """The share of the time in which they did not wait."""
        return self.share(kind for kind in self.by_kind if not kind.waits)

    @property
    def name(self) -> str:
        return self.names[0] if len(self.names) == 1 else f"{len(self.names)} {kind_of(self.names[0])}s"

    @property
    def largest_first(self) -> list[tuple[Doing, float]]:
        """The kinds of work and waiting with their shares, without what would be shown as 0 %."""
        shares = sorted(((self.share([kind]), kind) for kind in self.by_kind), key=lambda item: -item[0])
        return [(kind, share) for share, kind in shares if share >= LEAST_SHARE]


def kind_of(name: str) -> str:
    """Return the name of a thread without its number.

    >>> kind_of("worker-12"), kind_of("main")
    ('worker', 'main')
    """
    return re.sub(r"[-_]?\d+$", "", name)


def summary_lines(recording: Recording) -> list[str]:
    """Return a row per thread, or per kind of thread if there are many, and a sentence on the limit."""
    rows = list(rows_of(recording.lanes))
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"{row.name:{width}}  {duration(row.alive_ns / 1e9):>8}  {in_words(row)}" for row in rows]
    return [*lines, limit(recording)]


def rows_of(lanes: Sequence[Lane]) -> Iterator[Times]:
    for _, group in groupby(lanes, lambda lane: kind_of(lane.name)):
        alike = list(group)
        groups = [[lane] for lane in alike] if len(alike) <= ALONE else [alike]
        yield from map(Times.of, groups)


def in_words(times: Times) -> str:
    shares = [f"{per_cent(share)} {kind.value}" for kind, share in times.largest_first]
    return f"{', '.join(shares)}; {per_cent(times.cpu_ns / max(1, times.alive_ns))} on a core"


def per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"


def limit(recording: Recording) -> str:
    """Return which stage decides how long the run takes. The first rule that holds decides; there may be none."""
    main, workers, readers, probes, unpackers = (
        Times.of([lane for lane in recording.lanes if kind_of(lane.name) in names])
        for names in (("main",), ("worker",), READERS, ("probe",), ("unpacker",))
    )
    alone = {
        kind: main.by_kind.get(kind, 0) / max(1, recording.end_ns)
        for kind in (Doing.START_UP, Doing.LOAD, Doing.SUMMARY, Doing.REPORT)
    }
    detecting = detecting_ns(recording.lanes) / max(1, recording.end_ns)
    most, share = max([*alone.items(), (Doing.DETECT, detecting)], key=lambda item: item[1])
    if sum(alone.values()) + detecting >= MOSTLY:
        return serial_limit(most, share, len(probes.names))
    if told := crowded(recording):
        return told
    if workers.working >= BUSY:
        told = f"The workers are the limit: they worked {per_cent(workers.working)} of their time."
        return f"{told} More --workers would help if there are more cores."
    if (waited := readers.share([Doing.WAIT_DATA, Doing.CONNECT])) >= MOSTLY:
        return f"The sources are the limit: the readers waited {per_cent(waited)} of their time for a server or a pipe."
    if readers.share([Doing.WAIT_BLOCK]) >= MOSTLY:
        number = count(len(unpackers.names), "thread")
        return f"Unpacking is the limit: {number} did it, while the workers waited {per_cent(1 - workers.working)} of the time."
    if readers.share(READING) >= BUSY:
        return reading_limit(readers, workers)
    if (spent := main.share([Doing.HAND_OUT])) >= MOSTLY:
        return f"The main thread is the limit: it spent {per_cent(spent)} of the run handing out chunks."
    if (waited := workers.share([Doing.WAIT_LOCK])) >= LOCKED:
        return f"Locks are the limit: the workers waited {per_cent(waited)} of their time for one."
    if (waited := readers.share([Doing.WAIT_MEMORY])) >= OFTEN:
        return f"Memory is the limit: the readers waited {per_cent(waited)} of their time for it. A larger --memory may help."
    return (
        f"No single stage is the limit: workers worked {per_cent(workers.working)} of their time,"
        f" readers {per_cent(readers.working)}."
    )


def crowded(recording: Recording) -> str:
    """Return a sentence if threads had work to do, but left cores unused; "" if not."""
    lanes = [lane for lane in recording.lanes if lane.name != "main"]
    if not lanes:
        return ""
    times = Times.of(lanes)
    window_ns = max(lane.steps[-1].end_ns for lane in lanes) - min(lane.steps[0].start_ns for lane in lanes)
    reading_ns = times.by_kind.get(Doing.READ, 0)  # a disk may be slow, and takes no core
    at_work = (times.working * times.alive_ns - reading_ns) / max(1, window_ns)
    cores = times.cpu_ns / max(1, window_ns)
    if at_work < CROWD * cores or cores > UNUSED * recording.cores:
        return ""
    told = f"{at_work:.1f} threads had work at a time, but only {cores:.1f} of {recording.cores} cores for it"
    return f"The GIL, or other programs, are the limit: {told}. More threads would not help."


def serial_limit(most: Doing, share: float, probes: int) -> str:
    if most in {Doing.START_UP, Doing.LOAD}:
        return "Starting up is the limit: most of the run. There was too little to read for anything else to matter."
    if most is Doing.DETECT:
        helpers = count(probes, "thread")
        return f"Detecting the formats is the limit: it took {per_cent(share)} of the run, in {helpers}. --format avoids it."
    if most is Doing.SUMMARY:
        return f"Summing up is the limit: it took {per_cent(share)} of the run. Count by fewer fields, or bound --max-keys."
    return f"The report is the limit: rendering and writing it took {per_cent(share)} of the run. A smaller --top helps."


def reading_limit(readers: Times, workers: Times) -> str:
    most = max(READING, key=lambda kind: readers.by_kind.get(kind, 0))
    what = {
        Doing.READ: "Reading is the limit",
        Doing.UNPACK: "Unpacking is the limit",
        Doing.CUT: "Cutting into chunks is the limit",
        Doing.OPEN: "Opening files is the limit",
    }[most]
    number = len(readers.names)
    who = f"{number} readers" if number > 1 else "the reader"
    busy = f"{who} worked {per_cent(readers.share(READING))}"
    waits = f"the workers waited {per_cent(1 - workers.working)}"
    return f"{what}: {busy} of the time, while {waits}."


def detecting_ns(lanes: Sequence[Lane]) -> int:
    """Return for how long formats were detected before the first reader started."""
    probed = [lane.steps for lane in lanes if kind_of(lane.name) == "probe"]
    read = [lane.steps[0].start_ns for lane in lanes if kind_of(lane.name) in READERS]
    if not probed:
        return 0
    return max(0, min(read, default=max(steps[-1].end_ns for steps in probed)) - min(steps[0].start_ns for steps in probed))
