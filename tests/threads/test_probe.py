"""probe_all: answers in the order asked, from questions that run together."""

from __future__ import annotations

from threading import Barrier, Event, current_thread

import pytest

from logproc.model import Probe, Source
from logproc.threads.probe import THREADS, probe_all
from tests.threads.tools import PATIENCE_S, Call, arrives, no_thread_can_start, source, thread_starts


def test_answers_come_in_the_order_asked_while_the_questions_run_together() -> None:
    """Each question waits until the one after it is answered, so the last is answered first and the first comes first."""
    answered = [Event() for _ in range(THREADS + 1)]
    answered[-1].set()

    def look(asked: Source) -> Probe:
        arrives(answered[asked.index + 1])
        answered[asked.index].set()
        return Probe(asked.index, None)

    probes = Call(probe_all, [source(index) for index in range(THREADS)], look).outcome()
    assert [probe.size_bytes for probe in probes] == list(range(THREADS))


def test_never_more_than_a_few_look_at_once() -> None:
    """A thousand files do not make a thousand threads."""
    names: set[str] = set()

    def look(asked: Source) -> Probe:
        names.add(current_thread().name)
        return Probe(asked.index, None)

    assert len(probe_all([source(index) for index in range(1000)], look)) == 1000
    assert len(names) <= THREADS


def test_nothing_to_ask() -> None:
    """No question gives no answer, and starts no thread."""
    with no_thread_can_start():
        assert probe_all([], lambda asked: Probe(asked.index, None)) == []


def test_an_exception_ends_the_wait_and_cancels_what_has_not_begun() -> None:
    """A question that fails raises at once, although others take long; those that nobody has begun are never asked."""
    together, leave, asked_for = Barrier(THREADS), Event(), list[int]()

    def look(asked: Source) -> Probe:
        asked_for.append(asked.index)
        if asked.index < THREADS:
            together.wait(PATIENCE_S)
        if asked.index == 0:
            raise ValueError("surprise")
        arrives(leave)
        return Probe(asked.index, None)

    with pytest.raises(ValueError, match="surprise"):
        Call(probe_all, [source(index) for index in range(1000)], look).outcome()
    leave.set()
    assert len(asked_for) <= THREADS + 1


@pytest.mark.parametrize("allowed", range(4))
def test_where_threads_cannot_start_the_caller_looks_itself(allowed: int) -> None:
    """However many threads the system has left, none included, every question is answered, in order."""
    with thread_starts(allowed):
        probes = probe_all([source(index) for index in range(20)], lambda asked: Probe(asked.index, None))
    assert [probe.size_bytes for probe in probes] == list(range(20))
