"""Reader: reads the sources on its list and records how each ended; every failure reaches main."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from queue import Empty
from threading import Thread

import pytest

from logproc.formats.detection.choice import Choice
from logproc.formats.known import BY_NAME
from logproc.model.chunk import Outcome
from logproc.model.errors import InternalError, SourceError, Stopped
from logproc.model.source import Source, State, Verdict
from logproc.sources.reading import Reading, ReadingOptions
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import Channel, Mark
from logproc.threads.live import LiveView
from logproc.threads.reader import PARSING_WEIGHT, Charged, Reader, ToDo, start_readers
from logproc.threads.stop import Stop
from tests.threads.tools import Call, Stream, arrives, blocks, no_thread_can_start, source, thread_starts, until

LINES = b"first\nsecond\n"


class Desk:
    """What readers share, with streams from memory for the sources they open."""

    def __init__(self, streams: Mapping[str, Stream], memory_bytes: int = 1 << 30) -> None:
        self.stop = Stop()
        self.budget = ByteBudget(memory_bytes, self.stop)
        self.channel: Channel[Charged] = Channel(self.stop)
        self.streams = streams
        self.sources = [source(index, name) for index, name in enumerate(streams)]
        self.to_do = ToDo(self.sources)

    def reader(self, name: str = "reader-1") -> Reader:
        """Return a reader of the sources."""
        return Reader(name, self.to_do, self._start_reading, self.budget, self.channel.put, self.stop)

    def _start_reading(self, source: Source) -> Reading:
        return Reading(
            source, lambda source: self.streams[source.name], ReadingOptions(Choice(BY_NAME["combined"]), 1 << 20, 1 << 20)
        )

    def chunks(self, count: int) -> list[bytes]:
        """Return the bytes of the next chunks."""
        return [Call(self.channel.get).outcome()[0].data.tobytes() for _ in range(count)]


def run(readers: Iterable[Reader]) -> None:
    """Start readers and wait for their end."""
    for reader in start_readers(list(readers)):
        Call(reader.join).outcome()


def test_a_reader_reads_what_is_on_its_list() -> None:
    """Each source becomes chunks in the channel and an outcome, one after the other."""
    desk = Desk({"a.log": Stream(b"a\n"), "b.log": Stream(b"b\n")})
    reader = desk.reader()
    run([reader])
    assert desk.chunks(2) == [b"a\n", b"b\n"]
    assert [outcome.verdict.state for outcome in reader.outcomes.values()] == [State.COMPLETE] * 2
    assert (reader.reading, reader.doing, desk.stop.is_set()) == (None, "done", False)


def test_readers_share_a_list() -> None:
    """Of many sources each is read by exactly one of several readers."""
    desk = Desk({f"{number}.log": Stream(b"%d\n" % number) for number in range(200)})
    readers = [desk.reader(f"reader-{number}") for number in range(4)]
    run(readers)
    assert sorted(index for reader in readers for index in reader.outcomes) == list(range(200))
    assert sorted(desk.chunks(200)) == sorted(b"%d\n" % number for number in range(200))


def test_an_exception_in_run_stops_the_run_and_names_the_source() -> None:
    """An unexpected exception itself is the cause of a stop, and a note names the source."""
    error = ValueError("surprise")
    desk = Desk({"a.log": Stream(LINES), "b.log": Stream(LINES, error)})
    run([desk.reader("reader-7")])
    assert desk.stop.cause is error
    assert error.__notes__[0].startswith("while reader-7 was reading b.log")


@pytest.mark.parametrize("error", [Empty(), Stopped(), SystemExit(0), MemoryError()], ids=repr)
def test_no_exception_of_a_source_vanishes(error: BaseException) -> None:
    """Also what looks like the end of the list, of the run or of the thread stops the run if a source raises it."""
    desk = Desk({"a.log": Stream(LINES, error)})
    run([desk.reader()])
    assert desk.stop.cause is error


def test_a_source_that_fails_does_not_end_the_run() -> None:
    """An expected failure is the outcome of its source, and the next one is read."""
    desk = Desk({"a.log": Stream(LINES, SourceError("read error", "try again")), "b.log": Stream(LINES)})
    reader = desk.reader()
    run([reader])
    assert [outcome.verdict.state for outcome in reader.outcomes.values()] == [State.INCOMPLETE, State.COMPLETE]
    assert not desk.stop.is_set()


def test_a_stop_wakes_a_reader_that_waits_for_its_source() -> None:
    """A blocked read is cancelled; the source is interrupted and closed, and the rest of the list is not read."""
    silent = Stream(hold=True)
    desk = Desk({"a.log": silent, "b.log": Stream(LINES)})
    reader = desk.reader()
    reader.start()
    arrives(silent.asked)
    desk.stop.set(ValueError())
    Call(reader.join).outcome()
    assert [outcome.verdict.state for outcome in reader.outcomes.values()] == [State.INTERRUPTED]
    assert silent.closed.is_set()


def test_a_stop_wakes_a_reader_that_waits_for_memory() -> None:
    """A reader that has a chunk and no room for it ends as well. It hands over what it has, and does not wait for memory."""
    stream = Stream(LINES)
    desk = Desk({"a.log": stream}, memory_bytes=1 << 20)
    desk.budget.take(1 << 20)
    reader = desk.reader()
    reader.start()
    assert blocks(reader)
    assert reader.doing == "waiting for memory"
    desk.stop.set(first := ValueError())
    Call(reader.join).outcome()
    messages = [desk.channel.get(), desk.channel.get()]  # the other one says that the run is stopped
    ((chunk, taken_bytes),) = (message for message in messages if not isinstance(message, Mark))
    assert (chunk.data.tobytes(), taken_bytes) == (LINES, 0)
    assert [outcome.verdict.state for outcome in reader.outcomes.values()] == [State.COMPLETE]  # there was nothing after it
    assert stream.closed.is_set()
    assert desk.stop.cause is first


def test_a_reader_that_waits_for_its_source_holds_no_memory() -> None:
    """The budget is taken after the read: a silent server does not keep others from reading."""
    silent = Stream(LINES, hold=True)
    desk = Desk({"a.log": silent}, memory_bytes=1 << 20)
    reader = desk.reader()
    reader.start()
    arrives(silent.asked)
    assert desk.budget.in_flight_bytes == 0
    silent.release()
    Call(reader.join).outcome()
    assert desk.budget.in_flight_bytes == max(4096, len(LINES) * PARSING_WEIGHT)


def test_a_daemon_does_not_keep_the_program_from_ending() -> None:
    """Readers are daemons, for nothing can wake a thread that looks up a name."""
    assert Desk({}).reader().daemon


def test_readers_that_cannot_start_leave_their_share_to_the_others() -> None:
    """Where the system has no more threads, those that could be started read everything."""
    desk = Desk({f"{number}.log": Stream(LINES) for number in range(20)})
    readers = [desk.reader(f"reader-{number}") for number in range(4)]
    with thread_starts(2):
        started = start_readers(readers)
    for reader in started:
        Call(reader.join).outcome()
    assert started == readers[:2]
    assert sorted(index for reader in started for index in reader.outcomes) == list(range(20))


def test_no_reader_at_all_is_an_error() -> None:
    """Where not a single thread can be started, the error says so."""
    with no_thread_can_start(), pytest.raises(InternalError, match="cannot start threads"):
        start_readers([Desk({}).reader()])


@pytest.mark.parametrize("subclass", [Reader, LiveView])
def test_no_name_of_thread_is_taken(subclass: type[Thread]) -> None:
    """A subclass that uses a name which Thread itself uses, such as `_stop` or `_target`, breaks `start` or `join`."""
    own = assigned(subclass) | {name for name in vars(subclass) if not name.startswith("__")}
    assert own & (set(dir(Thread)) | set(vars(Thread()))) == {"run"}


def assigned(subclass: Callable[..., object]) -> set[str]:
    """Return the names of the attributes that the code of a class sets on itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(subclass)))
    return {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}


