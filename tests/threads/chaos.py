"""Chaos by the numbers: threads that let others go first at every hand-over, as a seed says.

A race needs two threads at the wrong place at the same time, and the usual schedule hardly ever has them there. Here every
thread throws dice of its own, made from the seed and its name, whenever a function of `logproc.threads`, of the pipeline or
of a test is entered or left, and whenever one of them calls into C, which is where locks, queues and events are asked. Then
it goes on, or gives its turn away, or waits for a moment. The same seed throws the same dice; what the operating system makes
of it still differs, so a seed that finds something is tried again some hundred times, not once.
"""

from __future__ import annotations

import os
import random
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGE = Path(__file__).parents[2] / "logproc"
HANDS = (str(PACKAGE / "threads"), str(PACKAGE / "pipeline"), str(Path(__file__).parent))
"""Where work is handed from one thread to another."""
MOMENT_S = 0.0002
GOES_ON, GIVES_WAY = 0.6, 0.95
"""Below the first share a thread continues, below the second it yields; above that it waits briefly."""


class Dice(threading.local):
    """The dice of each thread."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random: random.Random | None = None

    def throw(self) -> float:
        """Return a number from 0 to 1."""
        if self.random is None:
            self.random = random.Random(f"{self.seed} {threading.current_thread().name}")
        return self.random.random()


@contextmanager
def chaos(seed: int) -> Iterator[None]:
    """Have the calling thread, and all that are started while the block runs, give way as the seed says."""
    dice, never = Dice(seed), threading.Event()

    def give_way(frame: FrameType, _event: str, _argument: Any) -> None:
        if frame.f_code.co_filename.startswith(HANDS):
            thrown = dice.throw()
            if thrown > GIVES_WAY:
                never.wait(MOMENT_S)
            elif thrown > GOES_ON:
                os.sched_yield()

    threading.setprofile(give_way)
    sys.setprofile(give_way)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
