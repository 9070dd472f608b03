"""Committer and Saver: what may be saved is, at every moment, the counts of exactly the chunks before the positions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Any

import numpy
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logproc.counting.by_source.source_tally import SourceTally
from logproc.counting.counts import Counts
from logproc.counting.panels import panels
from logproc.counting.tally import Tally, merge
from logproc.model.columns import Account
from logproc.model.errors import OutputError
from logproc.questions.question import Question
from logproc.threads import committer as module
from logproc.threads.committer import Commit, Committer, Saver
from logproc.threads.in_order import InOrder, Place
from logproc.threads.shared_tally import FEW_PARTS
from logproc.threads.stop import Stop
from tests.threads.interleave import explore
from tests.threads.tools import Call, Halted, arrives, until

SOURCES = 3
MAX_KEYS = [None, 4]
IDS = ["any order", "in order"]


def tally(place: Place, keys: int = 2) -> Tally:
    """Return the counts of one chunk of one line: its number in `bytes`, a bit for each place."""
    source, index = place
    numbers = numpy.arange(1, keys + 1, dtype=numpy.int64) + source + index % 3
    texts = ["/", *(f"/{source}/{index}/{key}" for key in range(1, keys))]
    counts = Counts((pyarrow.array(texts),), numbers, numbers, numbers)
    return Tally(
        {"path": counts}, {source: SourceTally(Account(lines=1, records=1))}, bytes=bit(place), seen=frozenset({"path"})
    )


def bit(place: Place) -> int:
    return 1 << (place[0] + SOURCES * place[1])


def told(tally: Tally) -> tuple[Any, ...]:
    """Return all that a report shows of a tally."""
    path = tally.panels.get("path")
    bounds = None if path is None or path.errors is None else sorted(path.errors.tolist())
    shown = None if path is None else (panels(tally, Question(), 0)["path"], path.other, path.floor)
    return tally.account, tally.bytes, shown, bounds, dict(sorted(tally.sources.items()))


def expected(places: Sequence[Place], max_keys: int | None) -> Tally:
    """Return the counts of some chunks: the sum, or with a limit what comes of merging each source in its order."""
    if max_keys is None:
        return merge([tally(place) for place in places])
    total = InOrder(max_keys)
    for place in sorted(places):
        total.add(tally(place), place)
    return total.snapshot()


def prefix(added: set[Place]) -> list[Place]:
    """Return the chunks without a gap before them."""
    return [place for place in sorted(added) if all((place[0], index) in added for index in range(place[1]))]


def check(commit: Commit[int], added: set[Place], max_keys: int | None) -> None:
    """Assert that a commit is the prefix of what was added, counts and positions."""
    places = prefix(added)
    assert commit.positions == {source: index + 1 for source, index in places}
    assert commit.number == len(places)
    assert told(commit.tally) == told(expected(places, max_keys))


@pytest.mark.parametrize("max_keys", MAX_KEYS, ids=IDS)
@given(
    order=st.permutations([(source, index) for source in range(SOURCES) for index in range(8)]),
    looks=st.sets(st.integers(0, 23)),
)
def test_at_any_moment_counts_and_positions_fit(max_keys: int | None, order: list[Place], looks: set[int]) -> None:
    """In whatever order chunks come and whenever a commit is taken, it has each chunk before its positions, and no other."""
    committer, added = Committer[int](max_keys=max_keys), set[Place]()
    for number, place in enumerate(order):
        committer.add(tally(place), place, position=place[1] + 1)
        added.add(place)
        if number in looks:
            check(committer.committed(), added, max_keys)
    check(committer.committed(), added, max_keys)
    assert told(committer.snapshot()) == told(expected(order, max_keys))


@pytest.mark.parametrize("max_keys", MAX_KEYS, ids=IDS)
def test_a_chunk_behind_a_gap_is_counted_but_not_committed(max_keys: int | None) -> None:
    """It would be counted again by the next run, or the missing one never."""
    committer = Committer[int](max_keys=max_keys)
    committer.add(tally((0, 1)), (0, 1), position=2)
    assert (committer.committed().positions, committer.committed().tally.bytes) == ({}, 0)
    assert committer.snapshot().bytes == bit((0, 1))
    committer.add(tally((0, 0)), (0, 0), position=1)
    assert (committer.committed().positions, committer.committed().tally.bytes) == ({0: 2}, bit((0, 0)) | bit((0, 1)))


def test_sources_without_positions_are_committed_all_the_same() -> None:
    """Their counts are of the contiguous chunks too; there is nothing to say where they end."""
    committer = Committer[int]()
    committer.add(tally((1, 0)), (1, 0))
    committer.add(tally((0, 0)), (0, 0), position=1)
    commit = committer.committed()
    assert (commit.positions, commit.tally.account.lines) == ({0: 1}, 2)


@pytest.mark.parametrize("max_keys", MAX_KEYS, ids=IDS)
def test_counts_of_earlier_runs_are_part_of_every_commit(max_keys: int | None) -> None:
    earlier = tally((2, 5)) if max_keys is None else tally((2, 5)).folded(max_keys)
    committer = Committer(earlier, {2: 77, 0: 5}, max_keys)
    assert (told(committer.committed().tally), committer.number) == (told(earlier), 0)
    committer.add(tally((0, 0)), (0, 0), position=6)
    commit = committer.committed()
    assert commit.positions == {2: 77, 0: 6}
    assert commit.tally.bytes == committer.snapshot().bytes == bit((2, 5)) | bit((0, 0))


def test_a_chunk_of_many_sources_waits_for_all_of_them() -> None:
    committer = Committer[int]()
    committer.add(tally((0, 1)), (0, 1), more=[(1, 0)])
    committer.add(tally((1, 1)), (1, 1))
    assert committer.committed().number == 0
    assert committer.snapshot().account.lines == 2
    committer.add(tally((0, 0)), (0, 0))
    assert committer.committed().number == 3
    counted = committer.close()
    assert [place in counted for place in [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0)]] == [True] * 4 + [False] * 2


@pytest.mark.parametrize("max_keys", MAX_KEYS, ids=IDS)
def test_memory_is_given_back_once_a_chunk_may_be_saved(max_keys: int | None) -> None:
    """So the budget bounds what waits for a chunk that is slow; the slow one has its bytes already."""
    committer, given = Committer[int](max_keys=max_keys), list[int]()
    for index in (2, 1, 0, 3):
        committer.add(tally((0, index)), (0, index), partial(given.append, index))
        assert given == {2: [], 1: [], 0: [0, 1, 2], 3: [0, 1, 2, 3]}[index]


def test_what_comes_after_the_end_is_left_out() -> None:
    committer = Committer[int]()
    committer.add(tally((0, 0)), (0, 0), position=1)
    committer.add(tally((0, 2)), (0, 2), position=3)
    counted = committer.close()
    assert [index for index in range(4) if (0, index) in counted] == [0, 2]
    committer.add(tally((0, 1)), (0, 1), position=2)
    assert (committer.committed().positions, committer.snapshot().account.lines) == ({0: 1}, 2)


@pytest.mark.parametrize("max_keys", MAX_KEYS, ids=IDS)
def test_many_threads_and_commits_at_any_time(max_keys: int | None) -> None:
    """Each commit has exactly the chunks before its positions, however many add meanwhile; the last one has all."""
    committer = Committer[int](max_keys=max_keys)
    places = [(source, index) for index in range(100) for source in range(SOURCES)]
    random.Random(3).shuffle(places)

    def add(mine: Sequence[Place]) -> None:
        for place in mine:
            committer.add(tally(place), place, position=place[1] + 1)

    calls = [Call(add, places[start::4]) for start in range(4)]
    commits = [committer.committed()]
    while any(call.is_alive() for call in calls):
        commits.append(committer.committed())
    for call in calls:
        call.outcome()
    for commit in commits:
        assert commit.tally.bytes == sum(bit((s, index)) for s, end in commit.positions.items() for index in range(end))
    check(committer.committed(), set(places), max_keys)


def test_a_commit_during_a_merge_has_everything_once() -> None:
    """The parts stay in sight until their sum replaces them, in one step."""
    committer = Committer[int]()
    for index in range(FEW_PARTS):
        committer.add(tally((0, index)), (0, index), position=index + 1)
    merging = Halted(
        (Committer._merge, "for group, merged in sums.items():"), committer.add, tally((0, FEW_PARTS)), (0, FEW_PARTS)
    )
    arrives(merging.arrived)
    merging.go_on()
    committing: Halted[Commit[int]] = Halted((Committer._sum, "return"), committer.committed)
    arrives(committing.arrived)
    Call(committer.add, tally((0, FEW_PARTS + 1)), (0, FEW_PARTS + 1)).outcome()
    assert Call(committer.committed).outcome().tally.account.lines == FEW_PARTS + 2
    assert committer.snapshot().account.lines == FEW_PARTS + 2
    assert committing.go_on().tally.account.lines == FEW_PARTS + 1
    assert committer.committed().tally.account.lines == FEW_PARTS + 2


def test_every_interleaving_of_two_workers_and_a_commit() -> None:
    """Counts and positions change in one step: there is no moment at which one of the two is ahead."""

    def make() -> list[Any]:
        return [Committer[int]()]

    def look(scene: list[Any]) -> None:
        commit = scene[0].committed()
        scene.append((commit.tally.bytes, dict(commit.positions), commit.number))

    def holds(scene: list[Any]) -> None:
        both = bit((0, 0)) | bit((0, 1))
        assert scene[1] in [(0, {}, 0), (bit((0, 0)), {0: 1}, 1), (both, {0: 2}, 2)]
        assert scene[0].committed().tally.bytes == both

    works: list[Callable[[list[Any]], None]] = [
        lambda scene: scene[0].add(tally((0, 0)), (0, 0), position=1),
        lambda scene: scene[0].add(tally((0, 1)), (0, 1), position=2),
        look,
    ]
    assert explore(make, works, holds) > 20


def test_small_chunks_do_not_merge_a_large_sum_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that grows by a few lines at a time has many keys already: each is merged a logarithmic number of times."""
    merged = list[int]()

    def counting(tallies: Sequence[Tally]) -> Tally:
        merged.append(sum(each.keys for each in tallies))
        return merge(tallies)

    monkeypatch.setattr(module, "merge", counting)
    committer = Committer[int](tally((0, 0), keys=5_000))
    for index in range(1000):
        committer.add(tally((1, index), keys=3), (1, index))
    parts = committer._parts[0]
    assert len(parts) <= FEW_PARTS * 8
    assert parts[0].weight > 5_000
    assert sum(merged) < 30_000  # ten times the 3,000 keys that came; a merge of everything each time would be millions


