"""The races that matter, each with its story, and every interleaving of it run; races put in on purpose are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition, Event
from typing import Any

import pytest

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.tally import Tally
from logproc.model.columns import Account
from logproc.model.errors import Stopped
from logproc.threads.budget import ByteBudget
from logproc.threads.channel import DONE, END, WAKE, Channel, Mark
from logproc.threads.hosts import HostLimit
from logproc.threads.shared_tally import SharedTally
from logproc.threads.stop import Stop
from tests.threads.interleave import Deadlock, explore

ALL = 8192
HALF = 4096
HOST = ("http", "host", 80)
LEAST = 20
"""Fewer interleavings than this would mean that the scheduler does not switch."""


@pytest.fixture(autouse=True, params=[1, pytest.param(2, marks=pytest.mark.soak)], ids=["one switch", "two switches"])
def preemptions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow a number of switches in the middle of a thread's work."""
    monkeypatch.setattr("tests.threads.interleave.preemptions", request.param)


class Run:
    """What the threads of a run share, and what each of them met."""

    def __init__(self) -> None:
        self.stop = Stop()
        self.budget = ByteBudget(ALL, self.stop)
        self.channel: Channel[int] = Channel(self.stop)
        self.hosts = HostLimit(1, self.stop)
        self.shared = SharedTally(min_keys=1)
        self.met: list[Any] = []
        self.causes: list[BaseException | None] = []

    def halt(self) -> None:
        """Stop the run."""
        self.stop.set(ValueError("first"))

    def halt_too(self) -> None:
        """Stop the run for another reason."""
        self.stop.set(ValueError("second"))


def outcome(run: Run, call: Callable[[], Any]) -> None:
    """Note what a call returned, or that the run was stopped."""
    try:
        run.met.append(call())
    except Stopped:
        run.met.append("stopped")


def full() -> Run:
    """Return a run whose budget is taken."""
    run = Run()
    run.budget.take(ALL)
    return run


def check_stopped(run: Run) -> None:
    """Assert that the waiting thread got Stopped."""
    assert run.met == ["stopped"]


def test_stop_against_take() -> None:
    """A take that meets a stop ends.

    A reader sees no stop and is about to wait; in that moment main stops the run and wakes all who wait. Who then falls
    asleep sleeps for ever. It cannot be: from the look to the wait the reader holds the lock that the wake-up needs.
    """
    assert explore(full, [lambda run: outcome(run, lambda: run.budget.take(HALF)), Run.halt], check_stopped) > LEAST


def test_stop_and_give_against_take() -> None:
    """Bytes come free and the run is stopped, both while a reader asks. It gets the bytes or the stop, never neither."""

    def check(run: Run) -> None:
        assert run.met in ([HALF], ["stopped"])

    works = [lambda run: outcome(run, lambda: run.budget.take(HALF)), Run.halt, lambda run: run.budget.give(ALL)]
    assert explore(full, works, check) > LEAST


def test_two_takes_against_one_give() -> None:
    """One give serves all whom it has room for.

    Two readers wait, and the bytes for both come free at once. If the wake-up reached one alone, the other would sleep on
    although there is room: so whoever is served wakes the rest, and the ticket says whose turn it is.
    """

    def check(run: Run) -> None:
        assert run.met == [HALF, HALF]
        assert run.budget.in_flight_bytes == ALL

    take = lambda run: outcome(run, lambda: run.budget.take(HALF))  # noqa: E731 - the same work twice
    assert explore(full, [take, take, lambda run: run.budget.give(ALL)], check) > LEAST


def test_a_look_against_a_take() -> None:
    """A reader of the budget sees a take either before or after it.

    A take that has to wait for nobody moves the ticket, the turn and the bytes one after the other. A look in between
    would tell of a reader that waits while there is room, so it needs the lock as well.
    """

    def check(run: Run) -> None:
        assert run.met[0] in (f"<ByteBudget {taken} of 8192 bytes in flight, 0 waiting>" for taken in (0, HALF))

    works = [lambda run: run.met.append(repr(run.budget)), lambda run: run.budget.take(HALF)]
    assert explore(Run, works, check) > LEAST


class Producer:
    """A producer as the closer sees one: something to be joined."""

    def __init__(self, channel: Channel[int]) -> None:
        self.name = "producer"
        self._channel = channel
        self._ended = Event()

    def produce(self) -> None:
        """Put two items and end."""
        self._channel.put(1)
        self._channel.put(2)
        self._ended.set()

    def is_alive(self) -> bool:
        """Return whether it has not ended."""
        return not self._ended.is_set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._ended.wait(timeout)


