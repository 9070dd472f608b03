"""Stop: set once, seen by all, and no wake-up is lost."""

from __future__ import annotations

from threading import Event

import pytest

from logproc.threads.stop import Stop
from tests.threads.tools import Call, Halted, arrives, blocks


def test_a_sleeper_wakes_at_once_when_the_run_is_stopped() -> None:
    """A stop wakes a sleeping thread, however long its sleep."""
    stop = Stop()
    sleeper = Call(stop.wait, None)
    assert blocks(sleeper)
    stop.set(ValueError())
    assert sleeper.outcome() is True


def test_a_sleep_that_ends_by_itself_says_so() -> None:
    """A sleep that ends by itself returns False."""
    assert Stop().wait(0) is False


def test_the_first_cause_stays() -> None:
    """A failure while stopping does not hide why the run is being stopped."""
    stop, first = Stop(), ValueError("first")
    stop.set(first)
    stop.set(KeyError("second"))
    assert stop.is_set()
    assert stop.cause is first


def test_whoever_sees_the_flag_finds_the_cause() -> None:
    """The cause is there before the flag: a thread that is woken can tell why."""
    stop, causes = Stop(), list[BaseException | None]()
    stop.on_set(lambda: causes.append(stop.cause))
    cause = ValueError()
    stop.set(cause)
    assert causes == [cause]


@pytest.mark.parametrize("line", ["self._event.set()", "for wake in wakers"])
def test_a_waker_registered_while_the_run_is_being_stopped_is_called(line: str) -> None:
    """Wherever `set` has come to when a waker is registered, one of the two calls it."""
    stop, woken = Stop(), Event()
    setter = Halted((Stop.set, line), stop.set, ValueError())
    arrives(setter.arrived)
    stop.on_set(woken.set)
    setter.go_on()
    assert woken.is_set()


def test_a_stop_while_a_waker_is_being_registered_calls_it() -> None:
    """A waker that is registered while the run is being stopped is called too."""
    stop, woken = Stop(), Event()
    registrar = Halted((Stop.on_set, "if self.is_set()"), stop.on_set, woken.set)
    arrives(registrar.arrived)
    stop.set(ValueError())
    assert woken.is_set()
    registrar.go_on()


def test_a_waker_that_comes_too_late_is_called_at_once() -> None:
    """After the stop a waker is called by its registration."""
    stop, woken = Stop(), Event()
    stop.set(ValueError())
    stop.on_set(woken.set)
    assert woken.is_set()


def test_wakers_are_called_holding_no_lock() -> None:
    """While a waker runs, any other thread may use the Stop."""
    stop = Stop()
    seen: list[BaseException] = []
    stop.on_set(lambda: seen.append(Call(lambda: stop.cause).outcome()))
    cause = ValueError()
    Call(stop.set, cause).outcome()
    assert seen == [cause]


def test_a_waker_may_stop_the_run_itself() -> None:
    """A waker that finds something wrong calls `set` again, and that neither blocks nor goes round in a circle."""
    stop, calls = Stop(), list[int]()

    def wake() -> None:
        calls.append(1)
        stop.set(KeyError())

    stop.on_set(wake)
    Call(stop.set, ValueError()).outcome()
    assert calls == [1]


def test_a_waker_that_fails_leaves_nobody_asleep() -> None:
    """All wakers are called, also after one that raises, and `set` does not raise."""
    stop, woken = Stop(), Event()

    def fail() -> None:
        raise OSError

    stop.on_set(fail)
    stop.on_set(woken.set)
    stop.set(ValueError())
    assert woken.is_set()


def test_a_waker_is_forgotten_after_its_block() -> None:
    """A waker that was registered for a block is called by a stop in it, and by none after it."""
    stop, calls = Stop(), list[str]()
    with stop.waking(lambda: calls.append("first")):
        pass
    with stop.waking(lambda: calls.append("second")):
        stop.set(ValueError())
    assert calls == ["second"]