def test_many_keys_are_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY_KEYS", 20)
    committer, keys = Committer[int](), list[int]()
    committer.on_many_keys(lambda: keys.append(committer.snapshot().distinct))
    for index in range(60):
        committer.add(tally((0, index)), (0, index))
    assert len(keys) == 1
    assert keys[0] > 20


class Disk:
    """Keeps what is saved, if it is not full. saved: signalled after each attempt."""

    def __init__(self) -> None:
        self.commits: list[Commit[int]] = []
        self.error: BaseException | None = None
        self.attempts = 0

    def save(self, commit: Commit[int]) -> None:
        self.attempts += 1
        if self.error:
            raise self.error
        self.commits.append(commit)


class Waits:
    """In place of the Event that ends a saver: notes how long it would sleep, and ends it after some times."""

    def __init__(self, number: int) -> None:
        self.pauses: list[float] = []
        self._left = number

    def wait(self, seconds: float) -> bool:
        """Note the time."""
        self.pauses.append(seconds)
        self._left -= 1
        return self._left < 0

    def set(self) -> None:
        """End."""


def grown(committer: Committer[int]) -> None:
    """Add the next chunk."""
    index = committer.number
    committer.add(tally((0, index)), (0, index), position=index + 1)


def run_for(saver: Saver[int], wakes: int) -> list[float]:
    """Let a saver wake some times; return how long it slept before each, and before its end."""
    waits = Waits(wakes)
    saver._finished = waits  # type: ignore[assignment]
    saver.run()
    return waits.pauses


