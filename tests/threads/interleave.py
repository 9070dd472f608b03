"""All interleavings of a few threads, one after the other: a scheduler that lets one thread run at a time and says which.

    explore(lambda: scene, [first, second], check)

Each actor runs in a thread of its own, but only while it has the turn. Before every line of `logproc.threads` and of the scene,
and wherever a lock is taken or let go, the turn may go to another. `explore` runs the scene again and again until every choice
has been made once. How many switches in the middle of somebody's work there may be is bounded, which is what makes it finish:
nearly all races need no more than two (M. Musuvathi, S. Qadeer, "Iterative Context Bounding", PLDI 2007).

Locks are replaced by ones that know the scheduler: a thread that would wait hands the turn on. Condition, Event and Semaphore
of the standard library are written in Python around locks, so they come along by themselves, and are explored as well.
SimpleQueue is written in C; the standard library has a second one in Python, for interpreters without the first, and that one
is used here. If no thread can run and not all have ended, that is a deadlock, and `explore` says which threads wait where. A
wait with a timeout ends only if nothing else can happen, so clocks do not matter.
"""

from __future__ import annotations

import _thread
import queue
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar
from unittest.mock import patch

Scene = TypeVar("Scene")
PACKAGE = str(Path(__file__).parents[2] / "logproc" / "threads")
IMPORTERS = ("committer", "hosts", "in_order", "shared_tally", "spool", "stop")
"""The modules of the package that have `Lock` by name."""
preemptions = 1
"""How many switches in the middle of somebody's work an interleaving may have; `make soak` allows two."""
PATIENCE_S = 30.0


class Deadlock(AssertionError):
    """No thread can run, and not all have ended."""


class Actor:
    """One thread of a scene. waits_for: the lock it waits for, None if it can run."""

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.turn = _thread.allocate_lock()
        self.turn.acquire()
        self.waits_for: ScheduledLock | None = None
        self.may_time_out = False
        self.ended = False
        self.error: BaseException | None = None
        self.thread_id = 0


class Scheduler:
    """One run of a scene, along a list of choices; `options` holds how many there were at each."""

    def __init__(self, choices: Sequence[int], preemptions: int) -> None:
        self.choices = choices
        self.options: list[int] = []
        self._preemptions = preemptions
        self._actors: list[Actor] = []
        self._current: Actor | None = None
        self._done = _thread.allocate_lock()
        self._done.acquire()
        self.deadlock: str | None = None

    def run(self, works: Sequence[Callable[[], None]]) -> None:
        """Run all to their ends. Raises Deadlock, and what one of them raised."""
        self._actors = [Actor(work) for work in works]
        for actor in self._actors:
            _thread.start_new_thread(self._live, (actor,))
        self._hand_on(None)
        assert self._done.acquire(timeout=PATIENCE_S), "the scheduler itself hangs"
        if self.deadlock:
            raise Deadlock(self.deadlock)
        for actor in self._actors:
            if actor.error:
                raise actor.error

    def switch(self) -> None:
        """Perhaps let another go on. Called by whoever has the turn, before its next step."""
        current = self.me()
        if current:
            self._hand_on(current)

    def wait(self, lock: ScheduledLock, *, may_time_out: bool) -> bool:
        """Hand the turn on until a lock was let go; return False if that never comes and the wait has a timeout."""
        actor = self.me()
        assert actor is not None, "a lock is held by an actor while none runs"
        actor.waits_for, actor.may_time_out = lock, may_time_out
        self._hand_on(actor)
        return actor.waits_for is None or self._give_up(actor)

    def released(self, lock: ScheduledLock) -> None:
        """Let all threads that wait for a lock run again."""
        for actor in self._actors:
            if actor.waits_for is lock:
                actor.waits_for = None

    def me(self) -> Actor | None:
        """Return the actor whose thread this is, None outside of the run."""
        return self._current if self._current and self._current.thread_id == _thread.get_ident() else None

    def _give_up(self, actor: Actor) -> bool:
        actor.waits_for = None
        return False

    def _live(self, actor: Actor) -> None:
        actor.thread_id = _thread.get_ident()
        actor.turn.acquire()
        sys.settrace(self._trace)
        try:
            actor.work()
        except BaseException as error:
            actor.error = error
        sys.settrace(None)
        actor.ended = True
        self._hand_on(actor)

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            self.switch()
        return self._trace if frame.f_code.co_filename.startswith(PACKAGE) or "/test_" in frame.f_code.co_filename else None

    def _hand_on(self, current: Actor | None) -> None:
        """Choose the next thread, and wait for the caller's next turn, unless it has ended."""
        chosen = self._choose(current)
        self._current = chosen
        if chosen is current:
            return
        if chosen:
            chosen.turn.release()
        else:
            self._done.release()
        if current and not current.ended:
            current.turn.acquire()

    def _choose(self, current: Actor | None) -> Actor | None:
        able = [actor for actor in self._actors if not actor.ended and actor.waits_for is None]
        if not able:
            able = [actor for actor in self._actors if not actor.ended and actor.may_time_out]
        if not able:
            left = [actor for actor in self._actors if not actor.ended]
            self.deadlock = "\n".join(map(where, left)) if left else None
            return None
        if current in able:
            able.remove(current)
            able = [current, *(able if self._preemptions else [])]
        place = self.choices[len(self.options)] if len(self.options) < len(self.choices) else 0
        self.options.append(len(able))
        if current is able[0] and place:
            self._preemptions -= 1
        return able[place]


