"""Channel: everything that was put, then one END; a wait has an end; a stop is never slept through."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from threading import Event, Thread

import pytest

from logproc.threads.channel import END, LATE, WAKE, Channel, Mark
from logproc.threads.signals import SIGNALS
from logproc.threads.stop import Stop
from tests.threads.tools import Call, Halted, arrives, blocks, no_thread_can_start


def opened() -> tuple[Channel[str], Stop]:
    """Return a channel and its stop."""
    stop = Stop()
    return Channel(stop), stop


def rest(channel: Channel[str]) -> list[str | Mark]:
    """Return what comes out of a channel, to the first mark."""
    items: list[str | Mark] = []
    while not items or not isinstance(items[-1], Mark):
        items.append(Call(channel.get).outcome())
    return items


def test_a_consumer_that_waits_gets_what_is_put_later() -> None:
    """`get` on an empty channel blocks until there is something."""
    channel, _ = opened()
    consumer = Call(channel.get)
    assert blocks(consumer)
    channel.put("late")
    assert consumer.outcome() == "late"


def test_end_comes_after_everything_that_was_put() -> None:
    """A producer that ends early says nothing about the others: END is behind what the last one puts."""
    channel, _ = opened()
    told = Event()

    def slow() -> None:
        arrives(told)
        channel.put("from the slow one")

    producers = [Call(channel.put, "from the quick one"), Call(slow)]
    producers[0].outcome()
    channel.close_after(producers)
    assert Call(channel.get).outcome() == "from the quick one"
    consumer = Call(channel.get)
    assert blocks(consumer)
    told.set()
    assert [consumer.outcome(), *rest(channel)] == ["from the slow one", END]


def test_many_producers_and_one_end() -> None:
    """Of what many put at once nothing is lost, nothing comes twice, and what one puts comes in its order."""
    channel, _ = opened()

    def put_all(name: str) -> None:
        for number in range(500):
            channel.put(f"{name}{number}")

    channel.close_after([Call(put_all, name) for name in "abcd"])
    *items, end = rest(channel)
    assert end is END
    for name in "abcd":
        assert [item for item in items if str(item).startswith(name)] == [f"{name}{number}" for number in range(500)]
    assert len(items) == 2000


def test_without_producers_there_is_an_end_at_once() -> None:
    """Without readers END comes at once."""
    channel, _ = opened()
    channel.close_after([])
    assert rest(channel) == [END]


def test_marks_are_not_items() -> None:
    """Only END itself is the end: something that looks like it is not."""
    assert Mark("END") != END
    assert repr([Mark("END"), WAKE]) == "[END, WAKE]"


def test_a_stop_wakes_the_consumer() -> None:
    """Main, which waits for a message, hears of a stop."""
    channel, stop = opened()
    consumer = Call(channel.get)
    assert blocks(consumer)
    stop.set(ValueError())
    assert consumer.outcome() is WAKE


def test_a_stop_just_before_the_consumer_waits_is_not_lost() -> None:
    """A consumer that is about to wait when the stop comes does not wait for ever."""
    channel, stop = opened()
    consumer = Halted((Channel.get, "self._queue.get("), channel.get)
    arrives(consumer.arrived)
    stop.set(ValueError())
    assert consumer.go_on() is WAKE


def test_what_was_put_before_a_stop_is_still_there() -> None:
    """Main decides what becomes of it: after an interrupt it is counted."""
    channel, stop = opened()
    channel.put("chunk")
    stop.set(ValueError())
    assert [Call(channel.get).outcome() for _ in range(2)] == ["chunk", WAKE]


def clock(step_s: float) -> Callable[[], float]:
    """Return a clock that goes forward one step with each look."""
    return partial(next, count(0.0, step_s))


def test_a_wait_with_a_deadline_ends() -> None:
    """An empty channel is waited for until the deadline and no longer."""
    channel, _ = opened()
    assert Call(channel.get, time.monotonic() + 0.01).outcome() is LATE


def test_messages_do_not_outlast_a_deadline() -> None:
    """After the deadline no message is taken, however many there are: a flood must not delay the report."""
    channel: Channel[str] = Channel(Stop(), clock(1.0))
    for _ in range(10):
        channel.put("chunk")
    assert [channel.get(3.0) for _ in range(5)] == ["chunk", "chunk", "chunk", LATE, LATE]


def test_a_reader_that_never_ends_keeps_only_the_closer() -> None:
    """The closer is a daemon in a plain join: neither main nor the end of the program waits for it."""
    channel, stop = opened()
    told = Event()
    stuck = Call(arrives, told, name="reader-1")
    channel.close_after([stuck])
    stop.set(ValueError())
    assert [channel.get(time.monotonic() + 0.05) for _ in range(2)] == [WAKE, LATE]
    told.set()
    assert rest(channel) == [END]


def test_a_failure_of_the_closer_stops_the_run() -> None:
    """What goes wrong while joining reaches main as the cause of a stop, and main does not wait for ever."""
    channel, stop = opened()
    never_started = Thread(name="never started")
    channel.close_after([never_started])
    assert [Call(channel.get).outcome() for _ in range(2)] == [WAKE, END]
    assert isinstance(stop.cause, RuntimeError)


class Joined(Thread):
    """A reader that notes which thread joins it, and which signals that thread blocks."""

    def join(self, timeout: float | None = None) -> None:
        """Join, and note who does."""
        super().join(timeout)
        self.by = threading.current_thread()
        self.blocks = signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_the_closer_takes_no_signals_and_outlives_nobody() -> None:
    """A signal that it took would not wake main; and the end of the program must not wait for it."""
    channel, _ = opened()
    reader = Joined()
    reader.start()
    channel.close_after([reader])
    assert rest(channel) == [END]
    assert (reader.by.name, reader.by.daemon) == ("closer", True)
    assert set(SIGNALS) <= reader.blocks


def test_a_closer_that_cannot_start_is_an_error() -> None:
    """Where the system has no thread for it, the caller learns of it."""
    channel, _ = opened()
    with no_thread_can_start(), pytest.raises(RuntimeError, match="can't start new thread"):
        channel.close_after([])
    channel.close([])
    assert rest(channel) == [END]