def test_it_saves_while_the_run_goes_on_and_at_its_end() -> None:
    committer, disk = Committer[int](), Disk()
    saver = Saver(committer, disk.save, Stop(), seconds=0.001)
    saver.start()
    grown(committer)
    until(lambda: bool(disk.commits))
    grown(committer)
    saver.finish()
    assert not saver.is_alive()
    assert disk.commits[0].positions[0] in {1, 2}
    assert disk.commits[-1].positions == {0: 2}


def test_nothing_new_is_not_saved_but_at_the_end() -> None:
    """A log at rest costs the disk nothing. The last commit is made anyway: a first run that finds no line has a state, too."""
    committer, disk = Committer[int](), Disk()
    saver = Saver(committer, disk.save, Stop())
    run_for(saver, 3)
    assert disk.attempts == 0
    grown(committer)
    run_for(saver, 3)
    assert disk.attempts == 1
    saver.finish()
    assert disk.attempts == 2


def test_saving_takes_a_tenth_of_the_time_at_most() -> None:
    """A disk, or a sum, that takes two seconds is left alone for eighteen; a quick one for the usual time."""
    committer, now = Committer[int](), [0.0]

    def save(commit: Commit[int]) -> None:
        now[0] += [2.0, 0.01][commit.number - 1]

    saver = Saver(committer, save, Stop(), seconds=1.0, clock=lambda: now[0])
    grown(committer)
    assert run_for(saver, 1) == [1.0, 18.0]
    grown(committer)
    assert run_for(saver, 1) == [1.0, 1.0]


