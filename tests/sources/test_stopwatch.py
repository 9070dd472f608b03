"""Stopwatch: the time for `--max-time` is that of reading, not that of waiting for others in this program."""

from __future__ import annotations

import pytest

from logproc.model.errors import LimitError
from logproc.sources.limits import Deadline, Limited, ReadOptions, Stopwatch, Timed
from tests.threads.tools import Stream


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


class Slow(Stream):
    """A stream of which each read takes three seconds."""

    def __init__(self, clock: Clock, data: bytes) -> None:
        super().__init__(data)
        self.clock = clock

    def readinto(self, buffer: memoryview) -> int:
        """Read two bytes."""
        self.clock.at += 3
        return super().readinto(buffer[:2])


def timed(clock: Clock, data: bytes = b"abcdef") -> Timed:
    """Return a slow stream with ten seconds."""
    watch = Stopwatch(clock)
    return Timed(Limited(Slow(clock, data), ReadOptions(), Deadline.after(10, watch.now)), watch)


def test_time_between_two_reads_is_not_counted() -> None:
    """However long the caller waits for memory or workers, the source has its ten seconds."""
    clock = Clock()
    stream = timed(clock)
    for _ in range(3):
        clock.at += 1000
        assert stream.readinto(memoryview(bytearray(9))) == 2


def test_time_of_reading_is_counted() -> None:
    """The fifth read begins behind the ten seconds."""
    stream = timed(Clock(), b"abcdefghijkl")
    for _ in range(4):
        stream.readinto(memoryview(bytearray(9)))
    with pytest.raises(LimitError, match="over --max-time 10 s"):
        stream.readinto(memoryview(bytearray(9)))


def test_it_stands_still_during_a_block() -> None:
    """It goes on where it stood."""
    clock = Clock()
    watch = Stopwatch(clock)
    clock.at = 5
    with watch.standing():
        clock.at = 50
        assert watch.now() == 5
    clock.at = 52
    assert watch.now() == 7
