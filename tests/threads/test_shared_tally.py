"""SharedTally: whatever is added by whom is counted once, at every moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import numpy
import pyarrow
import pytest

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.counts import Counts
from logproc.counting.panels import panels
from logproc.counting.tally import Tally, merge
from logproc.model.columns import Account
from logproc.questions.question import Question
from logproc.threads import shared_tally
from logproc.threads.in_order import InOrder
from logproc.threads.shared_tally import SharedTally
from tests.threads.tools import Call, Halted, TellingLock, arrives, until


def tally(number: int) -> Tally:
    """Return the counts of one line, with a key of its own and one that all share."""
    ones = numpy.ones(2, numpy.int64)
    counts = Counts((pyarrow.array(["/", f"/{number}"]),), ones, ones * number, ones)
    source = SourceTally(Account(lines=1, records=1))
    return Tally({"path": counts}, {number % 3: source}, bytes=number, first=number, last=number)


def told(tally: Tally) -> tuple[Any, ...]:
    """Return all that a report shows of a tally."""
    return (
        tally.account,
        tally.bytes,
        tally.first,
        tally.last,
        panels(tally, Question(), 0)["path"],
        dict(sorted(tally.sources.items())),
    )


def lines(shared: SharedTally) -> int:
    """Return how many lines a snapshot has, which is how many tallies it is of."""
    return shared.snapshot().account.lines


def test_no_tally_is_lost_when_two_threads_decide_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread has looked and is about to take all there is to merge; what another one adds now is in the result.

    Without the Lock the other one takes the same tallies, and the first then puts an empty list in their place.
    """
    second_waits = Event()
    monkeypatch.setattr(shared_tally, "Lock", lambda: TellingLock(second_waits))
    shared = SharedTally(min_keys=1)
    first = Halted((SharedTally._decide, "self._merging, self._pending"), shared.add, tally(1))
    arrives(first.arrived)
    second = Halted((SharedTally.add, "self._settle"), shared.add, tally(2))
    until(lambda: second_waits.is_set() or second.arrived.is_set())
    first.go_on()
    until(lambda: second.arrived.is_set() or not second.is_alive())
    assert lines(shared) == 2, "a tally was lost"
    second.go_on()
    assert lines(shared) == 2, "a tally was lost"


@pytest.mark.parametrize(
    "line",
    [(SharedTally.add, "self._settle"), (SharedTally._settle, "with self._lock")],
    ids=["before the merge", "after the merge"],
)
def test_a_snapshot_during_a_merge_has_everything_once(line: tuple[Callable[..., Any], str]) -> None:
    """While one thread merges, others go on adding, and a snapshot has what is being merged and what was added since."""
    shared = SharedTally(min_keys=4)
    shared.add(tally(1))
    merging = Halted(line, shared.add, tally(2))
    arrives(merging.arrived)
    Call(shared.add, tally(3)).outcome()
    assert lines(shared) == 3
    merging.go_on()
    assert lines(shared) == 3
    assert told(shared.snapshot()) == told(merge([tally(1), tally(2), tally(3)]))


def test_merging_holds_no_lock() -> None:
    """Other threads can add during a merge: the Lock is free."""
    shared = SharedTally(min_keys=1)
    merging = Halted((SharedTally.add, "self._settle"), shared.add, tally(1))
    arrives(merging.arrived)
    assert not shared._lock.locked()
    merging.go_on()


def test_an_empty_result_has_a_snapshot() -> None:
    """Before anything was added there are no lines."""
    assert SharedTally().snapshot() == Tally()


@pytest.mark.parametrize("min_keys", [1, 7, 1000])
def test_many_threads_give_the_same_as_one(min_keys: int) -> None:
    """Whatever the schedule, the result is the serial sum, and no snapshot has less than the one before."""
    shared, tallies = SharedTally(min_keys), [tally(number) for number in range(300)]

    def add(mine: list[Tally]) -> None:
        for one in mine:
            shared.add(one)

    calls = [Call(add, tallies[start::4]) for start in range(4)]
    seen = [lines(shared)]
    while any(call.is_alive() for call in calls):
        seen.append(lines(shared))
    for call in calls:
        call.outcome()
    assert seen == sorted(seen)
    assert told(shared.snapshot()) == told(merge(tallies))


def folded(numbers: list[int], max_keys: int) -> Tally:
    """Return tallies merged and folded one after the other."""
    total = merge([])
    for number in numbers:
        total = merge([total, tally(number)]).folded(max_keys)
    return total


def in_order_of(total: InOrder) -> tuple[Any, ...]:
    """Return all that a report shows of a sum, with the errors."""
    found = total.snapshot()
    errors = found.panels["path"].errors
    return told(found), None if errors is None else sorted(errors.tolist()), found.panels["path"].other


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2]])
def test_with_a_bound_chunks_are_merged_in_their_order(order: list[int]) -> None:
    """Whichever chunk comes first, the keys that are given up are those of the serial run; what waits is in a snapshot."""
    expected, total = InOrder(3), InOrder(3)
    for number in range(6):
        expected.add(tally(number), (0, number))
    for count, number in enumerate(order, 1):
        total.add(tally(number), (0, number))
        assert total.snapshot().account.lines == count
    assert in_order_of(total) == in_order_of(expected)
    assert told(total.snapshot())[:4] == told(folded(list(range(6)), 3))[:4]


def test_a_chunk_that_comes_while_its_predecessor_is_merged_is_not_left_behind() -> None:
    """The thread that merges finds it when it is done; the thread that came with it has gone on to other work."""
    total = InOrder(3)
    merging = Halted((InOrder.add, "merged = merge"), total.add, tally(0), (0, 0))
    arrives(merging.arrived)
    Call(total.add, tally(1), (0, 1)).outcome()
    assert total.snapshot().account.lines == 2
    merging.go_on()
    assert total._waiting == {}
    assert total.snapshot().account.lines == 2