class Hand(Run):
    """A channel between a producer and main, and a closer that joins the producer and puts END."""

    def __init__(self) -> None:
        super().__init__()
        self.producer = Producer(self.channel)

    def close(self) -> None:
        """Do the closer's work."""
        self.channel.close([self.producer])  # type: ignore[list-item]  # whoever can be joined

    def consume(self) -> None:
        """Get items until there are no more."""
        while not isinstance(item := self.channel.get(), Mark):
            self.met.append(item)
        self.met.append(item)


def test_end_against_the_last_put() -> None:
    """END comes after the last item.

    The producer puts its last item while the closer is about to say that there will be none. If END overtook the item,
    a line would be lost and nobody would know. It cannot: the closer says it after the join, and the put came before the end.
    """

    def check(run: Hand) -> None:
        assert run.met == [1, 2, END]

    assert explore(Hand, [lambda run: run.producer.produce(), Hand.close, Hand.consume], check) > LEAST


class Accounts(Run):
    """Main counts what it hands to a worker and what comes back, and ends when all is read and nothing is out."""

    def __init__(self) -> None:
        super().__init__()
        self.work: Channel[int] = Channel(self.stop)

    def read(self) -> None:
        """Put one piece of work, and then the end."""
        self.channel.put(1)
        self.channel.put(END)

    def worker(self) -> None:
        """Do the work and say that it is done."""
        self.met.append(self.work.get())
        self.channel.put(DONE)

    def main(self) -> None:
        """Take messages until the end."""
        pending, all_read = 0, False
        while not all_read or pending:
            message = self.channel.get()
            if message is END:
                all_read = True
            elif message is DONE:
                pending -= 1
            elif not isinstance(message, Mark):
                self.work.put(message)
                pending += 1
        self.met.append("end")


def test_the_end_against_the_last_piece_of_work() -> None:
    """Main ends when all is done, and not before.

    The last chunk is handed to a worker just when END comes. If main took END for the end, the chunk's counts would be missing;
    if it waited for a DONE that has come already, it would wait for ever. It counts, and it alone: no lock is needed for that.
    """

    def check(run: Accounts) -> None:
        assert run.met == [1, "end"]

    assert explore(Accounts, [Accounts.read, Accounts.worker, Accounts.main], check) > LEAST


def test_stop_against_get() -> None:
    """Main has seen no stop and is about to wait for a message that never comes. The stop puts one."""

    def check(run: Run) -> None:
        assert run.met == [WAKE]

    assert explore(Run, [lambda run: outcome(run, run.channel.get), Run.halt], check) > LEAST


def test_the_first_error_against_the_second() -> None:
    """Of two errors at once, one is the cause for everybody.

    A worker and a reader fail at the same moment. If each wrote its cause, who looks early and who looks late would be told
    different reasons; and if the second to come saw the flag first, there might be no cause yet. All see the same cause.
    """

    def look(run: Run) -> None:
        if run.stop.is_set():
            run.causes.append(run.stop.cause)

    def check(run: Run) -> None:
        assert run.stop.is_set()
        assert {*run.causes, run.stop.cause} == {run.stop.cause}
        assert run.stop.cause is not None

    assert explore(Run, [Run.halt, Run.halt_too, look], check) > LEAST


def test_stop_against_a_waker_that_is_being_registered() -> None:
    """A waker registered during a stop is called.

    A reader opens a source and says how to wake it, while main calls all wakers it knows. It is either in the list, or
    sees the flag itself.
    """

    def check(run: Run) -> None:
        assert run.met

    assert explore(Run, [lambda run: run.stop.on_set(lambda: run.met.append("woken")), Run.halt], check) > LEAST


def test_stop_against_a_permit() -> None:
    """A reader waits for the only permit of a server, which is never given back, while the run is stopped."""

    def make() -> Run:
        run = Run()
        run.hosts._semaphore(HOST).acquire()
        return run

    def ask(run: Run) -> None:
        try:
            with run.hosts.permit(HOST):
                run.met.append("permit")
        except Stopped:
            run.met.append("stopped")

    assert explore(make, [ask, Run.halt], check_stopped) > LEAST


def tally(source: int, lines: int) -> Tally:
    """Return the counts of a chunk of blank lines."""
    return Tally(sources={source: SourceTally(account=Account(lines=lines, blank=lines))})


def blank_lines(shared: SharedTally) -> int:
    """Return how many lines there are in a snapshot."""
    return sum(source.account.lines for source in shared.snapshot().sources.values())


