"""Channel: everything that was put, then one END; and a stop is never slept through."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from threading import Event, Thread

import pytest

from logproc.threads.channel import END, JOIN_AFTER_STOP_S, STOPPED, Channel, Mark
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
    closer = channel.close_after(producers)
    assert Call(channel.get).outcome() == "from the quick one"
    consumer = Call(channel.get)
    assert blocks(consumer)
    told.set()
    assert [consumer.outcome(), *rest(channel)] == ["from the slow one", END]
    closer.join()


def test_many_producers_and_one_end() -> None:
    """Of what many put at once nothing is lost, nothing comes twice, and what one puts comes in its order."""
    channel, _ = opened()

    def put_all(name: str) -> None:
        for number in range(500):
            channel.put(f"{name}{number}")

    channel.close_after([Call(put_all, name) for name in "abcd"]).join()
    *items, end = rest(channel)
    assert end is END
    for name in "abcd":
        assert [item for item in items if str(item).startswith(name)] == [f"{name}{number}" for number in range(500)]
    assert len(items) == 2000


def test_without_producers_there_is_an_end_at_once() -> None:
    """Nobody to wait for is no reason to wait."""
    channel, _ = opened()
    channel.close_after([]).join()
    assert rest(channel) == [END]


def test_marks_are_no_items() -> None:
    """Only END itself is the end: something that looks like it is not."""
    assert Mark("END") != END
    assert repr([END, STOPPED]) == "[END, STOPPED]"


def test_a_stop_wakes_the_consumer() -> None:
    """Main, which waits for a chunk, hears of a stop."""
    channel, stop = opened()
    consumer = Call(channel.get)
    assert blocks(consumer)
    stop.set(ValueError())
    assert consumer.outcome() is STOPPED


def test_a_stop_just_before_the_consumer_waits_is_not_lost() -> None:
    """Who has looked at the stop and not yet waited when it comes does not wait for ever."""
    channel, stop = opened()
    consumer = Halted((Channel.get, "self._queue.get()"), channel.get)
    arrives(consumer.arrived)
    stop.set(ValueError())
    assert consumer.go_on() is STOPPED


def test_what_is_left_after_a_stop_is_passed_over() -> None:
    """However much is in the queue, the next `get` says STOPPED, and so does every one after it."""
    channel, stop = opened()
    for _ in range(10):
        channel.put("chunk")
    stop.set(ValueError())
    assert [Call(channel.get).outcome() for _ in range(20)] == [STOPPED] * 20


def clock(step_s: float) -> Callable[[], float]:
    """Return a clock that goes forward one step with each look."""
    return partial(next, count(0.0, step_s))


def test_after_a_stop_the_closer_leaves_behind_who_does_not_end() -> None:
    """When the deadline is over, all producers that still run are named, and the closer is done."""
    stop, told = Stop(), Event()
    channel: Channel[str] = Channel(stop, clock(JOIN_AFTER_STOP_S))
    stuck = [Call(arrives, told, name=f"reader-{number}") for number in (1, 2)]
    quick = Call(lambda: None)
    quick.outcome()
    closer = channel.close_after([stuck[0], quick, stuck[1]])
    stop.set(ValueError())
    Call(closer.join).outcome()
    assert channel.left_behind == ("reader-1", "reader-2")
    told.set()


def test_a_producer_that_ends_before_the_deadline_is_not_left_behind() -> None:
    """After a stop the closer still waits for those who are about to end."""
    stop, told = Stop(), Event()
    channel: Channel[str] = Channel(stop, clock(0.0))
    producer = Call(arrives, told)
    closer = channel.close_after([producer])
    stop.set(ValueError())
    assert closer.is_alive()
    told.set()
    Call(closer.join).outcome()
    assert channel.left_behind == ()


def test_a_failure_of_the_closer_stops_the_run() -> None:
    """What goes wrong while joining reaches main as the cause of a stop, and main does not wait for ever."""
    channel, stop = opened()
    never_started = Thread(name="never started")
    channel.close_after([never_started]).join()
    assert rest(channel) == [STOPPED]
    assert isinstance(stop.cause, RuntimeError)
    assert channel._queue.get_nowait() is STOPPED
    assert channel._queue.get_nowait() is END


def test_a_closer_that_cannot_start_is_told_of() -> None:
    """Where the system has no thread for it, the caller hears so and can run `close` itself."""
    channel, _ = opened()
    with no_thread_can_start(), pytest.raises(RuntimeError, match="can't start new thread"):
        channel.close_after([])
    channel.close([])
    assert rest(channel) == [END]