def test_many_threads_with_a_bound_give_the_same_as_one() -> None:
    """Whatever the schedule, the bounded result is the serial one."""
    total, expected = SharedTally(max_keys=5), SharedTally(max_keys=5)
    for number in range(200):
        expected.add(tally(number), (number % 2, number // 2))

    def add(start: int) -> None:
        for number in range(start, 200, 4):
            total.add(tally(number), (number % 2, number // 2))

    for call in [Call(add, start) for start in range(4)]:
        call.outcome()
    assert told(total.snapshot()) == told(expected.snapshot())


@pytest.mark.parametrize("max_keys", [None, 5])
def test_what_comes_after_the_end_is_in_no_snapshot(max_keys: int | None) -> None:
    """`close` returns what was added; a worker that was left behind cannot add anything later."""
    shared = SharedTally(max_keys=max_keys)
    shared.add(tally(1), (0, 0))
    assert shared.close() == frozenset({(0, 0)})
    shared.add(tally(2), (0, 1))
    assert lines(shared) == 1
    assert shared.close() == frozenset({(0, 0)})


class Unhurried(list[Tally]):
    """A list that halts before it is gone through."""

    def __init__(self, tallies: list[Tally]) -> None:
        super().__init__(tallies)
        self.arrived, self.go = Event(), Event()

    def __iter__(self) -> Iterator[Tally]:
        self.arrived.set()
        arrives(self.go)
        return super().__iter__()


def test_a_snapshot_takes_what_is_merging_and_what_is_pending_in_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a snapshot reads the two lists, no sum moves from one to the other: it would be counted twice."""
    somebody_waits = Event()
    monkeypatch.setattr(shared_tally, "Lock", lambda: TellingLock(somebody_waits))
    shared = SharedTally(min_keys=1)
    merging = Halted((SharedTally._settle, "with self._lock"), shared.add, tally(1))
    arrives(merging.arrived)
    shared._merging = parts = Unhurried(shared._merging)
    looking = Call(lines, shared)
    arrives(parts.arrived)
    merging._go.set()
    until(lambda: somebody_waits.is_set() or not merging.is_alive())
    parts.go.set()
    assert looking.outcome() == 1
    merging.outcome()


def test_while_keys_are_few_only_a_few_parts_wait() -> None:
    """However many chunks of few keys come, no more than a handful of tallies is kept, and none of them is lost."""
    shared = SharedTally()
    most = 0
    for number in range(100):
        shared.add(tally(number % 3), (0, number))
        most = max(most, len(shared._pending))
    assert most == shared_tally.FEW_PARTS
    assert lines(shared) == 100


def test_where_keys_are_many_parts_wait_for_as_many_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there are many merged keys, they are not merged again for every few tallies."""
    monkeypatch.setattr(shared_tally, "FEW_KEYS", 5)
    shared = SharedTally()
    for number in range(30):
        shared.add(tally(number), (0, number))
    assert len(shared._pending) > shared_tally.FEW_PARTS + 1
    assert lines(shared) == 30


@pytest.mark.parametrize("shared", [SharedTally(), SharedTally(max_keys=100)], ids=["any order", "in order"])
def test_what_comes_after_the_end_is_left_out(shared: SharedTally) -> None:
    """A worker that was left behind adds nothing after the end, and the places say what was added."""
    shared.add(tally(1), (0, 0))
    assert shared.close() == frozenset({(0, 0)})
    shared.add(tally(2), (0, 1))
    assert (lines(shared), shared.close()) == (1, frozenset({(0, 0)}))


@pytest.mark.parametrize("min_keys", [3, 4])
def test_a_merge_comes_with_the_chunk_that_brings_enough_keys(min_keys: int) -> None:
    """Each chunk has two keys. Once they are as many as `min_keys` and as the merged ones, and no sooner, they are merged."""
    shared, merges, before = SharedTally(min_keys), [], None
    for number in range(1, 12):
        shared.add(tally(number))
        if shared._merged is not before:
            merges.append(number)
            before = shared._merged
    assert merges == [2, 4, 7, 11]  # the sums have 3, 5, 8 and 12 keys


@pytest.mark.parametrize("max_keys", [None, 5])
@pytest.mark.parametrize("min_keys", [1, 1000])
def test_a_chunk_gives_its_memory_back_once_and_only_when_it_is_counted(min_keys: int, max_keys: int | None) -> None:
    """Without that readers would wait for ever; before that more than the budget would be in use."""
    shared = SharedTally(min_keys, max_keys)
    counted: list[int] = []
    for number in range(5):
        shared.add(tally(number), (0, number), lambda: counted.append(lines(shared)))
    assert counted == [1, 2, 3, 4, 5]


def test_a_chunk_without_a_place_is_the_first_of_the_first_source() -> None:
    """Where there is only one chunk nobody needs to number it."""
    shared = SharedTally()
    shared.add(tally(1))
    assert shared.close() == frozenset({(0, 0)})


def test_many_keys_are_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as merged counts have more keys than that; without a lock, so that whoever is told may look at the counts."""
    monkeypatch.setattr(shared_tally, "MANY_KEYS", 6)
    shared, keys = SharedTally(min_keys=1), list[int]()
    shared.on_many_keys(lambda: keys.append(shared.snapshot().distinct))
    for number in range(5):
        shared.add(tally(number))
    assert (keys, shared.snapshot().distinct) == ([], 6)  # one that all share, and one each
    for number in range(5, 9):
        shared.add(tally(number))
    assert len(keys) == 1
    assert keys[0] > 6
