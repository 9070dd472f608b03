"""From `--cluster` to a client of `distributed`, and back to nothing.

This is the only module that imports it, when a run needs it. Its settings, TLS among them, are those of Dask: its config files
and `DASK_…` variables.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from logproc.model.errors import UsageError, nearest
from logproc.settings import usable_cores
from logproc.threads.signals import blocked

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
CONNECT_S = 10
LOCAL_SETTINGS = {"distributed.scheduler.worker-ttl": "30s"}
"""Of the scheduler that `local` starts: a worker that says nothing for so long is frozen, and its tasks run elsewhere."""


@contextmanager
def connected(where: str, workers: int | None) -> Iterator[Client]:
    """Connect to a scheduler: an address, the path of a scheduler file, or `local` for one of our own on this machine.

    workers: processes to start there; as many as cores by default. Blocks for some seconds at most. Raises UsageError if
    `distributed` is missing, or nothing answers. At the end everything that was begun here is closed.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise UsageError("--cluster needs the package distributed", "pip install 'logproc[cluster]'") from error
    level = logging.getLogger().getEffectiveLevel()
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL if level > logging.DEBUG else logging.DEBUG)
    with ExitStack() as stack:
        try:
            with blocked():  # its threads and processes must not take our signals
                stack.enter_context(dask.config.set(LOCAL_SETTINGS if where == LOCAL else {}))
                target = stack.enter_context(started(workers)) if where == LOCAL else address(where)
                client = distributed.Client(**target, timeout=CONNECT_S, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(
                f"--cluster {where}: {reason(error)}", "start one with `dask scheduler`, or use --cluster local"
            ) from error
        stack.callback(client.close, timeout=2)
        yield client


@contextmanager
def started(workers: int | None) -> Iterator[dict[str, Any]]:
    """Start a scheduler and workers on this machine, each worker a process with one thread."""
    from distributed import LocalCluster

    count = workers or usable_cores()
    quiet = logging.CRITICAL
    with LocalCluster(count, threads_per_worker=1, dashboard_address=None, silence_logs=quiet) as cluster:
        yield {"address": cluster}


def address(where: str) -> dict[str, Any]:
    """Return how `Client` is told where its scheduler is.

    >>> address("tcp://10.0.0.1:8786"), address("scheduler:8786")
    ({'address': 'tcp://10.0.0.1:8786'}, {'address': 'tcp://scheduler:8786'})
    """
    if "://" in where:
        return {"address": where}
    host, _, port = where.rpartition(":")
    if host and port.isdigit():
        return {"address": f"tcp://{where}"}
    if not os.path.exists(where):  # noqa: PTH110 - as it was typed
        hint = nearest(where, [LOCAL], "name an address such as tcp://host:8786, the file of a scheduler, or local")
        raise UsageError(f"--cluster {where}: no such scheduler file", hint)
    return {"scheduler_file": where}


def reason(error: Exception) -> str:
    """Return why a scheduler cannot be reached, in a few words: the last cause says most."""
    while error.__cause__ or (error.__context__ and not error.__suppress_context__):
        deeper = error.__cause__ or error.__context__
        if not isinstance(deeper, Exception):
            break
        error = deeper
    words = error.strerror if isinstance(error, OSError) and error.strerror else ""
    return f"no scheduler answers: {words.lower()}" if words else "no scheduler answers"
