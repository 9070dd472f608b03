"""Turns: results in the order of the work, a bounded window, and an end for everything that waits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from logproc.model.errors import Stopped
from logproc.threads.unpackers import Turns, Unpackers


@pytest.fixture
def unpackers() -> Iterator[Unpackers]:
    several = Unpackers(2, 100)
    several.open()
    yield several
    several.close()


def turns_of(unpackers: Unpackers) -> Turns:
    turns = unpackers.turns(10)
    assert turns
    return turns


def test_results_come_in_the_order_of_the_work(unpackers: Unpackers) -> None:
    """Although the second piece of work is done before the first one begins."""
    turns, second_done = turns_of(unpackers), Event()

    def first() -> Iterator[bytes]:
        second_done.wait()
        yield b"a"
        yield b"b"

    def second() -> Iterator[bytes]:
        yield b"c"
        second_done.set()

    assert turns.add(first)
    assert turns.add(second)
    assert [turns.next() for _ in range(5)] == [b"a", b"b", None, b"c", None]
    assert turns.is_idle()


def test_no_more_work_is_added_than_there_is_room_for(unpackers: Unpackers) -> None:
    """One more piece than there are threads, until all results of the first one were taken."""
    turns, added = turns_of(unpackers), 0
    while turns.has_room():
        turns.add(lambda: iter([b"x"]))
        added += 1
    assert added == 3
    assert turns.next() == b"x"
    assert not turns.has_room()
    assert turns.next() is None
    assert turns.has_room()


def test_an_exception_takes_the_place_of_the_next_result(unpackers: Unpackers) -> None:
    """The results before it come first."""
    turns = turns_of(unpackers)

    def fails() -> Iterator[bytes]:
        yield b"a"
        raise ValueError("broken")

    turns.add(fails)
    assert turns.next() == b"a"
    with pytest.raises(ValueError, match="broken"):
        turns.next()


def test_cancel_wakes_a_reader_that_waits(unpackers: Unpackers) -> None:
    """Its work never ends by itself."""
    turns, begun, release = turns_of(unpackers), Event(), Event()
    stopped = []

    def waits() -> Iterator[bytes]:
        begun.set()
        release.wait()
        yield b"too late"

    def reads() -> None:
        try:
            turns.next()
        except Stopped as error:
            stopped.append(error)

    turns.add(waits)
    begun.wait()
    reader = Thread(target=reads)
    reader.start()
    turns.cancel()
    reader.join()
    assert stopped
    release.set()
    with pytest.raises(Stopped):
        turns.next()


def test_the_room_is_shared_and_given_back(unpackers: Unpackers) -> None:
    """Nobody waits for it: without room for two blocks there is no turn. One that closes gives all of its room back, once."""
    first = unpackers.turns(30)
    assert first
    assert unpackers.turns(10) is None
    first.close()
    first.close()
    assert unpackers.turns(34)
    assert unpackers.turns(34) is None


@pytest.mark.parametrize("threads", [1, 2])
def test_only_several_open_threads_unpack(threads: int) -> None:
    """One worker is no help, and before and after a run there is none."""
    unpackers = Unpackers(threads, 100)
    assert unpackers.turns(1) is None
    unpackers.open()
    turns = unpackers.turns(1)
    assert bool(turns) == (threads > 1)
    unpackers.close()
    assert unpackers.turns(1) is None
    if turns:
        with pytest.raises(Stopped):
            turns.add(lambda: iter([]))


def test_without_a_thread_nothing_is_added(unpackers: Unpackers, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system refuses it: then the reader unpacks the archive itself."""
    turns = turns_of(unpackers)

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    assert not turns.add(lambda: iter([]))
    assert turns.is_idle()
