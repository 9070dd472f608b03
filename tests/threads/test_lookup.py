"""A call that nothing can wake, waited for with a limit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from unittest.mock import patch

import pytest

from logproc.model.errors import Stopped
from logproc.threads.lookup import LookUp
from tests.threads.tools import PATIENCE_S, Call


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """Return an event that calls wait for; it comes when the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def test_the_answer_comes_through() -> None:
    """What the call returns is returned, what it raises is raised."""
    assert LookUp(lambda: 7).wait(PATIENCE_S) == 7
    with pytest.raises(OSError, match="no such name"):
        LookUp(lambda: (_ for _ in ()).throw(OSError("no such name")).__next__()).wait(PATIENCE_S)


def test_the_call_is_made_in_a_thread_of_its_own() -> None:
    """The caller's thread is free during the call, and the new thread has a readable name."""
    assert LookUp(lambda: threading.current_thread().name).wait(PATIENCE_S) == "name look-up"


def test_a_wait_has_an_end(hanging: threading.Event) -> None:
    """A call that does not return is left after the time."""
    with pytest.raises(TimeoutError):
        LookUp(hanging.wait).wait(0.01)


def test_a_blocked_wait_is_cancelled(hanging: threading.Event) -> None:
    """`cancel` from another thread ends a wait that has begun, and one that comes later."""
    look_up = LookUp(hanging.wait)
    blocked = Call(look_up.wait, PATIENCE_S)
    look_up.cancel()
    with pytest.raises(Stopped):
        blocked.outcome()
    look_up.cancel()
    with pytest.raises(Stopped):
        look_up.wait(PATIENCE_S)


def test_without_a_thread_to_give_the_caller_makes_the_call() -> None:
    """Where the system starts no thread the answer comes all the same."""
    with patch.object(threading.Thread, "start", side_effect=RuntimeError("can't start new thread")):
        assert LookUp(threading.current_thread).wait(0) is threading.current_thread()
