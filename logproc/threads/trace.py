"""Shared variables with one writer: each thread writes down what it does in a list of its own, without a lock.

Invariant: only its own thread changes a list; main reads it, at the end. The steps of a thread do not overlap, and the sum of
each kind of work stays exact, however many steps there were.

Use this to observe threads without disturbing them. A lock around one common list would make the threads wait for each other,
and the picture would show mostly that. Do not use it where the reader has to see the newest value.

At any time a thread does one thing: a span in a span interrupts it. So a list holds the moments at which that changes. A
gauge is the sum of changes, each written down by the thread that made it: nobody has to read a common value.

A span takes about 1 µs. Memory is bounded: when a list is full, its short steps are added up by kind, within one
`MOST_STEPS / 16`th of the time so far. What is lost is their order and which source they were about.

Newer Pythons change nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from threading import Lock, current_thread, local
from time import perf_counter_ns, thread_time_ns
from typing import Any

from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recorder import Trace
from logproc.model.trace.recording import Lane, Recording, Step

MOST_STEPS = 1 << 14
"""In the list of one thread. A step takes about 130 bytes."""
CELLS = MOST_STEPS // 16
CPU_EVERY_NS = 100_000
"""How often a thread notes for how long it had a core: that takes a system call, longer than a span."""

Change = tuple[int, Doing | None, str, int, int]
"""From when on a thread does something: nanoseconds, what, the source, the lines, how many steps it stands for."""


class Diary:
    """The list of one thread. Only that thread calls its methods; any thread may copy `changes` and `counted`."""

    def __init__(self, name: str, start_ns: int) -> None:
        self.name = name
        self.changes: list[Change] = []
        self.counted: list[tuple[int, Gauge, int]] = []
        self.cpu_ns = self._cpu_at_ns = 0
        self._start_ns = start_ns
        self._open: list[tuple[Doing | None, str, int]] = [(None, "", 0)]

    def enter(self, what: tuple[Doing, str, int], now_ns: int) -> None:
        self._open.append(what)
        self.changes.append((now_ns, *what, 1))

    def leave(self, now_ns: int) -> None:
        self._open.pop()
        self.changes.append((now_ns, *self._open[-1], 1))
        if len(self._open) == 1 and now_ns - self._cpu_at_ns > CPU_EVERY_NS:
            self.cpu_ns, self._cpu_at_ns = thread_time_ns(), now_ns
        if len(self.changes) > MOST_STEPS:
            self.changes = added_up(self.changes, (now_ns - self._start_ns) // CELLS + 1)

    def between(self, doing: Doing, now_ns: int) -> None:
        self._open[0] = (doing, "", 0)
        self.changes.append((now_ns, doing, "", 0, 1))

    def count(self, gauge: Gauge, by: int, now_ns: int) -> None:
        self.counted.append((now_ns, gauge, by))
        if len(self.counted) > MOST_STEPS:
            cell_ns = (now_ns - self._start_ns) // CELLS + 1
            sums: dict[tuple[int, Gauge], list[int]] = {}
            for at_ns, what, change in self.counted:
                sums.setdefault((at_ns // cell_ns, what), [at_ns, 0])[1] += change
            self.counted = [(at_ns, what, change) for (_, what), (at_ns, change) in sums.items()]


class InSpan:
    """The context manager of one span."""

    __slots__ = ("_clock", "_diary", "_what")

    def __init__(self, diary: Diary, clock: Callable[[], int], what: tuple[Doing, str, int]) -> None:
        self._diary = diary
        self._clock = clock
        self._what = what

    def __enter__(self) -> None:
        self._diary.enter(self._what, self._clock())

    def __exit__(self, *_: object) -> None:
        self._diary.leave(self._clock())


class WatchedLock:
    """A lock that records how long threads wait for it. Taking one that is free records nothing."""

    def __init__(self, lock: Any, trace: Recorder) -> None:
        self._lock = lock
        self._trace = trace
        self.release = lock.release

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        if self._lock.acquire(blocking=False):
            return True
        if not blocking:
            return False
        with self._trace.span(Doing.WAIT_LOCK):
            return bool(self._lock.acquire(timeout=timeout))

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class Recorder(Trace):
    """Records what every thread does. All methods but `recording` are for any thread.

    start_ns: when the process started, on the clock; the thread that makes the recorder is in `Doing.START_UP` since then.
    cores: how many the process may use.
    """

    def __init__(self, start_ns: int | None = None, clock: Callable[[], int] = perf_counter_ns, cores: int = 1) -> None:
        self._clock = clock
        self._cores = cores
        self._start_ns = clock() if start_ns is None else start_ns
        self._own = local()
        self._diaries: list[Diary] = []  # `append` and `list` are atomic
        self._over: dict[Doing, int] = {}
        self._diary().between(Doing.START_UP, self._start_ns)

    def span(self, doing: Doing, source: str = "", lines: int = 0) -> InSpan:
        return InSpan(self._diary(), self._clock, (doing, source, lines))

    def between(self, doing: Doing) -> None:
        self._diary().between(doing, self._clock())

    def ended(self, doing: Doing) -> None:
        self._over[doing] = self._clock()

    def change(self, gauge: Gauge, by: int) -> None:
        self._diary().count(gauge, by, self._clock())

    def watched(self, lock: Any = None) -> WatchedLock:
        return WatchedLock(lock or Lock(), self)

    def recording(self) -> Recording:
        """Return what was recorded so far. Threads that still run may go on."""
        end_ns = self._clock()
        diaries = sorted(self._diaries.copy(), key=lambda diary: place_of(diary.name))
        lanes = [Lane(diary.name, tuple(self._steps(diary.changes.copy(), end_ns)), diary.cpu_ns) for diary in diaries]
        counted = sorted(chain.from_iterable(diary.counted.copy() for diary in diaries))
        return Recording(
            end_ns - self._start_ns,
            [lane for lane in lanes if lane.steps],
            {gauge: self._values(gauge, counted) for gauge in Gauge},
            self._cores,
        )

    def _diary(self) -> Diary:
        try:
            return self._own.diary  # type: ignore[no-any-return]
        except AttributeError:
            name = current_thread().name
            self._own.diary = diary = Diary("main" if name == "MainThread" else name, self._start_ns)
            self._diaries.append(diary)
            return diary

    def _steps(self, changes: Sequence[Change], end_ns: int) -> Iterator[Step]:
        for (at_ns, doing, source, lines, parts), until_ns in zip(changes, ends(changes, end_ns), strict=True):
            if doing is None:
                continue
            if until_ns == end_ns:
                until_ns = max(at_ns, self._over.get(doing, end_ns))
            if until_ns > at_ns:
                yield Step(at_ns - self._start_ns, until_ns - self._start_ns, doing, source, lines, parts)

    def _values(self, gauge: Gauge, counted: Sequence[tuple[int, Gauge, int]]) -> list[tuple[int, int]]:
        own = [(at_ns - self._start_ns, change) for at_ns, what, change in counted if what == gauge]
        return list(zip((at_ns for at_ns, _ in own), accumulate(change for _, change in own), strict=True))


def ends(changes: Sequence[Change], end_ns: int) -> Iterator[int]:
    """Yield when each step ended: when the next one began."""
    yield from (at_ns for at_ns, *_ in changes[1:])
    if changes:
        yield end_ns


def added_up(changes: Sequence[Change], cell_ns: int) -> list[Change]:
    """Return the steps with neighbours added up by kind, if they are within one cell of time. The last one is still open.

    Neighbours touch, so their sums fill the same time, in the order in which each kind came first.
    """
    found: list[Change] = []
    sums: dict[Doing | None, tuple[int, str, int, int]] = {}
    begin_ns = 0

    def close() -> None:
        at_ns = begin_ns
        for doing, (took_ns, source, lines, parts) in sums.items():
            found.append((at_ns, doing, source, lines, parts))
            at_ns += took_ns
        sums.clear()

    for change, until_ns in zip(changes[:-1], ends(changes, 0), strict=False):
        at_ns, doing, source, lines, parts = change
        cell = at_ns // cell_ns
        if sums and cell != begin_ns // cell_ns:
            close()
        if cell != until_ns // cell_ns:
            close()
            found.append(change)
            continue
        if not sums:
            begin_ns = at_ns
        before = sums.get(doing)
        if before:
            one_source = source if source == before[1] else ""
            sums[doing] = before[0] + until_ns - at_ns, one_source, before[2] + lines, before[3] + parts
        else:
            sums[doing] = until_ns - at_ns, source, lines, parts
    close()
    return [*found, changes[-1]]


def place_of(name: str) -> tuple[int, str, int]:
    """Return the place of a thread in the picture: main, then in the direction that the data takes.

    >>> sorted(["worker-10", "worker-2", "reader-1", "main"], key=place_of)
    ['main', 'reader-1', 'worker-2', 'worker-10']
    """
    kind = re.split(r"[-_\d]", name)[0]
    places = ("main", "probe", "reader", "stream", "pipe", "unpacker", "worker")
    number = re.search(r"\d+$", name)
    return places.index(kind) if kind in places else len(places), kind, int(number[0]) if number else 0