def test_what_a_reader_is_doing_can_be_seen() -> None:
    """From start to end a reader says what it is at."""
    silent = Stream(LINES, hold=True)
    desk = Desk({"a.log": silent})
    reader = desk.reader()
    assert reader.doing == "starting"
    reader.start()
    arrives(silent.asked)
    assert (reader.doing, reader.reading and reader.reading.source.name) == ("reading", "a.log")
    silent.release()
    until(lambda: reader.doing == "done")


class Clock:
    """A clock that is set by hand."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def test_servers_are_taken_in_turn() -> None:
    """The next source is of the server with the fewest readers, and of those the first."""
    to_do = ToDo(
        [source(index, name) for index, name in enumerate(["a1", "a2", "a3", "b1", "c1", "b2"])], lambda it: it.name[0]
    )
    assert [taken.name for taken in iter(to_do.take, None)] == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_what_is_of_no_server_has_no_limit() -> None:
    """Where the server of a source is None, any number is taken at once."""
    to_do = ToDo([source(index, f"{index}") for index in range(3)], lambda _: None, most=1)
    assert [taken.index for taken in (to_do.take(), to_do.take(), to_do.take()) if taken] == [0, 1, 2]


def test_a_server_at_its_limit_gives_nothing_until_one_is_done() -> None:
    """A place that becomes free is filled by the next source of that server."""
    to_do = ToDo([source(index, name) for index, name in enumerate(["a1", "a2", "a3", "b1"])], lambda it: it.name[0], most=1)
    first, other = to_do.take(), to_do.take()
    assert first is not None
    assert other is not None
    assert (first.name, other.name, to_do.take()) == ("a1", "b1", None)
    to_do.done(other, None)
    assert to_do.take() is None
    to_do.done(first, None)
    assert [taken.name for taken in iter(to_do.take, None)] == ["a2"]


def test_a_server_that_cost_time_for_nothing_comes_last() -> None:
    """After ten seconds for a failure the others are first; a failure at once changes nothing."""
    clock = Clock()
    to_do = ToDo(
        [source(index, name) for index, name in enumerate(["a1", "a2", "b1", "b2", "c1", "c2"])],
        lambda it: it.name[0],
        1,
        clock,
    )
    slow, quick, good = to_do.take(), to_do.take(), to_do.take()
    assert slow is not None
    assert quick is not None
    assert good is not None
    to_do.done(quick, Outcome(Verdict(State.FAILED)))
    clock.at = 10
    to_do.done(slow, Outcome(Verdict(State.FAILED)))
    to_do.done(good, Outcome(Verdict(State.COMPLETE)))
    assert [taken.name for taken in iter(to_do.take, None)] == ["b2", "c2", "a2"]


def test_readers_that_end_early_leave_no_source() -> None:
    """With more readers than places at the servers some end at once, and the others read everything."""
    desk = Desk({f"{number % 3}/{number}": Stream(b"%d\n" % number) for number in range(60)})
    desk.to_do = ToDo(desk.sources, lambda source: source.name[0], most=2)
    readers = [desk.reader(f"stream-{number}") for number in range(9)]
    run(readers)
    assert sorted(index for reader in readers for index in reader.outcomes) == list(range(60))
