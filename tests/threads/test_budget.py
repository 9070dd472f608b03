"""ByteBudget: bounded, fair, and woken by a stop."""

from __future__ import annotations

from threading import Lock

import pytest
from hypothesis import given
from hypothesis import strategies as some

from logproc.model.errors import Stopped
from logproc.threads.budget import MIN_BYTES, ByteBudget
from logproc.threads.stop import Stop
from tests.threads.tools import Call, blocks, until

UNIT = MIN_BYTES


def budget_of(units: int) -> tuple[ByteBudget, Stop]:
    """Return a budget of some of the smallest takes, and its stop."""
    stop = Stop()
    return ByteBudget(units * UNIT, stop), stop


def test_a_take_waits_until_bytes_are_given_back() -> None:
    """A take that does not fit blocks; it returns when enough has been given back."""
    budget, _ = budget_of(4)
    taken = budget.take(3 * UNIT)
    waiting = Call(budget.take, 2 * UNIT)
    assert blocks(waiting)
    budget.give(taken)
    assert waiting.outcome() == 2 * UNIT
    assert budget.in_flight_bytes == 2 * UNIT


def test_a_wake_up_that_changes_nothing_serves_nobody() -> None:
    """A woken thread checks again: what was given back is not enough yet."""
    budget, _ = budget_of(4)
    budget.take(2 * UNIT)
    budget.take(UNIT)
    waiting = Call(budget.take, 3 * UNIT)
    assert blocks(waiting)
    budget.give(UNIT)
    budget.wake()
    assert blocks(waiting)
    budget.give(2 * UNIT)
    waiting.outcome()


def test_takes_are_served_in_the_order_in_which_they_came() -> None:
    """Of takes that each need everything, the one that came first is served first."""
    budget, _ = budget_of(4)
    served: list[int] = []
    taken = budget.take(4 * UNIT)

    def take(number: int) -> None:
        budget.take(4 * UNIT)
        served.append(number)

    calls = []
    for number in range(5):
        calls.append(Call(take, number))
        assert blocks(calls[-1])
    for number, call in enumerate(calls):
        budget.give(taken)
        call.outcome()
        assert served == list(range(number + 1))


def test_a_small_take_does_not_slip_past_a_large_one() -> None:
    """A take of seven eighths waits; a later small one that would fit waits until it is served."""
    budget, _ = budget_of(8)
    taken = budget.take(2 * UNIT)
    large = Call(budget.take, 7 * UNIT)
    assert blocks(large)
    small = Call(budget.take, UNIT)
    assert blocks(small)
    budget.give(taken)
    assert (large.outcome(), small.outcome()) == (7 * UNIT, UNIT)


def test_the_bytes_in_flight_can_be_read_while_the_lock_is_taken() -> None:
    """The live view never waits for a reader or a worker."""
    budget, _ = budget_of(8)
    taken = budget.take(UNIT)
    with budget._changed:
        assert Call(lambda: budget.in_flight_bytes).outcome() == taken


def test_a_large_take_is_served_among_thousands_of_small_ones() -> None:
    """Small takes that come and go without end do not starve a take of seven eighths."""
    budget, _ = budget_of(8)
    served = False

    def small_ones() -> int:
        count = 0
        while not served or count < 1000:
            budget.give(budget.take(UNIT))
            count += 1
        return count

    crowd = [Call(small_ones) for _ in range(3)]
    until(lambda: budget.in_flight_bytes > 0)
    for _ in range(20):
        budget.give(Call(budget.take, 7 * UNIT).outcome())
    served = True
    assert sum(call.outcome() for call in crowd) >= 3000


def test_a_take_larger_than_the_budget_goes_alone() -> None:
    """It waits until nothing is in flight, then passes; no later take passes before it is given back."""
    budget, _ = budget_of(4)
    taken = budget.take(UNIT)
    oversize = Call(budget.take, 40 * UNIT)
    assert blocks(oversize)
    budget.give(taken)
    assert oversize.outcome() == 40 * UNIT
    behind = Call(budget.take, UNIT)
    assert blocks(behind)
    budget.give(40 * UNIT)
    behind.outcome()


def test_the_smallest_take_weighs_something() -> None:
    """A chunk of a few bytes is charged four kibibytes, so that millions of them do not fill the memory."""
    budget, _ = budget_of(4)
    assert budget.take(1) == MIN_BYTES


def test_a_stop_wakes_all_who_wait() -> None:
    """Every take that waits for memory, first in the row or not, ends with Stopped."""
    budget, stop = budget_of(1)
    budget.take(UNIT)
    calls = [Call(budget.take, UNIT) for _ in range(4)]
    assert all(blocks(call) for call in calls)
    stop.set(ValueError())
    for call in calls:
        with pytest.raises(Stopped):
            call.outcome()
    assert budget.in_flight_bytes == UNIT


def test_nothing_is_taken_after_a_stop() -> None:
    """A take that fits raises Stopped all the same."""
    budget, stop = budget_of(4)
    stop.set(ValueError())
    with pytest.raises(Stopped):
        budget.take(UNIT)
    assert budget.in_flight_bytes == 0


def test_it_shows_its_state() -> None:
    """A debugger shows what is in flight and how many wait."""
    budget, _ = budget_of(1)
    budget.take(UNIT)
    waiting = Call(budget.take, UNIT)
    assert blocks(waiting)
    assert repr(budget) == "<ByteBudget 4096 of 4096 bytes in flight, 1 waiting>"
    budget.give(UNIT)
    waiting.outcome()
    assert repr(budget) == "<ByteBudget 4096 of 4096 bytes in flight, 0 waiting>"


class Scale:
    """What is in flight as its users see it, weighed at every take."""

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget
        self._lock = Lock()
        self._in_flight: list[int] = []
        self.wrong: list[list[int]] = []

    def use(self, sizes: list[int]) -> None:
        """Take and give back, one size after the other."""
        for size in sizes:
            taken = self._budget.take(size)
            with self._lock:
                self._in_flight.append(taken)
                if sum(self._in_flight) > self._budget.limit_bytes and len(self._in_flight) > 1:
                    self.wrong.append(list(self._in_flight))
            with self._lock:
                self._in_flight.remove(taken)
            self._budget.give(taken)


@given(some.lists(some.lists(some.integers(1, 6 * UNIT), max_size=12), min_size=1, max_size=4))
def test_what_is_in_flight_never_exceeds_the_budget(sizes: list[list[int]]) -> None:
    """In any order of takes the sum stays within the limit, or is a single chunk; at the end nothing is left."""
    budget, _ = budget_of(4)
    scale = Scale(budget)
    for call in [Call(scale.use, ones) for ones in sizes]:
        call.outcome()
    assert scale.wrong == []
    assert budget.in_flight_bytes == 0
