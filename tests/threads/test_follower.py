"""Follower: it hands on what is added to logs, never ends by itself, and ends at once when the run is stopped."""

from __future__ import annotations

from pathlib import Path

from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Chunk
from logproc.model.errors import Ended
from logproc.model.source import Kind, Source
from logproc.sources.follow.following import Following
from logproc.sources.follow.reading import FollowReading
from logproc.sources.reading import ReadingOptions
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import Channel
from logproc.threads.follower import Follower
from logproc.threads.reader import Charged
from logproc.threads.stop import Stop

PATIENCE_S = 10
LINE = b'192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 10 "-" "curl/8"\n'


class Run:
    """A follower of one log, and what it hands over."""

    def __init__(self, log: Path, budget_bytes: int = 1 << 20) -> None:
        self.stop = Stop()
        self.budget = ByteBudget(budget_bytes, self.stop)
        self.channel: Channel[Charged] = Channel(self.stop)
        options = ReadingOptions(Choice(BY_NAME["combined"]), 1 << 20, 1 << 20)
        following = Following([str(log)], recursive=False)
        reading = FollowReading(following, options, lambda name, location: Source(0, name, Kind.FILE, location))
        self.follower = Follower(reading, self.budget, self.channel.put, self.stop)
        self.follower.start()

    def next(self) -> Chunk:
        """Return the next chunk, and give its bytes back."""
        message = self.channel.get()
        while not isinstance(message, tuple):
            message = self.channel.get()
        chunk, taken_bytes = message
        self.budget.give(taken_bytes)
        return chunk

    def end(self) -> None:
        """Stop the run, and wait for the thread."""
        self.stop.set(Ended())
        self.follower.join(PATIENCE_S)
        assert not self.follower.is_alive()


def test_what_is_added_is_handed_on_until_the_run_is_stopped(tmp_path: Path) -> None:
    """Lines that are there, and lines that come later, arrive; the thread goes on until the stop, and then ends at once."""
    log = tmp_path / "access.log"
    log.write_bytes(LINE)
    run = Run(log)
    assert run.next().data.tobytes() == LINE
    with log.open("ab") as file:
        for _ in range(3):
            file.write(LINE)
            file.flush()
            assert run.next().data.tobytes() == LINE
    assert run.follower.is_alive()
    run.end()
    assert run.follower.outcomes_so_far[0].lines == 4


def test_after_a_stop_every_whole_line_that_was_read_is_handed_over(tmp_path: Path) -> None:
    """A follower that waits for memory when the run is stopped hands its chunk over without; half a line stays in the log."""
    log = tmp_path / "access.log"
    log.write_bytes(LINE)
    run = Run(log, budget_bytes=1)
    held = run.channel.get()  # its bytes are not given back: the next chunk has to wait
    assert isinstance(held, tuple)
    with log.open("ab") as file:
        file.write(LINE + b"half a line")
    while run.follower.doing != "waiting for memory":
        assert run.follower.is_alive()
    run.end()
    assert run.next().data.tobytes() == LINE
    assert run.follower.outcomes_so_far[0].lines == 2
