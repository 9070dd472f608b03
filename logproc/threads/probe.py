"""ThreadPoolExecutor.map: the same question to each of a finite list, answers in the order asked.

Invariant: the n-th answer belongs to the n-th question, whichever thread was quicker.

Use `map` where the list is short and all of it is there, and the results are wanted in order: opening a thousand
files on a network disk takes as long as the slowest few, not as the sum. An exception is raised where its result
would have come.
Do not use it for an endless or a large input: `map` submits everything at once, before the first result.

Python 3.14 has `map(buffersize=…)` for exactly that case.

Here the wait may be broken off by a signal, so there is no `with ThreadPoolExecutor(…)`: it would wait for all answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from logproc.captions import caption
from logproc.model import Probe, Source
from logproc.threads.reader import refused

THREADS = 8


@caption("waits for a look at each file")
def probe_all(sources: Sequence[Source], look: Callable[[Source], Probe]) -> list[Probe]:
    """Look at the first bytes of all sources; return what was seen, in their order. Blocks until all have been looked at.

    If the wait is broken off by a signal, what has not begun is cancelled. Where no thread can be started the
    caller looks for itself, and looks again at what a thread looked at meanwhile: looking changes nothing.
    """
    if not sources:
        return []
    executor = ThreadPoolExecutor(min(THREADS, len(sources)), thread_name_prefix="probe")
    try:
        return list(executor.map(look, sources))
    except RuntimeError as error:
        if not refused(error):
            raise
        return [look(source) for source in sources]
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