@pytest.mark.parametrize("max_keys", [None, 10], ids=["any order", "in order"])
def test_the_last_merge_against_the_snapshot(max_keys: int | None) -> None:
    """A snapshot has each tally once, whatever is being merged.

    Two workers add while a third party looks. What is taken out to be merged is nowhere, if it is not kept in sight until
    its sum is back; and there twice, if the sum is put back before the parts are gone. Each tally is in every snapshot that
    comes after it, once.
    """

    def make() -> Run:
        run = Run()
        run.shared = SharedTally(1, max_keys)
        return run

    def check(run: Run) -> None:
        assert set(run.met) <= {0, 1, 4, 5}
        assert blank_lines(run.shared) == 5

    works = [
        lambda run: run.shared.add(tally(0, 1), (0, 0)),
        lambda run: run.shared.add(tally(0, 4), (0, 1)),
        lambda run: run.met.append(blank_lines(run.shared)),
    ]
    assert explore(make, works, check) > LEAST


@pytest.mark.parametrize("max_keys", [None, 10], ids=["any order", "in order"])
def test_the_end_against_a_chunk_that_comes_late(max_keys: int | None) -> None:
    """The places that `close` returns are exactly the chunks that are counted.

    A worker that a stop left behind has looked whether the result is closed and is about to add; now main closes it. Either
    the chunk is among the places that main is told, or its counts are in no snapshot: the rejected lines go by the places.
    """

    def make() -> Run:
        run = Run()
        run.shared = SharedTally(1, max_keys)
        return run

    def check(run: Run) -> None:
        assert blank_lines(run.shared) == len(run.met[0])

    works = [lambda run: run.shared.add(tally(0, 1), (0, 0)), lambda run: run.met.append(run.shared.close())]
    assert explore(make, works, check) > LEAST


@pytest.mark.parametrize("places", [((0, 0), (0, 1)), ((0, 1), (0, 0)), ((0, 0), (1, 0))])
def test_chunks_in_their_order_against_one_another(places: Sequence[tuple[int, int]]) -> None:
    """Chunks that wait for one another are all merged.

    With bounded keys a chunk waits for the one before it. The worker whose chunk is next might go just before the other
    leaves its own: whoever leaves one looks once more, so none is left lying and each is told that it was merged.
    """

    def make() -> Run:
        run = Run()
        run.shared = SharedTally(max_keys=10)
        return run

    def adding(place: tuple[int, int], lines: int) -> Callable[[Run], None]:
        return lambda run: run.shared.add(tally(place[0], lines), place, lambda: run.met.append(lines))

    def check(run: Run) -> None:
        assert sorted(run.met) == [1, 2]
        assert blank_lines(run.shared) == 3

    assert explore(make, [adding(places[0], 1), adding(places[1], 2)], check) > LEAST


class ForgetfulBudget:
    """A budget that looks at the flag before it takes the lock: the mistake of the first story."""

    def __init__(self) -> None:
        self.stopped = False
        self.changed = Condition()

    def take(self) -> None:
        """Wait for the stop."""
        if not self.stopped:
            with self.changed:
                self.changed.wait()

    def halt(self) -> None:
        """Stop."""
        self.stopped = True
        with self.changed:
            self.changed.notify_all()


def test_a_lost_wake_up_is_found() -> None:
    """The reader has looked and not yet slept when the wake-up comes: it sleeps for ever, and the scheduler says so."""
    with pytest.raises(Deadlock, match="waits for ever"):
        explore(ForgetfulBudget, [ForgetfulBudget.take, ForgetfulBudget.halt], lambda _: None)


def test_a_stop_that_wakes_nobody_is_found() -> None:
    """Without its waker the real budget sleeps through the stop."""

    def make() -> Run:
        run = full()
        run.stop._wakers.clear()
        return run

    with pytest.raises(Deadlock):
        explore(make, [lambda run: outcome(run, lambda: run.budget.take(HALF)), Run.halt], lambda _: None)


def test_two_locks_in_two_orders_are_found() -> None:
    """Each thread has one lock and waits for the other's: the deadlock of every textbook."""

    class Forks:
        def __init__(self) -> None:
            self.left, self.right = Condition(), Condition()

    def one(forks: Forks) -> None:
        with forks.left, forks.right:
            pass

    def other(forks: Forks) -> None:
        with forks.right, forks.left:
            pass

    with pytest.raises(Deadlock):
        explore(Forks, [one, other], lambda _: None)


def test_a_lost_update_is_found() -> None:
    """Both read before either writes, and one of two additions is gone."""

    class Number:
        def __init__(self) -> None:
            self.value = 0

        def add(self) -> None:
            value = self.value
            self.value = value + 1

    def check(number: Number) -> None:
        assert number.value == 2

    with pytest.raises(AssertionError):
        explore(Number, [Number.add, Number.add], check)