def test_a_full_disk_is_told_once_and_tried_again() -> None:
    """The run goes on: its counts are right, the former commit is whole, and there may be room later."""
    committer, disk, stop, told_of = Committer[int](), Disk(), Stop(), list[OutputError]()
    saver = Saver(committer, disk.save, stop, told_of.append)
    grown(committer)
    disk.error = OutputError("full")
    run_for(saver, 3)
    assert (disk.attempts, told_of, stop.is_set()) == (3, [disk.error], False)
    disk.error = None
    run_for(saver, 1)
    assert disk.commits[-1].positions == {0: 1}


def test_a_last_commit_that_fails_is_an_error() -> None:
    committer, disk = Committer[int](), Disk()
    saver = Saver(committer, disk.save, Stop())
    disk.error = OutputError("full")
    with pytest.raises(OutputError, match="full"):
        saver.finish()


def test_a_bug_stops_the_run() -> None:
    """Any other exception would stay unseen in its thread, and nothing be saved from then on."""
    committer, disk, stop = Committer[int](), Disk(), Stop()
    disk.error = ZeroDivisionError()
    saver = Saver(committer, disk.save, stop, seconds=0.001)
    grown(committer)
    saver.start()
    until(stop.is_set)
    assert stop.cause is disk.error
    disk.error = None
    saver.finish()


def test_the_end_waits_for_a_commit_that_is_being_written() -> None:
    """Two at once would write the same temporary file."""
    committer, inside, go, commits = Committer[int](), Event(), Event(), list[Mapping[int, int]]()

    def save(commit: Commit[int]) -> None:
        assert not inside.is_set() or go.is_set()
        inside.set()
        arrives(go)
        commits.append(commit.positions)

    saver = Saver(committer, save, Stop(), seconds=0.001)
    grown(committer)
    saver.start()
    arrives(inside)
    grown(committer)
    ending = Call(saver.finish)
    go.set()
    ending.outcome()
    assert commits == [{0: 1}, {0: 2}]