def where(actor: Actor) -> str:
    """Return where an actor waits."""
    frame = sys._current_frames().get(actor.thread_id)
    return "waits for ever:\n" + "".join(traceback.format_stack(frame)[-6:-2])


class ScheduledLock:
    """A lock that hands the turn on where it would block. `owner` and `depth` make it a lock that may be taken again."""

    def __init__(self, scheduler: Scheduler, *, again: bool = False) -> None:
        self._scheduler = scheduler
        self._again = again
        self._owner = 0
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock."""
        self._scheduler.switch()
        while self._depth and not (self._again and self._owner == _thread.get_ident()):
            if not blocking or not self._scheduler.wait(self, may_time_out=timeout >= 0):
                return False
        self._owner, self._depth = _thread.get_ident(), self._depth + 1
        return True

    def release(self) -> None:
        """Let the lock go."""
        self._depth -= 1
        if not self._depth:
            self._scheduler.released(self)
            self._scheduler.switch()

    def locked(self) -> bool:
        """Return whether somebody has it."""
        return self._depth > 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _is_owned(self) -> bool:
        """Return whether the calling thread has it: what a Condition asks of its lock."""
        return self._depth > 0 and self._owner == _thread.get_ident()


@contextmanager
def scheduled(scheduler: Scheduler) -> Iterator[None]:
    """Have all locks that are made while the block runs be the scheduler's."""

    def lock() -> ScheduledLock:
        return ScheduledLock(scheduler)

    def lock_again() -> ScheduledLock:
        return ScheduledLock(scheduler, again=True)

    with ExitStack() as stack:
        for name, maker in {"Lock": lock, "RLock": lock_again, "_allocate_lock": lock}.items():
            stack.enter_context(patch.object(threading, name, maker))
        # The queue of the standard library in Python: the one in C has no locks that could be scheduled.
        stack.enter_context(patch("logproc.threads.channel.SimpleQueue", vars(queue)["_PySimpleQueue"]))
        for module in IMPORTERS:
            stack.enter_context(patch(f"logproc.threads.{module}.Lock", lock))
        yield


def explore(
    make: Callable[[], Scene],
    works: Sequence[Callable[[Scene], None]],
    check: Callable[[Scene], None],
) -> int:
    """Run every interleaving of the works over a new scene each, and `check` the scene after it; return how many there are.

    Raises what a work or the check raises, with a note of the choices that led there, and Deadlock.
    """
    choices: list[int] | None = []
    count = 0
    while choices is not None:
        scheduler = Scheduler(choices, preemptions)
        try:
            with scheduled(scheduler):
                scene = make()
                scheduler.run([bound(work, scene) for work in works])
                check(scene)
        except BaseException as error:
            error.add_note(f"interleaving {count + 1}: choices {choices}")
            raise
        count += 1
        choices = following(choices, scheduler.options)
    return count


def bound(work: Callable[[Scene], None], scene: Scene) -> Callable[[], None]:
    """Return a work over a scene."""
    return lambda: work(scene)


def following(choices: Sequence[int], options: Sequence[int]) -> list[int] | None:
    """Return the next list of choices in the order of a tree walked depth first, None after the last."""
    made = [*choices, *[0] * (len(options) - len(choices))]
    while made and made[-1] + 1 >= options[len(made) - 1]:
        made.pop()
    if not made:
        return None
    made[-1] += 1
    return made
