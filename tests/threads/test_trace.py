"""The recorder: what a thread does is one step after the other, and its sums stay exact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, pairwise
from threading import Barrier, Lock, Thread

import pytest

from logproc.model.trace.doing import Doing, Gauge
from logproc.model.trace.recorder import NO_TRACE
from logproc.model.trace.recording import Lane, Step
from logproc.threads.trace import MOST_STEPS, Recorder, added_up


def ticking(step_ns: int = 10) -> Callable[[], int]:
    """Return a clock that goes on by one step with each look."""
    ticks = count(0, step_ns)
    return lambda: next(ticks)


def sums(lane: Lane) -> dict[Doing, int]:
    found: Counter[Doing] = Counter()
    for step in lane.steps:
        found[step.doing] += step.end_ns - step.start_ns
    return dict(found)


def nothing_overlaps(steps: tuple[Step, ...]) -> bool:
    return all(one.end_ns <= other.start_ns for one, other in pairwise(steps))


def test_a_span_in_a_span_interrupts_it() -> None:
    """A thread does one thing at a time, and goes on with the outer one when the inner one ends."""
    trace = Recorder(0, ticking())
    with trace.span(Doing.UNPACK, "a.gz"), trace.span(Doing.READ, "a.gz", 7):
        pass
    (lane,) = trace.recording().lanes
    assert lane.name == "main"
    assert [(step.doing.value, step.source, step.lines, step.end_ns - step.start_ns) for step in lane.steps] == [
        ("unpack", "a.gz", 0, 10),
        ("read", "a.gz", 7, 10),
        ("unpack", "a.gz", 0, 10),
        ("start-up", "", 0, 10),
    ]
    assert nothing_overlaps(tuple(lane.steps))


def test_an_exception_ends_its_spans() -> None:
    """A failure leaves no span open."""
    trace = Recorder(0, ticking())
    with pytest.raises(ValueError, match="x"), trace.span(Doing.PARSE), trace.span(Doing.COUNT):
        raise ValueError("x")
    trace.between(Doing.REPORT)
    assert trace.recording().lanes[0].steps[-1].doing is Doing.REPORT


def test_each_thread_has_a_lane_in_the_order_of_the_data() -> None:
    """The lanes are those of the threads, by kind and number."""
    trace = Recorder()
    names = ["worker-10", "worker-2", "reader-1", "probe_0"]
    together = Barrier(len(names))

    def work() -> None:
        together.wait()
        for _ in range(1000):
            with trace.span(Doing.PARSE):
                trace.change(Gauge.QUEUED, 1)

    threads = [Thread(target=work, name=name) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    recording = trace.recording()
    assert [lane.name for lane in recording.lanes] == ["main", "probe_0", "reader-1", "worker-2", "worker-10"]
    assert all(nothing_overlaps(tuple(lane.steps)) for lane in recording.lanes)
    assert all(sum(sums(lane).values()) <= recording.end_ns for lane in recording.lanes)
    values = [value for _, value in recording.gauges[Gauge.QUEUED]]
    assert values == list(range(1, 4001))


def test_waiting_ends_with_its_thread() -> None:
    """A worker waits for chunks until the pool is closed, not until the report is written."""
    trace = Recorder(0, ticking())
    trace.between(Doing.WAIT_CHUNK)
    trace.ended(Doing.WAIT_CHUNK)
    recording = trace.recording()
    assert recording.lanes[0].steps[-1] == Step(0, 10, Doing.WAIT_CHUNK)
    assert recording.end_ns == 20


@pytest.mark.parametrize("spans", [MOST_STEPS // 2 - 1, MOST_STEPS, 3 * MOST_STEPS])
def test_memory_is_bounded_and_sums_are_exact(spans: int) -> None:
    """However many spans there are, the list stays short, nothing overlaps, and each kind has its time and number."""
    trace = Recorder(0, ticking())
    for number in range(spans):
        with trace.span(Doing.PARSE if number % 3 else Doing.COUNT, "a", 2):
            trace.change(Gauge.BYTES, 1 if number % 2 else -1)
    lane = trace.recording().lanes[0]
    assert len(lane.steps) <= MOST_STEPS + 1
    assert nothing_overlaps(tuple(lane.steps))
    counted = -(-spans // 3)
    by_kind = sums(lane)
    assert by_kind[Doing.COUNT] == 20 * counted
    assert by_kind[Doing.PARSE] == 20 * (spans - counted)
    parts: Counter[Doing] = Counter()
    lines: Counter[Doing] = Counter()
    for step in lane.steps:
        parts[step.doing] += step.parts
        lines[step.doing] += step.lines
    assert parts[Doing.COUNT] == counted
    assert lines[Doing.COUNT] == 2 * counted
    values = trace.recording().gauges[Gauge.BYTES]
    assert len(values) <= MOST_STEPS
    assert values[-1][1] == (0 if spans % 2 == 0 else -1)


def test_a_long_step_is_kept_as_it_is() -> None:
    """Only steps within one cell of time are added up."""
    changes = [
        (0, Doing.PARSE, "a", 1, 1),
        (10, Doing.COUNT, "a", 1, 1),
        (20, Doing.PARSE, "b", 1, 1),
        (30, Doing.COUNT, "b", 1, 1),
        (150, None, "", 0, 1),
    ]
    assert added_up(changes, 100) == [
        (0, Doing.PARSE, "", 2, 2),
        (20, Doing.COUNT, "a", 1, 1),
        (30, Doing.COUNT, "b", 1, 1),
        (150, None, "", 0, 1),
    ]


def test_only_a_wait_for_a_lock_is_recorded() -> None:
    """A lock that is free leaves no step; one that another thread has does."""
    trace = Recorder()
    lock = trace.watched(Lock())
    with lock:
        pass
    assert not lock.acquire(blocking=False) or lock.release() is None
    held = Barrier(2)

    def hold() -> None:
        with lock:
            held.wait()
            held.wait()

    def taking() -> Iterator[None]:
        with lock:
            yield

    thread = Thread(target=hold, name="reader-1")
    thread.start()
    held.wait()
    assert not lock.acquire(blocking=False)
    assert not lock.acquire(timeout=0.001)
    held.wait()
    next(taking())
    thread.join()
    assert Doing.WAIT_LOCK in sums(trace.recording().lanes[0])


def test_off_records_nothing_and_needs_no_question() -> None:
    """The recorder that records nothing has the same methods, and gives a lock back as it is."""
    lock = Lock()
    with NO_TRACE.span(Doing.PARSE, "a", 1):
        NO_TRACE.between(Doing.PARSE)
        NO_TRACE.ended(Doing.PARSE)
        NO_TRACE.change(Gauge.BYTES, 1)
    assert NO_TRACE.watched(lock) is lock
    assert NO_TRACE.watched() is None
