"""Handover: begun once, never after it was closed, and whoever closes it knows."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from logproc.model.errors import Stopped
from logproc.threads.handover import Handover


def test_the_first_use_begins_and_no_other() -> None:
    calls: list[int] = []
    handover = Handover(lambda: calls.append(1))
    handover.use()
    handover.use()
    assert calls == [1]
    assert handover.close()


def test_what_is_closed_never_begins() -> None:
    calls: list[int] = []
    handover = Handover(lambda: calls.append(1))
    assert not handover.close()
    with pytest.raises(Stopped):
        handover.use()
    assert not calls


def test_close_waits_for_what_is_just_beginning() -> None:
    """Otherwise main would leave, and a pager that nobody waits for would have the terminal."""
    beginning, go_on, closed = Event(), Event(), list[bool]()

    def begin() -> None:
        beginning.set()
        assert go_on.wait(10)

    handover = Handover(begin)
    writer = Thread(target=handover.use)
    writer.start()
    assert beginning.wait(10)
    closer = Thread(target=lambda: closed.append(handover.close()))
    closer.start()
    closer.join(0.1)
    assert closer.is_alive()
    go_on.set()
    closer.join(10)
    writer.join(10)
    assert closed == [True]


def test_a_beginning_that_fails_is_over() -> None:
    """Its exception is for whoever used it; closing does not wait for ever."""

    def begin() -> None:
        raise OSError

    handover = Handover(begin)
    with pytest.raises(OSError):  # noqa: PT011
        handover.use()
    assert handover.close()
