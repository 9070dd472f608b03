"""The reorder window: everything in order, within its budget, and no wait without an end."""

from __future__ import annotations

import random
from collections.abc import Callable
from threading import Event

import pytest

from logproc.model.errors import Stopped
from logproc.threads.budget import ByteBudget
from logproc.threads.delivery import Delivery, ReorderBudget
from logproc.threads.stop import Stop
from tests.threads.chaos import chaos
from tests.threads.tools import Call, arrives, blocks

SIZE = 5000


class Written:
    """An output that remembers what it took, and gives its bytes back at once."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, int]] = []
        self.is_closed = False

    def take(self, source: int, piece: int, release: Callable[[], None]) -> None:
        self.taken.append((source, piece))
        release()

    def ended(self, source: int) -> None:
        """Nothing."""

    def caught_up(self, of: int) -> None:
        """Nothing."""

    def close(self) -> None:
        self.is_closed = True


def read(source: int, chunks: int, budget: ByteBudget, delivery: Delivery[int], seen: list[int]) -> None:
    """Do what a reader and its workers do for one source."""
    for number in range(chunks):
        taken = budget.take(SIZE, source)
        seen.append(budget.in_flight_bytes)
        delivery.put(source, number, number, lambda taken=taken: budget.give(taken, source))  # type: ignore[misc]
    delivery.source_ended(source, chunks)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("side_by_side", [False, True])
def test_all_is_written_in_order_within_the_budget(seed: int, side_by_side: bool) -> None:
    """Whoever is faster, the pieces come in order, none is missing, and no more is in flight than the budget has."""
    sizes = [random.Random(seed).randrange(12) for _ in range(4)]
    stop, output, done, seen = Stop(), Written(), Event(), list[int]()
    limit = SIZE * (8 if side_by_side else 4)
    in_turn = None if side_by_side else range(4)
    budget = ReorderBudget(limit, stop, in_turn)
    delivery = Delivery(output, in_turn, budget, stop, done.set)
    with chaos(seed):
        delivery.begin()
        readers = [
            Call(read, source, sizes[source], budget, delivery, seen, name=f"r{source}") for source in reversed(range(4))
        ]
        for reader in readers:
            reader.outcome()
        delivery.all_read()
        arrives(done)
    assert stop.cause is None
    assert output.is_closed
    expected = [(source, number) for source, size in enumerate(sizes) for number in range(size)]
    assert (sorted(output.taken) if side_by_side else output.taken) == expected
    for source in range(4):
        assert [piece for of, piece in output.taken if of == source] == list(range(sizes[source]))
    assert max(seen, default=0) <= limit
    assert budget.in_flight_bytes == 0


def test_the_reserve_keeps_the_source_due_from_waiting_for_later_ones() -> None:
    """The second source has read ahead all it may; the first one still gets memory, and all ends.

    With a plain budget this is a deadlock: the second source holds everything, and cannot be written before the first.
    """
    stop = Stop()
    plain = ByteBudget(2 * SIZE, stop)
    assert [plain.take(SIZE, 1), plain.take(SIZE, 1)] == [SIZE, SIZE]
    first = Call(plain.take, SIZE, 0)
    assert blocks(first)  # and nothing will ever be given back
    stop.set(Stopped())
    with pytest.raises(Stopped):
        first.outcome()

    stop, output, done = Stop(), Written(), Event()
    budget = ReorderBudget(2 * SIZE, stop, (0, 1))
    delivery = Delivery(output, (0, 1), budget, stop, done.set)
    delivery.begin()
    second = Call(read, 1, 5, budget, delivery, [])
    assert blocks(second)
    Call(read, 0, 5, budget, delivery, []).outcome()
    second.outcome()
    delivery.all_read()
    arrives(done)
    assert output.taken == [(source, number) for source in (0, 1) for number in range(5)]


def test_the_source_due_passes_those_that_read_ahead() -> None:
    """It may use the whole budget, although another one has waited longer: otherwise it had one chunk at a time."""
    budget = ReorderBudget(4 * SIZE, Stop(), (0, 1))
    budget.take(2 * SIZE, 1)
    assert blocks(ahead := Call(budget.take, SIZE, 1))
    assert [budget.take(SIZE, 0), budget.take(SIZE, 0)] == [SIZE, SIZE]
    assert ahead.is_alive()
    budget.ended(0)
    budget.give(SIZE, 0)
    assert ahead.outcome() == SIZE


class Broken(Written):
    """An output that fails."""

    def take(self, source: int, piece: int, release: Callable[[], None]) -> None:  # noqa: ARG002
        raise BrokenPipeError


def test_a_failure_of_the_writer_stops_the_run() -> None:
    """The error is the cause of the stop, main is told, and who waits for memory is woken."""
    stop, done = Stop(), Event()
    budget = ReorderBudget(SIZE, stop, (0,))
    delivery = Delivery(Broken(), (0,), budget, stop, done.set)
    delivery.begin()
    with pytest.raises(Stopped):
        Call(read, 0, 3, budget, delivery, []).outcome()
    arrives(done)
    assert isinstance(stop.cause, BrokenPipeError)


def test_a_stop_ends_the_writer() -> None:
    """A writer that waits for a piece that never comes ends with the run, and writes nothing any more."""
    stop, output, done = Stop(), Written(), Event()
    delivery = Delivery(output, (0,), ReorderBudget(SIZE, stop, (0,)), stop, done.set)
    delivery.begin()
    delivery.put(0, 1, 1, lambda: None)
    stop.set(Stopped())
    arrives(done)
    assert output.taken == []
    assert not output.is_closed
