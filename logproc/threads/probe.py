"""ThreadPoolExecutor.map: the same question to each of a finite list, answers in the order asked.

Invariant: the n-th answer belongs to the n-th question, whichever thread was quicker.

Use `map` where the list is short and all of it is there, and the results are wanted in order: opening a thousand
files on a network disk takes as long as the slowest few, not as the sum. An exception is raised where its result
would have come.
Do not use it for an endless or a large input: `map` submits everything at once, before the first result.

`map` hands out its answers one by one, and waits for each in code that a signal must not break off. So a thread of its own
goes through them, and main gets all of them in one message (see channel). A stop cancels the questions that nobody has begun;
there is no `with ThreadPoolExecutor(…)`, which would wait for those that have.

Python 3.14 has `map(buffersize=…)` for a large input.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Thread

from logproc.model.chunk import Probe
from logproc.model.source import Source
from logproc.threads.reader import refused
from logproc.threads.signals import blocked
from logproc.threads.stop import Stop

THREADS = 8


@dataclass(frozen=True, slots=True)
class Probed:
    """What a look at each of some files has shown, in their order."""

    probes: Sequence[Probe]


def start_probing(
    sources: Sequence[Source], look: Callable[[Source], Probe], put: Callable[[Probed], None], stop: Stop
) -> None:
    """Look at the first bytes of all sources, in threads, and `put` what was seen. What a look raises stops the run.

    Where no thread can be started the caller looks for itself, and blocks until all has been looked at.
    """
    if not sources:
        put(Probed(()))
        return

    def run() -> None:
        try:
            put(Probed(probe_all(sources, look, stop)))
        except BaseException as error:
            stop.set(error)

    try:
        with blocked():
            Thread(target=run, name="probe", daemon=True).start()
    except RuntimeError as error:
        if not refused(error):
            raise
        run()


def probe_all(sources: Sequence[Source], look: Callable[[Source], Probe], stop: Stop) -> list[Probe]:
    """Look at the first bytes of all sources; return what was seen, in their order. Blocks until all have been looked at.

    On a stop, what has not begun is cancelled, and CancelledError is raised. Where no thread can be started the caller looks
    for itself, and looks again at what a thread looked at meanwhile: looking changes nothing.
    """
    executor = ThreadPoolExecutor(min(THREADS, len(sources)), thread_name_prefix="probe")
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
