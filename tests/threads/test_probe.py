"""probe_all: answers in the order asked, from questions that run together."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from threading import Barrier, Event, current_thread

import pytest

from logproc.model.chunk import Probe
from logproc.model.errors import Stopped
from logproc.model.source import Source
from logproc.threads.channel import WAKE, Channel
from logproc.threads.probe import THREADS, Probed, probe_all, probe_in_turn, start_probing
from logproc.threads.stop import Stop
from tests.threads.tools import PATIENCE_S, Call, arrives, no_thread_can_start, source, thread_starts, until


def test_answers_come_in_the_order_asked_while_the_questions_run_together() -> None:
    """Each question waits until the one after it is answered, so the last is answered first and the first comes first."""
    answered = [Event() for _ in range(THREADS + 1)]
    answered[-1].set()

    def look(asked: Source) -> Probe:
        arrives(answered[asked.index + 1])
        answered[asked.index].set()
        return Probe(asked.index, None)

    probes = Call(probe_all, [source(index) for index in range(THREADS)], look, Stop()).outcome()
    assert [probe.size_bytes for probe in probes] == list(range(THREADS))


def test_never_more_than_a_few_look_at_once() -> None:
    """A thousand files do not make a thousand threads."""
    names: set[str] = set()

    def look(asked: Source) -> Probe:
        names.add(current_thread().name)
        return Probe(asked.index, None)

    assert len(probe_all([source(index) for index in range(1000)], look, Stop())) == 1000
    assert len(names) <= THREADS


def test_nothing_to_ask() -> None:
    """No question gives no answer, and starts no thread."""
    with no_thread_can_start():
        assert answers([]) == Probed(())


def test_an_exception_ends_the_wait_and_cancels_what_has_not_begun() -> None:
    """An exception is raised at once, although other calls take long; calls that have not begun never run."""
    together, leave, asked_for = Barrier(THREADS), Event(), list[int]()

    def look(asked: Source) -> Probe:
        asked_for.append(asked.index)
        if asked.index < THREADS:
            together.wait(PATIENCE_S)
        if asked.index == 0:
            raise ValueError("surprise")
        arrives(leave)
        return Probe(asked.index, None)

    with pytest.raises(ValueError, match="surprise"):
        Call(probe_all, [source(index) for index in range(1000)], look, Stop()).outcome()
    leave.set()
    assert len(asked_for) <= THREADS + 1


@pytest.mark.parametrize("allowed", range(4))
def test_where_threads_cannot_start_the_caller_looks_itself(allowed: int) -> None:
    """However many threads the system has left, none included, every question is answered, in order."""
    with thread_starts(allowed):
        probed = answers([source(index) for index in range(20)])
    assert isinstance(probed, Probed)
    assert [probe.size_bytes for probe in probed.probes] == list(range(20))


def answers(sources: list[Source]) -> object:
    """Return the message that main gets when it has all sources looked at."""
    stop = Stop()
    channel: Channel[Probed] = Channel(stop)
    start_probing(sources, lambda asked: Probe(asked.index, None), channel.put, stop)
    return channel.get(time.monotonic() + PATIENCE_S)


def test_main_does_not_wait_for_the_answers() -> None:
    """It gets all of them in one message, and is free for others until then."""
    leave, stop = Event(), Stop()
    channel: Channel[Probed] = Channel(stop)

    def look(asked: Source) -> Probe:
        arrives(leave)
        return Probe(asked.index, None)

    start_probing([source(index) for index in range(3)], look, channel.put, stop)
    channel.wake()
    assert channel.get() is WAKE
    leave.set()
    assert Call(channel.get).outcome() == Probed([Probe(index, None) for index in range(3)])


def test_what_a_look_raises_stops_the_run() -> None:
    """The exception is the cause, as the object it was."""
    error, stop = ValueError("surprise"), Stop()

    def look(_: Source) -> Probe:
        raise error

    start_probing([source()], look, lambda _: None, stop)
    assert stop.wait(PATIENCE_S)
    assert stop.cause is error


def test_a_stop_cancels_what_has_not_begun() -> None:
    """Of many files only those are looked at that somebody had begun with, and the cause of the stop stays."""
    together, leave, stop, asked_for = Barrier(THREADS + 1), Event(), Stop(), list[int]()

    def look(asked: Source) -> Probe:
        asked_for.append(asked.index)
        together.wait(PATIENCE_S)
        arrives(leave)
        return Probe(asked.index, None)

    call = Call(probe_all, [source(index) for index in range(1000)], look, stop)
    together.wait(PATIENCE_S)
    stop.set(cause := ValueError())
    leave.set()
    assert stop.cause is cause
    with pytest.raises((CancelledError, RuntimeError)):  # RuntimeError if not all had been handed to the executor
        call.outcome()
    until(lambda: not any(thread.name.startswith("probe") for thread in threading.enumerate()))
    assert len(asked_for) == THREADS


def test_quick_answers_come_from_one_thread_and_slow_ones_from_several() -> None:
    """The first item that waits for something else than the processor brings help for all behind it; the order stays."""
    clock, names = [0.0], list[str]()

    def look(asked: Source) -> Probe:
        names.append(current_thread().name)
        clock[0] += 1 if asked.index == 10 else 0
        return Probe(asked.index, None)

    sources = [source(index) for index in range(100)]
    probes = probe_in_turn(sources, look, Stop(), 4, now=lambda: clock[0], worked=lambda: 0.0)
    assert [probe.size_bytes for probe in probes] == list(range(100))
    own = current_thread().name
    assert names[:11] == [own] * 11
    assert own not in names[11:]


def test_a_stop_ends_quick_answers_too() -> None:
    """No item is looked at once the run is stopped."""
    stop, asked_for = Stop(), list[int]()

    def look(asked: Source) -> Probe:
        asked_for.append(asked.index)
        stop.set(ValueError())
        return Probe(asked.index, None)

    with pytest.raises(Stopped):
        probe_in_turn([source(index) for index in range(100)], look, stop, 4, now=lambda: 0.0, worked=lambda: 0.0)
    assert asked_for == [0]
