"""A window that moves: what it holds, whatever the order in which chunks come, and for how long."""

from __future__ import annotations

import gc
import time
import tracemalloc
from datetime import UTC, datetime
from threading import Thread

from hypothesis import given, settings
from hypothesis import strategies as st

from logproc.counting.tally import Tally, count
from logproc.counting.window import Sliced, Window, count_slices
from logproc.model.columns import Account
from logproc.model.trace.recorder import NO_TRACE
from logproc.questions.question import Question
from logproc.threads.sliding import SlidingTally
from tests.support.chunks_of import WANTED, chunk_of, parse

START = 1_760_000_000
QUESTION = Question()
MINUTE = Window(60)
DAY = 86_400


def line(at_s: int, path: str = "/a") -> str:
    moment = datetime.fromtimestamp(at_s, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'10.0.0.1 - - [{moment}] "GET {path} HTTP/1.1" 200 5 "-" "curl"\n'


def sliced(text: str, now_s: float, window: Window = MINUTE) -> Sliced:
    chunk = chunk_of(text.encode())
    return count_slices(chunk, parse(chunk.data, "combined", 1 << 20), QUESTION, "a.log", window=window, now_s=now_s)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now_s: float = START) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s


def paths(tally: Tally) -> int:
    counts = tally.panels.get("path")
    return 0 if counts is None else int(counts.count.sum())


STEPS = st.lists(
    st.tuples(st.integers(0, 40), st.lists(st.integers(-200, 90), max_size=8), st.booleans()), min_size=1, max_size=12
)


@settings(max_examples=30)
@given(steps=STEPS, seconds=st.sampled_from([1, 7, 60, 61, 100]))
def test_a_report_is_of_the_slices_in_the_window_now(steps: list[tuple[int, list[int], bool]], seconds: int) -> None:
    """Whenever a record came: it counts if its slice is in the window. Each line is in the account, whatever the window."""
    window, clock = Window(seconds), Clock()
    sliding = SlidingTally(window, clock)
    times: list[int] = []
    lines = rejected = 0
    for passed_s, ages, damaged in steps:
        clock.now_s += passed_s
        seen = [int(clock.now_s) + age for age in ages if age <= seconds]
        times += seen
        text = "".join(map(line, seen)) + "damaged\n" * damaged
        lines, rejected = lines + len(seen) + damaged, rejected + damaged
        if text:
            sliding.add(sliced(text, sliding.now(), window))
        expected = sum(at // window.slice_s in window.slices_at(clock.now_s) for at in times)
        tally = sliding.snapshot()
        assert tally.account == Account(lines, expected, rejected, 0, lines - expected - rejected)
        assert paths(tally) == expected
        assert (tally.first is None) == (not expected)


def test_a_window_with_everything_in_it_counts_as_usual() -> None:
    """The sum of slices and rest is the tally of the chunk."""
    text = "".join(line(START + at, f"/{at % 3}") for at in range(50)) + "damaged\n\n"
    chunk = chunk_of(text.encode())
    parsed = parse(chunk.data, "combined", 1 << 20)
    usual = count(chunk, parsed, QUESTION, "a.log")
    sliding = SlidingTally(MINUTE, Clock(START + 50))
    sliding.add(sliced(text, START + 50))
    found = sliding.snapshot()
    assert found.sources == usual.sources
    assert (found.first, found.last, found.bytes) == (usual.first, usual.last, usual.bytes)
    assert paths(found) == paths(usual) == 50


def test_records_of_the_future_stay_only_if_clocks_may_differ_so_much() -> None:
    """A wrong year would be in each window to come, and never be forgotten."""
    sliding = SlidingTally(MINUTE, Clock())
    sliding.add(sliced(line(START + 50) + line(START + 10**8), START))
    assert sliding.snapshot().account == Account(2, 1, 0, 0, 1)
    assert sliding.slices == 1


def test_records_without_a_time_count_by_arrival() -> None:
    """There is nothing else to go by."""
    clock = Clock()
    sliding = SlidingTally(MINUTE, clock)
    untimed = line(START).replace("[09/", "[99/")
    sliding.add(sliced(untimed, START))
    account = sliding.snapshot().account
    assert account.records + account.rejected == 1
    if account.records:
        clock.now_s += 100
        assert sliding.snapshot().account.filtered == 1


def test_a_clock_set_back_brings_nothing_back() -> None:
    """Slices that have left the window are gone, so the window does not move back."""
    clock = Clock()
    sliding = SlidingTally(MINUTE, clock)
    sliding.add(sliced(line(START), START))
    clock.now_s += 200
    sliding.add(sliced(line(START + 200), clock.now_s))
    clock.now_s -= 200
    assert sliding.snapshot().account == Account(2, 1, 0, 0, 1)


def test_memory_is_that_of_one_window() -> None:
    """A day in fast motion: after the first hours nothing grows any more, whatever keys come."""
    clock, window = Clock(), Window(3600)
    sliding = SlidingTally(window, clock)
    sizes = []
    tracemalloc.start()
    try:
        for minute in range(0, 24 * 60, 3):
            clock.now_s = START + 60 * minute
            text = "".join(line(int(clock.now_s) - at, f"/{minute}-{at}") for at in range(3))
            sliding.add(sliced(text, clock.now_s, window))
            if minute % 360 == 357:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
            assert sliding.slices <= len(window.slices_at(clock.now_s))
    finally:
        tracemalloc.stop()
    assert sizes[-1] < 1.25 * sizes[0]  # the interpreter's own caches grow a little
    assert paths(sliding.snapshot()) < 100


def test_threads_add_while_others_look() -> None:
    """Nothing is counted twice or lost, and an account always closes."""
    sliding = SlidingTally(MINUTE, Clock(), NO_TRACE)
    part = sliced("".join(line(START - at) for at in range(30)), START)

    def add() -> None:
        for _ in range(40):
            sliding.add(part)

    threads = [Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        account = sliding.snapshot().account
        assert account.closes
        assert account.lines == account.records
        time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert sliding.snapshot().account.records == 3600
    assert paths(sliding.snapshot()) == 3600


def test_nothing_is_added_after_close() -> None:
    """A worker that was left behind may still come."""
    sliding = SlidingTally(MINUTE, Clock())
    sliding.close()
    sliding.add(sliced(line(START), START))
    assert sliding.snapshot().account.lines == 0
    assert "path" in WANTED
