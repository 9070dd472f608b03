"""HostLimit: a maximum of connections per server, and no thread waits for ever."""

from __future__ import annotations

import inspect
from threading import Barrier, Event

import pytest

from logproc.model.errors import Stopped
from logproc.threads.hosts import Host, HostLimit
from logproc.threads.stop import Stop
from tests.threads.tools import PATIENCE_S, Call, Halted, arrives, blocks

HERE: Host = ("http", "here.example", 80)
THERE: Host = ("http", "there.example", 80)


class Visit:
    """A connection that is open from `entered` until `leave` is set."""

    def __init__(self, limit: HostLimit, host: Host = HERE) -> None:
        self.entered = Event()
        self.leave = Event()
        self.call = Call(self._visit, limit, host)

    def _visit(self, limit: HostLimit, host: Host) -> None:
        with limit.permit(host):
            self.entered.set()
            arrives(self.leave)

    def end(self) -> None:
        """Leave, and wait until the permit is given back."""
        self.leave.set()
        self.call.outcome()


def enter(limit: HostLimit) -> None:
    """Get a permit and give it back."""
    with limit.permit(HERE):
        pass


def test_never_more_than_the_limit_hold_a_permit() -> None:
    """Two are let in, the third waits until one of them leaves."""
    limit = HostLimit(2, Stop())
    first, second = Visit(limit), Visit(limit)
    arrives(first.entered)
    arrives(second.entered)
    third = Visit(limit)
    assert blocks(third.call)
    assert not third.entered.is_set()
    first.end()
    arrives(third.entered)
    second.end()
    third.end()


def test_servers_do_not_wait_for_one_another() -> None:
    """A permit counts only for its scheme, host and port."""
    limit = HostLimit(1, Stop())
    others: list[Host] = [HERE, THERE, ("https", "here.example", 80), ("http", "here.example", 81)]
    visits = [Visit(limit, host) for host in others]
    for visit in visits:
        arrives(visit.entered)
    for visit in visits:
        visit.end()


def test_two_who_ask_for_a_new_server_at_once_share_its_limit() -> None:
    """The table has one Semaphore a server, also where two threads ask for the first time together."""
    limit = HostLimit(1, Stop())
    together = Barrier(8)

    def ask() -> object:
        together.wait(PATIENCE_S)
        return limit._semaphore(HERE)

    calls = [Call(ask) for _ in range(8)]
    assert len({call.outcome() for call in calls}) == 1


def test_an_exception_does_not_use_a_permit_up() -> None:
    """An exception in the block gives the permit back."""
    limit = HostLimit(1, Stop())
    with pytest.raises(ValueError, match="refused"), limit.permit(HERE):
        raise ValueError("refused")
    enter(limit)


def test_two_that_are_sent_to_each_others_server_both_arrive() -> None:
    """With one connection each, giving the first permit back before asking for the second is what keeps both going."""
    limit, both_inside = HostLimit(1, Stop()), Barrier(2)

    def follow(start: Host, target: Host) -> str:
        with limit.permit(start):
            both_inside.wait(PATIENCE_S)
        with limit.permit(target):
            return target[1]

    calls = [Call(follow, HERE, THERE), Call(follow, THERE, HERE)]
    assert [call.outcome() for call in calls] == ["there.example", "here.example"]


def test_a_stop_wakes_all_who_wait_for_a_permit() -> None:
    """However many wait, each gets Stopped, although no permit was given back; none gets in."""
    stop = Stop()
    limit = HostLimit(1, stop)
    holder = Visit(limit)
    arrives(holder.entered)
    waiting = [Visit(limit) for _ in range(4)]
    assert all(blocks(visit.call) for visit in waiting)
    stop.set(ValueError())
    for visit in waiting:
        with pytest.raises(Stopped):
            visit.call.outcome()
        assert not visit.entered.is_set()
    holder.end()


def test_a_stop_while_a_permit_is_asked_for_is_not_lost() -> None:
    """A thread that has found the Semaphore but does not wait yet when the run is stopped is woken too."""
    stop = Stop()
    limit = HostLimit(1, stop)
    holder = Visit(limit)
    arrives(holder.entered)
    late = Halted((inspect.unwrap(HostLimit.permit), "with semaphore:"), enter, limit)
    arrives(late.arrived)
    stop.set(ValueError())
    with pytest.raises(Stopped):
        late.go_on()
    holder.end()
