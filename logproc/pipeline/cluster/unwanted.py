"""Tasks that nobody wants any more, because the client has gone, or has got what it wanted: they stop reading.

`distributed` drops such a task, but no Python can end the thread that runs it. A source may be a server that says nothing for
half a minute, and a worker whose threads all wait does nothing else. So each process notes what it runs, and a plugin of its
worker stops what the worker drops.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from logproc.model.errors import Stopped
from logproc.threads.stop import Stop

RUNNING: dict[str, Stop] = {}
"""The tasks of this process, by their keys. Each entry is set and deleted by the thread that runs the task."""


@contextmanager
def stopped_when_unwanted(stop: Stop) -> Iterator[None]:
    """Set the stop if the task that this thread runs is dropped while the block runs. Not in a task: do nothing."""
    from distributed.worker import get_worker, thread_state

    key = getattr(thread_state, "key", None)
    if key is None:
        yield
        return
    watch(get_worker())
    RUNNING[key] = stop
    try:
        yield
    finally:
        del RUNNING[key]


@cache
def watch(worker: Any) -> None:
    """Have a worker tell what it drops. Blocks for a moment at its first task."""
    from distributed import WorkerPlugin

    class Dropped(WorkerPlugin):  # type: ignore[misc]  # in here, since it needs the library
        name = "logproc-dropped"

        def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
            if start == "executing" and finish == "released" and (stop := RUNNING.get(key)):
                stop.set(Stopped())

    worker.loop.add_callback(worker.plugin_add, plugin=Dropped(), catch_errors=True)
