"""ThreadPoolExecutor.map: the same function for each item of a list, results in the order of the list.

Invariant: the n-th result belongs to the n-th item, whichever thread was faster.

Use `map` where the list is short and complete, and the results are needed in order: opening a thousand files on a network
disk takes as long as the slowest few, not as the sum. An exception is raised in place of its result.
Do not use it for an endless or a large input: `map` submits everything at once, before the first result.

`map` waits for each result in code that a signal handler must not interrupt by an exception. So a separate thread collects
them, and main gets all of them in one message (see channel). A stop cancels what has not begun. `with ThreadPoolExecutor(…)`
would also wait for what has begun, so it is not used.

Python 3.14 has `map(buffersize=…)` for a large input.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from msgspec import Struct

from logproc.model.errors import Stopped
from logproc.threads.pool import name_for_people
from logproc.threads.reader import refused
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

THREADS = 8
"""The most threads, and files that are open at once."""
TRIED_S = 0.005
"""In less time, a thread may just not have been scheduled."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Probed(Struct, frozen=True):
    """The answers for some items, in their order."""

    probes: Sequence[Any]


def start_probing(
    sources: Sequence[Item],
    look: Callable[[Item], Any],
    put: Callable[[Probed], None],
    stop: Stop,
    threads: int = THREADS,
) -> None:
    """Probe all sources in at most so many threads, and `put` the results. An exception in `look` stops the run.

    An item may be a batch of many small files: handing one file at a time to a thread costs more than looking at it.

    If no thread can be started, the caller probes them itself, and blocks until then.
    """
    if not sources:
        put(Probed(()))
        return

    def run() -> None:
        try:
            put(Probed(probe_in_turn(sources, look, stop, threads)))
        except BaseException as error:
            stop.set(error)

    try:
        with blocked():
            # A daemon: a file on a server that is gone may block it for ever.
            Thread(target=run, name="probe", daemon=True).start()
    except RuntimeError as error:
        if not refused(error):
            raise
        run()


def probe_in_turn(
    sources: Sequence[Item],
    look: Callable[[Item], Answer],
    stop: Stop,
    threads: int,
    now: Callable[[], float] = time.monotonic,
    worked: Callable[[], float] = time.thread_time,
) -> list[Answer]:
    """Probe all sources, in several threads only if that helps; return the results in their order.

    Threads help where `look` waits, for a slow disk or a server. Where it works, they take the GIL from each other at every
    call to the system: 1,000 small JSON files took 2.6 s in one thread and 5.2 s in eight. So the calling thread begins by
    itself, and gets help once an item took more time than it worked. A few sources may be large archives: these are not tried.

    now, worked: a clock, and one that only goes on while the calling thread works.
    """
    if len(sources) <= threads:
        return probe_all(sources, look, stop, threads)
    answers: list[Answer] = []
    for at, item in enumerate(sources):
        if stop.is_set():
            raise Stopped
        began, had_worked = now(), worked()
        answers.append(look(item))
        took_s = now() - began
        if took_s > TRIED_S and worked() - had_worked < took_s / 2:
            return answers + probe_all(sources[at + 1 :], look, stop, threads)
    return answers


def probe_all(sources: Sequence[Item], look: Callable[[Item], Answer], stop: Stop, threads: int = THREADS) -> list[Answer]:
    """Probe all sources; return the results in their order. Blocks until all are done.

    On a stop, what has not begun is cancelled, and CancelledError is raised. If no thread can be started, the caller probes
    all of them itself; some may be probed twice, which does no harm.
    """
    if not sources:
        return []
    executor = ThreadPoolExecutor(min(threads, len(sources)), thread_name_prefix="probe", initializer=name_for_people)
    cancel = partial(executor.shutdown, wait=False, cancel_futures=True)
    try:
        with stop.waking(cancel):
            return list(executor.map(look, sources))
    except RuntimeError as error:
        if not refused(error):
            raise
        return [look(source) for source in sources]
    finally:
        cancel()
