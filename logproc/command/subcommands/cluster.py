"""`logproc analyze --cluster`: the same command, with its reading and counting done by the workers of a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from logproc.command.terminal.progress import LiveStatus
from logproc.model.errors import UsageError
from logproc.pipeline.cluster.connect import connected
from logproc.pipeline.cluster.fleet import Fleet, run_on_cluster
from logproc.pipeline.cluster.pieces import for_workers
from logproc.pipeline.openers import Openers
from logproc.pipeline.serial import Run
from logproc.threads.live import LiveView

if TYPE_CHECKING:
    from logproc.model.source import Source
    from logproc.settings import Settings


def check_cluster(options: Mapping[str, object]) -> None:
    """Raise UsageError for what only works where the lines are read. options: those that do, with what was given for them."""
    for name, given in options.items():
        if given:
            raise UsageError(f"{name} does not work with --cluster", "omit one of them")


def run_there(
    where: str,
    stack: ExitStack,
    sources: Sequence[Source],
    settings: Settings,
    openers: Openers,
    headers: Mapping[str, str],
    paint: Callable[[LiveStatus], None] | None,
) -> Run:
    """Run on a cluster. Raises UsageError for sources that only this machine has, and if there is no cluster.

    stack: closes the connection, at the latest possible moment: a report must not wait for that.
    """
    for source in sources:
        for_workers(source)  # raises before anything is started
    client = stack.enter_context(connected(where, settings.workers))
    fleet = Fleet(client, sources, settings, openers, headers)
    return run_on_cluster(fleet, [LiveView(lambda: paint(status_of(fleet)))] if paint else [])


def status_of(fleet: Fleet) -> LiveStatus:
    """Return what a fleet is doing now. Takes no lock: each number may be a moment old and is only shown."""
    count, threads = fleet.workers.count, fleet.workers.threads
    words = f"{threads} threads" if count else "none yet"
    return LiveStatus(
        bytes_read=fleet.bytes_done,
        bytes_total=fleet.bytes_total,
        elapsed_s=time.monotonic() - fleet.started,
        lines=None,
        sources_done=min(fleet.pieces_done, fleet.pieces),  # some are read twice
        sources_total=fleet.pieces,
        threads=((f"{count} workers", words),),
        in_flight_bytes=0,
        budget_bytes=0,
    )
