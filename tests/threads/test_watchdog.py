"""The watchdog tells what each thread waits for, to whoever asks and when nothing moves; it needs no lock for that."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from logproc.captions import caption, caption_of
from logproc.errors import Stopped
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import Channel
from logproc.threads.hosts import HostLimit
from logproc.threads.signals import _ignore
from logproc.threads.stop import Stop
from logproc.threads.watchdog import Standstill, Watchdog, stacks
from tests.processes import started
from tests.threads.tools import PATIENCE_S, Call, blocks, no_thread_can_start

FIGURES = ["3 lines counted"]
FULL = 1 << 20


@contextmanager
def handled() -> Iterator[None]:
    """Have SIGUSR1 end nobody, as the program's first statement does."""
    before = signal.signal(signal.SIGUSR1, _ignore)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


@contextmanager
def watching(stall_s: float | None = None) -> Iterator[SimpleQueue[Sequence[str]]]:
    """Have a watchdog on a run that does not move; yield what it says."""
    said: SimpleQueue[Sequence[str]] = SimpleQueue()
    watchdog = Watchdog(lambda: (FIGURES, "still"), said.put, stall_s)
    with handled():
        watchdog.start()
        try:
            yield said
        finally:
            watchdog.finish()


def told(lines: Sequence[str], name: str) -> str:
    """Return what is said of a thread."""
    return next(line.removeprefix(name).strip() for line in lines if line.startswith(name + " "))


def test_whoever_asks_is_told_what_each_thread_is_doing() -> None:
    """SIGUSR1 is answered with the figures, and with each thread's name, its work or wait, and its stack."""
    stop = Stop()
    budget = ByteBudget(FULL, stop)
    budget.take(FULL)
    reader = Call(budget.take, 1, name="reader-1")
    assert blocks(reader)
    with watching() as said:
        os.kill(os.getpid(), signal.SIGUSR1)
        lines = said.get(timeout=PATIENCE_S)
    stop.set(Stopped())
    with pytest.raises(Stopped):
        reader.outcome()
    assert FIGURES[0] in lines
    assert told(lines, "reader-1") == "waits for room in the budget"
    assert any("logproc/threads/budget.py" in line and line.startswith("    ") for line in lines)
    assert told(lines, "main")


def test_it_answers_although_all_locks_are_held() -> None:
    """A run whose locks nobody gives back, which is what a deadlock is, is told of all the same."""
    stop = Stop()
    budget, channel = ByteBudget(FULL, stop), Channel[int](stop)
    with budget._changed, channel._queue.mutex, stop._lock:
        assert Call(lambda: (budget.glance(), channel.glance(), stacks())).outcome()[:2] == ((0, 0), 0)


def test_the_wait_for_a_server_is_no_longer_told_once_the_permit_is_there() -> None:
    """Within the block of a permit a thread does not wait for it any more."""
    limit = HostLimit(1, Stop())
    with limit.permit(("http", "host", 80)):
        assert told(stacks(), "main") != "waits for its turn at a web server"


def test_a_standstill_is_told_once_until_something_moves() -> None:
    """When nothing has moved for so many seconds the threads are shown, and again only after something has moved."""
    now, state, said = [0.0], ["a"], list[Sequence[str]]()
    watchdog = Watchdog(lambda: (FIGURES, state[0]), said.append, 30, clock=lambda: now[0])
    for now[0], expected in [(0, 0), (29, 0), (31, 1), (90, 1)]:
        watchdog.answer(asked=False)
        assert len(said) == expected, now
    state[0] = "b"
    for now[0], expected in [(91, 1), (120, 1), (122, 2)]:
        watchdog.answer(asked=False)
        assert len(said) == expected, now
    watchdog.finish()
    assert said[0][0] == "nothing has moved for 31.0 s"


def test_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit for standstills nobody needs to ask."""
    monkeypatch.setattr("logproc.threads.watchdog.LOOK_EVERY_S", 0.001)
    with watching(stall_s=0.001) as said:
        assert FIGURES[0] in said.get(timeout=PATIENCE_S)


def test_a_standstill_is_measured_by_the_clock_it_is_given() -> None:
    """The seconds run from the last change."""
    now = [5.0]
    standstill = Standstill(lambda: now[0])
    assert [standstill.seconds("a"), standstill.seconds("a")] == [0, 0]
    now[0] = 7.5
    assert [standstill.seconds("a"), standstill.seconds("b")] == [2.5, 0]


def test_one_that_fails_disturbs_nobody() -> None:
    """An answer that cannot be given ends the watchdog alone, and it can still be finished."""
    with handled():
        watchdog = Watchdog(lambda: (FIGURES, "still"), lambda _: exec("1 / 0"))
        watchdog.start()
        os.kill(os.getpid(), signal.SIGUSR1)
        watchdog.join(PATIENCE_S)
        assert not watchdog.is_alive()
        watchdog.finish()


def test_where_no_thread_starts_nothing_is_left_behind() -> None:
    """A watchdog that could not be started listens to nothing after it was finished."""
    before = signal.set_wakeup_fd(-1)
    watchdog = Watchdog(lambda: (FIGURES, "still"), print)
    with handled(), no_thread_can_start():
        with pytest.raises(RuntimeError):
            watchdog.start()
        watchdog.finish()
    assert signal.set_wakeup_fd(before) == -1


def test_a_caption_is_that_of_the_innermost_function_with_one() -> None:
    """Who is inside two functions with captions is told by the inner one; who is in none has none."""

    @caption("outer")
    def outer() -> str | None:
        return inner()

    @caption("inner")
    def inner() -> str | None:
        return plain()

    def plain() -> str | None:
        import inspect

        return caption_of(inspect.currentframe())

    assert (outer(), inner(), plain()) == ("inner", "inner", None)


def test_the_program_answers_while_it_waits(tmp_path: Path) -> None:
    """`kill -USR1` shows a run that waits for a pipe, line by line on stderr, and does not end it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with started("analyze", pipe, "--debug", "--stall", "0.5") as process:
        assert process.stderr is not None
        assert b"nothing has moved" in process.stderr.readline()  # so it runs, and the handler stands
        process.send_signal(signal.SIGUSR1)
        read = iter(process.stderr.readline, b"")
        assert any(b"nothing has moved" in line for line in read)
        assert any(b"stream-1 waits for somebody to write" in line for line in read)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == 143
