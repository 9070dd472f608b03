"""From `--cluster` to a client of `distributed`, and back to nothing.

Only this package imports it, when a run needs it. Its settings, TLS among them, are those of Dask: its config files and
`DASK_…` variables.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logproc.model.errors import Interrupted, UsageError, nearest
from logproc.model.patterns import regex
from logproc.settings import usable_cores
from logproc.threads.grace import within_grace
from logproc.threads.signals import blocked

if TYPE_CHECKING:
    from distributed import Client

LOCAL = "local"
CONNECT_S = 10
ANSWER_S = 20
"""So long a whole answer may take: what the library waits for after it has connected has no limit of its own."""
ADDRESS = regex(r"(?:[a-z]+://)?[^/]+:[0-9]+")
START_HINT = "start one with `dask scheduler`, or use --cluster local"
TLS_HINT = "see distributed.comm.tls in the settings of Dask, and the log of the scheduler"
HINT = "name an address such as tcp://host:8786, the file of a scheduler, or local"
LOCAL_SETTINGS = {"distributed.scheduler.worker-ttl": "30s", "distributed.scheduler.worker-saturation": 1.0}
"""Of the scheduler that `local` starts. A worker that says nothing for so long is frozen, and its tasks run elsewhere. Each
worker has only the task it works on, so that no other is suspected if it dies."""


@contextmanager
def connected(where: str, workers: int | None) -> Iterator[Client]:
    """Connect to a scheduler: an address, the path of a scheduler file, or `local` for one of our own on this machine.

    workers: processes to start there; as many as cores by default. Blocks for ANSWER_S at most. Raises UsageError if
    `distributed` is missing, or nothing answers, and Interrupted. At the end everything that was begun here is closed.
    """
    try:
        import distributed  # noqa: F401 - its settings come with it
    except ImportError as error:
        raise UsageError("--cluster needs the package distributed", "pip install 'logproc[cluster]'") from error
    hush()
    target = None if where == LOCAL else address(where)
    with ExitStack() as stack:
        try:
            client = within_grace(partial(begin, stack, target, workers), most_s=ANSWER_S)
        except Interrupted:
            raise
        except Exception as error:  # whatever the library raises for a certificate, a version or a port
            is_tls = target is not None and target.startswith("tls:")
            raise UsageError(f"--cluster {where}: {reason(error)}", TLS_HINT if is_tls else START_HINT) from error
        yield client


def begin(stack: ExitStack, target: str | None, workers: int | None) -> Client:
    """Return a client of the scheduler at an address, or of a new one with workers: processes with one thread each."""
    from multiprocessing import resource_tracker

    import dask
    from distributed import Client, LocalCluster

    if not target:
        with blocked():  # Ctrl-C is for this process alone, but where the tracker starts, it lets signals through again
            resource_tracker.ensure_running()
        stack.enter_context(dask.config.set(LOCAL_SETTINGS))
        of_workers: dict[str, Any] = {"n_workers": workers or usable_cores(), "threads_per_worker": 1}
        target = stack.enter_context(LocalCluster(**of_workers, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL))
    client = Client(target, timeout=CONNECT_S, set_as_default=False)
    stack.callback(client.close, timeout=2)
    return client


def hush() -> None:
    """Have the library say nothing on stderr, unless everything is wanted there: what a user should know, we say."""
    if logging.getLogger().getEffectiveLevel() > logging.DEBUG:
        warnings.filterwarnings("ignore", module="distributed")
        for name in ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


def address(where: str) -> str:
    """Return the address of a scheduler that a user has named.

    >>> address("tcp://10.0.0.1:8786"), address("scheduler:8786")
    ('tcp://10.0.0.1:8786', 'tcp://scheduler:8786')
    """
    if ADDRESS.fullmatch(where):
        return where if "://" in where else f"tcp://{where}"
    try:
        return str(json.loads(Path(where).read_bytes())["address"])
    except FileNotFoundError:
        what = "not an address" if "://" in where else "no such scheduler file"
        raise UsageError(f"--cluster {where}: {what}", nearest(where, [LOCAL], HINT)) from None
    except (OSError, ValueError, LookupError, TypeError):
        raise UsageError(f"--cluster {where}: not the file of a scheduler", HINT) from None


def reason(error: BaseException) -> str:
    """Return why a scheduler cannot be reached, in a few words: the last cause says most."""
    while deeper := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = deeper
    if isinstance(error, OSError):
        return f"no scheduler answers: {error.strerror.lower()}" if error.strerror else "no scheduler answers"
    return re.split(r" \(|\n", str(error))[0] or type(error).__name__
