"""What main is told in a run on a cluster, and how it says that the cluster does not work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from logproc.model.errors import EXIT_INCOMPLETE, LogprocError
from logproc.pipeline.cluster.pieces import Piece
from logproc.pipeline.cluster.tasks import HERE, Part
from logproc.pipeline.cluster.tree import Place, Tree

if TYPE_CHECKING:
    from distributed import Client, Future

LOOK_S = 1.0
PATIENCE_S = 20.0
"""So long a run waits for a worker, or for a scheduler that does not answer. Of a cluster that starts, some come late."""
LOST = "the scheduler is gone", "see its log; run again"
SILENT = f"the scheduler has not answered for {PATIENCE_S:.0f} s", "see its log; run again"
NO_WORKERS = f"the cluster has had no worker for {PATIENCE_S:.0f} s", f"start some with `dask worker`; each needs {HERE}"
DYING = "the workers die again and again", "see their logs; perhaps they need more memory"
TOO_LARGE = "joining the counts kills workers", "bound the keys with --max-keys, or give workers more memory"


class ClusterError(LogprocError):
    """The cluster does not work, so that nothing of a run can go on."""

    exit_code = EXIT_INCOMPLETE


class Group:
    """Pieces that are joined first: the ranges of one file, or the sources of a lot that are read again one by one."""

    def __init__(self, number: int, pieces: Sequence[Piece]) -> None:
        self.number = number
        self.pieces = pieces
        self.begins: dict[int, Future] = {}
        self.tree: Tree[Future] = Tree(len(pieces))


class Done(Struct, frozen=True):
    """A Future that has ended, well or with an error, and its place in the tree of a group, or in that of all groups.

    alone: whether nothing else was run while it was.
    """

    group: Group | None
    place: Place
    alone: bool
    future: Any
    error: BaseException | None


class Workers(Struct, frozen=True):
    """How many workers there are, and threads in them."""

    count: int
    threads: int


class Fetched(Struct, frozen=True):
    """The counts of everything."""

    part: Part


def watch_workers(client: Client, put: Callable[[Workers], None]) -> None:
    """Have main told every second how many workers there are, for as long as the client is open."""
    from tornado.ioloop import PeriodicCallback

    async def look() -> None:
        with suppress(OSError):  # main notices the silence
            found = await client.scheduler.identity(n_workers=0)
            put(Workers(found["n_workers"], found["total_threads"]))

    client.loop.add_callback(look)
    client.loop.add_callback(PeriodicCallback(look, LOOK_S * 1000).start)


def fetched(root: Future) -> Fetched | ClusterError:
    """Return the last part, from the worker that has it. Blocks until it is here."""
    try:
        return Fetched(root.result())
    except Exception as error:  # what is raised is not ours to list, and this is the end of a thread
        return ClusterError(f"the result cannot be fetched: {error}", LOST[1])
